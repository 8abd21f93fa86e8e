//! Benefits on the cart as a whole, or some of its lines, and points (spec 7.4).

use crate::domain::amount::Money;
use crate::domain::benefit::{CartBenefit, CartKind};
use crate::domain::exact::Exact;
use crate::domain::settings::PercentageBase;
use crate::engine::allocation::{Share, settle, settle_total};
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::line_set::LineSet;
use crate::engine::proposal::{Failure, LineAmount, Proposal};
use crate::engine::units::Basket;
use crate::engine::work::STEPS_A_SHARE;

use super::part::Part;
use super::times::{repeat_bound, times_bound};

pub(super) fn propose(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    benefit: &CartBenefit,
    basket: &Basket,
) -> Result<Proposal, Failure> {
    let giving = CartGiving::make(case, candidate, benefit, basket)?;
    let mut proposal = Proposal { times: giving.times, ..Proposal::default() };
    if let CartKind::AwardPoints(points) = benefit.kind {
        proposal.points = Exact::from(points).scaled_by(giving.times.into(), 1);
        return proposal.or_nothing();
    }
    let rounding = case.rules.settings().rounding;
    let share = |line: usize| {
        let left = basket.left_of_line(line);
        Share {
            line,
            quantity: case.view.line(line).quantity,
            room: rounding.cut(&left),
            weight: left,
            amount: Money::ZERO,
        }
    };
    let mut shares = case.shares.take();
    shares.extend(giving.lines.iter().map(share));
    let left = shares.iter().map(|share| &share.weight).sum();
    let amount = giving.amount(benefit.kind, &left);
    proposal.discount = settle(&amount, &mut shares, candidate.left.discount, rounding);
    proposal.amounts = shares.iter().map(LineAmount::of).collect();
    case.shares.give_back(shares);
    proposal.or_nothing()
}

/// What [`propose`] takes off altogether, without spreading it over the lines: all that a ranking
/// asks for.
pub(super) fn discount(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    benefit: &CartBenefit,
    basket: &Basket,
) -> Money {
    if let CartKind::AwardPoints(_) = benefit.kind {
        return Money::ZERO;
    }
    let Ok(giving) = CartGiving::make(case, candidate, benefit, basket) else {
        return Money::ZERO;
    };
    let rounding = case.rules.settings().rounding;
    let left_of = || giving.lines.iter().map(|line| basket.left_of_line(line));
    let left = left_of().fold(Exact::ZERO, |sum, own| sum.plus(&own));
    let amount = giving.amount(benefit.kind, &left);
    // Cutting takes less than a step from what is left of each line, and rounding adds less than one: usually there is
    // room, whatever is cut.
    let lines = i64::try_from(giving.lines.len()).unwrap_or(i64::MAX);
    let at_most = Exact::from(rounding.step()).scaled_by(i128::from(lines) + 1, 1);
    let room = if amount.plus(&at_most) <= left {
        rounding.cut(&left)
    } else {
        left_of().map(|own| rounding.cut(&own)).sum()
    };
    settle_total(&amount, room, candidate.left.discount, rounding)
}

/// A promotion that applies, before anything is computed.
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
        benefit: &CartBenefit,
        basket: &'d Basket,
    ) -> Result<Self, Failure> {
        let scene = candidate.scene(case, basket, &case.view.all);
        let part = Part::of_whole_cart(&scene, candidate, benefit.repeat.is_some())?;
        let lines = candidate.target(&case.view.all).unwrap_or(case.view.all);
        let count = lines.len();
        if count == 0 {
            return Err(Failure::NoEligibleItems);
        }
        case.work.charge(count * STEPS_A_SHARE);
        let repeat = benefit.repeat.as_ref();
        let times = repeat_bound(repeat, &part).min(times_bound(candidate, repeat));
        if times <= 0 {
            return Err(Failure::NoBenefit);
        }
        Ok(Self { case, basket, lines, times })
    }

    fn is_net(&self) -> bool {
        self.case.rules.settings().percentage_base == PercentageBase::Net
    }

    /// The exact discount, at most what is left to pay of all its lines.
    fn amount(&self, kind: CartKind, left: &Exact) -> Exact {
        let amount = match kind {
            CartKind::AwardPoints(_) => Exact::ZERO,
            CartKind::AmountOff(value) => Exact::from(value).scaled_by(self.times.into(), 1),
            CartKind::PercentageOff(percent) if self.is_net() => left.percent(percent),
            // The same base for every cart-level promotion: gross less item-level discounts.
            CartKind::PercentageOff(percent) => {
                let discounts = self.lines.iter().map(|line| self.basket.item_discount(line));
                let taken: Money = discounts.sum();
                let gross = self.case.view.gross_of(&self.lines);
                gross.minus(&taken.into()).percent(percent)
            }
        };
        amount.at_most(left)
    }
}
