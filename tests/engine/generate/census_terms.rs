//! What a run of random documents has reached of the newer terms.

use super::promotion_of;
use crate::evaluate;
use crate::properties::decimal;
use serde_json::Value;
use std::collections::BTreeMap;

/// What every run of some thousand documents reaches.
pub const REACHED_TERMS: &[&str] = &[
    "step first",
    "step middle",
    "step last",
    "step none",
    "steps percentage_off",
    "steps amount_off",
    "steps fixed_price",
    "steps bundle_price",
    "steps award_points",
    "steps at level item",
    "steps at level cart",
    "steps at level shipping",
    "steps of the cart",
    "steps of lines",
    "steps alone as line condition",
    "reason incompatible",
    "incompatible within level item under ranked",
    "incompatible within level item under best_deal",
    "incompatible within level cart under ranked",
    "incompatible within level cart under best_deal",
    "incompatible across levels under ranked",
    "incompatible across levels under best_deal",
    "floor cuts percentage_off",
    "floor cuts amount_off",
    "floor cuts fixed_price",
    "floor cuts bundle_price",
    "floor cuts free_product",
    "floor cuts at level item",
    "floor cuts at level cart",
    "floor cuts under net",
    "floor cuts where units stack",
    "floor cuts steps",
    "floor leaves nothing percentage_off",
    "floor leaves nothing amount_off",
    "floor leaves nothing fixed_price",
    "floor leaves nothing bundle_price",
    "floor leaves nothing free_product",
    "identified applied",
    "identified not_in_audience",
    "code bound and applied",
    "code code_of_another_customer",
    "suggest add_amount",
    "suggest add_quantity",
    "suggest add_item",
    "suggest next_step",
    "suggest next_step of a line",
    "suggest pay_with",
    "suggest identify",
    "suggest beyond the condition",
    "suggest one more where the condition holds",
    "suggest where units are used up",
];

/// Counts the newer terms that this result reached.
pub fn census_terms(result: &Value, document: &Value, counts: &mut BTreeMap<String, u64>) {
    let mut count = |key: String| *counts.entry(key).or_insert(0) += 1;
    count_steps(result, document, &mut count);
    count_incompatible(result, document, &mut count);
    count_floors(result, document, &mut count);
    count_customers(result, document, &mut count);
    count_suggestions(result, document, &mut count);
}

fn entries(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn count_steps(result: &Value, document: &Value, count: &mut impl FnMut(String)) {
    for applied in entries(&result["applied"]) {
        let promotion = promotion_of(document, applied);
        let benefit = &promotion["benefit"];
        let Some(values) = benefit["steps"]["values"].as_array() else {
            continue;
        };
        let place = applied["step"].as_u64().and_then(|place| usize::try_from(place).ok());
        let which = match place {
            Some(0) => "first",
            Some(place) if place + 1 == values.len() => "last",
            Some(_) => "middle",
            None => "missing",
        };
        count(format!("step {which}"));
        count(format!("steps {}", word(&benefit["type"])));
        count(format!("steps at level {}", word(&applied["level"])));
        let of_cart = benefit["steps"]["of"].is_null();
        count(format!("steps of {}", if of_cart { "the cart" } else { "lines" }));
        let needs =
            matches!(benefit["target"]["from"].as_str(), Some("in_condition" | "beyond_condition"));
        if needs && promotion["conditions"].is_null() {
            count("steps alone as line condition".to_owned());
        }
    }
    for refused in entries(&result["not_applied"]) {
        let mut paths = entries(&refused["unmet"]).map(|leaf| word(&leaf["path"]));
        if paths.any(|path| path.starts_with("/benefit/steps")) {
            count("step none".to_owned());
        }
    }
}

/// Is a name of the one's `not_with` among the other's tags, or the other way round?
fn are_incompatible(one: &Value, other: &Value) -> bool {
    let bars = |own: &Value, other: &Value| {
        let mut names = entries(&own["stacking"]["not_with"]);
        names.any(|name| entries(&other["stacking"]["tags"]).any(|tag| tag == name))
    };
    bars(one, other) || bars(other, one)
}

fn level(promotion: &Value) -> &'static str {
    let benefit = &promotion["benefit"];
    let is_item = benefit["type"] == "free_product" || benefit["target"]["type"] == "items";
    if is_item { "item" } else { "cart" }
}

/// Pairs of which one applied, and the other did not although nothing else is named that stood in its way.
fn count_incompatible(result: &Value, document: &Value, count: &mut impl FnMut(String)) {
    let strategy = document["settings"]["strategy"].as_str().unwrap_or("ranked");
    let reason = if strategy == "optimal" { "better_deal_taken" } else { "incompatible" };
    for refused in entries(&result["not_applied"]).filter(|own| own["reason"] == reason) {
        let refused = promotion_of(document, refused);
        let applied = entries(&result["applied"]).map(|own| promotion_of(document, own));
        for applied in applied.filter(|own| are_incompatible(own, refused)) {
            let (one, other) = (level(applied), level(refused));
            let where_ = if one == other {
                format!("within level {one}")
            } else {
                "across levels".to_owned()
            };
            count(format!("incompatible {where_} under {strategy}"));
        }
    }
}

/// What the same document gives without floors.
fn count_floors(result: &Value, document: &Value, count: &mut impl FnMut(String)) {
    let settings = &document["settings"];
    let lines = entries(&document["request"]["cart"]["lines"]);
    let floors = lines.filter(|line| line["floor_price"].is_string()).count();
    if floors == 0 && settings["max_discount_percent"].is_null() {
        return;
    }
    let mut without = document.clone();
    without["settings"]["max_discount_percent"] = Value::Null;
    for line in without["request"]["cart"]["lines"].as_array_mut().into_iter().flatten() {
        line["floor_price"] = Value::Null;
    }
    let without = evaluate(&without);
    for free in entries(&without["applied"]) {
        let promotion = promotion_of(document, free);
        let kind = word(&promotion["benefit"]["type"]);
        let is_own = |own: &&Value| own["promotion_id"] == free["promotion_id"];
        if let Some(held) = entries(&result["applied"]).find(is_own) {
            if decimal(&held["discount"]) >= decimal(&free["discount"]) {
                continue;
            }
            count(format!("floor cuts {kind}"));
            count(format!("floor cuts at level {}", word(&free["level"])));
            if settings["percentage_base"] == "net" {
                count("floor cuts under net".to_owned());
            }
            if settings["unit_stacking"]["enabled"] == true {
                count("floor cuts where units stack".to_owned());
            }
            if promotion["benefit"]["steps"].is_object() {
                count("floor cuts steps".to_owned());
            }
        } else if entries(&result["not_applied"])
            .find(is_own)
            .is_some_and(|own| own["reason"] == "no_benefit")
        {
            count(format!("floor leaves nothing {kind}"));
        }
    }
}

fn count_customers(result: &Value, document: &Value, count: &mut impl FnMut(String)) {
    let is_identified =
        |own: &&Value| promotion_of(document, own)["audience"]["type"] == "identified";
    for _ in entries(&result["applied"]).filter(is_identified) {
        count("identified applied".to_owned());
    }
    for refused in entries(&result["not_applied"]).filter(is_identified) {
        count(format!("identified {}", word(&refused["reason"])));
    }
    let of_all = document["codes"].as_object().into_iter().flatten();
    let bound: Vec<&Value> =
        of_all.flat_map(|(_, own)| entries(own)).filter(|own| own.is_object()).collect();
    for code in entries(&result["codes"]) {
        let is_own = |own: &&&Value| word(&own["code"]).eq_ignore_ascii_case(word(&code["code"]));
        if code["status"] == "applied" && bound.iter().any(|own| is_own(&own)) {
            count("code bound and applied".to_owned());
        }
        if code["reason"] == "code_of_another_customer" {
            count("code code_of_another_customer".to_owned());
        }
    }
}

fn count_suggestions(result: &Value, document: &Value, count: &mut impl FnMut(String)) {
    for own in entries(&result["suggestions"]) {
        let kind = word(&own["kind"]);
        count(format!("suggest {kind}"));
        let promotion = promotion_of(document, own);
        if promotion["benefit"]["target"]["from"] == "beyond_condition" && kind == "add_quantity" {
            count("suggest beyond the condition".to_owned());
        }
        if kind == "add_quantity" && own["shortfall"].is_null() {
            count("suggest one more where the condition holds".to_owned());
        }
        if kind == "next_step" && own["line_id"].is_string() {
            count("suggest next_step of a line".to_owned());
        }
        if document["settings"]["qualifying_items"] == "consumed" && kind == "add_quantity" {
            count("suggest where units are used up".to_owned());
        }
    }
}
