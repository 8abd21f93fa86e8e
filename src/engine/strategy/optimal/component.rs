//! Components: promotions that meet on lines. Each is searched by itself.

use crate::domain::amount::Money;
use crate::engine::line_set::LineSet;
use crate::engine::proposal::Proposal;

use super::bound::Bound;
use super::fine::{Fine, times};

/// Steps of a [`Fine`] in a step of money, divided by a weight of one.
const FINE_OF_WHOLE: Fine = 1_000;

/// Promotions that meet on lines, with their upper bound.
pub(super) struct Component {
    /// Places in the ranking, ascending.
    pub(super) members: Vec<usize>,
    /// For each member, the lines whose state it depends on or changes.
    pub(super) domains: Vec<LineSet>,
    /// For each member, the members that it does not combine with.
    pub(super) excluded: Vec<Vec<usize>>,
    /// The lines of all members.
    pub(super) lines: LineSet,
    /// For each line of the cart, how much a discount there counts.
    pub(super) weights: Vec<i128>,
    pub(super) bound: Bound,
}

impl Component {
    /// Σ discount × weight.
    pub(super) fn value_of(&self, proposal: &Proposal) -> Fine {
        let weighted = |(line, amount): (usize, Money)| {
            times(i128::from(amount.scaled()) * FINE_OF_WHOLE, self.weights[line])
        };
        proposal.by_line().map(weighted).sum()
    }
}
