//! Events (spec 12): what each type of event tells, and the body in which readers and webhooks get it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::body::*;
use super::returns::ReturnRecord;
use super::usage::{LIMIT_NAME, limit_name};
use super::write::Writer;
use crate::domain::amount::Money;
use crate::domain::counter::{Bound, CounterKey};
use crate::domain::event::{Commit, Event, EventType, Gift, Transaction};
use crate::domain::id::IssuanceId;
use crate::domain::issuance::{Issuance, IssuanceSource, IssuanceState, Message};
use crate::domain::limit::Measure;
use crate::domain::names::Named;
use crate::domain::promotion::Promotion;
use crate::domain::redemption::RedemptionState;

/// Prints what an event tells: the `data` of its body.
pub fn data(event: &Event<'_>) -> String {
    match event {
        Event::PromotionActivated(own, version)
        | Event::PromotionPaused(own, version)
        | Event::PromotionArchived(own, version)
        | Event::PromotionEnded(own, version) => PromotionMoved::document(&(*own, *version)),
        Event::PromotionBudgetExhausted(bound) => PromotionExhausted::document(*bound),
        Event::IssuanceIssued(own)
        | Event::IssuanceActivated(own)
        | Event::IssuanceRevoked(own) => IssuanceMoved::document(*own),
        Event::IssuanceUnlocked(own, messages) => IssuanceUnlocked::document(&(*own, *messages)),
        Event::IssuanceUsedUp(id, counter) => IssuanceUsedUp::document(&(*id, *counter)),
        Event::IssuanceExpiring(own, messages) => IssuanceExpiring::document(&(*own, *messages)),
        Event::IssuanceExpired(own) => IssuanceExpired::document(*own),
        Event::RedemptionCommitted(own) => RedemptionCommitted::document(own),
        Event::RedemptionCancelled(own, cause) => RedemptionCancelled::document(&(*own, *cause)),
        Event::RedemptionReturned(own, answer) => RedemptionReturned::document(&(*own, *answer)),
    }
}

answer! {
    /// The details of the event that a promotion's status has changed.
    struct PromotionMoved "PromotionMovedEventData" as (&Promotion, i64)
        |(promotion, version)| {
        /// The promotion's id.
        promotion_id: required(ID) => promotion.id.uuid(),
        /// The promotion's name.
        name: required(WORDS) => promotion.terms.name,
        /// The promotion's version.
        version: required(SIZE) => *version,
        /// The start of the promotion, included.
        starts_at: required(TIME) => promotion.terms.starts_at.to_utc(),
        /// The end of the promotion, excluded.
        ends_at: required(TIME) => promotion.terms.ends_at.to_utc(),
    }
}

answer! {
    /// The details of the event that a limit of a promotion is used up.
    struct PromotionExhausted "PromotionExhaustedEventData" as Bound |bound| {
        /// The promotion's id.
        promotion_id: required(ID) => bound.counter.promotion_id.uuid(),
        /// The name of the limit.
        limit: required(LIMIT_NAME) => limit_name(bound.counter.limit()),
        /// The limit: a count, or an amount.
        maximum: required(ANYTHING) => |writer: &mut Writer| match bound.counter.measure {
            Measure::Times | Measure::Transactions => writer.integer(bound.maximum),
            Measure::Discount => writer.money(Money::from_scaled(bound.maximum), 0),
        },
        /// The number of the limit's window, counted from 0.
        window: required(NUMBERED) => bound.counter.window,
    }
}

answer! {
    /// The details of the event that an issuance has changed.
    struct IssuanceMoved "IssuanceMovedEventData" as Issuance |own| {
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
    struct IssuanceUnlocked "IssuanceUnlockedEventData" as (&Issuance, &[Message])
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
    struct IssuanceExpiring "IssuanceExpiringEventData" as (&Issuance, &[Message])
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
    struct IssuanceExpired "IssuanceExpiredEventData" as Issuance |own| {
        issuance: all_of::<IssuanceMoved>() => own,
        /// When the issuance became usable; null: never.
        unlocked_at: optional(TIME) => own.unlocked_at,
        /// When the issuance expired.
        expires_at: required(TIME) => own.expires_at,
    }
}

answer! {
    /// The details of the event that an issuance is used up.
    struct IssuanceUsedUp "IssuanceUsedUpEventData" as (IssuanceId, &CounterKey)
        |(id, counter)| {
        /// The issuance's id.
        issuance_id: required(ID) => id.uuid(),
        /// The promotion's id.
        promotion_id: required(ID) => counter.promotion_id.uuid(),
        /// The name of the limit.
        limit: required(LIMIT_NAME) => limit_name(counter.limit()),
    }
}

answer! {
    struct GiftBody "" as (&Gift<'_>, u32) |(gift, precision)| {
        /// The promotion's id.
        promotion_id: required(ID) => gift.promotion.uuid(),
        /// How many times the promotion was given.
        times: required(SIZE) => gift.times,
        /// The discount.
        discount: required(DECIMAL) => (gift.discount, *precision),
        /// The points that the promotion awards.
        points: required(DECIMAL) => gift.points,
    }
}

answer! {
    /// The details of the event that a redemption is committed.
    struct RedemptionCommitted "RedemptionCommittedEventData" as Commit<'_> |own| {
        /// The redemption's id.
        redemption_id: required(ID) => own.transaction.redemption.uuid(),
        /// The caller's id of the transaction.
        transaction_id: required(WORDS) => own.transaction.id,
        /// The time for which the cart was evaluated.
        evaluated_at: required(TIME) => own.evaluated_at,
        /// The whole discount, in the cart's currency.
        discount: required(DECIMAL) => (own.discount, own.precision),
        /// What each promotion gave.
        promotions: required(every(part::<GiftBody>())) =>
            || own.gifts.iter().map(|gift| (gift, own.precision)),
    }
}

const CAUSES: &[RedemptionState] =
    &[RedemptionState::Cancelled, RedemptionState::Expired, RedemptionState::Replaced];

answer! {
    /// The details of the event that a hold has ended without a commit.
    struct RedemptionCancelled "RedemptionCancelledEventData" as (Transaction<'_>, RedemptionState)
        |(own, cause)| {
        /// The redemption's id.
        redemption_id: required(ID) => own.redemption.uuid(),
        /// The caller's id of the transaction.
        transaction_id: required(WORDS) => own.id,
        /// How the hold ended.
        cause: required(choice_of(CAUSES)) => *cause,
    }
}

answer! {
    /// The details of the event that units were returned.
    struct RedemptionReturned "RedemptionReturnedEventData" as (Transaction<'_>, &str)
        |(own, answer)| {
        /// The redemption's id.
        redemption_id: required(ID) => own.redemption.uuid(),
        /// The caller's id of the transaction.
        transaction_id: required(WORDS) => own.id,
        /// The return, as it was answered.
        returned as "return": required(raw(part::<ReturnRecord>())) => answer,
    }
}

/// An event that has its number, as it was stored.
pub struct Numbered<'e> {
    pub id: Uuid,
    pub sequence: i64,
    pub event_type: &'e str,
    pub occurred_at: DateTime<Utc>,
    pub data: &'e str,
}

answer! {
    struct Record "" as Numbered<'_> |row| {
        /// The event's id; also the `webhook-id` of its deliveries.
        id: required(ID) => row.id,
        /// Grows in the order in which events become visible.
        sequence: required(SIZE) => row.sequence,
        /// The type of event.
        event_type as "type": required(WORDS) => row.event_type,
        /// When the event occurred.
        occurred_at: required(INSTANT) => row.occurred_at,
        /// The details of the event. They depend on the type.
        data: required(ANYTHING) => |writer: &mut Writer| writer.raw(row.data),
    }
}

/// The body of an event, in answers and deliveries.
pub struct EventBody;

impl PrintBody<Numbered<'_>> for EventBody {
    fn print_members(writer: &mut Writer, row: &Numbered<'_>) {
        Record::print_members(writer, row);
    }
}

impl Described for EventBody {
    const NAME: &'static str = "Event";

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        use EventType as Is;
        let forms = [
            form::<PromotionMoved>(
                &[
                    Is::PromotionActivated,
                    Is::PromotionPaused,
                    Is::PromotionArchived,
                    Is::PromotionEnded,
                ],
                schemas,
            ),
            form::<PromotionExhausted>(&[Is::PromotionBudgetExhausted], schemas),
            form::<IssuanceMoved>(
                &[Is::IssuanceIssued, Is::IssuanceActivated, Is::IssuanceRevoked],
                schemas,
            ),
            form::<IssuanceUnlocked>(&[Is::IssuanceUnlocked], schemas),
            form::<IssuanceExpiring>(&[Is::IssuanceExpiring], schemas),
            form::<IssuanceExpired>(&[Is::IssuanceExpired], schemas),
            form::<IssuanceUsedUp>(&[Is::IssuanceUsedUp], schemas),
            form::<RedemptionCommitted>(&[Is::RedemptionCommitted], schemas),
            form::<RedemptionCancelled>(&[Is::RedemptionCancelled], schemas),
            form::<RedemptionReturned>(&[Is::RedemptionReturned], schemas),
        ];
        schema::one_of("type", &forms.concat(), "Something that happened.")
    }
}

/// Adds a component that describes the events of these types with data `D`. Returns each type with the component's
/// name.
#[expect(clippy::indexing_slicing, reason = "the document is made of constants, and tests make it")]
fn form<D: Described>(types: &[EventType], schemas: &mut Schemas) -> Vec<(&'static str, String)> {
    let component = D::NAME.trim_end_matches("Data");
    let names: Vec<&'static str> = types.iter().map(|own| own.name()).collect();
    let mut schema = Record::schema(schemas);
    schema["properties"]["type"]["enum"] = serde_json::json!(names);
    schema["properties"]["data"]["$ref"] = schemas.part::<D>()["$ref"].take();
    schemas.insert(component, schema);
    names.into_iter().map(|name| (name, component.to_owned())).collect()
}
