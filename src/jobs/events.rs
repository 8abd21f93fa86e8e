//! Numbers events, writes events for promotions that have ended, and deletes old events.

use std::time::{Duration, Instant};

use super::rounds::{again, by_tenant, rounds};
use crate::db::{self, DbError};
use crate::service::Service;

/// How often waiting events are numbered.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);
/// How often to look for ended promotions. Each has its event within a minute (spec 12).
const END_EVERY: Duration = Duration::from_secs(5);
/// How often old events are deleted.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);
/// Most ended promotions that one look-up finds. If it finds this many, the next one follows at once.
const MAX_ENDS: i64 = 500;

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
        service.metrics().outbox_lag_seconds.set(lag);
    }
}

/// Returns how many seconds ago the oldest event occurred; `None` if the events of a tenant could not be numbered.
async fn publish_round(service: &Service) -> Result<Option<f64>, DbError> {
    let mut oldest = Some(0.0);
    let waiting = service.db().operator(|tx| Box::pin(db::outbox::waiting_tenants(tx)));
    for tenant in waiting.await.map_err(|error: DbError| error)? {
        // A failure of one tenant must not delay the others.
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
    let failure = "ended promotions cannot be read";
    again(rounds(END_EVERY), failure, || end_round(service)).await;
}

async fn end_round(service: &Service) -> Result<(), DbError> {
    loop {
        let offset = service.clock().offset().num_milliseconds();
        let db = service.db();
        let due = db.operator(move |tx| Box::pin(db::promotion_ends::due(tx, offset, MAX_ENDS)));
        let due = due.await.map_err(|error: DbError| error)?.into_iter();
        let due = due.map(|(tenant, promotion)| (tenant, promotion.uuid()));
        let (found, mut is_more) = by_tenant(due, MAX_ENDS);
        for (tenant, promotions) in found {
            if let Err(error) = service.end_promotions(tenant, promotions).await {
                is_more = false;
                tracing::warn!(%error, tenant.id = %tenant, "events of ended promotions cannot be written");
            }
        }
        if !is_more {
            return Ok(());
        }
    }
}

/// The first round waits one period, because a starting service is busy with other work.
async fn forget(service: &Service) {
    let mut rounds = rounds(FORGET_EVERY);
    rounds.tick().await;
    again(rounds, "old events cannot be deleted", || forget_round(service)).await;
}

/// Deletes old events of every tenant.
pub async fn forget_round(service: &Service) -> Result<(), DbError> {
    for tenant in db::reconcile::all_tenants(service.db()).await? {
        service.forget_events(tenant).await?;
    }
    Ok(())
}
