//! From exact shares to money (7.4): caps, rounding, allocation over the lines.

use super::document::{Promotion, World};
use super::number::{Exact, cut, round, smaller, unit_of, where_positive};
use num_traits::Zero;

/// A line's part in a discount, before and after.
pub struct Share {
    pub line: usize,
    /// The line's exact share.
    pub exact: Exact,
    /// The room there.
    pub left: Exact,
    /// What is allocated to it.
    pub amount: Exact,
}

/// "A promotion's total is rounded once, by the settings; if that exceeds a cap or what is left to pay, it is
/// cut to the largest multiple of the precision that does not."
pub fn settle(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    exact: &Exact,
    left_to_pay: &Exact,
) -> Exact {
    let precision = world.settings.precision;
    let bound = match &promotion.cap {
        Some(cap) => smaller(cap, left_to_pay),
        None => left_to_pay.clone(),
    };
    let capped = match &promotion.cap {
        Some(cap) => smaller(cap, exact),
        None => exact.clone(),
    };
    let rounded = round(&capped, world.settings.rounding, precision);
    if rounded > bound { cut(&bound, precision) } else { rounded }
}

/// Settles a total that is spread over lines, and allocates it to them. "What is left to pay for a promotion
/// is the sum over its lines (those with an exact share above 0) of what is left there, each cut to the
/// precision." Returns the total.
pub fn settle_lines(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    exact: &Exact,
    shares: &mut Vec<Share>,
) -> Exact {
    shares.retain(|share| share.exact > Exact::zero());
    shares.sort_by_key(|share| share.line);
    let precision = world.settings.precision;
    for share in shares.iter_mut() {
        share.left = where_positive(cut(&share.left, precision));
    }
    let left_to_pay: Exact = shares.iter().map(|share| &share.left).sum();
    let total = settle(world, promotion, exact, &left_to_pay);
    allocate(&total, &unit_of(precision), shares);
    total
}

/// "The rounded total is spread over its lines in proportion to each line's exact share, by largest
/// remainder in units of the precision: every line starts with its share cut to the precision, or with
/// what is left to pay there if that is less; the units still missing go one at a time by remainder, equal
/// remainders to the earlier line, over the lines that have room, round after round."
fn allocate(total: &Exact, unit: &Exact, shares: &mut [Share]) {
    let weights: Exact = shares.iter().map(|share| &share.exact).sum();
    let mut missing = total.clone();
    let mut by_remainder: Vec<(Exact, usize)> = Vec::new();
    for (place, share) in shares.iter_mut().enumerate() {
        let exact = total * &share.exact / &weights;
        let whole_units = (&exact / unit).floor() * unit;
        share.amount = smaller(&whole_units, &share.left);
        missing -= &share.amount;
        by_remainder.push((exact - whole_units, place));
    }
    by_remainder.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    while missing > Exact::zero() {
        for (_, place) in &by_remainder {
            let share = &mut shares[*place];
            if missing > Exact::zero() && &share.amount + unit <= share.left {
                share.amount += unit;
                missing -= unit;
            }
        }
    }
    assert!(missing.is_zero(), "the allocations add up to the total");
}
