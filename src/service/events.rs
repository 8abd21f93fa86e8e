//! The events that are written: their types, subjects and data (spec 12).

use chrono::{DateTime, Utc};

use crate::db::outbox::NewEvent;
use crate::db::redemptions::GiftRow;
use crate::domain::amount::Money;
use crate::domain::counter::Bound;
use crate::domain::event::{EventType, Subject};
use crate::domain::id::RedemptionId;
use crate::domain::limit::{LimitName, LimitSubject, Measure};
use crate::domain::names::Named;
use crate::domain::promotion::{Promotion, Status};
use crate::domain::redemption::RedemptionState;
use crate::wire::body::*;
use crate::wire::write::Writer;

/// An event whose data are printed by the body `B`.
pub(super) fn event<B: PrintBody<T>, T>(
    event_type: EventType,
    subject: Subject,
    occurred_at: DateTime<Utc>,
    data: &T,
) -> NewEvent {
    NewEvent { event_type, subject, occurred_at, data: B::document(data) }
}

/// The event that a promotion entered its status; `None` for a draft.
pub(super) fn promotion_moved(
    promotion: &Promotion,
    version: i64,
    at: DateTime<Utc>,
) -> Option<NewEvent> {
    let event_type = match promotion.status {
        Status::Draft => return None,
        Status::Active => EventType::PromotionActivated,
        Status::Paused => EventType::PromotionPaused,
        Status::Archived => EventType::PromotionArchived,
    };
    Some(of_promotion(event_type, promotion, version, at))
}

pub(super) fn promotion_ended(promotion: &Promotion, version: i64) -> NewEvent {
    let ends_at = promotion.terms.ends_at.to_utc();
    of_promotion(EventType::PromotionEnded, promotion, version, ends_at)
}

fn of_promotion(
    event_type: EventType,
    promotion: &Promotion,
    version: i64,
    at: DateTime<Utc>,
) -> NewEvent {
    let subject = Subject::Promotion(promotion.id);
    event::<PromotionMoved, _>(event_type, subject, at, &(promotion, version))
}

answer! {
    /// The details of the event that a promotion's status has changed.
    pub struct PromotionMoved "PromotionMovedEventData" as (&Promotion, i64)
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

/// The event that nothing is left of a promotion's limit in a window.
pub(super) fn budget_exhausted(bound: &Bound, at: DateTime<Utc>) -> NewEvent {
    let subject = Subject::Promotion(bound.counter.promotion_id);
    event::<PromotionExhausted, _>(EventType::PromotionBudgetExhausted, subject, at, bound)
}

answer! {
    /// The details of the event that a limit of a promotion is used up.
    pub struct PromotionExhausted "PromotionExhaustedEventData" as Bound |bound| {
        /// The promotion's id.
        promotion_id: required(ID) => bound.counter.promotion_id.uuid(),
        /// The name of the limit.
        limit: required(LIMIT) => bound.counter.limit(),
        /// The limit: a count, or an amount.
        maximum: required(ANYTHING) => |writer: &mut Writer| match bound.counter.measure {
            Measure::Times | Measure::Transactions => writer.integer(bound.maximum),
            Measure::Discount => writer.money(Money::from_scaled(bound.maximum), 0),
        },
        /// The number of the limit's window, counted from 0.
        window: required(NUMBERED) => bound.counter.window,
    }
}

/// A redemption that is final.
pub(super) struct Committed<'a> {
    pub(super) id: RedemptionId,
    pub(super) transaction_id: &'a str,
    pub(super) evaluated_at: DateTime<Utc>,
    pub(super) discount: Money,
    /// Decimals of the tenant's amounts.
    pub(super) precision: u32,
}

pub(super) fn redemption_committed<'g>(
    committed: &Committed<'_>,
    gifts: impl Iterator<Item = &'g GiftRow>,
    at: DateTime<Utc>,
) -> NewEvent {
    let subject = Subject::Redemption(committed.id);
    let gifts = gifts.map(|gift| (gift, committed.precision)).collect();
    let data = (committed, gifts);
    event::<RedemptionCommitted, _>(EventType::RedemptionCommitted, subject, at, &data)
}

answer! {
    struct Gift "" as (&GiftRow, u32) |(gift, precision)| {
        /// The promotion's id.
        promotion_id: required(ID) => gift.promotion_id,
        /// How many times the promotion was given.
        times: required(SIZE) => gift.times,
        /// The discount.
        discount: required(DECIMAL) => (Money::from_scaled(gift.discount), *precision),
        /// The points that the promotion awards.
        points: required(DECIMAL) => gift.points,
    }
}

answer! {
    /// The details of the event that a redemption is committed.
    pub struct RedemptionCommitted "RedemptionCommittedEventData"
        as (&Committed<'_>, Vec<(&GiftRow, u32)>) |(own, gifts)| {
        /// The redemption's id.
        redemption_id: required(ID) => own.id.uuid(),
        /// The caller's id of the transaction.
        transaction_id: required(WORDS) => own.transaction_id,
        /// The time for which the cart was evaluated.
        evaluated_at: required(TIME) => own.evaluated_at,
        /// The whole discount, in the cart's currency.
        discount: required(DECIMAL) => (own.discount, own.precision),
        /// What each promotion gave.
        promotions: required(every(part::<Gift>())) => gifts,
    }
}

pub(super) fn redemption_cancelled(
    id: RedemptionId,
    transaction_id: &str,
    cause: RedemptionState,
    at: DateTime<Utc>,
) -> NewEvent {
    let (subject, data) = (Subject::Redemption(id), (id, transaction_id, cause));
    event::<RedemptionCancelled, _>(EventType::RedemptionCancelled, subject, at, &data)
}

const CAUSES: &[RedemptionState] =
    &[RedemptionState::Cancelled, RedemptionState::Expired, RedemptionState::Replaced];

answer! {
    /// The details of the event that a hold has ended without a commit.
    pub struct RedemptionCancelled "RedemptionCancelledEventData"
        as (RedemptionId, &str, RedemptionState) |(id, transaction_id, cause)| {
        /// The redemption's id.
        redemption_id: required(ID) => id.uuid(),
        /// The caller's id of the transaction.
        transaction_id: required(WORDS) => transaction_id,
        /// How the hold ended.
        cause: required(choice_of(CAUSES)) => *cause,
    }
}

/// The event that goods came back. Its data are the return's answer.
pub(super) fn redemption_returned(
    id: RedemptionId,
    transaction_id: &str,
    answer: &str,
    at: DateTime<Utc>,
) -> NewEvent {
    let (subject, data) = (Subject::Redemption(id), (id, transaction_id, answer));
    event::<RedemptionReturned, _>(EventType::RedemptionReturned, subject, at, &data)
}

answer! {
    /// The details of the event that units were returned.
    pub struct RedemptionReturned "RedemptionReturnedEventData"
        as (RedemptionId, &str, &str) |(id, transaction_id, answer)| {
        /// The redemption's id.
        redemption_id: required(ID) => id.uuid(),
        /// The caller's id of the transaction.
        transaction_id: required(WORDS) => transaction_id,
        /// The return, as it was answered.
        returned as "return": required(raw(part::<crate::wire::returns::ReturnRecord>())) => answer,
    }
}

/// Prints a limit's name, such as `customer.times`.
pub(super) struct Limit;
pub(super) const LIMIT: Limit = Limit;

impl Prints<LimitName> for Limit {
    fn print(&self, writer: &mut Writer, limit: &LimitName) {
        writer.plain(format_args!("{}.{}", limit.subject.name(), limit.measure.name()));
    }
}

impl Describes for Limit {
    fn schema(&self, _: &mut Schemas) -> serde_json::Value {
        let names = LimitSubject::ALL.iter().flat_map(|subject| {
            Measure::ALL.iter().map(|own| format!("{}.{}", subject.name(), own.name()))
        });
        serde_json::json!({"type": "string", "enum": names.collect::<Vec<_>>()})
    }
}
