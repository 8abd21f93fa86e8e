//! When a schedule is open (spec 5.1).
//!
//! `domain::local_time` explains how clock changes affect local times.

use std::ops::Range;

use chrono::{
    DateTime, Datelike, Days as ChronoDays, Months, NaiveDate, NaiveTime, TimeDelta, Utc,
};
use chrono_tz::Tz;

use crate::domain::local_time::instant;
use crate::domain::reason::Opening as NextOpening;
use crate::domain::schedule::{DailyWindow, Days, MonthMoment, Opening, Schedule, WeekMoment};

/// Every schedule opens within this time, wherever it begins: at most two months in a row lack a date.
pub(crate) const LONGEST_PAUSE: TimeDelta = TimeDelta::days(100);

/// Whether `schedule` is open at `now`. `zone` is the time zone if the schedule names none.
pub(crate) fn is_open(schedule: &Schedule, zone: Tz, now: DateTime<Utc>) -> bool {
    let zone = schedule.timezone.unwrap_or(zone);
    let today = now.with_timezone(&zone).date_naive();
    match &schedule.opening {
        Opening::Days { days, window: None } => selects(days, today),
        Opening::Days { days, window: Some(window) } => around(today, 2, 1)
            .filter(|day| selects(days, *day))
            .filter_map(|day| window_of(*window, day, zone))
            .any(|window| contains(window, now)),
        Opening::WeeklySpan { from, to } => around(today, 8, 1)
            .filter(|day| day.weekday() == from.day)
            .filter_map(|day| weekly_span(*from, *to, day, zone))
            .any(|span| contains(span, now)),
        Opening::MonthlySpan { from, to } => [0, 1, 2]
            .into_iter()
            .filter_map(|months| today.with_day(1)?.checked_sub_months(Months::new(months)))
            .filter_map(|month| monthly_span(*from, *to, month, zone))
            .any(|span| contains(span, now)),
    }
}

/// When a schedule that is closed at `now` opens next, before `until`; `None`: not before then.
pub(crate) fn opens_at(
    schedule: &Schedule,
    zone: Tz,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    openings(schedule, zone, &(now..until), LONGEST_PAUSE).next()
}

/// The instants of the first `most` of some time at which a schedule is open and has perhaps just opened. If it is open
/// at any instant of that time, there is one.
pub(crate) fn openings(
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
        .map_while(move |offset| first.checked_add_days(ChronoDays::new(offset)));
    let opens = days.filter_map(move |day| instant(day.and_time(time), zone));
    let within = opens.take_while(move |opens| *opens < end).filter(move |opens| start < *opens);
    [start].into_iter().chain(within).filter(move |at| is_open(schedule, zone, *at))
}

/// The same, and when it closes.
pub(crate) fn next(
    schedule: &Schedule,
    zone: Tz,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<NextOpening> {
    let opens_at = opens_at(schedule, zone, now, until)?;
    let window = match &schedule.opening {
        Opening::Days { window, .. } => *window,
        Opening::WeeklySpan { .. } | Opening::MonthlySpan { .. } => None,
    };
    Some(NextOpening { opens_at, closes_at: window.map(|window| opens_at + duration(window)) })
}

fn contains((start, end): (DateTime<Utc>, DateTime<Utc>), now: DateTime<Utc>) -> bool {
    start <= now && now < end
}

/// The days from `before` days before `day` to `after` days after it.
fn around(day: NaiveDate, before: u64, after: u64) -> impl Iterator<Item = NaiveDate> {
    let first = day.checked_sub_days(ChronoDays::new(before)).unwrap_or(day);
    (0..=before + after).filter_map(move |offset| first.checked_add_days(ChronoDays::new(offset)))
}

fn selects(days: &Days, day: NaiveDate) -> bool {
    match days {
        Days::Every => true,
        Days::Weekly(days) => days.contains(&day.weekday()),
        Days::Monthly(dates) => dates.iter().any(|date| u32::from(*date) == day.day()),
    }
}

/// The window that opens on a day. Its duration is elapsed time.
fn window_of(
    window: DailyWindow,
    day: NaiveDate,
    zone: Tz,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let opens = instant(day.and_time(window.start), zone)?;
    Some((opens, opens + duration(window)))
}

fn duration(window: DailyWindow) -> TimeDelta {
    // A ten-thousandth of an hour is 360 ms.
    TimeDelta::milliseconds(window.duration_hours.scaled().saturating_mul(360))
}

/// The span that opens on a day.
fn weekly_span(
    from: WeekMoment,
    to: WeekMoment,
    day: NaiveDate,
    zone: Tz,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let days = match to.day.days_since(from.day) {
        0 if to.time <= from.time => 7,
        days => days,
    };
    let closes = day.checked_add_days(ChronoDays::new(days.into()))?;
    Some((instant(day.and_time(from.time), zone)?, instant(closes.and_time(to.time), zone)?))
}

/// The span that opens in the month that begins on `month`; `None` if the month lacks the date.
fn monthly_span(
    from: MonthMoment,
    to: MonthMoment,
    month: NaiveDate,
    zone: Tz,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let next = month.checked_add_months(Months::new(1))?;
    let opens = month.with_day(from.date.into())?.and_time(from.time);
    let closing_month = if (to.date, to.time) > (from.date, from.time) { month } else { next };
    let closes = match closing_month.with_day(to.date.into()) {
        Some(day) => day.and_time(to.time),
        None => closing_month.checked_add_months(Months::new(1))?.and_time(NaiveTime::MIN),
    };
    Some((instant(opens, zone)?, instant(closes, zone)?))
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, Weekday};

    use super::*;
    use crate::domain::amount::Number;

    fn time(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    fn days(zone: &str, days: Days, window: Option<(&str, &str)>) -> Schedule {
        let window = window.map(|(start, hours)| DailyWindow {
            start: time(start),
            duration_hours: Number::parse(hours).unwrap(),
        });
        Schedule { timezone: Some(zone.parse().unwrap()), opening: Opening::Days { days, window } }
    }

    fn weekly(zone: &str, from: (Weekday, &str), to: (Weekday, &str)) -> Schedule {
        let moment = |(day, at)| WeekMoment { day, time: time(at) };
        let opening = Opening::WeeklySpan { from: moment(from), to: moment(to) };
        Schedule { timezone: Some(zone.parse().unwrap()), opening }
    }

    fn monthly(zone: &str, from: (u8, &str), to: (u8, &str)) -> Schedule {
        let moment = |(date, at)| MonthMoment { date, time: time(at) };
        let opening = Opening::MonthlySpan { from: moment(from), to: moment(to) };
        Schedule { timezone: Some(zone.parse().unwrap()), opening }
    }

    fn open_at(schedule: &Schedule, at: &str) -> bool {
        let at = DateTime::parse_from_rfc3339(at).unwrap().to_utc();
        is_open(schedule, chrono_tz::UTC, at)
    }

    /// Checks that the schedule opens at `start` and closes at `end`, to the millisecond.
    #[track_caller]
    fn check(schedule: &Schedule, start: &str, end: &str) {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let instant = Duration::milliseconds(1);
        let is_open = |now| is_open(schedule, chrono_tz::UTC, now);
        assert!(!is_open(at(start) - instant), "opens before {start}");
        assert!(is_open(at(start)), "closed at {start}");
        assert!(is_open(at(end) - instant), "closes before {end}");
        assert!(!is_open(at(end)), "open at {end}");
    }

    #[test]
    fn a_day_of_the_week_is_a_local_calendar_day() {
        let fridays = days("Asia/Kolkata", Days::Weekly(vec![Weekday::Fri]), None);
        check(&fridays, "2026-06-05T00:00:00+05:30", "2026-06-06T00:00:00+05:30");
        // One of these days has 23 hours, the other 25.
        let sundays = days("Europe/Berlin", Days::Weekly(vec![Weekday::Sun]), None);
        check(&sundays, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00");
        check(&sundays, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
    }

    #[test]
    fn a_closed_schedule_opens_next_at_the_beginning_of_a_window() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let evenings = days("Asia/Kolkata", Days::Weekly(vec![Weekday::Mon]), Some(("18:00", "4")));
        let next = |schedule: &Schedule, now: &str, until: &str| {
            opens_at(schedule, chrono_tz::UTC, at(now), at(until))
        };
        // 2026-06-01 is a Monday.
        let monday = Some(at("2026-06-01T18:00:00+05:30"));
        let (closed, far) = ("2026-06-01T17:59:59+05:30", "2027-01-01T00:00:00Z");
        assert_eq!(next(&evenings, closed, far), monday);
        let after = "2026-06-01T22:00:00+05:30";
        assert_eq!(next(&evenings, after, far), Some(at("2026-06-08T18:00:00+05:30")));
        // The end is excluded.
        assert_eq!(next(&evenings, closed, "2026-06-01T18:00:00+05:30"), None);
        let span = weekly("UTC", (Weekday::Fri, "18:00"), (Weekday::Mon, "06:00"));
        let friday = Some(at("2026-06-05T18:00:00Z"));
        assert_eq!(next(&span, "2026-06-01T06:00:00Z", far), friday);
        let leap = days("UTC", Days::Monthly(vec![29, 30, 31]), None);
        let march = Some(at("2027-03-29T00:00:00Z"));
        assert_eq!(
            next(&leap, "2027-02-01T00:00:00Z", far.replace("2027", "2028").as_str()),
            march
        );
    }

    #[test]
    fn dates_that_a_month_lacks_are_skipped() {
        let last = days("UTC", Days::Monthly(vec![29, 31]), None);
        check(&last, "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z");
        assert!(!open_at(&last, "2027-02-28T12:00:00Z"));
        assert!(!open_at(&last, "2026-04-30T12:00:00Z"));
        check(&last, "2026-03-31T00:00:00Z", "2026-04-01T00:00:00Z");
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_on_which_it_opened() {
        let night = days("Asia/Kolkata", Days::Weekly(vec![Weekday::Wed]), Some(("18:00", "8")));
        check(&night, "2026-06-03T18:00:00+05:30", "2026-06-04T02:00:00+05:30");
        assert!(!open_at(&night, "2026-06-03T01:00:00+05:30"));
        let short = days("UTC", Days::Every, Some(("23:59", "0.0001")));
        check(&short, "2026-06-03T23:59:00Z", "2026-06-03T23:59:00.360Z");
        // A window of 24 hours on every day never closes.
        let always = days("UTC", Days::Every, Some(("12:00", "24")));
        assert!(
            open_at(&always, "2026-06-03T11:59:59Z") && open_at(&always, "2026-06-03T12:00:00Z")
        );
    }

    #[test]
    fn windows_last_for_elapsed_time_over_clock_changes() {
        // The clock skips the hour from 02:00 to 03:00, so six hours after 01:00 it is 08:00.
        let spring = days("Europe/Berlin", Days::Every, Some(("01:00", "6")));
        check(&spring, "2026-03-29T01:00:00+01:00", "2026-03-29T08:00:00+02:00");
        check(&spring, "2026-10-25T01:00:00+02:00", "2026-10-25T06:00:00+01:00");
        // If the clock skips the start, the window opens at the next instant that exists.
        let skipped = days("Europe/Berlin", Days::Every, Some(("02:30", "1")));
        check(&skipped, "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00");
        // If the start occurs twice, the window opens at the first.
        check(&skipped, "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00");
        // A clock that changes by half an hour, and one that changes at midnight.
        let lord_howe = days("Australia/Lord_Howe", Days::Every, Some(("02:15", "1")));
        check(&lord_howe, "2026-10-04T02:30:00+11:00", "2026-10-04T03:30:00+11:00");
        let cairo = days("Africa/Cairo", Days::Every, Some(("00:00", "2")));
        check(&cairo, "2026-04-24T01:00:00+03:00", "2026-04-24T03:00:00+03:00");
    }

    #[test]
    fn a_week_span_crosses_midnight_and_the_week() {
        let weekend = weekly("Asia/Kolkata", (Weekday::Fri, "18:00"), (Weekday::Mon, "06:00"));
        check(&weekend, "2026-06-05T18:00:00+05:30", "2026-06-08T06:00:00+05:30");
        // On the same day: to a later time, some hours; to an earlier time, a week less some hours.
        let hours = weekly("UTC", (Weekday::Tue, "10:00"), (Weekday::Tue, "12:00"));
        check(&hours, "2026-06-02T10:00:00Z", "2026-06-02T12:00:00Z");
        let all_but = weekly("UTC", (Weekday::Tue, "12:00"), (Weekday::Tue, "10:00"));
        check(&all_but, "2026-06-02T12:00:00Z", "2026-06-09T10:00:00Z");
        let changed = weekly("America/New_York", (Weekday::Sat, "22:00"), (Weekday::Sun, "02:30"));
        check(&changed, "2026-03-07T22:00:00-05:00", "2026-03-08T03:00:00-04:00");
    }

    #[test]
    fn a_month_span_crosses_the_month_and_the_year() {
        let turn = monthly("Asia/Kolkata", (28, "00:00"), (3, "12:00"));
        check(&turn, "2026-12-28T00:00:00+05:30", "2027-01-03T12:00:00+05:30");
        check(&turn, "2027-02-28T00:00:00+05:30", "2027-03-03T12:00:00+05:30");
        // If a month lacks the start, it has no span. If it lacks the end, the span ends with the month.
        let end = monthly("UTC", (31, "08:00"), (5, "00:00"));
        check(&end, "2026-05-31T08:00:00Z", "2026-06-05T00:00:00Z");
        assert!(!open_at(&end, "2026-06-30T12:00:00Z") && !open_at(&end, "2026-07-02T12:00:00Z"));
        let to_end = monthly("UTC", (10, "00:00"), (31, "10:00"));
        check(&to_end, "2026-02-10T00:00:00Z", "2026-03-01T00:00:00Z");
        check(&to_end, "2026-03-10T00:00:00Z", "2026-03-31T10:00:00Z");
        let nearly_always = monthly("UTC", (31, "10:00"), (31, "09:00"));
        check(&nearly_always, "2026-01-31T10:00:00Z", "2026-03-01T00:00:00Z");
    }

    #[test]
    fn the_zone_is_the_schedules_else_the_one_given() {
        let mut mornings = days("Asia/Tokyo", Days::Every, Some(("09:00", "1")));
        assert!(open_at(&mornings, "2026-06-03T09:30:00+09:00"));
        mornings.timezone = None;
        assert!(!open_at(&mornings, "2026-06-03T09:30:00+09:00"));
        assert!(open_at(&mornings, "2026-06-03T09:30:00Z"));
    }
}
