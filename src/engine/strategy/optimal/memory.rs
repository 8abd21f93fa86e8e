//! What a search remembers: the states that it reached, and what promotions gave there.

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::engine::heap::spilled;
use crate::engine::proposal::Failure;
use crate::engine::units::Imprint;

use super::fine::Fine;
use super::sequence::{Sequence, Standing};
use super::steps::Steps;
use super::weighed::Weighed;

/// A hash table takes about twice the memory of its entries, since it is about half empty.
const TABLE: usize = 2;

/// Unclaimed units, line by line.
pub(super) type Units = SmallVec<[i64; 24]>;

/// What a promotion would give.
pub(super) type Proposed = Result<Rc<Weighed>, Failure>;

/// The state of the lines after a sequence.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum State {
    /// The unclaimed units of each line, then the discount on each line. They suffice where units are claimed once.
    Units(Units),
    Imprints(Vec<Imprint>),
}

/// What a sequence reached. Of two sequences that reached the same, the one that was visited first is preferred.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Reached {
    /// The promotions that have applied.
    pub(super) applied: u128,
    /// How many of them gave points or free items. The same promotions may differ in this: a free product discounts a
    /// unit of the cart while one is open, and adds an item otherwise.
    pub(super) gifts: usize,
    pub(super) state: State,
}

/// What a search remembers. If its budget has no room, nothing new is remembered.
pub(super) struct Memory {
    /// For the promotions that may still give something, and the unclaimed units: the best sequence that led there.
    best: FxHashMap<(u128, Units), Standing>,
    /// What sequences reached.
    states: FxHashMap<Reached, ()>,
    /// For each member, and each number of unclaimed units on its lines: what it gave.
    proposed: Vec<FxHashMap<Units, Proposed>>,
    /// How many bytes `best` and `states` have taken from the budget.
    path_bytes: usize,
    /// How many bytes `proposed` has taken from the budget.
    proposed_bytes: usize,
}

impl State {
    fn heap(&self) -> usize {
        match self {
            Self::Units(units) => spilled(units),
            Self::Imprints(lines) => {
                let bytes = |own: &Imprint| size_of::<Imprint>() + own.heap();
                lines.iter().map(bytes).sum()
            }
        }
    }
}

impl Memory {
    pub(super) fn new(members: usize) -> Self {
        Self {
            best: FxHashMap::default(),
            states: FxHashMap::default(),
            proposed: vec![FxHashMap::default(); members],
            path_bytes: 0,
            proposed_bytes: 0,
        }
    }

    /// Returns all bytes to the budget.
    pub(super) fn close(self, steps: &mut Steps) {
        steps.free(self.path_bytes + self.proposed_bytes);
    }

    /// Forgets what sequences reached, for a search that begins anew. What promotions gave stays valid.
    pub(super) fn begin_anew(&mut self, steps: &mut Steps) {
        self.best.clear();
        self.states.clear();
        steps.free(std::mem::take(&mut self.path_bytes));
    }

    /// Whether an earlier sequence with the same key is at least as good as this one; with a margin, whether it is
    /// better by more than the margin. Whatever follows adds the same to both. If this one is better, it takes the
    /// place of the earlier one.
    pub(super) fn is_outdone(
        &mut self,
        key: (u128, Units),
        path: &Sequence,
        margin: Option<Fine>,
        steps: &mut Steps,
    ) -> bool {
        match (self.best.get_mut(&key), margin) {
            (Some(best), Some(margin)) => {
                if path.value < best.value - margin {
                    return true;
                }
                if path.value > best.value {
                    *best = path.standing();
                }
            }
            (Some(best), None) => {
                let own = path.standing();
                if own.compare(best) != Ordering::Less {
                    return true;
                }
                *best = own;
            }
            (None, _) => {
                let ranks = path.applied.len() * size_of::<usize>();
                let bytes =
                    TABLE * size_of::<((u128, Units), Standing)>() + spilled(&key.1) + ranks;
                if steps.keep(bytes) {
                    self.path_bytes += bytes;
                    self.best.insert(key, path.standing());
                }
            }
        }
        false
    }

    /// Whether a sequence reached exactly this before. If not, it is remembered.
    pub(super) fn was_reached(&mut self, reached: Reached, steps: &mut Steps) -> bool {
        match self.states.entry(reached) {
            Entry::Occupied(_) => true,
            Entry::Vacant(place) => {
                let bytes = TABLE * size_of::<Reached>() + place.key().state.heap();
                if steps.keep(bytes) {
                    self.path_bytes += bytes;
                    place.insert(());
                }
                false
            }
        }
    }

    pub(super) fn proposed(&self, member: usize, units: &Units) -> Option<Proposed> {
        self.proposed[member].get(units).cloned()
    }

    pub(super) fn remember_proposed(
        &mut self,
        member: usize,
        units: Units,
        proposed: Proposed,
        steps: &mut Steps,
    ) {
        let weighed = proposed.as_ref().map_or(0, |own| own.bytes());
        let bytes = TABLE * size_of::<(Units, Proposed)>() + spilled(&units) + weighed;
        if steps.keep(bytes) {
            self.proposed_bytes += bytes;
            self.proposed[member].insert(units, proposed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::work::{Stop, Work};

    #[test]
    fn nothing_is_remembered_beyond_the_budget_and_a_new_beginning_returns_it() {
        let stop = Stop::default();
        let mut steps = Steps::for_ms(1, false, &Work::new(&stop, 1, 0));
        let mut memory = Memory::new(1);
        // About ten mebibytes each.
        let large = |number: i64| Reached {
            applied: 1,
            gifts: 0,
            state: State::Units(SmallVec::from_vec(vec![number; 1_300_000])),
        };
        for number in 0..3 {
            assert!(!memory.was_reached(large(number), &mut steps));
            assert!(memory.was_reached(large(number), &mut steps));
        }
        for _ in 0..2 {
            assert!(!memory.was_reached(large(3), &mut steps), "there is room");
        }
        memory.begin_anew(&mut steps);
        assert!(!memory.was_reached(large(3), &mut steps));
        assert!(memory.was_reached(large(3), &mut steps), "there is no room");
    }
}
