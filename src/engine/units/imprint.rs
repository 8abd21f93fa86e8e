//! Compares two states of a line by what matters to later promotions.

use std::hash::{Hash, Hasher};

use smallvec::{SmallVec, smallvec};

use crate::domain::amount::{Money, Quantity};
use crate::domain::exact::Exact;
use crate::engine::heap::spilled;

use super::basket::{Basket, Run};
use super::claim_rules::ClaimRules;

/// Everything in a line's state that later promotions depend on. If two imprints are equal, later promotions give the
/// same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Imprint {
    discount: Money,
    is_claimed: bool,
    runs: SmallVec<[RunImprint; 1]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct RunImprint {
    quantity: Quantity,
    left: Exact,
    /// The claims, numbered by their order on the line. Only the order of turns matters, not the turns themselves.
    claims: SmallVec<[usize; 4]>,
}

impl Imprint {
    /// The heap memory that it takes.
    pub(crate) fn heap(&self) -> usize {
        let claims = self.runs.iter().map(|own| spilled(&own.claims));
        spilled(&self.runs) + claims.sum::<usize>()
    }
}

impl Hash for RunImprint {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // `left` is left out, since equal amounts can have different representations.
        self.quantity.hash(hasher);
        self.claims.hash(hasher);
    }
}

impl Basket {
    /// What of a line's state later promotions depend on. Where no unit may be claimed twice, the number of unclaimed
    /// units is enough to describe its runs.
    pub(crate) fn imprint(&self, line: usize, rules: &ClaimRules) -> Imprint {
        let state = self.line(line);
        let runs = if rules.stacks() {
            let mut turns: Vec<u32> =
                state.runs.iter().flat_map(|run| run.claims.iter().copied()).collect();
            turns.sort_unstable();
            turns.dedup();
            let number = |turn: &u32| turns.binary_search(turn).unwrap_or_default();
            let imprint = |run: &Run| RunImprint {
                quantity: run.quantity,
                left: run.left.clone(),
                claims: run.claims.iter().map(number).collect(),
            };
            state.runs.iter().map(imprint).collect()
        } else {
            let free = state.runs.iter().filter(|run| run.claims.is_empty());
            let quantity = free.map(|run| run.quantity).sum();
            smallvec![RunImprint { quantity, left: Exact::ZERO, claims: SmallVec::new() }]
        };
        Imprint { discount: state.item_discount, is_claimed: state.is_claimed(), runs }
    }
}
