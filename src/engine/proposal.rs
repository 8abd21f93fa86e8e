//! What a promotion gives, not yet given: who chooses among promotions can weigh it before it is carried out.

use crate::domain::amount::{Money, Quantity};
use crate::domain::exact::Exact;

use super::allocation::Share;
use super::line_set::LineSet;
use super::units::{Basket, Take};
use super::work::{STEPS_A_SHARE, Work};

/// What a promotion gives, not yet given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proposal {
    /// How often its benefit applies.
    pub(crate) times: i64,
    pub(crate) discount: Money,
    pub(crate) points: Exact,
    /// Units that are discounted and claimed, ordered by line.
    pub(crate) takes: Vec<Take>,
    /// The discount of each line, with the units that it falls on; never 0.
    pub(crate) amounts: Vec<LineAmount>,
    /// Further units that its condition used up, by line.
    pub(crate) needed: Vec<(usize, Quantity)>,
    /// Units of a free product that are not in the cart.
    pub(crate) free: Exact,
}

/// The part of a discount that falls on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineAmount {
    pub(crate) line: usize,
    pub(crate) quantity: Quantity,
    pub(crate) amount: Money,
}

/// Why a promotion gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    ConditionsNotMet,
    /// No unit, line, complete group or set, or shipping to discount.
    NoEligibleItems,
    /// There is, but it comes to nothing.
    NoBenefit,
}

impl LineAmount {
    pub(crate) fn of(share: &Share) -> Self {
        Self { line: share.line, quantity: share.quantity, amount: share.amount }
    }
}

impl Proposal {
    /// Carries out one of item level: its units are claimed, and its discount is taken off them.
    pub(crate) fn carry_out(&self, basket: &mut Basket, work: &Work<'_>) {
        let lines = self.amounts.iter().map(|own| own.line);
        let lines = lines.chain(self.needed.iter().map(|(line, _)| *line));
        let runs: usize = lines.map(|line| basket.runs(line)).sum();
        if !work.charge((runs + self.takes.len()) * STEPS_A_SHARE) {
            return;
        }
        basket.apply(&self.takes, self.by_line(), &self.needed);
    }

    /// The lines on which it would take more off some units than is left to pay of them.
    pub(crate) fn overdraws(&self, basket: &Basket) -> LineSet {
        basket.overdraws(&self.takes, self.by_line())
    }

    /// What it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of_val(self.takes.as_slice())
            + size_of_val(self.amounts.as_slice())
            + size_of_val(self.needed.as_slice())
    }

    fn by_line(&self) -> impl Iterator<Item = (usize, Money)> + '_ {
        self.amounts.iter().map(|own| (own.line, own.amount))
    }

    /// A promotion that gives no discount, no points and no free item is not applied.
    pub(crate) fn or_nothing(self) -> Result<Self, Failure> {
        let gives =
            self.discount.is_positive() || self.points.is_positive() || self.free.is_positive();
        if gives { Ok(self) } else { Err(Failure::NoBenefit) }
    }
}
