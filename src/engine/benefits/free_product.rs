//! A free product, beyond what the condition needs. Units that the cart lacks are to be added (spec 7.3, 7.4).

use crate::domain::amount::Quantity;
use crate::domain::benefit::{FreeProduct, Level, Per, Pick};
use crate::domain::exact::Exact;
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::plan::Plan;
use crate::engine::proposal::{Failure, Proposal};
use crate::engine::requirements::ByLine;
use crate::engine::units::{Basket, Slot, Take};
use crate::engine::work::STEPS_A_SHARE;

use super::amounts;
use super::groups::{count, take};
use super::items::{largest, multiple, open_beside};
use super::part::Part;

pub(super) fn propose(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    plan: &Plan,
    benefit: &FreeProduct,
    basket: &Basket,
) -> Result<Proposal, Failure> {
    let part = Part::of_whole_cart(case, candidate, basket, plan)?;
    case.work.charge(case.view.lines.len());
    let lines = case.view.of_sku(&benefit.sku);
    let per = benefit.repeat.map(|repeat| repeat.per);
    let mut times = part.plan.times.min(candidate.times_bound());
    if let Some(Per::Quantity(every)) = per {
        // Once the free items are added, the result must stay the same. So n applications need n × every units besides
        // (n − 1) × quantity units of the product, or besides all of them if it has fewer.
        let (all, own) = (part.counted_quantity(), part.counted_within(&lines));
        times = largest(times, |times| {
            let besides = multiple(benefit.quantity, times - 1).min(own);
            multiple(every, times).plus(besides) <= all
        });
    }
    if times <= 0 {
        return Err(Failure::NoBenefit);
    }
    let reserved = part.reserve(per, times, &lines);
    let order = case.view.in_order(Pick::Cheapest).of(&lines);
    let wanted = multiple(benefit.quantity, times);
    let units = take(wanted, open_beside(case, basket, order, &reserved));
    let free = free(benefit.quantity, times, count(&units));
    let mut proposal = Proposal { free, ..Proposal::new(Level::Item, times) };
    case.work.charge(units.len() * STEPS_A_SHARE);
    let take_all = |slot: &Slot| Take { slot: *slot, share: basket.room(*slot).or_zero() };
    let mut takes = case.takes.take();
    takes.extend(units.iter().map(take_all));
    case.slots.give_back(units);
    let needed = if case.claims.consumed() { reserved } else { ByLine::new() };
    amounts::settle(case, candidate, basket, takes, needed, &mut proposal);
    proposal.or_nothing()
}

/// The units to be added to the cart. Their number can exceed a [`Quantity`], even within the bounds.
fn free(each: Quantity, times: i64, there: Quantity) -> Exact {
    let wanted = i128::from(each.scaled()) * i128::from(times);
    Exact::ratio(wanted - i128::from(there.scaled()), Quantity::ONE.scaled().into())
}
