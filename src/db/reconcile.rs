//! Whether counters say what the ledger says: a counter's use is the sum of what redemptions took from it, less what
//! they gave back.

use uuid::Uuid;

use super::{Db, DbError, Result, TenantTx, tenants};
use crate::domain::id::TenantId;

/// Tenants that are read at once.
const PAGE: u16 = 200;

/// A counter that says something else than the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub promotion_id: Uuid,
    /// Whose use: `earn`, `customer`, `promotion` or `code`.
    pub subject: String,
    /// Which of those; empty for the promotion itself.
    pub owner: String,
    /// `times`, `transactions` or `discount`.
    pub measure: String,
    pub window_no: i32,
    /// What the counter says; none: there is no counter.
    pub counted: Option<i64>,
    /// What the ledger says; none: it knows of no use.
    pub recorded: Option<i64>,
}

/// Compares all counters of the tenant with its ledger, in one statement and so at one moment. At most `limit`
/// differences, in the order of the counters.
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
