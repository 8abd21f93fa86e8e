//! A key for each transaction id. It names the latest redemption with that id, and is kept forever.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Result, TenantTx};
use crate::domain::redemption::RedemptionState;

/// The key of a transaction id, and its latest redemption.
#[derive(Clone, Debug)]
pub struct KnownKey {
    pub transaction_id: String,
    /// When it was cancelled before any redemption arrived, if so. Then it has no redemption.
    pub cancelled_at: Option<DateTime<Utc>>,
    pub latest: Option<Latest>,
}

/// The latest redemption under a transaction id.
#[derive(Clone, Debug)]
pub struct Latest {
    pub redemption_id: Uuid,
    pub state: RedemptionState,
    pub expires_at: Option<DateTime<Utc>>,
    /// SHA-256 of its canonical body.
    pub body_hash: Vec<u8>,
    /// The printed result.
    pub result: String,
}

/// Claims keys that do not exist yet, and returns them. If a running transaction has claimed a key, this waits for that
/// transaction.
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

/// Deletes keys that this transaction has claimed but recorded nothing under.
pub async fn release(tx: &mut TenantTx, transactions: &[String]) -> Result<()> {
    tx.run(sqlx::query!(
        "delete from redemption_key where tenant_id = $1 and transaction_id = any ($2::text[])",
        tx.id(),
        transactions,
    ))
    .await
}

/// Makes keys name later redemptions.
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

/// Claims the key of a transaction that is cancelled before any redemption arrived; false if the key exists already.
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

/// Locks the keys of these ids to the end of the transaction, and reads them with their latest redemptions.
///
/// Two statements, first to lock and then to read. If one statement did both and waited for a lock, it would join rows
/// from before the wait. A key that names a newer redemption by then would seem to name none.
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

/// Reads the latest redemption of a transaction id. The inner value is `None` if it was cancelled before any redemption
/// arrived.
pub async fn get(tx: &mut TenantTx, transaction: &str) -> Result<Option<Option<Uuid>>> {
    tx.optional_value(sqlx::query_scalar!(
        "select redemption_id from redemption_key where tenant_id = $1 and transaction_id = $2",
        tx.id(),
        transaction,
    ))
    .await
}

/// Reads like [`get`], and locks the key, so that others cannot make it name a later redemption.
pub async fn lock(tx: &mut TenantTx, transaction: &str) -> Result<Option<Option<Uuid>>> {
    tx.optional_value(sqlx::query_scalar!(
        "select redemption_id from redemption_key where tenant_id = $1 and transaction_id = $2
            for no key update",
        tx.id(),
        transaction,
    ))
    .await
}
