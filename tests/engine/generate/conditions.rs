//! Random selectors and conditions.

use super::dice::Dice;
use super::words::{BRANDS, CATEGORIES, CHANNELS, GROUPS, PRODUCTS, SKUS, TAGS};
use serde_json::{Value, json};

const NUMBER_OPS: &[&str] = &["gte", "gte", "gte", "gte", "gt", "gt", "eq", "ne", "lt", "lte"];
const LIST_OPS: &[&str] = &["in", "in", "not_in"];

/// Which line conditions the promotion needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Any condition, or none.
    Anything,
    /// At least one line condition.
    LineCondition,
    /// At least one, and all of them such as can make sets.
    Sets,
}

/// A selector; sometimes one that selects every line.
pub fn selector(dice: &mut Dice) -> Value {
    if dice.chance(22) {
        return dice.one(&[json!({}), json!({"include": []})]);
    }
    let count = if dice.chance(75) { 1 } else { 2 };
    let include: Vec<Value> = (0..count).map(|_| predicate(dice)).collect();
    let mut selector = json!({ "include": include });
    if count > 1 || dice.chance(10) {
        selector["match"] = dice.text(&["any", "any", "all"]);
    }
    if dice.chance(15) {
        selector["exclude"] = json!([predicate(dice)]);
    }
    selector
}

/// A selector, or null.
pub fn selector_or_null(dice: &mut Dice) -> Value {
    if dice.chance(45) { Value::Null } else { selector(dice) }
}

fn predicate(dice: &mut Dice) -> Value {
    match dice.below(20) {
        0..=3 => text_predicate(dice, "sku", SKUS),
        4 => json!({"field": "sku", "op": "in_list", "list": dice.one(&["sale", "new"])}),
        5..=8 => text_predicate(dice, "category", CATEGORIES),
        9 => text_predicate(dice, "product", PRODUCTS),
        10..=11 => text_predicate(dice, "brand", BRANDS),
        12 => text_predicate(dice, "tag", TAGS),
        13 => match dice.below(3) {
            0 => text_predicate(dice, "supplier", &["S1", "S2"]),
            1 => text_predicate(dice, "product_group", &["wear", "home"]),
            _ => text_predicate(dice, "title", &["Red tee", "Blue mug"]),
        },
        14 => keyed(dice, "attribute", "color", &["red", "blue"]),
        15 => keyed(dice, "variant", "size", &["M", "L"]),
        _ => number_predicate(dice),
    }
}

fn keyed(dice: &mut Dice, field: &str, key: &str, values: &[&str]) -> Value {
    let mut predicate = text_predicate(dice, field, values);
    predicate["key"] = Value::from(key);
    predicate
}

fn text_predicate(dice: &mut Dice, field: &str, values: &[&str]) -> Value {
    match dice.below(10) {
        0..=4 => json!({"field": field, "op": "in", "values": dice.some(values, 1)}),
        5 => json!({"field": field, "op": "not_in", "values": dice.some(values, 1)}),
        6 => json!({"field": field, "op": "ne", "value": dice.one(values)}),
        7 => json!({"field": field, "op": "starts_with", "value": piece(dice, values)}),
        8 => json!({"field": field, "op": "contains", "value": piece(dice, values)}),
        _ => json!({"field": field, "op": "eq", "value": dice.one(values)}),
    }
}

/// A part of a word, mostly from its start; some end others.
fn piece<'v>(dice: &mut Dice, values: &[&'v str]) -> &'v str {
    let word = dice.one(values);
    let most = word.len() as i64;
    let first = if dice.chance(60) { 0 } else { dice.between(0, most - 1) };
    let last = dice.between(first + 1, most);
    &word[first as usize..last as usize]
}

fn number_predicate(dice: &mut Dice) -> Value {
    let (field, values): (&str, &[&str]) = match dice.below(9) {
        0..=2 => ("unit_price", &["10", "20", "19.99", "50"]),
        3 => ("mrp", &["25.5", "40", "0"]),
        4 => ("quantity", &["2", "1.5", "3"]),
        5 => ("weight", &["0.2", "1"]),
        6 => ("stock", &["3.50", "1"]),
        7 => ("price_discount", &["0", "20", "5.5"]),
        _ => ("price_discount_percent", &["50", "10", "25"]),
    };
    if dice.chance(20) {
        return json!({"field": field, "op": "between", "values": ["0", dice.one(values)]});
    }
    json!({"field": field, "op": dice.one(NUMBER_OPS), "value": dice.one(values)})
}

/// Conditions of the kind that is wanted: null, a leaf, or groups of leaves.
pub fn conditions(dice: &mut Dice, wanted: Wanted) -> Value {
    if wanted == Wanted::Anything && dice.chance(50) {
        return Value::Null;
    }
    let mut budget = 6;
    let mut condition = if dice.chance(65) {
        wanted_leaf(dice, wanted)
    } else {
        group(dice, wanted, 1, &mut budget)
    };
    if wanted != Wanted::Anything && !has_line_condition(&condition) {
        condition = json!({"type": "group", "of": [line_leaf(dice, wanted), condition]});
    }
    condition
}

fn wanted_leaf(dice: &mut Dice, wanted: Wanted) -> Value {
    if wanted == Wanted::Anything { leaf(dice, wanted) } else { line_leaf(dice, wanted) }
}

fn has_line_condition(condition: &Value) -> bool {
    match condition["type"].as_str() {
        Some("group") => condition["of"]
            .as_array()
            .is_some_and(|children| children.iter().any(has_line_condition)),
        Some("item") => condition["found"] != Value::Bool(false),
        Some(kind) => kind.starts_with("line_") || kind.starts_with("distinct_"),
        None => false,
    }
}

fn group(dice: &mut Dice, wanted: Wanted, depth: u64, budget: &mut u64) -> Value {
    let mut of = Vec::new();
    for _ in 0..dice.between(1, 3) {
        if depth < 3 && dice.chance(20) && *budget > 3 {
            of.push(group(dice, wanted, depth + 1, budget));
        } else if *budget > 0 {
            *budget -= 1;
            let kind = if dice.chance(60) { line_leaf(dice, wanted) } else { leaf(dice, wanted) };
            of.push(kind);
        }
    }
    if of.is_empty() {
        of.push(line_leaf(dice, wanted));
    }
    let mut group = json!({"type": "group", "of": of});
    if dice.chance(60) {
        group["match"] = dice.text(&["all", "any"]);
    }
    if dice.chance(30) {
        group["is"] = Value::from(dice.chance(60));
    }
    group
}

fn line_leaf(dice: &mut Dice, wanted: Wanted) -> Value {
    let mut leaf = if wanted == Wanted::Sets || dice.chance(60) {
        let op = if wanted == Wanted::Sets || dice.chance(75) {
            dice.one(&["gte", "gte", "gte", "gt", "eq"])
        } else {
            dice.one(NUMBER_OPS)
        };
        let value = dice.one(&["1", "1", "1", "2", "2", "3", "1.5", "1.0005"]);
        if dice.chance(25) {
            json!({"type": "item", "found": true})
        } else {
            json!({"type": "line_quantity", "op": op, "value": value})
        }
    } else {
        let op = dice.one(NUMBER_OPS);
        match dice.below(4) {
            0..=1 => {
                json!({"type": "line_amount", "op": op, "value": dice.one(&["20", "50", "99.99"])})
            }
            2 => json!({"type": "distinct_products", "op": op, "value": dice.one(&["1", "2"])}),
            _ => json!({"type": "distinct_variants", "op": op, "value": dice.one(&["1", "2"])}),
        }
    };
    if dice.chance(85) {
        leaf["of"] = selector(dice);
    }
    leaf
}

fn leaf(dice: &mut Dice, wanted: Wanted) -> Value {
    let op = dice.one(NUMBER_OPS);
    let amounts = ["20", "50.00", "100", "250"];
    match dice.below(18) {
        0..=2 => json!({"type": "cart_amount", "op": op, "value": dice.one(&amounts)}),
        3..=4 => json!({"type": "subtotal", "op": op, "value": dice.one(&amounts)}),
        5 => json!({"type": "total_mrp", "op": op, "value": dice.one(&amounts)}),
        6 => json!({"type": "total_quantity", "op": op, "value": dice.one(&["3", "5", "7.5"])}),
        7 => json!({"type": "total_weight", "op": op, "value": dice.one(&["1", "0.75"])}),
        8 => json!({"type": "item_count", "op": op, "value": dice.one(&["2", "3"])}),
        9 => json!({"type": "item", "of": selector(dice), "found": false}),
        10 => payment_mode(dice),
        11 => json!({"type": "gift_voucher", "values": ["V-1"]}),
        12 => json!({
            "type": "shipping_method", "op": dice.one(LIST_OPS), "values": ["express"],
        }),
        13 => json!({
            "type": "channel", "op": dice.one(LIST_OPS), "values": dice.some(CHANNELS, 1),
        }),
        14 => json!({
            "type": "customer_group", "op": dice.one(LIST_OPS), "values": dice.some(GROUPS, 1),
        }),
        15 => customer_attribute(dice),
        _ => line_leaf(dice, wanted),
    }
}

fn payment_mode(dice: &mut Dice) -> Value {
    let mut leaf = match dice.below(4) {
        0..=1 => json!({"type": "payment_mode", "op": "starts_with", "values": ["Loyalty"]}),
        2 => json!({"type": "payment_mode", "op": "in", "values": ["Cash", "LoyaltyCard"]}),
        _ => return json!({"type": "payment_mode", "op": "not_in", "values": ["Cash"]}),
    };
    if dice.chance(40) {
        leaf["min_amount"] = dice.text(&["20.50", "100", "120.5"]);
    }
    leaf
}

fn customer_attribute(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => {
            let op = dice.one(&["gt", "gte", "lt", "lte"]);
            json!({"type": "customer_attribute", "key": "age", "op": op, "value": "31"})
        }
        1 => {
            let op = dice.one(LIST_OPS);
            json!({"type": "customer_attribute", "key": "city", "op": op, "values": ["Pune"]})
        }
        _ => {
            let op = dice.one(&["eq", "ne", "contains", "starts_with"]);
            let value = dice.one(&["Pune", "P"]);
            json!({"type": "customer_attribute", "key": "city", "op": op, "value": value})
        }
    }
}
