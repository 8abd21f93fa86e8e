//! Bodies of evaluations.

use proptest::prelude::*;
use serde_json::{Value as Tree, json};

use super::{put, read};
use crate::wire::cart::parse;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::json::Json;

/// The example of spec 6.
const BODY: &str = r#"{"cart": {"currency": "INR", "lines": [
    {"id": "1", "sku": "TEE-RED-M", "quantity": "3", "unit_price": "499.00", "mrp": "599.00",
     "tax": "0", "charges": "0", "product": "TEE", "title": "Red tee", "product_group": "tops",
     "categories": ["Apparel", "T-Shirts"], "brand": "Acme", "tags": ["new"], "supplier": "S1",
     "weight": "0.2", "stock": "12", "floor_price": null, "attributes": {"color": "red"}, "variant": {"size": "M"}}],
    "shipping": {"method": "express", "amount": "80.00"},
    "tenders": [{"mode": "LoyaltyPoints", "amount": "100"}], "gift_vouchers": [], "codes": ["SAVE10"]},
  "customer": {"id": "C-1001",
    "loyalty": [{"program": "main", "tier": "gold", "supplementary": ["prime"]}],
    "groups": ["staff"], "attributes": {"city": "Pune", "age": "31"}},
  "store": "BLR-01", "channel": "store", "at": null, "explain": "none"}"#;

fn faults_of(pointer: &str, value: Tree) -> Vec<String> {
    let mut body: Tree = serde_json::from_str(BODY).expect(BODY);
    put(&mut body, pointer, &value);
    read(&body.to_string(), |v, f| parse(v, f).is_some()).1
}

#[test]
fn the_example_of_the_spec_is_read_without_copies() {
    let json = Json::parse(BODY.as_bytes()).expect(BODY);
    let mut faults = Faults::new();
    let request = parse(Value::root(&json), &mut faults).expect("a request");
    let line = &request.cart.lines[0];
    assert_eq!(line.unit_price.to_string(), "499");
    assert_eq!(line.variant, [("size".into(), "M".into())]);
    assert!(matches!(line.sku, std::borrow::Cow::Borrowed("TEE-RED-M")));
}

#[test]
fn what_lies_outside_the_bounds_is_refused() {
    let line = json!({"id": "1", "sku": "A", "quantity": 1, "unit_price": 1});
    let costly = |id: usize| json!({"id": id.to_string(), "sku": "A", "quantity": 1_000_000, "unit_price": "500000.5"});
    for (pointer, value, expected) in [
        ("/cart/lines", json!([]), "/cart/lines required"),
        ("/cart/lines", json!(vec![line.clone(); 501]), "/cart/lines too_many"),
        ("/cart/lines", json!([line, line]), "/cart/lines/1/id not_unique"),
        ("/cart/lines", json!([costly(1), costly(2)]), "/cart/lines out_of_range"),
        ("/cart/lines/0/quantity", json!("0"), "/cart/lines/0/quantity out_of_range"),
        ("/cart/lines/0/quantity", json!("1.0001"), "/cart/lines/0/quantity too_precise"),
        ("/cart/lines/0/quantity", json!("1000001"), "/cart/lines/0/quantity out_of_range"),
        ("/cart/lines/0/unit_price", json!("-1"), "/cart/lines/0/unit_price out_of_range"),
        ("/cart/lines/0/floor_price", json!("-1"), "/cart/lines/0/floor_price out_of_range"),
        ("/cart/lines/0/floor_price", json!("0.00001"), "/cart/lines/0/floor_price too_precise"),
        ("/cart/lines/0/floor_price", json!("1e9"), "/cart/lines/0/floor_price malformed"),
        ("/cart/lines/0/sku", json!(""), "/cart/lines/0/sku required"),
        ("/cart/lines/0/color", json!(""), "/cart/lines/0/color unknown_field"),
        ("/cart/lines/0/tags", json!(vec!["t"; 51]), "/cart/lines/0/tags too_many"),
        ("/cart/lines/0/variant", json!({"size": 4}), "/cart/lines/0/variant/size wrong_type"),
        ("/cart/codes", json!(vec!["CODE"; 21]), "/cart/codes too_many"),
        ("/cart/tenders", json!([{}]), "/cart/tenders/0/mode required"),
        ("/explain", json!("some"), "/explain malformed"),
        ("/at", json!("today"), "/at malformed"),
        ("/customer/id", json!("x".repeat(256)), "/customer/id too_long"),
    ] {
        assert_eq!(faults_of(pointer, value), [expected]);
    }
    let ids: Vec<_> = (0..30)
        .map(|id| json!({"id": (id % 29).to_string(), "sku": "A", "quantity": 1, "unit_price": 1}))
        .collect();
    assert_eq!(faults_of("/cart/lines", json!(ids)), ["/cart/lines/29/id not_unique"]);
}

#[test]
fn an_id_that_is_there_twice_is_reported_beside_other_faults() {
    let lines = json!([
        {"id": "1", "sku": "A", "quantity": "0", "unit_price": "1"},
        {"id": "1", "sku": "A", "quantity": "1", "unit_price": "1"}
    ]);
    let expected = ["/cart/lines/0/quantity out_of_range", "/cart/lines/1/id not_unique"];
    assert_eq!(faults_of("/cart/lines", lines), expected);
}

proptest! {
    #[test]
    fn no_body_panics(place in 0_usize..BODY.len(), bytes in proptest::collection::vec(any::<u8>(), 0..4)) {
        let mut body = BODY.as_bytes().to_vec();
        body.splice(place..(place + bytes.len()).min(BODY.len()), bytes);
        if let Ok(json) = Json::parse(&body) {
            let mut faults = Faults::new();
            let request = parse(Value::root(&json), &mut faults);
            prop_assert!(request.is_some() || !faults.is_empty());
        }
    }
}
