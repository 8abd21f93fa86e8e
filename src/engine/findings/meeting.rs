//! Whether two promotions can meet on a cart: at some same time, at some same place.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::domain::promotion::{Scope, Terms};
use crate::domain::schedule::{Days, Opening, Schedule};
use crate::engine::calendar::{is_open, openings};

/// What repeats every week meets within this time, or never.
const TWO_WEEKS: TimeDelta = TimeDelta::days(15);

/// Whether both can be open at some same time. Schedules by the month count as if they met.
pub(super) fn at_same_time(one: &Terms, other: &Terms, zone: Tz) -> bool {
    let start = one.starts_at.max(other.starts_at).to_utc();
    let end = one.ends_at.min(other.ends_at).to_utc();
    if end <= start {
        return false;
    }
    let (Some(own), Some(others)) = (&one.schedule, &other.schedule) else {
        return true;
    };
    if !repeats_weekly(own) || !repeats_weekly(others) {
        return true;
    }
    let (own, others) = ((own, others), (others, own));
    [own, others].into_iter().any(|(opening, open)| {
        openings(opening, zone, &(start..end), TWO_WEEKS).any(|at| is_open(open, zone, at))
    })
}

const fn repeats_weekly(schedule: &Schedule) -> bool {
    match &schedule.opening {
        Opening::Days { days: Days::Every | Days::Weekly(_), .. } | Opening::WeeklySpan { .. } => {
            true
        }
        Opening::Days { days: Days::Monthly(_), .. } | Opening::MonthlySpan { .. } => false,
    }
}

/// Whether a cart can be in the scope of both. A cart has one store, one concept and one channel.
pub(super) fn at_same_place(one: &Scope, other: &Scope) -> bool {
    share(&one.stores, &other.stores)
        && share(&one.concepts, &other.concepts)
        && share(&one.channels, &other.channels)
}

/// Whether two lists that restrict, unless they are empty, let the same in.
fn share(one: &[String], other: &[String]) -> bool {
    one.is_empty() || other.is_empty() || {
        let one: BTreeSet<&String> = one.iter().collect();
        other.iter().any(|name| one.contains(name))
    }
}
