//! What of the OpenAPI document can be checked by itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::contract::{SERVED as DOCUMENT, resolved};

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

/// What generators of clients stumble over: `.ci/clients` runs them, which takes minutes.
#[test]
fn nothing_is_written_that_generators_cannot_read() {
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    let mut wrong = Vec::new();
    for (name, schema) in schemas {
        if name.starts_with("New") {
            wrong.push(format!("{name} is what Go calls a constructor"));
        }
        if schema["type"] == "string" && schema.get("enum").is_none() && name != "Decimal" {
            wrong.push(format!("{name} is a text"));
        }
        collect(schema, &mut |key, value| {
            let place = format!("{name}: {key}: {value}");
            match key {
                "default" => wrong.push(format!("{place} makes the field required")),
                "oneOf" => wrong.extend((!schema["discriminator"].is_object()).then_some(place)),
                "anyOf" => {
                    let [_, null] = value.as_array().expect("schemas").as_slice() else {
                        return wrong.push(place);
                    };
                    wrong.extend((null["type"] != "null").then_some(place));
                }
                "properties" => {
                    let fields = value.as_object().into_iter().flatten();
                    let nulls = fields.filter(|(_, own)| own["type"] == "null");
                    wrong.extend(nulls.map(|(field, _)| format!("{name}: {field} is null")));
                }
                "type" => {
                    let kinds = value.as_array().into_iter().flatten();
                    let others = kinds.filter(|kind| *kind != "null").count();
                    wrong.extend((others > 1).then_some(place));
                }
                "mapping" => {
                    for place in value.as_object().into_iter().flatten().map(|(_, place)| place) {
                        let pointer = place.as_str().expect("a place").trim_start_matches('#');
                        let part = DOCUMENT.pointer(pointer).expect("a part");
                        wrong
                            .extend((part["type"] != "object").then(|| format!("{name}: {place}")));
                    }
                }
                _ => {}
            }
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(DOCUMENT.get("webhooks").is_none(), "the Python generator cannot read them");
}
