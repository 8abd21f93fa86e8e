//! What is left over of an amount that is cut.

use std::cmp::Ordering;

/// What an exact amount has beyond a whole number of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    None,
    /// Less than half a step.
    BelowHalf,
    /// Just half a step.
    Half,
    /// More than half a step.
    AboveHalf,
}

/// By whether nothing is left over, and how what is compares with a half.
pub(super) fn part(none: bool, to_half: Ordering) -> Part {
    match (none, to_half) {
        (true, _) => Part::None,
        (false, Ordering::Less) => Part::BelowHalf,
        (false, Ordering::Equal) => Part::Half,
        (false, Ordering::Greater) => Part::AboveHalf,
    }
}
