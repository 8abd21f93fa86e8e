//! Conditions (5.3): judged on the cart, the requirements that they leave (7.3), and what is unmet (8).

use super::document::{Promotion, World, at, decimal, field, flag, list, text};
use super::number::{Exact, amount, decimal as read_decimal, plain, whole};
use super::select::{compares, selected, text_holds};
use super::units::{Piece, State};
use num_traits::{Signed, Zero};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What a promotion's conditions see: the cart as it is now, the line conditions only `part` of it
/// (`same`, 5.4).
pub struct Sight<'a> {
    pub world: &'a World<'a>,
    pub promotion: &'a Promotion<'a>,
    pub state: &'a State,
    pub part: Vec<usize>,
}

impl Sight<'_> {
    /// Under `consumed` "claimed units do not count towards the line conditions of later item-level
    /// promotions"; else the whole cart is seen (7.3).
    pub fn counts(&self, piece: &Piece) -> bool {
        let hides = self.world.settings.consumed && self.promotion.is_item_level();
        !hides || piece.claims.is_empty()
    }

    /// The quantity of a line that counts.
    pub fn counted(&self, line: usize) -> Exact {
        let pieces = self.state.lines[line].pieces.iter();
        let counted = pieces.filter(|piece| self.counts(piece));
        counted.map(|piece| &piece.quantity).sum()
    }
}

/// A condition with its verdict.
pub enum Judged<'a> {
    Leaf {
        json: &'a Value,
        path: String,
        value: bool,
        number: Option<Measured>,
        /// The lines that `of` selects, for a line condition.
        lines: Option<Vec<usize>>,
    },
    Group {
        value: bool,
        is: bool,
        of: Vec<Judged<'a>>,
    },
}

/// The two sides of a number leaf.
pub struct Measured {
    actual: Exact,
    required: Exact,
    is_amount: bool,
}

impl Judged<'_> {
    /// Does it hold?
    pub fn value(&self) -> bool {
        match self {
            Judged::Leaf { value, .. } | Judged::Group { value, .. } => *value,
        }
    }
}

/// Judges the promotion's conditions; "null is always true", and is none here. The conditions of a step are "*all
/// of* its own conditions and the leaf" of the step (5.4), whose path is `/benefit/steps/values/k` (8).
pub fn judge<'a>(sight: &Sight<'a>) -> Option<Judged<'a>> {
    let own = field(sight.promotion.json, "conditions");
    let own = own.map(|condition| judge_one(sight, condition, "/conditions".to_owned()));
    let Some(step) = &sight.promotion.step else {
        return own;
    };
    let leaf = judge_leaf(sight, &step.leaf, format!("/benefit/steps/values/{}", step.place));
    let of: Vec<Judged<'a>> = own.into_iter().chain([leaf]).collect();
    Some(Judged::Group { value: of.iter().all(Judged::value), is: true, of })
}

/// A group: "all / any of the children evaluate to `is` (defaults `all`, `true`)".
fn judge_one<'a>(sight: &Sight<'a>, json: &'a Value, path: String) -> Judged<'a> {
    if text(json, "type") != Some("group") {
        return judge_leaf(sight, json, path);
    }
    let is = flag(json, "is", true);
    let children = list(json, "of").iter().enumerate();
    let of: Vec<Judged<'a>> = children
        .map(|(place, child)| judge_one(sight, child, format!("{path}/of/{place}")))
        .collect();
    let mut verdicts = of.iter().map(|child| child.value() == is);
    let value = match text(json, "match").unwrap_or("all") {
        "any" => verdicts.any(|it| it),
        _ => verdicts.all(|it| it),
    };
    Judged::Group { value, is, of }
}

fn judge_leaf<'a>(sight: &Sight<'a>, json: &'a Value, path: String) -> Judged<'a> {
    let kind = text(json, "type").expect("a type");
    let lines = match kind {
        "line_amount" | "line_quantity" | "distinct_products" | "distinct_variants" => true,
        "item" => flag(json, "found", true),
        _ => false,
    };
    let lines = lines.then(|| selected(sight.world, field(json, "of"), &sight.part));
    let number = measure(sight, kind, lines.as_deref()).map(|(actual, is_amount)| Measured {
        actual,
        required: decimal(json, "value").expect("a value"),
        is_amount,
    });
    let value = match (&number, &lines) {
        (Some(it), _) => compares(&it.actual, text(json, "op").expect("an operator"), &it.required),
        (None, Some(lines)) => lines.iter().any(|line| !sight.counted(*line).is_zero()),
        (None, None) => other_leaf_holds(sight.world, kind, json),
    };
    Judged::Leaf { json, path, value, number, lines }
}

/// "Value compared" of the number leaves, and whether it is an amount.
fn measure(sight: &Sight<'_>, kind: &str, lines: Option<&[usize]>) -> Option<(Exact, bool)> {
    let world = sight.world;
    let sum = |of: &dyn Fn(usize) -> Exact| (0..world.lines.len()).map(of).sum::<Exact>();
    let lines = lines.unwrap_or_default();
    let there = || lines.iter().filter(|line| !sight.counted(**line).is_zero());
    let gross = |line: usize| world.lines[line].gross();
    Some(match kind {
        "cart_amount" => (sum(&gross), true),
        "subtotal" if sight.promotion.is_item_level() => (sum(&gross), true),
        "subtotal" => {
            let off = |line: usize| sight.state.lines[line].item_discount.clone();
            (sum(&gross) - sum(&off), true)
        }
        "total_mrp" => {
            let mrp = |line: usize| {
                let line = &world.lines[line];
                line.mrp.as_ref().unwrap_or(&line.price) * &line.quantity
            };
            (sum(&mrp), true)
        }
        "total_quantity" => (sum(&|line| world.lines[line].quantity.clone()), false),
        "total_weight" => {
            let weight = |line: usize| {
                let line = &world.lines[line];
                decimal(line.json, "weight").map_or_else(Exact::zero, |it| it * &line.quantity)
            };
            (sum(&weight), false)
        }
        "item_count" => (distinct(world.lines.iter().map(|line| line.sku)), false),
        "line_amount" => {
            let worth = |line: &usize| sight.counted(*line) * &world.lines[*line].price;
            (lines.iter().map(worth).sum(), true)
        }
        "line_quantity" => (lines.iter().map(|line| sight.counted(*line)).sum(), false),
        "distinct_products" => {
            let products = there().map(|line| world.lines[*line].product);
            (distinct(products), false)
        }
        "distinct_variants" => (distinct(there().map(|line| world.lines[*line].sku)), false),
        _ => return None,
    })
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Exact {
    whole(names.collect::<BTreeSet<_>>().len() as u64)
}

/// The leaves that compare no number of the cart.
fn other_leaf_holds(world: &World<'_>, kind: &str, json: &Value) -> bool {
    match kind {
        // `found: false`: "is there no selected line"; it sees the whole cart (7.3).
        "item" => selected(world, field(json, "of"), &world.all_lines()).is_empty(),
        "payment_mode" => payment_mode_holds(json, list(world.cart, "tenders")),
        "gift_voucher" => list(world.cart, "gift_vouchers").iter().any(|voucher| {
            list(json, "values").iter().any(|value| same_in_any_case(value, voucher))
        }),
        // "What the request lacks makes it false."
        "shipping_method" => at(world.cart, &["shipping", "method"])
            .and_then(Value::as_str)
            .is_some_and(|method| text_holds(json, method)),
        "channel" => world.channel.is_some_and(|it| text_holds(json, it)),
        // "A customer without groups is in none (`not_in`: true)."
        "customer_group" => world.customer.is_some_and(|customer| {
            let mut groups = list(customer, "groups").iter();
            let is_in_one = groups.any(|group| list(json, "values").contains(group));
            is_in_one == (text(json, "op") == Some("in"))
        }),
        "customer_attribute" => customer_attribute_holds(world, json),
        other => panic!("no condition {other}"),
    }
}

fn same_in_any_case(a: &Value, b: &Value) -> bool {
    let text = |value: &Value| value.as_str().expect("a text").to_ascii_lowercase();
    text(a) == text(b)
}

/// "True when a tender's mode matches one of the values, or, for `not_in`, when there are tenders and none
/// of them matches; with `min_amount` the matching tenders' amounts must reach it (a tender without
/// amount counts 0). Without tenders: false."
fn payment_mode_holds(json: &Value, tenders: &[Value]) -> bool {
    let starts = text(json, "op") == Some("starts_with");
    let matches = |tender: &&Value| {
        let mode = text(tender, "mode").expect("a mode");
        let mut values = list(json, "values").iter().filter_map(Value::as_str);
        // "Without regard to ASCII case" (5.3).
        let mode = mode.to_ascii_lowercase();
        values.any(|value| {
            let value = value.to_ascii_lowercase();
            if starts { mode.starts_with(&value) } else { mode == value }
        })
    };
    let matching: Vec<&Value> = tenders.iter().filter(matches).collect();
    if text(json, "op") == Some("not_in") {
        return !tenders.is_empty() && matching.is_empty();
    }
    let paid: Exact = matching.iter().filter_map(|tender| decimal(tender, "amount")).sum();
    !matching.is_empty() && decimal(json, "min_amount").is_none_or(|least| paid >= least)
}

/// "`gt`, `gte`, `lt`, `lte` as numbers (false when it is none), all others as text; missing: false."
fn customer_attribute_holds(world: &World<'_>, json: &Value) -> bool {
    let attributes = world.customer.and_then(|it| field(it, "attributes"));
    let key = text(json, "key").expect("a key");
    let Some(value) = attributes.and_then(|it| text(it, key)) else {
        return false;
    };
    match text(json, "op").expect("an operator") {
        op @ ("gt" | "gte" | "lt" | "lte") => {
            let required = decimal(json, "value");
            let actual = read_decimal(value);
            matches!((actual, required), (Some(a), Some(b)) if compares(&a, op, &b))
        }
        _ => text_holds(json, value),
    }
}

/// What a line condition needs (7.3).
#[derive(Clone)]
pub enum Need {
    Units(Exact),
    Worth(Exact),
    All,
}

/// A line condition on which the promotion rests.
#[derive(Clone)]
pub struct Requirement {
    pub lines: Vec<usize>,
    pub need: Need,
}

/// "The line conditions that are true, and all of whose enclosing groups are true and have `is: true`, are
/// its requirements."
pub fn requirements(judged: &Judged<'_>) -> Vec<Requirement> {
    match judged {
        Judged::Leaf { json, value: true, number, lines: Some(lines), .. } => {
            vec![Requirement { lines: lines.clone(), need: need_of(json, number.as_ref()) }]
        }
        Judged::Group { value: true, is: true, of } => of.iter().flat_map(requirements).collect(),
        Judged::Leaf { .. } | Judged::Group { .. } => Vec::new(),
    }
}

/// "`line_quantity` with `gte v` or `eq v` needs v units, with `gt v` the least whole number above v;
/// `line_amount` with `gte`/`gt`/`eq` needs units worth at least the value; `item` needs one unit; every
/// other operator needs all the units that it selects."
fn need_of(json: &Value, number: Option<&Measured>) -> Need {
    let Some(measured) = number else {
        return Need::Units(whole(1));
    };
    let value = measured.required.clone();
    match (text(json, "type"), text(json, "op")) {
        (Some("line_quantity"), Some("gte" | "eq")) => Need::Units(value),
        (Some("line_quantity"), Some("gt")) => Need::Units(value.floor() + whole(1)),
        (Some("line_amount"), Some("gte" | "gt" | "eq")) => Need::Worth(value),
        _ => Need::All,
    }
}

/// One leaf that is not what its group asks.
#[derive(Clone)]
pub struct Unmet {
    /// As it is printed.
    pub json: Value,
    pub missing: Missing,
}

/// What a leaf lacks.
#[derive(Clone)]
pub struct Missing {
    /// The leaf.
    pub json: Value,
    /// The lines that it selects, for a line condition.
    pub lines: Option<Vec<usize>>,
    pub is_amount: bool,
    /// Required − actual, for a number.
    pub difference: Exact,
    pub shortfall: Option<Exact>,
    /// "Every enclosing group `is: true`."
    pub is_asked_for: bool,
}

impl Missing {
    /// The shortfall in proportion to what is required.
    pub fn ratio(&self) -> Option<Exact> {
        let required = decimal(&self.json, "value")?;
        let shortfall = self.shortfall.as_ref()?;
        Some(if required.is_zero() { Exact::zero() } else { shortfall / required })
    }
}

/// What the leaf of a step lacks (5.4).
pub fn missing_for_step(world: &World<'_>, promotion: &Promotion<'_>, state: &State) -> Missing {
    let sight = Sight { world, promotion, state, part: world.all_lines() };
    let leaf = &promotion.step.as_ref().expect("a step").leaf;
    unmet_leaf(&judge_leaf(&sight, leaf, String::new()), true, world.settings.precision).missing
}

/// "`unmet` names each leaf in a failing group that is not what its group asks."
pub fn unmet(judged: &Judged<'_>, precision: u32) -> Vec<Unmet> {
    let mut found = Vec::new();
    if !judged.value() {
        collect_unmet(judged, true, precision, &mut found);
    }
    found
}

fn collect_unmet(node: &Judged<'_>, mendable: bool, precision: u32, found: &mut Vec<Unmet>) {
    match node {
        Judged::Leaf { .. } => found.push(unmet_leaf(node, mendable, precision)),
        Judged::Group { value: true, .. } => {}
        Judged::Group { is, of, .. } => {
            for child in of.iter().filter(|child| child.value() != *is) {
                collect_unmet(child, mendable && *is, precision, found);
            }
        }
    }
}

/// "Number leaves give `required`, `actual` (amounts printed as amounts, counts plainly) and, where more in
/// the cart can mend them (`gte`, `gt`, `eq` below the value, every enclosing group `is: true`),
/// `shortfall`: what must be added so that the leaf holds: required − actual."
fn unmet_leaf(node: &Judged<'_>, mendable: bool, precision: u32) -> Unmet {
    let Judged::Leaf { json, path, number, lines, .. } = node else {
        unreachable!("a leaf");
    };
    let mut entry = Map::new();
    entry.insert("path".to_owned(), json!(path));
    entry.insert("type".to_owned(), json["type"].clone());
    let op = text(json, "op");
    if let Some(op) = op {
        entry.insert("op".to_owned(), json!(op));
    }
    let mut own = Missing {
        json: (*json).clone(),
        lines: lines.clone(),
        is_amount: false,
        difference: Exact::zero(),
        shortfall: None,
        is_asked_for: mendable,
    };
    if let Some(it) = number {
        let print = |number: &Exact| {
            if it.is_amount { amount(number, precision) } else { plain(number) }
        };
        entry.insert("required".to_owned(), json!(print(&it.required)));
        entry.insert("actual".to_owned(), json!(print(&it.actual)));
        // "Under `gt` one unit of the precision more (amounts) or the least whole number above that."
        let missing = match (op, it.is_amount) {
            (Some("gt"), true) => {
                &it.required - &it.actual + whole(1) / whole(10_u64.pow(precision))
            }
            (Some("gt"), false) => (&it.required - &it.actual).floor() + whole(1),
            _ => &it.required - &it.actual,
        };
        let more_helps = match op {
            Some("gte" | "gt") => true,
            Some("eq") => missing.is_positive(),
            _ => false,
        };
        if mendable && more_helps {
            entry.insert("shortfall".to_owned(), json!(print(&missing)));
            own.shortfall = Some(missing);
        }
        own.is_amount = it.is_amount;
        own.difference = &it.required - &it.actual;
    }
    Unmet { json: Value::Object(entry), missing: own }
}
