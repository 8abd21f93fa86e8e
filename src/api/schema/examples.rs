//! Examples of bodies, by schema. The tests send every one of a request to the service, which must take it.

use serde_json::{Map, Value};

/// For each schema an object of examples as OpenAPI has it: `{name: {"summary", "value"}}`.
const EXAMPLES: &str = include_str!("examples.json");

/// The examples of a schema.
pub fn of(schema: &str) -> Option<Value> {
    all().remove(schema)
}

/// The examples of the CSV body of a path.
pub fn csv(path: &str) -> Option<Value> {
    all().remove(path)
}

fn all() -> Map<String, Value> {
    // INVARIANT: the file is part of the program, and the tests read all of it.
    serde_json::from_str(EXAMPLES).unwrap_or_default()
}
