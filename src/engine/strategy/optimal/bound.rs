//! How much item-level promotions could still take off: never less than they can (docs/OPTIMAL.md, "The upper bound").
//!
//! Where a unit can be claimed once, promotions compete for units. Every unit gets a *price*; a promotion then counts for
//! what it takes off beyond the prices of its units, and the units that are still open count for their prices. For
//! whatever prices at or above zero the sum is an upper bound, since a unit is paid for at most once; the prices are
//! chosen once, on the untouched cart, to make it low. Where units can be claimed again, promotions compete for what is
//! left to pay: those that are *pooled* count together for all that is left to pay of their lines.

use smallvec::SmallVec;

use crate::domain::amount::{Money, Quantity};
use crate::domain::rounding::{Rounding, RoundingMode};
use crate::engine::Case;
use crate::engine::benefits::{ItemReach, LineReach, Proposal};
use crate::engine::limits::Left;
use crate::engine::line_set::LineSet;
use crate::engine::units::Basket;

use super::steps::Steps;

/// Money in steps of 10⁻¹², times a weight of at most one.
pub(super) type Fine = i128;

/// A weight of one.
pub(super) const WHOLE: i128 = 1_000_000;

/// Decimals of what is taken off a unit; with those of a quantity they make a [`Fine`].
const UNIT_DECIMALS: u32 = 9;

/// How often all prices are looked at.
const SWEEPS: usize = 3;

/// The product, with one machine instruction for the amounts of a usual cart.
pub(super) fn times(amount: Fine, number: i128) -> Fine {
    match (i64::try_from(amount), i64::try_from(number)) {
        (Ok(amount), Ok(number)) => i128::from(amount) * i128::from(number),
        _ => amount.saturating_mul(number),
    }
}

/// Money as [`Fine`].
pub(super) fn fine(money: Money) -> Fine {
    i128::from(money.scaled()) * 100_000_000
}

/// The largest multiple of the precision that is not above.
pub(super) fn cut(amount: Fine, rounding: Rounding) -> Money {
    let step = fine(rounding.step());
    let steps = amount.div_euclid(step);
    let scaled = steps.saturating_mul(i128::from(rounding.step().scaled()));
    Money::from_scaled(i64::try_from(scaled).unwrap_or(i64::MAX))
}

/// The most that rounding adds to so many amounts together, whose sum is then a multiple of the precision.
pub(super) fn slack(roundings: usize, rounding: Rounding) -> Fine {
    let count = i128::try_from(roundings).unwrap_or(i128::MAX);
    let step = fine(rounding.step());
    match rounding.mode {
        _ if count == 0 => 0,
        // Less than a step each.
        RoundingMode::Up | RoundingMode::Ceiling => count.saturating_mul(step) - 1,
        RoundingMode::Down | RoundingMode::Floor => 0,
        RoundingMode::HalfUp | RoundingMode::HalfDown | RoundingMode::HalfEven => {
            count.saturating_mul(step) / 2
        }
    }
}

/// What one promotion can still give.
struct Lane {
    /// Its lines; those first of which it takes off most, or where it takes the cheapest of groups, the dearest.
    lines: Vec<Place>,
    /// Units of a group, and how many of them it takes.
    cheapest_of: Option<(i128, i128)>,
    /// Most units.
    units: Option<i128>,
    /// Most in all, weighted, rounding included.
    most: Option<Fine>,
    /// What rounding may add.
    slack: Fine,
    /// It counts with others for what is left to pay of their lines.
    is_pooled: bool,
    /// It may give something without any unit of the cart.
    has_gifts: bool,
}

/// One line of a promotion.
#[derive(Clone, Copy)]
struct Place {
    line: usize,
    /// What it takes off a unit, weighted, rounded up.
    off: Fine,
    /// Most units.
    units: i128,
    /// What a unit costs.
    unit_price: Money,
}

/// The bound for the promotions of one component.
pub(super) struct Bound {
    lanes: Vec<Lane>,
    lines: LineSet,
    /// Of each line of the cart: the price of a unit.
    prices: Vec<Fine>,
    /// The lines of the pooled promotions.
    pooled: LineSet,
    stacks: bool,
}

/// What a bound looks at in a basket.
pub(super) struct Open {
    /// Of each line of the cart: units that may still be discounted.
    units: Vec<i128>,
    /// What is left to pay of the pooled lines, weighted.
    left: Fine,
}

/// An upper bound, and what it is made of.
pub(super) struct Upper {
    pub(super) whole: Fine,
    /// Of each member what it counts for by itself.
    lanes: SmallVec<[Fine; 16]>,
    /// Of each line of the cart the price of a unit; none where units stack.
    prices: Vec<Fine>,
}

impl Upper {
    /// What can still come at most once a member has applied; what its condition uses up counts as still open.
    pub(super) fn after(&self, member: usize, proposal: &Proposal) -> Fine {
        let lane = at(&self.lanes, member);
        let paid = proposal.takes.iter().map(|own| {
            times(
                at(&self.prices, own.slot.line),
                own.slot.quantity.scaled().into(),
            )
        });
        self.whole - lane - paid.sum::<Fine>()
    }
}

/// The units that a promotion claims.
fn claimed(proposal: &Proposal) -> impl Iterator<Item = (usize, Quantity)> {
    let takes = proposal.takes.iter();
    takes
        .map(|take| (take.slot.line, take.slot.quantity))
        .chain(proposal.needed.iter().copied())
}

impl Bound {
    /// `weights`: for each line of the cart how much a discount there counts, of [`WHOLE`].
    pub(super) fn new(
        case: &Case<'_>,
        members: &[(&ItemReach, Left)],
        weights: &[i128],
        steps: &mut Steps,
    ) -> Self {
        let stacks = case.claims.stacks();
        let rounding = case.rules.settings().rounding;
        let lane = |(reach, left): &(&ItemReach, Left)| {
            lane(case, reach, *left, weights, stacks, rounding)
        };
        let mut bound = Self {
            lanes: members.iter().map(lane).collect(),
            lines: members
                .iter()
                .fold(LineSet::default(), |lines, (reach, _)| {
                    lines.union(&reach.domain)
                }),
            prices: vec![0; weights.len()],
            pooled: LineSet::default(),
            stacks,
        };
        if stacks {
            bound.pool(case, weights);
        } else {
            bound.set_prices(case, steps);
        }
        bound
    }

    pub(super) fn look(&self, case: &Case<'_>, basket: &Basket, weights: &[i128]) -> Open {
        let mut open = Open {
            units: vec![0; self.prices.len()],
            left: 0,
        };
        self.look_at(&mut open, &self.lines, case, basket, weights);
        open
    }

    /// Looks again at lines that have changed.
    pub(super) fn look_at(
        &self,
        open: &mut Open,
        lines: &LineSet,
        case: &Case<'_>,
        basket: &Basket,
        weights: &[i128],
    ) {
        for line in lines.iter() {
            if let Some(units) = open.units.get_mut(line) {
                *units = basket.open_units(line, &case.claims).scaled().into();
            }
        }
        if !self.pooled.is_empty() {
            let left = self.pooled.iter();
            open.left = left.map(|line| left_of_line(basket, line, weights)).sum();
        }
    }

    /// Whether a member could add anything, be it a gift.
    pub(super) fn could_give(&self, open: &Open, member: usize) -> bool {
        self.lanes
            .get(member)
            .is_some_and(|lane| lane.has_gifts || lane.lines.iter().any(|own| own.open(open) > 0))
    }

    /// The most that the `remaining` members can add, by their numbers.
    pub(super) fn of(&self, open: &Open, remaining: impl Iterator<Item = usize> + Clone) -> Upper {
        let mut upper = Upper {
            whole: 0,
            lanes: SmallVec::from_elem(0, self.lanes.len()),
            prices: Vec::new(),
        };
        if self.stacks {
            self.stacked(&mut upper, open, remaining);
        } else {
            self.priced(&mut upper, open, remaining);
        }
        upper
    }

    fn stacked(&self, upper: &mut Upper, open: &Open, remaining: impl Iterator<Item = usize>) {
        let mut pooled = 0;
        for member in remaining {
            let Some(lane) = self.lanes.get(member) else {
                continue;
            };
            let value = lane.value(open, |_| 0);
            if lane.is_pooled {
                pooled += value;
            } else {
                upper.whole += value;
                put(&mut upper.lanes, member, value);
            }
        }
        upper.whole += pooled.min(open.left);
    }

    /// Nobody pays for a unit more than it is worth to one of those that are left, nor anything where there is only one.
    fn priced(
        &self,
        upper: &mut Upper,
        open: &Open,
        remaining: impl Iterator<Item = usize> + Clone,
    ) {
        let mut wanted = vec![(0_u32, 0); self.prices.len()];
        let lanes = remaining.clone().filter_map(|own| self.lanes.get(own));
        for own in lanes.flat_map(|lane| &lane.lines) {
            if let Some((count, most)) = wanted.get_mut(own.line) {
                *count += 1;
                *most = own.off.max(*most);
            }
        }
        let price = |(own, (count, most)): (&Fine, (u32, Fine))| match count {
            0 | 1 => 0,
            _ => most.min(*own),
        };
        upper.prices = self.prices.iter().zip(wanted).map(price).collect();
        for line in self.lines.iter() {
            upper.whole += times(at(&upper.prices, line), at(&open.units, line));
        }
        for member in remaining {
            let Some(lane) = self.lanes.get(member) else {
                continue;
            };
            let value = lane.value(open, |line| at(&upper.prices, line));
            upper.whole += value;
            put(&mut upper.lanes, member, value);
        }
    }

    /// The most that one member can add by itself.
    pub(super) fn of_one(&self, open: &Open, member: usize) -> Fine {
        let lane = self.lanes.get(member);
        lane.map_or(0, |lane| lane.sorted_value(open, |_| 0))
    }

    /// The prices of the units that a promotion claims.
    pub(super) fn price_of(&self, proposal: &Proposal) -> Fine {
        claimed(proposal)
            .map(|(line, units)| times(at(&self.prices, line), units.scaled().into()))
            .sum()
    }

    /// Line by line, the price that makes the bound on the untouched cart lowest, the others as they are, as long as
    /// there are steps for it.
    fn set_prices(&mut self, case: &Case<'_>, steps: &mut Steps) {
        let open = self.look(case, &case.untouched, &[]);
        for _ in 0..SWEEPS {
            let mut has_moved = false;
            for line in self.lines.iter() {
                has_moved |= self.set_price(line, &open, steps);
            }
            if !has_moved {
                break;
            }
        }
    }

    fn set_price(&mut self, line: usize, open: &Open, steps: &mut Steps) -> bool {
        let on_line = |lane: &&Lane| lane.lines.iter().any(|own| own.line == line);
        let lanes: Vec<&Lane> = self.lanes.iter().filter(on_line).collect();
        let looks: usize = lanes.iter().map(|lane| lane.lines.len()).sum();
        if lanes.len() < 2 || !steps.prepare(2 * looks * lanes.len()) {
            return false;
        }
        let before = at(&self.prices, line);
        let total = |price: Fine| {
            let with = |own: usize| {
                if own == line {
                    price
                } else {
                    at(&self.prices, own)
                }
            };
            let values: Fine = lanes.iter().map(|lane| lane.value(open, with)).sum();
            values + times(price, at(&open.units, line))
        };
        // Lowest where a promotion just loses interest in the line, or in another line against it.
        let mut tries: Vec<Fine> = vec![before, 0];
        for lane in &lanes {
            let off = lane
                .lines
                .iter()
                .find(|own| own.line == line)
                .map_or(0, |own| own.off);
            tries.push(off);
            let marginal = lane.marginal(open, line, |own| at(&self.prices, own));
            tries.push((off - marginal).max(0));
        }
        tries.sort_unstable();
        tries.dedup();
        let best = tries.into_iter().map(|price| (total(price), price)).min();
        let Some((_, price)) = best.filter(|(value, _)| *value < total(before)) else {
            return false;
        };
        if let Some(own) = self.prices.get_mut(line) {
            *own = price;
        }
        true
    }

    /// Pools promotions one by one as long as that makes the bound on the untouched cart lower.
    fn pool(&mut self, case: &Case<'_>, weights: &[i128]) {
        let open = self.look(case, &case.untouched, weights);
        let whole = |pooled: &dyn Fn(usize) -> bool| {
            let mut lines = LineSet::default();
            let (mut alone, mut together) = (0, 0);
            for (number, lane) in self.lanes.iter().enumerate() {
                let value = lane.value(&open, |_| 0);
                if pooled(number) {
                    lane.lines.iter().for_each(|own| lines.insert(own.line));
                    together += value;
                } else {
                    alone += value;
                }
            }
            let left: Fine = lines
                .iter()
                .map(|line| left_of_line(&case.untouched, line, weights))
                .sum();
            (alone + together.min(left), lines)
        };
        let none = whole(&|_| false).0;
        let (all, lines) = whole(&|_| true);
        if all < none {
            self.pooled = lines;
            self.lanes.iter_mut().for_each(|lane| lane.is_pooled = true);
        }
    }
}

fn at(values: &[i128], place: usize) -> i128 {
    values.get(place).copied().unwrap_or(0)
}

fn put(values: &mut [Fine], place: usize, value: Fine) {
    if let Some(own) = values.get_mut(place) {
        *own = value;
    }
}

fn left_of_line(basket: &Basket, line: usize, weights: &[i128]) -> Fine {
    let left = basket.left_of_line(line).or_zero().steps_up(12);
    weighted(left, at(weights, line))
}

/// Rounded up.
pub(super) fn weighted(amount: Fine, weight: i128) -> Fine {
    if weight == WHOLE {
        return amount;
    }
    amount
        .saturating_mul(weight)
        .saturating_add(WHOLE - 1)
        .div_euclid(WHOLE)
}

fn lane(
    case: &Case<'_>,
    reach: &ItemReach,
    left: Left,
    weights: &[i128],
    stacks: bool,
    rounding: Rounding,
) -> Lane {
    // What a promotion takes off falls on its lines in another way than its bound does: the largest weight holds for all.
    let weight = reach
        .lines
        .iter()
        .map(|own| at(weights, own.line))
        .max()
        .unwrap_or(0);
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
    // Units of a group come by their prices, whatever is taken off them.
    match reach.cheapest_of {
        Some(_) => lines.sort_by_key(|own| std::cmp::Reverse(own.unit_price)),
        None => {
            lines.retain(|own| own.off > 0);
            lines.sort_by_key(|own| std::cmp::Reverse(own.off));
        }
    }
    Lane {
        lines,
        cheapest_of: reach
            .cheapest_of
            .map(|own| (own.every.scaled().into(), own.quantity.scaled().into())),
        units: reach.units.map(|units| units.scaled().into()),
        most: most
            .into_iter()
            .chain(cap)
            .min()
            .map(|most| weighted(most, weight)),
        slack,
        is_pooled: false,
        has_gifts: reach.has_gifts,
    }
}

impl Lane {
    /// The most that it takes off open units beyond their prices.
    fn value(&self, open: &Open, price: impl Fn(usize) -> Fine) -> Fine {
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

    /// The same where the number of units is limited.
    fn sorted_value(&self, open: &Open, price: impl Fn(usize) -> Fine) -> Fine {
        let mut beyond: SmallVec<[(Fine, i128); 16]> = match self.cheapest_of {
            Some((every, quantity)) => self.cheapest(open, every, quantity, price),
            None => {
                let beyond = self.lines.iter();
                beyond
                    .map(|own| (own.off - price(own.line), own.open(open)))
                    .collect()
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

    /// The units that it would best take, where of the r dearest that are open it takes so many at most as the groups
    /// that they fill have cheapest ones. Others can only make units dearer than their places here.
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
            // Which of equal prices is cheapest is nothing to rely on.
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

    /// What the first unit that it must leave out would give beyond its price, were it not for `line`.
    fn marginal(&self, open: &Open, line: usize, price: impl Fn(usize) -> Fine) -> Fine {
        let Some(mut missing) = self.units else {
            return 0;
        };
        let mut others: SmallVec<[(Fine, i128); 16]> = self
            .lines
            .iter()
            .filter(|own| own.line != line)
            .map(|own| (own.off - price(own.line), own.open(open)))
            .filter(|(off, _)| *off > 0)
            .collect();
        others.sort_unstable_by_key(|(off, _)| std::cmp::Reverse(*off));
        for (off, units) in others {
            missing -= units;
            if missing <= 0 {
                return off;
            }
        }
        0
    }
}

impl Place {
    fn open(&self, open: &Open) -> i128 {
        at(&open.units, self.line).min(self.units)
    }
}
