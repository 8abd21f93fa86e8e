//! What `beyond_condition` leaves to discount, for every number of applications: for upper bounds (`reach`).

use crate::domain::amount::Quantity;
use crate::domain::benefit::ItemBenefit;
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::line_set::LineSet;

use super::items::{Giving, multiple};
use super::part::{ByLine, Part, Quantities};
use super::times::{repeat_bound, times_bound};

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

/// For every number of applications what a `beyond_condition` leaves in one part, where that does not depend on what
/// others have claimed.
pub(super) fn leftovers(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    benefit: &ItemBenefit,
    part: &Part<'_>,
    lines: &LineSet,
) -> Vec<Leftover> {
    let giving =
        Giving { case, benefit, select: candidate.target(lines), part, basket: &case.untouched };
    giving.leftovers(times_bound(candidate, benefit.repeat.as_ref()))
}

impl Giving<'_> {
    /// `beyond_condition`, where what is reserved does not depend on the basket.
    fn leftovers(&self, bound: i64) -> Vec<Leftover> {
        let lines = self.lines_beyond();
        let quantity = self.benefit.quantity_per_application();
        let allowed = repeat_bound(self.benefit.repeat.as_ref(), self.part).min(bound);
        let most = quantity.map(|each| {
            let chosen = self.beyond(allowed);
            (each, chosen.map_or(Quantity::ZERO, |own| own.count()))
        });
        // Many are taken together, those of a leftover as if they set aside what the first of them does.
        let together = (allowed - 1).max(0) / MAX_LEFTOVERS + 1;
        let leftover = |number: i64| {
            let (first, last) = (number * together + 1, (number + 1) * together);
            let mut left = Quantities::default();
            // Of several requirements, which share lines, it is not certain that more set more aside.
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
