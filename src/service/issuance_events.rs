//! The events of issuances (spec 12).

use chrono::{DateTime, Utc};

use super::events::{LIMIT, event};
use crate::db::outbox::NewEvent;
use crate::domain::counter::{CounterKey, Owner};
use crate::domain::event::{EventType, Subject};
use crate::domain::id::IssuanceId;
use crate::domain::issuance::{Communication, Issuance, IssuanceSource, IssuanceState, Message};
use crate::domain::promotion::{Kind, Terms};
use crate::wire::body::*;

/// The event that an issuance was issued, activated or revoked.
pub(super) fn moved(event_type: EventType, own: &Issuance, at: DateTime<Utc>) -> NewEvent {
    told::<IssuanceMoved, _>(event_type, own, at, own)
}

/// The event that an issuance can now be used, with the messages to send.
pub(super) fn unlocked(own: &Issuance, terms: &Terms, at: DateTime<Utc>) -> NewEvent {
    let messages = communication(terms).map(|own| own.on_earning.as_slice());
    let data = (own, messages.unwrap_or_default());
    told::<IssuanceUnlocked, _>(EventType::IssuanceUnlocked, own, at, &data)
}

/// The events of a new issuance: it was issued, and perhaps unlocked at once.
pub(super) fn made(own: &Issuance, terms: &Terms, at: DateTime<Utc>) -> Vec<NewEvent> {
    let unlocked = own.unlocked_at.map(|_| unlocked(own, terms, at));
    [moved(EventType::IssuanceIssued, own, at)].into_iter().chain(unlocked).collect()
}

/// The event that an issuance expires soon, with the messages to send.
pub(super) fn expiring(own: &Issuance, messages: &[Message], at: DateTime<Utc>) -> NewEvent {
    let data = (own, messages);
    told::<IssuanceExpiring, _>(EventType::IssuanceExpiring, own, at, &data)
}

/// The event that an issuance has expired. It says whether the issuance was ever unlocked, so receivers know whether
/// the customer has lost something usable.
pub(super) fn expired(own: &Issuance) -> NewEvent {
    told::<IssuanceExpired, _>(EventType::IssuanceExpired, own, own.expires_at, own)
}

/// The event that an issuance has exhausted one of its limits; `None` if the counter is not an issuance's.
pub(super) fn used_up(counter: &CounterKey, at: DateTime<Utc>) -> Option<NewEvent> {
    let Owner::Issuance(id) = counter.owner else {
        return None;
    };
    let (subject, data) = (Subject::Issuance(id), (id, counter));
    Some(event::<IssuanceUsedUp, _>(EventType::IssuanceUsedUp, subject, at, &data))
}

fn told<B: PrintBody<T>, T>(
    event_type: EventType,
    own: &Issuance,
    at: DateTime<Utc>,
    data: &T,
) -> NewEvent {
    event::<B, T>(event_type, Subject::Issuance(own.id), at, data)
}

answer! {
    /// To what, and how.
    pub struct IssuanceMoved "IssuanceMovedEventData" as Issuance |own| {
        /// Which issuance.
        issuance_id: required(ID) => own.id.uuid(),
        /// Of which promotion.
        promotion_id: required(ID) => own.promotion_id.uuid(),
        /// In whose hands.
        customer_id: required(WORDS) => own.customer_id,
        /// How it came about.
        source: required(choice::<IssuanceSource>()) => own.source,
        /// The caller's id of that.
        source_id: optional(WORDS) => own.source_id,
    }
}

answer! {
    /// To what, and how.
    pub struct IssuanceUnlocked "IssuanceUnlockedEventData" as (&Issuance, &[Message])
        |(own, messages)| {
        issuance: all_of::<IssuanceMoved>() => *own,
        /// From when on it cannot be used.
        expires_at: required(TIME) => own.expires_at,
        /// What to send to the customer.
        messages: required(every(part::<Message>())) => *messages,
    }
}

answer! {
    /// To what, and how.
    pub struct IssuanceExpiring "IssuanceExpiringEventData" as (&Issuance, &[Message])
        |(own, messages)| {
        issuance: all_of::<IssuanceMoved>() => *own,
        /// Where it stands.
        state: required(choice::<IssuanceState>()) => own.state,
        /// From when on it cannot be used.
        expires_at: required(TIME) => own.expires_at,
        /// What to send to the customer.
        messages: required(every(part::<Message>())) => *messages,
    }
}

answer! {
    /// To what, and how.
    pub struct IssuanceExpired "IssuanceExpiredEventData" as Issuance |own| {
        issuance: all_of::<IssuanceMoved>() => own,
        /// When it became usable; null: never.
        unlocked_at: optional(TIME) => own.unlocked_at,
        /// Since when it cannot be used.
        expires_at: required(TIME) => own.expires_at,
    }
}

answer! {
    /// To what, and how.
    pub struct IssuanceUsedUp "IssuanceUsedUpEventData" as (IssuanceId, &CounterKey)
        |(id, counter)| {
        /// Which issuance.
        issuance_id: required(ID) => id.uuid(),
        /// Of which promotion.
        promotion_id: required(ID) => counter.promotion_id.uuid(),
        /// Which limit.
        limit: required(LIMIT) => counter.limit(),
    }
}

/// The messages for customers about a promotion's issuances.
pub(super) const fn communication(terms: &Terms) -> Option<&Communication> {
    match &terms.kind {
        Kind::LoyaltyEarning { communication, .. } | Kind::Rewards { communication, .. } => {
            communication.as_ref()
        }
        Kind::Pos | Kind::Loyalty | Kind::CodeLinked => None,
    }
}
