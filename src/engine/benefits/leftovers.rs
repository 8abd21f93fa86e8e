//! What `beyond_condition` leaves to discount, for every number of applications. Upper bounds (`reach`) and suggestions
//! use it.

use crate::domain::amount::Quantity;
use crate::domain::benefit::{Benefit, Per};
use crate::domain::exact::Exact;
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::requirements::ByLine;
use crate::engine::units::Basket;

use super::groups::count;
use super::items::{Giving, multiple};
use super::part::Quantities;
use super::plan::plan;

/// Most leftovers of one part.
const MAX_LEFTOVERS: i64 = 16;

/// What `beyond_condition` could discount in one part with some number of applications.
pub(crate) struct Leftover {
    pub(crate) units: Quantity,
    left: ByLine,
}

impl Leftover {
    /// The units of a line that are not set aside.
    pub(crate) fn of_line(&self, line: usize) -> Quantity {
        let own = self.left.iter().filter(|(own, _)| *own == line);
        own.map(|(_, quantity)| *quantity).sum()
    }
}

impl Giving<'_> {
    /// What `beyond_condition` leaves to discount in its part, for every number of applications. What is reserved must
    /// not depend on the claims of others.
    pub(super) fn leftovers(&self, bound: i64) -> Vec<Leftover> {
        let lines = self.lines_beyond();
        let quantity = self.benefit.quantity_per_application();
        let allowed = self.part.plan.times.min(bound);
        let most = quantity.map(|each| {
            let chosen = self.beyond(allowed);
            (each, chosen.map_or(Quantity::ZERO, |own| own.count()))
        });
        // If many numbers of applications are possible, several share one leftover: what the smallest of them leaves.
        let together = (allowed - 1).max(0) / MAX_LEFTOVERS + 1;
        let leftover = |number: i64| {
            let (first, last) = (number * together + 1, (number + 1) * together);
            let mut left = Quantities::default();
            // With several requirements, which can share lines, more applications need not set more aside.
            let times = if together == 1 || self.part.has_one_requirement() { first } else { 0 };
            for slot in self.after_reserving(times, lines.iter()).units {
                left.add(slot.line, slot.quantity);
            }
            let left = left.by_line();
            let all = left.iter().map(|(_, units)| *units).sum();
            let units = most.map_or(all, |(each, most)| multiple(each, last).min(most));
            Leftover { units, left }
        };
        let count = (allowed.max(0) + together - 1) / together;
        (0..count).map(leftover).filter(|own| own.units.is_positive()).collect()
    }
}

/// Where the conditions of a promotion with `beyond_condition` hold, and one application would leave it nothing to
/// discount: how many whole units more of a line it needs to be allowed one; 0 if it is. `None`: something would be left.
pub(crate) fn units_to_apply(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    basket: &Basket,
    line: usize,
) -> Option<i64> {
    let mut missing = 0;
    for part in plan(case, candidate, basket).iter() {
        let Benefit::Items(benefit) = candidate.compiled.benefit_of(part.step) else {
            return None;
        };
        let giving = Giving::new(case, candidate, benefit, basket, part);
        let left = giving.after_reserving(1, giving.lines_beyond().iter()).units;
        if giving.is_enough(count(&left)) {
            return None;
        }
        if part.times == 0 && part.measured.contains(line) {
            missing = match benefit.repeat.map(|repeat| repeat.per) {
                Some(Per::Quantity(every)) => {
                    Exact::from(every.minus(giving.part.counted_quantity())).ceiling()
                }
                Some(Per::Amount(every)) => {
                    let worth = Exact::from(every).minus(&giving.part.counted_amount());
                    worth.over(&case.view.line(line).unit_price.into()).ceiling()
                }
                Some(Per::Set) | None => 0,
            };
        }
    }
    Some(missing)
}
