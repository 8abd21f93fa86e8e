//! An upper bound on what item-level promotions can still take off (docs/OPTIMAL.md, "The upper bound").
//!
//! Where a unit can be claimed once, promotions compete for units. Every unit gets a *price*. A promotion then counts
//! for what it takes off beyond the prices of its units, and each open unit counts for its price. The sum is an upper
//! bound for any prices that are not negative, since each unit is claimed at most once. The prices are chosen once, on
//! the untouched cart, to make the bound low. Where units can be claimed again, promotions compete for what is left to
//! pay: *pooled* promotions together count for at most what is left to pay for their lines.

use smallvec::SmallVec;

use crate::engine::benefits::ItemReach;
use crate::engine::case::Case;
use crate::engine::limits::Left;
use crate::engine::line_set::LineSet;
use crate::engine::proposal::Proposal;
use crate::engine::units::Basket;

use super::fine::{FINE_DECIMALS, Fine, times, weighted};
use super::prospect::{Open, Prospect, prospect};
use super::steps::Steps;

/// Most passes over all prices.
const SWEEPS: usize = 3;

/// The bound for the promotions of one component.
pub(super) struct Bound {
    prospects: Vec<Prospect>,
    lines: LineSet,
    /// The price of a unit of each line of the cart.
    prices: Vec<Fine>,
    /// The lines of the pooled promotions.
    pooled: LineSet,
    stacks: bool,
}

/// An upper bound, and what it is made of.
pub(super) struct Upper {
    pub(super) whole: Fine,
    /// How much each member adds to it.
    prospects: SmallVec<[Fine; 16]>,
    /// The price of a unit of each line of the cart; 0 where units stack.
    prices: Vec<Fine>,
}

impl Upper {
    /// The most that can still be added once a member has applied. Units that its condition uses up count as open.
    pub(super) fn after(&self, member: usize, proposal: &Proposal) -> Fine {
        let paid = proposal.lines.iter();
        let paid = paid.map(|own| times(self.prices[own.line], own.quantity.scaled().into()));
        self.whole - self.prospects[member] - paid.sum::<Fine>()
    }
}

impl Bound {
    /// `weights`: how much a discount on each line of the cart counts, in parts of one ([`super::fine::WHOLE`]).
    pub(super) fn new(
        case: &Case<'_>,
        members: &[(&ItemReach, Left)],
        weights: &[i128],
        steps: &mut Steps,
    ) -> Self {
        let stacks = case.claims.stacks();
        let rounding = case.rules.settings().rounding;
        let prospect = |(reach, left): &(&ItemReach, Left)| {
            prospect(case, reach, *left, weights, stacks, rounding)
        };
        let mut bound = Self {
            prospects: members.iter().map(prospect).collect(),
            lines: members
                .iter()
                .fold(LineSet::default(), |lines, (reach, _)| lines.union(&reach.domain)),
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

    /// How many numbers the bound looks at.
    pub(super) fn looks(&self) -> usize {
        self.prospects.iter().map(Prospect::looks).sum()
    }

    pub(super) fn look(&self, case: &Case<'_>, basket: &Basket, weights: &[i128]) -> Open {
        let mut open = Open { units: vec![0; self.prices.len()], left: 0 };
        self.look_at(&mut open, &self.lines, case, basket, weights);
        open
    }

    /// Updates `open` for lines that have changed.
    pub(super) fn look_at(
        &self,
        open: &mut Open,
        lines: &LineSet,
        case: &Case<'_>,
        basket: &Basket,
        weights: &[i128],
    ) {
        for line in lines.iter() {
            open.units[line] = basket.units_still_open(line, &case.claims).scaled().into();
        }
        if !self.pooled.is_empty() {
            let left = self.pooled.iter();
            open.left = left.map(|line| room_of_line(basket, line, weights)).sum();
        }
    }

    /// Whether a member could still give anything, gifts included.
    pub(super) fn could_give(&self, open: &Open, member: usize) -> bool {
        let prospect = &self.prospects[member];
        prospect.has_gifts || prospect.lines.iter().any(|own| own.open(open) > 0)
    }

    /// The most that the `remaining` members can add.
    pub(super) fn of(&self, open: &Open, remaining: impl Iterator<Item = usize> + Clone) -> Upper {
        let mut upper = Upper {
            whole: 0,
            prospects: SmallVec::from_elem(0, self.prospects.len()),
            prices: vec![0; self.prices.len()],
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
            let prospect = &self.prospects[member];
            let value = prospect.value(open, |_| 0);
            if prospect.is_pooled {
                pooled += value;
            } else {
                upper.whole += value;
                upper.prospects[member] = value;
            }
        }
        upper.whole += pooled.min(open.left);
    }

    /// A line's price is at most what some remaining promotion takes off a unit there, and 0 where fewer than two want
    /// the line.
    fn priced(
        &self,
        upper: &mut Upper,
        open: &Open,
        remaining: impl Iterator<Item = usize> + Clone,
    ) {
        let mut wanted = vec![(0_u32, 0); self.prices.len()];
        for own in remaining.clone().flat_map(|member| &self.prospects[member].lines) {
            let (count, most) = &mut wanted[own.line];
            *count += 1;
            *most = own.off.max(*most);
        }
        let price = |(own, (count, most)): (&Fine, (u32, Fine))| match count {
            0 | 1 => 0,
            _ => most.min(*own),
        };
        upper.prices = self.prices.iter().zip(wanted).map(price).collect();
        for line in self.lines.iter() {
            upper.whole += times(upper.prices[line], open.units[line]);
        }
        for member in remaining {
            let value = self.prospects[member].value(open, |line| upper.prices[line]);
            upper.whole += value;
            upper.prospects[member] = value;
        }
    }

    /// The most that one member can add by itself.
    pub(super) fn of_one(&self, open: &Open, member: usize) -> Fine {
        self.prospects[member].sorted_value(open, |_| 0)
    }

    /// The prices of all units that a proposal claims.
    pub(super) fn price_of(&self, proposal: &Proposal) -> Fine {
        let lines = proposal.lines.iter();
        lines.map(|own| times(self.prices[own.line], own.claimed().scaled().into())).sum()
    }

    /// Sets the price of one line after the other to where the bound on the untouched cart is lowest, with all other
    /// prices unchanged, as long as there are steps for it.
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
        let on_line = |prospect: &&Prospect| prospect.lines.iter().any(|own| own.line == line);
        let prospects: Vec<&Prospect> = self.prospects.iter().filter(on_line).collect();
        let looks: usize = prospects.iter().map(|prospect| prospect.lines.len()).sum();
        if prospects.len() < 2 || !steps.prepare(2 * looks * prospects.len()) {
            return false;
        }
        let before = self.prices[line];
        let total = |price: Fine| {
            let with = |own: usize| {
                if own == line { price } else { self.prices[own] }
            };
            let values: Fine = prospects.iter().map(|prospect| prospect.value(open, with)).sum();
            values + times(price, open.units[line])
        };
        // At these prices some promotion stops wanting the line.
        let lines = prospects.iter().flat_map(|prospect| &prospect.lines);
        let mut tries: Vec<Fine> =
            lines.filter(|own| own.line == line).map(|own| own.off).collect();
        tries.extend([before, 0]);
        tries.sort_unstable();
        tries.dedup();
        let best = tries.into_iter().map(|price| (total(price), price)).min();
        let Some((_, price)) = best.filter(|(value, _)| *value < total(before)) else {
            return false;
        };
        self.prices[line] = price;
        true
    }

    /// Pools all promotions, if that makes the bound on the untouched cart lower.
    fn pool(&mut self, case: &Case<'_>, weights: &[i128]) {
        let open = self.look(case, &case.untouched, weights);
        let whole = |pooled: &dyn Fn(usize) -> bool| {
            let mut lines = LineSet::default();
            let (mut alone, mut together) = (0, 0);
            for (number, prospect) in self.prospects.iter().enumerate() {
                let value = prospect.value(&open, |_| 0);
                if pooled(number) {
                    lines = lines.union(&prospect.spread);
                    together += value;
                } else {
                    alone += value;
                }
            }
            let left: Fine =
                lines.iter().map(|line| room_of_line(&case.untouched, line, weights)).sum();
            (alone + together.min(left), lines)
        };
        let none = whole(&|_| false).0;
        let (all, lines) = whole(&|_| true);
        if all < none {
            self.pooled = lines;
            self.prospects.iter_mut().for_each(|prospect| prospect.is_pooled = true);
        }
    }
}

fn room_of_line(basket: &Basket, line: usize, weights: &[i128]) -> Fine {
    let room = basket.room_of_line(line).steps_up(FINE_DECIMALS);
    weighted(room, weights[line])
}
