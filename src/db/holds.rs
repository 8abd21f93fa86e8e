//! Held redemptions: they are locked, committed, and ended.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::statements::raced_unless;
use super::{DbError, OperatorTx, Result, TenantTx};
use crate::domain::id::{RedemptionId, TenantId};
use crate::domain::redemption::RedemptionState;

/// Locks these holds to the end of the transaction, so that others cannot end or commit them. `Raced` if one is no
/// longer held.
pub async fn lock(tx: &mut TenantTx, redemptions: &[Uuid]) -> Result<()> {
    let held = tx
        .all(sqlx::query!(
            "select redemption_id from redemption
          where tenant_id = $1 and redemption_id = any ($2::uuid[]) and state = 'held'
          order by redemption_id
            for no key update",
            tx.id(),
            redemptions,
        ))
        .await?;
    if held.len() == redemptions.len() { Ok(()) } else { Err(DbError::Raced) }
}

/// Ends holds. `Raced` if one of them is no longer held; then the caller must roll back. The caller gives back what the
/// holds took.
pub async fn end(
    tx: &mut TenantTx,
    redemptions: &[Uuid],
    states: &[RedemptionState],
    now: DateTime<Utc>,
) -> Result<()> {
    let ended = tx.written(sqlx::query!(
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
    ))
    .await?;
    raced_unless(ended, redemptions.len())
}

/// Commits a hold that is locked.
pub async fn commit(tx: &mut TenantTx, redemption: RedemptionId, now: DateTime<Utc>) -> Result<()> {
    let committed = tx.written(sqlx::query!(
        "with committed as (
             update redemption set state = 'committed', settled_at = $3
              where tenant_id = $1 and redemption_id = $2 and state = 'held'
             returning redemption_id)
         delete from hold where tenant_id = $1 and redemption_id in (select redemption_id from committed)",
        tx.id(),
        redemption.uuid(),
        now,
    ))
    .await?;
    raced_unless(committed, 1)
}

#[derive(Clone, Debug)]
pub struct EndedHold {
    pub redemption_id: Uuid,
    pub transaction_id: String,
}

/// Ends those of these holds that have lapsed, and returns them. The caller gives back what they took.
pub async fn expire(
    tx: &mut TenantTx,
    redemptions: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<EndedHold>> {
    tx.all(sqlx::query_as!(
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
    ))
    .await
}

/// Lapsed holds of all tenants, the oldest first.
pub async fn lapsed(
    tx: &mut OperatorTx,
    offset_ms: i64,
    limit: i64,
) -> Result<Vec<(TenantId, RedemptionId)>> {
    let ids = sqlx::query!(
        "select tenant_id, redemption_id from hold
          where expires_at <= clock_timestamp() + $1::bigint * interval '1 millisecond'
          order by expires_at
          limit $2",
        offset_ms,
        limit,
    )
    .map(|row| (TenantId::new(row.tenant_id), RedemptionId::new(row.redemption_id)));
    tx.own().await?.all(ids).await
}
