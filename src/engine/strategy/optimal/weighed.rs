//! What a promotion would give at a node of a search.

use std::rc::Rc;

use smallvec::SmallVec;

use crate::engine::case::Case;
use crate::engine::heap::spilled;
use crate::engine::line_set::LineSet;
use crate::engine::proposal::Proposal;
use crate::engine::units::Basket;

use super::claim::Claim;
use super::component::Component;
use super::fine::Fine;

/// What a promotion would give, with what is asked of it at every node.
pub(super) struct Weighed {
    pub(super) proposal: Rc<Proposal>,
    /// Σ discount × weight.
    pub(super) value: Fine,
    /// The lines on which it claims units.
    pub(super) lines: LineSet,
    /// What it claims, line by line.
    pub(super) claims: SmallVec<[Claim; 8]>,
    /// Lines on which it takes more off the units that it claims than they cost.
    pub(super) overdrawn: LineSet,
}

impl Weighed {
    pub(super) fn new(
        case: &Case<'_>,
        component: &Component,
        basket: &Basket,
        proposal: Rc<Proposal>,
    ) -> Self {
        let mut claims: SmallVec<[Claim; 8]> = SmallVec::new();
        let mut claim = |line: usize, units: i64, discounted: i64| match claims
            .iter_mut()
            .find(|own| own.line == line)
        {
            Some(own) => {
                own.units += units;
                own.discounted += discounted;
            }
            None => claims.push(Claim { line, units, discounted }),
        };
        for take in &proposal.takes {
            let units = take.slot.quantity.scaled();
            claim(take.slot.line, units, units);
        }
        for (line, quantity) in &proposal.needed {
            claim(*line, quantity.scaled(), 0);
        }
        let overdrawn =
            if case.claims.stacks() { LineSet::default() } else { proposal.overdraws(basket) };
        Self {
            value: component.value_of(&proposal),
            lines: claims.iter().map(|own| own.line).collect(),
            claims,
            overdrawn,
            proposal,
        }
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + spilled(&self.claims) + self.proposal.bytes()
    }
}
