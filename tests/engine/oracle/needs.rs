//! The units that a condition needs (7.3): reserved, formed into sets, claimed under `consumed`.

use super::choose::Choice;
use super::conditions::{Need, Requirement, Sight};
use super::document::World;
use super::number::{Exact, smaller, times_into, where_positive, whole};
use super::units::{
    Slot, Tally, add_to, first, in_order_of_pick, in_order_of_reservation, join, no_tally,
    quantity, slots, without,
};
use num_traits::Zero;
use std::collections::BTreeSet;

/// The lines of the requirements, each once: "those that `of` selects, also when all their units are
/// claimed".
pub fn lines_of(requirements: &[Requirement]) -> Vec<usize> {
    let lines = requirements.iter().flat_map(|it| it.lines.iter().copied());
    lines.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The first units that meet a need, in the order given; all of them when it is more than there is.
fn take(world: &World<'_>, need: &Need, slots: &[Slot]) -> Vec<Slot> {
    match need {
        Need::All => slots.to_vec(),
        Need::Units(units) => first(slots, units),
        Need::Worth(worth) => take_worth(world, worth, slots),
    }
}

/// "Amounts are met by whole units of a line (or all of its fractional rest), zero-priced lines aside."
fn take_worth(world: &World<'_>, worth: &Exact, slots: &[Slot]) -> Vec<Slot> {
    let mut taken = Vec::new();
    let mut missing = worth.clone();
    for of_line in slots.chunk_by(|a, b| a.line == b.line) {
        let price = &world.lines[of_line[0].line].price;
        if price.is_zero() || missing <= Exact::zero() {
            continue;
        }
        let units = smaller(&(&missing / price).ceil(), &quantity(of_line));
        missing -= &units * price;
        taken.extend(first(of_line, &units));
    }
    taken
}

/// The quantities that the line conditions ask for in one set: `line_quantity` with `gte`, `gt`, `eq`, or
/// `item`. "A need is never more than its lines hold."
fn set_sizes(sight: &Sight<'_>, requirements: &[Requirement]) -> Vec<Exact> {
    let size = |requirement: &Requirement| {
        let held: Exact = requirement.lines.iter().map(|it| sight.counted(*it)).sum();
        match &requirement.need {
            Need::Units(units) => smaller(units, &held),
            Need::Worth(_) | Need::All => unreachable!("a set of other conditions"),
        }
    };
    requirements.iter().map(size).collect()
}

/// Every group of requirements that is not empty, as places in their list.
fn groups_of(count: usize) -> impl Iterator<Item = Vec<usize>> {
    (1_usize..1 << count).map(move |bits| {
        let is_in = |place: &usize| bits & (1 << place) != 0;
        (0..count).filter(is_in).collect()
    })
}

/// The units among `slots` that could serve one of these requirements.
fn supply(requirements: &[Requirement], group: &[usize], slots: &[Slot]) -> Exact {
    let serves = |slot: &&Slot| {
        let mut places = group.iter();
        places.any(|place| requirements[*place].lines.contains(&slot.line))
    };
    let serving = slots.iter().filter(serves);
    serving.map(|slot| &slot.quantity).sum()
}

/// The most complete sets that can be taken from these units at once, a unit serving one requirement only:
/// whatever group of requirements one looks at, there must be units enough for it.
pub fn complete_sets(sight: &Sight<'_>, requirements: &[Requirement], slots: &[Slot]) -> u64 {
    let sizes = set_sizes(sight, requirements);
    let sets = groups_of(requirements.len()).filter_map(|group| {
        let size: Exact = group.iter().map(|place| &sizes[*place]).sum();
        (!size.is_zero()).then(|| times_into(&supply(requirements, &group, slots), &size))
    });
    sets.min().unwrap_or(0)
}

/// How many units of each requirement `n` sets hold.
pub fn demands(sight: &Sight<'_>, requirements: &[Requirement], n: u64) -> Vec<Exact> {
    let sizes = set_sizes(sight, requirements);
    sizes.iter().map(|size| size * whole(n)).collect()
}

/// "A unit serves one requirement only; requirements are served in the order of `conditions`, each by
/// `pick`, leaving what the later ones need": the units of each requirement, in the order given.
pub fn serve(requirements: &[Requirement], demands: &[Exact], slots: &[Slot]) -> Vec<Vec<Slot>> {
    let mut rest = slots.to_vec();
    let mut served = Vec::new();
    for (place, requirement) in requirements.iter().enumerate() {
        let later = &requirements[place + 1..];
        let later_demands = &demands[place + 1..];
        let mut missing = demands[place].clone();
        let mut units = Vec::new();
        for at in 0..rest.len() {
            let line = rest[at].line;
            if !requirement.lines.contains(&line) {
                continue;
            }
            let mut taken = smaller(&missing, &rest[at].quantity);
            for group in groups_of(later.len()) {
                if group.iter().any(|it| later[*it].lines.contains(&line)) {
                    let needed: Exact = group.iter().map(|it| &later_demands[*it]).sum();
                    taken = smaller(&taken, &(supply(later, &group, &rest) - needed));
                }
            }
            if taken > Exact::zero() {
                missing -= &taken;
                rest[at].quantity -= &taken;
                units.push(Slot { quantity: taken, ..rest[at].clone() });
            }
        }
        served.push(units);
    }
    served
}

/// The units that the condition counts.
pub fn counted_slots(sight: &Sight<'_>, lines: &[usize]) -> Vec<Slot> {
    slots(sight.state, lines, |_, piece| sight.counts(piece))
}

/// What `n` applications need: with `repeat` per quantity n × `every` units of the requirements' lines, per
/// amount units worth n × `every`; without, each requirement's need. Sets are not needs of this kind.
fn needs(sight: &Sight<'_>, requirements: &[Requirement], n: u64) -> Vec<Requirement> {
    let Some(repeat) = &sight.promotion.benefit.repeat else {
        return requirements.to_vec();
    };
    let bulk = &repeat.every * whole(n);
    let need = match repeat.per {
        "quantity" => Need::Units(bulk),
        _ => Need::Worth(bulk),
    };
    vec![Requirement { lines: lines_of(requirements), need }]
}

/// "First reserve what the condition needs, the most expensive units first, among all that the condition
/// counts": the reserved units of `beyond_condition` and `free_product` for `n` applications.
pub fn reserve(sight: &Sight<'_>, requirements: &[Requirement], n: u64) -> Tally {
    let mut reserved = no_tally(sight.state);
    let in_order = |lines: &[usize]| {
        let mut found = counted_slots(sight, lines);
        in_order_of_reservation(sight.world, sight.promotion, sight.state, &mut found);
        found
    };
    if sight.promotion.benefit.repeats_per("set") {
        let demands = demands(sight, requirements, n);
        for units in serve(requirements, &demands, &in_order(&lines_of(requirements))) {
            add_to(&mut reserved, &units);
        }
        return reserved;
    }
    for requirement in needs(sight, requirements, n) {
        let mut tally = no_tally(sight.state);
        let found = in_order(&requirement.lines);
        add_to(&mut tally, &take(sight.world, &requirement.need, &found));
        join(&mut reserved, &tally);
    }
    reserved
}

/// Under `consumed`, for `matching` and `in_condition`: "the promotion's own discounted units count first
/// where they qualify; the rest is taken most expensive first". Returns that rest.
pub fn needed_besides(
    sight: &Sight<'_>,
    requirements: &[Requirement],
    n: u64,
    chosen: &[Choice],
) -> Tally {
    let benefit = &sight.promotion.benefit;
    if benefit.units_are_sets() || benefit.repeats_per("set") {
        return needed_besides_in_sets(sight, requirements, n, chosen);
    }
    let mut rest = no_tally(sight.state);
    for requirement in needs(sight, requirements, n) {
        let (own, others) = own_and_others(sight, &requirement.lines, chosen);
        let worth = |slot: &Slot| &slot.quantity * &sight.world.lines[slot.line].price;
        let need = match requirement.need {
            Need::All => Need::All,
            Need::Units(units) => Need::Units(where_positive(units - quantity(&own))),
            Need::Worth(amount) => {
                let met: Exact = own.iter().map(worth).sum();
                Need::Worth(where_positive(amount - met))
            }
        };
        let mut tally = no_tally(sight.state);
        add_to(&mut tally, &take(sight.world, &need, &others));
        join(&mut rest, &tally);
    }
    rest
}

/// The units of these lines that count, most expensive first: those that the promotion discounts itself,
/// and the others.
fn own_and_others(sight: &Sight<'_>, lines: &[usize], chosen: &[Choice]) -> (Vec<Slot>, Vec<Slot>) {
    let own: Vec<Slot> = chosen.iter().map(|choice| choice.slot.clone()).collect();
    let mut own_tally = no_tally(sight.state);
    add_to(&mut own_tally, &own);
    let mut all = counted_slots(sight, lines);
    in_order_of_pick(sight.world, sight.state, "most_expensive", &mut all);
    let others = without(&all, &own_tally);
    let own = all
        .into_iter()
        .map(|slot| Slot { quantity: own_tally[slot.line][slot.piece].clone(), ..slot });
    let own = own.filter(|slot| !slot.quantity.is_zero()).collect();
    (own, others)
}

/// The same for n sets, in which a unit serves one requirement only. Units that are sets already serve
/// their own requirement; any others serve where they can.
fn needed_besides_in_sets(
    sight: &Sight<'_>,
    requirements: &[Requirement],
    n: u64,
    chosen: &[Choice],
) -> Tally {
    let (own, others) = own_and_others(sight, &lines_of(requirements), chosen);
    let mut demands = demands(sight, requirements, n);
    let mut found = others;
    if sight.promotion.benefit.units_are_sets() {
        for choice in chosen {
            let slot = &choice.slot;
            if let Some(place) = choice.serves
                && sight.counts(&sight.state.lines[slot.line].pieces[slot.piece])
            {
                demands[place] -= &slot.quantity;
            }
        }
    } else {
        found = own.iter().cloned().chain(found).collect();
    }
    let mut needed = no_tally(sight.state);
    for units in serve(requirements, &demands, &found) {
        add_to(&mut needed, &units);
    }
    let mut own_tally = no_tally(sight.state);
    if !sight.promotion.benefit.units_are_sets() {
        add_to(&mut own_tally, &own);
    }
    for (needed, own) in needed.iter_mut().flatten().zip(own_tally.iter().flatten()) {
        *needed = where_positive(&*needed - own);
    }
    needed
}
