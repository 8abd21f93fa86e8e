//! An upper bound on cart-level discounts that is linear in the item-level ones (docs/OPTIMAL.md, "What comes after").

use crate::domain::amount::Money;
use crate::domain::benefit::Benefit;
use crate::engine::benefits::cart_reach;

use super::cart::best_turn;
use super::fine::{FINE_DECIMALS, Fine, WHOLE, cut, fine, slack, weighted};
use super::problem::Problem;
use super::steps::Steps;

pub(super) struct Linear {
    /// The most that cart-level promotions take off if item-level ones take off nothing, rounding included.
    pub(super) constant: Fine,
    /// For each line, how much of an item-level discount adds to the total.
    pub(super) weights: Vec<i128>,
}

impl Problem<'_, '_> {
    /// Everything that there is to pay, shipping included, cut to the precision.
    pub(super) fn all_there_is(&self) -> Money {
        let untouched = &self.case.untouched;
        let lines: Fine = self
            .case
            .view
            .all
            .iter()
            .map(|line| untouched.room_of_line(line).steps_up(FINE_DECIMALS))
            .sum();
        let shipping = self.case.inputs.request.cart.shipping.as_ref();
        let shipping = shipping.map_or(0, |shipping| fine(shipping.amount));
        cut(lines + shipping, self.case.rules.settings().rounding)
    }

    pub(super) fn linear(&self, pool: &[usize], steps: &mut Steps) -> Linear {
        let rounding = self.case.rules.settings().rounding;
        let mut weights = vec![WHOLE; self.expected.len()];
        let mut constant = self.shipping_bound(pool, steps);
        let mut linears = 0;
        for place in pool {
            let candidate = self.ranked.candidate(*place);
            let Some(reach) = cart_reach(self.case, candidate) else {
                continue;
            };
            let most = reach.most.as_ref().map(|most| fine(rounding.settle(most)));
            let most = most.into_iter().chain(candidate.left.discount.map(fine)).min();
            let share = reach.percent.map_or(WHOLE, |percent| percent.scaled().into());
            let base: Fine = reach
                .lines
                .iter()
                .map(|line| self.case.untouched.left_of_line(line).steps_up(FINE_DECIMALS))
                .sum();
            let taken = reach.lines.iter().map(|line| fine(self.expected[line]));
            let expected = base - taken.sum::<Fine>();
            match most.filter(|most| *most <= weighted(expected.max(0), share)) {
                Some(most) => constant += most,
                None => {
                    constant += weighted(base, share);
                    linears += 1;
                    for line in reach.lines.iter() {
                        weights[line] = (weights[line] - share).max(0);
                    }
                }
            }
        }
        Linear { constant: constant + slack(linears, rounding), weights }
    }

    /// The most that is taken off the shipping.
    fn shipping_bound(&self, pool: &[usize], steps: &mut Steps) -> Fine {
        let is_shipping = |place: &usize| {
            let terms = &self.ranked.candidate(*place).compiled.promotion.terms;
            matches!(terms.benefit, Benefit::Shipping(_))
        };
        let own: Vec<usize> = pool.iter().copied().filter(is_shipping).collect();
        if own.is_empty() {
            return 0;
        }
        if own.iter().any(|place| self.ranked.sees_discounts(*place)) {
            let shipping = self.case.inputs.request.cart.shipping.as_ref();
            return shipping.map_or(0, |shipping| fine(shipping.amount));
        }
        let turn = best_turn(self, &self.case.untouched, &own, None, steps);
        fine(turn.upper)
    }
}
