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
    /// The details of the event that an issuance has changed.
    pub struct IssuanceMoved "IssuanceMovedEventData" as Issuance |own| {
        /// The issuance's id.
        issuance_id: required(ID) => own.id.uuid(),
        /// The promotion's id.
        promotion_id: required(ID) => own.promotion_id.uuid(),
        /// The customer who has the issuance.
        customer_id: required(WORDS) => own.customer_id,
        /// What caused the issuance.
        source: required(choice::<IssuanceSource>()) => own.source,
        /// The caller's id of the cause.
        source_id: optional(WORDS) => own.source_id,
    }
}

answer! {
    /// The details of the event that an issuance is unlocked.
    pub struct IssuanceUnlocked "IssuanceUnlockedEventData" as (&Issuance, &[Message])
        |(own, messages)| {
        issuance: all_of::<IssuanceMoved>() => *own,
        /// When the issuance expires, excluded.
        expires_at: required(TIME) => own.expires_at,
        /// The messages to send to the customer.
        messages: required(every(part::<Message>())) => *messages,
    }
}

answer! {
    /// The details of the event that an issuance will expire soon.
    pub struct IssuanceExpiring "IssuanceExpiringEventData" as (&Issuance, &[Message])
        |(own, messages)| {
        issuance: all_of::<IssuanceMoved>() => *own,
        /// The state of the issuance.
        state: required(choice::<IssuanceState>()) => own.state,
        /// When the issuance expires, excluded.
        expires_at: required(TIME) => own.expires_at,
        /// The messages to send to the customer.
        messages: required(every(part::<Message>())) => *messages,
    }
}

answer! {
    /// The details of the event that an issuance has expired.
    pub struct IssuanceExpired "IssuanceExpiredEventData" as Issuance |own| {
        issuance: all_of::<IssuanceMoved>() => own,
        /// When the issuance became usable; null: never.
        unlocked_at: optional(TIME) => own.unlocked_at,
        /// When the issuance expired.
        expires_at: required(TIME) => own.expires_at,
    }
}

answer! {
    /// The details of the event that an issuance is used up.
    pub struct IssuanceUsedUp "IssuanceUsedUpEventData" as (IssuanceId, &CounterKey)
        |(id, counter)| {
        /// The issuance's id.
        issuance_id: required(ID) => id.uuid(),
        /// The promotion's id.
        promotion_id: required(ID) => counter.promotion_id.uuid(),
        /// The name of the limit.
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
