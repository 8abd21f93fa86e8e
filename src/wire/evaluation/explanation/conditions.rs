//! What is missing for conditions to hold, in words.

use super::items;
use super::words::{none_of, one_of};
use crate::domain::amount::{DECIMALS, Money, QUANTITY_DECIMALS};
use crate::domain::condition::{
    AttributeTest, CartMeasure, Condition, Leaf, LineMeasure, MAX_LEAVES, MemberSubject, ModeTest,
};
use crate::domain::exact::Exact;
use crate::domain::promotion::Terms;
use crate::domain::reason::{LeafPlace, Unmet, UnmetNumber};
use crate::domain::selector::{Match, NumberOperator, TextTest};

/// Decimals of a weight × a quantity.
const WEIGHT_DECIMALS: u32 = DECIMALS + QUANTITY_DECIMALS;

/// What one or several conditions ask for.
struct Asked<'t> {
    text: String,
    /// The leaf that asks for more in the cart, and how much, where it is one.
    more: Option<(&'t Leaf, &'t Exact)>,
    /// Whether it joins several.
    is_joined: bool,
}

/// What must change for the conditions to hold; `None` if no leaf is unmet.
pub(super) fn missing(terms: &Terms, unmet: &[Unmet], precision: u32) -> Option<String> {
    let search = Search { unmet, precision };
    let own = terms.conditions.as_ref();
    let own = own.and_then(|own| search.of(own, &mut Vec::with_capacity(MAX_LEAVES), true));
    let first = terms.steps.as_ref().map(|steps| steps.leaf(steps.from));
    let step = first.as_ref().and_then(|first| {
        let unmet = unmet.iter().find(|own| own.place == LeafPlace::FirstStep)?;
        Some(search.of_leaf(first, unmet, true))
    });
    joined(own.into_iter().chain(step), Match::All).map(|all| all.text)
}

/// Joins what several conditions ask for. Where two ask for more of the same, one of them says it: the larger where all
/// must hold, the smaller where one suffices. What reads alike is said once.
fn joined<'t>(parts: impl Iterator<Item = Asked<'t>>, matching: Match) -> Option<Asked<'t>> {
    let mut all: Vec<Asked<'t>> = Vec::new();
    for own in parts {
        match all.iter_mut().find(|other| other.asks_for_the_same(&own)) {
            Some(other) => {
                let (one, two) = (other.more.map(|more| more.1), own.more.map(|more| more.1));
                let replaces = match matching {
                    Match::All => two > one,
                    Match::Any => two < one,
                };
                if replaces {
                    *other = own;
                }
            }
            None => all.push(own),
        }
    }
    let last = all.pop()?;
    if all.is_empty() {
        return Some(last);
    }
    // Between parts that are joined themselves, a comma tells what belongs together.
    let comma = if last.is_joined || all.iter().any(|own| own.is_joined) { "," } else { "" };
    let word = if matching == Match::All { "and" } else { "or" };
    let before: Vec<&str> = all.iter().map(|own| own.text.as_str()).collect();
    let text = format!("{}{comma} {word} {}", before.join(", "), last.text);
    Some(Asked { text, more: None, is_joined: true })
}

impl Asked<'_> {
    fn asks_for_the_same(&self, other: &Asked<'_>) -> bool {
        let both = self.more.zip(other.more);
        self.text == other.text || both.is_some_and(|(own, other)| counts_the_same(own.0, other.0))
    }
}

/// Whether two leaves count the same goods, so that one sentence can ask for more of both.
fn counts_the_same(one: &Leaf, two: &Leaf) -> bool {
    match (one, two) {
        (Leaf::Cart { measure: one, .. }, Leaf::Cart { measure: two, .. }) => {
            more_in_cart(*one, "") == more_in_cart(*two, "")
        }
        (
            Leaf::Lines { measure: one, of: these, .. },
            Leaf::Lines { measure: two, of: those, .. },
        ) => one == two && these == those,
        (
            Leaf::Cart { .. }
            | Leaf::Lines { .. }
            | Leaf::Item { .. }
            | Leaf::PaymentMode { .. }
            | Leaf::GiftVoucher { .. }
            | Leaf::Member { .. }
            | Leaf::CustomerAttribute { .. },
            _,
        ) => false,
    }
}

struct Search<'t> {
    unmet: &'t [Unmet],
    precision: u32,
}

impl<'t> Search<'t> {
    /// What the unmet leaves below a node ask for. `asked`: what the node should come to.
    fn of(&self, node: &'t Condition, path: &mut Vec<usize>, asked: bool) -> Option<Asked<'t>> {
        match node {
            Condition::Leaf(own) => {
                let is_here = |unmet: &&Unmet| match &unmet.place {
                    LeafPlace::Conditions(place) => place == path,
                    LeafPlace::FirstStep => false,
                };
                let unmet = self.unmet.iter().find(is_here)?;
                Some(self.of_leaf(own, unmet, asked))
            }
            Condition::Group(group) => {
                let mut all = Vec::new();
                for (place, child) in group.of.iter().enumerate() {
                    path.push(place);
                    all.extend(self.of(child, path, group.is));
                    path.pop();
                }
                joined(all.into_iter(), group.matching)
            }
        }
    }

    fn of_leaf<'l>(&self, own: &'l Leaf, unmet: &'l Unmet, asked: bool) -> Asked<'l> {
        let number = unmet.number();
        let more = number.and_then(|number| Some((own, number.shortfall.as_ref()?)));
        Asked { text: leaf(own, number, asked, self.precision), more, is_joined: false }
    }
}

/// What a leaf asks for.
fn leaf(leaf: &Leaf, number: Option<&UnmetNumber>, asked: bool, precision: u32) -> String {
    match leaf {
        Leaf::Cart { measure, compare } => {
            let decimals = if measure.is_amount() { precision } else { 0 };
            match number.and_then(|own| own.shortfall.as_ref()) {
                Some(shortfall) => {
                    let finest = match measure {
                        CartMeasure::Amount | CartMeasure::Subtotal | CartMeasure::Mrp => precision,
                        CartMeasure::Weight => WEIGHT_DECIMALS,
                        CartMeasure::Quantity | CartMeasure::ItemCount => QUANTITY_DECIMALS,
                    };
                    let more = to_add(shortfall, compare.op, finest).print(decimals);
                    more_in_cart(*measure, &more)
                }
                None => bound(cart_noun(*measure), compare.op, number, asked, decimals),
            }
        }
        Leaf::Lines { measure, of, compare } => {
            let decimals = if measure.is_amount() { precision } else { 0 };
            match number.and_then(|own| own.shortfall.as_ref()) {
                Some(shortfall) => {
                    let finest = if measure.is_amount() { precision } else { QUANTITY_DECIMALS };
                    let more = to_add(shortfall, compare.op, finest).print(decimals);
                    let several = more != "1" || *measure == LineMeasure::Amount;
                    more_of_lines(*measure, &more, &items::of(of, several))
                }
                None => {
                    let noun = lines_noun(*measure, &items::of(of, true));
                    bound(&noun, compare.op, number, asked, decimals)
                }
            }
        }
        Leaf::Item { of, found } if *found == asked => {
            format!("add an item{}", items::of(of, false))
        }
        Leaf::Item { of, .. } => format!("take the items{} out", items::of(of, true)),
        Leaf::PaymentMode { test } => payment(test, asked, precision),
        Leaf::GiftVoucher { .. } if asked => "pay with a gift voucher that qualifies".to_owned(),
        Leaf::GiftVoucher { .. } => "pay without this gift voucher".to_owned(),
        Leaf::Member { subject, negated, values } => member(*subject, *negated != asked, values),
        Leaf::CustomerAttribute { key, test } => {
            let key = items::spaced(key);
            format!("buy as a customer whose {key} {}", attribute(test, asked))
        }
    }
}

/// A shortfall as a shopper can make up for it: rounded up to the finest step of what is added. What has to be equal is
/// told exactly.
fn to_add(shortfall: &Exact, op: NumberOperator, finest: u32) -> Exact {
    if op == NumberOperator::Eq { shortfall.clone() } else { shortfall.up_to(finest) }
}

fn more_in_cart(measure: CartMeasure, more: &str) -> String {
    match measure {
        CartMeasure::Amount | CartMeasure::Subtotal => format!("spend {more} more"),
        CartMeasure::Mrp => format!("add items worth {more} more at list price"),
        CartMeasure::Quantity => format!("add {more} more {}", item(more)),
        CartMeasure::Weight => format!("add items that weigh {more} more"),
        CartMeasure::ItemCount => format!("add {more} more different {}", item(more)),
    }
}

fn more_of_lines(measure: LineMeasure, more: &str, of: &str) -> String {
    match measure {
        LineMeasure::Amount => format!("spend {more} more on items{of}"),
        LineMeasure::Quantity => format!("add {more} more {}{of}", item(more)),
        LineMeasure::DistinctProducts => {
            let noun = if more == "1" { "product" } else { "products" };
            format!("add {more} more different {noun}{of}")
        }
        LineMeasure::DistinctVariants => format!("add {more} more different {}{of}", item(more)),
    }
}

fn item(count: &str) -> &'static str {
    if count == "1" { "item" } else { "items" }
}

const fn cart_noun(measure: CartMeasure) -> &'static str {
    match measure {
        CartMeasure::Amount => "the total",
        CartMeasure::Subtotal => "the total after discounts on items",
        CartMeasure::Mrp => "the total at list price",
        CartMeasure::Quantity => "the number of items",
        CartMeasure::Weight => "the weight",
        CartMeasure::ItemCount => "the number of different items",
    }
}

fn lines_noun(measure: LineMeasure, of: &str) -> String {
    match measure {
        LineMeasure::Amount => format!("the total of items{of}"),
        LineMeasure::Quantity => format!("the number of items{of}"),
        LineMeasure::DistinctProducts => format!("the number of different products{of}"),
        LineMeasure::DistinctVariants => format!("the number of different items{of}"),
    }
}

/// A bound that more in the cart does not meet: as “the total must be at most 500.00, not 700.00”.
fn bound(
    noun: &str,
    op: NumberOperator,
    number: Option<&UnmetNumber>,
    asked: bool,
    decimals: u32,
) -> String {
    let Some(UnmetNumber { required, actual, .. }) = number else {
        return format!("change {noun}");
    };
    let required = Exact::from(*required).print(decimals);
    let words = order_words(op, asked);
    if words == "not" {
        return format!("{noun} must not be {required}");
    }
    let space = if words.is_empty() { "" } else { " " };
    format!("{noun} must be {words}{space}{required}, not {}", actual.print(decimals))
}

/// What comes before the value; for equal values nothing.
const fn order_words(op: NumberOperator, asked: bool) -> &'static str {
    use NumberOperator::{Eq, Gt, Gte, Lt, Lte, Ne};
    match (op, asked) {
        (Eq, true) | (Ne, false) => "",
        (Ne, true) | (Eq, false) => "not",
        (Gt, true) | (Lte, false) => "over",
        (Gte, true) | (Lt, false) => "at least",
        (Lt, true) | (Gte, false) => "under",
        (Lte, true) | (Gt, false) => "at most",
    }
}

/// How the cart has to be paid.
pub fn payment(test: &ModeTest, asked: bool, precision: u32) -> String {
    let amount = |min: &Option<Money>, words: &str| {
        min.map_or_else(String::new, |min| format!(" {words} {}", min.print(precision)))
    };
    match (test, asked) {
        (ModeTest::In(modes, min), true) => {
            format!("pay{} with {}", amount(min, "at least"), one_of(modes))
        }
        (ModeTest::StartsWith(modes, min), true) => {
            format!(
                "pay{} with a method that begins with {}",
                amount(min, "at least"),
                one_of(modes)
            )
        }
        (ModeTest::NotIn(modes), true) | (ModeTest::In(modes, None), false) => {
            format!("pay with something other than {}", none_of(modes))
        }
        (ModeTest::In(modes, min), false) => {
            format!("pay{} with {}", amount(min, "less than"), one_of(modes))
        }
        (ModeTest::StartsWith(modes, None), false) => {
            format!("pay with a method that does not begin with {}", none_of(modes))
        }
        (ModeTest::StartsWith(modes, min), false) => {
            format!(
                "pay{} with a method that begins with {}",
                amount(min, "less than"),
                one_of(modes)
            )
        }
        (ModeTest::NotIn(modes), false) => format!("pay with {}", one_of(modes)),
    }
}

/// `within`: whether one of the values is asked for.
fn member(subject: MemberSubject, within: bool, values: &[String]) -> String {
    let values = if within { one_of(values) } else { none_of(values) };
    match (subject, within) {
        (MemberSubject::ShippingMethod, true) => format!("choose the shipping method {values}"),
        (MemberSubject::ShippingMethod, false) => {
            format!("choose a shipping method other than {values}")
        }
        (MemberSubject::Channel, true) => format!("buy through the channel {values}"),
        (MemberSubject::Channel, false) => format!("buy through a channel other than {values}"),
        (MemberSubject::CustomerGroup, true) => {
            format!("buy as a customer in the group {values}")
        }
        (MemberSubject::CustomerGroup, false) => {
            format!("buy as a customer who is not in the group {values}")
        }
    }
}

fn attribute(test: &AttributeTest, asked: bool) -> String {
    let is = if asked { "is" } else { "is not" };
    let is_not = if asked { "is not" } else { "is" };
    match test {
        AttributeTest::Number(order, value) => {
            format!("is {} {value}", order_words(order.operator(), asked))
        }
        AttributeTest::Text(TextTest::Eq(value)) => format!("{is} {value}"),
        AttributeTest::Text(TextTest::Ne(value)) => format!("{is_not} {value}"),
        AttributeTest::Text(TextTest::In(values)) => one_or_none(asked, values),
        AttributeTest::Text(TextTest::NotIn(values)) => one_or_none(!asked, values),
        AttributeTest::Text(TextTest::Contains(value)) if asked => format!("contains {value}"),
        AttributeTest::Text(TextTest::Contains(value)) => format!("does not contain {value}"),
        AttributeTest::Text(TextTest::StartsWith(value)) if asked => {
            format!("begins with {value}")
        }
        AttributeTest::Text(TextTest::StartsWith(value)) => {
            format!("does not begin with {value}")
        }
    }
}

/// `within`: whether one of the values is asked for.
fn one_or_none(within: bool, values: &[String]) -> String {
    if within { format!("is {}", one_of(values)) } else { format!("is not {}", none_of(values)) }
}
