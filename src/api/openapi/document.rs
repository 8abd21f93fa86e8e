//! Completes the document: the paths, the schemas and examples, and what follows from the shape of each operation.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::refusals::CODES;
use super::{components, examples};
use crate::api::extract::MAX_NAME;

/// What a caller should know before the first request.
const DESCRIPTION: &str = "\
Decides, for any shopping cart, which promotions apply and what every line then costs.

**Keys.** `Authorization: Bearer <key>`. A key belongs to one tenant and has one role: `admin`, `pos`, `issuer` or \
`viewer`; the operator's key manages tenants and keys. Each path lists the roles that may call it.

**Decimals** (money, quantities, percentages) are texts or numbers in requests, read exactly from their digits, and \
texts in answers. Amounts are in the currency of the cart, else the tenant's. **Times** are RFC 3339 with an offset; \
answers print UTC.

**Requests** have no unknown fields, query parameters or duplicate keys (422). A field that may be left out may be null \
too. Bodies have at most 1 MiB; stores, product lists, codes and bulk issues 16 MiB.

**Lists** take `limit` and `cursor`, and answer `{\"items\", \"next_cursor\"}` in a stable order.

**Errors** are problem documents (RFC 9457) with a stable `code` and, for a body or a query, every fault with its place. \
After a 503 `outcome_unknown`, or after no answer, the same request is repeated until it is answered; it takes effect once.";

const TAGS: [(&str, &str); 20] = [
    ("evaluation", "Price a cart without recording anything."),
    ("redemptions", "Price a cart, record it and count every limit; holds and returns."),
    ("promotions", "Promotions: conditions, benefit, limits and stacking, between two dates."),
    ("codes", "Codes, which unlock promotions of type `code_linked`."),
    ("issuances", "Promotions that single customers have."),
    ("customers", "What one customer has; merging and deleting customers."),
    ("activities", "What customers do, and what they earn by it."),
    ("milestones", "Targets that customers can reach."),
    ("settings", "How a tenant's carts are evaluated."),
    ("stores", "Stores with concept, zones and time zone."),
    ("product lists", "Named lists of SKUs."),
    ("vocabulary", "The names that a tenant uses, for drop-downs and findings."),
    ("backtests", "What past redemptions would have come to under changed rules."),
    ("stats", "What promotions gave, and what was taken back."),
    ("events", "Everything that happened, in order."),
    ("webhook endpoints", "Where events are sent."),
    ("audit", "Who changed what, and when."),
    ("keys", "A tenant's own keys."),
    ("tenants", "Tenants and their keys, managed by the operator."),
    ("health", "Whether the service works, its metrics, and this document."),
];

/// Statuses for faulty bodies. Operations without a body do not have them.
const OF_BODIES: [&str; 4] = ["400", "408", "413", "415"];
const KEY: &str =
    "A key of a tenant, or the operator's key. Each path lists the roles that may call it.";
const PROBLEM: &str = "application/problem+json";
const COMPONENTS: &str = "#/components/schemas/";

/// Makes one document from the paths.
pub fn finish(paths: &utoipa::openapi::OpenApi) -> Value {
    // INVARIANT: the document is made of maps with text keys, which always serialize.
    let mut document = serde_json::to_value(paths).unwrap_or_default();
    document["info"] = json!({
        "title": "Promotion engine",
        "description": DESCRIPTION,
        "license": {"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")},
        "version": env!("CARGO_PKG_VERSION"),
    });
    let mut shared = Map::new();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            finish_operation(path, operation, &mut shared);
        }
    }
    document["components"] = json!({
        "schemas": components::all(),
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": KEY}},
        "responses": shared,
    });
    let tag = |(name, says): (&str, &str)| json!({"name": name, "description": says});
    document["tags"] = TAGS.map(tag).to_vec().into();
    document
}

/// Completes an operation. Its refusals go to `shared`, because many operations have the same ones.
fn finish_operation(path: &str, operation: &mut Value, shared: &mut Map<String, Value>) {
    let has_body = operation.get("requestBody").is_some();
    let names_one = path.contains('{');
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        responses.retain(|status, _| {
            (names_one || status != "404") && (has_body || !OF_BODIES.contains(&status.as_str()))
        });
        for (status, response) in responses {
            if let Some(name) = finish_response(status, response) {
                let place = format!("#/components/responses/{name}");
                shared.insert(name, response.take());
                *response = json!({"$ref": place});
            }
        }
    }
    for parameter in
        operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten()
    {
        bound_name(parameter);
    }
    if let Some(body) = operation.get_mut("requestBody") {
        // A body that has no content is optional.
        let schema = body.pointer("/content/application~1json").and_then(schema_of);
        body["required"] = (schema != Some("Nothing")).into();
    }
    if let Some(content) = operation.pointer_mut("/requestBody/content") {
        add_examples(path, content);
    }
    tell_roles(operation);
}

/// Sets the length of a text in a path, unless it has a schema of its own.
fn bound_name(parameter: &mut Value) {
    let is_name = parameter["in"] == "path" && parameter["schema"] == json!({"type": "string"});
    if is_name {
        parameter["schema"] = json!({"type": "string", "minLength": 1, "maxLength": MAX_NAME});
    }
}

/// Adds the roles to the description, where people read it.
fn tell_roles(operation: &mut Value) {
    let roles = operation.pointer("/security/0/key").and_then(Value::as_array);
    let Some(roles) = roles else { return };
    let roles: Vec<String> =
        roles.iter().filter_map(Value::as_str).map(|role| format!("`{role}`")).collect();
    let roles = format!("Roles: {}.", roles.join(", "));
    let described = operation.get("description").and_then(Value::as_str);
    let described = described.map_or_else(|| roles.clone(), |text| format!("{text}\n\n{roles}"));
    operation["description"] = described.into();
}

/// Completes a response. A refusal returns the name under which operations share it.
fn finish_response(status: &str, response: &mut Value) -> Option<String> {
    let mut headers = vec![(
        "x-request-id",
        "The request's own id, or a new one; the logs carry it too.",
        json!({"type": "string"}),
    )];
    match status {
        "401" => headers.push(("www-authenticate", "`Bearer`.", json!({"type": "string"}))),
        "429" | "503" => {
            headers.push(("retry-after", "Seconds.", json!({"type": "integer", "minimum": 0})))
        }
        _ => {}
    }
    let name = response.pointer("/content/application~1json").and_then(schema_of);
    let is_health = name.is_some();
    if let Some("Promotion" | "Settings") = name {
        response["headers"]["etag"] =
            json!({"description": "The version, for `If-Match`.", "schema": {"type": "string"}});
    }
    for (name, says, schema) in headers {
        let required = name != "retry-after" || !is_health;
        response["headers"][name] =
            json!({"description": says, "required": required, "schema": schema});
    }
    if let Some(content) = response.get_mut("content") {
        add_examples("", content);
    }
    let codes = response.get(CODES)?.as_array()?.clone();
    let codes: Vec<&str> = codes.iter().filter_map(Value::as_str).collect();
    let says = response["description"].as_str().unwrap_or_default().to_owned();
    let found = examples::of("Problem").filter(|_| status == "422");
    response["content"] = json!({PROBLEM: {
        "schema": {"$ref": format!("{COMPONENTS}Problem")},
        "examples": found.or_else(|| Some(problem_example(status, codes.first()?, &says))),
    }});
    response["description"] = format!("`{}`: {says}", codes.join("`, `")).into();
    Some(format!("{status}.{}", codes.join(".")))
}

/// An example of a problem document with this status and code.
fn problem_example(status: &str, code: &str, says: &str) -> Value {
    let title =
        StatusCode::from_bytes(status.as_bytes()).ok().and_then(|own| own.canonical_reason());
    let status: u16 = status.parse().unwrap_or_default();
    json!({code: {"value": {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": says,
        "code": code,
        "request_id": "01a20307-78a5-73e4-9369-69c62ecf854f",
        "errors": [],
    }}})
}

/// The name of a body's schema.
fn schema_of(body: &Value) -> Option<&str> {
    body.pointer("/schema/$ref")?.as_str()?.strip_prefix(COMPONENTS)
}

/// Adds the examples of each schema to the bodies that use it.
fn add_examples(path: &str, content: &mut Value) {
    for (media, body) in content.as_object_mut().into_iter().flatten() {
        let name = schema_of(body);
        let found =
            if media == "text/csv" { examples::of(path) } else { name.and_then(examples::of) };
        if let Some(found) = found {
            body["examples"] = found;
        }
        if media == "text/csv" {
            body["schema"] = json!({"type": "string", "contentMediaType": "text/csv"});
        }
    }
}
