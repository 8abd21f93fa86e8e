//! Carts and promotions of a realistic mix, generated: so many promotions that overlap on the cart, among others that
//! are about other things.

use chrono_tz::Tz;
use promotion_engine::domain::currency::Currency;
use promotion_engine::domain::id::PromotionId;
use promotion_engine::domain::promotion::{Promotion, Status};
use promotion_engine::domain::settings::{
    PercentageBase, QualifyingItems, Settings, Strategy, UnitStacking,
};
use promotion_engine::engine::RuleSet;
use promotion_engine::wire;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a shop combines promotions; `Plain` has the default settings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    Plain,
    Net,
    Consumed,
    Stacking,
    OneCart,
}

/// What is generated.
#[derive(Clone, Copy)]
pub struct Scenario {
    pub lines: usize,
    /// Promotions that are about something in the cart.
    pub candidates: usize,
    /// All live ones.
    pub promotions: usize,
    pub mix: Mix,
}

/// A cart, and the promotions that it meets.
pub struct Document {
    pub cart: String,
    pub promotions: Vec<Value>,
}

/// Numbers that follow from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one(&mut self, of: &[&str]) -> String {
        of[self.below(of.len() as u64) as usize].to_owned()
    }
}

/// The cart of a seed, and so many promotions that are about it.
pub fn document(scenario: &Scenario, seed: u64) -> Document {
    let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x0b7a_9001);
    // About four lines to a category, three categories to a department, and a few brands across.
    let categories = (scenario.lines as u64 / 4).max(2);
    let line = |dice: &mut Dice, number: usize| {
        let category = dice.below(categories);
        json!({
            "id": number.to_string(), "sku": format!("SKU-{number}"),
            "quantity": dice.one(&["1", "1", "1", "2", "2", "3", "4"]),
            "unit_price": format!("{}.{}", 20 + dice.below(980), dice.one(&["00", "50", "90", "99"])),
            "product": format!("PRODUCT-{}", number / 2),
            "categories": [format!("category-{category}"), format!("department-{}", category / 3)],
            "brand": format!("brand-{}", dice.below(6)), "tags": ["new"],
        })
    };
    let lines: Vec<Value> = (0..scenario.lines).map(|number| line(&mut dice, number)).collect();
    let mut promotions: Vec<Value> =
        (0..scenario.candidates).map(|_| promotion(&mut dice, "", categories)).collect();
    let others = scenario.promotions - scenario.candidates;
    promotions.extend((0..others).map(|_| promotion(&mut dice, "other-", categories)));
    for (number, own) in promotions.iter_mut().enumerate() {
        own["name"] = json!(format!("Promotion {number}"));
    }
    let cart = json!({
        "cart": {"lines": lines, "shipping": {"method": "standard", "amount": "80.00"}}, "channel": "store",
    });
    Document { cart: cart.to_string(), promotions }
}

/// The rule set of a document.
pub fn rules(scenario: &Scenario, document: &Document, strategy: Strategy) -> Arc<RuleSet> {
    let mut settings = Settings::defaults(Currency::new("INR").unwrap(), Tz::Asia__Kolkata);
    settings.strategy = strategy;
    match scenario.mix {
        Mix::Plain => {}
        Mix::Net => settings.percentage_base = PercentageBase::Net,
        Mix::Consumed => settings.qualifying_items = QualifyingItems::Consumed,
        Mix::Stacking => {
            settings.unit_stacking = UnitStacking { enabled: true, max_promotions: Some(2) };
        }
        Mix::OneCart => settings.multiple_cart_promotions = false,
    }
    let promotion = |(number, document): (usize, &Value)| Promotion {
        id: PromotionId::new(uuid::Uuid::from_u128(number as u128)),
        created_at: super::now(),
        status: Status::Active,
        terms: wire::promotion::parse_stored(document.to_string().as_bytes()).unwrap(),
    };
    let promotions = document.promotions.iter().enumerate().map(promotion).collect();
    Arc::new(RuleSet::compile(settings, Vec::new(), BTreeMap::new(), promotions))
}

/// What a promotion is about: a category, two of them, a department or a brand.
fn about(dice: &mut Dice, prefix: &str, categories: u64) -> Value {
    let category = |dice: &mut Dice| format!("{prefix}category-{}", dice.below(categories));
    let predicate = match dice.below(6) {
        0 | 1 => json!({"field": "category", "op": "in", "values": [category(dice)]}),
        2 | 3 => {
            json!({"field": "category", "op": "in", "values": [category(dice), category(dice)]})
        }
        4 => {
            let department = format!("{prefix}department-{}", dice.below(categories.div_ceil(3)));
            json!({"field": "category", "op": "in", "values": [department]})
        }
        _ => {
            json!({"field": "brand", "op": "in", "values": [format!("{prefix}brand-{}", dice.below(6))]})
        }
    };
    json!({"include": [predicate]})
}

fn promotion(dice: &mut Dice, prefix: &str, categories: u64) -> Value {
    let of = about(dice, prefix, categories);
    let enough =
        |value: &str| json!({"type": "line_quantity", "of": of, "op": "gte", "value": value});
    let spent = |value: &str| json!({"type": "line_amount", "of": of, "op": "gte", "value": value});
    let (conditions, benefit) = match dice.below(20) {
        0..=4 => {
            let value = dice.one(&["5", "10", "15", "20", "30"]);
            (
                Value::Null,
                json!({"type": "percentage_off", "value": value, "target": {"type": "items", "select": of}}),
            )
        }
        5..=7 => (
            enough("2"),
            json!({"type": "percentage_off", "value": dice.one(&["100", "100", "50"]),
                "repeat": {"per": "quantity", "every": dice.one(&["1", "2", "2", "3"])},
                "target": {"type": "items", "from": "beyond_condition", "quantity": "1"}}),
        ),
        8 | 9 => (
            enough("3"),
            json!({"type": "bundle_price", "value": dice.one(&["499", "999", "1499"]),
                "repeat": {"per": "quantity", "every": "3"}, "target": {"type": "items", "from": "in_condition"}}),
        ),
        10 => (
            Value::Null,
            json!({"type": "fixed_price", "value": dice.one(&["99", "199", "299"]),
                "target": {"type": "items", "select": of}}),
        ),
        11 => (
            enough("3"),
            json!({"type": "percentage_off", "value": "100", "repeat": {"per": "quantity", "every": "3"},
                "target": {"type": "items", "from": "in_condition", "within": "application"}}),
        ),
        12 | 13 => (
            spent("500"),
            json!({"type": "amount_off", "value": dice.one(&["50", "100", "200"]),
                "target": {"type": "items", "from": "in_condition"}}),
        ),
        14 => (
            enough("1"),
            json!({"type": "percentage_off", "value": "50",
                "target": {"type": "items", "select": of, "quantity": "1"}}),
        ),
        15 => (
            spent("1000"),
            json!({"type": "percentage_off", "value": dice.one(&["5", "10"]), "target": {"type": "cart"}}),
        ),
        16 => (
            spent("1500"),
            json!({"type": "amount_off", "value": dice.one(&["100", "150"]), "target": {"type": "cart"}}),
        ),
        17 => (
            spent("800"),
            json!({"type": "percentage_off", "value": "100", "target": {"type": "shipping"}}),
        ),
        18 => (
            enough("1"),
            json!({"type": "award_points", "value": "5", "repeat": {"per": "amount", "every": "100"}}),
        ),
        _ => (
            enough("2"),
            json!({"type": "free_product", "product": {"sku": format!("SKU-{}", dice.below(20))}}),
        ),
    };
    let capped = if dice.below(6) == 0 { json!({"cart": {"discount": "300"}}) } else { json!({}) };
    json!({
        "type": "pos", "sequence": dice.below(5), "limits": capped,
        "starts_at": "2026-01-01T00:00:00+05:30", "ends_at": "2027-01-01T00:00:00+05:30",
        "conditions": conditions, "benefit": benefit,
    })
}
