//! Random settings, stores and product lists.

use super::conditions::selector;
use super::dice::Dice;
use super::words::{SKUS, ZONES};
use serde_json::{Value, json};

const CRITERIA: &[&str] = &[
    "exclusive",
    "sequence",
    "segmented",
    "pos",
    "loyalty",
    "loyalty_earning",
    "rewards",
    "code_linked",
    "earliest_expiry",
    "maximum_discount",
];

const MODES: &[&str] = &["up", "down", "ceiling", "floor", "half_up", "half_down", "half_even"];

/// Partial settings: about half of the documents leave each of them at its default.
pub fn settings(dice: &mut Dice) -> Value {
    let mut settings = json!({});
    if dice.chance(30) {
        settings["timezone"] = dice.text(ZONES);
    }
    if dice.chance(30) {
        settings["evaluation_order"] = dice.text(&["cart_first", "items_then_cart"]);
    }
    if dice.chance(35) {
        settings["strategy"] = dice.text(&["best_deal", "ranked"]);
    }
    if dice.chance(35) {
        let exclude = if dice.chance(50) { selector(dice) } else { Value::Null };
        settings["multiple_promotions_per_line"] =
            json!({"enabled": dice.chance(50), "exclude": exclude});
    }
    if dice.chance(45) {
        let bound = dice.one(&[Value::Null, json!(1), json!(2), json!(3)]);
        settings["unit_stacking"] = json!({"enabled": dice.chance(80), "max_promotions": bound});
    }
    if dice.chance(30) {
        settings["multiple_cart_promotions"] = Value::from(false);
    }
    if dice.chance(40) {
        settings["percentage_base"] = dice.text(&["net", "net", "gross"]);
    }
    if dice.chance(45) {
        settings["qualifying_items"] = dice.text(&["consumed", "consumed", "shared"]);
    }
    if dice.chance(50) {
        let mut ranking = dice.some(CRITERIA, 0);
        dice.shuffle(&mut ranking);
        settings["ranking"] = json!(ranking);
    }
    if dice.chance(50) {
        settings["rounding"] = json!({"mode": dice.one(MODES), "precision": dice.below(5)});
    }
    settings
}

/// The two stores.
pub fn stores(dice: &mut Dice) -> Value {
    json!([
        {"code": "S-1", "concept": "grocery", "zones": ["south"], "timezone": dice.one(ZONES)},
        {"code": "S-2", "concept": "fashion", "zones": ["north", "west"], "timezone": dice.one(ZONES)},
    ])
}

/// The two product lists.
pub fn product_lists(dice: &mut Dice) -> Value {
    json!({"sale": dice.some(SKUS, 1), "new": dice.some(SKUS, 1)})
}
