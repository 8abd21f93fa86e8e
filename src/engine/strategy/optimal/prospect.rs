//! The most that one promotion can still give, whatever others do before it.

use smallvec::SmallVec;

use crate::domain::amount::Money;
use crate::domain::rounding::Rounding;
use crate::engine::benefits::{self, ItemReach, LineReach};
use crate::engine::case::Case;
use crate::engine::limits::Left;
use crate::engine::line_set::LineSet;

use super::fine::{Fine, UNIT_DECIMALS, fine, slack, times, weighted};

/// The most that one promotion can still give.
pub(super) struct Prospect {
    /// Its lines. Those from which it takes most off a unit come first. Where it takes the cheapest units of groups,
    /// the most expensive lines come first.
    pub(super) lines: Vec<Place>,
    /// All lines on which its discount may fall. A bundle's discount also falls on cheap lines, which do not add to its
    /// value.
    pub(super) spread: LineSet,
    /// The units of a group, and how many of them it discounts, where it discounts only the cheapest.
    cheapest_of: Option<(i128, i128)>,
    /// Where units are set aside for its condition: what each number of applications leaves to discount.
    leftovers: Vec<ProspectLeftover>,
    pub(super) units: Option<i128>,
    /// The most that it takes off in all, weighted, rounding included.
    pub(super) most: Option<Fine>,
    /// The most that rounding may add.
    pub(super) slack: Fine,
    /// Whether it counts together with others, for at most what is left to pay for their lines.
    pub(super) is_pooled: bool,
    /// Whether it may give something without any unit of the cart.
    pub(super) has_gifts: bool,
}

/// One line of a promotion.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) line: usize,
    /// The most that it takes off a unit, weighted, rounded up.
    pub(super) off: Fine,
    pub(super) units: i128,
    /// What a unit costs.
    pub(super) unit_price: Money,
}

/// What a number of applications leaves to discount.
struct ProspectLeftover {
    units: i128,
    /// Most units of each of the prospect's lines.
    left: SmallVec<[i128; 8]>,
}

/// What an upper bound looks at in a basket.
pub(super) struct Open {
    /// For each line of the cart: the units that may still be discounted.
    pub(super) units: Vec<i128>,
    /// What is left to pay for the pooled lines, weighted.
    pub(super) left: Fine,
}

/// Makes a promotion's part of the bound, with weighted amounts.
pub(super) fn prospect(
    case: &Case<'_>,
    reach: &ItemReach,
    left: Left,
    weights: &[i128],
    stacks: bool,
    rounding: Rounding,
) -> Prospect {
    // The real discount may be spread over the lines differently than in the bound, so the largest weight is used for
    // all of them.
    let weight = reach.lines.iter().map(|own| weights[own.line]).max().unwrap_or(0);
    let roundings = usize::from(stacks || !reach.is_even);
    let slack = slack(roundings, rounding);
    let most = reach.most.as_ref().map(|most| fine(rounding.settle(most)));
    let cap = left.discount.map(fine);
    let place = |own: &LineReach| Place {
        line: own.line,
        off: weighted(own.off.steps_up(UNIT_DECIMALS), weight),
        units: own.units.scaled().into(),
        unit_price: case.view.line(own.line).unit_price,
    };
    let mut lines: Vec<Place> = reach.lines.iter().map(place).collect();
    // Groups are formed by price, whatever is taken off the units.
    match reach.cheapest_of {
        Some(_) => lines.sort_by_key(|own| std::cmp::Reverse(own.unit_price)),
        None => {
            lines.retain(|own| own.off > 0);
            lines.sort_by_key(|own| std::cmp::Reverse(own.off));
        }
    }
    let leftover = |own: &benefits::Leftover| ProspectLeftover {
        units: own.units.scaled().into(),
        left: lines.iter().map(|place| own.of_line(place.line).scaled().into()).collect(),
    };
    Prospect {
        leftovers: reach.leftovers.iter().map(leftover).collect(),
        lines,
        spread: reach.lines.iter().map(|own| own.line).collect(),
        cheapest_of: reach
            .cheapest_of
            .map(|own| (own.every.scaled().into(), own.quantity.scaled().into())),
        units: reach.units.map(|units| units.scaled().into()),
        most: most.into_iter().chain(cap).min().map(|most| weighted(most, weight)),
        slack,
        is_pooled: false,
        has_gifts: reach.has_gifts,
    }
}

impl Prospect {
    /// How many numbers its bound looks at.
    pub(super) fn looks(&self) -> usize {
        self.lines.len() * (self.leftovers.len() + 2)
    }

    /// The most that it takes off open units, less the prices of these units.
    pub(super) fn value(&self, open: &Open, price: impl Fn(usize) -> Fine) -> Fine {
        if self.units.is_some() || self.cheapest_of.is_some() {
            return self.sorted_value(open, price);
        }
        let (mut sum, mut is_open) = (0, false);
        for own in &self.lines {
            let units = own.open(open);
            is_open |= units > 0;
            sum += times((own.off - price(own.line)).max(0), units);
        }
        self.bounded(sum, is_open)
    }

    fn bounded(&self, sum: Fine, is_open: bool) -> Fine {
        if !is_open {
            return 0;
        }
        let sum = sum + self.slack;
        self.most.map_or(sum, |most| sum.min(most))
    }

    /// The same as [`Prospect::value`], where the number of units is limited.
    pub(super) fn sorted_value(&self, open: &Open, price: impl Fn(usize) -> Fine) -> Fine {
        if !self.leftovers.is_empty() {
            return self.tiered_value(open, price);
        }
        let mut beyond: SmallVec<[(Fine, i128); 16]> = match self.cheapest_of {
            Some((every, quantity)) => self.cheapest(open, every, quantity, price),
            None => {
                let beyond = self.lines.iter();
                beyond.map(|own| (own.off - price(own.line), own.open(open))).collect()
            }
        };
        let is_open = beyond.iter().any(|(_, units)| *units > 0);
        beyond.retain(|(off, units)| *off > 0 && *units > 0);
        beyond.sort_unstable_by_key(|(off, _)| std::cmp::Reverse(*off));
        let mut missing = self.units.unwrap_or(i128::MAX);
        let mut sum = 0;
        for (off, units) in beyond {
            let units = units.min(missing);
            sum += times(off, units);
            missing -= units;
        }
        self.bounded(sum, is_open)
    }

    /// The same, for the best number of applications.
    fn tiered_value(&self, open: &Open, price: impl Fn(usize) -> Fine) -> Fine {
        let beyond =
            |(number, own): (usize, &Place)| (own.off - price(own.line), own.open(open), number);
        let mut best: SmallVec<[(Fine, i128, usize); 16]> =
            self.lines.iter().enumerate().map(beyond).collect();
        let is_open = best.iter().any(|(_, units, _)| *units > 0);
        best.retain(|(off, units, _)| *off > 0 && *units > 0);
        best.sort_unstable_by_key(|(off, ..)| std::cmp::Reverse(*off));
        let value = |leftover: &ProspectLeftover| {
            let (mut missing, mut sum) = (leftover.units, 0);
            for (off, units, number) in &best {
                let units = leftover.left[*number].min(*units).min(missing);
                sum += times(*off, units);
                missing -= units;
                if missing == 0 {
                    break;
                }
            }
            sum
        };
        let most = self.leftovers.iter().map(value).max().unwrap_or(0);
        self.bounded(most, is_open)
    }

    /// The best units that it could take. Of the r most expensive open units, it discounts at most as many as the
    /// groups that these fill have cheapest ones. When others claim units, the units after them only move towards the
    /// expensive end.
    fn cheapest(
        &self,
        open: &Open,
        every: i128,
        quantity: i128,
        price: impl Fn(usize) -> Fine,
    ) -> SmallVec<[(Fine, i128); 16]> {
        let mut taken: SmallVec<[(Fine, i128); 16]> = SmallVec::new();
        let (mut rank, mut count) = (0, 0);
        for (number, own) in self.lines.iter().enumerate() {
            let units = own.open(open);
            rank += units;
            let beyond = own.off - price(own.line);
            if units > 0 {
                let place = taken.partition_point(|(other, _)| *other < beyond);
                taken.insert(place, (beyond, units));
                count += units;
            }
            // Among units of equal price, any may be the cheapest, so they are counted together.
            let next = self.lines.get(number + 1);
            if next.is_some_and(|next| next.unit_price == own.unit_price) {
                continue;
            }
            let beside = (rank.rem_euclid(every) - (every - quantity)).max(0);
            let most = rank.div_euclid(every) * quantity + beside;
            while count > most
                && let Some((_, least)) = taken.first_mut()
            {
                let less = (count - most).min(*least);
                count -= less;
                *least -= less;
                if *least == 0 {
                    taken.remove(0);
                }
            }
        }
        taken
    }
}

impl Place {
    pub(super) fn open(&self, open: &Open) -> i128 {
        open.units[self.line].min(self.units)
    }
}
