//! Ends lapsed holds.

use std::time::Duration;

use super::rounds::{again, by_tenant, rounds};
use crate::db::{self, DbError};
use crate::service::Service;

/// How often to look for lapsed holds. What they reserved is available again within a second (spec 9).
const EVERY: Duration = Duration::from_millis(250);
/// Most holds that one look-up finds. If it finds this many, the next one follows at once.
const MAX_HOLDS: i64 = 500;

pub(super) async fn run(service: &Service) {
    again(rounds(EVERY), "lapsed holds cannot be read", || expire(service)).await;
}

/// Ends all lapsed holds, tenant by tenant. If two instances find the same hold, the second waits for its row and then
/// finds it ended.
async fn expire(service: &Service) -> Result<(), DbError> {
    loop {
        let offset = service.clock().offset().num_milliseconds();
        let db = service.db();
        let lapsed = db.operator(move |tx| Box::pin(db::holds::lapsed(tx, offset, MAX_HOLDS)));
        let lapsed = lapsed.await.map_err(|error: DbError| error)?.into_iter();
        let lapsed = lapsed.map(|(tenant, hold)| (tenant, hold.uuid()));
        let (found, mut is_more) = by_tenant(lapsed, MAX_HOLDS);
        for (tenant, holds) in found {
            match service.expire_holds(tenant, holds).await {
                Ok(ended) => {
                    let ended = u64::try_from(ended).unwrap_or(u64::MAX);
                    service.metrics().holds_expired.inc_by(ended);
                }
                Err(error) => {
                    is_more = false;
                    tracing::warn!(%error, %tenant, "lapsed holds cannot be ended");
                }
            }
        }
        if !is_more {
            return Ok(());
        }
    }
}
