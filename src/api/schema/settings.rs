//! Settings (spec 4).

use serde_json::{Value, json};

use super::form::{
    Object, Side, boolean, choice, count, currency, distinct, integer, list, text, zone,
};
use crate::domain::names::Named;
use crate::domain::rounding::RoundingMode;
use crate::domain::settings::{
    EvaluationOrder, MAX_CUSTOM_FIELDS, PercentageBase, QualifyingItems, RankingCriterion, Strategy,
};
use crate::wire::custom_field::{MAX_OPTIONS, Type};
use crate::wire::decode::TextBound;
use crate::wire::settings::{HOLD_SECONDS, MAX_BUDGET_MS, MAX_PRECISION};

/// Settings.
pub fn settings(side: Side) -> Value {
    let per_line = side
        .object()
        .or(
            "enabled",
            boolean(),
            "true",
            "Whether different promotions may discount different units of one line.",
        )
        .optional("exclude", side.part("Selector"), "Lines that behave as if it were false.")
        .schema("");
    let stacking = side
        .object()
        .or(
            "enabled",
            boolean(),
            "false",
            "Whether several item-level promotions may claim the same unit.",
        )
        .optional("max_promotions", count(), "At most so many; null: no bound.")
        .schema("");
    let rounding = side
        .object()
        .or("mode", choice::<RoundingMode>(), "half_up", "How discounts are rounded.")
        .or("precision", integer(0..=MAX_PRECISION), "2", "Decimals of discounts.")
        .schema("");
    let optimal = side
        .object()
        .or("budget_ms", integer(1..=MAX_BUDGET_MS), "20", "Milliseconds that a search may cost.")
        .schema("");
    let ranking = distinct(choice::<RankingCriterion>(), 0..=RankingCriterion::ALL.len());
    tenants_own(side)
        .or(
            "evaluation_order",
            choice::<EvaluationOrder>(),
            "items_then_cart",
            "Which promotions go first.",
        )
        .or("strategy", choice::<Strategy>(), "ranked", "How promotions combine.")
        .or("multiple_promotions_per_line", per_line, "", "")
        .or("unit_stacking", stacking, "", "")
        .or(
            "multiple_cart_promotions",
            boolean(),
            "true",
            "Whether more than one cart-level promotion may apply, points aside.",
        )
        .or(
            "percentage_base",
            choice::<PercentageBase>(),
            "gross",
            "What percentages are of.",
        )
        .or(
            "qualifying_items",
            choice::<QualifyingItems>(),
            "shared",
            "Whether units that met a condition count for later promotions.",
        )
        .or("ranking", ranking, "", "The order of promotions, criterion by criterion. Default: `exclusive`, `sequence`, `segmented`, `rewards`, `code_linked`, `earliest_expiry`, `maximum_discount`.")
        .or("rounding", rounding, "", "")
        .or("optimal", optimal, "", "")
        .or("hold_seconds", integer(HOLD_SECONDS), "300", "Seconds for which a hold reserves.")
        .or(
            "restore_limits_on_return",
            boolean(),
            "true",
            "Whether a redemption that came back whole gives back what it took of the limits.",
        )
        .or(
            "custom_fields",
            list(side.part("CustomField"), 0..=MAX_CUSTOM_FIELDS),
            "",
            "What promotions have besides; each key once.",
        )
        .computed(
            "version",
            json!({"type": "integer", "minimum": 1}),
            "How often they were written; also the `ETag`.",
        )
        .schema("How a tenant's carts are evaluated.")
}

/// What defaults to what the tenant was made with.
fn tenants_own(side: Side) -> Object {
    let money = "Three capital letters (ISO 4217). Default: the tenant's. Fixed once a promotion has been live.";
    let hours =
        "Of the IANA database. Default: the tenant's. Fixed once a promotion has been live.";
    match side {
        Side::Request => side
            .object()
            .absent("currency", currency(), money)
            .absent("timezone", zone(), hours)
            .computed("created_at", json!({}), "")
            .computed("updated_at", json!({}), ""),
        Side::Answer => side.object().required("currency", currency(), money).required(
            "timezone",
            zone(),
            hours,
        ),
    }
}

/// A field that the tenant's promotions carry besides.
pub fn custom_field(side: Side) -> Value {
    let options = distinct(text(TextBound::NAME), 1..=MAX_OPTIONS);
    side.object()
        .required("key", text(TextBound::NAME), "The field's name in promotions.")
        .or("label", text(TextBound::TEXT), "", "What people call it.")
        .required("type", choice::<Type>(), "What its values are.")
        .or("required", boolean(), "false", "Whether a promotion needs it before it can be active.")
        .absent("options", options, "What it may be. Goes with `select`, which needs it.")
        .schema("A field that promotions have besides.")
}
