//! The engine against the naive evaluator, on random documents.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::{evaluate, expect, for_each_seed, generate, oracle};

#[test]
fn the_engine_agrees_with_the_naive_evaluator() {
    let counts = Mutex::new(BTreeMap::new());
    for_each_seed(|seed| {
        let document = generate::document(seed);
        let expected = oracle::evaluate(&document);
        let mut actual = evaluate(&document);
        name_promotions_by_place(&mut actual);
        let mut counts = counts.lock().expect("no panic while counting");
        generate::census(&actual, &document, &mut counts);
        drop(counts);
        match expect::difference(&expected, &actual) {
            None => Ok(()),
            Some(difference) => {
                if crate::documents() == 1 {
                    println!("{document:#}\nexpected: {expected:#}\nactual: {actual:#}");
                }
                Err(difference)
            }
        }
    });
    let counts = counts.into_inner().expect("no panic while counting");
    for (what, count) in &counts {
        println!("{count:>9} {what}");
    }
    if crate::documents() >= 5_000 {
        for what in generate::REACHED {
            assert!(counts.contains_key(*what), "no document reached: {what}");
        }
    }
}

/// A promotion without an id gets its place in the list as a UUID; the naive evaluator prints the
/// place itself.
pub fn name_promotions_by_place(result: &mut serde_json::Value) {
    match result {
        serde_json::Value::Object(members) => {
            for (key, value) in members {
                if key == "promotion_id" {
                    let id = value
                        .as_str()
                        .and_then(|text| uuid::Uuid::parse_str(text).ok());
                    *value = id.map(|id| id.as_u128().to_string()).into();
                } else {
                    name_promotions_by_place(value);
                }
            }
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(name_promotions_by_place),
        _ => {}
    }
}
