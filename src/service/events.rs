//! Events as they are written: their types, subjects and data (spec 12).

use chrono::{DateTime, Utc};

use crate::db::outbox::NewEvent;
use crate::db::redemptions::GiftRow;
use crate::domain::amount::Money;
use crate::domain::counter::Bound;
use crate::domain::event::{EventType, Subject};
use crate::domain::id::RedemptionId;
use crate::domain::limit::Measure;
use crate::domain::names::Named;
use crate::domain::promotion::{Promotion, Status};
use crate::domain::redemption::RedemptionState;
use crate::wire::write::Writer;

/// An event whose data are the members that `write` writes, after the id of its subject.
pub fn event(
    event_type: EventType,
    subject: Subject,
    occurred_at: DateTime<Utc>,
    write: impl FnOnce(&mut Writer),
) -> NewEvent {
    let mut writer = Writer::with_capacity(256);
    writer.object(|writer| {
        let id = match subject {
            Subject::Promotion(_) => "promotion_id",
            Subject::Issuance(_) => "issuance_id",
            Subject::Redemption(_) => "redemption_id",
        };
        writer.key(id).id(subject.uuid());
        write(writer);
    });
    NewEvent { event_type, subject, occurred_at, data: writer.finish() }
}

/// What tells that a promotion was moved to its status; none for a draft.
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

/// What tells that a promotion's end has come.
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
    let terms = &promotion.terms;
    event(event_type, Subject::Promotion(promotion.id), at, |writer| {
        writer.key("name").text(&terms.name);
        writer.key("version").integer(version);
        writer.key("starts_at").time(&terms.starts_at.to_utc());
        writer.key("ends_at").time(&terms.ends_at.to_utc());
    })
}

/// What tells that nothing is left of a limit of a promotion in a window.
pub(super) fn budget_exhausted(bound: &Bound, at: DateTime<Utc>) -> NewEvent {
    let counter = &bound.counter;
    let subject = Subject::Promotion(counter.promotion_id);
    event(EventType::PromotionBudgetExhausted, subject, at, |writer| {
        let limit = counter.limit();
        let (owner, measure) = (limit.subject.name(), limit.measure.name());
        writer.key("limit").plain(format_args!("{owner}.{measure}"));
        match counter.measure {
            Measure::Times | Measure::Transactions => {
                writer.key("maximum").integer(bound.maximum);
            }
            Measure::Discount => {
                let maximum = Money::from_scaled(bound.maximum);
                writer.key("maximum").money(maximum, 0);
            }
        }
        writer.key("window").integer(counter.window);
    })
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

/// What tells that a redemption is final.
pub(super) fn redemption_committed<'g>(
    committed: &Committed<'_>,
    gifts: impl Iterator<Item = &'g GiftRow>,
    at: DateTime<Utc>,
) -> NewEvent {
    let subject = Subject::Redemption(committed.id);
    let precision = committed.precision;
    event(EventType::RedemptionCommitted, subject, at, |writer| {
        writer.key("transaction_id").text(committed.transaction_id);
        writer.key("evaluated_at").time(&committed.evaluated_at);
        writer.key("discount").money(committed.discount, precision);
        writer.key("promotions").list(gifts, |writer, gift| {
            writer.object(|writer| {
                writer.key("promotion_id").id(gift.promotion_id);
                writer.key("times").integer(gift.times);
                let discount = Money::from_scaled(gift.discount);
                writer.key("discount").money(discount, precision);
                writer.key("points").plain(&gift.points);
            });
        });
    })
}

/// What tells that a hold has ended in this state.
pub(super) fn redemption_cancelled(
    id: RedemptionId,
    transaction_id: &str,
    cause: RedemptionState,
    at: DateTime<Utc>,
) -> NewEvent {
    let subject = Subject::Redemption(id);
    event(EventType::RedemptionCancelled, subject, at, |writer| {
        writer.key("transaction_id").text(transaction_id);
        writer.key("cause").name(cause);
    })
}

/// What tells that goods came back: as the return was answered.
pub(super) fn redemption_returned(
    id: RedemptionId,
    transaction_id: &str,
    answer: &str,
    at: DateTime<Utc>,
) -> NewEvent {
    let subject = Subject::Redemption(id);
    event(EventType::RedemptionReturned, subject, at, |writer| {
        writer.key("transaction_id").text(transaction_id);
        writer.key("return").raw(answer);
    })
}
