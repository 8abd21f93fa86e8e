//! What operators have of the service: metrics with their dashboard and alerts, traces, and logs that tell no secret.

#[allow(dead_code, reason = "shared with other test binaries, which use the rest")]
#[path = "../api/contract.rs"]
mod contract;
#[allow(dead_code, reason = "shared with other test binaries, which use the rest")]
#[path = "../api/harness.rs"]
mod harness;
#[allow(dead_code, reason = "shared with other test binaries, which use the rest")]
#[path = "../api/receiver.rs"]
mod receiver;
#[allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "shared with other test binaries, which use the rest"
)]
#[path = "../support/mod.rs"]
mod support;

mod collector;
mod documents;
mod owner;
mod restored;
mod silent;
mod telling;
mod turned_away;
mod watched;
