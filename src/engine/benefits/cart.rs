//! Benefits on the cart as a whole, or some of its lines, and points (spec 7.4).

use crate::domain::amount::Money;
use crate::domain::benefit::{Benefit, CartBenefit, CartKind, Level};
use crate::domain::exact::Exact;
use crate::domain::settings::PercentageBase;
use crate::engine::allocation::{Share, settle, settle_total};
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::line_set::LineSet;
use crate::engine::plan::Plan;
use crate::engine::proposal::{Failure, Proposal};
use crate::engine::units::{Basket, LineTake};
use crate::engine::work::STEPS_A_SHARE;

use super::plan::plan;

pub(super) fn propose(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    plan: &Plan,
    benefit: &CartBenefit,
    basket: &Basket,
) -> Result<Proposal, Failure> {
    let giving = CartGiving::make(case, candidate, plan, basket)?;
    let mut proposal = Proposal::new(Level::Cart, giving.times);
    if let CartKind::AwardPoints(points) = benefit.kind {
        proposal.points = Exact::from(points).scaled_by(giving.times.into(), 1);
        return proposal.or_nothing();
    }
    let rounding = case.rules.settings().rounding;
    let share = |line: usize| {
        let room = basket.room_of_line(line);
        Share {
            line,
            quantity: case.view.line(line).quantity,
            room: rounding.cut(&room),
            weight: room,
            amount: Money::ZERO,
        }
    };
    let mut shares = case.shares.take();
    shares.extend(giving.lines.iter().map(share));
    let room = shares.iter().map(|share| &share.weight).sum();
    let amount = giving.amount(benefit.kind, &room);
    proposal.discount = settle(&amount, &mut shares, candidate.left.discount, rounding);
    proposal.lines = shares.iter().map(LineTake::of_whole_line).collect();
    case.shares.give_back(shares);
    proposal.or_nothing()
}

/// The total that [`propose`] takes off, without spreading it over the lines. A ranking needs no more.
pub(super) fn discount(case: &Case<'_>, candidate: &Candidate<'_>, basket: &Basket) -> Money {
    let plan = plan(case, candidate, basket);
    let step = plan.first().map_or(0, |own| own.step);
    let Benefit::Cart(benefit) = candidate.compiled.benefit_of(step) else {
        return Money::ZERO;
    };
    if let CartKind::AwardPoints(_) = benefit.kind {
        return Money::ZERO;
    }
    let Ok(giving) = CartGiving::make(case, candidate, &plan, basket) else {
        return Money::ZERO;
    };
    let rounding = case.rules.settings().rounding;
    let room_of = || giving.lines.iter().map(|line| basket.room_of_line(line));
    let room = room_of().fold(Exact::ZERO, |sum, own| sum.plus(&own));
    let amount = giving.amount(benefit.kind, &room);
    // Cutting takes less than a step off the room of each line, and rounding adds less than a step. So usually the
    // lines have enough room even after cutting.
    let lines = i64::try_from(giving.lines.len()).unwrap_or(i64::MAX);
    let at_most = Exact::from(rounding.step()).scaled_by(i128::from(lines) + 1, 1);
    let room = if amount.plus(&at_most) <= room {
        rounding.cut(&room)
    } else {
        room_of().map(|own| rounding.cut(&own)).sum()
    };
    settle_total(&amount, room, candidate.left.discount, rounding)
}

/// Which lines a promotion discounts and how often, before any amount is computed.
pub(super) struct CartGiving<'d> {
    case: &'d Case<'d>,
    basket: &'d Basket,
    /// The lines that it discounts.
    pub(super) lines: LineSet,
    pub(super) times: i64,
}

impl<'d> CartGiving<'d> {
    pub(super) fn make(
        case: &'d Case<'d>,
        candidate: &Candidate<'d>,
        plan: &Plan,
        basket: &'d Basket,
    ) -> Result<Self, Failure> {
        let plan = plan.first().ok_or(Failure::ConditionsNotMet)?;
        let lines = candidate.target(&case.view.all).unwrap_or(case.view.all);
        let count = lines.len();
        if count == 0 {
            return Err(Failure::NoEligibleItems);
        }
        case.work.charge(count * STEPS_A_SHARE);
        let times = plan.times.min(candidate.times_bound());
        if times <= 0 {
            return Err(Failure::NoBenefit);
        }
        Ok(Self { case, basket, lines, times })
    }

    fn is_net(&self) -> bool {
        self.case.rules.settings().percentage_base == PercentageBase::Net
    }

    /// The exact discount, at most the `room` of all its lines.
    fn amount(&self, kind: CartKind, room: &Exact) -> Exact {
        let amount = match kind {
            CartKind::AwardPoints(_) => Exact::ZERO,
            CartKind::AmountOff(value) => Exact::from(value).scaled_by(self.times.into(), 1),
            CartKind::PercentageOff(percent) if self.is_net() => {
                let left = self.lines.iter().map(|line| self.basket.left_of_line(line));
                left.fold(Exact::ZERO, |sum, own| sum.plus(&own)).percent(percent)
            }
            // Every cart-level promotion has the same base: gross less item-level discounts.
            CartKind::PercentageOff(percent) => {
                let discounts = self.lines.iter().map(|line| self.basket.item_discount(line));
                let taken: Money = discounts.sum();
                let gross = self.case.view.gross_of(&self.lines);
                gross.minus(&taken.into()).percent(percent)
            }
        };
        amount.at_most(room)
    }
}
