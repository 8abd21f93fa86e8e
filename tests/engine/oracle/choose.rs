//! How often an item-level promotion applies, and to which units (7.3).

use super::conditions::{Requirement, Sight};
use super::document::World;
use super::needs::{
    complete_sets, counted_slots, demands, lines_of, needed_besides, reserve, serve,
};
use super::number::{Exact, parts_begun, smaller, times_into, whole};
use super::select::selected;
use super::units::{
    Slot, Tally, between, first, in_order_of_pick, may_discount, no_tally, quantity, slots, without,
};
use num_traits::Zero;
use std::collections::BTreeMap;

/// Units that are discounted: of which group or set, and which requirement they serve in a set.
#[derive(Clone)]
pub struct Choice {
    pub slot: Slot,
    pub group: u64,
    pub serves: Option<usize>,
}

/// What a promotion does in one part of the cart.
pub struct Plan {
    /// How often it applies.
    pub n: u64,
    pub choices: Vec<Choice>,
    /// Is there a unit, complete group or set to discount?
    pub is_there_any: bool,
    /// Units that are claimed besides, because the condition needed them.
    pub needed: Tally,
    /// Units of a `free_product` that are not in the cart.
    pub to_add: Exact,
}

/// Chooses the units in the part of the cart that is in sight, for at most `bound` applications.
pub fn choose(sight: &Sight<'_>, requirements: &[Requirement], bound: Option<u64>) -> Plan {
    let benefit = &sight.promotion.benefit;
    let most = applications_allowed(sight, requirements, bound);
    let mut plan = if benefit.kind == "free_product" {
        choose_free_product(sight, requirements, most)
    } else if benefit.units_are_sets() {
        choose_sets(sight, requirements, most)
    } else if benefit.from == "beyond_condition" {
        choose_beyond(sight, requirements, most)
    } else if benefit.within_application {
        choose_within_groups(sight, requirements, most)
    } else {
        choose_first(sight, requirements, most)
    };
    plan.needed = if !sight.world.settings.consumed || requirements.is_empty() || plan.n == 0 {
        no_tally(sight.state)
    } else if benefit.kind == "free_product" || benefit.from == "beyond_condition" {
        reserve(sight, requirements, plan.n)
    } else {
        needed_besides(sight, requirements, plan.n, &plan.choices)
    };
    plan
}

/// The bounds of n that the cart sets: "without `repeat` n ≤ 1. With `repeat` per quantity or amount
/// n ≤ ⌊measure ÷ every⌋, measured on the requirements' lines, each line once (no requirement: the whole
/// cart); with `set` n ≤ the number of complete sets".
pub fn applications_allowed(
    sight: &Sight<'_>,
    requirements: &[Requirement],
    bound: Option<u64>,
) -> u64 {
    let world = sight.world;
    let measured: Vec<(usize, Exact)> = if requirements.is_empty() {
        let whole_line = |line: &usize| (*line, world.lines[*line].quantity.clone());
        sight.part.iter().map(whole_line).collect()
    } else {
        let lines = lines_of(requirements).into_iter();
        lines.map(|line| (line, sight.counted(line))).collect()
    };
    let most = match &sight.promotion.benefit.repeat {
        None => 1,
        Some(repeat) if repeat.per == "set" => {
            let counted = counted_slots(sight, &lines_of(requirements));
            complete_sets(sight, requirements, &counted)
        }
        Some(repeat) if repeat.per == "amount" => {
            let worth = |(line, units): &(usize, Exact)| units * &world.lines[*line].price;
            times_into(&measured.iter().map(worth).sum(), &repeat.every)
        }
        Some(repeat) => {
            let units: Exact = measured.iter().map(|(_, units)| units).sum();
            let most = times_into(&units, &repeat.every);
            if sight.promotion.benefit.kind == "free_product" {
                without_its_own(sight, &measured, &units, most)
            } else {
                most
            }
        }
    };
    bound.map_or(most, |bound| most.min(bound))
}

/// "With `repeat` per quantity n is also at most the largest for which n × `every` units are there besides
/// (n − 1) × `quantity` of the product (or all of it, if less)."
fn without_its_own(
    sight: &Sight<'_>,
    measured: &[(usize, Exact)],
    units: &Exact,
    most: u64,
) -> u64 {
    let benefit = &sight.promotion.benefit;
    let (Some(repeat), Some(each)) = (&benefit.repeat, &benefit.quantity) else {
        unreachable!("a free product for every so many units");
    };
    let is_product = |line: usize| sight.world.lines[line].sku == benefit.product;
    let of_product = measured.iter().filter(|(line, _)| is_product(*line));
    let product: Exact = of_product.map(|(_, units)| units).sum();
    let fits = |n: &u64| {
        let free = smaller(&(each * whole(n - 1)), &product);
        &repeat.every * whole(*n) <= units - free
    };
    (1..=most).rev().find(fits).unwrap_or(0)
}

/// The units on these lines that the promotion may discount, ordered by `pick`.
fn available(sight: &Sight<'_>, lines: &[usize], pick: &str) -> Vec<Slot> {
    let mut found = slots(sight.state, lines, |line, piece| {
        may_discount(sight.world, sight.state, line, piece)
    });
    in_order_of_pick(sight.world, sight.state, pick, &mut found);
    found
}

/// The lines that `from` and `select` mean.
pub fn target_lines(sight: &Sight<'_>, requirements: &[Requirement]) -> Vec<usize> {
    let benefit = &sight.promotion.benefit;
    let required = lines_of(requirements);
    let lines = match (benefit.from, benefit.select) {
        // "`select` null: of the requirements' lines"
        ("in_condition", _) | ("beyond_condition", None) => &required,
        _ => &sight.part,
    };
    selected(sight.world, benefit.select, lines)
}

fn plan(n: u64, choices: Vec<Choice>, is_there_any: bool) -> Plan {
    Plan { n, choices, is_there_any, needed: Tally::new(), to_add: Exact::zero() }
}

fn in_group(group: u64, slots: Vec<Slot>) -> impl Iterator<Item = Choice> {
    slots.into_iter().map(move |slot| Choice { slot, group, serves: None })
}

/// `matching`, and `in_condition` without sets: "units ordered by `pick`, the first n × quantity (a
/// `bundle_price` without `repeat` and `quantity`: all of them, one group)".
fn choose_first(sight: &Sight<'_>, requirements: &[Requirement], most: u64) -> Plan {
    let benefit = &sight.promotion.benefit;
    let lines = target_lines(sight, requirements);
    let units = available(sight, &lines, benefit.pick);
    let filled = fills(sight, &quantity(&units));
    let n = most.min(filled);
    plan(n, discounted(sight, &units, n), filled > 0)
}

/// How many applications these units fill: "⌈units ÷ quantity⌉ where there is a `quantity`; complete groups
/// for a `bundle_price`".
fn fills(sight: &Sight<'_>, units: &Exact) -> u64 {
    let benefit = &sight.promotion.benefit;
    match &benefit.quantity {
        _ if units.is_zero() => 0,
        None => u64::MAX,
        Some(each) if benefit.kind == "bundle_price" => times_into(units, each),
        Some(each) => parts_begun(units, each),
    }
}

/// The first n × quantity of these units; "the units, ordered by `pick`, form groups of `every`" (7.4).
fn discounted(sight: &Sight<'_>, units: &[Slot], n: u64) -> Vec<Choice> {
    let benefit = &sight.promotion.benefit;
    match &benefit.quantity {
        _ if n == 0 => Vec::new(),
        None => in_group(0, units.to_vec()).collect(),
        Some(each) if benefit.kind == "bundle_price" => {
            groups(units, each, n).flat_map(|(group, units)| in_group(group, units)).collect()
        }
        Some(each) => in_group(0, first(units, &(each * whole(n)))).collect(),
    }
}

/// The first n groups of so many units, in the order given.
fn groups(units: &[Slot], size: &Exact, n: u64) -> impl Iterator<Item = (u64, Vec<Slot>)> {
    (0..n).map(move |group| {
        let (from, to) = (size * whole(group), size * whole(group + 1));
        (group, between(units, &from, &to))
    })
}

/// `within: application`: "the selected units, most expensive first, are cut into n groups of `every`, and
/// in each group the first `quantity` by `pick` are discounted".
fn choose_within_groups(sight: &Sight<'_>, requirements: &[Requirement], most: u64) -> Plan {
    let benefit = &sight.promotion.benefit;
    let (Some(repeat), Some(each)) = (&benefit.repeat, &benefit.quantity) else {
        unreachable!("groups of so many units");
    };
    let lines = target_lines(sight, requirements);
    let units = available(sight, &lines, "most_expensive");
    let complete = times_into(&quantity(&units), &repeat.every);
    let n = most.min(complete);
    let choices = groups(&units, &repeat.every, n).flat_map(|(group, mut units)| {
        in_order_of_pick(sight.world, sight.state, benefit.pick, &mut units);
        in_group(group, first(&units, each))
    });
    plan(n, choices.collect(), complete > 0)
}

/// `in_condition` with `repeat` per `set`, and a `bundle_price` without `repeat`: "the k-th set gets the
/// k-th needed units of each requirement. `select` narrows what is discounted after the sets are formed."
fn choose_sets(sight: &Sight<'_>, requirements: &[Requirement], most: u64) -> Plan {
    let benefit = &sight.promotion.benefit;
    let units = available(sight, &lines_of(requirements), benefit.pick);
    let complete = complete_sets(sight, requirements, &units);
    let n = most.min(complete);
    let narrowed = selected(sight.world, benefit.select, &sight.part);
    let sizes = demands(sight, requirements, 1);
    let served = serve(requirements, &demands(sight, requirements, n), &units);
    let mut choices = Vec::new();
    for (place, units) in served.iter().enumerate() {
        for (group, units) in groups(units, &sizes[place], n) {
            let discounted = units.into_iter().filter(|slot| narrowed.contains(&slot.line));
            choices.extend(discounted.map(|slot| Choice { slot, group, serves: Some(place) }));
        }
    }
    let is_there_any = if n == 0 {
        complete > 0 && units.iter().any(|slot| narrowed.contains(&slot.line))
    } else {
        !choices.is_empty()
    };
    plan(n, choices, is_there_any)
}

/// `beyond_condition`: "of what is not reserved, the selected units ordered by `pick`, the first n ×
/// quantity. Of all n allowed, the smallest that discounts the most units is taken (without a `quantity`,
/// the largest that leaves a unit to discount)".
fn choose_beyond(sight: &Sight<'_>, requirements: &[Requirement], most: u64) -> Plan {
    let benefit = &sight.promotion.benefit;
    let lines = target_lines(sight, requirements);
    let units = available(sight, &lines, benefit.pick);
    let mut best: Option<(u64, Vec<Choice>)> = None;
    let mut most_units = Exact::zero();
    for n in 1..=most {
        let rest = without(&units, &reserve(sight, requirements, n));
        let filled = fills(sight, &quantity(&rest));
        let choices = discounted(sight, &rest, n.min(filled));
        let count: Exact = choices.iter().map(|choice| &choice.slot.quantity).sum();
        let is_better =
            if benefit.quantity.is_some() { count > most_units } else { !count.is_zero() };
        if is_better {
            most_units = count;
            best = Some((n, choices));
        }
    }
    match best {
        Some((n, choices)) => plan(n, choices, true),
        None => plan(0, Vec::new(), most == 0 && fills(sight, &quantity(&units)) > 0),
    }
}

/// Under `beyond_condition`, where one application would leave no unit over in any part: for each line of the target, how
/// many whole units more of it allow one (15.7).
pub fn units_to_apply(met: &[(Sight<'_>, Vec<Requirement>)]) -> Option<BTreeMap<usize, u64>> {
    let mut more = BTreeMap::new();
    for (sight, requirements) in met {
        let allowed = applications_allowed(sight, requirements, None);
        let benefit = &sight.promotion.benefit;
        // Without one complete set nothing can be set aside.
        if benefit.from != "beyond_condition" || benefit.repeats_per("set") && allowed == 0 {
            return None;
        }
        let lines = target_lines(sight, requirements);
        let units = available(sight, &lines, benefit.pick);
        let rest = without(&units, &reserve(sight, requirements, 1));
        if fills(sight, &quantity(&rest)) > 0 {
            return None;
        }
        let measured =
            if requirements.is_empty() { sight.part.clone() } else { lines_of(requirements) };
        for line in lines {
            let price = &sight.world.lines[line].price;
            let is_short = allowed == 0 && measured.contains(&line) && !price.is_zero();
            let enough = |more: &u64| {
                let units = |own: usize| {
                    let added = if own == line { whole(*more) } else { Exact::zero() };
                    let counted = if requirements.is_empty() {
                        sight.world.lines[own].quantity.clone()
                    } else {
                        sight.counted(own)
                    };
                    counted + added
                };
                let repeat = benefit.repeat.as_ref().expect("else one application is allowed");
                let measure = |own: &usize| match repeat.per {
                    "amount" => units(*own) * &sight.world.lines[*own].price,
                    _ => units(*own),
                };
                measured.iter().map(measure).sum::<Exact>() >= repeat.every
            };
            let needed = if is_short { (0..).find(enough).unwrap_or(0) } else { 0 };
            more.insert(line, needed);
        }
    }
    Some(more)
}

/// `free_product`: "n × `quantity` units of that SKU, beyond what the condition needs; units that are not in
/// the cart are returned as `free_items`. Several lines of the SKU: cheapest first" (7.4).
fn choose_free_product(sight: &Sight<'_>, requirements: &[Requirement], n: u64) -> Plan {
    let benefit = &sight.promotion.benefit;
    let each = benefit.quantity.as_ref().expect("a quantity");
    let is_product = |line: &usize| sight.world.lines[*line].sku == benefit.product;
    let lines: Vec<usize> = sight.part.iter().copied().filter(is_product).collect();
    let units = available(sight, &lines, "cheapest");
    let rest = without(&units, &reserve(sight, requirements, n));
    let free = first(&rest, &(each * whole(n)));
    let to_add = each * whole(n) - quantity(&free);
    // "A `free_product` with n = 0: always `no_benefit`."
    Plan { to_add, ..plan(n, in_group(0, free).collect(), true) }
}

/// The parts of the cart in which the deal must be made (`same`): "the cart's lines are parted by it", "in
/// the order of the parts' first lines".
pub fn parts(world: &World<'_>, same: Option<&str>) -> Vec<Vec<usize>> {
    let Some(same) = same else {
        return vec![world.all_lines()];
    };
    let key = |line: usize| match same {
        "sku" => world.lines[line].sku,
        _ => world.lines[line].product,
    };
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for line in world.all_lines() {
        match parts.iter_mut().find(|part| key(part[0]) == key(line)) {
            Some(part) => part.push(line),
            None => parts.push(vec![line]),
        }
    }
    parts
}
