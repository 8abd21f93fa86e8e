//! How much of promotions' limits is used, held and left now.

use chrono::{DateTime, TimeDelta, Utc};

use super::{ServiceError, settings};
use crate::db::{self, TenantTx};
use crate::domain::counter::{CounterKey, Owner};
use crate::domain::limit::LimitSubject;
use crate::domain::promotion::Promotion;
use crate::domain::settings::Settings;
use crate::domain::usage::{Gone, LimitUsage, Usage};
use crate::domain::window;

/// The usage of the limits of these promotions, in their order, with one statement for all counters. Windows follow the
/// database's clock, as in redemptions; `offset` moves it, for tests.
pub(super) async fn of(
    tx: &mut TenantTx,
    offset: TimeDelta,
    promotions: &[Promotion],
) -> Result<Vec<Usage>, ServiceError> {
    let counts = |promotion: &Promotion| promotion.terms.limits.counted().next().is_some();
    if !promotions.iter().any(counts) {
        return Ok(promotions.iter().map(|_| Usage::default()).collect());
    }
    let (settings, _) = settings::read(tx).await?;
    let now = db::redemptions::now(tx).await?;
    let now = now.checked_add_signed(offset).unwrap_or(now);
    let mut counters = Vec::new();
    let of = |promotion: &Promotion| unused(promotion, &settings, now, &mut counters);
    let mut usages: Vec<Usage> = promotions.iter().map(of).collect();
    let found = db::usage::read(tx, &counters).await?;
    let shared = usages.iter_mut().flat_map(|own| &mut own.limits);
    let shared = shared.filter_map(|limit| limit.gone.as_mut());
    for (gone, found) in shared.zip(found) {
        *gone = found;
    }
    Ok(usages)
}

/// The limits of a promotion in their present windows, with nothing used. Adds the counters of the limits that all
/// customers share to `counters`.
fn unused(
    promotion: &Promotion,
    settings: &Settings,
    now: DateTime<Utc>,
    counters: &mut Vec<CounterKey>,
) -> Usage {
    let starts_at = promotion.terms.starts_at.to_utc();
    // Before the promotion starts, its first window is shown.
    let (zone, at) = (settings.timezone, now.max(starts_at));
    let limits = promotion.terms.limits.counted();
    let limits = limits.map(|limit| {
        let number = window::number(limit.refresh, starts_at, zone, at);
        let gone = match limit.name.subject {
            LimitSubject::Promotion => {
                counters.push(CounterKey {
                    promotion_id: promotion.id,
                    owner: Owner::Everybody,
                    measure: limit.name.measure,
                    window: number,
                });
                Some(Gone::default())
            }
            LimitSubject::Earn | LimitSubject::Customer | LimitSubject::Code => None,
        };
        let end = |refresh| window::end(refresh, starts_at, zone, number);
        LimitUsage { limit, gone, window_ends_at: limit.refresh.and_then(end) }
    });
    Usage { limits: limits.collect(), precision: settings.rounding.precision() }
}
