//! The question to a search, the best answer so far, and an upper bound.

use std::cmp::Ordering;

use crate::domain::amount::Money;

use super::fine::Fine;
use super::sequence::Sequence;
use super::steps::Steps;

/// The question to a search, and its answer so far.
pub(super) struct Answer<'s> {
    /// The required promotion, if there is one.
    pub(super) must: Option<usize>,
    /// The best sequence, with its total as its value; `None` where no sequence contains the required promotion.
    pub(super) best: Option<Sequence>,
    /// No sequence takes off more.
    pub(super) upper: Money,
    pub(super) steps: &'s mut Steps,
}

impl Answer<'_> {
    /// The value of the best sequence; 0 where there is none.
    pub(super) fn value(&self) -> Fine {
        self.best.as_ref().map_or(0, |best| best.value)
    }

    /// Whether the required promotion is among these.
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
