//! Redemptions that are held: kept for the caller, committed, ended.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{DbError, OperatorTx, TenantTx};
use crate::domain::id::{RedemptionId, TenantId};
use crate::domain::redemption::RedemptionState;

/// Keeps others from ending or committing these holds to the end of the transaction. Where one is not held any more:
/// `Raced`.
pub async fn lock(tx: &mut TenantTx, redemptions: &[Uuid]) -> Result<(), DbError> {
    let held = sqlx::query!(
        "select redemption_id from redemption
          where tenant_id = $1 and redemption_id = any ($2::uuid[]) and state = 'held'
          order by redemption_id
            for no key update",
        tx.id(),
        redemptions,
    )
    .fetch_all(tx.connection())
    .await?;
    if held.len() == redemptions.len() { Ok(()) } else { Err(DbError::Raced) }
}

/// Ends holds. Where one of them is not held any more, nothing may come of the transaction: `Raced`. What they took is
/// the caller's to give back.
pub async fn end(
    tx: &mut TenantTx,
    redemptions: &[Uuid],
    states: &[RedemptionState],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let ended = sqlx::query!(
        "with ended as (
             update redemption as own set state = new.state, settled_at = $4
               from unnest($2::uuid[], $3::text[]) as new (redemption_id, state)
              where own.tenant_id = $1 and own.redemption_id = new.redemption_id and own.state = 'held'
             returning own.redemption_id)
         delete from hold
          where tenant_id = $1 and redemption_id in (select redemption_id from ended)",
        tx.id(),
        redemptions,
        states as _,
        now,
    )
    .execute(tx.connection())
    .await?
    .rows_affected();
    if usize::try_from(ended).is_ok_and(|ended| ended == redemptions.len()) {
        Ok(())
    } else {
        Err(DbError::Raced)
    }
}

/// Commits a hold that is locked.
pub async fn commit(
    tx: &mut TenantTx,
    redemption: RedemptionId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let committed = sqlx::query!(
        "with committed as (
             update redemption set state = 'committed', settled_at = $3
              where tenant_id = $1 and redemption_id = $2 and state = 'held'
             returning redemption_id)
         delete from hold where tenant_id = $1 and redemption_id in (select redemption_id from committed)",
        tx.id(),
        redemption.uuid(),
        now,
    )
    .execute(tx.connection())
    .await?;
    if committed.rows_affected() == 1 { Ok(()) } else { Err(DbError::Raced) }
}

/// A hold that has ended.
#[derive(Clone, Debug)]
pub struct EndedHold {
    pub redemption_id: Uuid,
    pub transaction_id: String,
}

/// Ends those of these holds that have lapsed, and returns them. What they took is the caller's to give back.
pub async fn expire(
    tx: &mut TenantTx,
    redemptions: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<EndedHold>, DbError> {
    let ended = sqlx::query_as!(
        EndedHold,
        r#"with lapsed as (
             select redemption_id, transaction_id from redemption
              where tenant_id = $1 and redemption_id = any ($2::uuid[]) and state = 'held' and expires_at <= $3
              order by redemption_id
                for no key update),
         ended as (
             update redemption as own set state = 'expired', settled_at = $3
               from lapsed
              where own.tenant_id = $1 and own.redemption_id = lapsed.redemption_id)
         delete from hold using lapsed
          where hold.tenant_id = $1 and hold.redemption_id = lapsed.redemption_id
         returning hold.redemption_id, lapsed.transaction_id"#,
        tx.id(),
        redemptions,
        now,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ended)
}

/// Holds of all tenants that have lapsed, the oldest first: what the job works on.
pub async fn lapsed(
    tx: &mut OperatorTx,
    offset_ms: i64,
    limit: i64,
) -> Result<Vec<(TenantId, RedemptionId)>, DbError> {
    let rows = sqlx::query!(
        "select tenant_id, redemption_id from hold
          where expires_at <= clock_timestamp() + $1::bigint * interval '1 millisecond'
          order by expires_at
          limit $2",
        offset_ms,
        limit,
    )
    .fetch_all(tx.connection().await?)
    .await?;
    let ids = rows
        .into_iter()
        .map(|row| (TenantId::new(row.tenant_id), RedemptionId::new(row.redemption_id)));
    Ok(ids.collect())
}
