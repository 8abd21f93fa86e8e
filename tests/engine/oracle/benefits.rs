//! What a promotion gives at its turn (7.4), and the cart after it.

use super::amounts::{exact_amounts, room_on_line};
use super::choose::{
    Choice, Plan, applications_allowed, choose, parts, target_lines, units_to_apply,
};
use super::conditions::{Judged, Requirement, Sight, Unmet, judge, requirements, unmet};
use super::document::{Promotion, World};
use super::facts::wanted;
use super::number::{Exact, percent, smaller, where_positive, whole};
use super::select::selected;
use super::settle::{Share, settle, settle_lines};
use super::units::{Piece, State};
use num_traits::Zero;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a promotion gave.
#[derive(Clone)]
pub struct Gift {
    /// The step that was reached.
    pub step: Option<usize>,
    pub times: u64,
    pub discount: Exact,
    pub points: Exact,
    /// Line, quantity, amount.
    pub allocations: Vec<(usize, Exact, Exact)>,
    pub free_items: Exact,
    /// The cart after it.
    pub after: State,
}

/// Why a promotion did not apply, with the leaves that failed, or other facts.
#[derive(Clone)]
pub struct Refusal {
    pub reason: &'static str,
    pub unmet: Vec<Unmet>,
    pub facts: Value,
    /// The lines that the target means, where nothing on them could be discounted.
    pub target: Option<Vec<usize>>,
    /// For each of these lines, how many whole units more of it allow one application, where one would leave nothing to
    /// discount.
    pub to_apply: Option<BTreeMap<usize, u64>>,
}

impl Refusal {
    /// A reason without facts.
    pub fn because(reason: &'static str) -> Refusal {
        Refusal::with(reason, json!({}))
    }

    /// A reason with its facts.
    pub fn with(reason: &'static str, facts: Value) -> Refusal {
        Refusal { reason, unmet: Vec::new(), facts, target: None, to_apply: None }
    }
}

/// A part of the cart in which the conditions hold.
type Met<'a> = (Sight<'a>, Vec<Requirement>);

/// "Such a promotion is, at its turn, the promotion" of the step reached: "the last one for which those conditions hold;
/// where none is, it is judged with the first" (5.4). A promotion without steps is itself.
fn at_its_turn<'a>(
    world: &World<'_>,
    promotion: &'a Promotion<'a>,
    state: &State,
) -> &'a Promotion<'a> {
    let is_reached = |step: &&Promotion<'_>| conditions_met(world, step, state).is_ok();
    let reached = promotion.steps.iter().rev().find(is_reached);
    reached.or(promotion.steps.first()).unwrap_or(promotion)
}

/// The parts of the cart (one, without `same`) in which the promotion's conditions hold; else what is unmet.
pub fn conditions_met<'a>(
    world: &'a World<'a>,
    promotion: &'a Promotion<'a>,
    state: &'a State,
) -> Result<Vec<Met<'a>>, Refusal> {
    let promotion = at_its_turn(world, promotion, state);
    let mut met = Vec::new();
    let mut failed: Vec<Vec<Unmet>> = Vec::new();
    for part in parts(world, promotion.benefit.same) {
        let sight = Sight { world, promotion, state, part };
        match judge(&sight) {
            None => met.push((sight, Vec::new())),
            Some(judged) if judged.value() => {
                let needed = requirements(&judged);
                met.push((sight, needed));
            }
            Some(judged) => failed.push(unmet_of(world, &judged)),
        }
    }
    if met.is_empty() {
        let unmet = nearest(failed);
        return Err(Refusal { unmet, ..Refusal::because("conditions_not_met") });
    }
    Ok(met)
}

fn unmet_of(world: &World<'_>, judged: &Judged<'_>) -> Vec<Unmet> {
    unmet(world, judged)
}

/// Of several parts that fail, the one that is nearest to success: the fewest leaves, then the smallest
/// shortfall in proportion, then the first part.
fn nearest(failed: Vec<Vec<Unmet>>) -> Vec<Unmet> {
    let distance = |leaves: &Vec<Unmet>| {
        let missing: Exact = leaves.iter().filter_map(|leaf| leaf.missing.ratio()).sum();
        (leaves.len(), missing)
    };
    failed.into_iter().min_by_key(distance).unwrap_or_default()
}

/// The refusal of a promotion at its turn, with its facts: `no_benefit` has "`{"floor": true}` where it would have given a
/// discount without floors" (15.8).
pub fn explained(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    state: &State,
    refusal: Refusal,
) -> Refusal {
    match refusal.reason {
        "no_benefit" => {
            let state = State { without_floors: true, ..state.clone() };
            let gives =
                attempt(world, promotion, &state).is_ok_and(|gift| !gift.discount.is_zero());
            let facts = if gives { json!({"floor": true}) } else { json!({}) };
            Refusal { facts, ..refusal }
        }
        "no_eligible_items" => Refusal { facts: wanted(promotion), ..refusal },
        _ => refusal,
    }
}

/// Gives the promotion its turn on the cart as it is now.
pub fn attempt(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    state: &State,
) -> Result<Gift, Refusal> {
    let promotion = at_its_turn(world, promotion, state);
    let met = conditions_met(world, promotion, state)?;
    if promotion.is_item_level() {
        return attempt_items(world, promotion, state, &met);
    }
    let (sight, needed) = &met[0];
    let n = applications_allowed(sight, needed, promotion.times_bound);
    if promotion.benefit.level == "shipping" {
        attempt_shipping(world, promotion, state, n)
    } else {
        attempt_cart(world, promotion, state, n)
    }
}

/// "n is the sum over the parts, its bounds used up in the order of the parts' first lines; a part in which there
/// is no unit to discount, or whose exact amount is 0, adds nothing to n, uses up no bound and claims nothing;
/// amounts are computed in each part, then summed, capped and rounded together" (5.4, `same`).
fn attempt_items(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    state: &State,
    met: &[Met<'_>],
) -> Result<Gift, Refusal> {
    // "Numbers of applications are at most 10^12" (14).
    const MOST: u64 = 1_000_000_000_000;
    let mut bound = Some(promotion.times_bound.map_or(MOST, |own| own.min(MOST)));
    let mut times = 0;
    let mut plans: Vec<Plan> = Vec::new();
    let mut shares: Vec<(Choice, Exact)> = Vec::new();
    let mut is_there_any = false;
    for (sight, needed) in met {
        let plan = choose(sight, needed, bound);
        is_there_any |= plan.is_there_any;
        let amounts = exact_amounts(world, promotion, state, &plan);
        if promotion.benefit.kind != "free_product" && amounts.iter().all(Zero::is_zero) {
            continue;
        }
        bound = bound.map(|bound| bound - plan.n);
        times += plan.n;
        shares.extend(plan.choices.iter().cloned().zip(amounts));
        plans.push(plan);
    }
    let mut by_line: BTreeMap<usize, Share> = BTreeMap::new();
    for (choice, amount) in &shares {
        let slot = &choice.slot;
        let share = by_line.entry(slot.line).or_insert_with(|| Share {
            line: slot.line,
            exact: Exact::zero(),
            left: Exact::zero(),
            amount: Exact::zero(),
        });
        share.exact += amount;
    }
    for share in by_line.values_mut() {
        let own = shares.iter().map(|(choice, _)| choice).filter(|it| it.slot.line == share.line);
        share.left = room_on_line(world, state, share.line, own);
    }
    let exact: Exact = by_line.values().map(|share| &share.exact).sum();
    let mut lines: Vec<Share> = by_line.into_values().collect();
    let discount = settle_lines(world, promotion, &exact, &mut lines);
    let free_items: Exact = plans.iter().map(|plan| &plan.to_add).sum();
    if discount.is_zero() && free_items.is_zero() {
        let target = met.iter().flat_map(|(sight, needed)| target_lines(sight, needed)).collect();
        let to_apply = units_to_apply(met);
        return Err(Refusal { target: Some(target), to_apply, ..nothing(is_there_any) });
    }
    let mut allocations = Vec::new();
    for share in &lines {
        let own = shares.iter().filter(|(choice, _)| choice.slot.line == share.line);
        let units: Exact = own.map(|(choice, _)| &choice.slot.quantity).sum();
        allocations.push((share.line, units, share.amount.clone()));
    }
    Ok(Gift {
        step: step_of(promotion),
        times,
        discount,
        points: Exact::zero(),
        after: after_items(state, &plans, &shares, &lines),
        allocations,
        free_items,
    })
}

fn step_of(promotion: &Promotion<'_>) -> Option<usize> {
    promotion.step.as_ref().map(|step| step.place)
}

/// "`no_eligible_items` when there is no unit, line, complete group or set, or shipping to discount;
/// `no_benefit` when there is, but n is 0 or the amount comes to 0."
fn nothing(is_there_any: bool) -> Refusal {
    Refusal::because(if is_there_any { "no_benefit" } else { "no_eligible_items" })
}

/// The cart after an item-level promotion: the units chosen and needed are claimed, and "what a promotion
/// took off a line counts as taken off the units that it discounted there, in proportion to their exact
/// shares" (7.1).
fn after_items(
    state: &State,
    plans: &[Plan],
    shares: &[(Choice, Exact)],
    lines: &[Share],
) -> State {
    let mut after = state.clone();
    after.turns += 1;
    for (line, old) in state.lines.iter().enumerate() {
        let amount = lines
            .iter()
            .find(|share| share.line == line)
            .map_or_else(Exact::zero, |share| share.amount.clone());
        let of_line = shares.iter().filter(|it| it.0.slot.line == line);
        let sum: Exact = of_line.map(|(_, exact)| exact).sum();
        let mut pieces = Vec::new();
        for (place, piece) in old.pieces.iter().enumerate() {
            let mut rest = piece.quantity.clone();
            let mut split = |quantity: &Exact, off: Exact, is_claimed: bool| {
                if quantity.is_zero() {
                    return;
                }
                let mut claims = piece.claims.clone();
                if is_claimed {
                    claims.push(after.turns);
                }
                pieces.push(Piece {
                    quantity: quantity.clone(),
                    claims,
                    taken: &piece.taken * quantity / &piece.quantity + off,
                });
            };
            for (choice, exact) in shares {
                if choice.slot.line == line && choice.slot.piece == place {
                    let off = if sum.is_zero() { Exact::zero() } else { &amount * exact / &sum };
                    split(&choice.slot.quantity, off, true);
                    rest -= &choice.slot.quantity;
                }
            }
            let needed: Exact = plans.iter().map(|plan| &plan.needed[line][place]).sum();
            split(&needed, Exact::zero(), true);
            split(&(rest - needed), Exact::zero(), false);
        }
        after.lines[line].pieces = pieces;
        after.lines[line].item_discount += amount;
    }
    after
}

/// "Base of a cart-level promotion: `gross`, S, the sum over the (selected) lines of gross less item-level
/// discounts; `net`, S + tax + charges less the cart-level discounts so far, of the same lines." It is
/// spread in proportion "to what is left to pay of each selected line": to their room.
fn attempt_cart(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    state: &State,
    n: u64,
) -> Result<Gift, Refusal> {
    let benefit = &promotion.benefit;
    let lines = selected(world, benefit.select, &world.all_lines());
    let mut gift = Gift {
        step: step_of(promotion),
        times: n,
        discount: Exact::zero(),
        points: Exact::zero(),
        allocations: Vec::new(),
        free_items: Exact::zero(),
        after: state.clone(),
    };
    if lines.is_empty() || n == 0 {
        let is_there_any = !lines.is_empty();
        return Err(Refusal { target: Some(lines), ..nothing(is_there_any) });
    }
    if benefit.kind == "award_points" {
        gift.points = &benefit.value * whole(n);
        return Ok(gift);
    }
    let exact = match benefit.kind {
        "percentage_off" if world.settings.net => {
            let left = |line: &usize| state.left_of_line(world, *line);
            percent(&benefit.value) * lines.iter().map(left).sum::<Exact>()
        }
        "percentage_off" => {
            let base =
                |line: &usize| world.lines[*line].gross() - &state.lines[*line].item_discount;
            percent(&benefit.value) * lines.iter().map(base).sum::<Exact>()
        }
        "amount_off" => &benefit.value * whole(n),
        other => panic!("no benefit {other} on the cart"),
    };
    let room = |line: &usize| state.room_of_line(world, *line);
    let exact = smaller(&exact, &lines.iter().map(room).sum());
    let mut shares: Vec<Share> = lines
        .iter()
        .map(|line| (*line, room(line)))
        .map(|(line, room)| Share { line, exact: room.clone(), left: room, amount: Exact::zero() })
        .collect();
    gift.discount = settle_lines(world, promotion, &exact, &mut shares);
    if gift.discount.is_zero() {
        return Err(nothing(true));
    }
    for share in shares {
        gift.after.lines[share.line].cart_discount += &share.amount;
        let quantity = world.lines[share.line].quantity.clone();
        gift.allocations.push((share.line, quantity, share.amount));
    }
    Ok(gift)
}

/// "Shipping: its amount, `net` less earlier discounts."
fn attempt_shipping(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    state: &State,
    n: u64,
) -> Result<Gift, Refusal> {
    let benefit = &promotion.benefit;
    let Some(shipping) = &world.shipping else {
        return Err(nothing(false));
    };
    if n == 0 {
        return Err(nothing(true));
    }
    let left = shipping - &state.shipping_discount;
    let exact = match benefit.kind {
        "percentage_off" if world.settings.net => percent(&benefit.value) * &left,
        "percentage_off" => percent(&benefit.value) * shipping,
        "amount_off" => &benefit.value * whole(n),
        "fixed_price" => where_positive(&left - &benefit.value),
        other => panic!("no benefit {other} on shipping"),
    };
    let discount = settle(world, promotion, &smaller(&exact, &left), &left);
    if discount.is_zero() {
        return Err(nothing(true));
    }
    let mut after = state.clone();
    after.shipping_discount += &discount;
    Ok(Gift {
        step: step_of(promotion),
        times: n,
        discount,
        points: Exact::zero(),
        allocations: Vec::new(),
        free_items: Exact::zero(),
        after,
    })
}
