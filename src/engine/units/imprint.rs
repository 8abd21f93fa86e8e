//! When two states of a line are the same for whatever comes later.

use std::hash::{Hash, Hasher};

use smallvec::{SmallVec, smallvec};

use crate::domain::amount::{Money, Quantity};
use crate::domain::exact::Exact;
use crate::engine::heap::spilled;

use super::basket::{Basket, Run};
use super::claim_rules::ClaimRules;

/// All of a line's state that what comes later depends on: equal imprints have equal futures.
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
    /// Numbers of the line's claims in their order: which came earlier matters, not when.
    claims: SmallVec<[usize; 4]>,
}

impl Imprint {
    /// What it takes in memory besides itself.
    pub(crate) fn heap(&self) -> usize {
        let claims = self.runs.iter().map(|own| spilled(&own.claims));
        spilled(&self.runs) + claims.sum::<usize>()
    }
}

impl Hash for RunImprint {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // One amount is written in several ways.
        self.quantity.hash(hasher);
        self.claims.hash(hasher);
    }
}

impl Basket {
    /// What of a line's state bears on what comes later. Where no unit may be claimed twice, claimed units are only
    /// what is missing from the others.
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
