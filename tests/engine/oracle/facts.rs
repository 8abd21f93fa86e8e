//! The facts that explain a reason (15.8).

use super::benefits::conditions_met;
use super::document::{Line, Promotion, World, field, list, text};
use super::gates::failing_scope;
use super::needs::lines_of;
use super::schedule::opens_next;
use super::select::selected;
use super::strategy::Verdict;
use super::units::State;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

/// "At most 10 values each."
const MOST: usize = 10;

/// The facts of a gate.
pub fn of_gate(world: &World<'_>, promotion: &Promotion<'_>, gate: &str) -> Value {
    let json = promotion.json;
    match gate {
        "not_started" => json!({"starts_at": written_time(json, "starts_at")}),
        "ended" => json!({"ended_at": written_time(json, "ends_at")}),
        "outside_schedule" => {
            let schedule = field(json, "schedule").expect("a schedule");
            json!({"opens_at": opens_next(world, schedule, promotion.ends_at)})
        }
        "currency_mismatch" => {
            json!({"currency": text(json, "currency").unwrap_or(world.settings.currency)})
        }
        "out_of_scope" => {
            let (failed, wanted, actual) = failing_scope(world, json).expect("a part that fails");
            json!({"failed": failed, "wanted": first(wanted), "actual": first(&actual)})
        }
        "not_in_audience" => json!({"wanted": audience(promotion)}),
        _ => json!({}),
    }
}

fn first(values: &[Value]) -> Vec<Value> {
    values.iter().take(MOST).cloned().collect()
}

fn written_time(json: &Value, name: &str) -> String {
    let time = DateTime::parse_from_rfc3339(text(json, name).expect("a time"));
    time.expect("a time").to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The audience, at most 10 values each. "A promotion of type `loyalty` needs a membership, whatever its audience" (5.2).
fn audience(promotion: &Promotion<'_>) -> Value {
    let none = json!({"type": "all"});
    let own = field(promotion.json, "audience").unwrap_or(&none);
    let is_loyalty = text(own, "type") == Some("loyalty");
    let mut wanted = Map::new();
    let kind = if promotion.kind == "loyalty" { Some("loyalty") } else { text(own, "type") };
    wanted.insert("type".to_owned(), json!(kind));
    if is_loyalty || promotion.kind == "loyalty" {
        let program = |program: &Value| {
            json!({
                "program": program["program"],
                "tiers": first(list(program, "tiers")),
                "supplementary": first(list(program, "supplementary")),
            })
        };
        let programs = list(own, "programs").iter().take(MOST).map(program);
        wanted.insert("programs".to_owned(), programs.collect());
    }
    wanted.insert("groups".to_owned(), json!(first(list(own, "groups"))));
    Value::Object(wanted)
}

/// `{"by": {"promotion_id", "name"}}`
pub fn by(world: &World<'_>, place: usize) -> Value {
    let promotion = &world.promotions[place];
    json!({"by": {"promotion_id": promotion.id, "name": promotion.name}})
}

/// "`by` of `units_taken` is the first, in order of application, whose claims are on such a unit": on a unit that the
/// promotion would discount if nothing had been claimed. `None`: nobody has a claim there, so nobody took units.
pub fn units_taken(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    verdict: &Verdict,
) -> Option<Value> {
    let untouched = State::untouched(world);
    let turns = units_to_discount(world, promotion, &untouched).into_iter().flat_map(|line| {
        let pieces = &verdict.state.lines[line].pieces;
        pieces.iter().flat_map(|piece| piece.claims.iter().copied())
    });
    let turn = turns.min()?;
    let claiming =
        verdict.applied.iter().filter(|(place, _)| world.promotions[*place].is_item_level());
    let (place, _) = claiming.clone().nth(turn - 1).expect("a promotion of each turn");
    Some(by(world, *place))
}

/// The lines whose units the promotion could discount, were they free (7.3 "Which units").
fn units_to_discount(world: &World<'_>, promotion: &Promotion<'_>, state: &State) -> Vec<usize> {
    let Ok(parts) = conditions_met(world, promotion, state) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for (sight, requirements) in &parts {
        let benefit = &sight.promotion.benefit;
        let required = lines_of(requirements);
        lines.extend(match (benefit.from, benefit.select) {
            // A set needs units of every requirement, also those that `select` does not discount.
            _ if benefit.units_are_sets() => required,
            ("in_condition", select) => selected(world, select, &required),
            ("beyond_condition", None) => required,
            (_, select) => selected(world, select, &sight.part),
        });
    }
    lines
}

/// `{"field", "values"}` of what the promotion would discount: its target's selector, or the first line condition where the
/// units are those of the conditions.
pub fn wanted(promotion: &Promotion<'_>) -> Value {
    let benefit = &promotion.benefit;
    let from_conditions = benefit.level == "item" && benefit.from != "matching";
    let conditions = field(promotion.json, "conditions");
    let of_step = promotion.steps.first().and_then(|step| step.step.as_ref());
    let selector = match benefit.select {
        Some(select) => Some(select),
        None if benefit.kind != "free_product" && from_conditions => {
            let own = conditions.and_then(first_line_condition);
            let own = own.or(of_step.and_then(|step| first_line_condition(&step.leaf)));
            own.and_then(|leaf| field(leaf, "of"))
        }
        None => None,
    };
    json!({"wanted": selector.and_then(named_values)})
}

fn first_line_condition(condition: &Value) -> Option<&Value> {
    match text(condition, "type").expect("a type") {
        "group" => list(condition, "of").iter().find_map(first_line_condition),
        "line_amount" | "line_quantity" | "distinct_products" | "distinct_variants" => {
            Some(condition)
        }
        "item" if condition["found"] != json!(false) => Some(condition),
        _ => None,
    }
}

/// "Of the first including predicate with `eq` or `in`"; a product list stands by its name.
fn named_values(selector: &Value) -> Option<Value> {
    list(selector, "include").iter().find_map(|predicate| {
        let mut wanted = Map::new();
        wanted.insert("field".to_owned(), predicate["field"].clone());
        wanted.insert("key".to_owned(), predicate["key"].clone());
        match text(predicate, "op").expect("an operator") {
            "eq" => wanted.insert("values".to_owned(), json!([predicate["value"]])),
            "in" => wanted.insert("values".to_owned(), json!(first(list(predicate, "values")))),
            "in_list" => {
                wanted.insert("list".to_owned(), predicate["list"].clone());
                wanted.insert("values".to_owned(), json!([]))
            }
            _ => return None,
        };
        Some(Value::Object(wanted))
    })
}

/// "The others `wanted` (the first 10 values) and `actual` (what the cart has there, the first 10)" (8).
pub fn wanted_and_actual(world: &World<'_>, leaf: &Value) -> (Vec<Value>, Vec<Value>) {
    let wanted = match field(leaf, "value") {
        Some(value) => vec![value.clone()],
        None => first(list(leaf, "values")),
    };
    let of_list = |entries: &[Value], name: &str| {
        let own: Vec<Value> = entries.iter().map(|entry| entry[name].clone()).collect();
        first(&own)
    };
    let one = |value: Option<&Value>| value.cloned().into_iter().collect();
    let customer = |name: &str| world.customer.and_then(|customer| field(customer, name));
    let actual = match text(leaf, "type").expect("a type") {
        "payment_mode" => of_list(list(world.cart, "tenders"), "mode"),
        "gift_voucher" => first(list(world.cart, "gift_vouchers")),
        "shipping_method" => {
            one(field(world.cart, "shipping").and_then(|shipping| field(shipping, "method")))
        }
        "channel" => world.channel.map(|channel| json!(channel)).into_iter().collect(),
        "customer_group" => world.customer.map_or(Vec::new(), |it| first(list(it, "groups"))),
        "customer_attribute" => {
            one(customer("attributes").and_then(|it| field(it, text(leaf, "key").expect("a key"))))
        }
        _ => {
            let named = field(leaf, "of").and_then(named_values);
            let texts = named.filter(|it| is_text(&it["field"]) && it["list"].is_null());
            let sku = json!({"field": "sku", "values": []});
            let there = texts.unwrap_or(sku);
            let mut actual: Vec<Value> = Vec::new();
            for value in world.lines.iter().flat_map(|line| texts_of(line, &there)) {
                if !actual.contains(&value) {
                    actual.push(value);
                }
            }
            return (first(list(&there, "values")), first(&actual));
        }
    };
    (wanted, actual)
}

fn is_text(field: &Value) -> bool {
    let numbers = [
        "unit_price",
        "mrp",
        "quantity",
        "weight",
        "stock",
        "price_discount",
        "price_discount_percent",
    ];
    !numbers.iter().any(|name| field == name)
}

/// The texts that a line has in a field.
fn texts_of(line: &Line<'_>, named: &Value) -> Vec<Value> {
    let one = |value: Option<&Value>| value.cloned().into_iter().collect();
    let key = text(named, "key").unwrap_or_default();
    match text(named, "field").expect("a field") {
        "category" => list(line.json, "categories").to_vec(),
        "tag" => list(line.json, "tags").to_vec(),
        "attribute" => one(field(line.json, "attributes").and_then(|own| field(own, key))),
        "variant" => one(field(line.json, "variant").and_then(|own| field(own, key))),
        name => one(field(line.json, name)),
    }
}
