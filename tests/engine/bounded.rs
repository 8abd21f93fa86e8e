//! Work is bounded: an evaluation counts its steps and ends at a bound, wherever it is (spec 14).

use chrono::DateTime;
use promotion_engine::document;
use promotion_engine::engine::{Costly, Stop, Unfinished};
use promotion_engine::wire::evaluation;
use serde_json::{Value, json};

use crate::generate::dice::Dice;
use crate::{evaluate, for_each_seed, generate};

/// What stands for 100 ms.
const MOST: u64 = 10_000_000;

fn evaluate_until(document: &Value, stop: &Stop) -> Result<(u64, String), Unfinished> {
    let text = document.to_string();
    let result = document::prepare(text.as_bytes(), DateTime::UNIX_EPOCH, stop, |rules, cart| {
        let cart = cart?;
        let evaluation = cart.evaluate(&[], &[], stop)?;
        let text = evaluation::print(&evaluation, rules, cart.request(), cart.now());
        Ok((evaluation.steps, text))
    });
    result.unwrap_or_else(|problem| panic!("{}", problem.print(None)))
}

fn promotion(number: usize, benefit: Value, conditions: Value) -> Value {
    json!({
        "name": format!("Promotion {number}"), "type": "pos", "sequence": number,
        "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z",
        "conditions": conditions, "benefit": benefit,
    })
}

fn document(settings: Value, promotions: Vec<Value>, lines: Vec<Value>) -> Value {
    json!({
        "settings": settings, "promotions": promotions,
        "request": {"at": "2026-06-03T12:00:00Z", "cart": {"lines": lines}},
    })
}

/// Promotions of which each takes off a share of what is left of one unit of every few: the digits of what is left double
/// again and again.
fn stacked(count: usize) -> Value {
    let own = |number: usize| {
        let every = (number % 5 + 2).to_string();
        let benefit = json!({
            "type": "percentage_off", "value": format!("{}.7", number % 9 + 3),
            "repeat": {"per": "quantity", "every": every},
            "target": {"type": "items", "within": "application"},
        });
        promotion(number, benefit, Value::Null)
    };
    let line = |id: &str, price: &str| json!({"id": id, "sku": id, "quantity": "1000", "unit_price": price, "tax": "0.0301"});
    document(
        json!({"unit_stacking": {"enabled": true}, "percentage_base": "net"}),
        (0..count).map(own).collect(),
        vec![line("1", "97.31"), line("2", "89.03")],
    )
}

#[test]
fn stacked_promotions_that_would_take_minutes_are_too_complex() {
    let document = stacked(30);
    let problem = evaluate(&document);
    assert_eq!(problem["status"], 422, "{problem}");
    assert_eq!(problem["code"], "too_complex");
    let errors = problem["errors"].as_array().expect("errors");
    assert!((1..=10).contains(&errors.len()), "those that took most: {problem}");
    assert!(errors.iter().all(|own| own["code"] == "too_complex"));
    let Err(Unfinished::TooComplex(costly)) = evaluate_until(&document, &Stop::default()) else {
        panic!("it is too complex");
    };
    let steps: Vec<u64> = costly.iter().map(|Costly { steps, .. }| *steps).collect();
    assert!(steps.is_sorted_by(|a, b| a >= b), "most first: {steps:?}");
    assert!(steps.iter().sum::<u64>() > MOST / 2, "nearly all: {steps:?}");
}

/// The search for texts comes before any promotion is judged.
#[test]
fn if_texts_alone_spend_the_bound_those_who_look_for_most_of_them_are_named() {
    let own = |number: usize| {
        let contains =
            |length: usize| json!({"field": "tag", "op": "contains", "value": "a".repeat(length)});
        // The second one looks for twice as many.
        let lengths = if number == 1 { 1..=50 } else { 1..=25 };
        let of = json!({"include": lengths.map(contains).collect::<Vec<Value>>(), "match": "any"});
        promotion(
            number,
            json!({"type": "percentage_off", "value": "10", "target": {"type": "items", "select": of}}),
            Value::Null,
        )
    };
    let line = |number: usize| {
        let tag = |tag: usize| format!("{}{number}-{tag}", "a".repeat(240));
        json!({"id": number.to_string(), "sku": "A", "quantity": "1", "unit_price": "10",
            "tags": (0..50).map(tag).collect::<Vec<String>>()})
    };
    let document = document(json!({}), (0..3).map(own).collect(), (0..100).map(line).collect());
    let Err(Unfinished::TooComplex(costly)) = evaluate_until(&document, &Stop::default()) else {
        panic!("the texts are many enough to spend the bound");
    };
    let named: Vec<usize> = costly.iter().map(|own| own.promotion.0).collect();
    assert_eq!(named, [1, 0, 2]);
}

#[test]
fn an_evaluation_that_is_asked_to_stop_stops() {
    let stop = Stop::default();
    stop.stop();
    assert_eq!(evaluate_until(&stacked(2), &stop), Err(Unfinished::Stopped));
    let stop = Stop::default();
    let document = stacked(30);
    std::thread::scope(|scope| {
        let evaluation = scope.spawn(|| evaluate_until(&document, &stop));
        stop.stop();
        assert_eq!(evaluation.join().expect("no panic"), Err(Unfinished::Stopped));
    });
}

#[test]
fn a_hundred_lines_of_an_ordinary_shop_are_far_from_the_bound() {
    let own = |number: usize| {
        // Each category has lines of three of them.
        let of = json!({"include": [{"field": "category", "op": "in", "values": [format!("c{}", number / 3)]}]});
        let enough =
            |value: &str| json!({"type": "line_quantity", "of": of, "op": "gte", "value": value});
        match number % 4 {
            0 => promotion(
                number,
                json!({"type": "percentage_off", "value": "10", "target": {"type": "items", "select": of}}),
                Value::Null,
            ),
            1 => promotion(
                number,
                json!({"type": "percentage_off", "value": "100", "repeat": {"per": "quantity", "every": "2"},
                    "target": {"type": "items", "from": "beyond_condition", "quantity": "1"}}),
                enough("2"),
            ),
            2 => promotion(
                number,
                json!({"type": "bundle_price", "value": "29", "repeat": {"per": "quantity", "every": "3"},
                    "target": {"type": "items", "from": "in_condition"}}),
                enough("3"),
            ),
            _ => promotion(
                number,
                json!({"type": "percentage_off", "value": "50", "repeat": {"per": "quantity", "every": "3"},
                    "target": {"type": "items", "select": of, "within": "application"}}),
                Value::Null,
            ),
        }
    };
    let line = |number: usize| {
        json!({"id": number.to_string(), "sku": format!("S{number}"), "quantity": "7",
            "unit_price": format!("{}.99", number % 40 + 10), "tax": "0.37",
            "categories": [format!("c{}", number % 84)], "tags": ["new", "summer"]})
    };
    let settings = [
        json!({}),
        json!({"qualifying_items": "consumed"}),
        json!({"unit_stacking": {"enabled": true}, "percentage_base": "net"}),
        json!({"strategy": "best_deal"}),
    ];
    for settings in settings {
        let mut document =
            document(settings.clone(), (0..250).map(own).collect(), (0..100).map(line).collect());
        document["request"]["explain"] = "all".into();
        let (steps, _) = evaluate_until(&document, &Stop::default()).expect("far from the bound");
        assert!(steps < MOST / 10, "{steps} steps under {settings}");
    }
}

/// Quantities have three decimals and lines have taxes, so what is left of units has unrelated denominators.
#[test]
fn a_hundred_lines_of_weighed_goods_are_far_from_the_bound() {
    let own = |(number, kind): (usize, usize)| {
        let target = json!({"type": "items", "quantity": "0.5"});
        let benefit = match kind {
            0 => json!({"type": "percentage_off", "value": "7.5", "same": "sku", "target": target}),
            1 => json!({"type": "fixed_price", "value": "3", "target": target}),
            2 => json!({"type": "amount_off", "value": "77.77", "target": {"type": "items"}}),
            3 => json!({"type": "bundle_price", "value": "500", "target": {"type": "items"}}),
            _ => json!({"type": "percentage_off", "value": "12.3", "target": {"type": "items"}}),
        };
        promotion(number, benefit, Value::Null)
    };
    let line = |number: usize| {
        json!({"id": number.to_string(), "sku": format!("S{number}"),
            "quantity": format!("{}.{:03}", number % 7 + 1, (number * 37 + 11) % 1000),
            "unit_price": format!("{}.99", number % 40 + 10),
            "tax": format!("{}.{:02}", number % 3, number % 89 + 7)})
    };
    let settings = [
        json!({"percentage_base": "net"}),
        json!({"percentage_base": "net", "qualifying_items": "consumed"}),
        json!({"percentage_base": "net", "unit_stacking": {"enabled": true}}),
        json!({"percentage_base": "net", "strategy": "best_deal", "max_discount_percent": "33.3"}),
    ];
    let kinds = [[0, 0, 0], [0, 1, 4], [0, 2, 3]];
    for (settings, kinds) in settings.iter().flat_map(|own| kinds.map(|kinds| (own, kinds))) {
        let promotions = kinds.into_iter().enumerate().map(own).collect();
        let mut document = document(settings.clone(), promotions, (0..100).map(line).collect());
        document["request"]["explain"] = "all".into();
        let (steps, _) = evaluate_until(&document, &Stop::default()).expect("far from the bound");
        assert!(steps < MOST / 10, "{steps} steps of {kinds:?} under {settings}");
    }
}

/// What is known of other promotions is not searched again for each reason.
#[test]
fn the_reasons_of_optimal_cost_no_budget_of_their_own() {
    let own = |number: usize| {
        let of = json!({"include": [{"field": "category", "op": "in", "values": [format!("c{}", number / 3)]}]});
        let target =
            json!({"type": "items", "select": of, "quantity": (number % 3 + 1).to_string()});
        let value = (number % 20 + 5).to_string();
        promotion(
            number,
            json!({"type": "percentage_off", "value": value, "target": target}),
            Value::Null,
        )
    };
    let line = |number: usize| {
        json!({"id": number.to_string(), "sku": format!("S{number}"), "quantity": "2",
            "unit_price": format!("{}.99", number % 40 + 10), "categories": [format!("c{}", number % 84)]})
    };
    let settings = json!({"strategy": "optimal", "optimal": {"budget_ms": 20}});
    let mut document =
        document(settings, (0..250).map(own).collect(), (0..100).map(line).collect());
    let mut steps = |explain: &str| {
        document["request"]["explain"] = explain.into();
        evaluate_until(&document, &Stop::default()).expect("within the bound")
    };
    let ((without, _), (with, text)) = (steps("none"), steps("all"));
    let told = text.matches("alternative_discount").count();
    assert!(told > 50, "only {told} promotions were outdone");
    assert!(with < without * 2, "{with} steps with reasons, {without} without");
}

/// Wherever it ends, it ends without a panic, and without a result; where it does not, the result is that without a bound.
#[test]
fn an_evaluation_may_end_anywhere() {
    for_each_seed(|seed| {
        let mut dice = Dice::new(seed ^ 0xb0_0bed);
        let mut document = generate::document(seed);
        if dice.one(&[true, false]) {
            grow(&mut document, &mut dice);
        }
        let whole = evaluate_until(&document, &Stop::default());
        let Ok((steps, text)) = whole else {
            return Ok(());
        };
        let again = evaluate_until(&document, &Stop::default());
        if again.as_ref() != Ok(&(steps, text.clone())) {
            return Err(format!("{steps} steps, and then {again:?}"));
        }
        let most = i64::try_from(steps).unwrap_or(i64::MAX);
        let within = u64::try_from(dice.between(1, most.max(1))).unwrap_or(1);
        match evaluate_until(&document, &Stop::within(within)) {
            Err(Unfinished::Stopped) if within <= steps => Ok(()),
            Ok(own) if own == (steps, text) && within > steps => Ok(()),
            other => Err(format!("{within} of {steps} steps: {other:?}")),
        }
    });
}

/// More units, which stack.
fn grow(document: &mut Value, dice: &mut Dice) {
    document["settings"]["unit_stacking"] = json!({"enabled": true});
    document["settings"]["percentage_base"] = "net".into();
    let lines = document["request"]["cart"]["lines"].as_array_mut();
    for line in lines.into_iter().flatten() {
        line["quantity"] = dice.one(&["7", "40", "301.5", "1000"]).into();
        line["tax"] = dice.one(&["0", "0.07", "1.31"]).into();
    }
}

/// The prices are those of the cart without suggestions. What is found before the bound is told.
#[test]
fn suggestions_end_at_the_bound_and_the_prices_stand() {
    let priced = (2..30).map_while(|count| {
        let document = stacked(count);
        Some((evaluate_until(&document, &Stop::default()).ok()?, document))
    });
    let ((steps, _), mut document) = priced.last().expect("two promotions are priced");
    assert!(steps > MOST / 6, "five more prices would be within the bound: {steps}");
    let totals = evaluate(&document)["totals"].clone();
    let suggesting = (100..120).map(|number| {
        let pays = json!({"type": "payment_mode", "op": "in", "values": [format!("M{number}")]});
        let mut own = promotion(number, json!({"type": "amount_off", "value": "0.01"}), pays);
        own["suggest"] = json!(true);
        own
    });
    document["promotions"].as_array_mut().expect("promotions").extend(suggesting);
    let result = evaluate(&document);
    assert_eq!(result["totals"], totals, "{result}");
    let suggestions = result["suggestions"].as_array().expect("suggestions").len();
    assert!(suggestions < 5, "{suggestions} were tried within the bound");
    // Whoever tries a short evaluation first does not take a part of the suggestions for all of them.
    let short = Stop::within(steps.midpoint(MOST));
    assert_eq!(evaluate_until(&document, &short), Err(Unfinished::Stopped));
}
