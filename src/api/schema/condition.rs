//! Selectors and conditions (spec 5.3).

use serde_json::{Value, json};

use super::form::{
    Decimal, Object, Side, boolean, choice, choice_of, constant, every, list, one_of, text,
};
use crate::domain::condition::Order;
use crate::domain::names::Named;
use crate::domain::selector::{MAX_PREDICATES, MAX_VALUES, Match, NumberOperator};
use crate::wire::condition::Type;
use crate::wire::decode::TextBound;
use crate::wire::selector::{Field, Operator};

const TEXT_FIELDS: [Field; 8] = [
    Field::Sku,
    Field::Product,
    Field::Title,
    Field::Brand,
    Field::Supplier,
    Field::ProductGroup,
    Field::Category,
    Field::Tag,
];
const KEYED_FIELDS: [Field; 2] = [Field::Attribute, Field::Variant];
const NUMBER_FIELDS: [Field; 7] = [
    Field::UnitPrice,
    Field::Mrp,
    Field::Quantity,
    Field::Weight,
    Field::Stock,
    Field::PriceDiscount,
    Field::PriceDiscountPercent,
];
const ONE_TEXT: [Operator; 4] =
    [Operator::Eq, Operator::Ne, Operator::Contains, Operator::StartsWith];
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
        .or("match", choice::<Match>(), json!("all"), "Whether all or any of `include` must hold.")
        .or("include", predicates(), json!([]), "What a line must be; if empty, every line is.")
        .or("exclude", predicates(), json!([]), "None of these may hold.")
        .schema("Which lines are meant. At most 50 predicates in all.")
}

/// One test of a line.
pub fn predicate(side: Side) -> Value {
    let values = || list(text(TextBound::TEXT), 1..=MAX_VALUES);
    let number = || side.decimal(Decimal::Any);
    let begin = |fields: &[Field]| {
        let known =
            side.object().required("field", choice_of(fields), "What of the line is looked at.");
        if fields == KEYED_FIELDS {
            known.required(
                "key",
                text(TextBound::NAME),
                "The name of the attribute or variant property.",
            )
        } else {
            known.refused("key")
        }
    };
    let op = |object: Object, operators: &[Operator]| {
        object.required("op", choice_of(operators), "How it is compared.")
    };
    let numbers: Vec<&str> = NumberOperator::ALL.iter().map(|op| op.name()).collect();
    let mut forms = Vec::new();
    for fields in [&TEXT_FIELDS[..], &KEYED_FIELDS[..]] {
        let one = op(begin(fields), &ONE_TEXT).required(
            "value",
            text(TextBound::TEXT),
            "Compared exactly, case included.",
        );
        forms.push(
            one.refused("values").refused("list").schema("A text is compared with one value."),
        );
        let several = op(begin(fields), &SEVERAL).required(
            "values",
            values(),
            "Compared exactly, case included.",
        );
        forms.push(
            several
                .refused("value")
                .refused("list")
                .schema("A text is compared with several values."),
        );
    }
    let compared = begin(&NUMBER_FIELDS)
        .required("op", super::form::one_name(&numbers), "How it is compared.")
        .required("value", number(), "The number that it is compared with.");
    forms.push(
        compared.refused("values").refused("list").schema("A number is compared with one value."),
    );
    let between = op(begin(&NUMBER_FIELDS), &[Operator::Between]).required(
        "values",
        list(number(), 2..=2),
        "The least and the greatest, both included.",
    );
    forms
        .push(between.refused("value").refused("list").schema("A number lies between two values."));
    let listed = op(begin(&[Field::Sku]), &[Operator::InList]).required(
        "list",
        text(TextBound::NAME),
        "The name of a product list, which must exist.",
    );
    forms.push(listed.refused("value").refused("values").schema("The SKU is in a product list."));
    json!({"anyOf": forms, "description": "One test of a line. A field that the line lacks makes it false."})
}

/// What must hold: a group, or one of the leaves.
pub fn condition(side: Side) -> Value {
    let suffix = if side == Side::Request { "Input" } else { "" };
    let part = |kind: &Type| {
        let name = match kind {
            Type::Group => "GroupCondition",
            kind if CART_LEAVES.contains(kind) => "CartCondition",
            kind if LINE_LEAVES.contains(kind) => "LineCondition",
            Type::Item => "ItemCondition",
            Type::PaymentMode => "PaymentCondition",
            Type::GiftVoucher => "GiftVoucherCondition",
            Type::CustomerAttribute => "AttributeCondition",
            _ => "MemberCondition",
        };
        (kind.name(), format!("{name}{suffix}"))
    };
    let parts: Vec<(&str, String)> = Type::ALL.iter().map(part).collect();
    let mut schema = one_of("type", &parts);
    schema["description"] =
        "What must hold. Groups nest at most 5 deep; a tree has at most 10 conditions that are not groups.".into();
    schema
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
            json!("all"),
            "Whether all or any of the children must be as `is` says.",
        )
        .or("is", boolean(), json!(true), "What the children must be.")
        .required("of", of, "The children: at least one.")
        .schema("All or any of its children are true, or false.")
}

fn compared(object: Object, side: Side) -> Object {
    object
        .required("op", choice::<NumberOperator>(), "How it is compared.")
        .required("value", side.decimal(Decimal::Amount), "An amount in the promotion's currency, or a count, by type: 0 to 1,000,000,000, at most 4 decimals.")
        .refused("values")
}

/// A measure of the whole cart.
pub fn cart(side: Side) -> Value {
    let object = side.object().required("type", choice_of(&CART_LEAVES), "What is measured: amounts before tax and charges (`subtotal`: less item-level discounts), units, weight, or distinct SKUs.");
    compared(object, side).schema("A measure of the whole cart.")
}

fn of(object: Object, side: Side) -> Object {
    object.or("of", side.part("Selector"), json!({}), "Which lines; every line by default.")
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
        .or("found", boolean(), json!(true), "Whether such a line must be there, or must not.")
        .schema("A selected line is there, or is not.")
}

/// The means of payment.
pub fn payment(side: Side) -> Value {
    let values = || list(text(TextBound::NAME), 1..=MAX_VALUES);
    let begin = |operators: &[Operator]| {
        side.object()
            .required("type", constant(Type::PaymentMode), "")
            .required("op", choice_of(operators), "How modes are compared.")
            .required("values", values(), "Modes, or what they begin with.")
            .refused("value")
    };
    let some = begin(&[Operator::In, Operator::StartsWith])
        .optional(
            "min_amount",
            side.decimal(Decimal::Amount),
            "What the matching tenders must come to, in the cart's currency.",
        )
        .schema("A tender matches.");
    let none = begin(&[Operator::NotIn]);
    let none = match side {
        Side::Request => none.refused("min_amount"),
        Side::Answer => none.required("min_amount", json!({"type": "null"}), ""),
    };
    json!({"oneOf": [some, none.schema("There are tenders, and none of them matches.")]})
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
        .refused("value")
        .schema("A gift voucher is on the cart.")
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
        .refused("value")
        .schema("The shipping method, the channel or a group of the customer.")
}

/// An attribute of the customer.
pub fn attribute(side: Side) -> Value {
    let begin = |operators: Value| {
        side.object()
            .required("type", constant(Type::CustomerAttribute), "")
            .required("key", text(TextBound::NAME), "The attribute's name.")
            .required("op", operators, "How it is compared.")
    };
    let one = begin(choice_of(&ONE_TEXT)).required(
        "value",
        text(TextBound::TEXT),
        "Compared exactly, case included.",
    );
    let several = begin(choice_of(&SEVERAL)).required(
        "values",
        list(text(TextBound::TEXT), 1..=MAX_VALUES),
        "Compared exactly, case included.",
    );
    let number = begin(choice::<Order>()).required(
        "value",
        side.decimal(Decimal::Any),
        "Compared as a number.",
    );
    let one = one.refused("values").schema("As a text, with one value.");
    let several = several.refused("value").schema("As a text, with several values.");
    let number = number.refused("values").schema("As a number.");
    json!({"oneOf": [one, several, number], "description": "An attribute of the customer; false where it is missing."})
}
