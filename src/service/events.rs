//! Makes the events that a transaction writes with what it does (spec 12).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::outbox::NewEvent;
use crate::db::redemptions::GiftRow;
use crate::domain::amount::Money;
use crate::domain::counter::{CounterKey, Owner};
use crate::domain::event::{Commit, Event, Gift, Transaction};
use crate::domain::id::{PromotionId, RedemptionId};
use crate::domain::issuance::Issuance;
use crate::domain::promotion::{Promotion, Status, Terms};
use crate::domain::redemption::RedemptionState;
use crate::wire;

pub(super) fn new(event: &Event<'_>, occurred_at: DateTime<Utc>) -> NewEvent {
    NewEvent {
        event_type: event.event_type(),
        subject: event.subject(),
        occurred_at,
        data: wire::event::data(event),
    }
}

/// A promotion entered its status; `None` for a draft.
pub(super) fn promotion_moved(
    promotion: &Promotion,
    version: i64,
    at: DateTime<Utc>,
) -> Option<NewEvent> {
    let event = match promotion.status {
        Status::Draft => return None,
        Status::Active => Event::PromotionActivated(promotion, version),
        Status::Paused => Event::PromotionPaused(promotion, version),
        Status::Archived => Event::PromotionArchived(promotion, version),
    };
    Some(new(&event, at))
}

/// An issuance can now be used. Its promotion's terms have the messages to send.
pub(super) fn unlocked(own: &Issuance, terms: &Terms, at: DateTime<Utc>) -> NewEvent {
    let messages = terms.communication().map(|own| own.on_earning.as_slice());
    new(&Event::IssuanceUnlocked(own, messages.unwrap_or_default()), at)
}

/// An issuance was made: it was issued, and perhaps unlocked at once.
pub(super) fn made(own: &Issuance, terms: &Terms, at: DateTime<Utc>) -> Vec<NewEvent> {
    let unlocked = own.unlocked_at.map(|_| unlocked(own, terms, at));
    [new(&Event::IssuanceIssued(own), at)].into_iter().chain(unlocked).collect()
}

/// An issuance has exhausted one of its limits; `None` if the counter is not an issuance's.
pub(super) fn used_up(counter: &CounterKey, at: DateTime<Utc>) -> Option<NewEvent> {
    let Owner::Issuance(id) = counter.owner else {
        return None;
    };
    Some(new(&Event::IssuanceUsedUp(id, counter), at))
}

/// What a promotion gave, as a commit tells it.
pub(super) fn gift(row: &GiftRow) -> Gift<'_> {
    Gift {
        promotion: PromotionId::new(row.promotion_id),
        times: row.times,
        discount: Money::from_scaled(row.discount),
        points: &row.points,
    }
}

pub(super) fn committed(commit: Commit<'_>, at: DateTime<Utc>) -> NewEvent {
    new(&Event::RedemptionCommitted(commit), at)
}

/// A hold has ended in this state.
pub(super) fn cancelled(
    redemption: Uuid,
    transaction_id: &str,
    state: RedemptionState,
    at: DateTime<Utc>,
) -> NewEvent {
    let redemption = RedemptionId::new(redemption);
    let transaction = Transaction { redemption, id: transaction_id };
    new(&Event::RedemptionCancelled(transaction, state), at)
}
