//! Counts the work that waits for the other jobs, so that operators see whether the jobs keep up.

use std::time::Duration;

use super::rounds::{again, rounds};
use crate::db::{self, DbError};
use crate::service::Service;

/// How often to count: as often as metrics are usually read.
const EVERY: Duration = Duration::from_secs(15);

pub(super) async fn run(service: &Service) {
    again(rounds(EVERY), "waiting work cannot be counted", || round(service)).await;
}

pub async fn round(service: &Service) -> Result<(), DbError> {
    let offset = service.clock().offset().num_milliseconds();
    let counted = service.db().operator(move |tx| Box::pin(db::backlog::count(tx, offset)));
    let backlog = counted.await.map_err(|error: DbError| error)?;
    let metrics = service.metrics();
    metrics.holds_open.set(backlog.holds);
    metrics.holds_overdue_seconds.set(backlog.holds_overdue);
    metrics.outbox_waiting.set(backlog.events);
    metrics.webhook_deliveries_waiting.set(backlog.deliveries);
    metrics.webhook_deliveries_overdue_seconds.set(backlog.deliveries_overdue);
    Ok(())
}
