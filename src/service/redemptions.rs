//! Recorded redemptions: they are read, committed, cancelled, and expire (the state table of spec 9).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Refusal, Service, ServiceError, events, settings};
use crate::clock::Clock;
use crate::db::redemptions::RedemptionRow;
use crate::db::{self, DbError, TenantTx};
use crate::domain::amount::Money;
use crate::domain::event::{Commit, Transaction};
use crate::domain::id::{RedemptionId, TenantId};
use crate::domain::redemption::{Address, RedemptionState};

/// A redemption, or a transaction that was cancelled before any redemption of it arrived.
#[derive(Clone, Debug)]
pub enum Found {
    /// A redemption, its present state, and the answers to its returns.
    Redemption(Box<RedemptionRow>, RedemptionState, Vec<String>),
    /// Cancelled before any redemption arrived.
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

    /// Makes a hold final with its recorded price, without a new evaluation.
    pub async fn commit_redemption(
        &self,
        tenant: TenantId,
        address: Address,
    ) -> Result<Found, ServiceError> {
        let clock = self.clock().clone();
        let committed = self.settle(tenant, move |tx| {
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
        });
        let committed = committed.await?;
        if let Found::Redemption(row, ..) = &committed {
            self.collector().note_hold(tenant, RedemptionId::new(row.redemption_id));
        }
        Ok(committed)
    }

    /// Ends a hold and gives back what it reserved. For an unknown transaction id it records the cancellation, so that
    /// a late redemption is refused.
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
                // A hold that has lapsed, but that the job has not ended yet, ends here as expired.
                if row.state == RedemptionState::Held {
                    if state == RedemptionState::Held {
                        state = RedemptionState::Cancelled;
                    }
                    let ended = [id.uuid()];
                    db::holds::end(tx, &ended, &[state], now).await?;
                    db::counters::give_back(tx, &ended, None).await?;
                    row.settled_at = Some(now);
                    let told = events::cancelled(id.uuid(), &row.transaction_id, state, now);
                    db::outbox::append(tx, &[told]).await?;
                }
                Ok(Found::Redemption(Box::new(row), state, Vec::new()))
            })
        })
        .await
    }

    /// Ends those of these holds that have lapsed, and gives back what they reserved. Returns how many.
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
                        let (id, state) = (own.redemption_id, RedemptionState::Expired);
                        events::cancelled(id, &own.transaction_id, state, now)
                    });
                    db::outbox::append(tx, &told.collect::<Vec<_>>()).await?;
                }
                Ok(ended.len())
            })
        });
        expired.await
    }
}

/// Writes the event that a hold is final now.
async fn tell_committed(
    tx: &mut TenantTx,
    id: RedemptionId,
    row: &RedemptionRow,
    now: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let (settings, _) = settings::read(tx).await?;
    let gifts = db::redemptions::gifts(tx, id).await?;
    let commit = Commit {
        transaction: Transaction { redemption: id, id: &row.transaction_id },
        evaluated_at: row.evaluated_at,
        discount: Money::from_scaled(gifts.iter().map(|gift| gift.discount).sum()),
        precision: settings.rounding.precision(),
        gifts: gifts.iter().map(events::gift).collect(),
    };
    Ok(db::outbox::append(tx, &[events::committed(commit, now)]).await?)
}

/// The id of a redemption. For a transaction id, the key is locked first, so that no later redemption replaces its
/// latest one meanwhile. `None` if the transaction was cancelled before any redemption arrived.
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

/// Locks a redemption. Returns it with its present state and the present time.
pub(super) async fn lock(
    tx: &mut TenantTx,
    id: RedemptionId,
    clock: &Clock,
) -> Result<(RedemptionRow, RedemptionState, DateTime<Utc>), ServiceError> {
    let row = db::redemptions::lock(tx, id).await?.ok_or(ServiceError::NotFound)?;
    // The time is read after the lock, which may have taken a while.
    let now = db::redemptions::now(tx).await? + clock.offset();
    let state = state_at(&row, now);
    Ok((row, state, now))
}

/// The state of a redemption. A hold that has lapsed is expired, even if the job has not ended it yet.
pub fn state_at(row: &RedemptionRow, now: DateTime<Utc>) -> RedemptionState {
    let lapsed = row.expires_at.is_some_and(|end| end <= now);
    match row.state {
        RedemptionState::Held if lapsed => RedemptionState::Expired,
        state => state,
    }
}
