//! Selectors and predicates: which lines are meant (spec 5.3).

use super::body::*;
use super::decode::{Object, TextBound, Value};
use super::faults::{FaultCode, Faults};
use crate::domain::amount::Number;
use crate::domain::names::{Named, names};
use crate::domain::selector::{
    Comparison, MAX_PREDICATES, MAX_VALUES, Match, NumberField, NumberOperator, NumberTest,
    Predicate, Selector, TextField, TextTest,
};

/// Every operator of spec 5.3; which one goes with what is checked where it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
    In,
    NotIn,
    Contains,
    StartsWith,
    Between,
    InList,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Sku,
    Product,
    Title,
    Brand,
    Supplier,
    ProductGroup,
    Category,
    Tag,
    Attribute,
    Variant,
    UnitPrice,
    Mrp,
    Quantity,
    Weight,
    Stock,
    PriceDiscount,
    PriceDiscountPercent,
}

names! {
    Operator {
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
        Between = "between",
        InList = "in_list",
    }
    Field {
        Sku = "sku",
        Product = "product",
        Title = "title",
        Brand = "brand",
        Supplier = "supplier",
        ProductGroup = "product_group",
        Category = "category",
        Tag = "tag",
        Attribute = "attribute",
        Variant = "variant",
        UnitPrice = "unit_price",
        Mrp = "mrp",
        Quantity = "quantity",
        Weight = "weight",
        Stock = "stock",
        PriceDiscount = "price_discount",
        PriceDiscountPercent = "price_discount_percent",
    }
}

body! {
    /// Which lines are meant. At most 50 predicates in all.
    pub struct SelectorBody "Selector" as Selector {
        /// Whether all or any of `include` must hold.
        matching as "match": or(choice::<Match>(), Match::All) => selector.matching,
        /// What a line must be; if empty, every line is.
        include: or_empty(PREDICATES) => selector.include,
        /// None of these may hold.
        exclude: or_empty(PREDICATES) => selector.exclude,
    } print |selector| read |object, faults| {
        let selector = Selector { matching: matching?, include: include?, exclude: exclude? };
        if selector.predicates().count() > MAX_PREDICATES {
            let message = format!("has more than {MAX_PREDICATES} predicates");
            faults.add(object.path(), FaultCode::TooMany, message);
            return None;
        }
        Some(selector)
    }
}

const PREDICATES: List<Part<PredicateBody>> = list(part(), 0..=MAX_PREDICATES);

body! {
    /// One test of a line. A field that the line lacks makes it false.
    pub struct PredicateBody "Predicate" as Predicate {
        /// What of the line is looked at.
        field: required(choice::<Field>()) => written.field,
        /// The name of the attribute or variant property. Goes with `attribute` and `variant`, which need it.
        key: later(absent(NAME)) => written.key,
        /// How it is compared: texts by `eq`, `ne`, `contains`, `starts_with`, `in` and `not_in`, numbers by `eq`, `ne`, `gt`, `gte`, `lt`, `lte` and `between`, a SKU also by `in_list`.
        op: required(choice::<Operator>()) => written.compared.op,
        /// What it is compared with: a text, exactly, case included, or the digits of a decimal. `in`, `not_in` and `between` take `values` instead, `in_list` a `list`.
        value: later(absent(SCALAR)) => written.compared.value,
        /// The same for `in` and `not_in`; for `between` the least and the greatest decimal, both included.
        values: later(absent(list(SCALAR, 1..=MAX_VALUES))) => written.compared.values,
        /// The name of a product list, which must exist. Goes with `in_list`, which needs it.
        list: later(absent(NAME)) => written.list,
    } print |written| of (Written::of) read |object, faults| {
        match (field, op) {
            (Some(field), Some(op)) => test(object, field, op, faults),
            (None, _) | (_, None) => {
                // What the rest should be hangs on these two.
                for name in ["key", "value", "values", "list"] {
                    object.ignore(name, faults);
                }
                None
            }
        }
    }
}

fn test(
    object: &mut Object<'_, '_>,
    field: Field,
    op: Operator,
    faults: &mut Faults,
) -> Option<Predicate> {
    let key = match field {
        Field::Attribute | Field::Variant => {
            object.required("key", faults, |v, f| v.owned(TextBound::NAME, f))
        }
        Field::Sku
        | Field::Product
        | Field::Title
        | Field::Brand
        | Field::Supplier
        | Field::ProductGroup
        | Field::Category
        | Field::Tag
        | Field::UnitPrice
        | Field::Mrp
        | Field::Quantity
        | Field::Weight
        | Field::Stock
        | Field::PriceDiscount
        | Field::PriceDiscountPercent => {
            let message = "goes with the fields attribute and variant only";
            object.refuse("key", FaultCode::UnsupportedCombination, message, faults);
            Some(String::new())
        }
    };
    if op == Operator::InList {
        return in_list(object, field, faults);
    }
    object.refuse(
        "list",
        FaultCode::UnsupportedCombination,
        "goes with the operator in_list only",
        faults,
    );
    let text = |field| Target::Text(field);
    let target = match field {
        Field::Sku => text(TextField::Sku),
        Field::Product => text(TextField::Product),
        Field::Title => text(TextField::Title),
        Field::Brand => text(TextField::Brand),
        Field::Supplier => text(TextField::Supplier),
        Field::ProductGroup => text(TextField::ProductGroup),
        Field::Category => text(TextField::Category),
        Field::Tag => text(TextField::Tag),
        Field::Attribute => text(TextField::Attribute(key.clone().unwrap_or_default())),
        Field::Variant => text(TextField::Variant(key.clone().unwrap_or_default())),
        Field::UnitPrice => Target::Number(NumberField::UnitPrice),
        Field::Mrp => Target::Number(NumberField::Mrp),
        Field::Quantity => Target::Number(NumberField::Quantity),
        Field::Weight => Target::Number(NumberField::Weight),
        Field::Stock => Target::Number(NumberField::Stock),
        Field::PriceDiscount => Target::Number(NumberField::PriceDiscount),
        Field::PriceDiscountPercent => Target::Number(NumberField::PriceDiscountPercent),
    };
    let predicate = match target {
        Target::Text(field) => {
            let test = text_test(object, op, faults);
            test.map(|test| Predicate::Text { field, test })
        }
        Target::Number(field) => {
            let test = number_test(object, op, faults);
            test.map(|test| Predicate::Number { field, test })
        }
    };
    key.and(predicate)
}

/// What a predicate looks at.
enum Target {
    Text(TextField),
    Number(NumberField),
}

fn in_list(object: &mut Object<'_, '_>, field: Field, faults: &mut Faults) -> Option<Predicate> {
    for name in ["value", "values"] {
        let message = "does not go with in_list, which takes list";
        object.refuse(name, FaultCode::UnsupportedCombination, message, faults);
    }
    let list = object.required("list", faults, |value, faults| {
        let name = value.owned(TextBound::NAME, faults)?;
        faults.refer(value.path(), &name);
        Some(name)
    });
    if field != Field::Sku {
        let message = "in_list goes with the field sku only";
        return object.fault("op", faults, FaultCode::UnsupportedCombination, message);
    }
    list.map(|list| Predicate::InList { list })
}

/// The one value of an operator that takes one; `values` beside it is refused.
pub(super) fn one_value<T>(
    object: &mut Object<'_, '_>,
    faults: &mut Faults,
    read: impl FnOnce(Value<'_, '_>, &mut Faults) -> Option<T>,
) -> Option<T> {
    let message = "does not go with this operator, which takes value";
    object.refuse("values", FaultCode::UnsupportedCombination, message, faults);
    object.required("value", faults, read)
}

/// The values of an operator that takes several; `value` beside it is refused.
pub(super) fn several_values(
    object: &mut Object<'_, '_>,
    bound: Text,
    faults: &mut Faults,
) -> Option<Vec<String>> {
    let message = "does not go with this operator, which takes values";
    object.refuse("value", FaultCode::UnsupportedCombination, message, faults);
    required(list(bound, 1..=MAX_VALUES)).read("values", object, faults)
}

/// A fault for an operator that exists and does not go with what it is used on.
pub(super) fn wrong_operator<T>(object: &mut Object<'_, '_>, faults: &mut Faults) -> Option<T> {
    for name in ["value", "values"] {
        object.ignore(name, faults);
    }
    let message = "this operator does not go with what is compared";
    object.fault("op", faults, FaultCode::UnsupportedCombination, message)
}

/// What a text must be, for predicates and attributes of the customer.
pub(super) fn text_test(
    object: &mut Object<'_, '_>,
    op: Operator,
    faults: &mut Faults,
) -> Option<TextTest> {
    let one = |object: &mut Object<'_, '_>, faults: &mut Faults| {
        one_value(object, faults, |v, f| v.owned(TextBound::TEXT, f))
    };
    match op {
        Operator::Eq => one(object, faults).map(TextTest::Eq),
        Operator::Ne => one(object, faults).map(TextTest::Ne),
        Operator::Contains => one(object, faults).map(TextTest::Contains),
        Operator::StartsWith => one(object, faults).map(TextTest::StartsWith),
        Operator::In => several_values(object, TEXT, faults).map(TextTest::In),
        Operator::NotIn => several_values(object, TEXT, faults).map(TextTest::NotIn),
        Operator::Gt
        | Operator::Gte
        | Operator::Lt
        | Operator::Lte
        | Operator::Between
        | Operator::InList => wrong_operator(object, faults),
    }
}

fn number_test(
    object: &mut Object<'_, '_>,
    op: Operator,
    faults: &mut Faults,
) -> Option<NumberTest> {
    if op == Operator::Between {
        let message = "does not go with between, which takes values";
        object.refuse("value", FaultCode::UnsupportedCombination, message, faults);
        return object.required("values", faults, between);
    }
    let Some(op) = number_operator(op) else {
        return wrong_operator(object, faults);
    };
    let value = one_value(object, faults, |v, f| NUMBER.read(v, f))?;
    Some(NumberTest::Compare(Comparison { op, value }))
}

fn between(value: Value<'_, '_>, faults: &mut Faults) -> Option<NumberTest> {
    let values = value.list(0..=MAX_VALUES, faults, |v, f| NUMBER.read(v, f))?;
    match values.as_slice() {
        [low, high] if low <= high => Some(NumberTest::Between(*low, *high)),
        [_, _] => value.fault(
            faults,
            FaultCode::OutOfRange,
            "the second value must not be below the first",
        ),
        _ => value.fault(faults, FaultCode::OutOfRange, "between takes two values"),
    }
}

/// The operator as one that compares numbers.
pub(super) const fn number_operator(op: Operator) -> Option<NumberOperator> {
    match op {
        Operator::Eq => Some(NumberOperator::Eq),
        Operator::Ne => Some(NumberOperator::Ne),
        Operator::Gt => Some(NumberOperator::Gt),
        Operator::Gte => Some(NumberOperator::Gte),
        Operator::Lt => Some(NumberOperator::Lt),
        Operator::Lte => Some(NumberOperator::Lte),
        Operator::In
        | Operator::NotIn
        | Operator::Contains
        | Operator::StartsWith
        | Operator::Between
        | Operator::InList => None,
    }
}

/// A predicate as it is written.
struct Written<'p> {
    field: Field,
    key: Option<&'p str>,
    compared: Compared<'p>,
    list: Option<&'p str>,
}

impl<'p> Written<'p> {
    fn of(predicate: &'p Predicate) -> Self {
        match predicate {
            Predicate::Text { field, test } => {
                let (field, key) = written_field(field);
                Self { field, key, compared: Compared::text(test), list: None }
            }
            Predicate::InList { list } => {
                let compared = Compared { op: Operator::InList, value: None, values: None };
                Self { field: Field::Sku, key: None, compared, list: Some(list) }
            }
            Predicate::Number { field, test } => {
                let field = match field {
                    NumberField::UnitPrice => Field::UnitPrice,
                    NumberField::Mrp => Field::Mrp,
                    NumberField::Quantity => Field::Quantity,
                    NumberField::Weight => Field::Weight,
                    NumberField::Stock => Field::Stock,
                    NumberField::PriceDiscount => Field::PriceDiscount,
                    NumberField::PriceDiscountPercent => Field::PriceDiscountPercent,
                };
                Self { field, key: None, compared: Compared::number(test), list: None }
            }
        }
    }
}

fn written_field(field: &TextField) -> (Field, Option<&str>) {
    match field {
        TextField::Sku => (Field::Sku, None),
        TextField::Product => (Field::Product, None),
        TextField::Title => (Field::Title, None),
        TextField::Brand => (Field::Brand, None),
        TextField::Supplier => (Field::Supplier, None),
        TextField::ProductGroup => (Field::ProductGroup, None),
        TextField::Category => (Field::Category, None),
        TextField::Tag => (Field::Tag, None),
        TextField::Attribute(key) => (Field::Attribute, Some(key)),
        TextField::Variant(key) => (Field::Variant, Some(key)),
    }
}

/// The members that say how something is compared, and with what.
pub(super) struct Compared<'t> {
    pub op: Operator,
    pub value: Option<ScalarValue<'t>>,
    pub values: Option<Vec<ScalarValue<'t>>>,
}

impl<'t> Compared<'t> {
    pub(super) fn text(test: &'t TextTest) -> Self {
        let one = |op, value: &'t String| Self {
            op,
            value: Some(ScalarValue::Text(value)),
            values: None,
        };
        let several = |op, values: &'t [String]| {
            let values = values.iter().map(|value| ScalarValue::Text(value)).collect();
            Self { op, value: None, values: Some(values) }
        };
        match test {
            TextTest::Eq(value) => one(Operator::Eq, value),
            TextTest::Ne(value) => one(Operator::Ne, value),
            TextTest::Contains(value) => one(Operator::Contains, value),
            TextTest::StartsWith(value) => one(Operator::StartsWith, value),
            TextTest::In(values) => several(Operator::In, values),
            TextTest::NotIn(values) => several(Operator::NotIn, values),
        }
    }

    fn number(test: &NumberTest) -> Self {
        match test {
            NumberTest::Compare(Comparison { op, value }) => {
                let op = match op {
                    NumberOperator::Eq => Operator::Eq,
                    NumberOperator::Ne => Operator::Ne,
                    NumberOperator::Gt => Operator::Gt,
                    NumberOperator::Gte => Operator::Gte,
                    NumberOperator::Lt => Operator::Lt,
                    NumberOperator::Lte => Operator::Lte,
                };
                Self::one_number(op, *value)
            }
            NumberTest::Between(low, high) => Self {
                op: Operator::Between,
                value: None,
                values: Some(vec![ScalarValue::Number(*low), ScalarValue::Number(*high)]),
            },
        }
    }

    pub(super) const fn one_number(op: Operator, value: Number) -> Self {
        Self { op, value: Some(ScalarValue::Number(value)), values: None }
    }
}
