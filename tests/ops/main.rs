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

mod backup;
mod collector;
mod compose_file;
mod dashboard;
mod documents;
mod refusal_metrics;
mod secrets;
mod telemetry;
