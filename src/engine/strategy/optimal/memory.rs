//! What a search has seen: states that lead to nothing better a second time, and what promotions gave.

use std::cmp::Ordering;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::engine::benefits::Failure;
use crate::engine::units::Imprint;

use super::bound::Fine;
use super::search::Offered;
use super::sequence::{Sequence, Standing};
use super::steps::Steps;

/// Hash tables are about half empty.
const TABLE: usize = 2;

/// Unclaimed units, line by line.
pub(super) type Units = SmallVec<[i64; 24]>;

/// What a promotion would give.
pub(super) type Offer = Result<Rc<Offered>, Failure>;

/// What sequences of the same promotions left.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum State {
    /// Unclaimed units, and what was taken off: that is all where units are claimed once.
    Units(Units),
    Imprints(Vec<Imprint>),
}

/// What a search remembers, as long as its budget has room for more.
pub(super) struct Memory {
    /// For the promotions that may still give something, and the unclaimed units: the best that came to that.
    best: FxHashMap<(u128, Units), Standing>,
    /// The promotions that have applied, with what they have left.
    states: FxHashMap<(u128, State), ()>,
    /// For each member what it gave on so many units of its lines.
    offers: Vec<FxHashMap<Units, Offer>>,
    /// The bytes of all that, as they were taken from the budget.
    bytes: usize,
}

impl State {
    fn heap(&self) -> usize {
        match self {
            Self::Units(units) => heap(units),
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
            offers: vec![FxHashMap::default(); members],
            bytes: 0,
        }
    }

    /// Gives back to the budget what it took.
    pub(super) fn close(self, steps: &mut Steps) {
        steps.free(self.bytes);
    }

    fn has_room(&mut self, bytes: usize, steps: &mut Steps) -> bool {
        let has_room = steps.keep(bytes);
        if has_room {
            self.bytes += bytes;
        }
        has_room
    }

    /// Forgets where sequences came to, for a search that begins anew; what promotions gave stays true.
    pub(super) fn begin_anew(&mut self) {
        self.best.clear();
        self.states.clear();
    }

    /// Whether a sequence that came to the same is at least as good as this one; with a margin, whether it is better by
    /// more than that. Whatever follows adds the same to both.
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
                let standing = path.standing();
                let bytes =
                    TABLE * size_of::<((u128, Units), Standing)>() + heap(&key.1) + standing.heap();
                if self.has_room(bytes, steps) {
                    self.best.insert(key, standing);
                }
            }
        }
        false
    }

    /// Whether this very state was there before; if not, it is now.
    pub(super) fn has_state(&mut self, applied: u128, state: State, steps: &mut Steps) -> bool {
        let bytes = TABLE * size_of::<(u128, State)>() + state.heap();
        let key = (applied, state);
        if self.states.contains_key(&key) {
            return true;
        }
        if self.has_room(bytes, steps) {
            self.states.insert(key, ());
        }
        false
    }

    pub(super) fn offer(&self, member: usize, units: &Units) -> Option<Offer> {
        self.offers.get(member)?.get(units).cloned()
    }

    pub(super) fn remember_offer(
        &mut self,
        member: usize,
        units: Units,
        offer: Offer,
        steps: &mut Steps,
    ) {
        let offered = offer.as_ref().map_or(0, |own| own.bytes());
        let bytes = TABLE * size_of::<(Units, Offer)>() + heap(&units) + offered;
        if self.has_room(bytes, steps)
            && let Some(own) = self.offers.get_mut(member)
        {
            own.insert(units, offer);
        }
    }
}

fn heap(units: &Units) -> usize {
    if units.spilled() {
        units.capacity() * size_of::<i64>()
    } else {
        0
    }
}
