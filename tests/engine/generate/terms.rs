//! The newer terms, added to a document that has none: steps, incompatible promotions, floors, and what is for one customer.

use super::conditions::selector;
use super::dice::Dice;
use super::words::GROUPS;
use serde_json::{Value, json};

/// Names by which promotions keep each other out.
const STACKING_TAGS: &[&str] = &["sale", "coupon", "staff"];

/// Adds some of the terms, each wherever it may stand.
pub fn add(dice: &mut Dice, document: &mut Value) {
    if dice.chance(60) {
        for_each_promotion(document, |promotion| add_steps(dice, promotion));
    }
    if dice.chance(60) {
        for_each_promotion(document, |promotion| add_tags(dice, promotion));
        if dice.chance(25) {
            document["settings"]["strategy"] = Value::from("best_deal");
        }
    }
    if dice.chance(60) {
        add_floors(dice, document);
    }
    if dice.chance(40) {
        for_each_promotion(document, |promotion| identify(dice, promotion));
        let own = document["request"]["customer"]["id"].as_str().unwrap_or("C-1").to_owned();
        let codes = document["codes"].as_object_mut().into_iter().flatten();
        for code in codes.filter_map(|(_, own)| own.as_array_mut()).flatten() {
            if dice.chance(50) {
                *code = json!({"code": code, "customer_id": dice.one(&[&own, &own, "C-2"])});
            }
        }
    }
}

fn for_each_promotion(document: &mut Value, change: impl FnMut(&mut Value)) {
    document["promotions"].as_array_mut().into_iter().flatten().for_each(change);
}

/// Steps instead of the value. The leaf of a step can be the line condition that the benefit needs.
fn add_steps(dice: &mut Dice, promotion: &mut Value) {
    let benefit = &mut promotion["benefit"];
    let kind = benefit["type"].as_str().unwrap_or_default().to_owned();
    if kind == "free_product" || dice.chance(50) {
        return;
    }
    let from = benefit["target"]["from"].as_str();
    let sets = benefit["repeat"]["per"] == "set"
        || kind == "bundle_price" && from == Some("in_condition") && benefit["repeat"].is_null();
    let of = if dice.chance(35) { Value::Null } else { selector(dice) };
    let of_lines = !of.is_null();
    // No sets are made of amounts.
    let measure = if sets && of_lines { "quantity" } else { dice.one(&["amount", "quantity"]) };
    let froms: &[&str] = match measure {
        "amount" => &["10", "35.5", "60", "99.99", "150", "250", "400", "800"],
        _ => &["0.5", "1", "2", "3.5", "5", "7", "10", "16"],
    };
    let froms = dice.some(froms, 2);
    let values: &[&str] = match kind.as_str() {
        "percentage_off" => &["2.5", "5", "10", "12.3456", "20", "33.3333", "50", "100"],
        "bundle_price" => &["60", "45", "40", "30", "25", "15", "9.99", "0"],
        "fixed_price" => &["30", "18.4", "15", "9.5", "8", "5", "2.25", "0"],
        _ => &["0.99", "2", "3.3333", "5", "10", "15", "30", "60"],
    };
    let mut values = dice.some(values, froms.len());
    values.truncate(froms.len());
    if dice.chance(30) {
        dice.shuffle(&mut values);
    }
    let step = |(from, value): (&str, &str)| json!({"from": from, "value": value});
    let steps: Vec<Value> = froms.into_iter().zip(values).map(step).collect();
    let members = benefit.as_object_mut().expect("a benefit");
    members.remove("value");
    members.remove("same");
    members.insert("steps".to_owned(), json!({"measure": measure, "values": steps}));
    if of_lines || dice.chance(30) {
        benefit["steps"]["of"] = of;
    }
    if of_lines && dice.chance(50) {
        promotion["conditions"] = Value::Null;
    }
}

fn add_tags(dice: &mut Dice, promotion: &mut Value) {
    for list in ["tags", "not_with"] {
        if dice.chance(55) {
            promotion["stacking"][list] = json!(dice.some(STACKING_TAGS, 0));
        }
    }
}

/// Floors of some lines, of every line by the settings, or both.
fn add_floors(dice: &mut Dice, document: &mut Value) {
    let by_settings = dice.chance(45);
    if by_settings {
        document["settings"]["max_discount_percent"] =
            dice.text(&["25", "10", "50", "33.3333", "5", "80", "100"]);
    }
    if by_settings && dice.chance(40) {
        return;
    }
    // In some carts hardly anything may be taken off.
    let (chance, percents): (u64, &[u64]) = if dice.chance(30) {
        (90, &[95, 100, 100, 120])
    } else {
        (60, &[0, 10, 50, 75, 90, 95, 100, 120])
    };
    for line in document["request"]["cart"]["lines"].as_array_mut().into_iter().flatten() {
        if dice.chance(chance) {
            let percent = dice.one(percents);
            let price = line["unit_price"].as_str().expect("a price");
            line["floor_price"] = Value::from(part_of(price, percent));
        }
    }
}

/// So many percent of a price, cut to four decimals.
fn part_of(price: &str, percent: u64) -> String {
    let (whole, decimals) = price.split_once('.').unwrap_or((price, ""));
    let scaled: u64 = format!("{whole}{decimals:0<4}").parse().expect("digits");
    let part = scaled * percent / 100;
    format!("{}.{:04}", part / 10_000, part % 10_000)
}

/// For whoever is identified, and perhaps in a group.
fn identify(dice: &mut Dice, promotion: &mut Value) {
    if dice.chance(20) {
        promotion["audience"] = json!({"type": "identified"});
        if dice.chance(20) {
            promotion["audience"]["groups"] = json!(dice.some(GROUPS, 1));
        }
    }
}
