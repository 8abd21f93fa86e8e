//! The history of promotions: what each change made of one, and whether it has ever been live.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Filling, Page, Result, TenantTx};
use crate::domain::id::{KeyId, PromotionId};
use crate::domain::promotion::Status;

/// One entry of a promotion's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Counts the entries from 1.
    pub change: i32,
    /// The version that the promotion had from then on.
    pub version: i64,
    /// Who; none is the operator.
    pub key_id: Option<Uuid>,
    pub at: DateTime<Utc>,
    /// The status from then on.
    pub status: Status,
    /// The document from then on: JSON text.
    pub document: String,
}

/// Whether the promotion (any promotion of the tenant, if none is named) has ever been live up to `now`: active, by
/// its history, within the dates that it had then. A status that is not known could be a kind of active, and counts.
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

/// Lists a promotion's history, newest first, before the change `after`. Empty when there is no such promotion.
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

/// Writes what the promotion is now into its history. Its row is locked by the change before.
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
