//! What the service does by itself, on every instance: each effect happens exactly once, whichever instance does it.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::service::Service;

pub mod backlog;
pub mod events;
pub mod issuances;
pub mod reconcile;

mod holds;
mod webhooks;

pub use webhooks::MAX_SOCKETS;

/// Runs all jobs for as long as the future is polled.
pub async fn run(service: Service) {
    tokio::join!(
        holds::run(&service),
        events::run(&service),
        issuances::run(&service),
        webhooks::run(&service),
        reconcile::run(&service),
        backlog::run(&service),
    );
}

/// The rounds of a job. One that takes long delays the next.
fn rounds(period: Duration) -> Interval {
    let mut rounds = interval(period);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    rounds
}
