//! Limits: how often and how much (spec 5.5).

use serde_json::Value;

use super::form::{Decimal, Side, choice, count, integer};
use crate::domain::limit::RefreshUnit;
use crate::wire::limits::{MAX_ISSUES, MAX_WINDOW};

/// All limits of a promotion.
pub fn limits(side: Side) -> Value {
    let issue = side
        .object()
        .absent(
            "per_customer",
            integer(1..=MAX_ISSUES),
            "Issues to one customer, for good.",
        )
        .schema("");
    let earn = side
        .object()
        .absent(
            "per_customer",
            count(),
            "Issuances that one customer unlocks, for good.",
        )
        .absent("times", count(), "Applications of one unlocked issuance.")
        .absent(
            "transactions",
            count(),
            "Transactions of one unlocked issuance.",
        )
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
            .optional(
                "refresh",
                side.part("Refresh"),
                "When the count starts anew; null: never.",
            )
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
        .required(
            "every",
            integer(1..=MAX_WINDOW),
            "How many calendar units at a time.",
        )
        .required(
            "unit",
            choice::<RefreshUnit>(),
            "Calendar days, weeks from Monday, or months, in the tenant's time zone.",
        )
        .schema("Windows in which a count starts anew.")
}
