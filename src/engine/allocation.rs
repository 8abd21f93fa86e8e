//! Spreads a rounded discount over lines so that no step is lost (spec 7.4 "Allocation").

use std::cmp::Reverse;

use smallvec::SmallVec;

use crate::domain::amount::{Money, Quantity};
use crate::domain::exact::{Allowance, Exact};
use crate::domain::rounding::Rounding;

/// A line's part of a discount: its exact share, and the amount that it gets.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) line: usize,
    /// The units that the discount falls on.
    pub(crate) quantity: Quantity,
    /// The exact share, or a number in proportion to it.
    pub(crate) weight: Exact,
    /// What can be taken off the line, cut to the precision.
    pub(crate) room: Money,
    /// What the line gets, once the discount is settled.
    pub(crate) amount: Money,
}

/// Rounds an `exact` total once and spreads it over the shares in proportion to their weights. Returns the rounded
/// total. It is at most `cap`, and at most the room of the lines with a share.
pub(crate) fn settle(
    exact: &Exact,
    shares: &mut Vec<Share>,
    cap: Option<Money>,
    rounding: Rounding,
) -> Money {
    shares.retain(|share| share.weight.is_positive());
    let room = shares.iter().map(|share| share.room).sum();
    let total = settle_total(exact, room, cap, rounding);
    spread(total, shares, rounding.step());
    shares.retain(|share| share.amount.is_positive());
    total
}

/// Rounds a total once. If the result exceeds the cap or the room, it becomes the largest multiple of the precision that
/// exceeds neither.
pub(crate) fn settle_total(
    exact: &Exact,
    room: Money,
    cap: Option<Money>,
    rounding: Rounding,
) -> Money {
    let rounded = rounding.settle(exact);
    let bound = cap.map_or(room, |cap| rounding.cut(&cap.into()).min(room));
    rounded.min(bound)
}

/// Every line starts with its share of `total` cut to the precision, or with its room if that is less. The missing
/// steps then go one at a time to the lines that have room, round after round: larger remainders first, equal
/// remainders to the earlier line.
fn spread(total: Money, shares: &mut [Share], step: Money) {
    if let [only] = shares {
        only.amount = total;
        return;
    }
    let steps = total.scaled() / step.scaled().max(1);
    let mut parts = divide(steps, shares).unwrap_or_else(|| divide_exactly(steps, shares));
    let mut missing = total;
    for (share, part) in shares.iter_mut().zip(&parts) {
        let floor = Money::from_scaled(part.floor.saturating_mul(step.scaled()));
        share.amount = floor.min(share.room);
        missing = missing.minus(share.amount);
    }
    // A wrong sum of money is worse than no answer.
    let add_up = |missing: Money| {
        let add_up = missing == Money::ZERO || Allowance::is_spent();
        assert!(add_up, "{missing} of {total} has no room");
    };
    if !missing.is_positive() {
        return add_up(missing);
    }
    // Usually each of the lines that get a step has room. Then their order does not matter, and no sort is needed.
    let steps = (missing.scaled() - 1) / step.scaled().max(1) + 1;
    let count = usize::try_from(steps).unwrap_or(usize::MAX);
    if count < parts.len() {
        parts.select_nth_unstable_by_key(count, Part::turn);
        let next = parts.get(..count).unwrap_or_default();
        let has_room =
            |part: &Part| shares.get(part.index).is_some_and(|share| share.amount < share.room);
        if next.iter().all(has_room) {
            for part in next {
                if let Some(share) = shares.get_mut(part.index) {
                    share.amount = share.amount.plus(step);
                }
            }
            return;
        }
    }
    parts.sort_unstable_by_key(Part::turn);
    // INVARIANT: `total` ≤ Σ room, so each round finds a line with room.
    while missing.is_positive() {
        let before = missing;
        missing = missing.minus(whole_rounds(missing, shares, step));
        for part in &parts {
            if let Some(share) = shares.get_mut(part.index)
                && share.amount < share.room
                && missing.is_positive()
            {
                share.amount = share.amount.plus(step);
                missing = missing.minus(step);
            }
        }
        if missing == before {
            break;
        }
    }
    add_up(missing);
}

/// Gives every line with room as many steps at once as all of these lines have room for. Returns the sum that was
/// given.
fn whole_rounds(missing: Money, shares: &mut [Share], step: Money) -> Money {
    let step = step.scaled().max(1);
    let has_room = |share: &&mut Share| share.amount < share.room;
    let count = i64::try_from(shares.iter_mut().filter(has_room).count()).unwrap_or(i64::MAX);
    // Usually less than one step for each line is missing.
    if missing.scaled() < step.saturating_mul(count) {
        return Money::ZERO;
    }
    let room = |share: &mut Share| share.room.minus(share.amount).scaled() / step;
    let least = shares.iter_mut().filter(has_room).map(room).min();
    let rounds = (missing.scaled() / step).checked_div(count);
    let rounds = rounds.min(least).unwrap_or(0);
    let each = Money::from_scaled(rounds * step);
    for share in shares.iter_mut().filter(has_room) {
        share.amount = share.amount.plus(each);
    }
    Money::from_scaled(each.scaled().saturating_mul(count))
}

/// The share of a line, in steps of the precision.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    index: usize,
    floor: i64,
    /// Larger for a larger remainder, equal for an equal one.
    place: i128,
}

impl Part {
    /// The order in which lines get the missing steps.
    fn turn(&self) -> (Reverse<i128>, usize) {
        (Reverse(self.place), self.index)
    }
}

/// For most carts they need no heap memory.
type Parts = SmallVec<[Part; 32]>;

/// Divides `steps` among the shares in whole numbers; `None` where these would overflow.
fn divide(steps: i64, shares: &[Share]) -> Option<Parts> {
    let common = Exact::common_denominator(shares.iter().map(|share| &share.weight))?;
    let sum = shares
        .iter()
        .try_fold(0_i128, |sum, share| sum.checked_add(share.weight.numerator_over(common)?))?;
    let small = u64::try_from(sum).ok().zip(u64::try_from(steps).ok());
    let mut parts = Parts::with_capacity(shares.len());
    for (index, share) in shares.iter().enumerate() {
        let weight = share.weight.numerator_over(common)?;
        // 64 bits suffice for common carts and are several times faster.
        let narrow = small.and_then(|(sum, steps)| {
            let product = u64::try_from(weight).ok()?.checked_mul(steps)?;
            Some((product.checked_div(sum)?, product.checked_rem(sum)?))
        });
        let (floor, place) = match narrow {
            Some((floor, place)) => (i64::try_from(floor).ok()?, place.into()),
            None => {
                let product = weight.checked_mul(steps.into())?;
                let floor = product.checked_div(sum)?;
                (i64::try_from(floor).ok()?, product - floor * sum)
            }
        };
        parts.push(Part { index, floor, place });
    }
    Some(parts)
}

/// The same as [`divide`], for numbers of any size.
fn divide_exactly(steps: i64, shares: &[Share]) -> Parts {
    let portions = Exact::apportion(steps, shares.iter().map(|share| &share.weight));
    let part = |(index, (floor, place)): (usize, (i64, usize))| Part {
        index,
        floor,
        place: i128::try_from(place).unwrap_or_default(),
    };
    portions.into_iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(weight: Exact, room: i64) -> Share {
        let room = Money::from_scaled(room);
        Share { line: 0, quantity: Quantity::ONE, weight, room, amount: Money::ZERO }
    }

    fn order(mut parts: Parts) -> Vec<(usize, i64)> {
        parts.sort_by_key(|part| std::cmp::Reverse(part.place));
        parts.into_iter().map(|part| (part.index, part.floor)).collect()
    }

    #[test]
    #[should_panic(expected = "has no room")]
    fn a_discount_that_lines_have_no_room_for_is_a_loud_bug() {
        let mut shares = [share(Exact::ratio(1, 1), 3), share(Exact::ratio(2, 1), 3)];
        spread(Money::from_scaled(7), &mut shares, Money::from_scaled(1));
    }

    proptest! {
        #[test]
        fn whole_numbers_divide_as_fractions_do(
            steps in 0..10_i64.pow(16),
            weights in prop::collection::vec((1..10_i128.pow(17), 1..40_i128), 2..9),
        ) {
            let shares: Vec<Share> =
                weights.into_iter().map(|(num, den)| share(Exact::ratio(num, den), 0)).collect();
            if let Some(parts) = divide(steps, &shares) {
                prop_assert_eq!(order(parts), order(divide_exactly(steps, &shares)));
            }
        }

        #[test]
        fn nothing_is_lost_and_no_room_overrun(
            total in 0..10_000_i64,
            lines in prop::collection::vec((1..10_000_i128, 0..5_000_i64), 1..9),
        ) {
            let mut shares: Vec<Share> =
                lines.iter().map(|(weight, room)| share(Exact::ratio(*weight, 7), *room)).collect();
            let room = lines.iter().map(|(_, room)| *room).sum();
            let total = Money::from_scaled(total.min(room));
            spread(total, &mut shares, Money::from_scaled(1));
            prop_assert_eq!(shares.iter().map(|share| share.amount).sum::<Money>(), total);
            let fits = |(share, (_, room)): (&Share, &(i128, i64))| share.amount.scaled() <= *room;
            prop_assert!(shares.iter().zip(&lines).all(fits));
        }
    }
}
