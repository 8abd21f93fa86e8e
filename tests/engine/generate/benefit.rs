//! Random benefits, within what the specification lets go together (5.4).

use super::conditions::{Wanted, selector, selector_or_null};
use super::dice::Dice;
use super::words::SKUS;
use serde_json::{Value, json};

/// A benefit, and the conditions that it needs.
pub fn benefit(dice: &mut Dice) -> (Value, Wanted) {
    let kind = dice.one(&[
        "percentage_off",
        "percentage_off",
        "percentage_off",
        "amount_off",
        "amount_off",
        "fixed_price",
        "bundle_price",
        "bundle_price",
        "free_product",
        "award_points",
    ]);
    match kind {
        "free_product" => free_product(dice),
        "bundle_price" => on_items(dice, kind),
        "award_points" => on_cart(dice, kind),
        "fixed_price" if dice.chance(25) => on_shipping(dice, kind),
        "fixed_price" => on_items(dice, kind),
        _ => match dice.below(10) {
            0 => on_shipping(dice, kind),
            1..=3 => on_cart(dice, kind),
            _ => on_items(dice, kind),
        },
    }
}

fn value(dice: &mut Dice, kind: &str) -> Value {
    match kind {
        "percentage_off" => dice.text(&["10", "50", "100", "33.3333", "7.5", "25"]),
        "bundle_price" => dice.text(&["15", "25", "40", "9.99", "0", "60"]),
        "fixed_price" => dice.text(&["8", "5", "15", "0", "18.4"]),
        "award_points" => dice.text(&["5", "1.5", "100"]),
        _ => dice.one(&[
            json!("5"),
            json!("10"),
            json!("0.99"),
            json!("30"),
            json!("3.3333"),
            json!(20),
        ]),
    }
}

/// A repetition; a bundle has none per amount, and only `sets` allows sets.
fn repeat(dice: &mut Dice, pers: &[&str], least_every_is_one: bool) -> Value {
    let per = dice.one(pers);
    let mut repeat = match per {
        "quantity" if !least_every_is_one && dice.chance(12) => {
            json!({"per": per, "every": dice.one(&["0.5", "1.5"])})
        }
        "quantity" => json!({"per": per, "every": dice.one(&["1", "2", "2", "3"])}),
        "amount" => json!({"per": per, "every": dice.one(&["15", "25.50", "50", "100"])}),
        _ => json!({"per": per}),
    };
    if dice.chance(25) {
        repeat["max_times"] = json!(dice.between(1, 3));
    }
    repeat
}

fn wanted_for(repeat: &Value, from: &str) -> Wanted {
    if repeat["per"] == "set" {
        Wanted::Sets
    } else if matches!(from, "in_condition" | "beyond_condition") {
        Wanted::LineCondition
    } else {
        Wanted::Anything
    }
}

fn free_product(dice: &mut Dice) -> (Value, Wanted) {
    let mut skus = SKUS.to_vec();
    skus.push("CAP");
    let mut product = json!({"sku": dice.one(&skus)});
    if dice.chance(50) {
        product["quantity"] = dice.text(&["1", "2", "0.5"]);
    }
    let mut benefit = json!({"type": "free_product", "product": product});
    if dice.chance(60) {
        benefit["repeat"] = repeat(dice, &["quantity", "quantity", "amount", "set"], false);
    }
    let mut wanted = wanted_for(&benefit["repeat"], "matching");
    if wanted == Wanted::Anything && dice.chance(75) {
        wanted = Wanted::LineCondition;
    }
    (benefit, wanted)
}

fn on_cart(dice: &mut Dice, kind: &str) -> (Value, Wanted) {
    let mut benefit = json!({"type": kind, "value": value(dice, kind)});
    if dice.chance(70) {
        benefit["target"] = json!({"type": "cart"});
        if dice.chance(if kind == "award_points" { 5 } else { 35 }) {
            benefit["target"]["select"] = selector(dice);
        }
    }
    if dice.chance(40) {
        benefit["repeat"] = repeat(dice, &["quantity", "amount", "set"], false);
    }
    let wanted = wanted_for(&benefit["repeat"], "matching");
    (benefit, wanted)
}

fn on_shipping(dice: &mut Dice, kind: &str) -> (Value, Wanted) {
    let mut benefit =
        json!({"type": kind, "value": value(dice, kind), "target": {"type": "shipping"}});
    if dice.chance(25) {
        benefit["repeat"] = repeat(dice, &["quantity", "amount", "set"], false);
    }
    let wanted = wanted_for(&benefit["repeat"], "matching");
    (benefit, wanted)
}

fn on_items(dice: &mut Dice, kind: &str) -> (Value, Wanted) {
    let from = dice.one(&["matching", "matching", "in_condition", "beyond_condition"]);
    let within = kind != "bundle_price" && from != "beyond_condition" && dice.chance(15);
    let mut target = json!({"type": "items"});
    if from != "matching" || dice.chance(50) {
        target["from"] = Value::from(from);
    }
    target["select"] = match from {
        "in_condition" if dice.chance(60) => Value::Null,
        _ => selector_or_null(dice),
    };
    if dice.chance(50) {
        target["pick"] = dice.text(&["cheapest", "most_expensive", "cart_order"]);
    }
    let pers: &[&str] = match (kind, from) {
        _ if within => &["quantity"],
        ("bundle_price", "in_condition") => &["quantity", "quantity", "set"],
        ("bundle_price", _) => &["quantity"],
        _ => &["quantity", "quantity", "amount", "set"],
    };
    let repeats = within || dice.chance(60);
    let repeat = if repeats { repeat(dice, pers, within) } else { Value::Null };
    let sets =
        from == "in_condition" && (repeat["per"] == "set" || kind == "bundle_price" && !repeats);
    if let Some(quantity) = quantity(dice, kind, &repeat, within, sets) {
        target["quantity"] = quantity;
    }
    if within {
        target["within"] = Value::from("application");
    } else if dice.chance(5) && !sets {
        target["within"] = Value::from("cart");
    }
    let mut benefit = json!({"type": kind, "value": value(dice, kind), "target": target});
    if repeats {
        benefit["repeat"] = repeat;
    }
    if kind == "percentage_off" && dice.chance(25) {
        benefit["base"] = dice.text(&["mrp", "mrp", "unit_price"]);
    }
    if kind == "amount_off" && dice.chance(45) {
        benefit["per"] = dice.text(&["unit", "unit", "application"]);
    }
    if dice.chance(25) {
        benefit["same"] = dice.text(&["sku", "product"]);
    }
    let wanted = if sets { Wanted::Sets } else { wanted_for(&benefit["repeat"], from) };
    (benefit, wanted)
}

/// `target.quantity`, where there may or must be one.
fn quantity(
    dice: &mut Dice,
    kind: &str,
    repeat: &Value,
    within: bool,
    sets: bool,
) -> Option<Value> {
    if sets {
        return None;
    }
    if kind == "bundle_price" {
        return match repeat["per"].as_str() {
            Some("quantity") => dice.chance(30).then(|| repeat["every"].clone()),
            _ => dice.chance(15).then(|| dice.text(&["2", "3"])),
        };
    }
    if within {
        let every = repeat["every"].clone();
        return dice.chance(40).then(|| dice.one(&[json!("1"), every]));
    }
    let must = repeat["per"] == "amount" && matches!(kind, "percentage_off" | "fixed_price");
    (must || dice.chance(45)).then(|| dice.text(&["1", "1", "2", "3", "0.5", "1.5"]))
}
