//! Carts and rules inside all bounds that are made to take as long as they can (spec 14, "Work is bounded").
//!
//! `cargo bench --bench hostile`; with a word, only the rows whose names have it. Each row says what it took, in time and
//! in steps, and whether the cart was priced. It fails where one takes longer than its bound: 100 ms and, under `optimal`,
//! the budget, times `HOSTILE_TOLERANCE` (3: for a slower machine, and one that does other things).

#[path = "shop/request.rs"]
mod request;
mod shop;
#[path = "hostile/terms.rs"]
mod terms;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use promotion_engine::domain::currency::Currency;
use promotion_engine::domain::id::PromotionId;
use promotion_engine::domain::promotion::{Promotion, Status};
use promotion_engine::domain::settings::{
    PercentageBase, QualifyingItems, Settings, Strategy, UnitStacking,
};
use promotion_engine::engine::{Prepared, RuleSet, Stop, Unfinished};
use promotion_engine::wire;
use request::with_request;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What an evaluation may take, the search of `optimal` aside.
const BOUND_MS: u64 = 100;

/// Every row is evaluated so often, and the fastest counts.
const REPEATS: usize = 3;

struct Row {
    settings: Settings,
    promotions: Vec<Value>,
    cart: Value,
}

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let tolerance = std::env::var("HOSTILE_TOLERANCE").ok();
    let tolerance: u64 = tolerance.and_then(|own| own.parse().ok()).unwrap_or(3);
    println!("{:<58} {:>9} {:>10} {:>7}  result", "", "ms", "steps", "ns/step");
    let mut late = Vec::new();
    for (name, row) in rows() {
        if wanted.as_ref().is_some_and(|wanted| !name.contains(wanted.as_str())) {
            continue;
        }
        let row = row();
        let budget = match row.settings.strategy {
            Strategy::Ranked | Strategy::BestDeal => 0,
            Strategy::Optimal => u64::from(row.settings.optimal_budget_ms),
        };
        let took = run(name, row);
        if took > Duration::from_millis((BOUND_MS + budget) * tolerance) {
            late.push(name);
        }
    }
    assert!(late.is_empty(), "beyond their bound: {late:?}");
}

fn run(name: &str, row: Row) -> Duration {
    let promotion = |(number, document): (usize, &Value)| Promotion {
        id: PromotionId::new(uuid::Uuid::from_u128(number as u128)),
        created_at: shop::now(),
        status: Status::Active,
        terms: wire::promotion::parse_stored(document.to_string().as_bytes())
            .expect("a promotion inside the bounds"),
    };
    let promotions = row.promotions.iter().enumerate().map(promotion).collect();
    let rules = RuleSet::compile(row.settings, Vec::new(), BTreeMap::new(), promotions);
    let rules = Arc::new(rules);
    with_request(&row.cart.to_string(), |request| {
        let mut fastest = Duration::MAX;
        let mut said = String::new();
        for _ in 0..REPEATS {
            let begun = Instant::now();
            let stop = Stop::default();
            let prepared = Prepared::new(Arc::clone(&rules), request, &[], shop::now(), &stop);
            let result = prepared.and_then(|prepared| prepared.evaluate(&[], &[], &stop));
            fastest = fastest.min(begun.elapsed());
            let millis = fastest.as_secs_f64() * 1e3;
            said = match result {
                Ok(priced) => {
                    let each = fastest.as_nanos() as u64 / priced.steps.max(1);
                    let applied = priced.applied.len();
                    format!(
                        "{millis:>9.2} {:>10} {each:>7}  priced, {applied} applied",
                        priced.steps
                    )
                }
                Err(Unfinished::TooComplex(costly)) => {
                    let named = costly.len();
                    format!("{millis:>9.2} {:>10} {:>7}  too_complex, {named} named", "", "")
                }
                Err(Unfinished::Stopped) => unreachable!("nobody stops it"),
            };
        }
        println!("{name:<58} {said}");
        fastest
    })
}

type Made = Box<dyn Fn() -> Row>;

fn rows() -> Vec<(&'static str, Made)> {
    let mut rows: Vec<(&'static str, Made)> = Vec::new();
    let mut row = |name: &'static str, make: fn() -> (Settings, Vec<Value>, Value)| {
        let made: Made = Box::new(move || {
            let (settings, promotions, cart) = make();
            Row { settings, promotions, cart }
        });
        rows.push((name, made));
    };
    row("ordinary: 250 promotions, 100 lines", || {
        (plain(), (0..250).map(shop::document).collect(), parsed(&shop::cart(100)))
    });
    row("stacked: 10 promotions, 2 lines of 1,000", || {
        (stacking(), stacked(10), two_lines("1000"))
    });
    row("stacked: 12 promotions, 2 lines of 1,000", || {
        (stacking(), stacked(12), two_lines("1000"))
    });
    row("stacked: 14 promotions, 2 lines of 1,000", || {
        (stacking(), stacked(14), two_lines("1000"))
    });
    row("stacked: 60 promotions, 2 lines of 1,000,000", || {
        (stacking(), stacked(60), two_lines("1000000"))
    });
    row("stacked: 250 promotions, 3 a unit, 100 lines of 1,000", || {
        (stacking(), three_a_unit(250), lines(100, 1_000))
    });
    row("stacked: 250 percentages, 500 lines", || {
        (stacking(), (0..250).map(|own| percentage(own, Value::Null)).collect(), lines(500, 3))
    });
    row("stacked: 250 fixed amounts on 2 of 3, 500 lines", || {
        let own = |number: usize| {
            items(
                number,
                json!({"type": "amount_off", "value": "0.37"}),
                json!({"quantity": "2"}),
                Value::Null,
                Value::Null,
            )
        };
        (stacking(), (0..250).map(own).collect(), lines(500, 3))
    });
    row("groups: parts of units, 1,000,000 of 500 lines", || {
        let mut settings = stacking();
        settings.percentage_base = PercentageBase::Gross;
        let own = |number: usize| {
            let every = format!("0.{:03}", number % 7 + 3);
            items(
                number,
                json!({"type": "percentage_off", "value": "3.1"}),
                json!({"within": "application", "quantity": "0.001"}),
                json!({"per": "quantity", "every": every}),
                Value::Null,
            )
        };
        (settings, (0..250).map(own).collect(), many_lines(500, "1000000", "0.5"))
    });
    row("texts: 125,000 contains, 100 lines of 50 tags", || {
        (plain(), predicates("contains", 250), tagged(100))
    });
    row("texts: 125,000 starts_with, 100 lines of 50 tags", || {
        (plain(), predicates("starts_with", 250), tagged(100))
    });
    row("texts: patterns inside each other", || (plain(), nested(), alike(40)));
    row("texts: 125,000 not_in, 100 lines of 50 tags", || {
        (plain(), lists("not_in", 250, 4), tagged(100))
    });
    row("texts: 125,000 in, lists of 20, 100 lines of 50 tags", || {
        (plain(), lists("in", 250, 20), tagged(100))
    });
    row("numbers: 125,000 predicates, 500 lines", || (plain(), numbers(250), lines(500, 2)));
    row("sets: 8 promotions of 10 requirements, 400 lines", || (plain(), sets(8), labelled(400)));
    row("sets: the same, optimal 1 ms", || (optimal(1), sets(8), labelled(400)));
    row("sets: 250 promotions, 400 lines, consumed", || {
        let mut settings = plain();
        settings.qualifying_items = QualifyingItems::Consumed;
        (settings, sets(250), labelled(400))
    });
    row("same: 250 beyond_condition, 500 lines", || (plain(), same(250), lines(500, 9)));
    row("same: 250 beyond_condition, 500 lines, consumed", || {
        let mut settings = stacking();
        settings.qualifying_items = QualifyingItems::Consumed;
        (settings, same(250), lines(500, 9))
    });
    row("best_deal: 250 exclusive, 500 lines, all explained", || {
        let mut settings = plain();
        settings.strategy = Strategy::BestDeal;
        let own = |number: usize| {
            let mut own = percentage(number, Value::Null);
            own["stacking"] = json!({"exclusive": true});
            own
        };
        let mut cart = lines(500, 3);
        cart["explain"] = json!("all");
        (settings, (0..250).map(own).collect(), cart)
    });
    row("optimal 1 ms: 250 on all of 100 lines", || (optimal(1), overlapping(250), lines(100, 3)));
    row("optimal 20 ms: 250 on all of 100 lines", || {
        (optimal(20), overlapping(250), lines(100, 3))
    });
    row("optimal 200 ms: 250 on all of 100 lines", || {
        (optimal(200), overlapping(250), lines(100, 3))
    });
    row("optimal 200 ms: 250 on all of 500 lines, explained", || {
        let mut cart = lines(500, 3);
        cart["explain"] = json!("all");
        (optimal(200), overlapping(250), cart)
    });
    row("optimal 20 ms: 250 on the cart", || {
        let own = |number: usize| {
            let mut own = percentage(number, Value::Null);
            own["benefit"]["target"] = json!({"type": "cart"});
            own
        };
        (optimal(20), (0..250).map(own).collect(), lines(100, 3))
    });
    row("optimal 20 ms: 12 stacked, 2 lines of 1,000", || {
        let mut settings = stacking();
        settings.strategy = Strategy::Optimal;
        settings.optimal_budget_ms = 20;
        (settings, stacked(12), two_lines("1000"))
    });
    rows.extend(terms::rows());
    rows
}

fn plain() -> Settings {
    Settings::defaults(Currency::new("INR").unwrap(), Tz::Asia__Kolkata)
}

fn stacking() -> Settings {
    let mut settings = plain();
    settings.percentage_base = PercentageBase::Net;
    settings.unit_stacking = UnitStacking { enabled: true, max_promotions: None };
    settings
}

fn optimal(budget_ms: u8) -> Settings {
    let mut settings = plain();
    settings.strategy = Strategy::Optimal;
    settings.optimal_budget_ms = budget_ms;
    settings
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A promotion on items.
fn items(number: usize, kind: Value, target: Value, repeat: Value, conditions: Value) -> Value {
    let mut benefit = kind;
    benefit["target"] = target;
    benefit["target"]["type"] = json!("items");
    if !repeat.is_null() {
        benefit["repeat"] = repeat;
    }
    json!({
        "name": format!("Promotion {number}"), "type": "pos", "sequence": number,
        "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z",
        "conditions": conditions, "benefit": benefit,
    })
}

fn percentage(number: usize, conditions: Value) -> Value {
    let value = format!("{}.{:02}", number % 13 + 1, number * 7 % 100);
    items(
        number,
        json!({"type": "percentage_off", "value": value}),
        json!({}),
        Value::Null,
        conditions,
    )
}

/// Percentages of what is left, of one unit of every two to six.
fn stacked(count: usize) -> Vec<Value> {
    let own = |number: usize| {
        let kind = json!({"type": "percentage_off", "value": format!("{}.7", number % 9 + 3)});
        let repeat = json!({"per": "quantity", "every": (number % 5 + 2).to_string()});
        items(number, kind, json!({"within": "application"}), repeat, Value::Null)
    };
    (0..count).map(own).collect()
}

/// The same, but each SKU is selected by only three of them.
fn three_a_unit(count: usize) -> Vec<Value> {
    let mut all = stacked(count);
    for (number, own) in all.iter_mut().enumerate() {
        let sku = format!("SKU-{}", number / 3);
        own["benefit"]["target"]["select"] =
            json!({"include": [{"field": "sku", "op": "eq", "value": sku}]});
    }
    all
}

fn line(number: usize, quantity: &str, price: &str) -> Value {
    json!({"id": number.to_string(), "sku": format!("SKU-{number}"), "quantity": quantity, "unit_price": price, "tax": "0.0301"})
}

fn cart_of(lines: Vec<Value>) -> Value {
    json!({"cart": {"lines": lines}})
}

fn two_lines(quantity: &str) -> Value {
    cart_of(vec![line(1, quantity, "97.31"), line(2, quantity, "89.03")])
}

fn many_lines(count: usize, quantity: &str, price: &str) -> Value {
    cart_of((0..count).map(|number| line(number, quantity, price)).collect())
}

fn lines(count: usize, quantity: usize) -> Value {
    let own = |number: usize| {
        line(
            number,
            &quantity.to_string(),
            &format!("{}.{:02}", 5 + number * 37 % 900, number * 7 % 100),
        )
    };
    cart_of((0..count).map(own).collect())
}

/// A condition of ten leaves of fifty predicates each.
fn ten_leaves(predicate: impl Fn(usize) -> Value) -> Value {
    let leaf = |leaf: usize| {
        let include: Vec<Value> = (0..50).map(|own| predicate(leaf * 50 + own)).collect();
        json!({"type": "line_quantity", "of": {"include": include, "match": "any"}, "op": "gte", "value": "1"})
    };
    json!({"type": "group", "match": "any", "of": (0..10).map(leaf).collect::<Vec<Value>>()})
}

fn predicates(op: &str, count: usize) -> Vec<Value> {
    let own = |number: usize| {
        percentage(
            number,
            ten_leaves(
                |own| json!({"field": "tag", "op": op, "value": format!("t{}-{}", own % 50, number * 500 + own)}),
            ),
        )
    };
    (0..count).map(own).collect()
}

/// Texts of which each is inside the next.
fn nested() -> Vec<Value> {
    let own = |number: usize| {
        percentage(
            number,
            ten_leaves(
                |own| json!({"field": "tag", "op": "contains", "value": "a".repeat(own % 255 + 1)}),
            ),
        )
    };
    (0..50).map(own).collect()
}

fn lists(op: &str, count: usize, length: usize) -> Vec<Value> {
    let own = |number: usize| {
        percentage(
            number,
            ten_leaves(|own| {
                let values: Vec<String> =
                    (0..length).map(|place| format!("t{}-{}", place, number * 500 + own)).collect();
                json!({"field": "tag", "op": op, "values": values})
            }),
        )
    };
    (0..count).map(own).collect()
}

fn numbers(count: usize) -> Vec<Value> {
    let own = |number: usize| {
        percentage(
            number,
            ten_leaves(
                |own| json!({"field": "unit_price", "op": "gt", "value": format!("{}.{:04}", 10_000 + own, number)}),
            ),
        )
    };
    (0..count).map(own).collect()
}

fn tagged(count: usize) -> Value {
    let own = |number: usize| {
        let mut own = line(number, "2", "12.50");
        let tags = (0..50).map(|tag| {
            format!("a tag of some length, t{tag}-{} and more of it", number * 50 + tag)
        });
        own["tags"] = tags.collect::<Vec<String>>().into();
        own
    };
    cart_of((0..count).map(own).collect())
}

fn alike(count: usize) -> Value {
    let own = |number: usize| {
        let mut own = line(number, "2", "12.50");
        let tags = (0..50).map(|tag| format!("{}{number}-{tag}", "a".repeat(240)));
        own["tags"] = tags.collect::<Vec<String>>().into();
        own
    };
    cart_of((0..count).map(own).collect())
}

/// Sets of ten requirements that share lines.
fn sets(count: usize) -> Vec<Value> {
    let own = |number: usize| {
        let leaf = |leaf: usize| {
            let of =
                json!({"include": [{"field": "tag", "op": "in", "values": [format!("r{leaf}")]}]});
            json!({"type": "line_quantity", "of": of, "op": "gte", "value": "1"})
        };
        let conditions = json!({"type": "group", "match": "all", "of": (0..10).map(leaf).collect::<Vec<Value>>()});
        let kind = json!({"type": "percentage_off", "value": format!("{}.5", number % 9 + 1)});
        items(number, kind, json!({"from": "in_condition"}), json!({"per": "set"}), conditions)
    };
    (0..count).map(own).collect()
}

/// Lines of which each could serve some of ten requirements.
fn labelled(count: usize) -> Value {
    let own = |number: usize| {
        let mut own = line(number, "5", &format!("{}.10", 5 + number * 37 % 900));
        let mask = number * 613 % 1_023 + 1;
        let tags = (0..10).filter(|bit| mask & (1 << bit) != 0).map(|bit| format!("r{bit}"));
        own["tags"] = tags.collect::<Vec<String>>().into();
        own
    };
    cart_of((0..count).map(own).collect())
}

/// Units beyond those of ten conditions, for each SKU by itself.
fn same(count: usize) -> Vec<Value> {
    let own = |number: usize| {
        let leaf = |leaf: usize| json!({"type": "line_amount", "of": {}, "op": "gte", "value": (leaf + 1).to_string()});
        let conditions = json!({"type": "group", "match": "all", "of": (0..10).map(leaf).collect::<Vec<Value>>()});
        let mut kind = json!({"type": "percentage_off", "value": format!("{}.5", number % 9 + 1)});
        kind["same"] = json!("sku");
        items(
            number,
            kind,
            json!({"from": "beyond_condition", "quantity": "1"}),
            json!({"per": "amount", "every": "3"}),
            conditions,
        )
    };
    (0..count).map(own).collect()
}

/// Promotions of several kinds that all want the same units.
fn overlapping(count: usize) -> Vec<Value> {
    let own = |number: usize| match number % 3 {
        0 => percentage(number, Value::Null),
        1 => items(
            number,
            json!({"type": "bundle_price", "value": (20 + number).to_string()}),
            json!({"quantity": "3"}),
            json!({"per": "quantity", "every": "3"}),
            Value::Null,
        ),
        _ => items(
            number,
            json!({"type": "percentage_off", "value": "50"}),
            json!({"within": "application"}),
            json!({"per": "quantity", "every": (number % 4 + 2).to_string()}),
            Value::Null,
        ),
    };
    (0..count).map(own).collect()
}
