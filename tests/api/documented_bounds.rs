//! The bounds that the OpenAPI document names against those that the service keeps (spec 14): for every bound of every field
//! of every body, a value at it is not refused for it, and one beyond it is, at its place and with its code.
//!
//! Bodies are made from the schemas alone, and each has a field too much, so that none is ever done: all faults of a body are
//! reported at once, so that one more hides none.

use std::collections::BTreeSet;
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Map, Number, Value, json};
use support::contract::{self, DOCUMENT};
use support::harness::{OPERATOR, Service, cart, ten_percent};
use tokio::task::JoinSet;
use uuid::Uuid;

/// What says that a bound was passed.
const BOUNDS: [&str; 4] = ["out_of_range", "too_long", "too_many", "too_precise"];
/// Requests at the same time.
const AT_ONCE: usize = 4;
/// The field that no body has.
const POISON: &str = "zzz";

/// A body, and what is to be said of one place in it.
struct Probe {
    body: Value,
    pointer: String,
    bound: String,
    expected: Expected,
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    /// Nothing about a bound.
    Within,
    /// One of these codes.
    Refused(&'static [&'static str]),
    /// Whatever is wrong with it.
    Somehow,
}

/// The probes of one body.
#[derive(Default)]
struct Prober {
    root: Value,
    /// Parts that have been probed, in this body or another: each is read by the same reader everywhere.
    seen: BTreeSet<String>,
    probes: Vec<Probe>,
    /// Fields that the document leaves without a bound.
    unbounded: Vec<String>,
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        own => own.as_str().into_iter().collect(),
    }
}

/// The alternatives of a schema, but for null.
fn branches(schema: &'static Value) -> Vec<&'static Value> {
    let all = ["oneOf", "anyOf"].into_iter().find_map(|word| schema[word].as_array());
    let all = all.into_iter().flatten();
    all.filter(|own| own["type"] != "null").collect()
}

/// The least number that a schema allows.
fn least(schema: &Value) -> f64 {
    let step = schema["multipleOf"].as_f64().unwrap_or(1.0);
    let over = schema["exclusiveMinimum"].as_f64().map(|over| over + step);
    over.or(schema["minimum"].as_f64()).unwrap_or(0.0)
}

/// As a whole number where it is one.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 {
        return json!(value as i64);
    }
    Value::Number(Number::from_f64(value).expect("a number"))
}

/// What other fields of an object must say, so that a field goes with them.
fn companions(schema: &Value, name: &str) -> &'static [(&'static str, &'static str)] {
    let has = |field: &str| schema["properties"].get(field).is_some();
    match name {
        "key" if has("field") => &[("field", "attribute"), ("op", "eq"), ("value", "x")],
        "values" if has("value") => &[("op", "in")],
        "list" if has("field") => &[("field", "sku"), ("op", "in_list")],
        "milestone" if has("trigger") => &[("trigger", "milestone")],
        "days" if has("type") && schema["properties"]["days"]["type"] != "array" => {
            &[("type", "after_days")]
        }
        "options" => &[("type", "select")],
        _ => &[],
    }
}

/// A value that fits the schema; another for each number, where there are others.
fn sample(schema: &'static Value, index: usize) -> Value {
    let schema = contract::resolved(schema);
    if let Some(own) = schema.get("const") {
        return own.clone();
    }
    if let Some(all) = schema["enum"].as_array() {
        return all[index % all.len()].clone();
    }
    if let Some(branch) = branches(schema).last() {
        return sample(branch, index);
    }
    let kinds = types(schema);
    match kinds.iter().find(|kind| **kind != "null").copied() {
        Some("object") => {
            let mut made = Map::new();
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().expect("a name");
                made.insert(name.to_owned(), sample(&schema["properties"][name], index));
            }
            Value::Object(made)
        }
        Some("array") => {
            let count = schema["minItems"].as_u64().unwrap_or(0);
            (0..count as usize).map(|own| sample(&schema["items"], own)).collect()
        }
        Some("integer" | "number") => number(least(schema) + index as f64),
        Some("boolean") => json!(true),
        Some("string") => text(schema, index),
        _ => Value::Null,
    }
}

/// A text that fits the schema, by trying what texts there are in the contract.
fn text(schema: &'static Value, index: usize) -> Value {
    let validator = contract::validator(schema);
    let tried = [
        format!("name-{index}"),
        format!("NAME{index}"),
        Uuid::from_u128(index as u128 + 1).to_string(),
        "2026-06-01T00:00:00Z".to_owned(),
        "18:00".to_owned(),
        "INR".to_owned(),
        "Asia/Kolkata".to_owned(),
        format!("https://shop-{index}.example/"),
        "A-".to_owned(),
        (index + 1).to_string(),
    ];
    let mut fitting = tried.into_iter().map(Value::from).filter(|own| validator.is_valid(own));
    fitting.next().unwrap_or_else(|| panic!("no text for {schema}"))
}

impl Prober {
    fn probe(&mut self, pointer: &str, bound: &str, value: Value, expected: Expected) {
        let mut body = self.root.clone();
        if pointer.is_empty() {
            body = value;
        } else {
            *body.pointer_mut(pointer).expect("a place") = value;
        }
        match &mut body {
            Value::Object(fields) => {
                fields.insert(POISON.to_owned(), json!(1));
            }
            Value::Array(entries) if !pointer.is_empty() => entries[0][POISON] = json!(1),
            _ => {}
        }
        self.probes.push(Probe {
            body,
            pointer: pointer.to_owned(),
            bound: bound.to_owned(),
            expected,
        });
    }

    fn set(&mut self, pointer: &str, value: Value) {
        *self.root.pointer_mut(pointer).expect("a place") = value;
    }

    /// Probes whatever can stand at the place.
    fn walk(&mut self, pointer: &str, schema: &'static Value) {
        if let Some(name) = schema["$ref"].as_str()
            && !self.seen.insert(name.to_owned())
        {
            return;
        }
        let schema = contract::resolved(schema);
        let alternatives = branches(schema);
        let as_text = alternatives.iter().any(|own| own["type"] == "string");
        for branch in alternatives {
            self.set(pointer, sample(branch, 0));
            match types(branch).as_slice() {
                ["number"] => self.numbers(pointer, branch, as_text),
                // The texts of decimals, whose bounds are those of the number beside them.
                ["string"] if branch.get("pattern").is_some() => {}
                _ => self.walk(pointer, branch),
            }
        }
        for kind in types(schema) {
            match kind {
                "object" => self.object(pointer, schema),
                "array" => self.list(pointer, schema),
                "string" => self.texts(pointer, schema),
                "integer" | "number" => self.numbers(pointer, schema, false),
                _ => {}
            }
        }
    }

    fn object(&mut self, pointer: &str, schema: &'static Value) {
        let whole = sample(schema, 0);
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let mut with = whole.clone();
            with[name] = sample(field, 0);
            for (other, value) in companions(schema, name) {
                with[other] = (*value).into();
            }
            self.set(pointer, with);
            let name = name.replace('~', "~0").replace('/', "~1");
            self.walk(&format!("{pointer}/{name}"), field);
        }
        self.set(pointer, whole);
        if let Some(most) = schema["maxProperties"].as_u64() {
            for (count, expected) in
                [(most, Expected::Within), (most + 1, Expected::Refused(&["too_many"]))]
            {
                let fields = (0..count).map(|own| (format!("key-{own}"), json!("x")));
                self.probe(pointer, "maxProperties", Value::Object(fields.collect()), expected);
            }
        }
    }

    fn list(&mut self, pointer: &str, schema: &'static Value) {
        let list =
            |count: u64| (0..count as usize).map(|own| sample(&schema["items"], own)).collect();
        let codes: &[&str] = match contract::resolved(&schema["items"]) {
            // The set is too small for more.
            items if items.get("enum").is_some() => &["too_many", "not_unique"],
            // Exactly so many.
            _ if schema["maxItems"] == schema["minItems"] => &["out_of_range"],
            _ => &["too_many"],
        };
        match schema["maxItems"].as_u64() {
            // What does not belong here.
            Some(0) => return,
            // A million of them do not fit into a body.
            Some(1_000_000..) => {}
            Some(most) => {
                self.probe(pointer, "maxItems", list(most), Expected::Within);
                let more = list(most + 1);
                self.probe(pointer, "maxItems", more, Expected::Refused(codes));
            }
            None => self.unbounded.push(pointer.to_owned()),
        }
        if schema["minItems"].as_u64() > Some(0) {
            self.probe(pointer, "minItems", json!([]), Expected::Somehow);
        }
        self.set(pointer, list(schema["minItems"].as_u64().unwrap_or(1).max(1)));
        self.walk(&format!("{pointer}/0"), &schema["items"]);
    }

    fn texts(&mut self, pointer: &str, schema: &'static Value) {
        let is_closed = ["const", "enum", "format"].iter().any(|word| schema.get(word).is_some());
        let Some(most) = schema["maxLength"].as_u64() else {
            if !is_closed && schema.get("pattern").is_none() {
                self.unbounded.push(pointer.to_owned());
            }
            return;
        };
        // Characters are counted, not bytes, where any may stand. What has a form is malformed besides, or instead.
        let validator = contract::validator(schema);
        for (letter, codes) in [("é", &["too_long"][..]), ("A", &["too_long", "malformed"])] {
            let fits = Value::from(letter.repeat(most as usize));
            if validator.is_valid(&fits) {
                self.probe(pointer, "maxLength", fits, Expected::Within);
                let long = letter.repeat(most as usize + 1).into();
                self.probe(pointer, "maxLength", long, Expected::Refused(codes));
                break;
            }
        }
        if schema["minLength"].as_u64() > Some(0) {
            self.probe(pointer, "minLength", json!(""), Expected::Somehow);
        }
    }

    fn numbers(&mut self, pointer: &str, schema: &'static Value, as_text: bool) {
        let outside = Expected::Refused(&["out_of_range"]);
        // The contract has its own code for quantities of a benefit that are not over 0 (spec 5.4).
        let under = if pointer.contains("/benefit/") {
            Expected::Refused(&["out_of_range", "unsupported_combination"])
        } else {
            outside
        };
        // What it is compared with decides whether it may be a number.
        if let Some(bounds) = schema.get("x-or-number") {
            if let Some((whole, "value")) = pointer.rsplit_once('/') {
                let compared = self.root.pointer_mut(whole).expect("a place");
                compared["op"] = "gt".into();
                if compared.get("field").is_some() {
                    compared["field"] = "unit_price".into();
                }
                self.numbers(pointer, bounds, true);
            }
            return;
        }
        let (Some(most), Some(_)) = (
            schema["maximum"].as_f64(),
            schema["minimum"].as_f64().or(schema["exclusiveMinimum"].as_f64()),
        ) else {
            return self.unbounded.push(pointer.to_owned());
        };
        let below = schema["exclusiveMinimum"].as_f64();
        let below = below.unwrap_or(least(schema) - 1.0);
        let mut all = vec![
            ("maximum", most, Expected::Within),
            ("maximum", most + 1.0, outside),
            ("minimum", least(schema), Expected::Within),
            ("minimum", below, under),
        ];
        if let Some(step) = schema["multipleOf"].as_f64() {
            all.push(("multipleOf", 1.0 + step, Expected::Within));
            all.push(("multipleOf", 1.0 + step / 10.0, Expected::Refused(&["too_precise"])));
        }
        for (bound, value, expected) in all {
            let value = number(value);
            if as_text {
                self.probe(pointer, bound, value.to_string().into(), expected);
            }
            self.probe(pointer, bound, value, expected);
        }
    }
}

/// What is wrong with the answer.
fn judge(probe: &Probe, status: u16, faults: &[(String, String)]) -> Option<String> {
    let own = faults.iter().filter(|(pointer, _)| *pointer == probe.pointer);
    let own: Vec<&str> = own.map(|(_, code)| code.as_str()).collect();
    let inside = format!("{}/", probe.pointer);
    let twice =
        faults.iter().any(|(pointer, code)| pointer.starts_with(&inside) && code == "not_unique");
    let is_right = match probe.expected {
        Expected::Within => {
            !own.iter().any(|code| BOUNDS.contains(code)) && (status == 422 || status < 300)
        }
        Expected::Somehow => !own.is_empty(),
        Expected::Refused(codes) => {
            own.iter().any(|code| codes.contains(code)) || (twice && codes.contains(&"not_unique"))
        }
    };
    let text = |value: Option<&Value>| value.map_or("all".to_owned(), |own| own.to_string());
    let sent: String = text(probe.body.pointer(&probe.pointer)).chars().take(40).collect();
    (!is_right).then(|| {
        let (pointer, bound, expected) = (&probe.pointer, &probe.bound, probe.expected);
        let first = &faults[..faults.len().min(3)];
        format!(
            "{pointer}, {bound}: {sent} should be {expected:?}, is {own:?}; {status}: {first:?}"
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bound_of_the_document_is_the_one_that_is_kept() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let promotion = service.promotion(&tenant.admin, ten_percent("P")).await;
    let sale = json!({"transaction_id": "T", "request": cart()});
    let sale = service.post("/v1/redemptions", &tenant.pos, sale).await;
    let sale = sale.expect(201).id();
    let webhook = json!({"url": "https://crm.example/", "events": ["promotion.ended"]});
    service.put("/v1/webhooks/some", &tenant.admin, webhook).await.expect(201);
    let service = Arc::new(service);
    let (mut wrong, mut seen, mut count) = (Vec::new(), BTreeSet::new(), 0);
    for (template, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let operation = operation.as_object().unwrap();
            let Some(schema) = contract::request_schema(operation) else {
                continue;
            };
            let id = match template {
                own if own.starts_with("/v1/tenants") => tenant.id.as_str(),
                own if own.starts_with("/v1/promotions") => promotion.as_str(),
                _ => sale.as_str(),
            };
            let path = template.replace("{id}", id).replace("{name}", "some");
            let path = path.replace("{code}", "some").replace("{field}", "sku");
            let is_operators = operation["security"][0]["key"][0] == "operator";
            let key = if is_operators { OPERATOR } else { &tenant.admin };
            let mut prober = Prober {
                root: sample(schema, 0),
                seen: std::mem::take(&mut seen),
                ..Prober::default()
            };
            prober.walk("", schema);
            seen = prober.seen;
            let place = format!("{method} {template}");
            wrong.extend(prober.unbounded.iter().map(|own| format!("{place} {own} has no bound")));
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            let mut probes = prober.probes.into_iter();
            let mut asked = JoinSet::new();
            loop {
                while asked.len() < AT_ONCE
                    && let Some(probe) = probes.next()
                {
                    count += 1;
                    let (service, method) = (Arc::clone(&service), method.clone());
                    let (path, key) = (path.clone(), key.to_owned());
                    asked.spawn(async move {
                        let body = Some(probe.body.to_string());
                        let any = [("if-match", "*")];
                        let answer = service.send(method, &path, &key, body, &any).await;
                        judge(&probe, answer.status, &answer.faults())
                    });
                }
                match asked.join_next().await {
                    Some(judged) => {
                        wrong.extend(judged.unwrap().map(|own| format!("{place} {own}")))
                    }
                    None => break,
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 650, "{count} bodies");
}

/// What the document names is what the contract says (spec 4, 10, 11, 14).
#[test]
fn the_document_has_the_bounds_of_the_contract() {
    for (place, bound) in [
        ("CartInput/properties/lines/maxItems", 500),
        ("CartInput/properties/codes/maxItems", 20),
        ("CartInput/properties/tenders/maxItems", 20),
        ("CartInput/properties/gift_vouchers/maxItems", 20),
        ("LineInput/properties/quantity/anyOf/1/maximum", 1_000_000),
        ("LineInput/properties/unit_price/anyOf/1/maximum", 1_000_000_000),
        ("LineInput/properties/floor_price/anyOf/0/anyOf/1/maximum", 1_000_000_000),
        ("LineInput/properties/sku/maxLength", 255),
        ("LineInput/properties/categories/maxItems", 50),
        ("LineInput/properties/tags/maxItems", 50),
        ("LineInput/properties/attributes/maxProperties", 50),
        ("SelectorInput/properties/include/maxItems", 50),
        ("SelectorInput/properties/exclude/maxItems", 50),
        ("PredicateInput/properties/values/maxItems", 10_000),
        ("ScopeInput/properties/stores/maxItems", 10_000),
        ("ExpiryInput/properties/days/maximum", 3_650),
        ("PromotionInput/properties/name/maxLength", 255),
        ("PromotionInput/properties/description/maxLength", 2_000),
        ("PromotionInput/properties/message/maxLength", 2_000),
        ("PromotionInput/properties/sequence/maximum", 1_000_000_000),
        ("StackingInput/properties/tags/maxItems", 10),
        ("StackingInput/properties/not_with/maxItems", 10),
        ("PercentageStepsInput/properties/values/minItems", 2),
        ("PercentageStepsInput/properties/values/maxItems", 20),
        ("AmountStepsInput/properties/values/maxItems", 20),
        ("PriceStepsInput/properties/values/maxItems", 20),
        ("ProductListInput/properties/skus/maxItems", 200_000),
        ("BulkIssuanceInput/properties/customer_ids/maxItems", 10_000),
        ("CodesInput/properties/generate/properties/customer_ids/maxItems", 100_000),
        ("CodeInput/anyOf/0/properties/customer_id/maxLength", 255),
        ("SettingsInput/properties/custom_fields/maxItems", 50),
        ("SettingsInput/properties/max_discount_percent/anyOf/0/anyOf/1/maximum", 100),
        ("SettingsInput/properties/hold_seconds/minimum", 10),
        ("SettingsInput/properties/hold_seconds/maximum", 86_400),
    ] {
        let pointer = format!("/components/schemas/{place}");
        assert_eq!(DOCUMENT.pointer(&pointer), Some(&json!(bound)), "{place}");
    }
}
