//! Whose transaction ids are: a key for each, which names the latest redemption under it, for ever.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Result, TenantTx};
use crate::domain::redemption::RedemptionState;

/// What is known under a transaction id.
#[derive(Clone, Debug)]
pub struct KnownKey {
    pub transaction_id: String,
    /// When it was cancelled before it was seen, if so; then there is no redemption.
    pub cancelled_at: Option<DateTime<Utc>>,
    pub latest: Option<Latest>,
}

/// The latest redemption under a transaction id.
#[derive(Clone, Debug)]
pub struct Latest {
    pub redemption_id: Uuid,
    pub state: RedemptionState,
    pub expires_at: Option<DateTime<Utc>>,
    /// SHA-256 of its body.
    pub body_hash: Vec<u8>,
    /// What it came to.
    pub result: String,
}

/// Claims keys that nobody has claimed, and returns them. A key that a running transaction has claimed is waited for.
pub async fn claim(
    tx: &mut TenantTx,
    transactions: &[String],
    redemptions: &[Uuid],
) -> Result<Vec<String>> {
    tx.values(sqlx::query_scalar!(
        r#"insert into redemption_key (tenant_id, transaction_id, redemption_id)
           select $1, * from unnest($2::text[], $3::uuid[]) as new (transaction_id, redemption_id)
            order by transaction_id collate "C"
           on conflict do nothing
           returning transaction_id"#,
        tx.id(),
        transactions,
        redemptions,
    ))
    .await
}

/// Gives up keys that this transaction has claimed: nothing is recorded under them.
pub async fn release(tx: &mut TenantTx, transactions: &[String]) -> Result<()> {
    tx.run(sqlx::query!(
        "delete from redemption_key where tenant_id = $1 and transaction_id = any ($2::text[])",
        tx.id(),
        transactions,
    ))
    .await
}

/// Lets keys name later redemptions.
pub async fn point(tx: &mut TenantTx, transactions: &[String], redemptions: &[Uuid]) -> Result<()> {
    tx.run(sqlx::query!(
        "update redemption_key as own set redemption_id = new.redemption_id, cancelled_at = null
           from unnest($2::text[], $3::uuid[]) as new (transaction_id, redemption_id)
          where own.tenant_id = $1 and own.transaction_id = new.transaction_id",
        tx.id(),
        transactions,
        redemptions,
    ))
    .await
}

/// Claims the key of a transaction that is cancelled before it was seen; false when the key is there already.
pub async fn bury(tx: &mut TenantTx, transaction: &str, now: DateTime<Utc>) -> Result<bool> {
    tx.has_written(sqlx::query!(
        "insert into redemption_key (tenant_id, transaction_id, cancelled_at) values ($1, $2, $3)
         on conflict do nothing",
        tx.id(),
        transaction,
        now,
    ))
    .await
}

/// What is known under these ids, whose keys are locked to the end of the transaction.
///
/// Locked first and read then: what a statement joins to a row for whose lock it waited is as old as the statement, so
/// that a key which has come to name another redemption would seem to name none.
pub async fn lock_all(tx: &mut TenantTx, transactions: &[String]) -> Result<Vec<KnownKey>> {
    tx.lock(sqlx::query!(
        "select transaction_id from redemption_key
          where tenant_id = $1 and transaction_id = any ($2::text[])
          order by transaction_id
            for no key update",
        tx.id(),
        transactions,
    ))
    .await?;
    let known = sqlx::query!(
        r#"select key.transaction_id, key.cancelled_at,
                  latest.redemption_id as "redemption_id?", latest.state as "state?: RedemptionState", latest.expires_at,
                  latest.body_hash as "body_hash?", latest.result as "result?"
             from redemption_key as key
             left join redemption as latest
               on latest.tenant_id = key.tenant_id and latest.redemption_id = key.redemption_id
            where key.tenant_id = $1 and key.transaction_id = any ($2::text[])"#,
        tx.id(),
        transactions,
    )
    .map(|row| KnownKey {
        transaction_id: row.transaction_id,
        cancelled_at: row.cancelled_at,
        latest: row.redemption_id.zip(row.state).map(|(redemption_id, state)| Latest {
            redemption_id,
            state,
            expires_at: row.expires_at,
            body_hash: row.body_hash.unwrap_or_default(),
            result: row.result.unwrap_or_default(),
        }),
    });
    tx.all(known).await
}

/// Reads which redemption a transaction id names: the latest under it; none where it was cancelled before it was seen.
pub async fn get(tx: &mut TenantTx, transaction: &str) -> Result<Option<Option<Uuid>>> {
    tx.optional_value(sqlx::query_scalar!(
        "select redemption_id from redemption_key where tenant_id = $1 and transaction_id = $2",
        tx.id(),
        transaction,
    ))
    .await
}

/// The same, and keeps others from letting it name a later one.
pub async fn lock(tx: &mut TenantTx, transaction: &str) -> Result<Option<Option<Uuid>>> {
    tx.optional_value(sqlx::query_scalar!(
        "select redemption_id from redemption_key where tenant_id = $1 and transaction_id = $2
            for no key update",
        tx.id(),
        transaction,
    ))
    .await
}
