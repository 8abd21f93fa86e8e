//! `strategy: optimal` against brute force, and what must hold of it on any document (spec 7.6).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::DateTime;
use num_rational::BigRational;
use promotion_engine::document;
use promotion_engine::engine::Stop;
use promotion_engine::wire::problem::Problem;
use serde_json::{Value, json};

use crate::agreement::name_promotions_by_place;
use crate::properties::decimal;
use support::expect;

use crate::{evaluate, for_each_seed_of, generate, number, oracle};

/// How many documents are tried in every way: `OPTIMAL_DOCUMENTS`, or 2,000.
fn documents() -> u64 {
    number("OPTIMAL_DOCUMENTS").unwrap_or(2_000)
}

/// A random document of at most six promotions, to be solved with all the budget there can be.
fn document(seed: u64) -> Value {
    let mut document = generate::document(seed);
    document["settings"]["strategy"] = json!("optimal");
    document["settings"]["optimal"] = json!({"budget_ms": 200});
    // Drafts add at most two.
    let most = if seed.is_multiple_of(5) { 4 } else { 6 };
    document["promotions"].as_array_mut().expect("promotions").truncate(most);
    let names = generate::names(&document);
    let codes = document["codes"].as_object_mut().expect("codes");
    codes.retain(|name, _| names.iter().any(|own| own == name));
    if seed.is_multiple_of(5) {
        generate::add_drafts(seed, &mut document);
    }
    document
}

fn total(result: &Value) -> BigRational {
    decimal(&result["totals"]["discount"])
}

#[test]
fn no_set_in_no_order_is_better_than_what_is_chosen() {
    let unproven = AtomicU64::new(0);
    let reordered = AtomicU64::new(0);
    let counts = Mutex::new(BTreeMap::new());
    for_each_seed_of(documents(), "OPTIMAL_DOCUMENTS", |seed| {
        let document = document(seed);
        let mut expected = oracle::evaluate(&document);
        let mut actual = evaluate(&document);
        if actual["optimality"]["proven"] == false {
            unproven.fetch_add(1, Ordering::Relaxed);
        }
        let mut counts = counts.lock().expect("no panic while counting");
        generate::census_terms(&actual, &document, &mut counts);
        generate::census_drafts(&actual, &document, &mut counts);
        drop(counts);
        name_promotions_by_place(&mut actual);
        name_promotions_by_place(&mut expected);
        let mut ranked = document.clone();
        ranked["settings"]["strategy"] = json!("ranked");
        if total(&evaluate(&ranked)) < total(&actual) {
            reordered.fetch_add(1, Ordering::Relaxed);
        }
        match expect::difference(&expected, &actual) {
            None => Ok(()),
            Some(difference) => {
                if documents() == 1 {
                    println!("{document:#}\nexpected: {expected:#}\nactual: {actual:#}");
                }
                Err(difference)
            }
        }
    });
    println!("{} better than ranked", reordered.load(Ordering::Relaxed));
    println!("{} not proven", unproven.load(Ordering::Relaxed));
    let counts = counts.into_inner().expect("no panic while counting");
    for (what, count) in &counts {
        println!("{count:>9} {what}");
    }
    if documents() >= 2_000 {
        assert!(reordered.into_inner() > 20, "too few documents gain by another order");
        for what in ["within level item", "within level cart", "across levels"] {
            let what = format!("incompatible {what} under optimal");
            assert!(counts.contains_key(&what), "no document reached: {what}");
        }
        for what in ["drafts under optimal", "draft new applied", "draft better_deal_taken"] {
            assert!(counts.contains_key(what), "no document reached: {what}");
        }
    }
}

/// With hardly any budget: what is given is possible, and the bound is still none too low.
#[test]
fn the_bound_holds_whatever_the_budget() {
    let wrong = Mutex::new(0);
    for_each_seed_of(documents(), "OPTIMAL_DOCUMENTS", |seed| {
        let mut document = document(seed);
        document["request"]["explain"] = json!("none");
        let best = total(&evaluate(&document));
        document["settings"]["optimal"]["budget_ms"] = json!(1);
        let hurried = evaluate(&document);
        let bound = decimal(&hurried["optimality"]["upper_bound"]);
        let is_proven = hurried["optimality"]["proven"] == true;
        *wrong.lock().expect("no panic") += u64::from(!is_proven);
        let holds =
            total(&hurried) <= best && bound >= best && is_proven == (bound == total(&hurried));
        if holds { Ok(()) } else { Err(format!("{best} is not within {hurried:#}")) }
    });
}

#[test]
fn nothing_is_ever_worse_than_under_the_other_strategies() {
    for_each_seed_of(documents(), "OPTIMAL_DOCUMENTS", |seed| {
        let mut document = generate::document(seed);
        let mut by = |strategy: &str, budget: u8| {
            document["settings"]["strategy"] = json!(strategy);
            document["settings"]["optimal"] = json!({"budget_ms": budget});
            total(&evaluate(&document))
        };
        let others = by("ranked", 20).max(by("best_deal", 20));
        let best = by("optimal", 20);
        let hurried = by("optimal", 1);
        if best >= others && hurried >= others && best >= hurried {
            Ok(())
        } else {
            Err(format!("{best} and {hurried} in a hurry, {others} otherwise"))
        }
    });
}

/// How many bounds there were, or the first that is too low.
fn check_bounds(document: &str) -> Result<Result<u64, String>, Problem> {
    document::prepare(document.as_bytes(), DateTime::UNIX_EPOCH, &Stop::default(), |_, cart| {
        cart.expect("a cart within the bound").check_bounds()
    })
}

/// At the root and at every inner node of the search, with the weights of either objective.
#[test]
fn no_bound_is_below_what_can_still_come() {
    let compared = AtomicU64::new(0);
    for_each_seed_of(documents(), "OPTIMAL_DOCUMENTS", |seed| {
        let text = document(seed).to_string();
        match check_bounds(&text) {
            Ok(Ok(count)) => {
                compared.fetch_add(count, Ordering::Relaxed);
                Ok(())
            }
            Ok(Err(too_low)) => Err(too_low),
            Err(problem) => Err(problem.print(None)),
        }
    });
    println!("{} bounds", compared.load(Ordering::Relaxed));
}

/// What cases below put together: promotions of this kind, the whole of 2026.
fn promotion(name: &str, benefit: Value, conditions: Value) -> Value {
    json!({"name": name, "type": "pos", "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z",
           "benefit": benefit, "conditions": conditions})
}

/// No bound is too low, and the whole discount is `expected`.
fn assert_best(document: &Value, expected: &str) {
    let text = document.to_string();
    let checked = check_bounds(&text);
    assert_eq!(checked.expect("the document is valid").map(|count| count > 0), Ok(true));
    assert_eq!(evaluate(document)["totals"]["discount"], expected);
}

/// The discount of a bundle falls on its cheap lines too, though they are cheaper than their part of its price.
#[test]
fn what_is_left_to_pay_counts_all_lines_of_a_bundle() {
    let document = json!({
        "settings": {"strategy": "optimal", "unit_stacking": {"enabled": true}},
        "promotions": [
            promotion("bundle", json!({"type": "bundle_price", "value": "15", "target": {"type": "items"}}), json!(null)),
            promotion("ten off", json!({
                "type": "amount_off", "value": "10", "per": "unit",
                "target": {"type": "items", "select": {"include": [{"field": "sku", "op": "in", "values": ["B"]}]}}
            }), json!(null)),
        ],
        "request": {"at": "2026-06-03T12:00:00Z", "cart": {"lines": [
            {"id": "1", "sku": "A", "quantity": "1", "unit_price": "0.35"},
            {"id": "2", "sku": "B", "quantity": "2", "unit_price": "100"}
        ]}}
    });
    assert_best(&document, "200.32");
}

/// Where units stack, a line that has had its one promotion opens its claimed units only. A condition that uses up units
/// claims further ones, and so opens them.
#[test]
fn units_that_a_condition_will_claim_count_as_open() {
    let needs = |units: &str| json!({"type": "line_quantity", "op": "gte", "value": units, "of": {"include": []}});
    let gift =
        |sku: &str| json!({"type": "free_product", "product": {"sku": sku, "quantity": "1"}});
    let document = json!({
        "settings": {
            "strategy": "optimal", "unit_stacking": {"enabled": true}, "qualifying_items": "consumed",
            "multiple_promotions_per_line": {"enabled": false}
        },
        "promotions": [
            promotion("cap", gift("CAP"), needs("1")),
            promotion("scarf", gift("SCARF"), needs("3")),
            promotion("all free", json!({"type": "percentage_off", "value": "100", "target": {"type": "items"}}), json!(null)),
        ],
        "request": {"at": "2026-06-03T12:00:00Z", "cart": {"lines": [
            {"id": "1", "sku": "A", "quantity": "4", "unit_price": "10"}
        ]}}
    });
    assert_best(&document, "40.00");
}

/// A free item is one of the cart or one more, by whether it is still open: then it counts as a gift, and of equal totals
/// the one with most gifts is taken, whichever sequence was found first.
#[test]
fn sequences_that_give_more_free_items_are_told_apart() {
    let sku = |sku: &str| json!({"include": [{"field": "sku", "op": "eq", "value": sku}]});
    let off = |percent: &str, of: &str| json!({"type": "percentage_off", "value": percent, "target": {"type": "items", "select": sku(of)}});
    let any = json!({"type": "item", "found": true, "of": {"include": []}});
    let mut gift =
        promotion("gift", json!({"type": "free_product", "product": {"sku": "A"}}), json!(null));
    gift["sequence"] = json!(1);
    let document = json!({
        "settings": {"strategy": "optimal", "qualifying_items": "consumed"},
        "promotions": [
            gift,
            promotion("all of A free", off("100", "A"), json!(null)),
            promotion("half of B", off("50", "B"), any),
            promotion("the cart", json!({"type": "percentage_off", "value": "10"}), json!(null)),
        ],
        "request": {"at": "2026-06-03T12:00:00Z", "cart": {"lines": [
            {"id": "1", "sku": "A", "quantity": "2", "unit_price": "30"},
            {"id": "2", "sku": "B", "quantity": "2", "unit_price": "1"}
        ]}}
    });
    assert_best(&document, "61.10");
    let applied = evaluate(&document)["applied"].clone();
    let names: Vec<&Value> =
        applied.as_array().expect("a list").iter().map(|own| &own["name"]).collect();
    assert_eq!(names, ["all of A free", "gift", "half of B", "the cart"]);
}
