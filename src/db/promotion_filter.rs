//! Which promotions a list has: the filter, and what the states that are asked for mean as statuses and dates.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::domain::promotion::{PromotionType, State, Status};
use crate::domain::store::Store;

/// Which promotions are listed.
#[derive(Clone, Debug, Default)]
pub struct PromotionFilter {
    /// Those in one of these states. Empty: those that are not archived.
    pub states: Vec<State>,
    pub kind: Option<PromotionType>,
    pub campaign: Option<String>,
    /// Those whose name contains this text, in any case.
    pub q: Option<String>,
    /// Those whose scope lets this store in.
    pub store: Option<Store>,
    /// Those that end at this time or later.
    pub ends_after: Option<DateTime<Utc>>,
    /// Those that end before this time.
    pub ends_before: Option<DateTime<Utc>>,
    /// Some of these.
    pub among: Option<Vec<Uuid>>,
    /// None of these.
    pub without: Option<Vec<Uuid>>,
}

/// The promotions of one status whose dates lie within bounds, each bound included below and excluded above.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) status: Status,
    pub(super) starts: Bounds,
    pub(super) ends: Bounds,
}

type Bounds = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// The statuses and dates of the states that are asked for.
pub(super) fn parts(filter: &PromotionFilter, now: DateTime<Utc>) -> Vec<Part> {
    let any = (None, None);
    let of = |status| Part { status, starts: any, ends: (filter.ends_after, filter.ends_before) };
    if filter.states.is_empty() {
        return [Status::Draft, Status::Active, Status::Paused].map(of).to_vec();
    }
    // The database counts microseconds.
    let later = Some(now.checked_add_signed(TimeDelta::microseconds(1)).unwrap_or(now));
    let part = |state: &State| match state {
        State::Draft => of(Status::Draft),
        State::Paused => of(Status::Paused),
        State::Archived => of(Status::Archived),
        State::Scheduled => Part { starts: (later, None), ..of(Status::Active).ending_from(later) },
        State::Live => Part { starts: (None, later), ..of(Status::Active).ending_from(later) },
        State::Ended => of(Status::Active).ending_before(later),
    };
    filter.states.iter().map(part).collect()
}

impl Part {
    fn ending_from(self, time: Option<DateTime<Utc>>) -> Self {
        let (from, before) = self.ends;
        Self { ends: (from.max(time), before), ..self }
    }

    fn ending_before(self, time: Option<DateTime<Utc>>) -> Self {
        let (from, before) = self.ends;
        let before = before.into_iter().chain(time).min();
        Self { ends: (from, before), ..self }
    }
}
