//! When a schedule is open (spec 5.1).
//!
//! Local times meet clock changes here alone: one that the clock skips is the next instant that
//! exists, one that occurs twice is the first.

use chrono::{
    DateTime, Datelike, Days as ChronoDays, Duration, NaiveDate, NaiveDateTime, NaiveTime,
    TimeZone, Utc,
};
use chrono_tz::Tz;

use crate::domain::schedule::{
    DailyWindow, Days, MonthMoment, Opening, Schedule, WeekMoment, Weekday,
};

/// Whether `schedule` is open at `now`; `zone` is the one that holds where it names none.
pub(crate) fn is_open(schedule: &Schedule, zone: Tz, now: DateTime<Utc>) -> bool {
    let zone = schedule.timezone.unwrap_or(zone);
    let today = now.with_timezone(&zone).date_naive();
    match &schedule.opening {
        Opening::Days { days, window: None } => selects(days, today),
        Opening::Days {
            days,
            window: Some(window),
        } => around(today, 2, 1)
            .filter(|day| selects(days, *day))
            .filter_map(|day| window_of(*window, day, zone))
            .any(|window| contains(window, now)),
        Opening::WeeklySpan { from, to } => around(today, 8, 1)
            .filter(|day| weekday(*day) == from.day)
            .filter_map(|day| weekly_span(*from, *to, day, zone))
            .any(|span| contains(span, now)),
        Opening::MonthlySpan { from, to } => [0, 1, 2]
            .into_iter()
            .filter_map(|months| {
                today
                    .with_day(1)?
                    .checked_sub_months(chrono::Months::new(months))
            })
            .filter_map(|month| monthly_span(*from, *to, month, zone))
            .any(|span| contains(span, now)),
    }
}

fn contains((start, end): (DateTime<Utc>, DateTime<Utc>), now: DateTime<Utc>) -> bool {
    start <= now && now < end
}

/// The days from `before` days before to `after` days after a day.
fn around(day: NaiveDate, before: u64, after: u64) -> impl Iterator<Item = NaiveDate> {
    let first = day.checked_sub_days(ChronoDays::new(before)).unwrap_or(day);
    (0..=before + after).filter_map(move |offset| first.checked_add_days(ChronoDays::new(offset)))
}

fn selects(days: &Days, day: NaiveDate) -> bool {
    match days {
        Days::Every => true,
        Days::Weekly(days) => days.contains(&weekday(day)),
        Days::Monthly(dates) => dates.iter().any(|date| u32::from(*date) == day.day()),
    }
}

fn weekday(day: NaiveDate) -> Weekday {
    match day.weekday() {
        chrono::Weekday::Mon => Weekday::Mon,
        chrono::Weekday::Tue => Weekday::Tue,
        chrono::Weekday::Wed => Weekday::Wed,
        chrono::Weekday::Thu => Weekday::Thu,
        chrono::Weekday::Fri => Weekday::Fri,
        chrono::Weekday::Sat => Weekday::Sat,
        chrono::Weekday::Sun => Weekday::Sun,
    }
}

/// The instant of a local time. The zones of the world skip at most a day, by whole minutes.
fn instant(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let minutes = (0..=26 * 60).map(|minutes| local + Duration::minutes(minutes));
    let mut existing = minutes.filter_map(|local| zone.from_local_datetime(&local).earliest());
    existing.next().map(|instant| instant.with_timezone(&Utc))
}

/// The window that opens on a day. It stays open for elapsed time.
fn window_of(
    window: DailyWindow,
    day: NaiveDate,
    zone: Tz,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let opens = instant(day.and_time(window.start), zone)?;
    // A ten-thousandth of an hour is 360 ms.
    let closes = opens + Duration::milliseconds(window.duration_hours.scaled().saturating_mul(360));
    Some((opens, closes))
}

/// The span that opens on a day.
fn weekly_span(
    from: WeekMoment,
    to: WeekMoment,
    day: NaiveDate,
    zone: Tz,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let number = |day: Weekday| u64::from(day_number(day));
    let days = match (number(to.day) + 7 - number(from.day)) % 7 {
        0 if to.time <= from.time => 7,
        days => days,
    };
    let closes = day.checked_add_days(ChronoDays::new(days))?;
    Some((
        instant(day.and_time(from.time), zone)?,
        instant(closes.and_time(to.time), zone)?,
    ))
}

fn day_number(day: Weekday) -> u8 {
    match day {
        Weekday::Mon => 0,
        Weekday::Tue => 1,
        Weekday::Wed => 2,
        Weekday::Thu => 3,
        Weekday::Fri => 4,
        Weekday::Sat => 5,
        Weekday::Sun => 6,
    }
}

/// The span that opens in the month that begins on `month`: none where it lacks the date.
fn monthly_span(
    from: MonthMoment,
    to: MonthMoment,
    month: NaiveDate,
    zone: Tz,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let next = month.checked_add_months(chrono::Months::new(1))?;
    let opens = month.with_day(from.date.into())?.and_time(from.time);
    let closing_month = if (to.date, to.time) > (from.date, from.time) {
        month
    } else {
        next
    };
    let closes = match closing_month.with_day(to.date.into()) {
        Some(day) => day.and_time(to.time),
        None => closing_month
            .checked_add_months(chrono::Months::new(1))?
            .and_time(NaiveTime::MIN),
    };
    Some((instant(opens, zone)?, instant(closes, zone)?))
}
