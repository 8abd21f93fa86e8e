//! Rows with steps, tags and floors.

use promotion_engine::domain::amount::Number;
use promotion_engine::domain::settings::QualifyingItems;
use serde_json::{Value, json};

use super::{
    Made, Row, lines, optimal, overlapping, percentage, plain, stacked, stacking, ten_leaves,
};

type Rows = Vec<(&'static str, Made)>;

pub fn rows() -> Rows {
    let mut rows = Rows::new();
    let mut row = |name: &'static str, make: fn() -> Row| rows.push((name, Box::new(make)));
    row("steps: 250 of 20, 10 conditions, 100 lines, consumed", || {
        let mut settings = plain();
        settings.qualifying_items = QualifyingItems::Consumed;
        let sku = |leaf| json!({"field": "sku", "op": "ne", "value": format!("none-{leaf}")});
        let own = |number| with_steps(percentage(number, ten_leaves(sku)));
        Row { settings, promotions: (0..250).map(own).collect(), cart: lines(100, 3) }
    });
    row("steps: 8 of 20, 10 conditions on 5,000 payment modes", || {
        let modes: Vec<String> = (0..5_000).map(|mode| format!("{mode:05}")).collect();
        let leaf = json!({"type": "payment_mode", "op": "starts_with", "values": modes});
        let conditions = json!({"type": "group", "match": "any", "of": vec![leaf; 10]});
        let own = |number| with_steps(percentage(number, conditions.clone()));
        let mut cart = lines(2, 3);
        cart["cart"]["tenders"] = json!(vec![json!({"mode": "Card-number-9"}); 20]);
        Row { settings: plain(), promotions: (0..8).map(own).collect(), cart }
    });
    row("steps: 250 of 20 on all of 100 lines, optimal 20 ms", || {
        let promotions = overlapping(250).into_iter().map(with_steps).collect();
        Row { settings: optimal(20), promotions, cart: lines(100, 3) }
    });
    row("tags: 5,000 that award points, with 20 tags each", || {
        let own = |number: usize| {
            let mut own = percentage(number, Value::Null);
            own["benefit"] = json!({"type": "award_points", "value": "1"});
            let names = |kind: &str| -> Vec<String> {
                (0..10).map(|tag| format!("{kind}-{number}-{tag}")).collect()
            };
            own["stacking"] = json!({"tags": names("tag"), "not_with": names("other")});
            own
        };
        Row { settings: plain(), promotions: (0..5_000).map(own).collect(), cart: lines(2, 3) }
    });
    row("tags: 250 of which no two combine, optimal 20 ms", || {
        let mut cart = lines(100, 3);
        cart["explain"] = json!("all");
        Row { settings: optimal(20), promotions: apart(250, 1), cart }
    });
    row("tags: 250 in pairs, on lines and cart, optimal 20 ms", || {
        let mut cart = lines(100, 3);
        cart["explain"] = json!("all");
        Row { settings: optimal(20), promotions: apart(250, 125), cart }
    });
    row("floors: 12 stacked, 2 lines of 1,000", || {
        let mut settings = stacking();
        settings.max_discount_percent = Number::parse("33.3333").ok();
        Row { settings, promotions: stacked(12), cart: lines(2, 1_000) }
    });
    rows
}

/// Twenty steps instead of the value; the cart reaches the first.
fn with_steps(mut promotion: Value) -> Value {
    let benefit = promotion["benefit"].as_object_mut().expect("a benefit");
    let value = benefit.remove("value");
    let step = |step: u32| json!({"from": (step * 100_000).to_string(), "value": value});
    let values: Vec<Value> = (0..20).map(step).collect();
    benefit.insert("steps".to_owned(), json!({"measure": "amount", "of": {}, "values": values}));
    promotion
}

/// Promotions of so many kinds, on lines and on the cart, of which none combines with another of its kind.
fn apart(count: usize, kinds: usize) -> Vec<Value> {
    let own = |number: usize| {
        let mut own = percentage(number, Value::Null);
        let target = if number.is_multiple_of(2) { "cart" } else { "items" };
        own["benefit"]["target"] = json!({"type": target});
        let tag = [format!("kind-{}", number / 2 % kinds)];
        own["stacking"] = json!({"tags": tag, "not_with": tag});
        own
    };
    (0..count).map(own).collect()
}
