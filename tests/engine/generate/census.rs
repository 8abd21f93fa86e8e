//! What a run of random documents has reached.

use super::promotion_of;
use serde_json::Value;
use std::collections::BTreeMap;

/// What every run of some thousand documents reaches: the keys of the census that a test can insist on.
pub const REACHED: &[&str] = &[
    "reason paused",
    "reason not_started",
    "reason ended",
    "reason outside_schedule",
    "reason currency_mismatch",
    "reason out_of_scope",
    "reason not_in_audience",
    "reason customer_required",
    "reason code_not_presented",
    "reason not_issued",
    "reason not_activated",
    "reason conditions_not_met",
    "reason no_eligible_items",
    "reason units_taken",
    "reason no_benefit",
    "reason another_cart_promotion_applied",
    "reason cart_promotion_applied_first",
    "reason exclusive_applied",
    "reason exclusive_passed_over",
    "reason stopped_by_earlier",
    "reason better_deal_taken",
    "benefit percentage_off",
    "benefit amount_off",
    "benefit fixed_price",
    "benefit bundle_price",
    "benefit free_product",
    "benefit award_points",
    "level item",
    "level cart",
    "level shipping",
    "code applied",
    "code not_applied",
    "code unknown",
    "code duplicate",
    "within application",
    "same sku",
    "same product",
    "base mrp",
    "per unit",
];

/// Counts what this result reached: benefits that applied with all their options, reasons, what became of
/// codes, and the settings under which it was.
pub fn census(result: &Value, document: &Value, counts: &mut BTreeMap<String, u64>) {
    let mut count = |key: String| *counts.entry(key).or_insert(0) += 1;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    for applied in list(&result["applied"]) {
        let promotion = promotion_of(document, &applied);
        let benefit = &promotion["benefit"];
        let kind = word(&benefit["type"]);
        count(format!("benefit {kind}"));
        count(format!("type {}", word(&promotion["type"])));
        count(format!("level {}", word(&applied["level"])));
        count(format!("repeat {} {kind}", word(&benefit["repeat"]["per"])));
        count(format!("same {}", word(&benefit["same"])));
        count(format!("base {}", word(&benefit["base"])));
        count(format!("per {}", word(&benefit["per"])));
        if applied["level"] == "item" {
            let target = &benefit["target"];
            count(format!("from {} {kind}", word(&target["from"])));
            count(format!("pick {}", word(&target["pick"])));
            count(format!("within {}", word(&target["within"])));
        }
        let recurrence = &promotion["schedule"]["recurrence"]["type"];
        if !promotion["schedule"].is_null() {
            count(format!("schedule {}", word(recurrence)));
        }
        for leaf in leaves(&promotion["conditions"]) {
            let op = word(&leaf["op"]);
            count(format!("condition {} {op}", word(&leaf["type"])));
        }
        if applied["times"].as_u64() > Some(1) {
            count("times above 1".to_owned());
        }
    }
    for refused in list(&result["not_applied"]) {
        count(format!("reason {}", word(&refused["reason"])));
    }
    for code in list(&result["codes"]) {
        count(format!("code {}", word(&code["status"])));
    }
    let tally = |list: &Value| list.as_array().map_or(0, Vec::len);
    count(format!("applied together {}", tally(&result["applied"])));
    count(format!("suggestions {}", tally(&result["suggestions"])));
    count(format!("free items {}", tally(&result["free_items"])));
    let settings = &document["settings"];
    for name in [
        "evaluation_order",
        "strategy",
        "multiple_cart_promotions",
        "percentage_base",
        "qualifying_items",
    ] {
        count(format!("setting {name} {}", word(&settings[name])));
    }
    count(format!("rounding {}", word(&settings["rounding"]["mode"])));
    count(format!("precision {}", word(&settings["rounding"]["precision"])));
    let stacking = &settings["unit_stacking"];
    count(format!("unit_stacking {}", word(&stacking["enabled"])));
    let several = &settings["multiple_promotions_per_line"]["enabled"];
    count(format!("multiple_promotions_per_line {}", word(several)));
}

/// The conditions that are not groups.
fn leaves(condition: &Value) -> Vec<&Value> {
    match condition["of"].as_array() {
        Some(children) => children.iter().flat_map(leaves).collect(),
        None if condition.is_null() => Vec::new(),
        None => vec![condition],
    }
}
