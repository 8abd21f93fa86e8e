//! The history of promotions: the result of each change, and whether a promotion has ever been live.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::page::Filling;
use super::{Page, Result, TenantTx};
use crate::domain::id::{KeyId, PromotionId};
use crate::domain::promotion::Status;

/// One entry of a promotion's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// The number of the entry, from 1.
    pub change: i32,
    /// The promotion's version from then on.
    pub version: i64,
    /// The key that made the change; `None` is the operator.
    pub key_id: Option<Uuid>,
    pub at: DateTime<Utc>,
    /// The status from then on.
    pub status: Status,
    /// The document from then on: JSON text.
    pub document: String,
}

/// Whether the promotion has ever been live up to `now`; without a promotion, whether any promotion of the tenant has.
/// It was live if its history has it active within its dates at that time. An unknown status could mean active, so it
/// counts as active.
pub async fn has_been_live(
    tx: &mut TenantTx,
    promotion: Option<PromotionId>,
    now: DateTime<Utc>,
) -> Result<bool> {
    tx.value(sqlx::query_scalar!(
        r#"select exists (
               select from (
                   select status, at, starts_at, ends_at,
                          lead(at) over (partition by promotion_id order by change) as until
                     from promotion_version
                    where tenant_id = $1 and ($2::uuid is null or promotion_id = $2)
               ) as entry
               where status not in ('draft', 'paused', 'archived') and starts_at <= $3
                 and greatest(at, starts_at) < least(coalesce(until, 'infinity'), ends_at)
           ) as "live!""#,
        tx.id(),
        promotion.map(PromotionId::uuid),
        now,
    ))
    .await
}

/// Lists a promotion's history, newest first, after the entry `after` in this order. Empty if the promotion does not
/// exist.
pub async fn history(
    tx: &mut TenantTx,
    promotion: PromotionId,
    after: Option<i32>,
    limit: u16,
) -> Result<Page<HistoryRow, i32>> {
    let size = |row: &HistoryRow| row.document.len();
    let mut filling = Filling::new(limit, after, |row: &HistoryRow| row.change, size);
    while let Some((after, count)) = filling.wants() {
        let query = sqlx::query_as!(
            HistoryRow,
            r#"select change, version, key_id, at, status as "status: _", document::text as "document!"
             from promotion_version
            where tenant_id = $1 and promotion_id = $2 and ($3::integer is null or change < $3)
            order by change desc
            limit $4"#,
            tx.id(),
            promotion.uuid(),
            after,
            count,
        );
        filling.add(tx.all(query).await?);
    }
    Ok(filling.page())
}

/// Writes the promotion's present state into its history. The change before has locked its row.
pub(super) async fn record(
    tx: &mut TenantTx,
    promotion: PromotionId,
    key: Option<KeyId>,
) -> Result<()> {
    tx.run(sqlx::query!(
        "insert into promotion_version (tenant_id, promotion_id, change, version, key_id, status, starts_at,
             ends_at, document)
         select tenant_id, promotion_id,
                1 + coalesce((select max(change) from promotion_version
                               where tenant_id = $1 and promotion_id = $2), 0),
                version, $3, status, starts_at, ends_at, document
           from promotion
          where tenant_id = $1 and promotion_id = $2",
        tx.id(),
        promotion.uuid(),
        key.map(KeyId::uuid),
    ))
    .await
}
