//! A product for nothing, beyond what the condition needs; what is not in the cart is to be added
//! (spec 7.3, 7.4).

use crate::domain::amount::Quantity;
use crate::domain::benefit::{FreeProduct, Per, Pick};
use crate::domain::exact::Exact;
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::proposal::{Failure, Proposal};
use crate::engine::units::{Basket, Slot, Take};
use crate::engine::work::STEPS_A_SHARE;

use super::amounts;
use super::groups::{count, take};
use super::items::{largest, multiple, open_beside};
use super::part::Part;
use super::times::{repeat_bound, times_bound};

pub(super) fn propose(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    benefit: &FreeProduct,
    basket: &Basket,
) -> Result<Proposal, Failure> {
    let scene = candidate.scene(case, basket, &case.view.all);
    let part = Part::of_whole_cart(&scene, candidate, true)?;
    case.work.charge(case.view.cart.lines.len());
    let lines = case.view.of_sku(&benefit.sku);
    let repeat = benefit.repeat.as_ref();
    let mut times = repeat_bound(repeat, &part).min(times_bound(candidate, repeat));
    if let Some(Per::Quantity(every)) = repeat.map(|repeat| repeat.per) {
        // Adding the free items must change nothing: n × every units are there besides
        // (n − 1) × quantity of the product, or all of it.
        let (all, own) = (part.counted_quantity(), part.counted_within(&lines));
        times = largest(times, |times| {
            let besides = multiple(benefit.quantity, times - 1).min(own);
            multiple(every, times).plus(besides) <= all
        });
    }
    if times <= 0 {
        return Err(Failure::NoBenefit);
    }
    let reserved = part.reserve(repeat.map(|repeat| repeat.per), times, &lines);
    let order = case.view.in_order(Pick::Cheapest).of(&lines);
    let wanted = multiple(benefit.quantity, times);
    let units = take(wanted, open_beside(case, basket, order, &reserved));
    let free = free(benefit.quantity, times, count(&units));
    let mut proposal = Proposal { times, free, ..Proposal::default() };
    case.work.charge(units.len() * STEPS_A_SHARE);
    let take_all = |slot: &Slot| Take { slot: *slot, share: basket.left(*slot).or_zero() };
    proposal.takes = units.iter().map(take_all).collect();
    case.slots.give_back(units);
    if case.claims.consumed() {
        proposal.needed = reserved;
    }
    amounts::settle(case, candidate, basket, &mut proposal);
    proposal.or_nothing()
}

/// The units to be added to the cart. Within the bounds they can be more than a [`Quantity`] holds.
fn free(each: Quantity, times: i64, there: Quantity) -> Exact {
    let wanted = i128::from(each.scaled()) * i128::from(times);
    Exact::ratio(wanted - i128::from(there.scaled()), Quantity::ONE.scaled().into())
}
