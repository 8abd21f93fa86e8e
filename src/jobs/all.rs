//! Starts all jobs.

use super::{backlog, backtests, events, holds, issuances, reconcile, vocabulary, webhooks};
use crate::service::Service;

/// Runs all jobs for as long as the future is polled.
pub async fn run(service: Service) {
    tokio::join!(
        holds::run(&service),
        events::run(&service),
        issuances::run(&service),
        webhooks::run(&service),
        reconcile::run(&service),
        backlog::run(&service),
        vocabulary::run(&service),
        backtests::run(&service),
    );
}
