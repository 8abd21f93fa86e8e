//! Sequences of promotions that have applied, and which of two sequences is preferred (spec 7.6).

use std::cmp::Ordering;
use std::rc::Rc;

use crate::domain::amount::Money;
use crate::engine::proposal::Proposal;

use super::fine::Fine;

/// A sequence of promotions that have applied, and what it gives.
#[derive(Clone, Default)]
pub(super) struct Sequence {
    /// Σ discount × weight.
    pub(super) value: Fine,
    /// How many of the promotions give points or free items.
    pub(super) gifts: usize,
    /// In order of application.
    pub(super) applied: Vec<(usize, Rc<Proposal>)>,
}

/// What decides which of two sequences is better, except for their order.
#[derive(Clone)]
pub(super) struct Standing {
    pub(super) value: Fine,
    gifts: usize,
    /// Places in the ranking, ascending.
    ranks: Vec<usize>,
}

impl Standing {
    /// The better one is less, as in [`Sequence::compare`].
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        other
            .value
            .cmp(&self.value)
            .then(other.gifts.cmp(&self.gifts))
            .then(self.ranks.len().cmp(&other.ranks.len()))
            .then_with(|| self.ranks.cmp(&other.ranks))
    }
}

impl Sequence {
    /// The memory that a copy takes. Only the last proposal counts, since shorter sequences share the others.
    pub(super) fn bytes(&self) -> usize {
        let last = self.applied.last().map_or(0, |(_, own)| own.bytes());
        size_of::<Self>() + size_of_val(self.applied.as_slice()) + last
    }

    pub(super) fn standing(&self) -> Standing {
        let mut ranks: Vec<usize> = self.places().collect();
        ranks.sort_unstable();
        Standing { value: self.value, gifts: self.gifts, ranks }
    }

    pub(super) fn places(&self) -> impl Iterator<Item = usize> + Clone {
        self.applied.iter().map(|(place, _)| *place)
    }

    pub(super) fn discount(&self) -> Money {
        self.applied.iter().map(|(_, own)| own.discount).sum()
    }

    /// The better one is less: by value, gifts, fewest promotions, best ranks, then order (spec 7.6).
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.value
            .cmp(&other.value)
            .reverse()
            .then_with(|| self.standing().compare(&other.standing()))
            .then_with(|| self.places().cmp(other.places()))
    }

    pub(super) fn push(&mut self, place: usize, proposal: Rc<Proposal>, value: Fine) {
        self.value += value;
        self.gifts += usize::from(gives(&proposal));
        self.applied.push((place, proposal));
    }

    pub(super) fn pop(&mut self, value: Fine) {
        if let Some((_, proposal)) = self.applied.pop() {
            self.value -= value;
            self.gifts -= usize::from(gives(&proposal));
        }
    }
}

/// Whether a promotion gives points or free items.
pub(super) fn gives(proposal: &Proposal) -> bool {
    proposal.points.is_positive() || proposal.free.is_positive()
}

/// Merges sequences that do not influence each other. Of all ways to merge them, it returns the one that comes first
/// when ranks are compared one by one.
pub(super) fn merge(parts: &[Sequence]) -> Sequence {
    let mut heads: Vec<std::slice::Iter<'_, (usize, Rc<Proposal>)>> =
        parts.iter().map(|part| part.applied.iter()).collect();
    let mut merged = Sequence {
        value: parts.iter().map(|part| part.value).sum(),
        gifts: parts.iter().map(|part| part.gifts).sum(),
        applied: Vec::new(),
    };
    loop {
        let first = heads
            .iter_mut()
            .filter(|head| !head.as_slice().is_empty())
            .min_by_key(|head| head.as_slice().first().map(|(place, _)| *place));
        match first.and_then(Iterator::next) {
            Some((place, proposal)) => merged.applied.push((*place, proposal.clone())),
            None => return merged,
        }
    }
}

/// Appends one sequence to another.
pub(super) fn behind(first: Sequence, then: Sequence) -> Sequence {
    let mut both = first;
    both.value += then.value;
    both.gifts += then.gifts;
    both.applied.extend(then.applied);
    both
}
