//! Limits: how often and how much (spec 5.5), and how far they are used.

use serde_json::Value;

use super::form::{Decimal, Side, choice, count, decimal, integer, one_name, size, time};
use crate::domain::limit::{LimitSubject, Measure, RefreshUnit};
use crate::domain::names::Named;
use crate::wire::limits::{MAX_ISSUES, MAX_WINDOW};

/// All limits of a promotion.
pub fn limits(side: Side) -> Value {
    let issue = side
        .object()
        .absent("per_customer", integer(1..=MAX_ISSUES), "Issues to one customer, for good.")
        .schema("");
    let earn = side
        .object()
        .absent("per_customer", count(), "Issuances that one customer unlocks, for good.")
        .absent("times", count(), "Applications of one unlocked issuance.")
        .absent("transactions", count(), "Transactions of one unlocked issuance.")
        .absent(
            "discount",
            side.decimal(Decimal::PositiveAmount),
            "Discount by one unlocked issuance, in the promotion's currency: over 0.",
        )
        .schema("");
    let cart = side
        .object()
        .absent("times", count(), "Applications on one cart.")
        .absent(
            "discount",
            side.decimal(Decimal::PositiveAmount),
            "Discount on one cart, in the promotion's currency: over 0. It is cut to this.",
        )
        .schema("");
    side.object()
        .absent("issue", issue, "Goes with `loyalty`, `loyalty_earning` and `rewards`.")
        .absent("earn", earn, "Goes with `loyalty_earning` and `rewards`.")
        .absent("cart", cart, "Goes with all types.")
        .absent("customer", side.part("SubjectLimits"), "Of one customer. Goes with all types but `code_linked`.")
        .absent("promotion", side.part("SubjectLimits"), "Of all customers together. Goes with `pos` and `loyalty`.")
        .absent("code", side.part("SubjectLimits"), "Of one code. Goes with `code_linked`.")
        .schema("How often and how much. Every part is optional; what a type may not have is 422 `limit_not_supported`.")
}

/// The limits of one subject.
pub fn subject(side: Side) -> Value {
    let limit = |max: Value| {
        side.object()
            .required("max", max, "The limit.")
            .optional("refresh", side.part("Refresh"), "When the count starts anew; null: never.")
            .schema("")
    };
    side.object()
        .absent("times", limit(count()), "Applications.")
        .absent("transactions", limit(count()), "Transactions.")
        .absent(
            "discount",
            limit(side.decimal(Decimal::PositiveAmount)),
            "Discount, in the promotion's currency: over 0. It is cut to what is left.",
        )
        .schema("Limits that are counted.")
}

/// Windows.
pub fn refresh(side: Side) -> Value {
    side.object()
        .required("every", integer(1..=MAX_WINDOW), "How many calendar units at a time.")
        .required(
            "unit",
            choice::<RefreshUnit>(),
            "Calendar days, weeks from Monday, or months, in the tenant's time zone.",
        )
        .schema("Windows in which a count starts anew.")
}

/// The name of a limit, as `customer.times`.
pub fn limit_name() -> Value {
    let names: Vec<String> = limit_names().map(|(name, _)| name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    one_name(&names)
}

/// Every limit that is counted, and by what.
pub fn limit_names() -> impl Iterator<Item = (String, Measure)> {
    LimitSubject::ALL.iter().flat_map(|subject| {
        let name = |measure: &Measure| (format!("{}.{}", subject.name(), measure.name()), *measure);
        Measure::ALL.iter().map(name)
    })
}

/// An amount of a limit: a count, or a decimal.
fn amount(measure: Measure) -> Value {
    match measure {
        Measure::Times | Measure::Transactions => size(),
        Measure::Discount => decimal(),
    }
}

/// How far limits are used.
pub fn usage() -> Value {
    let limit = |measure: Measure| {
        Side::Answer
            .object()
            .optional("used", amount(measure), "What is committed.")
            .optional("held", amount(measure), "What is held besides.")
            .optional("left", amount(measure), "What is left of it.")
            .required("max", amount(measure), "The limit. Of one that each customer, code or issuance has for itself only this and the window are told.")
            .optional("window_ends_at", time(), "When the count starts anew; null: never.")
            .schema("")
    };
    of_limits(
        limit,
        "How far each limit is used now: a count, or an amount in the tenant's currency.",
    )
}

/// What is left of limits.
pub fn left() -> Value {
    let limit = |measure: Measure| {
        Side::Answer
            .object()
            .optional("left", amount(measure), "What is left of it for this customer.")
            .required("max", amount(measure), "The limit.")
            .schema("")
    };
    of_limits(limit, "What is left of each limit: a count, or an amount in the tenant's currency.")
}

fn of_limits(limit: impl Fn(Measure) -> Value, says: &str) -> Value {
    let object = limit_names().fold(Side::Answer.object(), |object, (name, measure)| {
        object.absent(&name, limit(measure), "")
    });
    object.schema(says)
}
