//! What a promotion would give on a cart as it stands: the one match over the kinds of benefit.
//!
//! A proposal changes nothing. It says which units are discounted, by how much each line, what else
//! is claimed, so that whoever chooses among promotions can weigh it before carrying it out.

mod amounts;
mod cart;
mod free_product;
mod groups;
mod items;
mod part;
mod reach;
mod shipping;

use crate::domain::amount::{Money, Quantity};
use crate::domain::benefit::{Benefit, Repeat};
use crate::domain::exact::Exact;

pub(crate) use free_product::product_lines;
pub(crate) use items::Tier;
pub(crate) use reach::{CartReach, ItemReach, LineReach, cart_reach, is_whole, item_reach};

use super::Case;
use super::allocation::Share;
use super::candidates::Candidate;
use super::conditions::Scene;
use super::line_set::LineSet;
use super::units::{Basket, Take};
use super::work::Work;

/// What a proposal takes besides what it looks at.
const STEPS_A_PROPOSAL: usize = 16;

/// What an exact share of a discount takes: several steps on fractions.
pub(crate) const STEPS_A_SHARE: usize = 16;

/// What a promotion gives, not yet given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proposal {
    /// How often its benefit applies.
    pub(crate) times: i64,
    pub(crate) discount: Money,
    pub(crate) points: Exact,
    /// Units that are discounted and claimed, ordered by line.
    pub(crate) takes: Vec<Take>,
    /// The discount of each line, with the units that it falls on; never 0.
    pub(crate) amounts: Vec<LineAmount>,
    /// Further units that its condition used up, by line.
    pub(crate) needed: Vec<(usize, Quantity)>,
    /// Units of a free product that are not in the cart.
    pub(crate) free: Exact,
}

/// The part of a discount that falls on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineAmount {
    pub(crate) line: usize,
    pub(crate) quantity: Quantity,
    pub(crate) amount: Money,
}

/// Why a promotion gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    ConditionsNotMet,
    /// No unit, line, complete group or set, or shipping to discount.
    NoEligibleItems,
    /// There is, but it comes to nothing.
    NoBenefit,
}

impl LineAmount {
    fn of(share: &Share) -> Self {
        Self { line: share.line, quantity: share.quantity, amount: share.amount }
    }
}

impl Proposal {
    /// Carries out one of item level: its units are claimed, and its discount is taken off them.
    pub(crate) fn carry_out(&self, basket: &mut Basket, work: &Work<'_>) {
        let lines = self.amounts.iter().map(|own| own.line);
        let lines = lines.chain(self.needed.iter().map(|(line, _)| *line));
        let runs: usize = lines.map(|line| basket.runs(line)).sum();
        if !work.charge((runs + self.takes.len()) * STEPS_A_SHARE) {
            return;
        }
        basket.apply(&self.takes, self.by_line(), &self.needed);
    }

    /// The lines on which it would take more off some units than is left to pay of them.
    pub(crate) fn overdraws(&self, basket: &Basket) -> LineSet {
        basket.overdraws(&self.takes, self.by_line())
    }

    /// What it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of_val(self.takes.as_slice())
            + size_of_val(self.amounts.as_slice())
            + size_of_val(self.needed.as_slice())
    }

    fn by_line(&self) -> impl Iterator<Item = (usize, Money)> + '_ {
        self.amounts.iter().map(|own| (own.line, own.amount))
    }

    /// A promotion that gives no discount, no points and no free item is not applied.
    fn or_nothing(self) -> Result<Self, Failure> {
        let gives =
            self.discount.is_positive() || self.points.is_positive() || self.free.is_positive();
        if gives { Ok(self) } else { Err(Failure::NoBenefit) }
    }
}

/// What a promotion would give on the cart as it stands.
pub(crate) fn propose(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    basket: &Basket,
) -> Result<Proposal, Failure> {
    let before = case.work.steps();
    if !case.work.charge(STEPS_A_PROPOSAL) {
        return Err(Failure::NoBenefit);
    }
    let proposed = match &candidate.compiled.promotion.terms.benefit {
        Benefit::Items(benefit) => items::propose(case, candidate, benefit, basket),
        Benefit::FreeProduct(benefit) => free_product::propose(case, candidate, benefit, basket),
        Benefit::Cart(benefit) => cart::propose(case, candidate, benefit, basket),
        Benefit::Shipping(benefit) => shipping::propose(case, candidate, benefit, basket),
    };
    candidate.count(case, before);
    proposed
}

/// How much money a cart-level promotion would take off, for less work than [`propose`] has; `None`
/// for the other kinds, of which only a proposal tells.
pub(crate) fn quick_discount(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    basket: &Basket,
) -> Option<Money> {
    match &candidate.compiled.promotion.terms.benefit {
        Benefit::Cart(benefit) => Some(cart::discount(case, candidate, benefit, basket)),
        Benefit::Items(_) | Benefit::FreeProduct(_) | Benefit::Shipping(_) => None,
    }
}

/// Whether a promotion's conditions hold on the cart as it stands: for one with `same`, in one of
/// its parts.
pub(crate) fn conditions_hold(case: &Case<'_>, candidate: &Candidate<'_>, basket: &Basket) -> bool {
    let Some(conditions) = &candidate.compiled.conditions else {
        return true;
    };
    candidate
        .parts(case)
        .iter()
        .take_while(|_| !case.work.is_over())
        .any(|part| conditions.hold(conditions.judge(&candidate.scene(case, basket, part))))
}

/// Most applications of one benefit (spec 14).
const MAX_APPLICATIONS: i64 = 1_000_000_000_000;

/// The most applications that `max_times`, the limits and the contract allow.
fn times_bound(candidate: &Candidate<'_>, repeat: Option<&Repeat>) -> i64 {
    let own = repeat.and_then(|repeat| repeat.max_times).map(i64::from);
    own.into_iter().chain(candidate.left.times).fold(MAX_APPLICATIONS, i64::min)
}

/// The bound that `repeat` sets, measured on the requirements' lines of a part.
fn repeat_bound(repeat: Option<&Repeat>, part: &part::Part<'_>) -> i64 {
    use crate::domain::benefit::Per;
    match repeat.map(|repeat| repeat.per) {
        None => 1,
        Some(Per::Quantity(every)) => part.counted_quantity().scaled() / every.scaled().max(1),
        Some(Per::Amount(every)) => part.counted_amount().times_of(&every.into()),
        Some(Per::Set) => part.most_sets(),
    }
}

/// The conditions of a promotion, judged on the whole cart.
fn whole_cart<'s>(
    scene: &'s Scene<'s>,
    candidate: &Candidate<'_>,
    needed: bool,
) -> Result<part::Part<'s>, Failure> {
    let conditions = candidate.compiled.conditions.as_ref();
    part::Part::judge(scene, conditions, needed).ok_or(Failure::ConditionsNotMet)
}
