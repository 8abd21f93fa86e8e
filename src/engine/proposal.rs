//! Proposals: what a promotion would give. A strategy can compare proposals before it carries one out.

use crate::domain::amount::Money;
use crate::domain::benefit::Level;
use crate::domain::exact::Exact;

use super::heap::spilled;
use super::line_set::LineSet;
use super::units::{Basket, LineTake, Saved};
use super::work::{STEPS_A_SHARE, Work};

/// What a promotion would give.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) level: Level,
    /// The step of the benefit that is reached; 0 if it has no steps.
    pub(crate) step: usize,
    /// How often its benefit applies.
    pub(crate) times: i64,
    pub(crate) discount: Money,
    pub(crate) points: Exact,
    /// What it takes from lines, in cart order, each line once.
    pub(crate) lines: Vec<LineTake>,
    /// Units of a free product that are not in the cart.
    pub(crate) free: Exact,
}

/// Why a promotion gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    ConditionsNotMet,
    /// No unit, line, complete group or set, or shipping to discount.
    NoEligibleItems,
    /// There is something to discount, but the discount is zero.
    NoBenefit,
}

impl Proposal {
    /// A proposal that gives nothing yet.
    pub(crate) fn new(level: Level, times: i64) -> Self {
        Self {
            level,
            step: 0,
            times,
            discount: Money::ZERO,
            points: Exact::ZERO,
            lines: Vec::new(),
            free: Exact::ZERO,
        }
    }

    /// Carries the proposal out: claims units, and takes the discount off them, off whole lines, or off the shipping.
    pub(crate) fn carry_out(&self, basket: &mut Basket, work: &Work<'_>) {
        match self.level {
            Level::Item => {
                let steps = |own: &LineTake| basket.runs(own.line) + own.takes.len();
                let steps: usize = self.lines.iter().map(steps).sum();
                if work.charge(steps * STEPS_A_SHARE) {
                    basket.claim(&self.lines);
                }
            }
            Level::Cart => basket.take_off_lines(&self.lines),
            Level::Shipping => basket.take_off_shipping(self.discount),
        }
    }

    /// Saves what it would change in a basket.
    pub(crate) fn save(&self, basket: &Basket) -> Saved {
        basket.save(self.lines.iter().map(|own| own.line))
    }

    /// The discount on each of its lines, which may be zero.
    pub(crate) fn by_line(&self) -> impl Iterator<Item = (usize, Money)> + '_ {
        self.lines.iter().map(|own| (own.line, own.amount))
    }

    /// The lines on which it takes more off some units than is left to pay for them.
    pub(crate) fn overdrawn(&self, basket: &Basket) -> LineSet {
        let lines = self.lines.iter().filter(|own| basket.is_overdrawn_by(own));
        lines.map(|own| own.line).collect()
    }

    /// The memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let takes: usize = self.lines.iter().map(|own| spilled(&own.takes)).sum();
        size_of::<Self>() + size_of_val(self.lines.as_slice()) + takes
    }

    /// Fails if it gives no discount, no points and no free item: such a promotion does not apply.
    pub(crate) fn or_nothing(self) -> Result<Self, Failure> {
        let gives =
            self.discount.is_positive() || self.points.is_positive() || self.free.is_positive();
        if gives { Ok(self) } else { Err(Failure::NoBenefit) }
    }
}
