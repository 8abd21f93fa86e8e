//! What is told of what happened: events, webhooks, statistics (spec 3, 12).

use serde_json::{Value, json};

use super::form::{
    Object, Side, anything, choice, choice_of, decimal, distinct, every, id, list, one_of, plain,
    reference, size, text, time, zone,
};
use super::limits::limit_name;
use crate::api::webhooks::MAX_RESENT;
use crate::domain::event::EventType;
use crate::domain::issuance::{IssuanceSource, IssuanceState};
use crate::domain::names::Named;
use crate::domain::redemption::RedemptionState;
use crate::service::stats::Bucket;
use crate::wire::decode::TextBound;

const SIDE: Side = Side::Answer;

/// An event.
pub fn event() -> Value {
    let forms = data();
    let parts = forms
        .iter()
        .flat_map(|(name, types, _)| types.iter().map(|own| (own.name(), (*name).to_owned())));
    one_of("type", parts, "Something that happened.")
}

/// The events of each form, by name.
pub fn events() -> Vec<(&'static str, Value)> {
    data().into_iter().map(|(name, types, _)| (name, of_types(name, &types))).collect()
}

/// The data of each form, by name.
pub fn event_data() -> Vec<(String, Value)> {
    let named =
        |(name, _, data): (&str, _, Object)| (data_of(name), data.schema("To what, and how."));
    data().into_iter().map(named).collect()
}

fn data_of(event: &str) -> String {
    format!("{event}Data")
}

fn of_types(name: &str, types: &[EventType]) -> Value {
    SIDE.object()
        .required("id", id(), "The event's id; also the `webhook-id` of its deliveries.")
        .required("sequence", size(), "Grows in the order in which events become visible.")
        .required("type", choice_of(types), "What happened.")
        .required("occurred_at", time(), "When.")
        .required("data", reference(&data_of(name)), "To what, and how.")
        .schema("")
}

/// What the events of each type say.
fn data() -> Vec<(&'static str, Vec<EventType>, Object)> {
    use EventType::{
        IssuanceActivated, IssuanceExpired, IssuanceExpiring, IssuanceIssued, IssuanceRevoked,
        IssuanceUnlocked, IssuanceUsedUp, PromotionActivated, PromotionArchived,
        PromotionBudgetExhausted, PromotionEnded, PromotionPaused, RedemptionCancelled,
        RedemptionCommitted, RedemptionReturned,
    };
    let promotion = || SIDE.object().required("promotion_id", id(), "Which promotion.");
    let moved = promotion()
        .required("name", plain(), "Its name.")
        .required("version", size(), "Its version.")
        .required("starts_at", time(), "Included.")
        .required("ends_at", time(), "Excluded.");
    let exhausted = promotion()
        .required("limit", limit_name(), "Which limit.")
        .required(
            "maximum",
            anything("The limit: a count, or an amount."),
            "The limit: a count, or an amount.",
        )
        .required("window", json!({"type": "integer"}), "Which of its windows, counted from 0.");
    let issuance = || SIDE.object().required("issuance_id", id(), "Which issuance.");
    let owned = || {
        issuance()
            .required("promotion_id", id(), "Of which promotion.")
            .required("customer_id", plain(), "In whose hands.")
            .required("source", choice::<IssuanceSource>(), "How it came about.")
            .optional("source_id", plain(), "The caller's id of that.")
    };
    let messages = || every(super::promotion::message(SIDE));
    let unlocked = owned()
        .required("expires_at", time(), "From when on it cannot be used.")
        .required("messages", messages(), "What to send to the customer.");
    let expiring = owned()
        .required("state", choice::<IssuanceState>(), "Where it stands.")
        .required("expires_at", time(), "From when on it cannot be used.")
        .required("messages", messages(), "What to send to the customer.");
    let expired = owned()
        .optional("unlocked_at", time(), "When it became usable; null: never.")
        .required("expires_at", time(), "Since when it cannot be used.");
    let used_up = issuance().required("promotion_id", id(), "Of which promotion.").required(
        "limit",
        limit_name(),
        "Which limit.",
    );
    let redemption = || {
        SIDE.object().required("redemption_id", id(), "Which redemption.").required(
            "transaction_id",
            plain(),
            "The caller's id.",
        )
    };
    let gift = SIDE
        .object()
        .required("promotion_id", id(), "Which.")
        .required("times", size(), "How many times it was given.")
        .required("discount", decimal(), "How much.")
        .required("points", decimal(), "Points that it awards.")
        .schema("");
    let committed = redemption()
        .required("evaluated_at", time(), "As of when.")
        .required("discount", decimal(), "In all, in the cart's currency.")
        .required("promotions", every(gift), "What each promotion gave.");
    let causes = [RedemptionState::Cancelled, RedemptionState::Expired, RedemptionState::Replaced];
    let cancelled = redemption().required("cause", choice_of(&causes), "How the hold ended.");
    let returned = redemption().required("return", reference("ReturnRecord"), "What came back.");
    vec![
        (
            "PromotionMovedEvent",
            vec![PromotionActivated, PromotionPaused, PromotionArchived, PromotionEnded],
            moved,
        ),
        ("PromotionExhaustedEvent", vec![PromotionBudgetExhausted], exhausted),
        ("IssuanceMovedEvent", vec![IssuanceIssued, IssuanceActivated, IssuanceRevoked], owned()),
        ("IssuanceUnlockedEvent", vec![IssuanceUnlocked], unlocked),
        ("IssuanceExpiringEvent", vec![IssuanceExpiring], expiring),
        ("IssuanceExpiredEvent", vec![IssuanceExpired], expired),
        ("IssuanceUsedUpEvent", vec![IssuanceUsedUp], used_up),
        ("RedemptionCommittedEvent", vec![RedemptionCommitted], committed),
        ("RedemptionCancelledEvent", vec![RedemptionCancelled], cancelled),
        ("RedemptionReturnedEvent", vec![RedemptionReturned], returned),
    ]
}

/// The body of a webhook.
pub fn new_webhook() -> Value {
    let url = json!({"type": "string", "format": "uri", "maxLength": TextBound::LONG.range().1});
    Side::Request
        .object()
        .absent("name", text(TextBound::NAME), "The name of the path.")
        .required(
            "url",
            url,
            "Where events go: https and public, unless the service is configured otherwise.",
        )
        .required(
            "events",
            distinct(choice::<EventType>(), 1..=EventType::ALL.len()),
            "Which events.",
        )
        .schema("Where events go.")
}

/// A webhook: one schema whether it was there before or not, since generators know one answer for an operation.
pub fn webhook() -> Value {
    SIDE.object()
        .required("name", plain(), "Its name.")
        .required("url", plain(), "Where events go.")
        .required("events", every(choice::<EventType>()), "Which events.")
        .required("created_at", time(), "When it was made.")
        .required("updated_at", time(), "When it was last written.")
        .absent(
            "secret",
            plain(),
            "What deliveries are signed with (Standard Webhooks), shown once: where this made the webhook.",
        )
        .schema("Where events go.")
}

/// A delivery that was given up.
pub fn dead_delivery() -> Value {
    SIDE.object()
        .required("event", reference("Event"), "What was to be delivered.")
        .required("attempts", size(), "How often it was tried.")
        .required("dead_at", time(), "When it was given up.")
        .required("fault", plain(), "What went wrong the last time.")
        .schema("A delivery that was given up.")
}

/// The body that sends again.
pub fn resend() -> Value {
    Side::Request
        .object()
        .absent("events", list(id(), 1..=MAX_RESENT), "Which events; all if left out.")
        .schema("What is to be sent again.")
}

fn counts(object: Object) -> Object {
    let back = SIDE
        .object()
        .required("count", size(), "How many.")
        .required("discount", decimal(), "Taken back, in the tenant's currency.")
        .required("points", decimal(), "Taken back.")
        .schema("");
    object
        .required("redemptions", size(), "Committed sales on which it applied.")
        .required("times", size(), "How many times it was given.")
        .required("discount", decimal(), "Given, in the tenant's currency.")
        .required("points", decimal(), "Awarded.")
        .required("returns", back, "What came back.")
}

/// What was given and came back.
pub fn totals() -> Value {
    counts(SIDE.object()).schema("What was given, and what came back.")
}

fn period(object: Object) -> Object {
    object
        .required("bucket", choice::<Bucket>(), "How long each bucket is.")
        .required("timezone", zone(), "The tenant's, on whose clocks buckets begin.")
        .required("from", time(), "Included.")
        .optional("to", time(), "Excluded; null: until now.")
}

fn of_one(object: Object) -> Object {
    object
        .required("promotion_id", id(), "Which.")
        .required("name", plain(), "Its name.")
        .optional("campaign", plain(), "What it belongs to.")
        .required(
            "buckets",
            every(reference("StatsPeriod")),
            "Those with something in them, in order.",
        )
        .required("total", reference("StatsTotals"), "All buckets together.")
        .required("limits", reference("Usage"), "How far its limits are used now.")
}

/// What was given and came back in a stretch of time.
pub fn bucket() -> Value {
    counts(SIDE.object().optional("starts_at", time(), "When it begins, on the tenant's clocks."))
        .schema("What was given and came back in a stretch of time.")
}

/// The statistics of one promotion.
pub fn promotion_stats() -> Value {
    period(of_one(SIDE.object())).schema("What a promotion gave and got back.")
}

/// The statistics of many promotions.
pub fn stats() -> Value {
    let one = of_one(SIDE.object()).schema("");
    period(SIDE.object().optional("campaign", plain(), "The campaign that was asked for."))
        .required("promotions", every(one), "Newest first.")
        .required(
            "total",
            reference("StatsTotals"),
            "All of them; a sale on which two applied is one redemption.",
        )
        .schema("What promotions gave and got back.")
}
