//! Benefits on the cart as a whole, or some of its lines, and points (spec 7.4).

use crate::domain::benefit::{CartBenefit, CartKind};
use crate::domain::exact::Exact;
use crate::domain::settings::PercentageBase;
use crate::engine::Case;
use crate::engine::allocation::{Share, settle_weighted};
use crate::engine::candidates::Candidate;
use crate::engine::units::Basket;

use super::{Failure, LineAmount, Proposal, repeat_bound, times_bound, whole_cart};

pub(super) fn propose(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    benefit: &CartBenefit,
    basket: &Basket,
) -> Result<Proposal, Failure> {
    let scene = candidate.scene(case, basket, &case.view.all);
    let part = whole_cart(&scene, candidate)?;
    let lines = candidate.target(&case.view.all).unwrap_or(case.view.all);
    if lines.is_empty() {
        return Err(Failure::NoEligibleItems);
    }
    let repeat = benefit.repeat.as_ref();
    let times = repeat_bound(repeat, &part).min(times_bound(candidate, repeat));
    if times <= 0 {
        return Err(Failure::NoBenefit);
    }
    let mut proposal = Proposal {
        times,
        ..Proposal::default()
    };
    let net = case.rules.settings().percentage_base == PercentageBase::Net;
    let shares: Vec<Share> = lines
        .iter()
        .map(|line| {
            let gross = case.view.gross(line, case.view.line(line).quantity);
            let whole = if net {
                gross.plus(&case.view.added(line).into())
            } else {
                gross
            };
            let left = whole.minus(&basket.discount(line).into()).or_zero();
            Share {
                line,
                exact: left.clone(),
                left,
            }
        })
        .collect();
    let left = shares
        .iter()
        .fold(Exact::ZERO, |sum, share| sum.plus(&share.left));
    let amount = match benefit.kind {
        CartKind::AwardPoints(points) => {
            proposal.points = Exact::from(points).scaled_by(times.into(), 1);
            return proposal.or_nothing();
        }
        CartKind::AmountOff(value) => Exact::from(value).scaled_by(times.into(), 1),
        // The same base for every cart-level promotion: gross less item-level discounts.
        CartKind::PercentageOff(percent) if !net => {
            let taken = lines.iter().map(|line| basket.item_discount(line)).sum();
            let taken: crate::domain::amount::Money = taken;
            case.view
                .gross_of(&lines)
                .minus(&taken.into())
                .percent(percent)
        }
        CartKind::PercentageOff(percent) => left.percent(percent),
    };
    let amount = amount.at_most(&left);
    let rounding = case.rules.settings().rounding;
    let (discount, amounts) = settle_weighted(&amount, shares, candidate.left.discount, rounding);
    proposal.discount = discount;
    proposal.amounts = amounts
        .into_iter()
        .map(|(line, amount)| LineAmount {
            line,
            quantity: case.view.line(line).quantity,
            amount,
        })
        .collect();
    proposal.or_nothing()
}
