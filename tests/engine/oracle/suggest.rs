//! Suggestions (15.7): the one change to the cart that would make a promotion apply, "checked by pricing the cart with that
//! change".

use super::benefits::{Gift, Refusal};
use super::conditions::{Missing, missing_for_step};
use super::document::{Promotion, World, at, decimal, field, flag, list, text};
use super::gates::unlocking_code;
use super::number::{Exact, amount, plain, unit_of, whole};
use super::strategy::{Verdict, decide, ranked_with};
use super::units::State;
use num_traits::{Signed, ToPrimitive, Zero};
use serde_json::{Value, json};

/// "At most 20 promotions are tried, by rank, and 5 listed."
const MOST_TRIED: usize = 20;
const MOST_LISTED: usize = 5;
/// "At most 10 values."
const MOST_VALUES: usize = 10;

/// What could be told about a promotion, before it is priced.
struct Idea {
    kind: &'static str,
    shortfall: Option<String>,
    wanted: Value,
    change: Change,
    /// For `next_step`: "with that step or a later one".
    step: usize,
}

/// "The change that is priced."
enum Change {
    /// "None is priced."
    None,
    /// "One more line: an empty SKU, everything else lacking, quantity 1, unit price the shortfall, rounded up to the
    /// precision."
    Line(Exact),
    /// The line, and by how many whole units its quantity is raised: from so many to so many.
    Raise(usize, u64, u64),
    /// "One more tender: the first value, the amount the larger of `min_amount` and 0."
    Tender(String, Exact),
}

/// Prints the suggestions for a document with this verdict.
pub fn suggestions(world: &World<'_>, document: &Value, verdict: &Verdict) -> Value {
    let suggests = |place: &usize| flag(world.promotions[*place].json, "suggest", false);
    let unidentified: Vec<usize> = verdict
        .refused
        .iter()
        .filter(|(place, own)| is_for_somebody(world, **place, own))
        .map(|(place, _)| *place)
        .collect();
    let ranked = ranked_with(world, verdict, &unidentified);
    let ideas = ranked.into_iter().filter(suggests).filter_map(|place| {
        let idea = if unidentified.contains(&place) {
            Some(unpriced("identify", None, Value::Null))
        } else {
            idea(world, &world.promotions[place], verdict)
        };
        idea.filter(|idea| is_made(world, document, idea)).map(|idea| (place, idea))
    });
    let mut told: Vec<(Option<Exact>, Value)> = Vec::new();
    for (place, idea) in ideas.take(MOST_TRIED) {
        told.extend(tell(world, document, verdict, place, &idea));
    }
    // "Largest `gain` first, those without one last, then by rank": the sort is stable.
    told.sort_by(|(a, _), (b, _)| b.cmp(a));
    told.into_iter().take(MOST_LISTED).map(|(_, entry)| entry).collect()
}

/// "A change that leaves the bounds of section 14 is not made."
fn is_made(world: &World<'_>, document: &Value, idea: &Idea) -> bool {
    let is_within = |change: &dyn Fn(&mut Value)| {
        let mut cart = document["request"]["cart"].clone();
        change(&mut cart);
        is_within_bounds(&cart)
    };
    match &idea.change {
        Change::None => true,
        Change::Line(price) => is_within(&|cart| add_line(cart, price)),
        Change::Tender(mode, amount) => is_within(&|cart| add_tender(cart, mode, amount)),
        Change::Raise(line, from, _) => is_within(&|cart| raise(world, cart, *line, *from)),
    }
}

fn add_line(cart: &mut Value, price: &Exact) {
    let line = json!({"id": "", "sku": "", "quantity": "1", "unit_price": plain(price)});
    cart["lines"].as_array_mut().expect("lines").push(line);
}

fn add_tender(cart: &mut Value, mode: &str, amount: &Exact) {
    let tender = json!({"mode": mode, "amount": plain(amount)});
    match cart["tenders"].as_array_mut() {
        Some(tenders) => tenders.push(tender),
        None => cart["tenders"] = json!([tender]),
    }
}

fn raise(world: &World<'_>, cart: &mut Value, line: usize, units: u64) {
    let quantity = &world.lines[line].quantity + whole(units);
    cart["lines"][line]["quantity"] = json!(plain(&quantity));
}

/// "No customer with an id, and the gate is `customer_required` or `not_in_audience`". "Codes are never suggested": a
/// promotion with codes needs one besides.
fn is_for_somebody(world: &World<'_>, place: usize, refusal: &Refusal) -> bool {
    let promotion = &world.promotions[place];
    world.customer_id().is_none()
        && matches!(refusal.reason, "customer_required" | "not_in_audience")
        && (promotion.kind != "code_linked" || unlocking_code(world, promotion).is_some())
}

fn unpriced(kind: &'static str, shortfall: Option<String>, wanted: Value) -> Idea {
    Idea { kind, shortfall, wanted, change: Change::None, step: 0 }
}

/// "For each promotion with `suggest: true` that did not apply, or that has a further step, the *one* change."
fn idea(world: &World<'_>, promotion: &Promotion<'_>, verdict: &Verdict) -> Option<Idea> {
    if let Some(applied) = verdict.applied.iter().position(|(it, _)| *it == promotion.index) {
        return next_step(world, promotion, &verdict.applied, applied);
    }
    let refusal = verdict.refused.get(&promotion.index)?;
    match refusal.reason {
        "conditions_not_met" => match refusal.unmet.as_slice() {
            [only] => for_leaf(world, promotion, &only.missing),
            _ => None,
        },
        "no_benefit" | "units_taken" if refusal.to_apply.is_none() => None,
        "no_eligible_items" | "no_benefit" | "units_taken" => {
            let lines = refusal.target.as_ref()?;
            let select = promotion.benefit.select;
            if lines.is_empty() {
                return Some(unpriced("add_item", None, wanted(select)));
            }
            // "The conditions hold, the target is `beyond_condition`, and no unit is left over": not even of one
            // application, if none is allowed.
            let line = cheapest(world, lines)?;
            let change = match refusal.to_apply.as_ref()?.get(&line)? {
                0 => Change::Raise(line, 1, further(promotion)),
                short => Change::Raise(line, *short, short.saturating_add(further(promotion))),
            };
            Some(Idea {
                kind: "add_quantity",
                shortfall: None,
                wanted: Value::Null,
                change,
                step: 0,
            })
        }
        _ => None,
    }
}

/// "It applied, with steps, and the next step is not reached: by the type of that step's leaf."
fn next_step(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    applied: &[(usize, Gift)],
    place: usize,
) -> Option<Idea> {
    let next = promotion.steps.get(applied[place].1.step? + 1)?;
    let untouched = State::untouched(world);
    let before = match place.checked_sub(1) {
        Some(earlier) => &applied[earlier].1.after,
        None => &untouched,
    };
    let missing = missing_for_step(world, next, before);
    let idea = for_leaf(world, promotion, &missing)?;
    let step = next.step.as_ref()?.place;
    Some(Idea { kind: "next_step", step, ..idea })
}

/// "The only unmet leaf", by its type.
fn for_leaf(world: &World<'_>, promotion: &Promotion<'_>, leaf: &Missing) -> Option<Idea> {
    let json = &leaf.json;
    let op = text(json, "op");
    let shortfall = leaf.shortfall.as_ref();
    let print = |number: &Exact| {
        if leaf.is_amount { amount(number, world.settings.precision) } else { plain(number) }
    };
    let kind = text(json, "type").expect("a type");
    match kind {
        "cart_amount" | "subtotal" => {
            let shortfall = shortfall?;
            let unit = unit_of(world.settings.precision);
            let price = (shortfall / &unit).ceil() * unit;
            let shortfall = Some(print(shortfall));
            Some(Idea {
                kind: "add_amount",
                shortfall,
                wanted: Value::Null,
                change: Change::Line(price),
                step: 0,
            })
        }
        "line_amount" | "line_quantity" | "total_quantity" => {
            let shortfall = Some(print(shortfall?));
            let lines =
                if kind == "total_quantity" { world.all_lines() } else { leaf.lines.clone()? };
            if lines.is_empty() {
                return Some(unpriced("add_item", shortfall, wanted(field(json, "of"))));
            }
            // "The selected line with the lowest unit price above 0 (first of equals), its quantity raised by the least
            // whole number that suffices."
            let line = cheapest(world, &lines)?;
            let each =
                if kind == "line_amount" { world.lines[line].price.clone() } else { whole(1) };
            let times = &leaf.difference / each;
            let least = if op == Some("gt") { times.floor() + whole(1) } else { times.ceil() };
            let least = least.to_integer().to_u64()?;
            let change = Change::Raise(line, least, least.saturating_add(further(promotion)));
            Some(Idea { kind: "add_quantity", shortfall, wanted: Value::Null, change, step: 0 })
        }
        "item" if leaf.is_asked_for && flag(json, "found", true) => {
            let is_missing = leaf.lines.as_ref().is_some_and(Vec::is_empty);
            is_missing.then(|| unpriced("add_item", None, wanted(field(json, "of"))))
        }
        "payment_mode" if leaf.is_asked_for && matches!(op, Some("in" | "starts_with")) => {
            let mode = list(json, "values").first()?.as_str()?.to_owned();
            let amount = decimal(json, "min_amount").unwrap_or_else(Exact::zero);
            let wanted =
                json!({"field": "payment_mode", "values": first_values(list(json, "values"))});
            Some(Idea {
                kind: "pay_with",
                shortfall: None,
                wanted,
                change: Change::Tender(mode, amount),
                step: 0,
            })
        }
        _ => None,
    }
}

/// "With `beyond_condition` the raised quantity goes on, for at most `target.quantity` units more (none: 1; fractions
/// rounded up)."
fn further(promotion: &Promotion<'_>) -> u64 {
    if promotion.benefit.level != "item" || promotion.benefit.from != "beyond_condition" {
        return 0;
    }
    let quantity =
        at(promotion.json, &["benefit", "target", "quantity"]).and_then(super::number::read);
    quantity.unwrap_or_else(|| whole(1)).ceil().to_integer().to_u64().unwrap_or(u64::MAX)
}

fn cheapest(world: &World<'_>, lines: &[usize]) -> Option<usize> {
    let price = |line: &usize| &world.lines[*line].price;
    let mut priced: Vec<usize> =
        lines.iter().copied().filter(|line| price(line).is_positive()).collect();
    priced.sort_by(|a, b| price(a).cmp(price(b)).then(a.cmp(b)));
    priced.first().copied()
}

/// "`{"field", "key", "values"}` of the first including predicate with `eq` or `in`, at most 10 values, else null."
fn wanted(selector: Option<&Value>) -> Value {
    let include = selector.map_or(&[][..], |selector| list(selector, "include"));
    let names = |predicate: &&Value| matches!(text(predicate, "op"), Some("eq" | "in"));
    let Some(predicate) = include.iter().find(names) else {
        return Value::Null;
    };
    let values = match field(predicate, "value") {
        Some(value) => vec![value.clone()],
        None => first_values(list(predicate, "values")),
    };
    let is_number = |field: &str| {
        matches!(field, "unit_price" | "mrp" | "quantity" | "weight" | "stock")
            || field.starts_with("price_discount")
    };
    let field = text(predicate, "field").expect("a field");
    let print = |value: Value| match super::number::read(&value) {
        Some(number) if is_number(field) => json!(plain(&number)),
        _ => value,
    };
    let values: Vec<Value> = values.into_iter().map(print).collect();
    json!({"field": field, "key": predicate["key"], "values": values})
}

fn first_values(values: &[Value]) -> Vec<Value> {
    values.iter().take(MOST_VALUES).cloned().collect()
}

/// "Only a change after which the promotion applies (for `next_step`: with that step or a later one) and
/// `totals.discount` is larger than before is listed; `gain` is by how much."
fn tell(
    world: &World<'_>,
    document: &Value,
    verdict: &Verdict,
    place: usize,
    idea: &Idea,
) -> Option<(Option<Exact>, Value)> {
    let before = verdict.state.discount();
    let gain_with = |change: &dyn Fn(&mut Value)| -> Option<Exact> {
        let mut changed = document.clone();
        change(&mut changed["request"]["cart"]);
        if !is_within_bounds(&changed["request"]["cart"]) {
            return None;
        }
        let changed = World::read(&changed);
        let after = decide(&changed);
        let mut applied = after.applied.iter();
        let (_, gift) = applied.find(|(own, _)| *own == place)?;
        (gift.step.unwrap_or(0) >= idea.step).then(|| after.state.discount() - &before)
    };
    let mut raised = None;
    let gain = match &idea.change {
        Change::None => None,
        Change::Line(price) => Some(gain_with(&|cart| add_line(cart, price))?),
        Change::Tender(mode, amount) => Some(gain_with(&|cart| add_tender(cart, mode, amount))?),
        Change::Raise(line, from, to) => {
            // What leaves the bounds is not tried.
            let mut tries = (*from..=*to).take_while(|units| *units <= 1_000_000);
            let (units, gain) = tries.find_map(|units| {
                let gain = gain_with(&|cart| raise(world, cart, *line, units));
                gain.map(|gain| (units, gain))
            })?;
            raised = Some((units.to_string(), world.lines[*line].id));
            Some(gain)
        }
    };
    if gain.as_ref().is_some_and(|gain| !gain.is_positive()) {
        return None;
    }
    let promotion = &world.promotions[place];
    let printed_gain = gain.as_ref().map(|gain| amount(gain, world.settings.precision));
    let message = text(promotion.json, "suggestion_message").unwrap_or_default();
    let message = message.replace("{shortfall}", idea.shortfall.as_deref().unwrap_or_default());
    let entry = json!({
        "promotion_id": promotion.id,
        "name": promotion.name,
        "kind": idea.kind,
        "shortfall": idea.shortfall,
        "quantity": raised.as_ref().map(|(units, _)| units),
        "line_id": raised.as_ref().map(|(_, line)| line),
        "wanted": idea.wanted,
        "gain": printed_gain,
        "message": message.replace("{gain}", printed_gain.as_deref().unwrap_or_default()),
    });
    Some((gain, entry))
}

fn is_within_bounds(cart: &Value) -> bool {
    let lines = list(cart, "lines");
    let number = |line: &Value, name: &str| decimal(line, name).expect("a number");
    let gross = |line: &Value| number(line, "quantity") * number(line, "unit_price");
    lines.len() <= 500
        && list(cart, "tenders").len() <= 20
        && lines.iter().all(|line| number(line, "quantity") <= whole(1_000_000))
        && lines.iter().all(|line| number(line, "unit_price") <= whole(1_000_000_000))
        && lines.iter().map(gross).sum::<Exact>() <= whole(1_000_000_000_000)
}
