//! The document that is evaluated, read into plain structures with every default of sections 4 to 6.

use super::number::{Exact, percent, read, whole};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use num_traits::Zero;
use serde_json::{Value, json};

/// A member of an object, `null` being the same as absent.
pub fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// A text member.
pub fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    field(object, name).and_then(Value::as_str)
}

/// A list member; absent is empty.
pub fn list<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    field(object, name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A decimal member.
pub fn decimal(object: &Value, name: &str) -> Option<Exact> {
    field(object, name).and_then(read)
}

/// A boolean member with its default.
pub fn flag(object: &Value, name: &str, default: bool) -> bool {
    field(object, name).and_then(Value::as_bool).unwrap_or(default)
}

/// A member of a member, and so on down a path.
pub fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |object, name| field(object, name))
}

/// Everything that one evaluation knows.
pub struct World<'a> {
    pub settings: Settings<'a>,
    pub lines: Vec<Line<'a>>,
    pub cart: &'a Value,
    pub customer: Option<&'a Value>,
    pub store: Option<&'a Value>,
    pub channel: Option<&'a str>,
    pub product_lists: &'a Value,
    pub explain_all: bool,
    pub currency: &'a str,
    pub shipping: Option<Exact>,
    pub now: DateTime<Utc>,
    pub promotions: Vec<Promotion<'a>>,
}

/// Section 4.
pub struct Settings<'a> {
    pub currency: &'a str,
    pub timezone: Tz,
    pub cart_first: bool,
    pub best_deal: bool,
    pub optimal: bool,
    pub multiple_per_line: bool,
    pub multiple_exclude: Option<&'a Value>,
    pub unit_stacking: bool,
    pub stacking_bound: Option<usize>,
    pub multiple_cart: bool,
    pub net: bool,
    pub consumed: bool,
    pub ranking: Vec<&'a str>,
    pub rounding: &'a str,
    pub precision: u32,
    pub max_discount_percent: Option<Exact>,
}

/// A line of the cart (6).
pub struct Line<'a> {
    pub json: &'a Value,
    pub id: &'a str,
    pub sku: &'a str,
    pub product: &'a str,
    pub quantity: Exact,
    pub price: Exact,
    pub mrp: Option<Exact>,
    pub tax: Exact,
    pub charges: Exact,
    /// "The floor of a unit is the larger of its line's `floor_price` and unit_price × (100 −
    /// `max_discount_percent`) ÷ 100 (0 without either)" (7.1).
    pub floor: Exact,
    /// "Lines that match the selector `exclude` behave as if it were false" (4).
    pub one_promotion: bool,
}

impl Line<'_> {
    /// "gross(line) = unit_price × quantity, exact" (7.1).
    pub fn gross(&self) -> Exact {
        &self.price * &self.quantity
    }
}

/// A promotion (5).
pub struct Promotion<'a> {
    pub index: usize,
    pub id: &'a str,
    pub name: &'a str,
    pub kind: &'a str,
    pub status: &'a str,
    pub json: &'a Value,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub sequence: i64,
    pub exclusive: bool,
    pub allow_further: bool,
    pub group: Option<&'a str>,
    pub tags: &'a [Value],
    pub not_with: &'a [Value],
    pub benefit: Benefit<'a>,
    /// "The promotion without steps that has the `value` of the step" (5.4), for every step of a promotion that has some.
    pub steps: Vec<Promotion<'a>>,
    /// Of which step it is made, if it is.
    pub step: Option<Step>,
    /// The least of `max_times`, `limits.cart.times` and what is left of every `times` limit.
    pub times_bound: Option<u64>,
    /// The least of `limits.cart.discount` and what is left of every `discount` limit.
    pub cap: Option<Exact>,
}

impl Promotion<'_> {
    /// "Promotions whose target is `items` are item-level (so is `free_product`)" (5.4).
    pub fn is_item_level(&self) -> bool {
        self.benefit.level == "item"
    }

    /// "Two promotions are *incompatible* when one's `not_with` names a tag of the other" (5).
    pub fn is_incompatible_with(&self, other: &Promotion<'_>) -> bool {
        let names = |own: &[Value], tags: &[Value]| own.iter().any(|name| tags.contains(name));
        names(self.not_with, other.tags) || names(other.not_with, self.tags)
    }
}

/// A step (5.4).
pub struct Step {
    /// "Its place, from 0."
    pub place: usize,
    /// "The leaf `line_amount` (or `line_quantity`) of `of` with `gte` `from` (`of` null: `cart_amount`, or
    /// `total_quantity`)."
    pub leaf: Value,
}

/// A benefit (5.4).
pub struct Benefit<'a> {
    pub kind: &'a str,
    pub level: &'static str,
    pub value: Exact,
    pub from: &'a str,
    pub select: Option<&'a Value>,
    pub quantity: Option<Exact>,
    pub pick: &'a str,
    pub within_application: bool,
    pub mrp_base: bool,
    pub per_unit: bool,
    pub same: Option<&'a str>,
    pub repeat: Option<Repeat<'a>>,
    pub product: &'a str,
}

/// How often a benefit is repeated.
pub struct Repeat<'a> {
    pub per: &'a str,
    pub every: Exact,
}

impl Benefit<'_> {
    /// Is it repeated per `per`?
    pub fn repeats_per(&self, per: &str) -> bool {
        self.repeat.as_ref().is_some_and(|it| it.per == per)
    }

    /// "sets (`set`, or a `bundle_price` on `in_condition` without `repeat`)": are the units sets?
    pub fn units_are_sets(&self) -> bool {
        let bundle = self.kind == "bundle_price" && self.repeat.is_none();
        self.level == "item"
            && self.kind != "free_product"
            && self.from == "in_condition"
            && (bundle || self.repeats_per("set"))
    }
}

impl<'a> World<'a> {
    /// Reads a valid document.
    pub fn read(document: &'a Value) -> World<'a> {
        let request = field(document, "request").expect("a request");
        let cart = field(request, "cart").expect("a cart");
        let settings = read_settings(field(document, "settings").unwrap_or(&Value::Null));
        let code = text(request, "store");
        let mut world = World {
            lines: list(cart, "lines").iter().map(|line| read_line(&settings, line)).collect(),
            cart,
            customer: field(request, "customer"),
            store: list(document, "stores")
                .iter()
                .find(|store| code.is_some() && text(store, "code") == code),
            channel: text(request, "channel"),
            product_lists: field(document, "product_lists").unwrap_or(&Value::Null),
            explain_all: text(request, "explain") == Some("all"),
            currency: text(cart, "currency").unwrap_or(settings.currency),
            shipping: field(cart, "shipping").and_then(|it| decimal(it, "amount")),
            now: instant(text(request, "at").expect("a time")),
            promotions: list(document, "promotions")
                .iter()
                .enumerate()
                .map(|(index, json)| read_promotion(index, json))
                .collect(),
            settings,
        };
        if let Some(exclude) = world.settings.multiple_exclude {
            for line in 0..world.lines.len() {
                world.lines[line].one_promotion =
                    super::select::selects(&world, exclude, &world.lines[line]);
            }
        }
        world
    }

    /// The customer's id: whoever has none is not identified.
    pub fn customer_id(&self) -> Option<&'a str> {
        self.customer.and_then(|customer| text(customer, "id"))
    }

    /// Every line of the cart.
    pub fn all_lines(&self) -> Vec<usize> {
        (0..self.lines.len()).collect()
    }
}

/// An RFC 3339 time.
fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").with_timezone(&Utc)
}

fn read_settings(json: &Value) -> Settings<'_> {
    let default_ranking = vec![
        "exclusive",
        "sequence",
        "segmented",
        "rewards",
        "code_linked",
        "earliest_expiry",
        "maximum_discount",
    ];
    let multiple = field(json, "multiple_promotions_per_line").unwrap_or(&Value::Null);
    let stacking = field(json, "unit_stacking").unwrap_or(&Value::Null);
    let rounding = field(json, "rounding").unwrap_or(&Value::Null);
    Settings {
        currency: text(json, "currency").unwrap_or("INR"),
        timezone: text(json, "timezone").unwrap_or("Asia/Kolkata").parse().expect("a time zone"),
        cart_first: text(json, "evaluation_order") == Some("cart_first"),
        best_deal: text(json, "strategy") == Some("best_deal"),
        optimal: text(json, "strategy") == Some("optimal"),
        multiple_per_line: flag(multiple, "enabled", true),
        multiple_exclude: field(multiple, "exclude"),
        unit_stacking: flag(stacking, "enabled", false),
        stacking_bound: field(stacking, "max_promotions")
            .and_then(Value::as_u64)
            .and_then(|bound| usize::try_from(bound).ok()),
        multiple_cart: flag(json, "multiple_cart_promotions", true),
        net: text(json, "percentage_base") == Some("net"),
        consumed: text(json, "qualifying_items") == Some("consumed"),
        ranking: field(json, "ranking").map_or(default_ranking, |it| {
            let criteria = it.as_array().into_iter().flatten();
            criteria.filter_map(Value::as_str).collect()
        }),
        rounding: text(rounding, "mode").unwrap_or("half_up"),
        precision: field(rounding, "precision")
            .and_then(Value::as_u64)
            .and_then(|it| u32::try_from(it).ok())
            .unwrap_or(2),
        max_discount_percent: decimal(json, "max_discount_percent"),
    }
}

fn read_line<'a>(settings: &Settings<'_>, json: &'a Value) -> Line<'a> {
    let sku = text(json, "sku").expect("a SKU");
    let price = decimal(json, "unit_price").expect("a price");
    let by_settings = match &settings.max_discount_percent {
        Some(most) => &price * percent(&(whole(100) - most)),
        None => Exact::zero(),
    };
    let by_line = decimal(json, "floor_price").unwrap_or_else(Exact::zero);
    Line {
        json,
        id: text(json, "id").expect("an id"),
        sku,
        product: text(json, "product").unwrap_or(sku),
        quantity: decimal(json, "quantity").expect("a quantity"),
        price,
        mrp: decimal(json, "mrp"),
        tax: decimal(json, "tax").unwrap_or_else(Exact::zero),
        charges: decimal(json, "charges").unwrap_or_else(Exact::zero),
        floor: by_settings.max(by_line),
        one_promotion: false,
    }
}

fn read_promotion(index: usize, json: &Value) -> Promotion<'_> {
    let steps = at(json, &["benefit", "steps"]);
    let of_step = |(place, step): (usize, &Value)| {
        let steps = steps.expect("steps");
        let mut promotion = read_without_steps(index, json);
        promotion.benefit.value = decimal(step, "value").expect("a value");
        promotion.step = Some(Step { place, leaf: leaf_of(steps, step) });
        promotion
    };
    let values = steps.map_or(&[][..], |steps| list(steps, "values"));
    let values = values.iter().enumerate();
    Promotion { steps: values.map(of_step).collect(), ..read_without_steps(index, json) }
}

/// The leaf that a step adds to the conditions.
fn leaf_of(steps: &Value, step: &Value) -> Value {
    let is_amount = text(steps, "measure").expect("a measure") == "amount";
    match (field(steps, "of"), is_amount) {
        (Some(of), true) => {
            json!({"type": "line_amount", "of": of, "op": "gte", "value": step["from"]})
        }
        (Some(of), false) => {
            json!({"type": "line_quantity", "of": of, "op": "gte", "value": step["from"]})
        }
        (None, true) => json!({"type": "cart_amount", "op": "gte", "value": step["from"]}),
        (None, false) => json!({"type": "total_quantity", "op": "gte", "value": step["from"]}),
    }
}

fn read_without_steps(index: usize, json: &Value) -> Promotion<'_> {
    let stacking = field(json, "stacking").unwrap_or(&Value::Null);
    let benefit = field(json, "benefit").expect("a benefit");
    let limits = field(json, "limits").unwrap_or(&Value::Null);
    let times = [
        at(benefit, &["repeat", "max_times"]),
        at(limits, &["cart", "times"]),
        at(limits, &["customer", "times", "max"]),
        at(limits, &["promotion", "times", "max"]),
        at(limits, &["code", "times", "max"]),
    ];
    let caps = [
        at(limits, &["cart", "discount"]),
        at(limits, &["customer", "discount", "max"]),
        at(limits, &["promotion", "discount", "max"]),
        at(limits, &["code", "discount", "max"]),
    ];
    Promotion {
        index,
        id: text(json, "id").expect("an id"),
        name: text(json, "name").expect("a name"),
        kind: text(json, "type").expect("a type"),
        status: text(json, "status").unwrap_or("active"),
        json,
        starts_at: instant(text(json, "starts_at").expect("a start")),
        ends_at: instant(text(json, "ends_at").expect("an end")),
        sequence: field(json, "sequence").and_then(Value::as_i64).unwrap_or(100),
        exclusive: flag(stacking, "exclusive", false),
        allow_further: flag(stacking, "allow_further", true),
        group: text(stacking, "group"),
        tags: list(stacking, "tags"),
        not_with: list(stacking, "not_with"),
        benefit: read_benefit(benefit),
        steps: Vec::new(),
        step: None,
        times_bound: times.into_iter().flatten().filter_map(Value::as_u64).min(),
        cap: caps.into_iter().flatten().filter_map(read).min(),
    }
}

fn read_benefit(json: &Value) -> Benefit<'_> {
    let kind = text(json, "type").expect("a type");
    let target = field(json, "target").unwrap_or(&Value::Null);
    let product = field(json, "product").unwrap_or(&Value::Null);
    let repeat = field(json, "repeat").map(|it| Repeat {
        per: text(it, "per").expect("a measure"),
        every: decimal(it, "every").unwrap_or_else(Exact::zero),
    });
    let mut benefit = Benefit {
        kind,
        level: match text(target, "type") {
            _ if kind == "free_product" => "item",
            Some("items") => "item",
            Some("shipping") => "shipping",
            _ => "cart",
        },
        value: decimal(json, "value").unwrap_or_else(Exact::zero),
        from: text(target, "from").unwrap_or("matching"),
        select: field(target, "select"),
        quantity: None,
        pick: text(target, "pick").unwrap_or(if kind == "bundle_price" {
            "most_expensive"
        } else {
            "cheapest"
        }),
        within_application: text(target, "within") == Some("application"),
        mrp_base: text(json, "base") == Some("mrp"),
        per_unit: text(json, "per") == Some("unit"),
        same: text(json, "same"),
        repeat,
        product: text(product, "sku").unwrap_or_default(),
    };
    benefit.quantity = if kind == "free_product" {
        Some(decimal(product, "quantity").unwrap_or_else(|| whole(1)))
    } else {
        decimal(target, "quantity").or_else(|| default_quantity(&benefit))
    };
    benefit
}

/// The default of `target.quantity` (5.4). None is "all that are there".
fn default_quantity(benefit: &Benefit<'_>) -> Option<Exact> {
    if benefit.within_application {
        return Some(whole(1));
    }
    if benefit.units_are_sets() {
        return None;
    }
    let repeat = benefit.repeat.as_ref()?;
    let counts_units = repeat.per == "quantity";
    if counts_units && (benefit.from == "in_condition" || benefit.kind == "bundle_price") {
        return Some(repeat.every.clone());
    }
    if benefit.kind == "amount_off" && !benefit.per_unit && repeat.per == "amount" {
        return None;
    }
    Some(whole(1))
}
