//! The best that a search has found, and the most that there could be.

use std::cmp::Ordering;

use crate::domain::amount::Money;

use super::sequence::Sequence;

/// What a search came to.
pub(super) struct Answer {
    /// With its total as its value; `None` where none contains the promotion that must be there.
    pub(super) best: Option<Sequence>,
    /// No other takes off more.
    pub(super) upper: Money,
}

impl Answer {
    pub(super) fn consider(&mut self, sequence: Sequence) {
        let is_better =
            self.best.as_ref().is_none_or(|best| sequence.compare(best) == Ordering::Less);
        if is_better {
            self.best = Some(sequence);
        }
    }
}
