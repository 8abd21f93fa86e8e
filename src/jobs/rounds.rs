//! What all jobs do: they look for work at intervals, and go on after a failure.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use crate::db::DbError;
use crate::domain::id::TenantId;

/// Repeats a round until the service stops. Logs rounds that fail.
pub(super) async fn again<F>(mut rounds: Interval, failure: &str, round: impl Fn() -> F)
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

/// Groups what a look-up has found by tenant. Also returns whether it found `most`, so that more may exist.
pub(super) fn by_tenant(
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

/// The timer of a job. A round that takes long delays the next one.
pub(super) fn rounds(period: Duration) -> Interval {
    let mut rounds = interval(period);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    rounds
}
