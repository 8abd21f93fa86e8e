//! What `beyond_condition` leaves to discount, for every number of applications: for upper bounds (`reach`).

use crate::domain::amount::Quantity;
use crate::engine::requirements::ByLine;

use super::items::{Giving, multiple};
use super::part::Quantities;

/// Numbers of applications that are looked at by themselves.
const MAX_LEFTOVERS: i64 = 16;

/// What a `beyond_condition` could discount in one part if it applied so many times.
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
    /// For every number of applications what a `beyond_condition` leaves in its part, where what is reserved does not
    /// depend on what others have claimed.
    pub(super) fn leftovers(&self, bound: i64) -> Vec<Leftover> {
        let lines = self.lines_beyond();
        let quantity = self.benefit.quantity_per_application();
        let allowed = self.part.plan.times.min(bound);
        let most = quantity.map(|each| {
            let chosen = self.beyond(allowed);
            (each, chosen.map_or(Quantity::ZERO, |own| own.count()))
        });
        // Where there are many numbers of applications, several share a leftover: what the smallest of them leaves.
        let together = (allowed - 1).max(0) / MAX_LEFTOVERS + 1;
        let leftover = |number: i64| {
            let (first, last) = (number * together + 1, (number + 1) * together);
            let mut left = Quantities::default();
            // Several requirements can share lines, so that more applications need not set more aside.
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
