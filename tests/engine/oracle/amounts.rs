//! What an item-level promotion takes off every unit, exactly (7.4): before caps and rounding.

use super::choose::{Choice, Plan};
use super::document::{Promotion, World};
use super::number::{Exact, percent, smaller, where_positive, whole};
use super::units::State;
use num_traits::Zero;

/// The exact amount of every choice, where "a discount is at most what is left to pay for its units: line by line for
/// `bundle_price`".
pub fn exact_amounts(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    state: &State,
    plan: &Plan,
) -> Vec<Exact> {
    let mut amounts = amounts_by_unit(world, promotion, state, plan);
    if promotion.benefit.kind != "bundle_price" {
        return amounts;
    }
    for line in 0..world.lines.len() {
        let places: Vec<usize> = (0..plan.choices.len())
            .filter(|place| plan.choices[*place].slot.line == line)
            .collect();
        let own = places.iter().map(|place| &plan.choices[*place]);
        let room = room_on_line(world, state, line, own);
        let amount: Exact = places.iter().map(|place| &amounts[*place]).sum();
        if amount > room {
            for place in places {
                amounts[place] = &amounts[place] * &room / &amount;
            }
        }
    }
    amounts
}

/// The room of these units of a line together. "No line gives more than it has left" (7.1).
pub fn room_on_line<'c>(
    world: &World<'_>,
    state: &State,
    line: usize,
    choices: impl Iterator<Item = &'c Choice>,
) -> Exact {
    let room = |choice: &Choice| {
        state.room_of_unit(world, line, choice.slot.piece) * &choice.slot.quantity
    };
    let of_units: Exact = choices.map(room).sum();
    smaller(&where_positive(of_units), &state.room_of_line(world, line))
}

/// The exact amount of every choice, bounded unit by unit or in sum.
fn amounts_by_unit(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    state: &State,
    plan: &Plan,
) -> Vec<Exact> {
    let benefit = &promotion.benefit;
    match benefit.kind {
        "bundle_price" => bundle_amounts(world, &benefit.value, state, plan),
        "amount_off" if !benefit.per_unit => {
            // "In sum for `amount_off` per application", "shared over its units in proportion to what is
            // left to pay of them".
            let room = rooms(world, state, &plan.choices);
            let sum = where_positive(room.iter().sum());
            let total = smaller(&(&benefit.value * whole(plan.n)), &sum);
            in_proportion(&total, &positive(room))
        }
        _ => {
            let of = |choice: &Choice| {
                let slot = &choice.slot;
                &slot.quantity * unit_amount(world, promotion, state, slot.line, slot.piece)
            };
            plan.choices.iter().map(of).collect()
        }
    }
}

/// The room of every choice.
fn rooms(world: &World<'_>, state: &State, choices: &[Choice]) -> Vec<Exact> {
    let room = |choice: &Choice| {
        let slot = &choice.slot;
        state.room_of_unit(world, slot.line, slot.piece) * &slot.quantity
    };
    choices.iter().map(room).collect()
}

/// What is left to pay of every choice.
fn lefts(world: &World<'_>, state: &State, choices: &[Choice]) -> Vec<Exact> {
    let left = |choice: &Choice| {
        let slot = &choice.slot;
        state.left_of_unit(world, slot.line, slot.piece) * &slot.quantity
    };
    choices.iter().map(left).collect()
}

/// A share that is spread evenly over the units of a line may take more off one than is left to pay of it;
/// such a unit weighs nothing.
fn positive(weights: Vec<Exact>) -> Vec<Exact> {
    weights.into_iter().map(where_positive).collect()
}

/// A total in proportion to the weights; nothing when they are all 0.
fn in_proportion(total: &Exact, weights: &[Exact]) -> Vec<Exact> {
    let sum: Exact = weights.iter().sum();
    if sum.is_zero() {
        return weights.to_vec();
    }
    weights.iter().map(|weight| total * weight / &sum).collect()
}

/// The benefits that are computed "unit by unit": at most the room of the unit. "The *bases* of percentages and what
/// `fixed_price` and `bundle_price` compare with their value stay what is left to pay" (7.1).
fn unit_amount(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    state: &State,
    line: usize,
    piece: usize,
) -> Exact {
    let benefit = &promotion.benefit;
    let left = where_positive(state.left_of_unit(world, line, piece));
    let value = &benefit.value;
    let amount = match (benefit.kind, &world.lines[line].mrp) {
        // "The discount is what is left to pay less mrp × (100 − value) %, where positive."
        ("percentage_off", Some(mrp)) if benefit.mrp_base => {
            &left - mrp * percent(&(whole(100) - value))
        }
        // "`net`, unit price + tax + charges less what earlier promotions took off that unit."
        ("percentage_off", _) if world.settings.net => &left * percent(value),
        ("percentage_off", _) => &world.lines[line].price * percent(value),
        ("fixed_price", _) => &left - value,
        ("free_product", _) => left.clone(),
        ("amount_off", _) => value.clone(),
        (other, _) => panic!("no benefit {other} on units"),
    };
    let room = where_positive(state.room_of_unit(world, line, piece));
    smaller(&where_positive(amount), &room)
}

/// "For each group, (Σ of what is left to pay of its units − value), where positive, shared in proportion to
/// the unit prices in the group (all 0: to what is left to pay)", which is the room where it spreads.
fn bundle_amounts(world: &World<'_>, value: &Exact, state: &State, plan: &Plan) -> Vec<Exact> {
    let mut amounts = vec![Exact::zero(); plan.choices.len()];
    for group in 0..plan.n {
        let places: Vec<usize> =
            (0..plan.choices.len()).filter(|place| plan.choices[*place].group == group).collect();
        let choices: Vec<Choice> =
            places.iter().map(|place| plan.choices[*place].clone()).collect();
        let left = lefts(world, state, &choices);
        let total = where_positive(left.iter().sum::<Exact>() - value);
        let price = |choice: &Choice| &choice.slot.quantity * &world.lines[choice.slot.line].price;
        let prices: Vec<Exact> = choices.iter().map(price).collect();
        let all_zero = prices.iter().all(Exact::is_zero);
        let weights = if all_zero { positive(rooms(world, state, &choices)) } else { prices };
        for (place, amount) in places.into_iter().zip(in_proportion(&total, &weights)) {
            amounts[place] = amount;
        }
    }
    amounts
}
