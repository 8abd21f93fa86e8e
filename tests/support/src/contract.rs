//! The OpenAPI document against the service: whatever an API test sends and gets is checked here, so that every test is
//! one of the document too.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

/// What was sent, and what came back.
pub struct Exchange<'e> {
    pub method: &'e str,
    pub target: &'e str,
    pub media: &'e str,
    pub body: Option<&'e str>,
    pub status: u16,
    pub headers: &'e HeaderMap,
    pub text: &'e str,
}

/// The document as it is served.
pub static SERVED: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(&promotion_engine::api::openapi_document()).expect("the document")
});

/// The same with everything written out that it says in words, for the sake of generators.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = SERVED.clone();
    write_out(&mut document["components"]["schemas"]);
    document
});

/// Writes out three things: requests may have numbers for decimals, within the bounds of the field, and texts for codes
/// without a customer; and answers have no field that is not described.
fn write_out(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(write_out);
            if let Some(Value::Object(bounds)) = members.remove("x-decimal") {
                let mut number = bounds;
                number.insert("type".to_owned(), "number".into());
                let description = members.remove("description");
                let text = Value::Object(std::mem::take(members));
                members.insert("anyOf".to_owned(), json!([text, number]));
                members.extend(description.map(|says| ("description".to_owned(), says)));
            }
            if let Some(text) = members.remove("x-or-text") {
                let object = Value::Object(std::mem::take(members));
                members.insert("anyOf".to_owned(), json!([object, text]));
            }
            if members.contains_key("x-or-number") {
                members.insert("type".to_owned(), json!(["string", "number", "null"]));
            }
            if members.get("type") == Some(&json!("object")) && members.contains_key("properties") {
                members.entry("additionalProperties").or_insert_with(|| false.into());
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(write_out),
        _ => {}
    }
}

/// A body without the fields that are null, which is the same as leaving them out.
fn without_nulls(body: &mut Value) {
    match body {
        Value::Object(members) => {
            members.retain(|_, own| !own.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(entries) => entries.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// The validator of a schema of the document, made once.
pub fn validator(schema: &Value) -> Arc<Validator> {
    let key = schema.to_string();
    let known = VALIDATORS.lock().expect("the validators").get(&key).cloned();
    known.unwrap_or_else(|| {
        let mut whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [schema],
        });
        if key.contains("\"$ref\"") {
            whole["components"] = DOCUMENT["components"].clone();
        }
        let made = jsonschema::options()
            .should_validate_formats(true)
            .build(&whole)
            .unwrap_or_else(|error| panic!("{schema} is no schema: {error}"));
        let made = Arc::new(made);
        let mut all = VALIDATORS.lock().expect("the validators");
        all.insert(key, Arc::clone(&made));
        made
    })
}

/// The operation of the document that a request meets, if any: a path of more plain words goes first.
pub fn operation(
    method: &str,
    target: &str,
) -> Option<(&'static str, &'static Map<String, Value>)> {
    let path = target.split('?').next().unwrap_or_default();
    let words: Vec<&str> = path.split('/').collect();
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        let same = |(part, word): (&&str, &&str)| {
            part == word || (part.starts_with('{') && !word.is_empty())
        };
        parts.len() == words.len() && parts.iter().zip(&words).all(same)
    };
    let found = paths
        .iter()
        .filter(|(template, item)| fits(template) && item.get(method).is_some())
        .min_by_key(|(template, _)| template.matches('{').count());
    found.map(|(template, item)| {
        (template.as_str(), item[method].as_object().expect("an operation"))
    })
}

/// Fails where the exchange is not as the document says.
#[track_caller]
pub fn check(exchange: &Exchange<'_>) {
    let method = exchange.method.to_ascii_lowercase();
    let Some((template, operation)) = operation(&method, exchange.target) else {
        let known = [400, 404, 405, 408, 413, 431, 503];
        // Files of pages are no part of the API.
        let is_asset = exchange.target == "/"
            || ["/docs/", "/console"].iter().any(|page| exchange.target.starts_with(page));
        let is_of_browsers = ["options", "head", "trace", "connect"].contains(&method.as_str());
        assert!(
            is_asset || is_of_browsers || known.contains(&exchange.status),
            "{method} {} answers {} and is not in the document",
            exchange.target,
            exchange.status
        );
        return;
    };
    let place = format!("{method} {template}, answered with {}", exchange.status);
    let response = operation["responses"]
        .get(exchange.status.to_string())
        .unwrap_or_else(|| panic!("{place}: the document has no such status. {}", exchange.text));
    check_answer(&place, resolved(response), exchange);
    if (200..300).contains(&exchange.status) {
        check_query(&place, operation, exchange.target);
    }
    let is_json = exchange.media.starts_with("application/json");
    if let (true, Some(body), Some(schema)) = (is_json, exchange.body, request_schema(operation)) {
        check_request(&place, schema, body, exchange);
    }
}

/// What a reference leads to.
pub fn resolved(own: &'static Value) -> &'static Value {
    let place = own.get("$ref").and_then(Value::as_str);
    place.map_or(own, |place| {
        DOCUMENT.pointer(place.trim_start_matches('#')).expect("a place of this document")
    })
}

fn check_answer(place: &str, response: &Value, exchange: &Exchange<'_>) {
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let value = exchange.headers.get(name).map(|value| value.to_str().expect("text"));
        assert!(
            value.is_some() || header["required"] != true,
            "{place}: the header {name} is missing"
        );
    }
    let media =
        exchange.headers.get("content-type").map_or("", |media| media.to_str().expect("text"));
    let media = media.split(';').next().unwrap_or_default();
    let Some(content) = response.get("content").and_then(Value::as_object) else {
        assert!(
            exchange.text.is_empty(),
            "{place}: the document has no content, but it has: {}",
            exchange.text
        );
        return;
    };
    let body =
        content.get(media).unwrap_or_else(|| panic!("{place}: the document has no {media:?}"));
    if !media.ends_with("json") {
        return;
    }
    let value: Value = serde_json::from_str(exchange.text).expect("JSON");
    if let Some(codes) = response.get("x-codes").and_then(Value::as_array) {
        assert!(codes.contains(&value["code"]), "{place}: its code is another: {value}");
        assert_eq!(value["status"], exchange.status, "{place}");
    }
    let validator = validator(&body["schema"]);
    let faults: Vec<String> = validator
        .iter_errors(&value)
        .take(5)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(
        faults.is_empty(),
        "{place} is not as documented: {}\n{}",
        faults.join("\n"),
        exchange.text
    );
}

fn check_query(place: &str, operation: &Map<String, Value>, target: &str) {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let known = operation.get("parameters").and_then(Value::as_array);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        let is_known =
            known.into_iter().flatten().any(|own| own["in"] == "query" && own["name"] == name);
        assert!(is_known, "{place}: the document has no parameter {name}");
    }
}

/// The schema of a JSON body.
pub fn request_schema(operation: &Map<String, Value>) -> Option<&Value> {
    operation.get("requestBody")?.pointer("/content/application~1json/schema")
}

/// A body that was taken fits the schema; one that was refused for its form does not, where a schema can say so.
fn check_request(place: &str, schema: &Value, body: &str, exchange: &Exchange<'_>) {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return;
    };
    without_nulls(&mut value);
    let validator = validator(schema);
    if (200..300).contains(&exchange.status) {
        let faults: Vec<String> = validator
            .iter_errors(&value)
            .take(5)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(
            faults.is_empty(),
            "{place}: the document refuses what the service takes: {}\n{body}",
            faults.join("\n")
        );
    } else if exchange.status == 422
        && !exchange.target.contains('?')
        && is_of_form(exchange.text, &value)
    {
        assert!(
            !validator.is_valid(&value),
            "{place}: the document takes what the service refuses for its form:\n{body}\n{}",
            exchange.text
        );
    }
}

/// Whether a refusal has a fault that a schema can see.
fn is_of_form(problem: &str, body: &Value) -> bool {
    let problem: Value = serde_json::from_str(problem).expect("a problem document");
    let faults = problem["errors"].as_array().expect("faults");
    faults.iter().any(|fault| {
        let code = fault["code"].as_str().unwrap_or_default();
        let pointer = fault["pointer"].as_str().unwrap_or_default();
        // A tenant's own fields, what hangs on another field, and a parameter of the query.
        let hangs = pointer.contains("/custom_fields")
            || (code == "required" && pointer == "/key")
            || pointer == "/earning"
            || pointer == "/generate/prefix"
            || (code == "required" && goes_with_others(pointer, body))
            || (code == "wrong_type" && is_compared(pointer, body));
        ["unknown_field", "wrong_type", "required", "too_long"].contains(&code) && !hangs
    })
}

/// Whether a field is needed or not by what another field says.
fn goes_with_others(pointer: &str, body: &Value) -> bool {
    let Some((place, field)) = pointer.rsplit_once('/') else {
        return false;
    };
    let own = body.pointer(place).unwrap_or(&Value::Null);
    match field {
        "key" | "list" => own.get("field").is_some(),
        // A benefit has a value or steps.
        "value" if place.ends_with("/benefit") => true,
        "value" | "values" => is_test(own),
        "activity" | "milestone" => own.get("trigger").is_some(),
        "days" => place.ends_with("/expiry"),
        "options" => place.starts_with("/custom_fields/"),
        // Of an activity; of codes.
        "cart" => place.is_empty() && own.get("type").is_some(),
        "codes" | "generate" => place.is_empty(),
        "count" => place == "/generate",
        _ => false,
    }
}

/// Whether a value is a text or a decimal by the field and the operator beside it.
fn is_compared(pointer: &str, body: &Value) -> bool {
    let place = pointer.rsplit_once("/values/").or(pointer.rsplit_once("/value"));
    place.and_then(|(place, _)| body.pointer(place)).is_some_and(is_test)
}

/// A predicate, or a test of an attribute.
fn is_test(own: &Value) -> bool {
    own.get("field").is_some() || own["type"] == "customer_attribute"
}
