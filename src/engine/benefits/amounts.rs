//! The exact discount of a benefit on its units, and the rounded money (spec 7.4).

use crate::domain::amount::{Money, Number};
use crate::domain::benefit::{Benefit, ItemBenefit, ItemKind, PriceBase, Spread};
use crate::domain::exact::Exact;
use crate::domain::rounding::Rounding;
use crate::domain::settings::PercentageBase;
use crate::engine::allocation::{Share, settle as settle_shares};
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::proposal::Proposal;
use crate::engine::requirements::ByLine;
use crate::engine::units::{Basket, LineTake, Slot, Take};
use crate::engine::work::STEPS_A_SHARE;

use super::chosen::{Chosen, Units};
use super::groups::{Groups, Member};

/// Computes the exact discount of the chosen units, at most their room. This bound holds unit by unit, or in sum
/// (`amount_off` per application). Of bundles it holds line by line, once all their units are known.
#[expect(clippy::unreachable, reason = "bundles come in groups, and nothing else does")]
pub(super) fn take_shares(
    case: &Case<'_>,
    basket: &Basket,
    benefit: &ItemBenefit,
    chosen: &Chosen,
    takes: &mut Vec<Take>,
) {
    let count = match &chosen.units {
        Units::Loose(units) => units.len(),
        Units::Groups(groups) => groups.members.len(),
    };
    if !case.work.charge(count * STEPS_A_SHARE) {
        return;
    }
    match (&chosen.units, benefit.kind) {
        (Units::Groups(groups), ItemKind::BundlePrice { value }) => {
            takes.extend(bundles(case, basket, groups, value));
        }
        (Units::Loose(units), ItemKind::AmountOff { value, per: Spread::Application }) => {
            let amount = Exact::from(value).scaled_by(chosen.times.into(), 1);
            takes.extend(in_proportion(basket, units, amount));
        }
        (Units::Loose(units), kind) => {
            takes.extend(units.iter().map(|slot| by_unit(case, basket, *slot, kind)));
        }
        (Units::Groups(_), kind) => unreachable!("groups of {kind:?}"),
    }
}

/// The discount of units that are discounted each by itself.
#[expect(clippy::unreachable, reason = "what is shared over units together is not asked for here")]
fn by_unit(case: &Case<'_>, basket: &Basket, slot: Slot, kind: ItemKind) -> Take {
    let left = basket.left(slot).or_zero();
    let room = basket.room_of_left(slot, &left);
    let of_units = |price: Money| Exact::product(price, slot.quantity);
    let line = case.view.line(slot.line);
    let percentage = |percent: Number| match case.rules.settings().percentage_base {
        PercentageBase::Gross => of_units(line.unit_price).percent(percent),
        PercentageBase::Net => left.percent(percent),
    };
    let share = match kind {
        ItemKind::PercentageOff { percent, base } => match (base, line.mrp) {
            (PriceBase::Mrp, Some(mrp)) => {
                let rest = Number::whole(100).minus(percent);
                left.minus(&of_units(mrp).percent(rest))
            }
            (PriceBase::Mrp, None) | (PriceBase::UnitPrice, _) => percentage(percent),
        },
        ItemKind::AmountOff { value, per: Spread::Unit } => of_units(value),
        ItemKind::FixedPrice { value } => left.minus(&of_units(value)),
        ItemKind::AmountOff { per: Spread::Application, .. } | ItemKind::BundlePrice { .. } => {
            unreachable!("it is shared over all its units together")
        }
    };
    Take { slot, share: share.at_most(&room).or_zero() }
}

/// Spreads an amount over units in proportion to their room; at most all of that.
fn in_proportion(
    basket: &Basket,
    units: &[Slot],
    amount: Exact,
) -> impl ExactSizeIterator<Item = Take> {
    let room: Vec<Exact> = units.iter().map(|slot| basket.room(*slot)).collect();
    let amount = amount.at_most(&room.iter().sum::<Exact>().or_zero());
    let weights: Vec<Exact> = room.into_iter().map(Exact::or_zero).collect();
    let shares = amount.in_proportions(&weights);
    units.iter().zip(shares).map(|(slot, share)| Take { slot: *slot, share })
}

fn sum(amounts: impl Iterator<Item = Exact>) -> Exact {
    amounts.collect::<Vec<Exact>>().iter().sum()
}

/// The discount of each group is what is left to pay less `value`, if positive. It is spread in proportion to the unit
/// prices in the group; if these are all 0, to the room. Units of sets are taken requirement by requirement (spec 7.3).
fn bundles(
    case: &Case<'_>,
    basket: &Basket,
    groups: &Groups,
    value: Money,
) -> impl ExactSizeIterator<Item = Take> {
    let left = |own: &Member| basket.left(own.slot);
    let price = |own: &Member| case.view.gross(own.slot.line, own.slot.quantity);
    let mut takes = Vec::with_capacity(groups.members.len());
    for (times, members) in groups.runs() {
        let off = sum(members.iter().map(left)).minus(&value.into()).or_zero();
        let prices = sum(members.iter().map(price));
        let room = |own: &Member| basket.room(own.slot).or_zero();
        let weight = |own: &Member| if prices.is_zero() { room(own) } else { price(own) };
        let weights: Vec<Exact> = members.iter().map(weight).collect();
        for (member, share) in members.iter().zip(off.in_proportions(&weights)) {
            let share = share.scaled_by(times.into(), 1);
            takes.push((member.queue, Take { slot: member.slot.times(times), share }));
        }
    }
    takes.sort_by_key(|(queue, _)| *queue);
    takes.into_iter().map(|(_, take)| take)
}

/// Whether the takes of a part come to anything. A bundle comes to nothing where its lines have no room. Where there are
/// no other parts, that shows when it is settled.
pub(super) fn give_something(
    case: &Case<'_>,
    basket: &Basket,
    benefit: &ItemBenefit,
    takes: &[Take],
) -> bool {
    match benefit.kind {
        ItemKind::BundlePrice { .. } if benefit.same.is_some() => {
            case.work.charge(takes.len() * STEPS_A_SHARE);
            let mut takes = takes.to_vec();
            takes.sort_by_key(|take| take.slot.line);
            let rounding = case.rules.settings().rounding;
            let share = |own: &LineTake| share_of_line(basket, own, rounding, true).weight;
            by_line(takes.into_iter()).iter().any(|own| share(own).is_positive())
        }
        ItemKind::BundlePrice { .. }
        | ItemKind::PercentageOff { .. }
        | ItemKind::AmountOff { .. }
        | ItemKind::FixedPrice { .. } => takes.iter().any(|take| take.share.is_positive()),
    }
}

/// Rounds the sum of the takes and spreads it over their lines. `needed` are further units that the condition uses up.
pub(super) fn settle(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    basket: &Basket,
    mut takes: Vec<Take>,
    needed: ByLine,
    proposal: &mut Proposal,
) {
    case.work.charge(takes.len() * STEPS_A_SHARE);
    merge(&mut takes);
    let rounding = case.rules.settings().rounding;
    let line_by_line = match &candidate.compiled.promotion.terms.benefit {
        Benefit::Items(benefit) => matches!(benefit.kind, ItemKind::BundlePrice { .. }),
        Benefit::FreeProduct(_) | Benefit::Cart(_) | Benefit::Shipping(_) => false,
    };
    let mut lines = by_line(takes.drain(..));
    case.takes.give_back(takes);
    let mut shares = case.shares.take();
    shares.extend(lines.iter().map(|own| share_of_line(basket, own, rounding, line_by_line)));
    let exact: Exact = shares.iter().map(|share| &share.weight).sum();
    proposal.discount = settle_shares(&exact, &mut shares, candidate.left.discount, rounding);
    // INVARIANT: lines and shares are both in cart order. Shares of zero were removed.
    let mut settled = shares.iter().peekable();
    for own in &mut lines {
        if let Some(share) = settled.next_if(|share| share.line == own.line) {
            own.amount = share.amount;
        }
    }
    assert!(settled.next().is_none(), "a share of a line that nothing is taken of");
    case.shares.give_back(shares);
    add_needed(&mut lines, needed);
    proposal.lines = lines;
}

/// Joins the takes of each line, before any amount is settled.
fn by_line(takes: impl ExactSizeIterator<Item = Take>) -> Vec<LineTake> {
    let mut lines: Vec<LineTake> = Vec::with_capacity(takes.len());
    for take in takes {
        match lines.last_mut() {
            Some(own) if own.line == take.slot.line => own.push(take),
            Some(_) | None => lines.push(LineTake::of_units(take)),
        }
    }
    lines
}

/// Adds the units that the condition uses up.
fn add_needed(lines: &mut Vec<LineTake>, needed: ByLine) {
    if needed.is_empty() {
        return;
    }
    lines.extend(needed.into_iter().map(|(line, needed)| LineTake::of_needed(line, needed)));
    lines.sort_by_key(|own| own.line);
    lines.dedup_by(|next, own| {
        let is_same = next.line == own.line;
        if is_same {
            own.needed = own.needed.plus(next.needed);
        }
        is_same
    });
}

/// The share of one line. Its room is that of its discounted units, and at most that of the line. Where a benefit is
/// computed line by line, the exact share has the same bound.
fn share_of_line(basket: &Basket, own: &LineTake, rounding: Rounding, line_by_line: bool) -> Share {
    let (weight, room) = match own.takes.as_slice() {
        [only] => (only.share.clone(), basket.room(only.slot)),
        takes => takes.iter().fold((Exact::ZERO, Exact::ZERO), |(weight, room), take| {
            (weight.plus(&take.share), room.plus(&basket.room(take.slot)))
        }),
    };
    let room = room.or_zero().at_most(&basket.room_of_line(own.line));
    Share {
        line: own.line,
        quantity: own.quantity,
        weight: if line_by_line { weight.at_most(&room) } else { weight },
        room: rounding.cut(&room),
        amount: Money::ZERO,
    }
}

/// Orders takes by line and run, and joins those of one run with the same discount per unit.
fn merge(takes: &mut Vec<Take>) {
    takes.sort_by_key(|take| (take.slot.line, take.slot.run));
    takes.dedup_by(|next, own| {
        let of = |take: &Take, other: &Take| {
            take.share.scaled_by(other.slot.quantity.scaled().into(), 1)
        };
        let alike = next.slot.line == own.slot.line
            && next.slot.run == own.slot.run
            && of(next, own) == of(own, next);
        if alike {
            own.slot.quantity = own.slot.quantity.plus(next.slot.quantity);
            own.share = own.share.plus(&next.share);
        }
        alike
    });
}
