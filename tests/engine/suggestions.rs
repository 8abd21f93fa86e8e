//! Suggestions come true: whoever does what is suggested saves what was said, to the last digit.

use std::collections::BTreeMap;
use std::sync::Mutex;

use num_rational::BigRational;
use num_traits::Signed;
use serde_json::{Value, json};

use crate::properties::decimal;
use crate::{evaluate, for_each_seed_of, generate, number};
use support::expect;

/// How many documents with suggestions are tried: `SUGGESTION_DOCUMENTS`, or 5,000.
fn documents() -> u64 {
    number("SUGGESTION_DOCUMENTS").unwrap_or(5_000)
}

fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The first document from a seed on that has a suggestion with a price, and its result.
fn suggesting(seed: u64) -> (Value, Value) {
    let documents = (0..).map(|more| {
        let mut document = generate::suggesting(seed ^ (more << 48));
        document["request"]["explain"] = json!("all");
        if seed.is_multiple_of(8) {
            document["settings"]["strategy"] = json!("optimal");
            document["promotions"].as_array_mut().expect("promotions").truncate(5);
            document["codes"] = json!({});
        }
        let result = evaluate(&document);
        (document, result)
    });
    let is_priced = |own: &Value| own["gain"].is_string();
    let mut documents =
        documents.filter(|(_, result)| entries(&result["suggestions"]).any(is_priced));
    documents.next().expect("no end of documents")
}

/// What is missing may be finer than what can be added. Sentences say what can be added; `shortfall` is exact.
#[test]
fn what_is_read_aloud_can_be_added() {
    let table = [
        ("cart_amount", "gte", "100.0005", "0.0005", "Spend 0.01 more"),
        ("cart_amount", "gt", "100.0005", "0.0105", "Spend 0.02 more"),
        ("cart_amount", "eq", "100.0005", "0.0005", "Spend 0.0005 more"),
        ("line_amount", "gte", "100.0005", "0.0005", "Spend 0.01 more on items"),
        ("total_quantity", "gte", "2.0005", "0.0005", "Add 0.001 more items"),
        ("line_quantity", "gte", "2.0005", "0.0005", "Add 0.001 more items"),
        ("total_weight", "gte", "2.0005", "0.0005", "Add items that weigh 0.0005 more"),
    ];
    for (kind, op, value, shortfall, explanation) in table {
        let document = json!({
            "promotions": [{
                "name": "P", "type": "pos", "suggest": true,
                "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z",
                "conditions": {"type": kind, "op": op, "value": value},
                "benefit": {"type": "percentage_off", "value": "50"},
            }],
            "request": {
                "cart": {"lines": [{"id": "1", "sku": "A", "quantity": "2", "unit_price": "50", "weight": "1"}]},
                "at": "2026-06-03T12:00:00Z", "explain": "all",
            },
        });
        let result = evaluate(&document);
        let own = &result["not_applied"][0];
        assert_eq!(own["unmet"][0]["shortfall"], shortfall, "{kind} {op} {value}");
        assert_eq!(own["explanation"], explanation, "{kind} {op} {value}");
        for suggestion in entries(&result["suggestions"]) {
            assert_eq!(suggestion["shortfall"], shortfall, "{kind} {op} {value}");
            if suggestion["kind"] == "add_amount" {
                let worth = explanation.replace("Spend", "Add goods worth");
                let told = suggestion["explanation"].as_str().unwrap_or_default();
                assert!(told.starts_with(&worth), "{told}");
            }
        }
    }
}

/// Does what is suggested, and nothing but that.
fn follow(document: &Value, result: &Value, suggestion: &Value) -> Value {
    let mut changed = document.clone();
    let cart = &mut changed["request"]["cart"];
    let line = entries(&cart["lines"]).position(|line| line["id"] == suggestion["line_id"]);
    if let Some(line) = line {
        let quantity = decimal(&cart["lines"][line]["quantity"]) + decimal(&suggestion["quantity"]);
        cart["lines"][line]["quantity"] = json!(printed(&quantity));
    } else if suggestion["kind"] == "pay_with" {
        let mode = &suggestion["wanted"]["values"][0];
        let least = unmet_leaf(document, result, suggestion)["min_amount"].clone();
        let tender = json!({"mode": mode, "amount": least});
        match cart["tenders"].as_array_mut() {
            Some(tenders) => tenders.push(tender),
            None => cart["tenders"] = json!([tender]),
        }
    } else {
        let precision = document["settings"]["rounding"]["precision"].as_u64().unwrap_or(2);
        let scale = BigRational::from_integer(num_bigint::BigInt::from(10).pow(precision as u32));
        let price = (decimal(&suggestion["shortfall"]) * &scale).ceil() / scale;
        let lines = cart["lines"].as_array_mut().expect("lines");
        // No predicate of the generator finds this SKU by a part of it.
        lines.push(json!({"id": "anything", "sku": "~", "quantity": "1",
                          "unit_price": printed(&price)}));
    }
    changed
}

/// The leaf that the suggested promotion lacks.
fn unmet_leaf<'d>(document: &'d Value, result: &Value, suggestion: &Value) -> &'d Value {
    let own = |entry: &&Value| entry["promotion_id"] == suggestion["promotion_id"];
    let path = entries(&result["not_applied"]).find(own).expect("a reason")["unmet"][0]["path"]
        .as_str()
        .expect("a pointer");
    let mut promotions = entries(&document["promotions"]);
    let promotion = promotions.find(|own| own["name"] == suggestion["name"]).expect("a promotion");
    promotion.pointer(path).expect("a leaf")
}

/// A number of at most seven decimals.
fn printed(number: &BigRational) -> String {
    let scaled = number * BigRational::from_integer(10_000_000.into());
    assert!(scaled.is_integer() && !scaled.is_negative(), "{number}");
    let digits = format!("{:0>8}", scaled.to_integer());
    let (whole, decimals) = digits.split_at(digits.len() - 7);
    format!("{whole}.{}", decimals.trim_end_matches('0')).trim_end_matches('.').to_owned()
}

#[test]
fn whoever_follows_a_suggestion_gets_the_gain_that_it_named() {
    let counts = Mutex::new(BTreeMap::new());
    for_each_seed_of(documents(), "SUGGESTION_DOCUMENTS", |seed| {
        let (document, result) = suggesting(seed);
        for suggestion in entries(&result["suggestions"]) {
            let kind = suggestion["kind"].as_str().expect("a kind").to_owned();
            if suggestion["gain"].is_null() {
                continue;
            }
            let after = evaluate(&follow(&document, &result, suggestion));
            let total = |result: &Value| decimal(&result["totals"]["discount"]);
            let gain = total(&after) - total(&result);
            let mut applied = entries(&after["applied"]);
            let now = applied.find(|own| own["promotion_id"] == suggestion["promotion_id"]);
            let mut before = entries(&result["applied"]);
            let before = before.find(|own| own["promotion_id"] == suggestion["promotion_id"]);
            let reached = now.is_some_and(|now| {
                before.is_none_or(|before| now["step"].as_u64() > before["step"].as_u64())
            });
            if !reached || gain != decimal(&suggestion["gain"]) {
                return Err(format!("{suggestion} gains {gain}, applied: {now:?}"));
            }
            *counts.lock().expect("no panic while counting").entry(kind).or_insert(0) += 1;
        }
        Ok(())
    });
    let counts = counts.into_inner().expect("no panic while counting");
    println!("{counts:?}");
    if documents() >= 5_000 {
        for kind in ["add_amount", "add_quantity", "next_step", "pay_with"] {
            assert!(counts.get(kind).is_some_and(|count| *count > 20), "too few: {kind}");
        }
    }
}

/// The sentences of worked cases, by their names.
#[test]
fn suggestions_can_be_read_aloud() {
    let table = [
        (
            "add_amount: what is missing, and what it brings",
            "Add goods worth 503.00 more and save 200.00",
        ),
        ("add_quantity: buy 2 get 1 needs three", "Add 2 more of SKU T and save 50.00"),
        (
            "add_quantity: one more of the cheapest line that counts",
            "Add 1 more of SKU MUG-S and save 56.00",
        ),
        ("add_item: what is not in the cart at all", "Add something of SKU MOUSE"),
        ("add_item: what is rewarded is not in the cart", "Add something with kind cap"),
        (
            "add_item: the first predicate that names values, and ten of them",
            "Add 2 of the category C0, C1, C2, C3, C4, C5, C6, C7, C8, C9 or another",
        ),
        (
            "next_step: it applied, and could give more",
            "Add goods worth 500.00 more and save 125.00 more",
        ),
        ("next_step: more of a line", "Add 1 more of Oxford shirt and save 20.00 more"),
        ("pay_with: the first mode named", "Pay with CardA or CardB and save 30.00"),
        (
            "pay_with: so much of it",
            "Pay at least 200.00 with a method that begins with Card and save 20.00",
        ),
        ("identify: for members, and nobody is named", "Give your customer number to get it"),
    ];
    let cases = expect::cases();
    for (name, sentence) in table {
        let name = format!("suggest {name}");
        let case = cases.iter().find(|case| case["name"] == *name).expect(&name);
        let result = evaluate(&expect::document(case));
        assert_eq!(result["suggestions"][0]["explanation"], sentence, "{name}");
    }
}

/// What a shopper reads of a suggestion: the sentence, and the promotion's own text. The sentence names how many units are
/// added; `{shortfall}` is what the leaf lacks.
#[test]
fn suggestions_name_what_is_needed_and_no_less() {
    let of = |predicates: Value| json!({"include": predicates});
    let tee = of(json!([{"field": "sku", "op": "in", "values": ["TEE"]}]));
    let long = of(json!([{"field": "brand", "op": "starts_with", "value": "A"}]));
    let size = of(json!([{"field": "variant", "key": "shoe_size", "op": "eq", "value": "42"}]));
    let modes: Vec<String> = (0..12).map(|number| format!("M{number}")).collect();
    let free_one = json!({"type": "percentage_off", "value": "100",
                          "target": {"type": "items", "from": "beyond_condition", "quantity": "1"}});
    let lines = |measure: &str, of: &Value, value: &str| json!({"type": measure, "of": of, "op": "gte", "value": value});
    let pay = |op: &str, values: Value| json!({"conditions": {"type": "payment_mode", "op": op, "values": values}});
    let table = [
        (
            json!({"conditions": lines("line_quantity", &tee, "2"), "benefit": free_one}),
            "Add 2 more of SKU TEE and save 100.00",
            "1 for 100.00",
        ),
        (
            json!({"conditions": lines("line_quantity", &tee, "1"), "benefit": free_one}),
            "Add 1 more of SKU TEE and save 100.00",
            " for 100.00",
        ),
        (
            json!({"conditions": lines("line_amount", &tee, "250")}),
            "Add 2 more of SKU TEE and save 30.00",
            "150.00 for 30.00",
        ),
        (
            json!({"conditions": lines("line_quantity", &long, "2")}),
            "Add 2 items that qualify",
            "2 for ",
        ),
        (
            json!({"conditions": lines("line_quantity", &long, "1")}),
            "Add 1 item that qualifies",
            "1 for ",
        ),
        (
            json!({"conditions": lines("line_amount", &long, "250")}),
            "Add goods worth 250.00 that qualify",
            "250.00 for ",
        ),
        (
            json!({"conditions": {"type": "item", "of": long}}),
            "Add something that qualifies",
            " for ",
        ),
        (
            json!({"conditions": {"type": "item", "of": size}}),
            "Add something with shoe size 42",
            " for ",
        ),
        (
            pay("starts_with", json!(["Vis"])),
            "Pay with a method that begins with Vis and save 10.00",
            " for 10.00",
        ),
        (
            pay("in", json!(modes)),
            "Pay with M0, M1, M2, M3, M4, M5, M6, M7, M8, M9 or another and save 10.00",
            " for 10.00",
        ),
    ];
    for (changes, sentence, message) in table {
        let mut promotion = json!({
            "name": "Offer", "type": "pos", "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z",
            "suggest": true, "suggestion_message": "{shortfall} for {gain}",
            "benefit": {"type": "percentage_off", "value": "10"},
        });
        let changed = changes.as_object().expect("members").clone();
        promotion.as_object_mut().expect("members").extend(changed);
        let result = evaluate(&json!({
            "promotions": [promotion],
            "request": {
                "cart": {"lines": [{"id": "1", "sku": "TEE", "quantity": "1", "unit_price": "100"}]},
                "at": "2026-06-03T12:00:00Z",
            },
        }));
        let told = &result["suggestions"][0];
        assert_eq!((&told["explanation"], &told["message"]), (&json!(sentence), &json!(message)));
    }
}
