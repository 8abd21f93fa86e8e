//! Converts local times to instants, across clock changes.

use chrono::{DateTime, Duration, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

/// The instant of a local time. If the clock skips the time, it is the next instant that exists. If the time occurs
/// twice, it is the first (spec 5.1). Time zones skip at most a day, in whole minutes.
pub fn instant(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let minutes = (0..=26 * 60).map(|minutes| local + Duration::minutes(minutes));
    let mut existing = minutes.filter_map(|local| zone.from_local_datetime(&local).earliest());
    existing.next().map(|instant| instant.with_timezone(&Utc))
}
