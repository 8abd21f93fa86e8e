//! Pending deliveries of webhooks. An instance claims a delivery for a while and tries it. A delivery is deleted when
//! it has arrived, and is dead when it is given up.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::events::EventRow;
use super::page::one_more;
use super::statements::column;
use super::{OperatorTx, Page, Result, TenantTx};
use crate::domain::id::{TenantId, WebhookId};

/// Most deliveries that one statement gives up without another attempt.
const MAX_GIVEN_UP: i64 = 5_000;

/// A delivery that this transaction has claimed.
#[derive(Clone, Debug)]
pub struct ClaimedRow {
    /// Its event. The event's number identifies the delivery within its webhook.
    pub event: EventRow,
    /// How often it was tried, this time included. If the stored number differs later, another instance has claimed it.
    pub attempts: i32,
    pub first_attempt_at: DateTime<Utc>,
}

/// A failed attempt.
#[derive(Clone, Debug)]
pub struct Failed {
    pub sequence: i64,
    pub attempts: i32,
    /// When to try it again; `None` if it is given up.
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub fault: String,
}

/// A delivery that was given up.
#[derive(Clone, Debug)]
pub struct DeadRow {
    pub event: EventRow,
    pub attempts: i32,
    pub dead_at: DateTime<Utc>,
    pub fault: String,
}

/// A webhook with deliveries that are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueRow {
    pub tenant: TenantId,
    pub webhook: WebhookId,
    pub is_failing: bool,
}

/// Makes the event from a row that has all of the event's columns.
macro_rules! event_of {
    ($row:ident) => {
        EventRow {
            event_id: $row.event_id,
            sequence: $row.sequence,
            event_type: $row.event_type,
            occurred_at: $row.occurred_at,
            data: $row.data,
        }
    };
}

/// Webhooks of all tenants that have due deliveries and do not rest. Tenants take turns; within a turn the order is
/// random, so that no webhook always comes last.
pub async fn due(tx: &mut OperatorTx, offset_ms: i64, limit: i64) -> Result<Vec<DueRow>> {
    let due = sqlx::query!(
        r#"with clock as (select clock_timestamp() + $1::bigint * interval '1 millisecond' as now)
           select due.tenant_id, due.webhook_id, due.failures > 0 as "is_failing!"
             from (select webhook.tenant_id, webhook.webhook_id, webhook.failures,
                          row_number() over (partition by webhook.tenant_id order by random()) as turn
                     from webhook, clock
                    where (webhook.rests_until is null or webhook.rests_until <= clock.now)
                      and exists (
                          select from webhook_delivery as own
                           where own.tenant_id = webhook.tenant_id and own.webhook_id = webhook.webhook_id
                             and own.dead_at is null and own.next_attempt_at <= clock.now)) as due
            order by due.turn, random()
            limit $2"#,
        offset_ms,
        limit,
    )
    .map(|row| DueRow {
        tenant: TenantId::new(row.tenant_id),
        webhook: WebhookId::new(row.webhook_id),
        is_failing: row.is_failing,
    });
    tx.own().await?.all(due).await
}

/// Claims due deliveries until an instant; no other instance tries them before. For each subject only the earliest
/// delivery that has neither arrived nor been given up is due, so that a subject's events arrive in order.
pub async fn claim(
    tx: &mut TenantTx,
    webhook: WebhookId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<ClaimedRow>> {
    let claimed = sqlx::query!(
        r#"with due as (
             select own.sequence
               from webhook_delivery as own
              where own.tenant_id = $1 and own.webhook_id = $2 and own.dead_at is null and own.next_attempt_at <= $3
                and not exists (
                    select from webhook_delivery as earlier
                     where earlier.tenant_id = $1 and earlier.webhook_id = $2
                       and earlier.subject_id = own.subject_id and earlier.sequence < own.sequence
                       and earlier.dead_at is null)
              order by own.next_attempt_at, own.sequence
              limit $5
                for update of own skip locked)
           update webhook_delivery as own
              set attempts = own.attempts + 1, first_attempt_at = coalesce(own.first_attempt_at, $3),
                  next_attempt_at = $4
             from due
             join event on event.tenant_id = $1 and event.sequence = due.sequence
            where own.tenant_id = $1 and own.webhook_id = $2 and own.sequence = due.sequence
           returning own.sequence, own.attempts, own.first_attempt_at as "first_attempt_at!", event.event_id,
                  event.type as event_type, event.occurred_at, event.data"#,
        tx.id(),
        webhook.uuid(),
        now,
        until,
        limit,
    )
    .map(|row| ClaimedRow {
        event: event_of!(row),
        attempts: row.attempts,
        first_attempt_at: row.first_attempt_at,
    });
    let mut claimed = tx.all(claimed).await?;
    claimed.sort_unstable_by_key(|row| row.event.sequence);
    Ok(claimed)
}

/// Deletes deliveries that have arrived, identified by number and attempt.
pub async fn arrived(
    tx: &mut TenantTx,
    webhook: WebhookId,
    sequences: &[i64],
    attempts: &[i32],
) -> Result<()> {
    tx.run(sqlx::query!(
        "delete from webhook_delivery as own
          using unnest($3::bigint[], $4::int[]) as gone (sequence, attempts)
          where own.tenant_id = $1 and own.webhook_id = $2 and own.sequence = gone.sequence
            and own.attempts = gone.attempts",
        tx.id(),
        webhook.uuid(),
        sequences,
        attempts,
    ))
    .await
}

/// Records failed attempts.
pub async fn failed(
    tx: &mut TenantTx,
    webhook: WebhookId,
    failed: &[Failed],
    now: DateTime<Utc>,
) -> Result<()> {
    tx.run(sqlx::query!(
        "update webhook_delivery as own
            set next_attempt_at = coalesce(new.next_attempt_at, $7), fault = new.fault,
                dead_at = case when new.next_attempt_at is null then $7::timestamptz end
           from unnest($3::bigint[], $4::int[], $5::timestamptz[], $6::text[])
                as new (sequence, attempts, next_attempt_at, fault)
          where own.tenant_id = $1 and own.webhook_id = $2 and own.sequence = new.sequence
            and own.attempts = new.attempts and own.dead_at is null",
        tx.id(),
        webhook.uuid(),
        &column(failed, |own| own.sequence),
        &column(failed, |own| own.attempts),
        &column(failed, |own| own.next_attempt_at) as _,
        &column(failed, |own| own.fault.clone()),
        now,
    ))
    .await
}

/// Gives up due deliveries of a failing webhook that are too old: those whose first attempt was before an instant, or,
/// without an attempt, whose event was published before it.
pub async fn give_up(
    tx: &mut TenantTx,
    webhook: WebhookId,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
    fault: &str,
) -> Result<()> {
    tx.run(sqlx::query!(
        "update webhook_delivery as own
            set dead_at = $4, fault = $5
           from (select late.sequence
                   from webhook_delivery as late
                   join event on event.tenant_id = $1 and event.sequence = late.sequence
                  where late.tenant_id = $1 and late.webhook_id = $2 and late.dead_at is null
                    and late.next_attempt_at <= $4
                    and coalesce(late.first_attempt_at, event.published_at) < $3
                  order by late.next_attempt_at, late.sequence
                  limit $6
                    for update of late skip locked) as late
          where own.tenant_id = $1 and own.webhook_id = $2 and own.sequence = late.sequence",
        tx.id(),
        webhook.uuid(),
        before,
        now,
        fault,
        MAX_GIVEN_UP,
    ))
    .await
}

/// Lists deliveries that were given up, oldest first, after the event with the number `after`.
pub async fn dead(
    tx: &mut TenantTx,
    webhook: WebhookId,
    after: Option<i64>,
    limit: u16,
) -> Result<Page<DeadRow, i64>> {
    let dead = sqlx::query!(
        r#"select event.event_id, event.sequence, event.type as event_type, event.occurred_at, event.data,
                  own.attempts, own.dead_at as "dead_at!", coalesce(own.fault, '') as "fault!"
             from webhook_delivery as own
             join event on event.tenant_id = $1 and event.sequence = own.sequence
            where own.tenant_id = $1 and own.webhook_id = $2 and own.dead_at is not null
              and ($3::bigint is null or own.sequence > $3)
            order by own.sequence
            limit $4"#,
        tx.id(),
        webhook.uuid(),
        after,
        one_more(limit),
    )
    .map(|row| DeadRow {
        event: event_of!(row),
        attempts: row.attempts,
        dead_at: row.dead_at,
        fault: row.fault,
    });
    let dead = tx.all(dead).await?;
    Ok(Page::cut(dead, limit, |row| row.event.sequence))
}

/// Makes deliveries due again that were given up: those of these events, or all. Their day for attempts starts again.
/// Returns how many.
pub async fn resend(
    tx: &mut TenantTx,
    webhook: WebhookId,
    events: Option<&[Uuid]>,
    now: DateTime<Utc>,
) -> Result<u64> {
    tx.written(sqlx::query!(
        "update webhook_delivery as own
            set dead_at = null, attempts = 0, first_attempt_at = $4, next_attempt_at = $4, fault = null
          where own.tenant_id = $1 and own.webhook_id = $2 and own.dead_at is not null
            and ($3::uuid[] is null or own.sequence in (
                select sequence from event where tenant_id = $1 and event_id = any ($3)))",
        tx.id(),
        webhook.uuid(),
        events as _,
        now,
    ))
    .await
}
