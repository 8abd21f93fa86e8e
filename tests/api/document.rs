//! What of the OpenAPI document can be checked by itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::contract::{DOCUMENT, resolved};

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let mut places = BTreeSet::new();
    collect(&DOCUMENT, &mut |key, value| {
        if key == "$ref" {
            places.insert(value.as_str().expect("a place").to_owned());
        }
    });
    for place in &places {
        let pointer = place.strip_prefix('#').expect("a place of this document");
        assert!(DOCUMENT.pointer(pointer).is_some(), "{place} leads nowhere");
    }
    for name in DOCUMENT["components"]["schemas"].as_object().unwrap().keys() {
        let place = format!("#/components/schemas/{name}");
        assert!(places.contains(&place), "{name} is not used");
    }
}

#[test]
fn every_operation_has_an_id_a_tag_roles_and_a_description_of_all_it_names() {
    let mut ids = BTreeSet::new();
    let tags: BTreeSet<&str> = DOCUMENT["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id), "{id} is there twice");
            assert!(tags.contains(operation["tags"][0].as_str().expect("a tag")), "{id}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{id}");
            let is_open = operation["security"] == json!([{}]);
            assert!(is_open || operation["security"][0]["key"].is_array(), "{method} {path}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].is_string(), "{id}: {}", parameter["name"]);
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                let response = resolved(response);
                let is_refusal = status.starts_with(['4', '5']);
                assert!(!is_refusal || response["content"].is_object(), "{id}: {status}");
            }
        }
    }
}

/// Every property of a body says what it is, unless its schema does.
#[test]
fn every_field_is_described() {
    let mut missing = Vec::new();
    collect(&DOCUMENT["components"], &mut |key, value| {
        if key != "properties" {
            return;
        }
        for (name, own) in value.as_object().into_iter().flatten() {
            let says = ["description", "const", "$ref"].iter().any(|word| own.get(word).is_some());
            let says = says || own["type"] == "null" || own.get("enum").is_some();
            if !says && own["type"] != "object" && own["type"] != json!(["object", "null"]) {
                missing.push(format!("{name}: {own}"));
            }
        }
    });
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

fn collect<'v>(value: &'v Value, see: &mut impl FnMut(&'v str, &'v Value)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                see(key, member);
                collect(member, see);
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, see)),
        _ => {}
    }
}
