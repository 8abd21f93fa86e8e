//! The OpenAPI document, which is built from the router, and a page to browse it.
//!
//! Every handler states its roles, its parameters and its answers. [`refusals`] has the errors, [`super::schema`] names
//! the bodies, [`components`] describes them, and [`document`] makes one document of everything.

pub mod docs;

mod components;
mod document;
mod examples;
mod parameters;
mod refusals;

pub use document::finish;
pub use parameters::{ListParams, OneNamed};
pub(super) use refusals::conflicts;
pub use refusals::{
    Evaluating, Public, Reading, Redeeming, Replacing, Responses, Writing, refusal,
};
