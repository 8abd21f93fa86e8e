//! The outbox: events are written in the transaction of their cause, and get their numbers after its commit (spec 12).
//!
//! If the writing transaction took the number, a smaller number could become visible after a larger one, and a reader
//! with a cursor would miss the event. So events wait without a number, and [`publish`] numbers visible events. Only
//! one transaction of a tenant publishes at a time.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::statements::column;
use super::{OperatorTx, Result, TenantTx};
use crate::domain::counter::CounterKey;
use crate::domain::event::{EventType, Subject};
use crate::domain::id::TenantId;

/// Most events that one statement numbers.
pub const MAX_PUBLISHED: i64 = 1_000;

/// An event to be written.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub event_type: EventType,
    /// The subject of the event. The transaction has locked it, so that the events of a subject have an order.
    pub subject: Subject,
    pub occurred_at: DateTime<Utc>,
    /// The event's data: a JSON object.
    pub data: String,
}

/// Writes events in the given order, with one statement.
pub async fn append(tx: &mut TenantTx, events: &[NewEvent]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    tx.run(sqlx::query!(
        "insert into outbox (tenant_id, event_id, type, subject, subject_id, occurred_at, data)
         select $1, new.event_id, new.type, new.subject, new.subject_id, new.occurred_at, new.data
           from unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[], $7::text[])
                with ordinality as new (event_id, type, subject, subject_id, occurred_at, data, place)
          order by new.place",
        tx.id(),
        &column(events, |_| Uuid::now_v7()),
        &column(events, |own| own.event_type) as _,
        &column(events, |own| own.subject.kind().to_owned()),
        &column(events, |own| own.subject.uuid()),
        &column(events, |own| own.occurred_at),
        &column(events, |own| own.data.clone()),
    ))
    .await
}

/// Notes that a limit of a promotion was reached in a window. False if it was noted before.
pub async fn note_limit_reached(
    tx: &mut TenantTx,
    counter: &CounterKey,
    at: DateTime<Utc>,
) -> Result<bool> {
    tx.has_written(sqlx::query!(
        "insert into limit_reached (tenant_id, promotion_id, measure, window_no, at) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, promotion_id, measure, window_no) do nothing",
        tx.id(),
        counter.promotion_id.uuid(),
        counter.measure as _,
        counter.window,
        at,
    ))
    .await
}

/// Whether any event of the tenant has no number yet.
pub async fn is_waiting(tx: &mut TenantTx) -> Result<bool> {
    tx.value(sqlx::query_scalar!(
        r#"select exists (select from outbox where tenant_id = $1) as "waiting!""#,
        tx.id(),
    ))
    .await
}

/// Locks the tenant's event numbers to the end of the transaction. Meanwhile no other transaction publishes, and no
/// webhook is made or deleted.
pub async fn lock(tx: &mut TenantTx) -> Result<()> {
    tx.run(sqlx::query!(
        "insert into event_counter (tenant_id) values ($1) on conflict (tenant_id) do nothing",
        tx.id(),
    ))
    .await?;
    tx.lock(sqlx::query!(
        "select latest from event_counter where tenant_id = $1 for update",
        tx.id()
    ))
    .await
}

/// Locks the numbers like [`lock`]. False if another transaction has them locked.
pub async fn try_lock(tx: &mut TenantTx) -> Result<bool> {
    tx.run(sqlx::query!(
        "insert into event_counter (tenant_id) values ($1) on conflict (tenant_id) do nothing",
        tx.id(),
    ))
    .await?;
    let locked = tx
        .optional(sqlx::query!(
            "select latest from event_counter where tenant_id = $1 for update skip locked",
            tx.id(),
        ))
        .await?;
    Ok(locked.is_some())
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Published {
    /// How many events were numbered, at most [`MAX_PUBLISHED`].
    pub count: i64,
    /// Seconds since the oldest of them occurred.
    pub waited: f64,
}

/// Numbers waiting events in the order of their insertion, and makes their deliveries. INVARIANT: an earlier statement
/// of this transaction has locked the numbers. So this statement sees everything that the previous publisher has
/// committed.
pub async fn publish(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<Published> {
    tx.one(sqlx::query_as!(
        Published,
        r#"with moved as (
             delete from outbox
              where tenant_id = $1
                and place in (select place from outbox where tenant_id = $1 order by place limit $3)
             returning place, event_id, type, subject, subject_id, occurred_at, data),
         numbered as (
             select counter.latest + row_number() over (order by place) as sequence, moved.*
               from moved cross join event_counter as counter
              where counter.tenant_id = $1),
         published as (
             insert into event (tenant_id, sequence, event_id, type, subject, subject_id, occurred_at, data,
                    published_at)
             select $1, sequence, event_id, type, subject, subject_id, occurred_at, data, $2
               from numbered),
         addressed as (
             insert into webhook_delivery (tenant_id, webhook_id, sequence, subject_id, next_attempt_at)
             select $1, webhook.webhook_id, sequence, subject_id, $2
               from numbered
               join webhook on webhook.tenant_id = $1 and numbered.type = any (webhook.events)),
         counted as (
             update event_counter set latest = latest + (select count(*) from numbered) where tenant_id = $1)
         select count(*) as "count!",
                coalesce(extract(epoch from $2 - min(occurred_at))::float8, 0) as "waited!"
           from numbered"#,
        tx.id(),
        now,
        MAX_PUBLISHED,
    ))
    .await
}

/// Tenants with events that wait for their numbers.
pub async fn waiting_tenants(tx: &mut OperatorTx) -> Result<Vec<TenantId>> {
    let query = sqlx::query_scalar!("select distinct tenant_id from outbox");
    let rows = tx.own().await?.values(query).await?;
    Ok(rows.into_iter().map(TenantId::new).collect())
}
