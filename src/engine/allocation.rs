//! Spreading a rounded discount over lines without losing a step (spec 7.4 "Allocation").

use crate::domain::amount::Money;
use crate::domain::exact::Exact;
use crate::domain::rounding::Rounding;

/// The exact discount on one line, and what is left to pay for it there.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) line: usize,
    pub(crate) exact: Exact,
    pub(crate) left: Exact,
}

/// Rounds the sum of `shares` once and spreads it over their lines, in order of the lines. Nothing
/// where it rounds to nothing.
///
/// The total is at most `cap`, and at most what is left to pay of the lines with a share, each cut
/// to the precision.
pub(crate) fn settle(
    shares: Vec<Share>,
    cap: Option<Money>,
    rounding: Rounding,
) -> (Money, Vec<(usize, Money)>) {
    let exact: Exact = shares.iter().map(|share| &share.exact).sum();
    settle_weighted(&exact, shares, cap, rounding)
}

/// The same for an `exact` total that falls on the lines in proportion to their shares.
pub(crate) fn settle_weighted(
    exact: &Exact,
    mut shares: Vec<Share>,
    cap: Option<Money>,
    rounding: Rounding,
) -> (Money, Vec<(usize, Money)>) {
    shares.retain(|share| share.exact.is_positive());
    let room: Vec<Money> = shares
        .iter()
        .map(|share| rounding.cut(&share.left))
        .collect();
    let total = settle_total(exact, room.iter().copied().sum(), cap, rounding);
    let lines: Vec<usize> = shares.iter().map(|share| share.line).collect();
    let weights: Vec<Exact> = shares.into_iter().map(|share| share.exact).collect();
    let amounts = spread(total, &weights, &room, rounding.step());
    (
        total,
        lines
            .into_iter()
            .zip(amounts)
            .filter(|(_, amount)| amount.is_positive())
            .collect(),
    )
}

/// Rounds once; where that exceeds the cap or what is left to pay, it is cut to the largest
/// multiple of the precision that does not.
pub(crate) fn settle_total(
    exact: &Exact,
    left: Money,
    cap: Option<Money>,
    rounding: Rounding,
) -> Money {
    let rounded = rounding.settle(exact);
    let bound = cap.map_or(left, |cap| rounding.cut(&cap.into()).min(left));
    rounded.min(bound)
}

/// Every line starts with its share of `total` cut to the precision, or with its room if that is
/// less; the missing steps go one at a time by remainder, equal remainders to the earlier line,
/// over the lines that have room, round after round.
fn spread(total: Money, weights: &[Exact], room: &[Money], step: Money) -> Vec<Money> {
    if let [_] = weights {
        return vec![total];
    }
    let steps = total.scaled() / step.scaled().max(1);
    let (floors, order) = divide(steps, weights).unwrap_or_else(|| divide_exactly(steps, weights));
    let money = |steps: i64| Money::from_scaled(steps.saturating_mul(step.scaled()));
    let mut amounts: Vec<Money> = floors
        .iter()
        .zip(room)
        .map(|(floor, room)| money(*floor).min(*room))
        .collect();
    let mut missing = total.minus(amounts.iter().copied().sum());
    // INVARIANT: `total` ≤ Σ room, so that each round finds a line with room.
    while missing.is_positive() {
        let before = missing;
        for index in &order {
            if let (Some(amount), Some(room)) = (amounts.get_mut(*index), room.get(*index))
                && *amount < *room
                && missing.is_positive()
            {
                *amount = amount.plus(step);
                missing = missing.minus(step);
            }
        }
        if missing == before {
            break;
        }
    }
    amounts
}

/// The whole steps of each proper share, and the shares by remainder, largest first.
type Division = (Vec<i64>, Vec<usize>);

/// In whole numbers; `None` where they would overflow.
fn divide(steps: i64, weights: &[Exact]) -> Option<Division> {
    let (weights, sum) = Exact::proportions(weights)?;
    let mut floors = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for weight in weights {
        let product = weight.checked_mul(steps.into())?;
        floors.push(i64::try_from(product.checked_div(sum)?).ok()?);
        remainders.push(product.checked_rem(sum)?);
    }
    Some((floors, by_remainder(&remainders)))
}

/// The same as [`divide`], whatever the size of the numbers.
fn divide_exactly(steps: i64, weights: &[Exact]) -> Division {
    let steps = Exact::ratio(steps.into(), 1);
    let sum: Exact = weights.iter().sum();
    let proper = weights.iter().map(|weight| steps.times(weight).over(&sum));
    let (floors, remainders): (Vec<i64>, Vec<Exact>) = proper
        .map(|share| {
            let whole = share.split_at(0).0;
            (whole, share.minus(&Exact::ratio(whole.into(), 1)))
        })
        .unzip();
    (floors, by_remainder(&remainders))
}

fn by_remainder<T: Ord>(remainders: &[T]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..remainders.len()).collect();
    // Stable: equal remainders to the earlier line.
    order.sort_by(|a, b| remainders.get(*b).cmp(&remainders.get(*a)));
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whole_numbers_divide_as_fractions_do(
            steps in 0..10_i64.pow(16),
            weights in prop::collection::vec((1..10_i128.pow(17), 1..40_i128), 2..9),
        ) {
            let weights: Vec<Exact> =
                weights.into_iter().map(|(num, den)| Exact::ratio(num, den)).collect();
            if let Some(division) = divide(steps, &weights) {
                prop_assert_eq!(division, divide_exactly(steps, &weights));
            }
        }

        #[test]
        fn nothing_is_lost_and_no_room_overrun(
            total in 0..10_000_i64,
            lines in prop::collection::vec((1..10_000_i128, 0..5_000_i64), 1..9),
        ) {
            let weights: Vec<Exact> =
                lines.iter().map(|(weight, _)| Exact::ratio(*weight, 7)).collect();
            let room: Vec<Money> = lines.iter().map(|(_, room)| Money::from_scaled(*room)).collect();
            let total = Money::from_scaled(total).min(room.iter().copied().sum());
            let amounts = spread(total, &weights, &room, Money::from_scaled(1));
            prop_assert_eq!(amounts.iter().copied().sum::<Money>(), total);
            prop_assert!(amounts.iter().zip(&room).all(|(amount, room)| amount <= room));
        }
    }
}
