//! Decides, for any shopping cart, which promotions apply, what every line then costs, and why the others do not apply.
//!
//! This page is a map. `docs/ARCHITECTURE.md` explains how a cart, a redemption and a change pass through the layers.
//! `docs/SPEC.md` is the contract; comments refer to its sections as "spec 7.3".
//!
//! # Layers
//!
//! Each layer uses only layers above it in this list. `tests/tidy` checks this.
//!
//! - [`domain`] defines carts, promotions, amounts and the rest. A domain value is valid once it exists.
//! - [`engine`] prices carts. It is pure: no I/O, no clock, no randomness. So equal input gives equal bytes.
//! - [`wire`] reads and prints JSON and CSV. A body is one table, which reads, prints and describes it.
//! - [`db`] talks to PostgreSQL. It has the only SQL, in one module for each aggregate.
//! - [`stored`] reads the documents that rows contain.
//! - [`cache`] keeps rules and keys in memory.
//! - [`service`] has the use cases: evaluate, redeem, take back, issue, publish a change.
//! - [`jobs`] run by themselves on every instance: end holds, number events, send webhooks, reconcile counters.
//! - [`api`] is HTTP. `api/router.rs` lists every path on one screen.
//!
//! # Around them
//!
//! - [`config`] reads every setting once. [`app`] wires the layers, and takes them down in order.
//! - [`metrics`] and [`telemetry`] show what the service does. Only [`clock`] reads the clock.
//! - [`convert`] has conversions that several layers need.
//! - [`tls`], [`descriptors`] and [`probe`] deal with the machine: encryption, open files, health from outside.
//! - [`commands`] runs what the command line asks for. [`document`], [`export`], [`import`], [`reconcile`], [`backup`]
//!   and [`demo`] are commands beside `serve`.

// A faulty input causes an error, never a panic. These lints do not cover arithmetic: release builds check it for
// overflow (`overflow-checks`), so an overflow gives one 500 answer and never a wrong price.
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
pub mod backup;
pub mod cache;
pub mod clock;
pub mod commands;
pub mod config;
pub mod convert;
pub mod db;
#[expect(clippy::indexing_slicing, reason = "the shop is our own document")]
pub mod demo;
pub mod descriptors;
pub mod document;
pub mod domain;
pub mod engine;
pub mod export;
pub mod import;
pub mod jobs;
pub mod metrics;
pub mod probe;
pub mod reconcile;
pub mod service;
pub mod stored;
pub mod telemetry;
pub mod tls;
pub mod wire;
