//! Conditions: groups and leaves (spec 5.3).

use super::decode::{MAX_AMOUNT, Object, TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::selector::{self, ListReference, Operator};
use super::write::Writer;
use crate::domain::amount::Number;
use crate::domain::condition::{
    AttributeTest, CartMeasure, Condition, Group, Leaf, LineMeasure, MAX_GROUP_DEPTH, MAX_LEAVES,
    MemberSubject, ModeTest, Order,
};
use crate::domain::names::{Named, names};
use crate::domain::selector::{Comparison, MAX_VALUES, Match, Selector};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Group,
    CartAmount,
    Subtotal,
    TotalMrp,
    TotalQuantity,
    TotalWeight,
    ItemCount,
    LineAmount,
    LineQuantity,
    DistinctProducts,
    DistinctVariants,
    Item,
    PaymentMode,
    GiftVoucher,
    ShippingMethod,
    Channel,
    CustomerGroup,
    CustomerAttribute,
}

names! {
    Type {
        Group = "group",
        CartAmount = "cart_amount",
        Subtotal = "subtotal",
        TotalMrp = "total_mrp",
        TotalQuantity = "total_quantity",
        TotalWeight = "total_weight",
        ItemCount = "item_count",
        LineAmount = "line_amount",
        LineQuantity = "line_quantity",
        DistinctProducts = "distinct_products",
        DistinctVariants = "distinct_variants",
        Item = "item",
        PaymentMode = "payment_mode",
        GiftVoucher = "gift_voucher",
        ShippingMethod = "shipping_method",
        Channel = "channel",
        CustomerGroup = "customer_group",
        CustomerAttribute = "customer_attribute",
    }
}

/// Reads a tree of conditions; product lists that it names are added to `lists`.
pub fn parse(
    value: Value<'_, '_>,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Condition> {
    let mut leaves = 0;
    let condition = node(value, 1, &mut leaves, lists, faults);
    if leaves > MAX_LEAVES {
        let message = format!("has more than {MAX_LEAVES} conditions that are not groups");
        return value.fault(faults, FaultCode::TooMany, message);
    }
    condition
}

/// One node; `depth` is that of a group which stands here.
fn node(
    value: Value<'_, '_>,
    depth: usize,
    leaves: &mut usize,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Condition> {
    let mut object = value.object(faults)?;
    let kind = object.required("type", faults, |v, f| v.choice(f))?;
    let condition = if kind == Type::Group {
        if depth > MAX_GROUP_DEPTH {
            let message = format!("groups nest at most {MAX_GROUP_DEPTH} deep");
            return value.fault(faults, FaultCode::OutOfRange, message);
        }
        group(&mut object, depth, leaves, lists, faults).map(Condition::Group)
    } else {
        *leaves += 1;
        leaf(&mut object, kind, lists, faults).map(Condition::Leaf)
    };
    object.finish(faults)?;
    condition
}

fn group(
    object: &mut Object<'_, '_>,
    depth: usize,
    leaves: &mut usize,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Group> {
    let matching = object.or("match", Match::All, faults, |v, f| v.choice(f));
    let is = object.or("is", true, faults, |v, f| v.boolean(f));
    // At least one child: what holds of none is nobody's intention, and with the bound on leaves
    // it bounds the tree.
    let of = object.required("of", faults, |value, faults| {
        value.list(1..=MAX_VALUES, faults, |child, faults| {
            node(child, depth + 1, leaves, lists, faults)
        })
    });
    Some(Group { matching: matching?, is: is?, of: of? })
}

fn leaf(
    object: &mut Object<'_, '_>,
    kind: Type,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Leaf> {
    let cart = |object: &mut Object<'_, '_>, measure, faults: &mut Faults| {
        let compare = comparison(object, faults)?;
        Some(Leaf::Cart { measure, compare })
    };
    let mut lines = |object: &mut Object<'_, '_>, measure, faults: &mut Faults| {
        let of = selected(object, lists, faults);
        let compare = comparison(object, faults);
        Some(Leaf::Lines { measure, of: of?, compare: compare? })
    };
    match kind {
        // A group is not a leaf; `node` has taken it.
        Type::Group => None,
        Type::CartAmount => cart(object, CartMeasure::Amount, faults),
        Type::Subtotal => cart(object, CartMeasure::Subtotal, faults),
        Type::TotalMrp => cart(object, CartMeasure::Mrp, faults),
        Type::TotalQuantity => cart(object, CartMeasure::Quantity, faults),
        Type::TotalWeight => cart(object, CartMeasure::Weight, faults),
        Type::ItemCount => cart(object, CartMeasure::ItemCount, faults),
        Type::LineAmount => lines(object, LineMeasure::Amount, faults),
        Type::LineQuantity => lines(object, LineMeasure::Quantity, faults),
        Type::DistinctProducts => lines(object, LineMeasure::DistinctProducts, faults),
        Type::DistinctVariants => lines(object, LineMeasure::DistinctVariants, faults),
        Type::Item => {
            let of = selected(object, lists, faults);
            let found = object.or("found", true, faults, |v, f| v.boolean(f));
            Some(Leaf::Item { of: of?, found: found? })
        }
        Type::PaymentMode => payment_mode(object, faults),
        Type::GiftVoucher => {
            let values = selector::several_values(object, TextBound::NAME, faults)?;
            Some(Leaf::GiftVoucher { values })
        }
        Type::ShippingMethod => member(object, MemberSubject::ShippingMethod, faults),
        Type::Channel => member(object, MemberSubject::Channel, faults),
        Type::CustomerGroup => member(object, MemberSubject::CustomerGroup, faults),
        Type::CustomerAttribute => customer_attribute(object, faults),
    }
}

fn selected(
    object: &mut Object<'_, '_>,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Selector> {
    object.or("of", Selector::EVERY_LINE, faults, |value, faults| {
        selector::parse(value, lists, faults)
    })
}

/// `op` and `value` of a measure. Measures are never negative, so a bound below 0 is a slip.
fn comparison(object: &mut Object<'_, '_>, faults: &mut Faults) -> Option<Comparison> {
    let op: Operator = object.required("op", faults, |v, f| v.choice(f))?;
    let Some(op) = selector::number_operator(op) else {
        return selector::wrong_operator(object, faults);
    };
    let value = selector::one_value(object, faults, |value, faults| {
        value.number(Number::ZERO..=Number::whole(MAX_AMOUNT), faults)
    })?;
    Some(Comparison { op, value })
}

fn payment_mode(object: &mut Object<'_, '_>, faults: &mut Faults) -> Option<Leaf> {
    let op: Option<Operator> = object.required("op", faults, |v, f| v.choice(f));
    let values = selector::several_values(object, TextBound::NAME, faults);
    if op == Some(Operator::NotIn) {
        let message = "does not go with not_in";
        object.refuse("min_amount", FaultCode::UnsupportedCombination, message, faults);
    }
    let min_amount = object.optional("min_amount", faults, |v, f| v.amount(f));
    let test = match op? {
        Operator::In => ModeTest::In(values?, min_amount?),
        Operator::StartsWith => ModeTest::StartsWith(values?, min_amount?),
        Operator::NotIn => ModeTest::NotIn(values?),
        Operator::Eq
        | Operator::Ne
        | Operator::Gt
        | Operator::Gte
        | Operator::Lt
        | Operator::Lte
        | Operator::Contains
        | Operator::Between
        | Operator::InList => return selector::wrong_operator(object, faults),
    };
    Some(Leaf::PaymentMode { test })
}

fn member(
    object: &mut Object<'_, '_>,
    subject: MemberSubject,
    faults: &mut Faults,
) -> Option<Leaf> {
    let op: Option<Operator> = object.required("op", faults, |v, f| v.choice(f));
    let values = selector::several_values(object, TextBound::NAME, faults);
    let negated = match op? {
        Operator::In => false,
        Operator::NotIn => true,
        Operator::Eq
        | Operator::Ne
        | Operator::Gt
        | Operator::Gte
        | Operator::Lt
        | Operator::Lte
        | Operator::Contains
        | Operator::StartsWith
        | Operator::Between
        | Operator::InList => return selector::wrong_operator(object, faults),
    };
    Some(Leaf::Member { subject, negated, values: values? })
}

fn customer_attribute(object: &mut Object<'_, '_>, faults: &mut Faults) -> Option<Leaf> {
    let key = object.required("key", faults, |v, f| v.owned(TextBound::NAME, f));
    let op: Operator = object.required("op", faults, |v, f| v.choice(f))?;
    let number = |object: &mut Object<'_, '_>, order, faults: &mut Faults| {
        let value = selector::one_value(object, faults, |v, f| v.any_number(f))?;
        Some(AttributeTest::Number(order, value))
    };
    let test = match op {
        Operator::Gt => number(object, Order::Gt, faults),
        Operator::Gte => number(object, Order::Gte, faults),
        Operator::Lt => number(object, Order::Lt, faults),
        Operator::Lte => number(object, Order::Lte, faults),
        Operator::Eq
        | Operator::Ne
        | Operator::In
        | Operator::NotIn
        | Operator::Contains
        | Operator::StartsWith
        | Operator::Between
        | Operator::InList => selector::text_test(object, op, faults).map(AttributeTest::Text),
    };
    Some(Leaf::CustomerAttribute { key: key?, test: test? })
}

/// Prints a tree of conditions, defaults and all.
pub fn print(writer: &mut Writer, condition: &Condition) {
    writer.object(|writer| match condition {
        Condition::Group(group) => {
            writer.key("type").name(Type::Group);
            writer.key("match").name(group.matching);
            writer.key("is").boolean(group.is);
            writer.key("of").list(&group.of, print);
        }
        Condition::Leaf(leaf) => print_leaf(writer, leaf),
    });
}

fn print_leaf(writer: &mut Writer, leaf: &Leaf) {
    match leaf {
        Leaf::Cart { measure, compare } => {
            writer.key("type").name(*measure);
            selector::print_comparison(writer, *compare);
        }
        Leaf::Lines { measure, of, compare } => {
            writer.key("type").name(*measure);
            selector::print(writer.key("of"), of);
            selector::print_comparison(writer, *compare);
        }
        Leaf::Item { of, found } => {
            writer.key("type").name(Type::Item);
            selector::print(writer.key("of"), of);
            writer.key("found").boolean(*found);
        }
        Leaf::PaymentMode { test } => {
            writer.key("type").name(Type::PaymentMode);
            let (op, values, min_amount) = match test {
                ModeTest::In(values, min_amount) => (Operator::In, values, *min_amount),
                ModeTest::StartsWith(values, min_amount) => {
                    (Operator::StartsWith, values, *min_amount)
                }
                ModeTest::NotIn(values) => (Operator::NotIn, values, None),
            };
            writer.key("op").name(op);
            writer.key("values").texts(values);
            writer.key("min_amount").option(min_amount, Writer::plain);
        }
        Leaf::GiftVoucher { values } => {
            writer.key("type").name(Type::GiftVoucher);
            writer.key("values").texts(values);
        }
        Leaf::Member { subject, negated, values } => {
            writer.key("type").name(*subject);
            let op = if *negated { Operator::NotIn } else { Operator::In };
            writer.key("op").name(op);
            writer.key("values").texts(values);
        }
        Leaf::CustomerAttribute { key, test } => {
            writer.key("type").name(Type::CustomerAttribute);
            writer.key("key").text(key);
            match test {
                AttributeTest::Text(test) => selector::print_text_test(writer, test),
                AttributeTest::Number(order, value) => {
                    writer.key("op").name(*order);
                    writer.key("value").plain(value);
                }
            }
        }
    }
}
