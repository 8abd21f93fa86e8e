//! What is asked for, the best that was found, and the most that there could be.

use std::cmp::Ordering;

use crate::domain::amount::Money;

use super::fine::Fine;
use super::sequence::Sequence;
use super::steps::Steps;

/// What is asked for, and what it has come to.
pub(super) struct Answer<'s> {
    /// A promotion that must have applied.
    pub(super) must: Option<usize>,
    /// With its total as its value; `None` where none contains the promotion that must be there.
    pub(super) best: Option<Sequence>,
    /// No other takes off more.
    pub(super) upper: Money,
    pub(super) steps: &'s mut Steps,
}

impl Answer<'_> {
    /// The value of the best; 0 where there is none.
    pub(super) fn known(&self) -> Fine {
        self.best.as_ref().map_or(0, |best| best.value)
    }

    /// Whether the promotion that must be there is among these.
    pub(super) fn is_met_by(&self, mut places: impl Iterator<Item = usize>) -> bool {
        self.must.is_none_or(|must| places.any(|place| place == must))
    }

    pub(super) fn consider(&mut self, sequence: Sequence) {
        let is_better =
            self.best.as_ref().is_none_or(|best| sequence.compare(best) == Ordering::Less);
        if is_better {
            self.best = Some(sequence);
        }
    }
}
