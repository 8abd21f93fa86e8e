//! Numbers events, tells of promotions whose end has come, and forgets what has been kept for long enough.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::rounds;
use crate::db::{self, DbError};
use crate::domain::id::TenantId;
use crate::service::Service;

/// How often events that wait are numbered.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);
/// How often ends are looked for: each is told within a minute (spec 12).
const END_EVERY: Duration = Duration::from_secs(5);
/// How often old events are deleted.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);
/// Most ends of one round; where there are more, the next round follows at once.
const MAX_ENDS: i64 = 500;

/// Does it all, again and again.
pub(super) async fn run(service: &Service) {
    tokio::join!(publish(service), end(service), forget(service));
}

async fn publish(service: &Service) {
    let mut rounds = rounds(PUBLISH_EVERY);
    let mut done_at = Instant::now();
    loop {
        rounds.tick().await;
        let lag = match publish_round(service).await {
            Ok(Some(waited)) => {
                done_at = Instant::now();
                waited
            }
            Ok(None) => done_at.elapsed().as_secs_f64(),
            Err(error) => {
                tracing::warn!(%error, "events cannot be numbered");
                done_at.elapsed().as_secs_f64()
            }
        };
        service.metrics().outbox_lag.set(lag);
    }
}

/// Returns how many seconds the oldest event had waited; none where one tenant's could not be numbered.
async fn publish_round(service: &Service) -> Result<Option<f64>, DbError> {
    let mut oldest = Some(0.0);
    let waiting =
        service.db().operator(|tx| Box::pin(async move { db::outbox::waiting_tenants(tx).await }));
    for tenant in waiting.await.map_err(|error: DbError| error)? {
        // What stands in one tenant's way is no reason to leave the others waiting.
        match service.publish_events(tenant).await {
            Ok(waited) => oldest = oldest.map(|oldest: f64| oldest.max(waited)),
            Err(error) => {
                oldest = None;
                tracing::warn!(%error, tenant.id = %tenant, "events cannot be numbered");
            }
        }
    }
    Ok(oldest)
}

async fn end(service: &Service) {
    let mut rounds = rounds(END_EVERY);
    loop {
        rounds.tick().await;
        if let Err(error) = end_round(service).await {
            tracing::warn!(%error, "promotions that have ended cannot be looked for");
        }
    }
}

async fn end_round(service: &Service) -> Result<(), DbError> {
    loop {
        let offset = service.clock().offset().num_milliseconds();
        let due = service.db().operator(move |tx| {
            Box::pin(async move { db::promotion_ends::due(tx, offset, MAX_ENDS).await })
        });
        let due = due.await.map_err(|error: DbError| error)?;
        let is_full = i64::try_from(due.len()).is_ok_and(|count| count == MAX_ENDS);
        let mut found: BTreeMap<TenantId, Vec<Uuid>> = BTreeMap::new();
        for (tenant, promotion) in due {
            found.entry(tenant).or_default().push(promotion.uuid());
        }
        let mut is_stuck = false;
        for (tenant, promotions) in found {
            if let Err(error) = service.end_promotions(tenant, promotions).await {
                is_stuck = true;
                tracing::warn!(%error, tenant.id = %tenant, "ends of promotions cannot be told");
            }
        }
        if is_stuck || !is_full {
            return Ok(());
        }
    }
}

/// Not at once: a service that starts has other things to do.
async fn forget(service: &Service) {
    let mut rounds = rounds(FORGET_EVERY);
    rounds.tick().await;
    loop {
        rounds.tick().await;
        if let Err(error) = forget_round(service).await {
            tracing::warn!(%error, "old events cannot be deleted");
        }
    }
}

/// Deletes what has been kept for long enough, in every tenant.
pub async fn forget_round(service: &Service) -> Result<(), DbError> {
    for tenant in db::reconcile::all_tenants(service.db()).await? {
        service.forget_events(tenant).await?;
    }
    Ok(())
}
