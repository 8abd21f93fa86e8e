//! Ends holds whose time is over.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use super::rounds;
use crate::db::{self, DbError};
use crate::domain::id::TenantId;
use crate::service::Service;

/// How often lapsed holds are looked for: what they held is back within a second (spec 9).
const EVERY: Duration = Duration::from_millis(250);
/// Most holds of one round; where there are more, the next round follows at once.
const MAX_HOLDS: i64 = 500;

/// Looks for lapsed holds again and again.
pub(super) async fn run(service: &Service) {
    let mut rounds = rounds(EVERY);
    loop {
        rounds.tick().await;
        expire(service).await;
    }
}

/// Ends all holds that have lapsed, tenant by tenant. Two instances that find the same hold wait for its row: the second
/// finds it ended.
async fn expire(service: &Service) {
    loop {
        let found = match lapsed(service).await {
            Ok(found) => found,
            Err(DbError::Stopping) => return,
            Err(error) => {
                tracing::warn!(%error, "lapsed holds cannot be looked for");
                return;
            }
        };
        let mut is_stuck = false;
        let count: usize = found.values().map(Vec::len).sum();
        for (tenant, holds) in found {
            match service.expire_holds(tenant, holds).await {
                Ok(ended) => {
                    let ended = u64::try_from(ended).unwrap_or(u64::MAX);
                    service.metrics().holds_expired.inc_by(ended);
                }
                Err(error) => {
                    is_stuck = true;
                    tracing::warn!(%error, %tenant, "lapsed holds cannot be ended");
                }
            }
        }
        let is_full = i64::try_from(count).is_ok_and(|count| count == MAX_HOLDS);
        if is_stuck || !is_full {
            return;
        }
    }
}

async fn lapsed(service: &Service) -> Result<BTreeMap<TenantId, Vec<Uuid>>, DbError> {
    let offset = service.clock().offset().num_milliseconds();
    let rows = service
        .db()
        .operator(move |tx| Box::pin(async move { db::holds::lapsed(tx, offset, MAX_HOLDS).await }))
        .await?;
    let mut found: BTreeMap<TenantId, Vec<Uuid>> = BTreeMap::new();
    for (tenant, hold) in rows {
        found.entry(tenant).or_default().push(hold.uuid());
    }
    Ok(found)
}
