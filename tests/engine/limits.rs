//! Limits that count: what is left of them bounds an evaluation just as a bound within the cart does, and what is used up
//! is a reason (spec 7.2, 7.3, 9).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::DateTime;
use promotion_engine::document;
use promotion_engine::domain::amount::Money;
use promotion_engine::domain::counter::{Bound, Owner, Used};
use promotion_engine::domain::limit::{Limits, Measure};
use promotion_engine::engine::{Changes, Prepared, RuleSet, Rules, Stop};
use promotion_engine::wire::evaluation;
use serde_json::{Value, json};

use crate::generate::dice::Dice;
use crate::{evaluate, for_each_seed, generate};

/// The document evaluated after other uses.
fn evaluate_after(document: &Value, used: impl FnOnce(&[Bound]) -> Vec<Used>) -> Value {
    let text = document.to_string();
    let stop = Stop::default();
    let result = document::prepare(text.as_bytes(), DateTime::UNIX_EPOCH, &stop, |rules, cart| {
        let cart = cart.expect("a cart within the bound");
        let used = used(&cart.counters(&[]));
        let evaluation = cart.evaluate(&[], &used, &stop).expect("a cart within the bound");
        evaluation::print(&evaluation, rules, cart.request(), cart.now())
    });
    let text = result.unwrap_or_else(|problem| problem.print(None));
    serde_json::from_str(&text).expect("answers are JSON")
}

fn use_of(bound: &Bound, amount: i64) -> Used {
    Used { counter: bound.counter.clone(), amount }
}

/// The subject that a promotion of this type may have counted limits of, without a customer.
fn subject(promotion: &Value) -> Option<&'static str> {
    match promotion["type"].as_str() {
        Some("pos" | "loyalty") => Some("promotion"),
        Some("code_linked") => Some("code"),
        _ => None,
    }
}

/// Promotions that wait for a customer are ranked as if nothing of their limits were gone (spec 15.7), so their
/// suggestions come in another order.
fn without_unknown(mut result: Value) -> Value {
    if let Some(suggestions) = result["suggestions"].as_array_mut() {
        suggestions.retain(|own| own["kind"] != "identify");
    }
    result
}

/// So many times, and so much discount, are left of every counted limit. The same bounds within the cart come to the
/// same prices and reasons.
#[test]
fn what_is_left_bounds_as_the_limits_of_the_cart_do() {
    for_each_seed(|seed| {
        let mut dice = Dice::new(seed ^ 0x11_317);
        let (times, discount) = (dice.between(1, 3), Money::whole(1 + dice.one(&[0, 4, 19, 99])));
        let mut counted = generate::document(seed);
        let mut within = counted.clone();
        let promotions = counted["promotions"].as_array().map_or(0, Vec::len);
        for place in 0..promotions {
            let Some(subject) = subject(&counted["promotions"][place]) else {
                continue;
            };
            let own = &mut counted["promotions"][place]["limits"];
            let cart = own["cart"].clone();
            *own = json!({"cart": cart, subject: {
                "times": {"max": times + 5}, "transactions": {"max": 2}, "discount": {"max": "1000"},
            }});
            let least = cart["times"].as_i64().map_or(times, |own| own.min(times));
            let cap = cart["discount"].as_str().and_then(|text| Money::parse(text).ok());
            let cap = cap.map_or(discount, |own| own.min(discount)).print(0);
            within["promotions"][place]["limits"] =
                json!({"cart": {"times": least, "discount": cap}});
        }
        let after = evaluate_after(&counted, |bounds| {
            let gone = |bound: &Bound| match bound.counter.measure {
                Measure::Times => 5,
                Measure::Transactions => 1,
                Measure::Discount => bound.maximum - discount.scaled(),
            };
            bounds.iter().map(|bound| use_of(bound, gone(bound))).collect()
        });
        let (after, expected) = (without_unknown(after), without_unknown(evaluate(&within)));
        if after == expected { Ok(()) } else { Err(format!("{after}\nis not\n{expected}")) }
    });
}

fn document(kind: &str, limits: &Value) -> Value {
    json!({
        "promotions": [{
            "name": "P", "type": kind, "starts_at": "1970-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
            "benefit": {"type": "amount_off", "value": "10", "repeat": {"per": "quantity", "every": "1"},
                        "target": {"type": "cart"}},
            "limits": limits,
        }],
        "codes": if kind == "code_linked" { json!({"P": ["ONE", "TWO"]}) } else { json!({}) },
        "request": {
            "at": "2026-06-03T12:00:00Z", "explain": "all", "customer": {"id": "C-1"},
            "cart": {"lines": [{"id": "1", "sku": "A", "quantity": "3", "unit_price": "100"}],
                     "codes": if kind == "code_linked" { json!(["one", "two"]) } else { json!([]) }},
        },
    })
}

/// Limits, what is gone of each, and what that comes to: times and discount, or the limit that is named.
#[test]
fn a_limit_that_is_used_up_is_named_and_what_is_left_is_given() {
    let all = json!({"times": {"max": 2}, "transactions": {"max": 2}, "discount": {"max": "20"}});
    let table = [
        (json!({}), [0, 0, 0], Ok((3, "30.00"))),
        (json!({"promotion": all}), [0, 0, 0], Ok((2, "20.00"))),
        (json!({"promotion": all}), [1, 1, 0], Ok((1, "10.00"))),
        (json!({"promotion": all}), [0, 0, 199_999], Ok((2, "0.00"))),
        (json!({"promotion": all}), [0, 0, 150_000], Ok((2, "5.00"))),
        (json!({"promotion": all}), [2, 0, 0], Err("promotion.times")),
        (json!({"promotion": all}), [0, 2, 0], Err("promotion.transactions")),
        (json!({"promotion": all}), [0, 0, 200_000], Err("promotion.discount")),
        (json!({"promotion": all, "customer": all}), [2, 2, 200_000], Err("customer.times")),
        (
            json!({"promotion": all, "customer": {"discount": {"max": "20"}}}),
            [2, 2, 200_000],
            Err("customer.discount"),
        ),
        // More is gone than there ever was.
        (json!({"customer": all}), [9, 0, 0], Err("customer.times")),
    ];
    for (limits, [times, transactions, discount], expected) in table {
        let result = evaluate_after(&document("pos", &limits), |bounds| {
            let gone = |bound: &Bound| match bound.counter.measure {
                Measure::Times => times,
                Measure::Transactions => transactions,
                Measure::Discount => discount,
            };
            bounds.iter().map(|bound| use_of(bound, gone(bound))).collect()
        });
        let what = format!("{limits} after {times}, {transactions}, {discount}: {result}");
        match expected {
            // Less than the precision is left: nothing can be given of it.
            Ok((_, "0.00")) => {
                assert_eq!(result["not_applied"][0]["reason"], "no_benefit", "{what}")
            }
            Ok((times, discount)) => {
                assert_eq!(result["applied"][0]["times"], times, "{what}");
                assert_eq!(result["applied"][0]["discount"], discount, "{what}");
            }
            Err(limit) => {
                assert_eq!(result["not_applied"][0]["reason"], "limit_reached", "{what}");
                assert_eq!(result["not_applied"][0]["limit"], limit, "{what}");
            }
        }
    }
}

/// Of several codes of one promotion the first that is not used up unlocks it.
#[test]
fn a_code_that_is_used_up_leaves_the_promotion_to_the_next() {
    let limits = json!({"code": {"times": {"max": 4}}});
    let table = [
        ([0, 0], ["applied", "not_applied"], Some("one"), 3),
        ([4, 0], ["exhausted", "applied"], Some("two"), 3),
        ([4, 2], ["exhausted", "applied"], Some("two"), 2),
        ([1, 4], ["applied", "exhausted"], Some("one"), 3),
        ([2, 4], ["applied", "exhausted"], Some("one"), 2),
        ([4, 4], ["exhausted", "exhausted"], None, 0),
    ];
    for (gone, statuses, code, times) in table {
        let result = evaluate_after(&document("code_linked", &limits), |bounds| {
            let codes = bounds.iter().filter(|bound| matches!(bound.counter.owner, Owner::Code(_)));
            assert_eq!(codes.clone().count(), 2, "a counter for each code");
            codes.zip(gone).map(|(bound, gone)| use_of(bound, gone)).collect()
        });
        let found = [&result["codes"][0]["status"], &result["codes"][1]["status"]];
        assert_eq!(found, statuses, "{gone:?}");
        match code {
            Some(code) => {
                assert_eq!(result["applied"][0]["code"], code, "{gone:?}");
                assert_eq!(result["applied"][0]["times"], times, "{gone:?}");
            }
            None => assert_eq!(result["not_applied"][0]["limit"], "code.times"),
        }
    }
}

/// The gate of the code comes before that of activation.
#[test]
fn a_code_that_is_used_up_is_told_before_activation() {
    let mut asked = document("code_linked", &json!({"code": {"times": {"max": 4}}}));
    asked["promotions"][0]["activation_required"] = true.into();
    asked["request"]["customer"] = json!({"id": "C"});
    for (gone, reason, limit) in
        [(3, "not_activated", Value::Null), (4, "limit_reached", "code.times".into())]
    {
        let result = evaluate_after(&asked, |bounds| {
            let codes = bounds.iter().filter(|bound| matches!(bound.counter.owner, Owner::Code(_)));
            codes.map(|bound| use_of(bound, gone)).collect()
        });
        assert_eq!(result["not_applied"][0]["reason"], reason, "{gone}: {result}");
        assert_eq!(result["not_applied"][0]["limit"], limit, "{gone}");
    }
}

#[test]
fn a_customer_limit_needs_a_customer() {
    let limits = json!({"customer": {"times": {"max": 1}}});
    let mut document = document("pos", &limits);
    document["request"]["customer"] = Value::Null;
    let result = evaluate_after(&document, |bounds| {
        assert_eq!(bounds, [], "nobody's counter");
        Vec::new()
    });
    assert_eq!(result["not_applied"][0]["reason"], "customer_required");
}

/// A draft in place of a stored promotion is judged with the counts that the stored one has: of the same limit, in the
/// stored one's present window.
#[test]
fn a_draft_counts_as_the_promotion_whose_place_it_takes() {
    let times = |max: i64, unit: Option<&str>| {
        let refresh = unit.map(|unit| json!({"every": 1, "unit": unit}));
        json!({"promotion": {"times": {"max": max, "refresh": refresh}}})
    };
    let transactions = json!({"promotion": {"transactions": {"max": 1}}});
    // The limits of the stored promotion, those of the draft, and the windows of its counters. Months are counted from
    // January 1970.
    let table = [
        (times(9, Some("month")), times(2, Some("month")), vec![677]),
        (times(9, Some("month")), times(2, Some("day")), vec![677]),
        (times(9, Some("month")), times(2, None), vec![677]),
        (times(9, None), times(2, Some("month")), vec![0]),
        (times(9, None), transactions, vec![]),
        (json!({}), times(2, None), vec![]),
    ];
    for (stored, own, windows) in table {
        let mut document = document("pos", &stored);
        let mut draft = document["promotions"][0].clone();
        let id = "00000000-0000-0000-0000-000000000000";
        (draft["id"], draft["limits"]) = (id.into(), own.clone());
        document["request"]["with"] = json!([draft]);
        let result = evaluate_after(&document, |bounds| {
            let found: Vec<i32> = bounds.iter().map(|bound| bound.counter.window).collect();
            assert_eq!(found, windows, "{own} in place of {stored}");
            bounds.iter().map(|bound| use_of(bound, 1)).collect()
        });
        let times = if windows.is_empty() { None } else { Some(1) };
        let limit = own["promotion"]["times"]["max"].as_i64();
        let left = limit.map(|most| most - times.unwrap_or(0));
        assert_eq!(result["applied"][0]["times"], left.unwrap_or(3).min(3), "{own}: {result}");
    }
}

/// What has ended keeps no limits in the rules. A draft in its place is judged with the counts of its own limits.
#[test]
fn a_draft_in_place_of_an_ended_promotion_has_its_own_limits() {
    let text = document("pos", &json!({"promotion": {"times": {"max": 2}}})).to_string();
    let (stop, now) = (Stop::default(), DateTime::UNIX_EPOCH);
    document::prepare(text.as_bytes(), now, &stop, |rules, cart| {
        let draft = rules.promotions().next().expect("a promotion").clone();
        let mut ended = draft.clone();
        ended.terms.limits = Limits::default();
        let stored = RuleSet::new(Rules {
            version: 1,
            settings: rules.settings().clone(),
            stores: Arc::default(),
            product_lists: BTreeMap::new(),
            promotions: vec![ended],
            milestones: Vec::new(),
            whole_since: Some(draft.terms.ends_at.to_utc()),
        });
        let changes = Changes { with: vec![draft], ..Changes::default() };
        let rules = Arc::new(stored.changed(changes));
        let cart = cart.expect("a cart within the bound");
        let cart = Prepared::new(rules, cart.request(), &[], cart.now(), &stop);
        let bounds = cart.expect("a cart within the bound").counters(&[]);
        assert_eq!(bounds.iter().map(|bound| bound.maximum).collect::<Vec<_>>(), [2]);
    })
    .expect("a document");
}

/// In India the day of the request is the next one.
#[test]
fn windows_stay_those_of_the_tenant_under_other_settings() {
    let refresh = json!({"every": 1, "unit": "day"});
    let mut document =
        document("pos", &json!({"promotion": {"times": {"max": 2, "refresh": refresh}}}));
    document["request"]["at"] = json!("2026-06-03T20:00:00Z");
    document["settings"] = json!({"timezone": "UTC"});
    let windows = |document: &Value| {
        let mut windows = Vec::new();
        evaluate_after(document, |bounds| {
            windows = bounds.iter().map(|bound| bound.counter.window).collect();
            Vec::new()
        });
        windows
    };
    let own = windows(&document);
    assert_eq!(own.len(), 1);
    document["request"]["settings"] = json!({"timezone": "Asia/Kolkata"});
    assert_eq!(windows(&document), own);
    document["settings"] = json!({"timezone": "Asia/Kolkata"});
    assert_ne!(windows(&document), own);
}
