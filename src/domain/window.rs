//! The windows of limits, each with a count of its own (spec 9). A window is a number of calendar days, weeks from
//! Monday, or months in the tenant's time zone. The first window is the one in which the promotion starts.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use super::limit::{Refresh, RefreshUnit};
use super::local_time::instant;

/// The number of the window that contains an instant. The window of `starts_at` is 0. A limit without `refresh` has the
/// window 0 only.
pub fn number(
    refresh: Option<Refresh>,
    starts_at: DateTime<Utc>,
    zone: Tz,
    at: DateTime<Utc>,
) -> i32 {
    let Some(refresh) = refresh else { return 0 };
    let (first, day) = (local(starts_at, zone), local(at, zone));
    let units = match refresh.unit {
        RefreshUnit::Day => days_between(first, day),
        RefreshUnit::Week => days_between(monday(first), monday(day)).div_euclid(7),
        RefreshUnit::Month => months(day) - months(first),
    };
    let windows = units.div_euclid(i64::from(refresh.every.max(1)));
    // The calendar of `chrono` ends long before that.
    i32::try_from(windows).unwrap_or(i32::MAX)
}

/// When a window ends, excluded. `None` if the calendar ends before.
pub fn end(
    refresh: Refresh,
    starts_at: DateTime<Utc>,
    zone: Tz,
    number: i32,
) -> Option<DateTime<Utc>> {
    let first = local(starts_at, zone);
    let count = i64::from(number) + 1;
    let units = count.checked_mul(i64::from(refresh.every.max(1)))?;
    let day = match refresh.unit {
        RefreshUnit::Day => first.checked_add_days(Days::new(u64::try_from(units).ok()?))?,
        RefreshUnit::Week => {
            let days = u64::try_from(units).ok()?.checked_mul(7)?;
            monday(first).checked_add_days(Days::new(days))?
        }
        RefreshUnit::Month => {
            first.with_day(1)?.checked_add_months(Months::new(u32::try_from(units).ok()?))?
        }
    };
    instant(day.and_time(NaiveTime::MIN), zone)
}

fn local(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

fn monday(day: NaiveDate) -> NaiveDate {
    let since = u64::from(day.weekday().num_days_from_monday());
    day.checked_sub_days(Days::new(since)).unwrap_or(day)
}

fn days_between(first: NaiveDate, day: NaiveDate) -> i64 {
    day.signed_duration_since(first).num_days()
}

fn months(day: NaiveDate) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month0())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    /// Each row has zone, every, unit and start; then an instant and the number of its window.
    #[test]
    fn windows_follow_the_calendar_of_the_zone() {
        use RefreshUnit::{Day, Month, Week};
        let kolkata = chrono_tz::Asia::Kolkata;
        let berlin = chrono_tz::Europe::Berlin;
        let table = [
            // The first window is the day of the start, even if the promotion starts late on it.
            (kolkata, 1, Day, "2026-06-01T23:30:00+05:30", "2026-06-01T23:59:59.999+05:30", 0),
            (kolkata, 1, Day, "2026-06-01T23:30:00+05:30", "2026-06-02T00:00:00+05:30", 1),
            // Midnight in the zone, not in UTC.
            (kolkata, 1, Day, "2026-06-01T00:00:00+05:30", "2026-06-01T18:29:59Z", 0),
            (kolkata, 1, Day, "2026-06-01T00:00:00+05:30", "2026-06-01T18:30:00Z", 1),
            // Three days at a time.
            (kolkata, 3, Day, "2026-06-01T00:00:00+05:30", "2026-06-03T23:59:59+05:30", 0),
            (kolkata, 3, Day, "2026-06-01T00:00:00+05:30", "2026-06-04T00:00:00+05:30", 1),
            // A week begins on Monday (2026-06-01 is one), even if the promotion starts on another day.
            (kolkata, 1, Week, "2026-06-03T12:00:00+05:30", "2026-06-07T23:59:59+05:30", 0),
            (kolkata, 1, Week, "2026-06-03T12:00:00+05:30", "2026-06-08T00:00:00+05:30", 1),
            (kolkata, 2, Week, "2026-06-07T12:00:00+05:30", "2026-06-14T23:59:59+05:30", 0),
            (kolkata, 2, Week, "2026-06-07T12:00:00+05:30", "2026-06-15T00:00:00+05:30", 1),
            // Months of 28 to 31 days, over the end of a year.
            (berlin, 1, Month, "2026-01-31T12:00:00+01:00", "2026-01-31T23:59:59+01:00", 0),
            (berlin, 1, Month, "2026-01-31T12:00:00+01:00", "2026-02-01T00:00:00+01:00", 1),
            (berlin, 1, Month, "2026-01-31T12:00:00+01:00", "2026-03-01T00:00:00+01:00", 2),
            (berlin, 3, Month, "2026-11-15T00:00:00+01:00", "2027-01-31T23:59:59+01:00", 0),
            (berlin, 3, Month, "2026-11-15T00:00:00+01:00", "2027-02-01T00:00:00+01:00", 1),
            // The clock goes forward on 2026-03-29: that day has 23 hours.
            (berlin, 1, Day, "2026-03-29T00:00:00+01:00", "2026-03-29T23:59:59+02:00", 0),
            (berlin, 1, Day, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 1),
        ];
        for (zone, every, unit, start, instant, expected) in table {
            let refresh = Refresh { every, unit };
            let found = number(Some(refresh), at(start), zone, at(instant));
            assert_eq!(found, expected, "every {every} {unit:?} from {start}: {instant}");
            let closes = end(refresh, at(start), zone, found).unwrap();
            assert!(at(instant) < closes, "{instant} is before {closes}");
            let next = number(Some(refresh), at(start), zone, closes);
            assert_eq!(next, expected + 1, "{closes} begins the next");
        }
    }

    #[test]
    fn without_refresh_there_is_one_window() {
        let (start, later) = (at("2026-06-01T00:00:00Z"), at("2036-06-01T00:00:00Z"));
        assert_eq!(number(None, start, chrono_tz::UTC, later), 0);
    }
}
