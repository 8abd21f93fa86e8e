//! What operators have of the service: metrics with their dashboard and alerts, traces, and logs that tell no secret.

mod backup;
mod collector;
mod compose_file;
mod dashboard;
mod documents;
mod embedded_copy;
mod refusal_metrics;
mod secrets;
mod telemetry;
