//! Problem documents (spec 13, RFC 9457).

use serde_json::{Value, json};

use super::form::{Side, every, one_name, plain, reference};
use crate::wire::faults::{FaultCode, MAX_FAULTS};

/// A problem document of any status.
pub fn problem() -> Value {
    let codes: Vec<&str> = FaultCode::ALL.iter().map(|code| code.as_str()).collect();
    let pointer = json!({"type": "string", "format": "json-pointer"});
    let fault = Side::Answer
        .object()
        .required(
            "pointer",
            pointer,
            "Where: a JSON pointer into the body, or the name of a query parameter after a slash.",
        )
        .required("code", one_name(&codes), "What kind of fault, for programs.")
        .required("message", plain(), "What is wrong, for people.")
        .schema("");
    let mut faults = every(fault);
    faults["maxItems"] = MAX_FAULTS.into();
    Side::Answer
        .object()
        .required(
            "type",
            json!({"type": "string", "const": "about:blank"}),
            "The title is that of the status.",
        )
        .required("title", plain(), "The phrase of the status.")
        .required(
            "status",
            json!({"type": "integer", "minimum": 400, "maximum": 599}),
            "The HTTP status.",
        )
        .required("detail", plain(), "What it is this time, for people.")
        .required("code", plain(), "What it is, for programs.")
        .required("request_id", plain(), "As the header `x-request-id`, which the logs carry too.")
        .required("errors", faults, "All faults of the body or of the query.")
        .absent(
            "result",
            reference("Evaluation"),
            "With `discount_changed`: what the cart comes to.",
        )
        .schema("Why a request was not answered as asked.")
}
