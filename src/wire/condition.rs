//! Conditions: groups and leaves (spec 5.3).

use std::borrow::Borrow;

use super::body::*;
use super::decode::{Object, Value};
use super::faults::{FaultCode, Faults};
use super::json::Json;
use super::selector::{self, Compared, Operator};
use super::write::Writer;
use crate::domain::amount::Money;
use crate::domain::condition::{
    AttributeTest, CartMeasure, Condition, Group, Leaf, LineMeasure, MAX_GROUP_DEPTH, MAX_LEAVES,
    MemberSubject, ModeTest, Order,
};
use crate::domain::names::{Named, names};
use crate::domain::selector::{Comparison, MAX_VALUES, Match, NumberOperator, Selector};

/// A tree of conditions within its bounds.
pub struct Tree;
pub const CONDITIONS: Tree = Tree;

impl<'t> Reads<'t, Condition> for Tree {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<Condition> {
        let condition = ConditionBody::read(value, faults);
        if count_leaves(value.json, 1) > MAX_LEAVES {
            let message = format!("has more than {MAX_LEAVES} conditions that are not groups");
            return value.fault(faults, FaultCode::TooMany, message);
        }
        condition
    }
}

impl<T: Borrow<Condition>> Prints<T> for Tree {
    fn print(&self, writer: &mut Writer, condition: &T) {
        ConditionBody::print(writer, condition.borrow());
    }
}

impl Describes for Tree {
    fn schema(&self, schemas: &mut Schemas) -> serde_json::Value {
        schemas.part::<ConditionBody>()
    }
}

/// Counts leaves, even faulty ones. Leaves in groups that nest too deep are not counted.
fn count_leaves(condition: &Json<'_>, depth: usize) -> usize {
    match condition.member("type").and_then(Json::text).and_then(Type::named) {
        None => 0,
        Some(Type::Group) if depth > MAX_GROUP_DEPTH => 0,
        Some(Type::Group) => {
            let children = condition.member("of").and_then(Json::list).unwrap_or_default();
            children.iter().map(|child| count_leaves(child, depth + 1)).sum()
        }
        Some(_) => 1,
    }
}

union! {
    /// A condition. Groups nest at most 5 deep; a tree has at most 10 conditions that are not groups.
    pub struct ConditionBody "Condition" as Condition, by "type": pub(super) enum Type {
        Group = "group" => GroupCondition,
        CartAmount = "cart_amount", Subtotal = "subtotal", TotalMrp = "total_mrp",
        TotalQuantity = "total_quantity", TotalWeight = "total_weight",
        ItemCount = "item_count" => CartCondition,
        LineAmount = "line_amount", LineQuantity = "line_quantity",
        DistinctProducts = "distinct_products",
        DistinctVariants = "distinct_variants" => LineCondition,
        Item = "item" => ItemCondition,
        PaymentMode = "payment_mode" => PaymentCondition,
        GiftVoucher = "gift_voucher" => GiftVoucherCondition,
        ShippingMethod = "shipping_method", Channel = "channel",
        CustomerGroup = "customer_group" => MemberCondition,
        CustomerAttribute = "customer_attribute" => AttributeCondition,
    } which |condition| match condition {
        Condition::Group(_) => Type::Group,
        Condition::Leaf(Leaf::Cart { .. }) => Type::CartAmount,
        Condition::Leaf(Leaf::Lines { .. }) => Type::LineAmount,
        Condition::Leaf(Leaf::Item { .. }) => Type::Item,
        Condition::Leaf(Leaf::PaymentMode { .. }) => Type::PaymentMode,
        Condition::Leaf(Leaf::GiftVoucher { .. }) => Type::GiftVoucher,
        Condition::Leaf(Leaf::Member { .. }) => Type::ShippingMethod,
        Condition::Leaf(Leaf::CustomerAttribute { .. }) => Type::CustomerAttribute,
    }
}

/// The name of what a leaf tests.
pub(super) fn type_of(leaf: &Leaf) -> &'static str {
    match leaf {
        Leaf::Cart { measure, .. } => measure.name(),
        Leaf::Lines { measure, .. } => measure.name(),
        Leaf::Item { .. } => Type::Item.name(),
        Leaf::PaymentMode { .. } => Type::PaymentMode.name(),
        Leaf::GiftVoucher { .. } => Type::GiftVoucher.name(),
        Leaf::Member { subject, .. } => subject.name(),
        Leaf::CustomerAttribute { .. } => Type::CustomerAttribute.name(),
    }
}

/// The name of a leaf's operator, if it has one.
pub(super) fn operator_of(leaf: &Leaf) -> Option<&'static str> {
    match leaf {
        Leaf::Cart { compare, .. } | Leaf::Lines { compare, .. } => Some(compare.op.name()),
        Leaf::Item { .. } | Leaf::GiftVoucher { .. } => None,
        Leaf::PaymentMode { test } => Some(written_modes(test).0.name()),
        Leaf::Member { negated, .. } => Some(written_member(*negated).name()),
        Leaf::CustomerAttribute { test, .. } => Some(written_attribute(test).op),
    }
}

const CHILDREN: List<Part<ConditionBody>> = list(part(), 1..=MAX_VALUES);

body! {
    /// A group: all or any of its children must be true, or false.
    pub struct GroupCondition "GroupCondition" as Condition {
        kind as "type": tag(Type::Group) => (),
        /// Whether all or any of the children must have the value of `is`.
        matching as "match": or(choice::<Match>(), Match::All) => group.matching,
        /// The value that the children must have.
        is: or(BOOLEAN, true) => group.is,
        /// The children, at least one.
        of: later(required(CHILDREN)) => group.of,
    } print |Condition::Group(group)| or "a group" read |object, faults| {
        if object.path().within("of") >= MAX_GROUP_DEPTH {
            object.ignore(&["of"], faults);
            let message = format!("groups nest at most {MAX_GROUP_DEPTH} deep");
            faults.add(object.path(), FaultCode::OutOfRange, message);
            return None;
        }
        // A group without children would be a mistake. With the bound on leaves, this also bounds the tree.
        let of = required(CHILDREN).read("of", object, faults);
        Some(Condition::Group(Group { matching: matching?, is: is?, of: of? }))
    }
}

body! {
    /// A measure of the whole cart.
    pub struct CartCondition "CartCondition" as Condition {
        /// The measure: amounts before tax and charges (`subtotal`: less item-level discounts), units, weight, or
        /// distinct SKUs.
        measure as "type": required(choice_of(CartMeasure::ALL)) => *measure,
        /// The operator.
        op: later(required(choice::<NumberOperator>())) => compare.op,
        /// The value to compare with. The type decides whether it is an amount in the promotion's currency, or a
        /// number: 0 to 1,000,000,000, at most 4 decimals.
        value: later(required(AMOUNT)) => compare.value,
    } print |Condition::Leaf(Leaf::Cart { measure, compare })| or "a measure of the cart"
    read |object, faults| {
        let compare = comparison(object, faults)?;
        Some(Condition::Leaf(Leaf::Cart { measure: measure?, compare }))
    }
}

/// The selected lines; every line by default.
const OF: Or<Part<Selector>, Selector> = or(part(), Selector::EVERY_LINE);

body! {
    /// A measure of the selected lines.
    pub struct LineCondition "LineCondition" as Condition {
        /// The measure: gross amount, units, distinct products or distinct SKUs.
        measure as "type": required(choice_of(LineMeasure::ALL)) => *measure,
        /// The selected lines; every line by default.
        of: OF => *of,
        /// The operator.
        op: later(required(choice::<NumberOperator>())) => compare.op,
        /// The value to compare with. The type decides whether it is an amount in the promotion's currency, or a
        /// number: 0 to 1,000,000,000, at most 4 decimals.
        value: later(required(AMOUNT)) => compare.value,
    } print |Condition::Leaf(Leaf::Lines { measure, of, compare })| or "a measure of lines"
    read |object, faults| {
        let compare = comparison(object, faults);
        Some(Condition::Leaf(Leaf::Lines { measure: measure?, of: of?, compare: compare? }))
    }
}

body! {
    /// Whether the cart has a selected line.
    pub struct ItemCondition "ItemCondition" as Condition {
        kind as "type": tag(Type::Item) => (),
        /// The selected lines; every line by default.
        of: OF => *of,
        /// Whether the cart must have such a line, or must not have one.
        found: or(BOOLEAN, true) => *found,
    } print |Condition::Leaf(Leaf::Item { of, found })| or "an item" read |object, faults| {
        Some(Condition::Leaf(Leaf::Item { of: of?, found: found? }))
    }
}

const VALUES: List<Text> = list(NAME, 1..=MAX_VALUES);

names! {
    enum ModeOperator { In = "in", NotIn = "not_in", StartsWith = "starts_with" }
    enum MemberOperator { In = "in", NotIn = "not_in" }
    enum AttributeOperator {
        Eq = "eq",
        Ne = "ne",
        Gt = "gt",
        Gte = "gte",
        Lt = "lt",
        Lte = "lte",
        In = "in",
        NotIn = "not_in",
        Contains = "contains",
        StartsWith = "starts_with",
    }
}

body! {
    /// A test of the tenders' modes; the case of ASCII letters is ignored. With `not_in` there must be tenders, and
    /// none of them may match.
    pub struct PaymentCondition "PaymentCondition" as Condition {
        kind as "type": tag(Type::PaymentMode) => (),
        /// The operator.
        op: later(required(choice_of(ModeOperator::ALL))) => written_modes(test).0,
        /// The modes, or with `starts_with` their beginnings.
        values: later(required(VALUES)) => written_modes(test).1,
        /// The least amount of the matching tenders together, in the cart's currency. Not with `not_in`.
        min_amount: later(optional(AMOUNT)) => written_modes(test).2,
    } print |Condition::Leaf(Leaf::PaymentMode { test })| or "a means of payment"
    read |object, faults| {
        let op = selector::OPERATOR.read("op", object, faults);
        let values = selector::several_values(object, NAME, faults);
        if op == Some(Operator::NotIn) {
            object.refuse(&["min_amount"], "does not go with not_in", faults);
        }
        let min_amount = optional(AMOUNT).read("min_amount", object, faults);
        let test = match selector::narrowed(op?, object, faults)? {
            ModeOperator::In => ModeTest::In(values?, min_amount?),
            ModeOperator::StartsWith => ModeTest::StartsWith(values?, min_amount?),
            ModeOperator::NotIn => ModeTest::NotIn(values?),
        };
        Some(Condition::Leaf(Leaf::PaymentMode { test }))
    }
}

fn written_modes(test: &ModeTest) -> (ModeOperator, &Vec<String>, Option<Money>) {
    match test {
        ModeTest::In(values, least) => (ModeOperator::In, values, *least),
        ModeTest::StartsWith(values, least) => (ModeOperator::StartsWith, values, *least),
        ModeTest::NotIn(values) => (ModeOperator::NotIn, values, None),
    }
}

body! {
    /// Whether one of these gift vouchers is on the cart; the case of ASCII letters is ignored.
    pub struct GiftVoucherCondition "GiftVoucherCondition" as Condition {
        kind as "type": tag(Type::GiftVoucher) => (),
        /// Codes of gift vouchers. One of them must be on the cart.
        values: later(required(VALUES)) => values,
    } print |Condition::Leaf(Leaf::GiftVoucher { values })| or "a gift voucher"
    read |object, faults| {
        let values = selector::several_values(object, NAME, faults)?;
        Some(Condition::Leaf(Leaf::GiftVoucher { values }))
    }
}

body! {
    /// A test of the shipping method, the channel or the groups of the customer.
    pub struct MemberCondition "MemberCondition" as Condition {
        /// What is tested.
        subject as "type": required(choice_of(MemberSubject::ALL)) => *subject,
        /// The operator.
        op: later(required(choice_of(MemberOperator::ALL))) => written_member(*negated),
        /// The values to compare with, exactly and with case.
        values: later(required(VALUES)) => values,
    } print |Condition::Leaf(Leaf::Member { subject, negated, values })| or "a member"
    read |object, faults| {
        let op = selector::OPERATOR.read("op", object, faults);
        let values = selector::several_values(object, NAME, faults);
        let op: MemberOperator = selector::narrowed(op?, object, faults)?;
        let negated = op == MemberOperator::NotIn;
        Some(Condition::Leaf(Leaf::Member { subject: subject?, negated, values: values? }))
    }
}

const fn written_member(negated: bool) -> MemberOperator {
    if negated { MemberOperator::NotIn } else { MemberOperator::In }
}

body! {
    /// A test of an attribute of the customer. It is false if the attribute is missing.
    pub struct AttributeCondition "AttributeCondition" as Condition {
        kind as "type": tag(Type::CustomerAttribute) => (),
        /// The attribute's name.
        key: required(NAME) => key,
        /// The operator. `gt`, `gte`, `lt` and `lte` compare numbers, all others compare texts.
        op: later(required(choice_of(AttributeOperator::ALL))) => written_attribute(test).op,
        /// The value to compare with: a text, compared exactly and with case, or the digits of a decimal. `in` and
        /// `not_in` take `values` instead.
        value: later(absent(SCALAR)) => written_attribute(test).value,
        /// The values for `in` and `not_in`.
        values: later(absent(list(TEXT, 1..=MAX_VALUES))) => written_attribute(test).values,
    } print |Condition::Leaf(Leaf::CustomerAttribute { key, test })| or "an attribute"
    read |object, faults| {
        let op = operator(object, faults)?;
        let test = match Order::named(op.name()) {
            Some(order) => selector::one_value(object, faults, |v, f| NUMBER.read(v, f))
                .map(|value| AttributeTest::Number(order, value)),
            None => selector::text_test(object, op, faults).map(AttributeTest::Text),
        };
        Some(Condition::Leaf(Leaf::CustomerAttribute { key: key?, test: test? }))
    }
}

fn written_attribute(test: &AttributeTest) -> Compared<'_> {
    match test {
        AttributeTest::Text(test) => Compared::text(test),
        AttributeTest::Number(order, value) => {
            Compared::one(order.name(), value.to_string().into())
        }
    }
}

/// Reads `op` and `value` of a measure. Measures are never negative, so a value below 0 is a mistake.
fn comparison(object: &mut Object<'_, '_>, faults: &mut Faults) -> Option<Comparison> {
    let op = selector::narrowed(operator(object, faults)?, object, faults)?;
    let value = selector::one_value(object, faults, |v, f| AMOUNT.read(v, f))?;
    Some(Comparison { op, value })
}

/// Reads the operator of a comparison. If there is none, nothing is said of the values, whose form it decides.
fn operator(object: &mut Object<'_, '_>, faults: &mut Faults) -> Option<Operator> {
    let op = selector::OPERATOR.read("op", object, faults);
    if op.is_none() {
        object.ignore(&["value", "values"], faults);
    }
    op
}
