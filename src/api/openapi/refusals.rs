//! The errors that a path may answer with: statuses, and the codes of each status (spec 13).

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::RefOr;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::response::{Response, ResponseBuilder};

/// The extension that holds the codes of a response.
pub const CODES: &str = "x-codes";

/// A status, its codes, and its meaning. The document leaves out what the shape of an operation excludes: 404 without
/// an id in the path, and faults of the body without a body.
type Refusal = (&'static str, &'static [&'static str], &'static str);

const PUBLIC: [Refusal; 3] = [
    ("431", &["header_too_large"], "The headers are too many or too long."),
    ("500", &["internal"], "The service failed; its logs say why, under the `request_id`."),
    ("503", &["overloaded", "unavailable"], "Nothing was done; try again after `retry-after`."),
];

const READING: [Refusal; 5] = [
    ("401", &["unauthorized"], "There is no valid key."),
    (
        "403",
        &["forbidden", "tenant_suspended"],
        "The role of the key does not allow this, or its tenant is suspended.",
    ),
    ("404", &["not_found"], "The tenant has nothing with this id."),
    ("422", &["invalid"], "`errors` says what is wrong, and where."),
    ("429", &["too_many_requests"], "Try again after `retry-after`."),
];

const BODY: [Refusal; 4] = [
    ("400", &["not_json"], "The body is not JSON."),
    ("408", &["timeout"], "The body arrived too slowly."),
    ("413", &["too_large"], "The body has too many bytes."),
    ("415", &["unsupported_media_type"], "The content type is not supported here."),
];

const PRICING: [Refusal; 1] = [(
    "422",
    &["invalid", "too_complex"],
    "`errors` says what is wrong, and where; or, with `too_complex`, which promotions took most work.",
)];

const WRITING: [Refusal; 1] = [(
    "503",
    &["overloaded", "unavailable", "outcome_unknown"],
    "Nothing was done; or, with `outcome_unknown`, it may have been. Repeat the same request after `retry-after`.",
)];

const REPLACING: [Refusal; 2] = [
    ("412", &["stale_version"], "It has changed since that version."),
    ("428", &["if_match_required"], "`If-Match` is missing."),
];

/// Responses by status.
pub type Responses = BTreeMap<String, RefOr<Response>>;

/// A refusal with one of these codes.
pub fn refusal(codes: &[&str], says: &str) -> RefOr<Response> {
    let mut response = ResponseBuilder::new().description(says).build();
    response.extensions = Some([(CODES, codes.to_vec())].into_iter().collect::<Extensions>());
    RefOr::T(response)
}

macro_rules! refusals {
    ($($(#[$of:meta])* $name:ident: $($group:ident),+;)+) => {$(
        $(#[$of])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> Responses {
                let groups: &[&[Refusal]] = &[$(&$group),+];
                let all = groups.iter().copied().flatten();
                all.map(|(status, codes, says)| ((*status).to_owned(), refusal(codes, says))).collect()
            }
        }
    )+};
}

// If two groups have the same status, the later group determines the description.
refusals! {
    /// The refusals of operations that need no key.
    Public: PUBLIC;
    /// The refusals of operations that read.
    Reading: PUBLIC, READING;
    /// The refusals of operations that read and have a body.
    Evaluating: PUBLIC, READING, BODY, PRICING;
    /// The refusals of operations that price a cart and record it.
    Redeeming: PUBLIC, READING, BODY, WRITING, PRICING;
    /// The refusals of operations that write.
    Writing: PUBLIC, READING, BODY, WRITING;
    /// The refusals of operations that replace a version.
    Replacing: PUBLIC, READING, BODY, WRITING, REPLACING;
}

/// Names the conflicts (409) of operations: `CreateThingConflict = "name_taken" | "in_use";`.
macro_rules! conflicts {
    ($($name:ident = $($code:literal)|+;)+) => {$(
        #[doc = "What the present state may not allow."]
        pub struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> $crate::api::openapi::Responses {
                let says = "The present state does not allow it.";
                let refusal = $crate::api::openapi::refusal(&[$($code),+], says);
                [("409".to_owned(), refusal)].into()
            }
        }
    )+};
}
pub(in crate::api) use conflicts;
