//! Selectors (5.3): which lines are meant.

use super::document::{Line, World, field, list, text};
use super::number::{Exact, percent, read};
use num_traits::Zero;
use serde_json::Value;

/// Does the selector select the line? "A line is selected when `include` is empty or all / any (default
/// `all`) of it hold, and none of `exclude` holds."
pub fn selects(world: &World<'_>, selector: &Value, line: &Line<'_>) -> bool {
    let include = list(selector, "include");
    let holds = |predicate: &Value| predicate_holds(world, predicate, line);
    let included = include.is_empty()
        || match text(selector, "match").unwrap_or("all") {
            "any" => include.iter().any(holds),
            _ => include.iter().all(holds),
        };
    included && !list(selector, "exclude").iter().any(holds)
}

/// The lines among `lines` that an optional selector selects; without one all of them.
pub fn selected(world: &World<'_>, selector: Option<&Value>, lines: &[usize]) -> Vec<usize> {
    let takes = |line: &usize| selector.is_none_or(|it| selects(world, it, &world.lines[*line]));
    lines.iter().copied().filter(takes).collect()
}

/// One test of one line. "A field that the line lacks makes a predicate false, whatever the operator."
fn predicate_holds(world: &World<'_>, predicate: &Value, line: &Line<'_>) -> bool {
    let key = text(predicate, "key").unwrap_or_default();
    match text(predicate, "field").expect("a field") {
        "sku" if text(predicate, "op") == Some("in_list") => {
            let name = text(predicate, "list").expect("a list");
            list(world.product_lists, name).iter().any(|sku| sku.as_str() == Some(line.sku))
        }
        name @ ("sku" | "product" | "title" | "brand" | "supplier" | "product_group") => {
            text(line.json, name).is_some_and(|value| text_holds(predicate, value))
        }
        "category" => any_text_holds(predicate, list(line.json, "categories")),
        "tag" => any_text_holds(predicate, list(line.json, "tags")),
        "attribute" => keyed_text_holds(predicate, line, "attributes", key),
        "variant" => keyed_text_holds(predicate, line, "variant", key),
        name => field_number(line, name).is_some_and(|value| number_holds(predicate, &value)),
    }
}

fn keyed_text_holds(predicate: &Value, line: &Line<'_>, map: &str, key: &str) -> bool {
    field(line.json, map)
        .and_then(|it| text(it, key))
        .is_some_and(|value| text_holds(predicate, value))
}

/// The number fields of a line; `price_discount_percent` with an mrp of 0 counts as lacking.
fn field_number(line: &Line<'_>, name: &str) -> Option<Exact> {
    match name {
        "unit_price" => Some(line.price.clone()),
        "quantity" => Some(line.quantity.clone()),
        "mrp" => line.mrp.clone(),
        "weight" | "stock" => field(line.json, name).and_then(read),
        "price_discount" => line.mrp.as_ref().map(|mrp| mrp - &line.price),
        "price_discount_percent" => line
            .mrp
            .as_ref()
            .filter(|mrp| !mrp.is_zero())
            .map(|mrp| (mrp - &line.price) / percent(mrp)),
        other => panic!("no field {other}"),
    }
}

/// "List of text: the predicate holds when it holds for one of them; `ne`, `not_in` when for all";
/// an empty list counts as lacking.
fn any_text_holds(predicate: &Value, values: &[Value]) -> bool {
    let mut verdicts =
        values.iter().filter_map(Value::as_str).map(|value| text_holds(predicate, value));
    match text(predicate, "op") {
        Some("ne" | "not_in") => !values.is_empty() && verdicts.all(|it| it),
        _ => verdicts.any(|it| it),
    }
}

/// The text operators: `eq`, `ne`, `in`, `not_in`, `contains`, `starts_with`, case included.
pub fn text_holds(test: &Value, value: &str) -> bool {
    let wanted = || text(test, "value").expect("a value");
    let among = || list(test, "values").iter().any(|it| it.as_str() == Some(value));
    match text(test, "op").expect("an operator") {
        "eq" => value == wanted(),
        "ne" => value != wanted(),
        "in" => among(),
        "not_in" => !among(),
        "contains" => value.contains(wanted()),
        "starts_with" => value.starts_with(wanted()),
        other => panic!("no text operator {other}"),
    }
}

/// The number operators, and `between` with both ends included.
fn number_holds(predicate: &Value, value: &Exact) -> bool {
    match text(predicate, "op").expect("an operator") {
        "between" => {
            let ends: Vec<Exact> = list(predicate, "values").iter().filter_map(read).collect();
            ends[0] <= *value && *value <= ends[1]
        }
        op => compares(value, op, &field(predicate, "value").and_then(read).expect("a number")),
    }
}

/// `eq`, `ne`, `gt`, `gte`, `lt`, `lte` of two numbers.
pub fn compares(actual: &Exact, op: &str, required: &Exact) -> bool {
    match op {
        "eq" => actual == required,
        "ne" => actual != required,
        "gt" => actual > required,
        "gte" => actual >= required,
        "lt" => actual < required,
        "lte" => actual <= required,
        other => panic!("no number operator {other}"),
    }
}
