//! Compares counters with the ledger. A counter must equal the sum of what redemptions took from it, less what they
//! gave back.

use uuid::Uuid;

use super::{Db, DbError, Result, TenantTx, tenants};
use crate::domain::id::TenantId;

/// Tenants that one statement reads.
const PAGE: u16 = 200;

/// A counter that differs from the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub promotion_id: Uuid,
    /// The subject: `earn`, `customer`, `promotion` or `code`.
    pub subject: String,
    /// The owner of that subject; empty for the promotion itself.
    pub owner: String,
    /// `times`, `transactions` or `discount`.
    pub measure: String,
    pub window_no: i32,
    /// The counter's use; `None` if there is no counter.
    pub counted: Option<i64>,
    /// The ledger's sum; `None` if the ledger has no use.
    pub recorded: Option<i64>,
}

/// Compares all counters of the tenant with its ledger. One statement does so, so all values are from one moment.
/// Returns at most `limit` differences, in the order of the counters.
pub async fn differences(tx: &mut TenantTx, limit: i64) -> Result<Vec<Difference>> {
    tx.all(sqlx::query_as!(
        Difference,
        r#"select promotion_id as "promotion_id!", subject as "subject!", owner as "owner!", measure as "measure!",
                  window_no as "window_no!", counter.used as "counted?", ledger.used as "recorded?"
             from (
                 select promotion_id, subject, owner, measure, window_no, used
                   from limit_counter
                  where tenant_id = $1
             ) as counter
             full outer join (
                 select promotion_id, subject, owner, measure, window_no, sum(amount - given_back)::bigint as used
                   from redemption_use
                  where tenant_id = $1
                  group by promotion_id, subject, owner, measure, window_no
             ) as ledger using (promotion_id, subject, owner, measure, window_no)
            where coalesce(counter.used, 0) <> coalesce(ledger.used, 0)
            order by promotion_id, subject, owner, measure, window_no
            limit $2"#,
        tx.id(),
        limit,
    ))
    .await
}

/// All tenants, in the order of their ids.
pub async fn all_tenants(db: &Db) -> Result<Vec<TenantId>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page =
            db.operator(move |tx| Box::pin(async move { tenants::list(tx, after, PAGE).await }));
        let page = page.await.map_err(|error: DbError| error)?;
        found.extend(page.items.iter().map(|row| TenantId::new(row.tenant_id)));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}
