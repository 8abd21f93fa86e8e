//! What becomes of a redemption once it is recorded: read, committed, cancelled, expired (the state table of spec 9).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Refusal, Service, ServiceError, events, settings};
use crate::clock::Clock;
use crate::db::redemptions::RedemptionRow;
use crate::db::{self, DbError, TenantTx};
use crate::domain::amount::Money;
use crate::domain::id::{RedemptionId, TenantId};
use crate::domain::redemption::{Address, RedemptionState};

/// A redemption that is there, or a transaction that was cancelled before it was seen.
#[derive(Clone, Debug)]
pub enum Found {
    /// A redemption, where it stands now, and what was answered to its returns.
    Redemption(Box<RedemptionRow>, RedemptionState, Vec<String>),
    /// Cancelled before it was seen.
    Buried(String),
}

impl Service {
    pub async fn redemption(
        &self,
        tenant: TenantId,
        address: Address,
    ) -> Result<Found, ServiceError> {
        let clock = self.clock().clone();
        let read = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let id = match address {
                    Address::Id(id) => id,
                    Address::Transaction(transaction) => {
                        let key = db::redemption_keys::get(tx, &transaction).await?;
                        match key.ok_or(ServiceError::NotFound)? {
                            Some(id) => RedemptionId::new(id),
                            None => return Ok(Found::Buried(transaction)),
                        }
                    }
                };
                let row = db::redemptions::get(tx, id).await?;
                let now = db::redemptions::now(tx).await? + clock.offset();
                let row = row.ok_or(ServiceError::NotFound)?;
                let state = state_at(&row, now);
                let returns = db::returns::answers(tx, id).await?;
                Ok(Found::Redemption(Box::new(row), state, returns))
            })
        });
        read.await
    }

    /// Makes a hold final, as it was quoted; evaluates nothing.
    pub async fn commit_redemption(
        &self,
        tenant: TenantId,
        address: Address,
    ) -> Result<Found, ServiceError> {
        let clock = self.clock().clone();
        self.settle(tenant, move |tx| {
            Box::pin(async move {
                let id = lock_address(tx, &address).await?.ok_or(Refusal::RedemptionCancelled)?;
                let (mut row, state, now) = lock(tx, id, &clock).await?;
                match state {
                    RedemptionState::Held => {
                        db::holds::commit(tx, id, now).await?;
                        row.settled_at = Some(now);
                        tell_committed(tx, id, &row, now).await?;
                    }
                    RedemptionState::Committed => {}
                    RedemptionState::Cancelled => return Err(Refusal::RedemptionCancelled.into()),
                    RedemptionState::Expired => return Err(Refusal::HoldExpired.into()),
                    RedemptionState::Replaced => return Err(Refusal::HoldReplaced.into()),
                }
                let row = Box::new(row);
                Ok(Found::Redemption(row, RedemptionState::Committed, Vec::new()))
            })
        })
        .await
    }

    /// Gives back what a hold reserved; a transaction that was never seen is kept from being redeemed late.
    pub async fn cancel_redemption(
        &self,
        tenant: TenantId,
        address: Address,
    ) -> Result<Found, ServiceError> {
        let clock = self.clock().clone();
        self.settle(tenant, move |tx| {
            Box::pin(async move {
                if let Address::Transaction(transaction) = &address {
                    let now = db::redemptions::now(tx).await? + clock.offset();
                    if db::redemption_keys::bury(tx, transaction, now).await? {
                        return Ok(Found::Buried(transaction.clone()));
                    }
                }
                let Some(id) = lock_address(tx, &address).await? else {
                    return match address {
                        Address::Transaction(transaction) => Ok(Found::Buried(transaction)),
                        Address::Id(_) => Err(ServiceError::NotFound),
                    };
                };
                let (mut row, mut state, now) = lock(tx, id, &clock).await?;
                if state == RedemptionState::Committed {
                    return Err(Refusal::AlreadyCommitted.into());
                }
                // One that has lapsed and that the job has not ended yet is ended here, as expired.
                if row.state == RedemptionState::Held {
                    if state == RedemptionState::Held {
                        state = RedemptionState::Cancelled;
                    }
                    let ended = [id.uuid()];
                    db::holds::end(tx, &ended, &[state], now).await?;
                    db::counters::give_back(tx, &ended, None).await?;
                    row.settled_at = Some(now);
                    let told = events::redemption_cancelled(id, &row.transaction_id, state, now);
                    db::outbox::append(tx, &[told]).await?;
                }
                Ok(Found::Redemption(Box::new(row), state, Vec::new()))
            })
        })
        .await
    }

    /// Ends the holds among these that have lapsed, and gives back what they reserved. Returns how many.
    pub async fn expire_holds(&self, tenant: TenantId, holds: Vec<Uuid>) -> Result<usize, DbError> {
        let clock = self.clock().clone();
        let expired = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let now = db::redemptions::now(tx).await? + clock.offset();
                let ended = db::holds::expire(tx, &holds, now).await?;
                if !ended.is_empty() {
                    let ids: Vec<Uuid> = ended.iter().map(|own| own.redemption_id).collect();
                    db::counters::give_back(tx, &ids, None).await?;
                    let told = ended.iter().map(|own| {
                        let id = RedemptionId::new(own.redemption_id);
                        let cause = RedemptionState::Expired;
                        events::redemption_cancelled(id, &own.transaction_id, cause, now)
                    });
                    db::outbox::append(tx, &told.collect::<Vec<_>>()).await?;
                }
                Ok(ended.len())
            })
        });
        expired.await
    }
}

/// Tells that a hold is final now.
async fn tell_committed(
    tx: &mut TenantTx,
    id: RedemptionId,
    row: &RedemptionRow,
    now: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let (settings, _) = settings::read(tx).await?;
    let gifts = db::redemptions::gifts(tx, id).await?;
    let committed = events::Committed {
        id,
        transaction_id: &row.transaction_id,
        evaluated_at: row.evaluated_at,
        discount: Money::from_scaled(gifts.iter().map(|gift| gift.discount).sum()),
        precision: settings.rounding.precision(),
    };
    let told = events::redemption_committed(&committed, gifts.iter(), now);
    Ok(db::outbox::append(tx, &[told]).await?)
}

/// The id of a redemption. A transaction's key is locked first, so that nothing takes the place of its latest meanwhile.
/// None: it was cancelled before it was seen.
pub(super) async fn lock_address(
    tx: &mut TenantTx,
    address: &Address,
) -> Result<Option<RedemptionId>, ServiceError> {
    match address {
        Address::Id(id) => Ok(Some(*id)),
        Address::Transaction(transaction) => {
            let key = db::redemption_keys::lock(tx, transaction).await?;
            Ok(key.ok_or(ServiceError::NotFound)?.map(RedemptionId::new))
        }
    }
}

/// A locked redemption, where it stands, and what time it is.
pub(super) async fn lock(
    tx: &mut TenantTx,
    id: RedemptionId,
    clock: &Clock,
) -> Result<(RedemptionRow, RedemptionState, DateTime<Utc>), ServiceError> {
    let row = db::redemptions::lock(tx, id).await?.ok_or(ServiceError::NotFound)?;
    // After the lock, which may have been waited for.
    let now = db::redemptions::now(tx).await? + clock.offset();
    let state = state_at(&row, now);
    Ok((row, state, now))
}

/// Where a redemption stands: a hold that has lapsed is expired, whether or not it has been ended yet.
pub fn state_at(row: &RedemptionRow, now: DateTime<Utc>) -> RedemptionState {
    let lapsed = row.expires_at.is_some_and(|end| end <= now);
    match row.state {
        RedemptionState::Held if lapsed => RedemptionState::Expired,
        state => state,
    }
}
