//! Schedules (5.1): when a promotion is open.

use super::document::{World, at, decimal, field, list, text};
use super::number::{Exact, whole};
use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime};
use chrono::{TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use num_traits::ToPrimitive;
use serde_json::Value;

/// Is the schedule open now? "Null: all the time. Else, in `timezone` (default: the store's, else the
/// tenant's)."
pub fn is_open(world: &World<'_>, schedule: Option<&Value>) -> bool {
    let Some(schedule) = schedule else {
        return true;
    };
    let zone = text(schedule, "timezone")
        .or_else(|| world.store.and_then(|store| text(store, "timezone")))
        .map_or(world.settings.timezone, |name| name.parse().expect("a time zone"));
    let recurrence = field(schedule, "recurrence").unwrap_or(&Value::Null);
    let today = world.now.with_timezone(&zone).date_naive();
    match text(recurrence, "type").unwrap_or("none") {
        "weekly_span" => in_weekly_span(world.now, zone, today, recurrence),
        "monthly_span" => in_monthly_span(world.now, zone, today, recurrence),
        _ => match field(schedule, "daily_window") {
            None => is_selected(recurrence, today),
            Some(window) => in_window(world.now, zone, today, recurrence, window),
        },
    }
}

/// Is the local calendar day selected? A date that a month lacks is skipped of itself.
fn is_selected(recurrence: &Value, day: NaiveDate) -> bool {
    match text(recurrence, "type").unwrap_or("none") {
        "weekly" => list(recurrence, "days")
            .iter()
            .any(|it| it.as_str().map(weekday) == Some(day.weekday())),
        "monthly" => {
            list(recurrence, "dates").iter().any(|it| it.as_u64() == Some(u64::from(day.day())))
        }
        _ => true,
    }
}

/// "Opens at `start` on each selected day and stays open `duration_hours` of elapsed time. A window that
/// crosses midnight belongs to the day on which it opened."
fn in_window(
    now: DateTime<Utc>,
    zone: Tz,
    today: NaiveDate,
    recurrence: &Value,
    window: &Value,
) -> bool {
    let start = time(text(window, "start").expect("a start"));
    let hours = decimal(window, "duration_hours").expect("a duration");
    let milliseconds: Exact = hours * whole(3_600_000);
    let length = Duration::milliseconds(milliseconds.to_integer().to_i64().expect("a day at most"));
    (-3..=1)
        .map(|offset| today + Duration::days(offset))
        .filter(|day| is_selected(recurrence, *day))
        .map(|day| instant(zone, day.and_time(start)))
        .any(|opens| opens <= now && now < opens + length)
}

/// A continuous span from a weekday's time to the next such time of another.
fn in_weekly_span(now: DateTime<Utc>, zone: Tz, today: NaiveDate, span: &Value) -> bool {
    let end = |name: &str| {
        let end = field(span, name).expect("an end");
        let day = weekday(text(end, "day").expect("a day"));
        (day, time(text(end, "time").expect("a time")))
    };
    let (from, to) = (end("from"), end("to"));
    (-8..=1).map(|offset| today + Duration::days(offset)).filter(|day| day.weekday() == from.0).any(
        |day| {
            let opens = day.and_time(from.1);
            let closes = (0..=7)
                .map(|offset| (day + Days::new(offset)).and_time(to.1))
                .find(|it| it.weekday() == to.0 && *it > opens)
                .expect("an end within a week");
            instant(zone, opens) <= now && now < instant(zone, closes)
        },
    )
}

/// "A `from.date` that a month lacks gives no span in that month, a `to.date` that it lacks is the end of
/// that month."
fn in_monthly_span(now: DateTime<Utc>, zone: Tz, today: NaiveDate, span: &Value) -> bool {
    let end = |name: &str| {
        let date = at(span, &[name, "date"]).and_then(Value::as_u64);
        let date = u32::try_from(date.expect("a date")).expect("a date");
        let clock = at(span, &[name, "time"]).and_then(Value::as_str);
        (date, time(clock.expect("a time")))
    };
    let (from, to) = (end("from"), end("to"));
    let this_month = today.with_day(1).expect("a first day");
    let months = [
        this_month - Months::new(2),
        this_month - Months::new(1),
        this_month,
        this_month + Months::new(1),
    ];
    months.into_iter().any(|month| {
        let Some(opening_day) = month.with_day(from.0) else {
            return false;
        };
        let last_month = if to > from { month } else { month + Months::new(1) };
        let closes = match last_month.with_day(to.0) {
            Some(day) => day.and_time(to.1),
            None => (last_month + Months::new(1)).and_time(NaiveTime::MIN),
        };
        instant(zone, opening_day.and_time(from.1)) <= now && now < instant(zone, closes)
    })
}

/// "A start that the clock skips opens at the next instant that exists; one that occurs twice opens at
/// the first."
fn instant(zone: Tz, mut local: NaiveDateTime) -> DateTime<Utc> {
    loop {
        match zone.from_local_datetime(&local).earliest() {
            Some(found) => return found.with_timezone(&Utc),
            None => local += Duration::minutes(1),
        }
    }
}

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").expect("a time of day")
}

fn weekday(name: &str) -> Weekday {
    name.parse().expect("a day of the week")
}
