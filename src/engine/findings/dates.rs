//! `never_open` and `already_ended`: schedule and dates.

use std::ops::Range;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::about::About;
use crate::domain::finding::{Concern, Finding};
use crate::domain::local_time::instant;
use crate::domain::promotion::Status;
use crate::domain::schedule::{Opening, Schedule};
use crate::engine::calendar::is_open;

/// Every schedule opens within this time, wherever it begins: at most two months in a row lack a date.
const LONGEST_PAUSE: TimeDelta = TimeDelta::days(100);

/// No instant between the dates is inside the schedule, in whichever zone.
pub(super) fn never_open(about: &About<'_>) -> Option<Finding> {
    let terms = &about.promotion.terms;
    let schedule = terms.schedule.as_ref()?;
    let dates = terms.starts_at.to_utc()..terms.ends_at.to_utc();
    let opens_in = |zone| openings(schedule, zone, &dates, LONGEST_PAUSE).next().is_some();
    let opens = match schedule.timezone {
        Some(zone) => opens_in(zone),
        None => opens_in(about.settings.timezone) || about.zones.iter().any(|zone| opens_in(*zone)),
    };
    let finding = Finding { pointer: "/schedule".to_owned(), concern: Concern::NeverOpen };
    (!opens).then_some(finding)
}

/// It is active, and its end has passed.
pub(super) fn already_ended(about: &About<'_>) -> Option<Finding> {
    let ends_at = about.promotion.terms.ends_at.to_utc();
    let has_ended = about.promotion.status == Status::Active && ends_at <= about.now;
    let concern = Concern::AlreadyEnded(ends_at);
    has_ended.then(|| Finding { pointer: "/ends_at".to_owned(), concern })
}

/// The instants of the first `most` of some time at which a schedule is open and has perhaps just opened. If it is open
/// at any instant of that time, there is one.
pub(super) fn openings(
    schedule: &Schedule,
    zone: Tz,
    during: &Range<DateTime<Utc>>,
    most: TimeDelta,
) -> impl Iterator<Item = DateTime<Utc>> {
    let zone = schedule.timezone.unwrap_or(zone);
    let time = match &schedule.opening {
        Opening::Days { window, .. } => window.map_or(NaiveTime::MIN, |window| window.start),
        Opening::WeeklySpan { from, .. } => from.time,
        Opening::MonthlySpan { from, .. } => from.time,
    };
    let start = during.start;
    let end = start.checked_add_signed(most).map_or(during.end, |end| end.min(during.end));
    let first = start.with_timezone(&zone).date_naive();
    let days = (0..=u64::try_from(most.num_days()).unwrap_or(0).saturating_add(1))
        .map_while(move |offset| first.checked_add_days(Days::new(offset)));
    let opens = days.filter_map(move |day| instant(day.and_time(time), zone));
    let within = opens.take_while(move |opens| *opens < end).filter(move |opens| start < *opens);
    [start].into_iter().chain(within).filter(move |at| is_open(schedule, zone, *at))
}
