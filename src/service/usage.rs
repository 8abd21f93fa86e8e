//! What is used, held and left of the limits of promotions now.

use chrono::{DateTime, TimeDelta, Utc};

use super::ServiceError;
use crate::db::{self, TenantTx};
use crate::domain::counter::{CounterKey, Owner};
use crate::domain::limit::{CountedLimit, LimitSubject};
use crate::domain::promotion::Promotion;
use crate::domain::settings::Settings;
use crate::domain::usage::{Gone, LimitUsage, Usage};
use crate::domain::window;
use crate::stored;

/// A limit of one of the promotions, and its place among the counters that are read.
struct Wanted {
    limit: CountedLimit,
    window_ends_at: Option<DateTime<Utc>>,
    counter: Option<usize>,
}

/// How far the limits of these promotions are used, each at its place: one statement for all of them. The windows are
/// those of the database's clock, by which redemptions go; `offset` moves it, for tests.
pub(super) async fn of(
    tx: &mut TenantTx,
    offset: TimeDelta,
    promotions: &[&Promotion],
) -> Result<Vec<Usage>, ServiceError> {
    let counts = |promotion: &&Promotion| promotion.terms.limits.counted().next().is_some();
    if !promotions.iter().any(counts) {
        return Ok(promotions.iter().map(|_| Usage::default()).collect());
    }
    let row = db::settings::get(tx).await?.ok_or(ServiceError::NotFound)?;
    let settings = stored::settings(&row)?;
    let now = db::redemptions::now(tx).await?;
    let now = now.checked_add_signed(offset).unwrap_or(now);
    let mut counters = Vec::new();
    let wanted: Vec<Vec<Wanted>> = promotions
        .iter()
        .map(|promotion| wanted(promotion, &settings, now, &mut counters))
        .collect();
    let found = db::usage::read(tx, &counters).await?;
    let usage = |limits: Vec<Wanted>| Usage {
        limits: limits.into_iter().map(|limit| answered(limit, &found)).collect(),
        precision: settings.rounding.precision(),
    };
    Ok(wanted.into_iter().map(usage).collect())
}

fn wanted(
    promotion: &Promotion,
    settings: &Settings,
    now: DateTime<Utc>,
    counters: &mut Vec<CounterKey>,
) -> Vec<Wanted> {
    let starts_at = promotion.terms.starts_at.to_utc();
    // Before the start it is the first window that is waited for.
    let (zone, at) = (settings.timezone, now.max(starts_at));
    let limits = promotion.terms.limits.counted();
    let wanted = limits.map(|limit| {
        let number = window::number(limit.refresh, starts_at, zone, at);
        let counter = match limit.name.subject {
            LimitSubject::Promotion => {
                counters.push(CounterKey {
                    promotion_id: promotion.id,
                    owner: Owner::Everybody,
                    measure: limit.name.measure,
                    window: number,
                });
                counters.len().checked_sub(1)
            }
            LimitSubject::Earn | LimitSubject::Customer | LimitSubject::Code => None,
        };
        let end = |refresh| window::end(refresh, starts_at, zone, number);
        Wanted { limit, window_ends_at: limit.refresh.and_then(end), counter }
    });
    wanted.collect()
}

fn answered(wanted: Wanted, found: &[Gone]) -> LimitUsage {
    let gone = wanted.counter.map(|place| found.get(place).copied().unwrap_or_default());
    LimitUsage { limit: wanted.limit, gone, window_ends_at: wanted.window_ends_at }
}
