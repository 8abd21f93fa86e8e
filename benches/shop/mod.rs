//! A shop for benchmarks: so many live promotions of a realistic mix, and carts of which about eight
//! of them touch the lines.

#![allow(dead_code, reason = "each benchmark uses its part")]

pub mod mix;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;
use promotion_engine::domain::amount::Number;
use promotion_engine::domain::currency::Currency;
use promotion_engine::domain::id::PromotionId;
use promotion_engine::domain::promotion::{Promotion, Status};
use promotion_engine::domain::settings::Settings;
use promotion_engine::engine::{ProductList, RuleSet};
use promotion_engine::wire;
use serde_json::{Value, json};

/// Promotions whose categories are on every cart.
const TOUCHING: usize = 8;

/// When the carts are priced.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 6, 3, 12, 0, 0).unwrap()
}

/// The number of the category that a promotion is about: the first few are on every cart.
pub fn category_of(promotion: usize) -> usize {
    promotion
}

/// A rule set of so many live promotions.
pub fn rules(promotions: usize, strategy: &str) -> Arc<RuleSet> {
    let mut settings = Settings::defaults(Currency::new("INR").unwrap(), Tz::Asia__Kolkata);
    if strategy == "best_deal" {
        settings.strategy = promotion_engine::domain::settings::Strategy::BestDeal;
    }
    let promotions = (0..promotions).map(promotion).collect();
    Arc::new(RuleSet::compile(settings, Vec::new(), BTreeMap::new(), promotions))
}

/// The same, and so many lists of so many SKUs, each of which a promotion of the set names.
pub fn rules_with_lists(promotions: usize, lists: usize, skus: usize) -> Arc<RuleSet> {
    let settings = Settings::defaults(Currency::new("INR").unwrap(), Tz::Asia__Kolkata);
    let named: Vec<Value> = (0..lists)
        .map(|own| json!({"field": "sku", "op": "in_list", "list": format!("L{own}")}))
        .collect();
    let of_lists = named.chunks(50).zip(promotions..).map(|(include, number)| {
        let of = json!({"match": "any", "include": include});
        let mut document = document(number);
        document["conditions"] =
            json!({"type": "line_quantity", "of": of, "op": "gte", "value": "1000000"});
        read(&document, number)
    });
    let all = (0..promotions).map(promotion).chain(of_lists).collect();
    let list = |own: usize| {
        let first = if own.is_multiple_of(4) { 0 } else { 1_000_000 };
        let skus: Vec<String> = (first..first + skus).map(|sku| format!("SKU-{sku}")).collect();
        (format!("L{own}"), Arc::new(ProductList::new(&skus)))
    };
    let lists = (0..lists).map(list).collect();
    Arc::new(RuleSet::compile(settings, Vec::new(), lists, all))
}

/// The same, and so many promotions that suggest themselves: a cart of 20 lines nearly meets each.
pub fn rules_with_suggestions(promotions: usize, suggested: usize) -> Arc<RuleSet> {
    let settings = Settings::defaults(Currency::new("INR").unwrap(), Tz::Asia__Kolkata);
    let suggesting = (promotions..promotions + suggested).map(|number| {
        let mut own = document(number);
        own["suggest"] = json!(true);
        own["conditions"] = json!({"type": "total_quantity", "op": "gt", "value": "60"});
        own["benefit"] = json!({"type": "percentage_off", "value": "2"});
        read(&own, number)
    });
    let all = (0..promotions).map(promotion).chain(suggesting).collect();
    Arc::new(RuleSet::compile(settings, Vec::new(), BTreeMap::new(), all))
}

/// What a shop's promotions or settings may have besides.
#[derive(Clone, Copy, Debug)]
pub enum Terms {
    /// Every benefit has three steps instead of a value, where it can.
    Steps,
    /// Every promotion has a tag, and does not combine with the promotions of another.
    Tags,
    /// No unit is sold for less than 70 % of its price.
    Floors,
}

/// The same with such terms.
pub fn rules_with(terms: Terms, promotions: usize) -> Arc<RuleSet> {
    let mut settings = Settings::defaults(Currency::new("INR").unwrap(), Tz::Asia__Kolkata);
    let promotion = |number: usize| {
        let mut own = document(number);
        match terms {
            Terms::Steps => add_steps(&mut own["benefit"]),
            // Those that touch the cart combine: all of them are priced.
            Terms::Tags => {
                let tags = [format!("tag-{number}")];
                let not_with = [format!("tag-{}", number + TOUCHING)];
                own["stacking"] = json!({"tags": tags, "not_with": not_with});
            }
            Terms::Floors => {}
        }
        read(&own, number)
    };
    if matches!(terms, Terms::Floors) {
        settings.max_discount_percent = Number::parse("30").ok();
    }
    let promotions = (0..promotions).map(promotion).collect();
    Arc::new(RuleSet::compile(settings, Vec::new(), BTreeMap::new(), promotions))
}

/// Three steps, of which the cart reaches the first two.
fn add_steps(benefit: &mut Value) {
    let members = benefit.as_object_mut().unwrap();
    if let Some(value) = members.remove("value") {
        let values = ["0", "100", "1000000"].map(|from| json!({"from": from, "value": value}));
        members.insert("steps".to_owned(), json!({"measure": "amount", "values": values}));
    }
}

/// One promotion as it is sent, by its number.
pub fn document(number: usize) -> Value {
    let category = format!("category-{}", category_of(number));
    let of = json!({"include": [{"field": "category", "op": "in", "values": [category]}]});
    let enough =
        |value: &str| json!({"type": "line_quantity", "of": of, "op": "gte", "value": value});
    let (conditions, benefit) = match number % 8 {
        0 => (
            Value::Null,
            json!({"type": "percentage_off", "value": "10", "target": {"type": "items", "select": of}}),
        ),
        1 => (
            enough("2"),
            json!({"type": "percentage_off", "value": "100", "repeat": {"per": "quantity", "every": "2"},
            "target": {"type": "items", "from": "beyond_condition", "quantity": "1"}}),
        ),
        2 => {
            (enough("2"), json!({"type": "amount_off", "value": "50", "target": {"type": "cart"}}))
        }
        3 => (
            enough("3"),
            json!({"type": "bundle_price", "value": "999", "repeat": {"per": "quantity", "every": "3"},
            "target": {"type": "items", "from": "in_condition"}}),
        ),
        4 => (
            Value::Null,
            json!({"type": "fixed_price", "value": "80", "target": {"type": "items", "select": of}}),
        ),
        5 => (
            json!({"type": "line_amount", "of": of, "op": "gte", "value": "500"}),
            json!({"type": "percentage_off", "value": "5", "target": {"type": "cart"}}),
        ),
        6 => (enough("1"), json!({"type": "free_product", "product": {"sku": "SKU-3"}})),
        _ => (
            enough("1"),
            json!({"type": "award_points", "value": "5", "repeat": {"per": "amount", "every": "100"}}),
        ),
    };
    json!({
        "name": format!("Promotion {number}"), "type": "pos", "sequence": number % 5,
        "starts_at": "2026-01-01T00:00:00+05:30", "ends_at": "2027-01-01T00:00:00+05:30",
        "conditions": conditions, "benefit": benefit,
    })
}

fn promotion(number: usize) -> Promotion {
    read(&document(number), number)
}

fn read(document: &Value, number: usize) -> Promotion {
    let document = document.to_string();
    Promotion {
        id: PromotionId::new(uuid::Uuid::from_u128(number as u128)),
        created_at: now(),
        status: Status::Active,
        terms: wire::promotion::parse_stored(document.as_bytes()).unwrap(),
    }
}

/// A cart of so many lines, as a till sends it.
pub fn cart(lines: usize) -> String {
    let line = |number: usize| {
        json!({
            "id": number.to_string(), "sku": format!("SKU-{number}"), "quantity": (number % 4 + 1).to_string(),
            "unit_price": format!("{}.{:02}", 40 + number * 37 % 900, number * 7 % 100),
            "product": format!("PRODUCT-{}", number / 2), "title": format!("Article number {number}"),
            "categories": ["everything", format!("category-{}", number % TOUCHING)],
            "brand": format!("brand-{}", number % 9), "tags": ["new"], "attributes": {"color": "red"},
        })
    };
    let lines: Vec<Value> = (0..lines).map(line).collect();
    json!({"cart": {"lines": lines, "shipping": {"method": "standard", "amount": "80.00"}}, "channel": "store"}).to_string()
}
