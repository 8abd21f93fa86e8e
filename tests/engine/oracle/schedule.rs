//! Schedules (5.1): when a promotion is open.

use super::document::{World, at, decimal, field, list, text};
use super::number::{Exact, whole};
use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime};
use chrono::{SecondsFormat, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use num_traits::ToPrimitive;
use serde_json::Value;

/// Is the schedule open now? "Null: all the time. Else, in `timezone` (default: the store's, else the
/// tenant's)."
pub fn is_open(world: &World<'_>, schedule: Option<&Value>) -> bool {
    schedule.is_none_or(|schedule| is_open_at(world, schedule, world.now))
}

fn zone_of(world: &World<'_>, schedule: &Value) -> Tz {
    text(schedule, "timezone").map_or(store_zone(world), |name| name.parse().expect("a time zone"))
}

fn store_zone(world: &World<'_>) -> Tz {
    let of_store = world.store.and_then(|store| text(store, "timezone"));
    of_store.map_or(world.settings.timezone, |name| name.parse().expect("a time zone"))
}

fn is_open_at(world: &World<'_>, schedule: &Value, now: DateTime<Utc>) -> bool {
    let zone = zone_of(world, schedule);
    let recurrence = field(schedule, "recurrence").unwrap_or(&Value::Null);
    let today = now.with_timezone(&zone).date_naive();
    match text(recurrence, "type").unwrap_or("none") {
        "weekly_span" => in_weekly_span(now, zone, today, recurrence),
        "monthly_span" => in_monthly_span(now, zone, today, recurrence),
        _ => match field(schedule, "daily_window") {
            None => is_selected(recurrence, today),
            Some(window) => in_window(now, zone, today, recurrence, window),
        },
    }
}

/// "`opens_at` (null: never again)": the first instant before the end at which the schedule is open. It opens on some day at
/// midnight, or at a time that it names. The time is told where the store is.
pub fn opens_next(world: &World<'_>, schedule: &Value, ends_at: DateTime<Utc>) -> Option<String> {
    let zone = zone_of(world, schedule);
    let named =
        [at(schedule, &["daily_window", "start"]), at(schedule, &["recurrence", "from", "time"])];
    let mut clocks: Vec<NaiveTime> =
        named.into_iter().flatten().filter_map(Value::as_str).map(time).collect();
    clocks.push(NaiveTime::MIN);
    clocks.sort_unstable();
    let today = world.now.with_timezone(&zone).date_naive();
    // No month but February lacks more than one date, so that two months at most pass without one.
    let days = (0..100).map(|offset| today + Days::new(offset));
    let instants = days.flat_map(|day| clocks.iter().map(move |clock| day.and_time(*clock)));
    let opens = instants
        .map(|local| instant(zone, local))
        .find(|opens| *opens > world.now && is_open_at(world, schedule, *opens))?;
    let local = opens.with_timezone(&store_zone(world)).fixed_offset();
    (opens < ends_at).then(|| local.to_rfc3339_opts(SecondsFormat::AutoSi, true))
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
