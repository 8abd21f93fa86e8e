//! Promotions that suggest themselves, added to a document: many of them with one condition that the cart nearly meets.

use super::conditions::selector;
use super::dice::Dice;
use super::words::SKUS;
use serde_json::{Value, json};

/// Lets promotions suggest themselves.
pub fn add(dice: &mut Dice, document: &mut Value) {
    let strangers = dice.chance(25);
    for promotion in document["promotions"].as_array_mut().into_iter().flatten() {
        if dice.chance(70) {
            suggest(dice, promotion, strangers);
        }
    }
    if strangers {
        let members = document["request"].as_object_mut().expect("a request");
        members.remove("customer");
    }
}

fn suggest(dice: &mut Dice, promotion: &mut Value, strangers: bool) {
    promotion["suggest"] = Value::from(true);
    promotion["suggestion_message"] = dice.text(&[
        "Add {shortfall} more and save {gain}",
        "{gain}{gain} {shortfall",
        "{{shortfall}}",
        "",
    ]);
    if dice.chance(20) {
        beyond(dice, promotion);
    } else if dice.chance(60) {
        promotion["conditions"] = condition(dice, promotion);
    }
    if strangers && dice.chance(40) {
        promotion["audience"] = json!({"type": "identified"});
    }
}

/// Buy some, get others: what is given lies beyond the condition.
fn beyond(dice: &mut Dice, promotion: &mut Value) {
    let of = some_lines(dice);
    let op = dice.one(&["gte", "gte", "gt"]);
    let mut benefit = json!({"type": "percentage_off", "value": dice.one(&["100", "50"]),
        "target": {"type": "items", "from": "beyond_condition"}});
    if dice.chance(70) {
        benefit["target"]["quantity"] = dice.text(&["1", "1", "2", "3", "0.5", "1.5"]);
    }
    if dice.chance(30) {
        benefit["target"]["select"] = selector(dice);
    }
    if dice.chance(20) {
        benefit["same"] = dice.text(&["sku", "product"]);
    }
    promotion["benefit"] = benefit;
    promotion["conditions"] = match dice.below(4) {
        0 => json!({"type": "line_amount", "of": of, "op": op, "value": amount(dice)}),
        1 => json!({"type": "item", "of": of}),
        _ => json!({"type": "line_quantity", "of": of, "op": op, "value": quantity(dice)}),
    };
}

/// One condition that goes with the promotion's benefit.
fn condition(dice: &mut Dice, promotion: &Value) -> Value {
    let benefit = &promotion["benefit"];
    let from = benefit["target"]["from"].as_str();
    let per = benefit["repeat"]["per"].as_str();
    let is_bundle = benefit["type"] == "bundle_price";
    let of = some_lines(dice);
    let op = dice.one(&["gte", "gte", "gt", "eq"]);
    if per == Some("set") || is_bundle && from == Some("in_condition") {
        return json!({"type": "line_quantity", "of": of, "op": op, "value": quantity(dice)});
    }
    let needs_lines = matches!(from, Some("in_condition" | "beyond_condition"));
    match dice.below(if needs_lines { 3 } else { 7 }) {
        0 => json!({"type": "line_quantity", "of": of, "op": op, "value": quantity(dice)}),
        1 => json!({"type": "line_amount", "of": of, "op": op, "value": amount(dice)}),
        2 => json!({"type": "item", "of": of}),
        3 => json!({"type": "cart_amount", "op": op, "value": amount(dice)}),
        4 => json!({"type": "subtotal", "op": op, "value": amount(dice)}),
        5 => json!({"type": "total_quantity", "op": op, "value": quantity(dice)}),
        _ => pay_with(dice),
    }
}

fn pay_with(dice: &mut Dice) -> Value {
    let op = dice.one(&["in", "starts_with"]);
    let values = dice.some(&["CardA", "Cash", "LoyaltyCard"], 1);
    let mut leaf = json!({"type": "payment_mode", "op": op, "values": values});
    if dice.chance(40) {
        leaf["min_amount"] = dice.text(&["20.50", "100"]);
    }
    leaf
}

fn some_lines(dice: &mut Dice) -> Value {
    if dice.chance(40) {
        return selector(dice);
    }
    let skus = dice.some(SKUS, 1);
    json!({"include": [{"field": "sku", "op": "in", "values": skus}]})
}

fn amount(dice: &mut Dice) -> Value {
    dice.text(&["20", "50.5", "99.99", "150", "300", "333.3333"])
}

fn quantity(dice: &mut Dice) -> Value {
    dice.text(&["2", "2", "3", "3", "4", "5", "8", "2.5", "2.0005"])
}
