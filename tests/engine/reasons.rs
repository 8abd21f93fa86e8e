//! Reasons with their facts and sentences, from one table (`tests/cases/reasons.json`), which is also printed as
//! `docs/REASONS.md` (spec 15.8).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::DateTime;
use promotion_engine::document;
use promotion_engine::domain::amount::Money;
use promotion_engine::domain::counter::{Bound, Used};
use promotion_engine::domain::evaluation::ReasonCode;
use promotion_engine::domain::id::{IssuanceId, PromotionId};
use promotion_engine::domain::names::Named;
use promotion_engine::engine::{IssuanceFact, Stop};
use promotion_engine::wire::evaluation;
use serde_json::{Value, json};
use support::contract::{DOCUMENT, validator};
use uuid::Uuid;

use crate::evaluate;

/// Examples, each a change of the promotion, the request or the settings of [`document`].
fn examples() -> Vec<Value> {
    serde_json::from_str(include_str!("../cases/reasons.json")).expect("a table")
}

/// Puts the members of `change` into `target`, at every depth. Null takes a member away.
fn change(target: &mut Value, change: &Value) {
    match (target, change) {
        (Value::Object(target), Value::Object(members)) => {
            for (name, value) in members {
                match (target.get_mut(name), value) {
                    (_, Value::Null) => {
                        target.remove(name);
                    }
                    (Some(own), Value::Object(_)) => self::change(own, value),
                    _ => {
                        target.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        (target, change) => *target = change.clone(),
    }
}

/// The cart of the examples, on Wednesday 3 June 2026 at noon.
fn document(example: &Value) -> Value {
    let mut offer = json!({
        "name": "Offer", "type": "pos", "starts_at": "2026-01-01T00:00:00+05:30", "ends_at": "2027-01-01T00:00:00+05:30",
        "benefit": {"type": "percentage_off", "value": "10"},
    });
    if let Some(own) = example.get("promotion") {
        // A benefit or a condition is replaced as a whole.
        for (name, value) in own.as_object().expect("members") {
            offer[name] = value.clone();
        }
    }
    let mut document = json!({
        "stores": [{"code": "BLR-03", "concept": "grocery", "zones": ["north", "city"]}],
        "product_lists": {"mice": ["M-1", "M-2"]},
        "request": {
            "cart": {"lines": [{"id": "1", "sku": "TEE", "quantity": "1", "unit_price": "100.00"}]},
            "at": "2026-06-03T12:00:00+05:30", "explain": "all",
        },
    });
    for part in ["request", "settings"] {
        if let Some(own) = example.get(part) {
            let mut target = document[part].take();
            if target.is_null() {
                target = json!({});
            }
            change(&mut target, own);
            document[part] = target;
        }
    }
    if let Some(codes) = example.get("codes") {
        document["codes"] = json!({"Offer": codes});
    }
    let others = example["others"].as_array().cloned().unwrap_or_default();
    document["promotions"] = others.into_iter().chain([offer]).collect();
    document
}

/// What the engine says, where so much is used of every limit, and the customer has an issuance with this end.
fn evaluated(example: &Value) -> Value {
    let document = document(example);
    let amount = match &example["used"] {
        Value::Null => 0,
        Value::String(amount) => Money::parse(amount).expect("an amount").scaled(),
        count => count.as_i64().expect("a count"),
    };
    let issuance = |use_until: &str| IssuanceFact {
        issuance_id: IssuanceId::new(Uuid::from_u128(1)),
        promotion_id: PromotionId::new(Uuid::from_u128(0)),
        unlocked_at: DateTime::UNIX_EPOCH,
        is_activated: false,
        use_until: Some(use_until.parse().expect("a time")),
    };
    let issuances: Vec<IssuanceFact> =
        example["use_until"].as_str().map(issuance).into_iter().collect();
    let stop = Stop::default();
    let text = document.to_string();
    let result = document::prepare(text.as_bytes(), DateTime::UNIX_EPOCH, &stop, |rules, cart| {
        let cart = cart.expect("a cart within the bound");
        let gone = |bound: Bound| Used { counter: bound.counter, amount };
        let used: Vec<Used> = cart.counters(&issuances).into_iter().map(gone).collect();
        let evaluation = cart.evaluate(&issuances, &used, &stop).expect("a cart within the bound");
        evaluation::print(&evaluation, rules, cart.request(), cart.now())
    });
    let text = result.unwrap_or_else(|problem| problem.print(None));
    serde_json::from_str(&text).expect("answers are JSON")
}

/// The entry of the promotion that an example is about.
fn offer(result: &Value) -> &Value {
    let mut entries = result["not_applied"].as_array().into_iter().flatten();
    entries.find(|entry| entry["name"] == "Offer").unwrap_or(&Value::Null)
}

#[test]
fn every_reason_has_its_facts_and_its_sentence() {
    let mut faults = Vec::new();
    let mut reasons = BTreeSet::new();
    let exact_facts = &DOCUMENT["components"]["schemas"]["Facts"]["x-by-reason"];
    for example in examples() {
        let result = evaluated(&example);
        let found = offer(&result);
        let mut facts = found["facts"].clone();
        let exact = &exact_facts[example["reason"].as_str().expect("a reason")];
        match exact {
            Value::Null => assert_eq!(facts, json!({}), "{example}"),
            exact => assert!(validator(exact).is_valid(&facts), "{exact}: {facts}"),
        }
        if let Some(by) = facts.get_mut("by") {
            let name = by["name"].take();
            assert!(by["promotion_id"].is_string(), "{by}");
            *by = name;
        }
        reasons.insert(found["reason"].to_string());
        for (name, found) in [
            ("reason", &found["reason"]),
            ("facts", &facts),
            ("explanation", &found["explanation"]),
        ] {
            if *found != example[name] {
                faults.push(format!("{}: {} is {found}: {result}", example["when"], example[name]));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(reasons.len(), ReasonCode::ALL.len(), "every reason has an example");
}

/// No sentence is empty, ends with a full stop, or shows what only programs read.
#[test]
fn sentences_can_be_read_aloud() {
    for example in examples() {
        let says = example["explanation"].as_str().expect("a sentence");
        let first = says.trim_start_matches('“').chars().next().expect("a sentence");
        assert!(first.is_uppercase(), "{says}");
        for sign in ["{", "}", "[", "\"", "_", "/", "  ", ".."] {
            assert!(!says.contains(sign), "{says}");
        }
        assert!(!says.ends_with(['.', ' ', ',']), "{says}");
    }
}

#[test]
fn codes_that_do_not_apply_are_explained() {
    let code = |name: &str, limit: &str| {
        json!({"name": name, "type": "code_linked", "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z",
               "conditions": {"type": "cart_amount", "op": "gte", "value": limit},
               "benefit": {"type": "percentage_off", "value": "10"}})
    };
    let document = json!({
        "promotions": [code("Big", "500"), code("Small", "5")],
        "codes": {"Big": ["BIG", "LARGE"], "Small": ["SMALL"]},
        "request": {
            "cart": {
                "lines": [{"id": "1", "sku": "A", "quantity": "1", "unit_price": "100"}],
                "codes": ["BIG", "big", "LARGE", "SMALL", "OTHER"],
            },
            "at": "2026-06-03T12:00:00Z",
        },
    });
    let result = evaluate(&document);
    assert_eq!(
        result["codes"],
        json!([
            {"code": "BIG", "status": "not_applied", "reason": "conditions_not_met", "facts": {},
             "explanation": "Spend 400.00 more"},
            {"code": "big", "status": "duplicate", "reason": null, "facts": {},
             "explanation": "This code has been entered twice"},
            {"code": "LARGE", "status": "not_applied", "reason": "already_unlocked", "facts": {},
             "explanation": "Another code has unlocked this offer"},
            {"code": "SMALL", "status": "applied", "reason": null},
            {"code": "OTHER", "status": "unknown", "reason": null, "facts": {},
             "explanation": "This code is not known"},
        ])
    );
}

/// A code on the cart shows the facts of its promotion also where no others are asked for.
#[test]
fn a_code_shows_the_facts_of_its_promotion() {
    let by_code = |example: &Value| {
        let mut example = example.clone();
        example["promotion"]["type"] = "code_linked".into();
        example["codes"] = json!(["SAVE10"]);
        let mut document = document(&example);
        document["request"]["cart"]["codes"] = json!(["SAVE10"]);
        document["request"]["explain"] = "none".into();
        document
    };
    let mut compared = 0;
    for example in examples() {
        let kind = &example["promotion"]["type"];
        if kind.is_string()
            || !example["used"].is_null()
            || example["promotion"]["status"].is_string()
        {
            continue;
        }
        let mut document = by_code(&example);
        let shown = evaluate(&document)["codes"][0].clone();
        document["request"]["explain"] = "all".into();
        let all = evaluate(&document);
        let listed = offer(&all);
        compared += 1;
        for name in ["reason", "facts", "explanation"] {
            assert_eq!(shown[name], listed[name], "{example}");
        }
    }
    assert!(compared > 50);
}

/// At most ten values of each list.
#[test]
fn lists_of_facts_are_short() {
    let many: Vec<String> = (0..30).map(|number| format!("V{number}")).collect();
    let lines: Vec<Value> = (0..30)
        .map(|number| json!({"id": format!("{number}"), "sku": format!("S{number}"), "quantity": 1, "unit_price": 1}))
        .collect();
    let of = json!({"include": [{"field": "sku", "op": "in", "values": many}]});
    let example = |promotion: Value| {
        let mut example = json!({"promotion": promotion});
        example["request"] = json!({"customer": {"id": "C-1"}, "cart": {"lines": lines}});
        offer(&evaluated(&example)).clone()
    };
    let unmet = example(json!({"conditions": {"type": "item", "of": of}}));
    assert_eq!(unmet["unmet"][0]["wanted"], json!(many[..10]));
    assert_eq!(unmet["unmet"][0]["actual"].as_array().map(Vec::len), Some(10));
    assert!(unmet["explanation"].as_str().is_some_and(|says| says.ends_with("V8, V9 or another")));
    let target = json!({"type": "items", "select": of});
    let items =
        example(json!({"benefit": {"type": "percentage_off", "value": 1, "target": target}}));
    assert_eq!(items["facts"]["wanted"]["values"], json!(many[..10]));
    let program = json!({"program": "main", "tiers": many, "supplementary": many});
    let programs: Vec<&Value> = (0..12).map(|_| &program).collect();
    let audience = json!({"type": "loyalty", "programs": programs, "groups": many});
    let audience = example(json!({"audience": audience}));
    let wanted = &audience["facts"]["wanted"];
    assert_eq!(wanted["groups"], json!(many[..10]));
    assert_eq!(wanted["programs"].as_array().map(Vec::len), Some(10));
    assert_eq!(wanted["programs"][9]["tiers"], json!(many[..10]));
    let ten = "V0, V1, V2, V3, V4, V5, V6, V7, V8, V9 or another";
    let program = format!("members of main in one of the tiers {ten} with {ten}");
    let programs = format!("{}or members of another", format!("{program}, ").repeat(10));
    let programs = programs.replace(", or members", " or members");
    let sentence = format!("Only for {programs} who are in one of the groups {ten}");
    assert_eq!(audience["explanation"], sentence);
}

/// What leaves that compare no number ask for, and what there is.
#[test]
fn unmet_texts_tell_what_is_wanted_and_what_there_is() {
    let brands =
        json!({"include": [{"field": "category", "op": "in", "values": ["Shoes", "Boots"]}]});
    let table = [
        (
            json!({"type": "item", "of": brands}),
            json!(["Shoes", "Boots"]),
            json!(["T-Shirts", "New"]),
        ),
        (json!({"type": "item", "of": {"include": []}, "found": false}), json!([]), json!(["TEE"])),
        (
            json!({"type": "payment_mode", "op": "in", "values": ["Card"]}),
            json!(["Card"]),
            json!(["cash", "UPI"]),
        ),
        (json!({"type": "gift_voucher", "values": ["GV-2"]}), json!(["GV-2"]), json!(["GV-1"])),
        (
            json!({"type": "shipping_method", "op": "in", "values": ["express"]}),
            json!(["express"]),
            json!(["slow"]),
        ),
        (
            json!({"type": "channel", "op": "not_in", "values": ["web"]}),
            json!(["web"]),
            json!(["web"]),
        ),
        (
            json!({"type": "customer_group", "op": "in", "values": ["staff"]}),
            json!(["staff"]),
            json!(["vip"]),
        ),
        (
            json!({"type": "customer_attribute", "key": "age", "op": "gte", "value": "18"}),
            json!(["18"]),
            json!(["17"]),
        ),
        (
            json!({"type": "customer_attribute", "key": "city", "op": "in", "values": ["Pune"]}),
            json!(["Pune"]),
            json!([]),
        ),
    ];
    for (conditions, wanted, actual) in table {
        let example = json!({
            "promotion": {"conditions": conditions},
            "request": {
                "channel": "web",
                "customer": {"id": "C-1", "groups": ["vip"], "attributes": {"age": "17"}},
                "cart": {
                    "lines": [
                        {"id": "1", "sku": "TEE", "quantity": 1, "unit_price": 1, "categories": ["T-Shirts"]},
                        {"id": "2", "sku": "TEE", "quantity": 1, "unit_price": 1, "categories": ["T-Shirts", "New"]},
                    ],
                    "tenders": [{"mode": "cash"}, {"mode": "UPI"}],
                    "gift_vouchers": ["GV-1"],
                    "shipping": {"method": "slow", "amount": "5"},
                },
            },
        });
        let result = evaluated(&example);
        let unmet = &offer(&result)["unmet"][0];
        assert_eq!((&unmet["wanted"], &unmet["actual"]), (&wanted, &actual), "{conditions}");
    }
}

/// The table as a document. `cargo test` compares it; `REASONS_WRITE=1 cargo test` writes it.
#[test]
fn the_document_has_every_example() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/REASONS.md");
    let printed = printed();
    if std::env::var_os("REASONS_WRITE").is_some() {
        std::fs::write(path, &printed).expect("the document is written");
    }
    let stored = std::fs::read_to_string(path).expect("the document");
    assert!(stored == printed, "docs/REASONS.md is not the table: write it with REASONS_WRITE=1");
}

fn printed() -> String {
    let mut text = String::from(INTRODUCTION);
    let examples = examples();
    for reason in ReasonCode::ALL {
        let _ = write!(
            text,
            "\n## `{}`\n\n| when | facts | explanation |\n|---|---|---|\n",
            reason.name()
        );
        for example in examples.iter().filter(|own| own["reason"] == reason.name()) {
            let cell = |name: &str| example[name].as_str().unwrap_or_default();
            let mut facts = example["facts"].clone();
            if let Some(by) = facts.get_mut("by") {
                *by = json!({"promotion_id": "…", "name": by.take()});
            }
            let (when, says) = (cell("when"), cell("explanation"));
            let _ = writeln!(text, "| {when} | `{facts}` | {says} |");
        }
    }
    text
}

const INTRODUCTION: &str = "\
# Reasons

Why promotions did not apply: for each reason the facts that an answer has, and the sentence that is made of them. The contract is
[SPEC.md](SPEC.md), section 15.8. A test makes this document of `tests/cases/reasons.json` and evaluates every row.

The cart of the examples has one unit of `TEE` at 100.00, on Wednesday 3 June 2026 at noon.
";
