//! Selectors and predicates: which lines are meant (spec 5.3).

use super::decode::{Object, TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::write::Writer;
use crate::domain::names::{Named, names};
use crate::domain::selector::{
    Comparison, MAX_PREDICATES, MAX_VALUES, Match, NumberField, NumberOperator, NumberTest,
    Predicate, Selector, TextField, TextTest,
};

/// A product list that a selector names, and where: whether it exists is for the caller to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReference {
    /// JSON pointer to the name.
    pub pointer: String,
    pub name: String,
}

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

/// Reads a selector; product lists that it names are added to `lists`.
pub fn parse(
    value: Value<'_, '_>,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Selector> {
    let mut object = value.object(faults)?;
    let matching = object.or("match", Match::All, faults, |v, f| v.choice(f));
    let mut predicates = |object: &mut Object<'_, '_>, name: &str, faults: &mut Faults| {
        object.or(name, Vec::new(), faults, |value, faults| {
            value.list(0..=MAX_PREDICATES, faults, |entry, faults| predicate(entry, lists, faults))
        })
    };
    let include = predicates(&mut object, "include", faults);
    let exclude = predicates(&mut object, "exclude", faults);
    object.finish(faults)?;
    let selector = Selector { matching: matching?, include: include?, exclude: exclude? };
    if selector.predicates().count() > MAX_PREDICATES {
        let message = format!("has more than {MAX_PREDICATES} predicates");
        return value.fault(faults, FaultCode::TooMany, message);
    }
    Some(selector)
}

fn predicate(
    value: Value<'_, '_>,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Predicate> {
    let mut object = value.object(faults)?;
    let field = object.required("field", faults, |v, f| v.choice(f));
    let op = object.required("op", faults, |v, f| v.choice(f));
    let predicate = match (field, op) {
        (Some(field), Some(op)) => test(&mut object, field, op, lists, faults),
        (None, _) | (_, None) => {
            // What the rest should be hangs on these two.
            for name in ["key", "value", "values", "list"] {
                object.ignore(name, faults);
            }
            None
        }
    };
    object.finish(faults)?;
    predicate
}

fn test(
    object: &mut Object<'_, '_>,
    field: Field,
    op: Operator,
    lists: &mut Vec<ListReference>,
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
        return in_list(object, field, lists, faults);
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

fn in_list(
    object: &mut Object<'_, '_>,
    field: Field,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Predicate> {
    for name in ["value", "values"] {
        let message = "does not go with in_list, which takes list";
        object.refuse(name, FaultCode::UnsupportedCombination, message, faults);
    }
    let list = object.required("list", faults, |value, faults| {
        let name = value.owned(TextBound::NAME, faults)?;
        lists.push(ListReference { pointer: value.path().pointer(), name: name.clone() });
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
    bound: TextBound,
    faults: &mut Faults,
) -> Option<Vec<String>> {
    let message = "does not go with this operator, which takes values";
    object.refuse("value", FaultCode::UnsupportedCombination, message, faults);
    object.required("values", faults, |value, faults| value.texts(1..=MAX_VALUES, bound, faults))
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
        Operator::In => several_values(object, TextBound::TEXT, faults).map(TextTest::In),
        Operator::NotIn => several_values(object, TextBound::TEXT, faults).map(TextTest::NotIn),
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
    let value = one_value(object, faults, |v, f| v.any_number(f))?;
    Some(NumberTest::Compare(Comparison { op, value }))
}

fn between(value: Value<'_, '_>, faults: &mut Faults) -> Option<NumberTest> {
    let values = value.list(0..=MAX_VALUES, faults, |v, f| v.any_number(f))?;
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

/// Prints a selector, defaults and all.
pub fn print(writer: &mut Writer, selector: &Selector) {
    writer.object(|writer| {
        writer.key("match").name(selector.matching);
        writer.key("include").list(&selector.include, print_predicate);
        writer.key("exclude").list(&selector.exclude, print_predicate);
    });
}

fn print_predicate(writer: &mut Writer, predicate: &Predicate) {
    writer.object(|writer| match predicate {
        Predicate::Text { field, test } => {
            print_text_field(writer, field);
            print_text_test(writer, test);
        }
        Predicate::InList { list } => {
            writer.key("field").name(Field::Sku);
            writer.key("op").name(Operator::InList);
            writer.key("list").text(list);
        }
        Predicate::Number { field, test } => {
            writer.key("field").name(match field {
                NumberField::UnitPrice => Field::UnitPrice,
                NumberField::Mrp => Field::Mrp,
                NumberField::Quantity => Field::Quantity,
                NumberField::Weight => Field::Weight,
                NumberField::Stock => Field::Stock,
                NumberField::PriceDiscount => Field::PriceDiscount,
                NumberField::PriceDiscountPercent => Field::PriceDiscountPercent,
            });
            match test {
                NumberTest::Compare(comparison) => print_comparison(writer, *comparison),
                NumberTest::Between(low, high) => {
                    writer.key("op").name(Operator::Between);
                    let values = writer.key("values");
                    values.list([low, high], |writer, value| writer.plain(value));
                }
            }
        }
    });
}

fn print_text_field(writer: &mut Writer, field: &TextField) {
    let (name, key) = match field {
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
    };
    writer.key("field").name(name);
    if let Some(key) = key {
        writer.key("key").text(key);
    }
}

/// The members `op` and `value` of a comparison of numbers.
pub(super) fn print_comparison(writer: &mut Writer, comparison: Comparison) {
    writer.key("op").name(comparison.op);
    writer.key("value").plain(comparison.value);
}

/// The members `op` and `value` or `values` of a test of text.
pub(super) fn print_text_test(writer: &mut Writer, test: &TextTest) {
    let (op, one, several) = match test {
        TextTest::Eq(value) => (Operator::Eq, Some(value), None),
        TextTest::Ne(value) => (Operator::Ne, Some(value), None),
        TextTest::Contains(value) => (Operator::Contains, Some(value), None),
        TextTest::StartsWith(value) => (Operator::StartsWith, Some(value), None),
        TextTest::In(values) => (Operator::In, None, Some(values)),
        TextTest::NotIn(values) => (Operator::NotIn, None, Some(values)),
    };
    writer.key("op").name(op);
    if let Some(value) = one {
        writer.key("value").text(value);
    }
    if let Some(values) = several {
        writer.key("values").texts(values);
    }
}
