//! Worked carts as data, each with the prices that it must come to.

use serde_json::json;
use support::expect;

use crate::{evaluate, oracle};

#[test]
fn every_worked_cart_comes_to_its_expected_prices() {
    let mut failures = Vec::new();
    let mut checked = 0;
    for case in expect::cases() {
        checked += 1;
        failures.extend(expect::check(&case, &evaluate(&expect::document(&case))).err());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(checked > 150, "only {checked} cases were checked");
}

/// The naive evaluator reads valid documents only: it is asked for no problem.
#[test]
fn the_naive_evaluator_comes_to_the_expected_prices_too() {
    let mut failures = Vec::new();
    let is_valid = |case: &serde_json::Value| case["expect"]["error"].is_null();
    for case in expect::cases().into_iter().filter(is_valid) {
        let result = oracle::evaluate(&expect::document(&case));
        failures.extend(expect::check(&case, &result).err());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Conditions, what the shopper has (units at 50 of weight 1), and the shortfall that is told.
#[test]
fn what_is_added_by_its_shortfall_meets_a_condition() {
    let table = [
        ("cart_amount", "gte", "150", 2, "50.00"),
        ("cart_amount", "gt", "100", 2, "0.01"),
        ("cart_amount", "gt", "100.005", 2, "0.015"),
        ("line_amount", "gt", "120", 2, "20.01"),
        ("total_quantity", "gt", "2", 2, "1"),
        ("total_quantity", "gt", "2.5", 2, "1"),
        ("line_quantity", "gt", "3", 2, "2"),
        ("line_quantity", "eq", "3", 2, "1"),
        ("total_weight", "gt", "2.5", 2, "1"),
        ("item_count", "gt", "1", 2, "1"),
    ];
    for (kind, op, value, units, shortfall) in table {
        let document = json!({
            "promotions": [{
                "name": "P", "type": "pos",
                "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z",
                "conditions": {"type": kind, "op": op, "value": value},
                "benefit": {"type": "percentage_off", "value": "10"},
            }],
            "request": {
                "cart": {"lines": [{"id": "1", "sku": "A", "quantity": units, "unit_price": "50", "weight": "1"}]},
                "at": "2026-06-03T12:00:00Z", "explain": "all",
            },
        });
        let unmet = &evaluate(&document)["not_applied"][0]["unmet"][0];
        assert_eq!(unmet["shortfall"], shortfall, "{kind} {op} {value}: {unmet}");
    }
}
