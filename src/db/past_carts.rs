//! The ledger as backtests read it: committed redemptions in the order of their evaluation, page by page, by key.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Result, TenantTx};

/// A redemption of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastKey {
    pub evaluated_at: DateTime<Utc>,
    pub redemption_id: Uuid,
    pub is_committed: bool,
    /// The bytes of its request.
    pub bytes: i32,
}

/// A redemption as it was recorded.
#[derive(Clone, Debug)]
pub struct PastRow {
    pub redemption_id: Uuid,
    pub transaction_id: String,
    pub evaluated_at: DateTime<Utc>,
    /// The total discount, in ten-thousandths.
    pub discount: i64,
    /// The printed request, as JSON text.
    pub request: String,
}

/// An issuance that a redemption used.
#[derive(Clone, Debug)]
pub struct PastIssuance {
    pub redemption_id: Uuid,
    pub promotion_id: Uuid,
    pub issuance_id: Uuid,
    pub unlocked_at: DateTime<Utc>,
    pub use_until: Option<DateTime<Utc>>,
}

/// The next redemptions of a period, in whatever state, after the place `after`.
pub async fn keys(
    tx: &mut TenantTx,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    after: Option<PastKey>,
    limit: i64,
) -> Result<Vec<PastKey>> {
    tx.all(sqlx::query_as!(
        PastKey,
        r#"select evaluated_at, redemption_id, state = 'committed' as "is_committed!",
                  octet_length(request) as "bytes!"
             from redemption
            where tenant_id = $1 and evaluated_at >= $2 and evaluated_at < $3
              and ($4::timestamptz is null or (evaluated_at, redemption_id) > ($4, $5))
            order by evaluated_at, redemption_id
            limit $6"#,
        tx.id(),
        after.map_or(from, |after| after.evaluated_at),
        to,
        after.map(|after| after.evaluated_at),
        after.map(|after| after.redemption_id),
        limit,
    ))
    .await
}

/// These redemptions, in the order of their evaluation.
pub async fn read(tx: &mut TenantTx, redemptions: &[Uuid]) -> Result<Vec<PastRow>> {
    tx.all(sqlx::query_as!(
        PastRow,
        "select redemption_id, transaction_id, evaluated_at, discount, request
           from redemption
          where tenant_id = $1 and redemption_id = any ($2::uuid[])
          order by evaluated_at, redemption_id",
        tx.id(),
        redemptions,
    ))
    .await
}

/// The issuances that these redemptions used.
pub async fn issuances(tx: &mut TenantTx, redemptions: &[Uuid]) -> Result<Vec<PastIssuance>> {
    tx.all(sqlx::query_as!(
        PastIssuance,
        r#"select given.redemption_id, given.promotion_id, own.issuance_id, coalesce(own.unlocked_at, given.evaluated_at) as "unlocked_at!",
                  own.use_until
             from redemption_promotion as given
             join issuance as own using (tenant_id, issuance_id)
            where given.tenant_id = $1 and given.redemption_id = any ($2::uuid[])
            order by given.redemption_id, given.place"#,
        tx.id(),
        redemptions,
    ))
    .await
}
