//! How often a benefit may apply (spec 5.4 `repeat`).

use crate::domain::benefit::{Per, Repeat};
use crate::engine::candidate::Candidate;

use super::part::Part;

/// Most applications of one benefit (spec 14).
const MAX_APPLICATIONS: i64 = 1_000_000_000_000;

/// The most applications that `max_times`, the limits and the contract allow.
pub(super) fn times_bound(candidate: &Candidate<'_>, repeat: Option<&Repeat>) -> i64 {
    let own = repeat.and_then(|repeat| repeat.max_times).map(i64::from);
    own.into_iter().chain(candidate.left.times).fold(MAX_APPLICATIONS, i64::min)
}

/// The bound that `repeat` sets, measured on the requirements' lines of a part.
pub(super) fn repeat_bound(repeat: Option<&Repeat>, part: &Part<'_>) -> i64 {
    match repeat.map(|repeat| repeat.per) {
        None => 1,
        Some(Per::Quantity(every)) => part.counted_quantity().scaled() / every.scaled().max(1),
        Some(Per::Amount(every)) => part.counted_amount().times_of(&every.into()),
        Some(Per::Set) => part.most_sets(),
    }
}
