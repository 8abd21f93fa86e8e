//! What the service does by itself, on every instance: each effect happens exactly once, whichever instance does it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use crate::db::DbError;
use crate::domain::id::TenantId;
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

/// Does a round again and again until the database stops. One that fails is told of.
async fn again<F>(mut rounds: Interval, failure: &str, round: impl Fn() -> F)
where
    F: Future<Output = Result<(), DbError>>,
{
    loop {
        rounds.tick().await;
        match round().await {
            Ok(()) => {}
            Err(DbError::Stopping) => return,
            Err(error) => tracing::warn!(%error, "{failure}"),
        }
    }
}

/// What a look has found, by tenant; and whether it was the most that one finds, so that there may be more.
fn by_tenant(
    found: impl ExactSizeIterator<Item = (TenantId, Uuid)>,
    most: i64,
) -> (BTreeMap<TenantId, Vec<Uuid>>, bool) {
    let is_full = i64::try_from(found.len()).is_ok_and(|count| count == most);
    let mut by_tenant: BTreeMap<TenantId, Vec<Uuid>> = BTreeMap::new();
    for (tenant, id) in found {
        by_tenant.entry(tenant).or_default().push(id);
    }
    (by_tenant, is_full)
}

/// The rounds of a job. One that takes long delays the next.
fn rounds(period: Duration) -> Interval {
    let mut rounds = interval(period);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    rounds
}
