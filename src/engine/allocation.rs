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
    shares: &[Share],
    cap: Option<Money>,
    rounding: Rounding,
) -> (Money, Vec<(usize, Money)>) {
    let with_share: Vec<&Share> = shares
        .iter()
        .filter(|share| share.exact.is_positive())
        .collect();
    let exact: Exact = with_share.iter().map(|share| &share.exact).sum();
    let room: Vec<Money> = with_share
        .iter()
        .map(|share| rounding.cut(&share.left))
        .collect();
    let left: Money = room.iter().copied().sum();
    let total = settle_total(&exact, left, cap, rounding);
    let amounts = spread(total, &exact, &with_share, &room, rounding);
    let lines = with_share.iter().map(|share| share.line);
    (
        total,
        lines
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
fn spread(
    total: Money,
    exact: &Exact,
    shares: &[&Share],
    room: &[Money],
    rounding: Rounding,
) -> Vec<Money> {
    if let [_] = shares {
        return vec![total];
    }
    let step = rounding.step();
    let proper: Vec<Exact> = if Exact::from(total) == *exact {
        shares.iter().map(|share| share.exact.clone()).collect()
    } else {
        let factor = Exact::from(total).over(exact);
        shares
            .iter()
            .map(|share| share.exact.times(&factor))
            .collect()
    };
    let floors: Vec<Money> = proper.iter().map(|share| rounding.cut(share)).collect();
    let mut amounts: Vec<Money> = floors
        .iter()
        .zip(room)
        .map(|(floor, room)| *floor.min(room))
        .collect();
    let mut missing = total.minus(amounts.iter().copied().sum());
    if !missing.is_positive() {
        return amounts;
    }
    let remainders: Vec<Exact> = proper
        .iter()
        .zip(&floors)
        .map(|(share, floor)| share.minus(&(*floor).into()))
        .collect();
    let mut order: Vec<usize> = (0..amounts.len()).collect();
    order.sort_by(|a, b| remainders.get(*b).cmp(&remainders.get(*a)));
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
