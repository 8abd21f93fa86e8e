//! Benefits on the shipping (spec 7.4).

use crate::domain::benefit::{Level, ShippingBenefit, ShippingKind};
use crate::domain::exact::Exact;
use crate::domain::settings::PercentageBase;
use crate::engine::allocation::settle_total;
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::plan::Plan;
use crate::engine::proposal::{Failure, Proposal};
use crate::engine::units::Basket;

pub(super) fn propose(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    plan: &Plan,
    benefit: &ShippingBenefit,
    basket: &Basket,
) -> Result<Proposal, Failure> {
    let plan = plan.first().ok_or(Failure::ConditionsNotMet)?;
    let Some(shipping) = &case.inputs.request.cart.shipping else {
        return Err(Failure::NoEligibleItems);
    };
    let times = plan.times.min(candidate.times_bound());
    if times <= 0 {
        return Err(Failure::NoBenefit);
    }
    let whole = Exact::from(shipping.amount);
    let left = whole.minus(&basket.shipping_discount().into()).or_zero();
    let amount = match benefit.kind {
        ShippingKind::PercentageOff(percent) => match case.rules.settings().percentage_base {
            PercentageBase::Gross => whole.percent(percent),
            PercentageBase::Net => left.percent(percent),
        },
        ShippingKind::AmountOff(value) => Exact::from(value).scaled_by(times.into(), 1),
        ShippingKind::FixedPrice(value) => left.minus(&value.into()).or_zero(),
    };
    let rounding = case.rules.settings().rounding;
    let room = rounding.cut(&left);
    let discount = settle_total(&amount.at_most(&left), room, candidate.left.discount, rounding);
    Proposal { discount, ..Proposal::new(Level::Shipping, times) }.or_nothing()
}
