//! What is told of issuances (spec 12).

use chrono::{DateTime, Utc};

use super::events::event;
use crate::db::outbox::NewEvent;
use crate::domain::counter::{CounterKey, Owner};
use crate::domain::event::{EventType, Subject};
use crate::domain::issuance::{Communication, Issuance, Message};
use crate::domain::names::Named;
use crate::domain::promotion::{Kind, Terms};
use crate::wire::write::Writer;

/// A promotion was put into a customer's hands.
pub(super) fn issued(own: &Issuance, at: DateTime<Utc>) -> NewEvent {
    told(EventType::IssuanceIssued, own, at, |_| {})
}

/// An issuance can be used from now on; with the messages that are to be sent.
pub(super) fn unlocked(own: &Issuance, terms: &Terms, at: DateTime<Utc>) -> NewEvent {
    told(EventType::IssuanceUnlocked, own, at, |writer| {
        let expires_at = own.expires_at;
        writer.key("expires_at").time(&expires_at);
        let messages = communication(terms).map(|own| own.on_earning.as_slice());
        write_messages(writer, messages.unwrap_or_default());
    })
}

/// It was made, and perhaps unlocked at once.
pub(super) fn made(own: &Issuance, terms: &Terms, at: DateTime<Utc>) -> Vec<NewEvent> {
    let mut told = vec![issued(own, at)];
    if own.unlocked_at.is_some() {
        told.push(unlocked(own, terms, at));
    }
    told
}

/// The customer has claimed it.
pub(super) fn activated(own: &Issuance, at: DateTime<Utc>) -> NewEvent {
    told(EventType::IssuanceActivated, own, at, |_| {})
}

/// It expires soon; with the messages that are to be sent.
pub(super) fn expiring(own: &Issuance, messages: &[Message], at: DateTime<Utc>) -> NewEvent {
    told(EventType::IssuanceExpiring, own, at, |writer| {
        writer.key("state").name(own.state);
        writer.key("expires_at").time(&own.expires_at);
        write_messages(writer, messages);
    })
}

/// Its end has come. Whether it was ever unlocked says what the customer has lost.
pub(super) fn expired(own: &Issuance) -> NewEvent {
    told(EventType::IssuanceExpired, own, own.expires_at, |writer| {
        let unlocked_at = own.unlocked_at.as_ref();
        writer.key("unlocked_at").option(unlocked_at, |writer, at| writer.time(at));
        writer.key("expires_at").time(&own.expires_at);
    })
}

/// It was taken back.
pub(super) fn revoked(own: &Issuance, at: DateTime<Utc>) -> NewEvent {
    told(EventType::IssuanceRevoked, own, at, |_| {})
}

/// Nothing is left of one of its limits; none where the counter is not an issuance's.
pub(super) fn used_up(counter: &CounterKey, at: DateTime<Utc>) -> Option<NewEvent> {
    let Owner::Issuance(id) = counter.owner else {
        return None;
    };
    let subject = Subject::Issuance(id);
    Some(event(EventType::IssuanceUsedUp, subject, at, |writer| {
        writer.key("promotion_id").id(counter.promotion_id.uuid());
        let limit = counter.limit();
        let (owner, measure) = (limit.subject.name(), limit.measure.name());
        writer.key("limit").plain(format_args!("{owner}.{measure}"));
    }))
}

fn told(
    event_type: EventType,
    own: &Issuance,
    at: DateTime<Utc>,
    write: impl FnOnce(&mut Writer),
) -> NewEvent {
    event(event_type, Subject::Issuance(own.id), at, |writer| {
        writer.key("promotion_id").id(own.promotion_id.uuid());
        writer.key("customer_id").text(&own.customer_id);
        writer.key("source").name(own.source);
        let source_id = own.source_id.as_deref();
        writer.key("source_id").option(source_id, Writer::text);
        write(writer);
    })
}

/// What customers are told of a promotion's issuances.
pub(super) const fn communication(terms: &Terms) -> Option<&Communication> {
    match &terms.kind {
        Kind::LoyaltyEarning { communication, .. } | Kind::Rewards { communication, .. } => {
            communication.as_ref()
        }
        Kind::Pos | Kind::Loyalty | Kind::CodeLinked => None,
    }
}

fn write_messages(writer: &mut Writer, messages: &[Message]) {
    writer.key("messages").list(messages, |writer, message| {
        writer.object(|writer| {
            writer.key("channel").name(message.channel);
            writer.key("template").text(&message.template);
        });
    });
}
