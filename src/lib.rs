//! Decides, for any shopping cart, which promotions apply, what every line then costs, and why the others do not apply.
//!
//! This page is a map. `docs/ARCHITECTURE.md` tells how a cart, a redemption and a change travel; `docs/SPEC.md` is the
//! contract, whose sections comments name as "spec 7.3".
//!
//! # Layers
//!
//! Each uses only those that stand above it here, and `tests/tidy` holds it to that.
//!
//! - [`domain`] says what things are: carts, promotions, amounts. A value of it is valid once it exists.
//! - [`engine`] prices carts. It is pure: no I/O, no clock, no randomness, so that equal input gives equal bytes.
//! - [`wire`] reads and prints JSON and CSV. A body is one table, which reads, prints and describes it.
//! - [`db`] is PostgreSQL: the only SQL, one module for each aggregate.
//! - [`stored`] reads documents out of rows.
//! - [`cache`] keeps rules and keys in memory.
//! - [`service`] has the use cases: evaluate, redeem, take back, issue, publish a change.
//! - [`jobs`] are what every instance does by itself: end holds, number events, send webhooks, compare the books.
//! - [`api`] is HTTP. `api/mod.rs` shows every path on one screen.
//!
//! # Around them
//!
//! - [`config`] reads every setting once. [`app`] wires the layers, and takes them down in order.
//! - [`metrics`] and [`telemetry`] are what is seen of the service; [`clock`] is the only reader of the clock.
//! - [`tls`], [`descriptors`] and [`probe`] deal with the machine: encryption, open files, health from outside.
//! - [`document`], [`export`], [`reconcile`] and [`demo`] are commands of `main.rs` beside `serve`.

// Whatever is wrong with an input is an error, not a panic. Arithmetic is not among these lints: a release checks it for
// overflows (`overflow-checks`), so an overflow is one answer of 500 and no wrong price.
#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

pub mod api;
pub mod app;
pub mod cache;
pub mod clock;
pub mod config;
pub mod db;
#[expect(clippy::indexing_slicing, reason = "the shop is our own document")]
pub mod demo;
pub mod descriptors;
pub mod document;
pub mod domain;
pub mod engine;
pub mod export;
pub mod jobs;
pub mod metrics;
pub mod probe;
pub mod reconcile;
pub mod service;
pub mod stored;
pub mod telemetry;
pub mod tls;
pub mod wire;
