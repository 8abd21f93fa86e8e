//! Ends holds whose time is over.

use std::time::Duration;

use super::{again, by_tenant, rounds};
use crate::db::{self, DbError};
use crate::service::Service;

/// How often lapsed holds are looked for: what they held is back within a second (spec 9).
const EVERY: Duration = Duration::from_millis(250);
/// Most holds of one look; where there are more, the next follows at once.
const MAX_HOLDS: i64 = 500;

pub(super) async fn run(service: &Service) {
    again(rounds(EVERY), "lapsed holds cannot be looked for", || expire(service)).await;
}

/// Ends all holds that have lapsed, tenant by tenant. Two instances that find the same hold wait for its row: the second
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
