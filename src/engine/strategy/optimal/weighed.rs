//! What a promotion would give at a node of a search.

use std::rc::Rc;

use crate::engine::case::Case;
use crate::engine::line_set::LineSet;
use crate::engine::proposal::Proposal;
use crate::engine::units::Basket;

use super::component::Component;
use super::fine::Fine;

/// What a promotion would give, with what every node asks of it.
pub(super) struct Weighed {
    pub(super) proposal: Rc<Proposal>,
    /// Σ discount × weight.
    pub(super) value: Fine,
    /// The lines on which it claims units.
    pub(super) lines: LineSet,
    /// The lines on which it takes more off the units that it claims than is left to pay for them.
    pub(super) overdrawn: LineSet,
}

impl Weighed {
    pub(super) fn new(
        case: &Case<'_>,
        component: &Component,
        basket: &Basket,
        proposal: Rc<Proposal>,
    ) -> Self {
        let overdrawn =
            if case.claims.stacks() { LineSet::default() } else { proposal.overdrawn(basket) };
        Self {
            value: component.value_of(&proposal),
            lines: proposal.lines.iter().map(|own| own.line).collect(),
            overdrawn,
            proposal,
        }
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.proposal.bytes()
    }
}
