//! Deliveries: they are claimed for a while, and settled by the outcome of each attempt. No transaction is open in
//! between.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use uuid::Uuid;

use super::super::Service;
use crate::db::deliveries::{ClaimedRow, DueRow, Failed};
use crate::db::webhooks::TargetRow;
use crate::db::{self, DbError};
use crate::domain::id::{TenantId, WebhookId};
use crate::wire::body::*;
use crate::wire::event::EventBody;

/// How long no other instance tries a claimed delivery. This is longer than an attempt can take.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// Most deliveries of one claim. They are sent at the same time, each over a socket of its own.
pub const MAX_CLAIMED: i64 = 8;
/// How long after the first attempt further attempts follow.
const PATIENCE: TimeDelta = TimeDelta::hours(24);
/// Seconds after the first attempt. Each pause is three times the one before.
const FIRST_PAUSE: i64 = 5;
const LONGEST_PAUSE: i64 = 6 * 60 * 60;
/// Longest rest of a webhook, in seconds. A receiver that has recovered waits at most this long for its deliveries.
const LONGEST_REST: i64 = 10 * 60;

/// Claimed deliveries of one webhook. None of them has to wait for another.
pub struct Load {
    /// The URL, and the secret that signs.
    pub target: TargetRow,
    pub parcels: Vec<Parcel>,
    /// How many claims in a row have failed completely.
    pub failures: i32,
}

#[derive(Clone, Debug)]
pub struct Parcel {
    /// The event's id: the same at every attempt.
    pub event_id: Uuid,
    /// The body that is sent.
    pub payload: String,
    sequence: i64,
    attempts: i32,
    first_at: DateTime<Utc>,
}

/// The outcome of an attempt; `Err` says what was wrong.
pub type Outcome = Result<(), String>;

impl Service {
    /// Webhooks of all tenants that have due deliveries. Tenants take turns.
    pub async fn due_webhooks(&self, limit: i64) -> Result<Vec<DueRow>, DbError> {
        let offset = self.clock().offset().num_milliseconds();
        self.db().operator(move |tx| Box::pin(db::deliveries::due(tx, offset, limit))).await
    }

    /// Claims due deliveries of a webhook. `None` if nothing is due, or if the webhook rests or is gone.
    pub async fn claim_deliveries(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
    ) -> Result<Option<Load>, DbError> {
        let offset = self.clock().offset();
        let claimed = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let Some(receiver) = db::webhooks::receiver(tx, webhook).await? else {
                    return Ok(None);
                };
                let now = db::redemptions::now(tx).await? + offset;
                if receiver.rests_until.is_some_and(|until| until > now) {
                    return Ok(None);
                }
                let rows =
                    db::deliveries::claim(tx, webhook, now, now + LEASE, MAX_CLAIMED).await?;
                let parcels: Vec<Parcel> = rows.into_iter().map(parcel).collect();
                Ok::<_, DbError>((!parcels.is_empty()).then_some(Load {
                    target: receiver.target,
                    parcels,
                    failures: receiver.failures,
                }))
            })
        });
        claimed.await
    }

    /// Settles a claim by its outcomes. `failures` is the webhook's number of failed claims before this one. If the
    /// receiver accepted nothing, the webhook rests, so that a failing receiver does not take turns from other
    /// webhooks.
    pub async fn settle_deliveries(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        failures: i32,
        outcomes: Vec<(Parcel, Outcome)>,
    ) -> Result<(), DbError> {
        let offset = self.clock().offset();
        let settled = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let now = db::redemptions::now(tx).await? + offset;
                let (mut sequences, mut attempts) = (Vec::new(), Vec::new());
                let mut failed = Vec::new();
                for (parcel, outcome) in outcomes {
                    match outcome {
                        Ok(()) => {
                            sequences.push(parcel.sequence);
                            attempts.push(parcel.attempts);
                        }
                        Err(fault) => failed.push(Failed {
                            sequence: parcel.sequence,
                            attempts: parcel.attempts,
                            next_attempt_at: next(parcel.attempts, parcel.first_at, now),
                            fault,
                        }),
                    }
                }
                // The webhook's row is locked before its deliveries, as in a deletion of the webhook.
                let last = failed.last().map(|own| own.fault.clone());
                match last.filter(|_| sequences.is_empty()) {
                    Some(fault) => {
                        let failures = failures.saturating_add(1);
                        let rest = spread(pause_seconds(failures).min(LONGEST_REST));
                        db::webhooks::rest(tx, webhook, failures, Some(now + rest)).await?;
                        db::deliveries::failed(tx, webhook, &failed, now).await?;
                        db::deliveries::give_up(tx, webhook, now - PATIENCE, now, &fault).await?;
                        return Ok(());
                    }
                    None if failures > 0 => db::webhooks::rest(tx, webhook, 0, None).await?,
                    None => {}
                }
                if !sequences.is_empty() {
                    db::deliveries::arrived(tx, webhook, &sequences, &attempts).await?;
                }
                if !failed.is_empty() {
                    db::deliveries::failed(tx, webhook, &failed, now).await?;
                }
                Ok(())
            })
        });
        settled.await
    }
}

fn parcel(row: ClaimedRow) -> Parcel {
    let ClaimedRow { event, attempts, first_attempt_at: first_at } = row;
    let (event_id, sequence, payload) =
        (event.event_id, event.sequence, EventBody::document(&event));
    Parcel { event_id, payload, sequence, attempts, first_at }
}

/// The time of the next attempt; `None` if that is more than a day after the first attempt.
fn next(attempts: i32, first_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let next = now + spread(pause_seconds(attempts));
    (next <= first_at + PATIENCE).then_some(next)
}

/// A pause, randomly longer or shorter by up to a tenth. So deliveries that failed together are not tried again
/// together.
fn spread(pause: i64) -> TimeDelta {
    let jitter = rand::rng().random_range(-pause * 100..=pause * 100);
    TimeDelta::milliseconds(pause * 1_000 + jitter)
}

/// Seconds from an attempt to the next, before [`spread`].
fn pause_seconds(attempts: i32) -> i64 {
    let tripled = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    3_i64
        .checked_pow(tripled)
        .and_then(|factor| factor.checked_mul(FIRST_PAUSE))
        .map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_after_a_day() {
        assert_eq!([1, 2, 3].map(pause_seconds), [5, 15, 45]);
        assert_eq!(pause_seconds(i32::MAX), LONGEST_PAUSE);
        let first_at = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let (mut now, mut attempts) = (first_at, 1);
        while let Some(next) = next(attempts, first_at, now) {
            assert!(next > now);
            now = next;
            attempts += 1;
        }
        assert!((8..20).contains(&attempts), "{attempts}");
        assert!(now - first_at > TimeDelta::hours(16), "{now}");
    }
}
