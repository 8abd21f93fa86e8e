//! Counts what waits for the other jobs, so that operators see whether they keep up.

use std::time::Duration;

use super::rounds;
use crate::db::{self, DbError};
use crate::service::Service;

/// How often it is counted: as often as metrics are usually asked for.
const EVERY: Duration = Duration::from_secs(15);

/// Counts again and again.
pub(super) async fn run(service: &Service) {
    let mut rounds = rounds(EVERY);
    loop {
        rounds.tick().await;
        match round(service).await {
            Ok(()) => {}
            Err(DbError::Stopping) => return,
            Err(error) => tracing::warn!(%error, "what waits cannot be counted"),
        }
    }
}

pub async fn round(service: &Service) -> Result<(), DbError> {
    let offset = service.clock().offset().num_milliseconds();
    let counted = service
        .db()
        .operator(move |tx| Box::pin(async move { db::backlog::count(tx, offset).await }));
    let backlog = counted.await.map_err(|error: DbError| error)?;
    let metrics = service.metrics();
    metrics.holds_open.set(backlog.holds);
    metrics.holds_overdue.set(backlog.holds_overdue);
    metrics.outbox_waiting.set(backlog.events);
    metrics.deliveries_waiting.set(backlog.deliveries);
    metrics.deliveries_overdue.set(backlog.deliveries_overdue);
    Ok(())
}
