//! The problem document of spec 13 (RFC 9457), which HTTP and the `evaluate` command print.

use serde_json::json;

use super::body::*;
use super::evaluation::EvaluationBody;
use super::faults::{Fault, FaultCode, Faults, MAX_FAULTS};
use super::json::JsonError;
use crate::domain::names::Named;

/// The message for an evaluation that would take more steps than allowed (spec 14).
pub const TOO_COMPLEX: &str = "The evaluation takes more work than one request may. `errors` names the promotions that took most.";

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: u16,
    /// The stable code of spec 13.
    pub code: &'static str,
    /// The standard phrase of the status (RFC 9457: the type is `about:blank`).
    pub title: &'static str,
    /// What went wrong this time.
    pub detail: String,
    /// The faults of a body.
    pub errors: Vec<Fault>,
    /// The evaluation of the cart, as it was printed, if it differs from what the caller expected.
    pub result: Option<String>,
}

impl Problem {
    pub fn new(status: u16, code: &'static str, title: &'static str, detail: String) -> Self {
        Self { status, code, title, detail, errors: Vec::new(), result: None }
    }

    /// A body with faults.
    pub fn invalid(faults: Faults) -> Self {
        Self::of_faults(faults.into_vec())
    }

    /// An evaluation that would take more steps than allowed.
    pub fn too_complex(faults: Faults) -> Self {
        Self {
            errors: faults.into_vec(),
            ..Self::new(422, "too_complex", "Unprocessable Entity", TOO_COMPLEX.to_owned())
        }
    }

    fn of_faults(errors: Vec<Fault>) -> Self {
        let detail = detail(&errors);
        Self { errors, ..Self::new(422, "invalid", "Unprocessable Entity", detail) }
    }

    /// Prints the document, with `request_id` if there is one.
    pub fn print(&self, request_id: Option<&str>) -> String {
        ProblemBody::document(&(self, request_id))
    }
}

answer! {
    /// Why a request failed.
    pub struct ProblemBody "Problem" as (&Problem, Option<&str>) |(problem, request_id)| {
        /// Always `about:blank`: the title is the phrase of the status.
        kind as "type": required(Like(|_| json!({"type": "string", "const": "about:blank"}))) => "about:blank",
        /// The standard phrase of the status.
        title: required(WORDS) => problem.title,
        /// The HTTP status.
        status: required(integer(400..=599)) => problem.status,
        /// What went wrong this time, for people.
        detail: required(WORDS) => problem.detail,
        /// The stable code of the error, for programs.
        code: required(WORDS) => problem.code,
        /// The request's id, the same as in the header `x-request-id` and in the logs.
        request_id: filled(WORDS) => *request_id,
        /// All faults of the body or of the query.
        errors: required(list(part::<FaultBody>(), 0..=MAX_FAULTS)) => problem.errors,
        /// With `discount_changed`: the present evaluation of the cart.
        result: absent(raw(part::<EvaluationBody>())) => problem.result,
    }
}

answer! {
    pub struct FaultBody "" as Fault |fault| {
        /// The place: a JSON pointer into the body, or a slash and the name of a query parameter.
        pointer: required(POINTER) => fault.pointer,
        /// The kind of fault, for programs.
        code: required(choice_of(FaultCode::ALL)) => fault.code,
        /// What is wrong, for people.
        message: required(WORDS) => fault.message,
    }
}

/// A sentence about the faults of a body: the first fault, and the number of further ones.
pub fn detail(faults: &[Fault]) -> String {
    let Some((first, others)) = faults.split_first() else {
        return String::new();
    };
    let place = if first.pointer.is_empty() { "the body" } else { &first.pointer };
    let more =
        if others.is_empty() { String::new() } else { format!("; and {} more", others.len()) };
    format!("{place}: {}{more}", first.message)
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::NotJson(why) => {
                let detail = format!("The body is not JSON: {why}.");
                Self::new(400, "not_json", "Bad Request", detail)
            }
            JsonError::Fault(fault) => Self::of_faults(vec![fault]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::faults::Path;

    #[test]
    fn a_problem_lists_every_fault_with_its_pointer() {
        let mut faults = Faults::new();
        faults.add(&Path::Root.key("a/b"), FaultCode::Required, "is required");
        faults.add(&Path::Root, FaultCode::WrongType, "must be an object");
        assert_eq!(
            Problem::invalid(faults).print(Some("r-1")),
            concat!(
                r#"{"type":"about:blank","title":"Unprocessable Entity","status":422,"#,
                r#""detail":"/a~1b: is required; and 1 more","code":"invalid","request_id":"r-1","#,
                r#""errors":[{"pointer":"/a~1b","code":"required","message":"is required"},"#,
                r#"{"pointer":"","code":"wrong_type","message":"must be an object"}]}"#
            )
        );
    }
}
