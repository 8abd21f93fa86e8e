//! The event log: events are numbered, read, and deleted after a while. Also the events for promotions that have ended
//! (spec 12).

use chrono::TimeDelta;
use uuid::Uuid;

use super::{Service, ServiceError, events};
use crate::db::events::EventRow;
use crate::db::outbox::Published;
use crate::db::{self, DbError, Page, TenantTx};
use crate::domain::event::Event;
use crate::domain::id::TenantId;
use crate::stored;
use crate::wire::body::PrintBody;
use crate::wire::event::{EventBody, Numbered};
use crate::wire::write::Writer;

const KEPT: TimeDelta = TimeDelta::days(90);
/// Most batches that are numbered for one tenant before the next tenant's turn.
const MAX_BATCHES: usize = 10;
/// Most events that one transaction deletes.
const MAX_FORGOTTEN: i64 = 1_000;

/// A position in the log: the number of the last event that was read, 0 before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventCursor(pub i64);

impl Service {
    /// A page of the log. It has a `next` even at the end, because later events follow there.
    pub async fn events(
        &self,
        tenant: TenantId,
        after: Option<EventCursor>,
        limit: u16,
    ) -> Result<Page<EventRow, EventCursor>, ServiceError> {
        let offset = self.clock().offset();
        let read = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let mut published = 0;
                if db::outbox::is_waiting(tx).await? {
                    db::outbox::lock(tx).await?;
                    published = publish(tx, offset).await?.count;
                }
                let after = after.unwrap_or(EventCursor(0));
                let items = db::events::list(tx, after.0, limit).await?.items;
                let last = items.last().map(place);
                let next = Some(last.unwrap_or(after));
                Ok::<_, ServiceError>((Page { items, next, place }, published))
            })
        });
        let (page, published) = read.await?;
        self.count(published);
        Ok(page)
    }

    /// Numbers the events in the tenant's outbox, unless another transaction is doing so. Returns how many seconds ago
    /// the oldest of them occurred.
    pub async fn publish_events(&self, tenant: TenantId) -> Result<f64, DbError> {
        let offset = self.clock().offset();
        let mut waited: f64 = 0.0;
        for _ in 0..MAX_BATCHES {
            let published = self.db().tenant(tenant, move |tx| {
                Box::pin(async move {
                    if db::outbox::try_lock(tx).await? {
                        publish(tx, offset).await
                    } else {
                        Ok(Published::default())
                    }
                })
            });
            let published = published.await.map_err(|error: DbError| error)?;
            self.count(published.count);
            waited = waited.max(published.waited);
            if published.count < db::outbox::MAX_PUBLISHED {
                break;
            }
        }
        Ok(waited)
    }

    fn count(&self, published: i64) {
        let published = u64::try_from(published).unwrap_or(0);
        self.metrics().events_published.inc_by(published);
    }

    /// Writes the events for those of these promotions that have ended and have no event for this end yet.
    pub async fn end_promotions(
        &self,
        tenant: TenantId,
        promotions: Vec<Uuid>,
    ) -> Result<(), DbError> {
        let offset = self.clock().offset();
        let ended = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let now = db::redemptions::now(tx).await? + offset;
                let ended = db::promotion_ends::note(tx, &promotions, now).await?;
                let mut told = Vec::new();
                for row in &ended {
                    let promotion = stored::promotion(row)?;
                    let at = promotion.terms.ends_at.to_utc();
                    told.push(events::new(&Event::PromotionEnded(&promotion, row.version), at));
                }
                db::outbox::append(tx, &told).await
            })
        });
        ended.await
    }

    /// Deletes events that are older than `KEPT`.
    pub async fn forget_events(&self, tenant: TenantId) -> Result<(), DbError> {
        let offset = self.clock().offset();
        loop {
            let forgotten = self.db().tenant(tenant, move |tx| {
                Box::pin(async move {
                    let now = db::redemptions::now(tx).await? + offset;
                    db::events::forget(tx, now - KEPT, MAX_FORGOTTEN).await
                })
            });
            let count = forgotten.await.map_err(|error: DbError| error)?;
            if i64::try_from(count).is_ok_and(|count| count < MAX_FORGOTTEN) {
                return Ok(());
            }
        }
    }
}

fn place(row: &EventRow) -> EventCursor {
    EventCursor(row.sequence)
}

async fn publish(tx: &mut TenantTx, offset: TimeDelta) -> Result<Published, DbError> {
    // With many webhooks a full batch makes many deliveries, which takes long.
    tx.allow_bulk().await?;
    let now = db::redemptions::now(tx).await? + offset;
    db::outbox::publish(tx, now).await
}

impl PrintBody<EventRow> for EventBody {
    fn print_members(writer: &mut Writer, row: &EventRow) {
        let EventRow { event_id, sequence, event_type, occurred_at, data } = row;
        let (id, sequence, occurred_at) = (*event_id, *sequence, *occurred_at);
        Self::print_members(writer, &Numbered { id, sequence, event_type, occurred_at, data });
    }
}
