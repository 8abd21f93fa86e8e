//! The rest of an amount that is cut to a number of decimals.

use std::cmp::Ordering;

/// How much an exact amount has beyond a whole number of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    None,
    BelowHalf,
    Half,
    AboveHalf,
}

/// The part, from whether nothing is left over, and how the rest compares with half a step.
pub(super) fn part(none: bool, to_half: Ordering) -> Part {
    match (none, to_half) {
        (true, _) => Part::None,
        (false, Ordering::Less) => Part::BelowHalf,
        (false, Ordering::Equal) => Part::Half,
        (false, Ordering::Greater) => Part::AboveHalf,
    }
}
