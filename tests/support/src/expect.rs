//! Compares evaluation results: with what a worked cart expects, and with one another.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// All cases: the worked carts, and the examples of the contract.
pub fn cases() -> Vec<Value> {
    let examples = read(include_str!("../../cases/examples.json"));
    [examples, read(include_str!("../../cases/terms.json")), contract()].concat()
}

/// A case for each result in the examples of `docs/SPEC.md`.
pub fn contract() -> Vec<Value> {
    read(include_str!("../../cases/contract.json"))
}

fn read(cases: &str) -> Vec<Value> {
    serde_json::from_str(cases).expect("cases are JSON")
}

/// The document of a case: everything but its name, source and expectation, with every reason asked for.
pub fn document(case: &Value) -> Value {
    let mut document = case.clone();
    if let Some(members) = document.as_object_mut() {
        members.retain(|name, _| !matches!(name.as_str(), "name" | "source" | "expect"));
        members["request"]["explain"] = Value::from("all");
    }
    document
}

/// Does the result show all that the case's `expect` names? What it does not name is not compared.
///
/// # Errors
/// Says everything that differs, a line each.
pub fn check(case: &Value, result: &Value) -> Result<(), String> {
    let mut faults = Vec::new();
    let expected = case["expect"].as_object().expect("an expectation");
    for (key, wanted) in expected {
        let found = match key.as_str() {
            "error" => error_fault(wanted, result),
            "lines" => differs(key, wanted, &discounts_of_lines(result)),
            "applied" => differs(key, wanted, &names(&result["applied"])),
            "discounts" => each_differs(key, wanted, &by_name(&result["applied"], "discount")),
            "times" => each_differs(key, wanted, &by_name(&result["applied"], "times")),
            "steps" => each_differs(key, wanted, &by_name(&result["applied"], "step")),
            "allocations" => lacks(key, wanted, &allocations(result)),
            "unmet" => lacks(key, wanted, &by_name(&result["not_applied"], "unmet")),
            "not_applied" => each_differs(key, wanted, &by_name(&result["not_applied"], "reason")),
            "alternatives" => {
                let found = by_name(&result["not_applied"], "alternative_discount");
                each_differs(key, wanted, &found)
            }
            "points" => differs(key, wanted, &points(result)),
            "free_items" => differs(key, wanted, &free_items(result)),
            "codes" => each_differs(key, wanted, &codes(result)),
            "suggestions" if wanted.is_object() => {
                differs(key, wanted, &by_name(&result["suggestions"], "shortfall"))
            }
            "suggestions" => lacks(key, wanted, &result["suggestions"]),
            "optimality" => differs(key, wanted, &result["optimality"]),
            "source" => None,
            _ => differs(key, wanted, &result["totals"][key]),
        };
        faults.extend(found);
    }
    if faults.is_empty() { Ok(()) } else { Err(format!("{}: {}", case["name"], faults.join("\n"))) }
}

fn differs(key: &str, wanted: &Value, found: &Value) -> Option<String> {
    let subset = |wanted: &Map<String, Value>| {
        let mut members = wanted.iter();
        members.all(|(name, value)| found.get(name).is_some_and(|it| same(value, it)))
    };
    let fits = match wanted {
        Value::Object(wanted) if key == "lines" => subset(wanted),
        _ => same(wanted, found),
    };
    (!fits).then(|| format!("{key}: expected {wanted}, found {found}"))
}

/// Compares only the members that are named.
fn each_differs(key: &str, wanted: &Value, found: &Value) -> Option<String> {
    let mut members = wanted.as_object().into_iter().flatten();
    let fits = members.all(|(name, value)| found.get(name).is_some_and(|it| same(value, it)));
    (!fits).then(|| format!("{key}: expected {wanted}, found {found}"))
}

/// Compares only the members that are named, at every depth.
fn lacks(key: &str, wanted: &Value, found: &Value) -> Option<String> {
    (!has_all(found, wanted)).then(|| format!("{key}: expected {wanted}, found {found}"))
}

fn has_all(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| found.get(name).is_some_and(|it| has_all(it, value)))
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| has_all(a, b))
        }
        _ => same(found, wanted),
    }
}

/// A refused document: the problem's status and code, and the codes of its faults.
fn error_fault(wanted: &Value, result: &Value) -> Option<String> {
    let found: BTreeSet<&str> = result["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["code"].as_str())
        .collect();
    let codes = wanted["error_codes"].as_array().into_iter().flatten();
    let wanted_codes: BTreeSet<&str> = codes.filter_map(Value::as_str).collect();
    let fits = ["status", "code"]
        .iter()
        .all(|key| wanted.get(key).is_none_or(|it| same(it, &result[key])))
        && (wanted_codes.is_empty() || wanted_codes == found);
    (!fits).then(|| format!("error: expected {wanted}, found {result}"))
}

fn entries(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn object(members: impl Iterator<Item = (String, Value)>) -> Value {
    Value::Object(members.collect())
}

fn name_of(entry: &Value, key: &str) -> String {
    entry[key].as_str().unwrap_or_default().to_owned()
}

fn names(list: &Value) -> Value {
    entries(list).map(|entry| entry["name"].clone()).collect()
}

fn by_name(list: &Value, key: &str) -> Value {
    object(entries(list).map(|entry| (name_of(entry, "name"), entry[key].clone())))
}

fn discounts_of_lines(result: &Value) -> Value {
    let lines = entries(&result["lines"]);
    object(lines.map(|line| (name_of(line, "id"), line["discount"].clone())))
}

/// What each promotion took off each line.
fn allocations(result: &Value) -> Value {
    let name = |id: &Value| {
        let by = entries(&result["applied"]).find(|applied| applied["promotion_id"] == *id);
        by.map(|applied| name_of(applied, "name")).unwrap_or_default()
    };
    let of_line = |line: &Value| {
        let own = entries(&line["allocations"]);
        object(own.map(|own| (name(&own["promotion_id"]), own["amount"].clone())))
    };
    object(entries(&result["lines"]).map(|line| (name_of(line, "id"), of_line(line))))
}

/// The points of all promotions together; worked carts give them to one.
fn points(result: &Value) -> Value {
    let given = entries(&result["applied"]).map(|entry| &entry["points"]);
    let mut given = given.filter(|points| !same(points, &Value::from("0")));
    match (given.next(), given.next()) {
        (None, _) => Value::from("0"),
        (Some(points), None) => points.clone(),
        (Some(_), Some(_)) => Value::from("points of several promotions"),
    }
}

fn free_items(result: &Value) -> Value {
    let keep = |entry: &Value| {
        object(["sku", "quantity"].into_iter().map(|key| (key.to_owned(), entry[key].clone())))
    };
    entries(&result["free_items"]).map(keep).collect()
}

/// Each code's status, with the reason behind it where there is one.
fn codes(result: &Value) -> Value {
    let status = |entry: &Value| match entry["reason"].as_str() {
        Some(reason) => Value::from(format!("{} {reason}", name_of(entry, "status"))),
        None => entry["status"].clone(),
    };
    let codes = entries(&result["codes"]);
    object(codes.map(|entry| (name_of(entry, "code"), status(entry))))
}

/// The first difference between two evaluation results, or none. Decimals are compared as numbers, a
/// member that is null is the same as none, and `not_applied` is compared without regard to order.
/// `evaluated_at`, `ruleset_version` and `explanation` are not compared.
pub fn difference(expected: &Value, actual: &Value) -> Option<String> {
    difference_at("", expected, actual)
}

fn difference_at(path: &str, expected: &Value, actual: &Value) -> Option<String> {
    match (expected, actual) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let is_compared = |key: &&&String| {
                !matches!(key.as_str(), "evaluated_at" | "ruleset_version" | "explanation")
            };
            keys.iter().filter(is_compared).find_map(|key| {
                let inner = format!("{path}/{key}");
                let of = |map: &Map<String, Value>| map.get(*key).cloned().unwrap_or_default();
                difference_at(&inner, &of(a), &of(b))
            })
        }
        (Value::Array(a), Value::Array(b)) if path == "/not_applied" => {
            let keyed = |list: &[Value]| -> BTreeMap<String, Value> {
                let pair = |it: &Value| (name_of(it, "promotion_id"), it.clone());
                list.iter().map(pair).collect()
            };
            let (a, b) = (keyed(a), keyed(b));
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            keys.into_iter().find_map(|key| {
                let of = |map: &BTreeMap<String, Value>| map.get(key).cloned().unwrap_or_default();
                difference_at(&format!("{path}[{key}]"), &of(&a), &of(&b))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => (0..a.len())
            .find_map(|place| difference_at(&format!("{path}/{place}"), &a[place], &b[place])),
        _ => (!same(expected, actual))
            .then(|| format!("{path}: expected {expected}, found {actual}")),
    }
}

/// Equal, decimals as numbers: "3" is "3.00" is 3.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, it)| b.get(key).is_some_and(|o| same(it, o)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        _ => match (digits(a), digits(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        },
    }
}

/// A decimal without what does not matter in it: leading and trailing zeros.
fn digits(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (sign, plain) = match text.strip_prefix('-') {
        Some(plain) => ("-", plain),
        None => ("", text.as_str()),
    };
    let (before, after) = plain.split_once('.').unwrap_or((plain, ""));
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if before.is_empty() || !is_plain(before) || !is_plain(after) {
        return None;
    }
    let (before, after) = (before.trim_start_matches('0'), after.trim_end_matches('0'));
    let sign = if before.is_empty() && after.is_empty() { "" } else { sign };
    Some(format!("{sign}{before}.{after}"))
}
