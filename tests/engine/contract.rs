//! The examples of the contract say nothing that no case proves.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::expect;

const CONTRACT: &str = include_str!("../../docs/SPEC.md");

/// Each line of an example that says a result, by the name of its case: the example's number, then the line's first
/// column (`7.3-1 unit_stacking`). Columns are two spaces apart. The other lines say the cart and its promotions.
fn results() -> BTreeMap<String, String> {
    let mut results = BTreeMap::new();
    for example in CONTRACT.split("```text").skip(1) {
        let (number, text) = example.split_once('\n').expect("a number");
        let (text, _) = text.split_once("\n```").expect("an end");
        let text = text.replace("\n         ", " ");
        for line in text.lines().filter(|line| !line.is_empty()) {
            let columns = line.split("  ").map(str::trim).filter(|column| !column.is_empty());
            let columns: Vec<&str> = columns.collect();
            match columns[..] {
                ["cart", ..] => {}
                [promotion, _] if is_promotion(promotion) => {}
                [label, .., result] => {
                    let name = format!("{} {label}", number.trim());
                    let earlier = results.insert(name, result.to_owned());
                    assert_eq!(earlier, None, "twice in {number}: {label}");
                }
                _ => panic!("{number}: not of the form of an example: {line}"),
            }
        }
    }
    results
}

/// Promotions of examples are named A, B, C.
fn is_promotion(word: &str) -> bool {
    word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_amount(figure: &str) -> bool {
    figure.split_once('.').is_some_and(|(_, decimals)| decimals.len() >= 2)
}

/// The figures and reasons in which a line and the expectation of its case differ. Figures are amounts, and `n = 2`.
fn differences(result: &str, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let all = expected.to_string();
    let mut before = "";
    for word in result.split_whitespace() {
        let figure = word.trim_matches(|own: char| !own.is_ascii_digit()).replace(',', "");
        let is_expected = match before {
            "=" => members(&expected["times"]).any(|times| times.as_u64() == figure.parse().ok()),
            _ if !is_amount(&figure) => true,
            promotion if is_promotion(promotion) => expected["discounts"][promotion] == figure,
            _ => all.contains(&format!("\"{figure}\"")),
        };
        if !is_expected {
            found.push(format!("{before} {word}: not expected"));
        }
        before = word;
    }
    for reason in members(&expected["not_applied"]).filter_map(Value::as_str) {
        if !result.contains(reason) {
            found.push(format!("{reason}: not told"));
        }
    }
    found
}

fn members(object: &Value) -> impl Iterator<Item = &Value> {
    object.as_object().into_iter().flat_map(|members| members.values())
}

/// The cases of the contract by their names.
fn cases() -> BTreeMap<String, Value> {
    let named = |case: Value| (case["name"].as_str().expect("a name").to_owned(), case);
    expect::contract().into_iter().map(named).collect()
}

#[test]
fn every_result_of_an_example_is_what_its_case_expects() {
    let (results, cases) = (results(), cases());
    assert_eq!(cases.len(), expect::contract().len(), "a name is there twice");
    let mut faults = Vec::new();
    for (name, result) in &results {
        match cases.get(name) {
            Some(case) => {
                let found = differences(result, &case["expect"]);
                faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
            }
            None => faults.push(format!("{name}: no case proves it")),
        }
    }
    let untold = cases.keys().filter(|name| !results.contains_key(*name));
    faults.extend(untold.map(|name| format!("{name}: no example says it")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_figure_that_is_not_expected_is_found() {
    let expected = json!({
        "discounts": {"A": "10.00", "B": "1000.00"}, "times": {"A": 2},
        "not_applied": {"C": "units_taken"},
    });
    let right = "n = 2: A 10.00 on 1.5 units, B 1,000.00 (10.00 before); C: units_taken";
    assert_eq!(differences(right, &expected), [""; 0]);
    for (told, other) in [
        ("n = 2", "n = 10"),
        ("A 10.00", "A 1,000.00"),
        ("(10.00", "(10.01"),
        ("units_taken", "no_benefit"),
    ] {
        assert_eq!(differences(&right.replace(told, other), &expected).len(), 1, "{other}");
    }
}

/// Section 7 shows the document of its first example.
#[test]
fn the_document_that_is_shown_is_that_of_the_first_example() {
    let (_, section) = CONTRACT.split_once("\n## 7. ").expect("section 7");
    let (_, shown) = section.split_once("```json\n").expect("a document");
    let (shown, _) = shown.split_once("```").expect("its end");
    let mut shown: Value = serde_json::from_str(shown).expect("JSON");
    let first = expect::document(&cases()["7-1 result"]);
    shown["request"]["at"] = first["request"]["at"].clone();
    assert_eq!(shown, first);
}
