//! The quick reader must read what it accepts as the tree's reader does.

use proptest::prelude::*;
use serde_json::{Value as Tree, json};

use super::*;
use crate::wire::cart::parse;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::json::Json;

/// Whether the quick reader accepts the body. If it does, the other reader must read the same.
fn accepts(body: &str) -> bool {
    let Some(quick) = read(body.as_bytes()) else {
        return false;
    };
    let tree = Json::parse(body.as_bytes()).expect(body);
    let mut faults = Faults::new();
    let slow = parse(Value::root(&tree), &mut faults);
    assert!(faults.is_empty(), "{body}: {faults:?}");
    assert_eq!(Some(quick), slow, "{body}");
    true
}

fn full() -> Tree {
    json!({
        "cart": {
            "currency": "INR",
            "lines": [
                {"id": "1", "sku": "A", "quantity": "1.5", "unit_price": 12.30, "mrp": "14", "tax": "1.0000",
                 "charges": 0, "product": "P", "title": "Crème brûlée", "product_group": "", "brand": "B",
                 "categories": ["x", "y"], "tags": [], "supplier": "S", "weight": "0.25", "stock": -3, "floor_price": "9.99",
                 "attributes": {"color": "red", "size": ""}, "variant": {}},
                {"id": "2", "sku": "A", "quantity": 1000000, "unit_price": "0"},
            ],
            "shipping": {"method": "standard", "amount": "80.00"},
            "tenders": [{"mode": "card", "amount": "5"}, {"mode": "cash"}],
            "gift_vouchers": ["G"], "codes": ["C", "D"],
        },
        "customer": {
            "id": "7", "groups": ["staff"], "attributes": {"a": "b"},
            "loyalty": [{"program": "p", "tier": "gold", "supplementary": ["s"]}, {"program": "q"}],
        },
        "store": "S1", "channel": "store", "explain": "all",
    })
}

#[test]
fn plain_bodies_are_read_quickly() {
    assert!(accepts(&full().to_string()));
    assert!(accepts(&serde_json::to_string_pretty(&full()).unwrap()));
    let small =
        r#"{"cart":{"lines":[{"id":"1","sku":"A","quantity":1,"unit_price":-0,"mrp":null}]}}"#;
    assert!(accepts(&format!("\t{small}\r\n")));
}

/// Puts every value in the place of every value. The quick reader must accept nothing that the other reader refuses or
/// reads differently.
#[test]
fn what_is_read_quickly_is_read_alike() {
    let long = "x".repeat(255);
    let short = [
        "null", "true", "0", "-0", "-1", "1.", "01", "1e2", "1.00000", "1000000", "\"\"", "\"1\"",
        "\"2\"", "\"-1\"", "\" 1\"", "\"all\"", "\"INR\"", "\"inr\"", "\"a\\n\"", "\"é\"", "[]",
        "{}", "[null]", "[\"\"]", "[1]", "nul", "", "]",
    ];
    let long = [
        "1000000001",
        "1000000.001",
        "\"\u{7f}\"",
        "\"\u{85}\"",
        "\"\u{a0}\"",
        "[\"a\",\"a\"]",
        "{\"\":\"a\"}",
        "{\"a\":null}",
        "{\"a\":\"b\",\"a\":\"b\"}",
        "{\"a\":1}",
        "{\"id\":\"1\",\"sku\":\"A\",\"quantity\":1,\"unit_price\":1}",
        &format!("\"{long}\""),
        &format!("\"{long}x\""),
        &format!("\"{long}é\""),
        "9".repeat(50).leak(),
    ];
    let full = full();
    let (mut accepted, mut all) = (0, 0);
    for pointer in pointers(&full, String::new()) {
        for value in short.iter().chain(&long) {
            let mut body = full.clone();
            *body.pointer_mut(&pointer).unwrap() = "HERE".into();
            let body = body.to_string().replace("\"HERE\"", value);
            accepted += u32::from(accepts(&body));
            all += 1;
        }
    }
    assert!(accepted > 300 && all - accepted > 300, "{accepted} of {all}");
}

#[test]
fn fields_that_are_unknown_or_twice_are_not_read_quickly() {
    let body = full().to_string();
    for pointer in pointers(&full(), String::new()) {
        let mut changed = full();
        let Some(Tree::Object(members)) = changed.pointer_mut(&pointer) else {
            continue;
        };
        members.insert("HERE".to_owned(), "1".into());
        let changed = changed.to_string();
        accepts(&changed);
        for (key, value) in full().pointer(&pointer).unwrap().as_object().unwrap() {
            for value in ["null", &value.to_string()] {
                let twice = format!("{}:{value}", json!(key));
                assert!(!accepts(&changed.replace("\"HERE\":\"1\"", &twice)), "{twice}");
            }
        }
    }
    assert!(!accepts(&format!("{body},")) && !accepts(&format!("{body}{body}")));
    for end in 0..body.len() {
        assert!(!body.is_char_boundary(end) || !accepts(&body[..end]));
    }
}

#[test]
fn bounds_of_the_whole_are_kept() {
    let lines = |count: usize, price: &str| {
        let line = |id| json!({"id": format!("{id}"), "sku": "A", "quantity": "1000", "unit_price": price});
        let lines: Vec<Tree> = (0..count).map(line).collect();
        json!({"cart": {"lines": lines}}).to_string()
    };
    assert!(accepts(&lines(1, "1000000000")) && !accepts(&lines(2, "1000000000")));
    assert!(accepts(&lines(MAX_LINES, "1")) && !accepts(&lines(MAX_LINES + 1, "1")));
    assert!(!accepts(&lines(100, "1").replace("\"99\"", "\"7\"")));
    assert!(!accepts(&lines(9, "1").replace("\"8\"", "\"7\"")));
    assert!(!accepts(&lines(0, "1")));
}

fn pointers(tree: &Tree, at: String) -> Vec<String> {
    let below: Vec<String> = match tree {
        Tree::Object(members) => {
            members.iter().flat_map(|(key, value)| pointers(value, format!("{at}/{key}"))).collect()
        }
        Tree::Array(entries) => entries
            .iter()
            .enumerate()
            .flat_map(|(index, value)| pointers(value, format!("{at}/{index}")))
            .collect(),
        _ => Vec::new(),
    };
    std::iter::once(at).chain(below).collect()
}

proptest! {
    #[test]
    fn no_change_of_a_few_bytes_is_read_otherwise(
        changes in proptest::collection::vec((0_usize..2_000, "[\\[\\]{},:\"\\\\ 0-9.eE\\-né\u{7f}\u{85}]{0,2}"), 1..4)
    ) {
        let mut body = full().to_string();
        for (place, text) in changes {
            let place = place % body.len();
            if body.is_char_boundary(place) && body.is_char_boundary(place + 1) {
                body.replace_range(place..=place, &text);
            }
        }
        accepts(&body);
    }
}
