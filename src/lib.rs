//! Decides, for any shopping cart, which promotions apply and what every line then costs.

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
