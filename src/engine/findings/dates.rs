//! `never_open` and `already_ended`: schedule and dates.

use super::about::About;
use crate::domain::finding::{Concern, Finding};
use crate::domain::promotion::Status;
use crate::engine::calendar::{LONGEST_PAUSE, openings};

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
