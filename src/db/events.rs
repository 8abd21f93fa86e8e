//! The event log: numbered events, in order, for as long as they are kept (spec 12).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::page::Filling;
use super::{Page, Result, TenantTx};

/// A numbered event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    pub event_id: Uuid,
    /// Grows in the order in which events become visible.
    pub sequence: i64,
    pub event_type: String,
    pub occurred_at: DateTime<Utc>,
    /// The event's data: a JSON object.
    pub data: String,
}

/// Lists events after a number, in order.
pub async fn list(tx: &mut TenantTx, after: i64, limit: u16) -> Result<Page<EventRow, i64>> {
    let mut filling =
        Filling::new(limit, Some(after), |row: &EventRow| row.sequence, |row| row.data.len());
    while let Some((after, count)) = filling.wants() {
        let query = sqlx::query_as!(
            EventRow,
            "select event_id, sequence, type as event_type, occurred_at, data
           from event
          where tenant_id = $1 and sequence > $2
          order by sequence
          limit $3",
            tx.id(),
            after,
            count,
        );
        filling.add(tx.all(query).await?);
    }
    Ok(filling.page())
}

/// Deletes those of the `limit` oldest events that were numbered before an instant, with their pending deliveries.
/// Returns how many.
pub async fn forget(tx: &mut TenantTx, before: DateTime<Utc>, limit: i64) -> Result<u64> {
    tx.written(sqlx::query!(
        "delete from event
          where tenant_id = $1 and published_at < $2
            and sequence in (select sequence from event where tenant_id = $1 order by sequence limit $3)",
        tx.id(),
        before,
        limit,
    ))
    .await
}
