//! Benefits on the shipping (spec 7.4).

use crate::domain::benefit::{ShippingBenefit, ShippingKind};
use crate::domain::exact::Exact;
use crate::domain::settings::PercentageBase;
use crate::engine::allocation::settle_total;
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::proposal::{Failure, Proposal};
use crate::engine::units::Basket;

use super::part::Part;
use super::times::{repeat_bound, times_bound};

pub(super) fn propose(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    benefit: &ShippingBenefit,
    basket: &Basket,
) -> Result<Proposal, Failure> {
    let scene = candidate.scene(case, basket, &case.view.all);
    let part = Part::of_whole_cart(&scene, candidate, benefit.repeat.is_some())?;
    let Some(shipping) = &case.view.cart.shipping else {
        return Err(Failure::NoEligibleItems);
    };
    let repeat = benefit.repeat.as_ref();
    let times = repeat_bound(repeat, &part).min(times_bound(candidate, repeat));
    if times <= 0 {
        return Err(Failure::NoBenefit);
    }
    let whole = Exact::from(shipping.amount);
    let left = whole.minus(&basket.shipping_discount.into()).or_zero();
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
    Proposal { times, discount, ..Proposal::default() }.or_nothing()
}
