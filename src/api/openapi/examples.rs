//! Examples of bodies, by schema. The tests send every example of a request to the service, which must accept it.

use serde_json::{Map, Value};

/// For each schema an object of examples in the form of OpenAPI: `{name: {"summary", "value"}}`.
const EXAMPLES: &str = include_str!("examples.json");

/// The examples of a schema, or of the CSV body of a path.
pub fn of(name: &str) -> Option<Value> {
    // INVARIANT: the file is part of the program, and the tests read all of it.
    let mut all: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap_or_default();
    all.remove(name)
}
