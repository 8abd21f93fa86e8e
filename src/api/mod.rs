//! HTTP. `router` lists all paths. Below are the modules of the edge, and a module for each resource.
//!
//! The arguments of a handler stand in the order of the checks (spec 1): key, role, path, body, state. Errors are
//! [`problem::ApiError`]. The [`edge`], which knows the request's id, turns them into problem documents.

pub mod auth;
pub mod edge;
pub mod extract;
pub mod front;
pub mod measure;
pub mod page;
pub mod problem;
pub mod serve;
pub mod timeouts;

mod activities;
mod audit;
mod code_lookup;
mod codes;
pub mod connection;
mod console;
mod customers;
mod dry_run;
mod etag;
mod evaluate;
mod events;
mod handler;
mod health;
mod issuances;
mod keys;
mod milestones;
#[expect(clippy::indexing_slicing, reason = "the document is made of constants, and tests make it")]
mod openapi;
mod product_lists;
mod promotions;
mod query;
mod readiness;
mod redemptions;
mod router;
mod schema;
pub mod seal;
mod sending;
mod settings;
mod state;
mod stats;
mod stores;
mod stream;
mod tenants;
mod unread_bodies;
mod watched;
mod webhooks;

pub use router::{measure, openapi_document, router};
pub use state::Api;
