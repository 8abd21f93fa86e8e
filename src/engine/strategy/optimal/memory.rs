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

/// Most states, and most offers, that are remembered.
const MAX_SEEN: usize = 20_000;

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

pub(super) struct Memory {
    /// For the promotions that may still give something, and the unclaimed units: the best that came to that.
    best: FxHashMap<(u128, Units), Standing>,
    /// The promotions that have applied, with what they have left.
    states: FxHashMap<(u128, State), ()>,
    /// For each member what it gave on so many units of its lines.
    offers: Vec<FxHashMap<Units, Offer>>,
    offer_count: usize,
}

impl Memory {
    pub(super) fn new(members: usize) -> Self {
        Self {
            best: FxHashMap::default(),
            states: FxHashMap::default(),
            offers: vec![FxHashMap::default(); members],
            offer_count: 0,
        }
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
    ) -> bool {
        let has_room = self.best.len() < MAX_SEEN;
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
            (None, _) if has_room => {
                self.best.insert(key, path.standing());
            }
            (None, _) => {}
        }
        false
    }

    /// Whether this very state was there before; if not, it is now.
    pub(super) fn has_state(&mut self, applied: u128, state: State) -> bool {
        let key = (applied, state);
        if self.states.len() < MAX_SEEN {
            self.states.insert(key, ()).is_some()
        } else {
            self.states.contains_key(&key)
        }
    }

    pub(super) fn offer(&self, member: usize, units: &Units) -> Option<Offer> {
        self.offers.get(member)?.get(units).cloned()
    }

    pub(super) fn remember_offer(&mut self, member: usize, units: Units, offer: Offer) {
        if self.offer_count < MAX_SEEN
            && let Some(own) = self.offers.get_mut(member)
        {
            self.offer_count += 1;
            own.insert(units, offer);
        }
    }
}
