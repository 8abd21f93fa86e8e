//! Selectors and conditions (spec 5.3).

use serde_json::Value;

use super::form::{Decimal, Object, Side, boolean, choice, choice_of, constant, every, list, text};
use crate::domain::names::Named;
use crate::domain::selector::{MAX_PREDICATES, MAX_VALUES, Match, NumberOperator};
use crate::wire::condition::Type;
use crate::wire::decode::TextBound;
use crate::wire::selector::{Field, Operator};

const SEVERAL: [Operator; 2] = [Operator::In, Operator::NotIn];

const CART_LEAVES: [Type; 6] = [
    Type::CartAmount,
    Type::Subtotal,
    Type::TotalMrp,
    Type::TotalQuantity,
    Type::TotalWeight,
    Type::ItemCount,
];
const LINE_LEAVES: [Type; 4] =
    [Type::LineAmount, Type::LineQuantity, Type::DistinctProducts, Type::DistinctVariants];
const MEMBER_LEAVES: [Type; 3] = [Type::ShippingMethod, Type::Channel, Type::CustomerGroup];

/// Which lines are meant.
pub fn selector(side: Side) -> Value {
    let predicates = || list(side.part("Predicate"), 0..=MAX_PREDICATES);
    side.object()
        .or("match", choice::<Match>(), "all", "Whether all or any of `include` must hold.")
        .or("include", predicates(), "", "What a line must be; if empty, every line is.")
        .or("exclude", predicates(), "", "None of these may hold.")
        .schema("Which lines are meant. At most 50 predicates in all.")
}

/// One test of a line.
pub fn predicate(side: Side) -> Value {
    side.object()
        .required("field", choice::<Field>(), "What of the line is looked at.")
        .absent("key", text(TextBound::NAME), "The name of the attribute or variant property. Goes with `attribute` and `variant`, which need it.")
        .required("op", choice::<Operator>(), "How it is compared: texts by `eq`, `ne`, `contains`, `starts_with`, `in` and `not_in`, numbers by `eq`, `ne`, `gt`, `gte`, `lt`, `lte` and `between`, a SKU also by `in_list`.")
        .absent("value", side.scalar(), "What it is compared with: a text, exactly, case included, or the digits of a decimal. `in`, `not_in` and `between` take `values` instead, `in_list` a `list`.")
        .absent("values", list(side.scalar(), 1..=MAX_VALUES), "The same for `in` and `not_in`; for `between` the least and the greatest decimal, both included.")
        .absent("list", text(TextBound::NAME), "The name of a product list, which must exist. Goes with `in_list`, which needs it.")
        .schema("One test of a line. A field that the line lacks makes it false.")
}

/// What must hold: a group, or one of the leaves.
pub fn condition(side: Side) -> Value {
    let part = |kind| match kind {
        Type::Group => "GroupCondition",
        kind if CART_LEAVES.contains(&kind) => "CartCondition",
        kind if LINE_LEAVES.contains(&kind) => "LineCondition",
        Type::Item => "ItemCondition",
        Type::PaymentMode => "PaymentCondition",
        Type::GiftVoucher => "GiftVoucherCondition",
        Type::CustomerAttribute => "AttributeCondition",
        _ => "MemberCondition",
    };
    let says = "What must hold. Groups nest at most 5 deep; a tree has at most 10 conditions that are not groups.";
    side.one_of("type", Type::ALL, part, says)
}

/// A group.
pub fn group(side: Side) -> Value {
    let of = match side {
        Side::Request => list(side.part("Condition"), 1..=MAX_VALUES),
        Side::Answer => every(side.part("Condition")),
    };
    side.object()
        .required("type", constant(Type::Group), "")
        .or(
            "match",
            choice::<Match>(),
            "all",
            "Whether all or any of the children must be as `is` says.",
        )
        .or("is", boolean(), "true", "What the children must be.")
        .required("of", of, "The children: at least one.")
        .schema("All or any of its children are true, or false.")
}

fn compared(object: Object, side: Side) -> Object {
    object
        .required("op", choice::<NumberOperator>(), "How it is compared.")
        .required("value", side.decimal(Decimal::Amount), "An amount in the promotion's currency, or a count, by type: 0 to 1,000,000,000, at most 4 decimals.")
}

/// A measure of the whole cart.
pub fn cart(side: Side) -> Value {
    let object = side.object().required("type", choice_of(&CART_LEAVES), "What is measured: amounts before tax and charges (`subtotal`: less item-level discounts), units, weight, or distinct SKUs.");
    compared(object, side).schema("A measure of the whole cart.")
}

fn of(object: Object, side: Side) -> Object {
    object.or("of", side.part("Selector"), "", "Which lines; every line by default.")
}

/// A measure of selected lines.
pub fn line(side: Side) -> Value {
    let object = side.object().required(
        "type",
        choice_of(&LINE_LEAVES),
        "What is measured: gross amount, units, distinct products or distinct SKUs.",
    );
    compared(of(object, side), side).schema("A measure of the selected lines.")
}

/// Whether a line is there.
pub fn item(side: Side) -> Value {
    let object = side.object().required("type", constant(Type::Item), "");
    of(object, side)
        .or("found", boolean(), "true", "Whether such a line must be there, or must not.")
        .schema("A selected line is there, or is not.")
}

/// The means of payment.
pub fn payment(side: Side) -> Value {
    side.object()
        .required("type", constant(Type::PaymentMode), "")
        .required(
            "op",
            choice_of(&[Operator::In, Operator::NotIn, Operator::StartsWith]),
            "How modes are compared.",
        )
        .required(
            "values",
            list(text(TextBound::NAME), 1..=MAX_VALUES),
            "Modes, or what they begin with.",
        )
        .optional(
            "min_amount",
            side.decimal(Decimal::Amount),
            "What the matching tenders must come to, in the cart's currency. Not with `not_in`.",
        )
        .schema("A tender matches, whatever its case; with `not_in`, there are tenders, and none of them matches.")
}

/// Gift vouchers.
pub fn gift_voucher(side: Side) -> Value {
    side.object()
        .required("type", constant(Type::GiftVoucher), "")
        .required(
            "values",
            list(text(TextBound::NAME), 1..=MAX_VALUES),
            "Codes, one of which must be on the cart.",
        )
        .schema("A gift voucher is on the cart, whatever its case.")
}

/// Shipping method, channel, customer group.
pub fn member(side: Side) -> Value {
    side.object()
        .required(
            "type",
            choice_of(&MEMBER_LEAVES),
            "What of the cart or the customer is looked at.",
        )
        .required("op", choice_of(&SEVERAL), "How it is compared.")
        .required(
            "values",
            list(text(TextBound::NAME), 1..=MAX_VALUES),
            "Compared exactly, case included.",
        )
        .schema("The shipping method, the channel or a group of the customer.")
}

/// An attribute of the customer.
pub fn attribute(side: Side) -> Value {
    let operators: Vec<Operator> = Operator::ALL
        .iter()
        .copied()
        .filter(|op| !matches!(op, Operator::Between | Operator::InList))
        .collect();
    side.object()
        .required("type", constant(Type::CustomerAttribute), "")
        .required("key", text(TextBound::NAME), "The attribute's name.")
        .required("op", choice_of(&operators), "How it is compared: by `gt`, `gte`, `lt` and `lte` as a number, else as a text.")
        .absent("value", side.scalar(), "What it is compared with: a text, exactly, case included, or the digits of a decimal. `in` and `not_in` take `values` instead.")
        .absent("values", list(text(TextBound::TEXT), 1..=MAX_VALUES), "The same for `in` and `not_in`.")
        .schema("An attribute of the customer; false where it is missing.")
}
