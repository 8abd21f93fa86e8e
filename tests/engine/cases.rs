//! Worked carts as data, each with the prices that it must come to.

use serde_json::Value;

use crate::{evaluate, expect};

#[test]
fn every_worked_cart_comes_to_its_expected_prices() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../cases/examples.json")).expect("cases are JSON");
    let mut failures = Vec::new();
    let mut checked = 0;
    for case in &cases {
        checked += 1;
        failures.extend(expect::check(case, &evaluate(&expect::document(case))).err());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(checked > 60, "only {checked} cases were checked");
}
