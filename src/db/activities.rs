//! Activities of customers. Each id has one key, one effect and one answer.

use chrono::{DateTime, Utc};

use super::{Result, TenantTx};
use crate::domain::issuance::ActivityType;

/// An activity to be recorded.
#[derive(Clone, Debug)]
pub struct NewActivity {
    pub activity_id: String,
    /// SHA-256 of the canonical body.
    pub body_hash: [u8; 32],
    pub kind: ActivityType,
    pub customer_id: String,
    pub transaction_id: Option<String>,
    pub at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub struct ActivityRow {
    /// SHA-256 of its canonical body.
    pub body_hash: Vec<u8>,
    pub answer: String,
}

/// Claims the key of an activity; false if it exists already. If a running transaction has claimed the key, this waits
/// for that transaction.
pub async fn claim(tx: &mut TenantTx, new: &NewActivity, now: DateTime<Utc>) -> Result<bool> {
    tx.has_written(sqlx::query!(
        "insert into activity (tenant_id, activity_id, body_hash, type, customer_id, transaction_id, at, received_at,
                answer)
         values ($1, $2, $3, $4, $5, $6, coalesce($7::timestamptz, $8::timestamptz), $8, '')
         on conflict do nothing",
        tx.id(),
        new.activity_id,
        new.body_hash.as_slice(),
        new.kind as _,
        new.customer_id,
        new.transaction_id,
        new.at,
        now,
    ))
    .await
}

pub async fn get(tx: &mut TenantTx, activity: &str) -> Result<Option<ActivityRow>> {
    tx.optional(sqlx::query_as!(
        ActivityRow,
        "select body_hash, answer from activity where tenant_id = $1 and activity_id = $2",
        tx.id(),
        activity,
    ))
    .await
}

/// Stores the answer to an activity whose key this transaction has claimed.
pub async fn answer(tx: &mut TenantTx, activity: &str, answer: &str) -> Result<()> {
    tx.run(sqlx::query!(
        "update activity set answer = $3 where tenant_id = $1 and activity_id = $2",
        tx.id(),
        activity,
        answer,
    ))
    .await
}
