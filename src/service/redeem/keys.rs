//! Decides by an order's key whether the order may be redeemed, or which answer it gets (spec 9).

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::super::{Refusal, ServiceError};
use super::order::{Pending, Redeemed, Verdict};
use crate::db::redemption_keys::{KnownKey, Latest};
use crate::domain::id::RedemptionId;
use crate::domain::redemption::RedemptionState;
use crate::engine::RuleSet;
use crate::wire::faults::FaultCode;

pub(super) enum Start {
    /// It may be redeemed. `ends` is the hold under its key that ends with it.
    Open {
        ends: Option<Ends>,
    },
    Settled(Verdict),
}

/// A hold that ends, and how.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub(super) redemption_id: Uuid,
    pub(super) state: RedemptionState,
}

/// An order whose key is new.
pub(super) fn first(own: &Pending) -> Start {
    match own.order.replaces {
        None => Start::Open { ends: None },
        Some(_) => {
            let (code, message) =
                (FaultCode::UnknownReference, "is not a redemption of this transaction");
            Start::Settled(Err(ServiceError::fault("/replaces", code, message)))
        }
    }
}

/// An order whose key exists (the rules of spec 9).
pub(super) fn again(own: &Pending, known: &KnownKey, rules: &RuleSet, now: DateTime<Utc>) -> Start {
    let refused = |refusal| Start::Settled(Err(ServiceError::Refused(refusal)));
    let Some(latest) = &known.latest else {
        let hold = TimeDelta::seconds(i64::from(rules.settings().hold_seconds));
        let is_late = known.cancelled_at.is_some_and(|at| now < at + hold);
        return if is_late {
            refused(Refusal::RedemptionCancelled)
        } else {
            Start::Open { ends: None }
        };
    };
    let lapsed = latest.expires_at.is_some_and(|end| end <= now);
    match latest.state {
        RedemptionState::Held if lapsed => {
            Start::Open { ends: ends(latest, RedemptionState::Expired) }
        }
        state @ (RedemptionState::Held | RedemptionState::Committed) => {
            if latest.body_hash == own.hash {
                return Start::Settled(Ok(Redeemed {
                    id: RedemptionId::new(latest.redemption_id),
                    transaction_id: known.transaction_id.clone(),
                    state,
                    expires_at: latest.expires_at,
                    result: latest.result.clone(),
                    is_new: false,
                }));
            }
            let named = own.order.replaces.map(RedemptionId::uuid);
            if state == RedemptionState::Held && named == Some(latest.redemption_id) {
                Start::Open { ends: ends(latest, RedemptionState::Replaced) }
            } else {
                refused(Refusal::TransactionIdReused)
            }
        }
        RedemptionState::Cancelled | RedemptionState::Expired | RedemptionState::Replaced => {
            Start::Open { ends: None }
        }
    }
}

fn ends(latest: &Latest, state: RedemptionState) -> Option<Ends> {
    Some(Ends { redemption_id: latest.redemption_id, state })
}
