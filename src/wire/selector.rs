//! Selectors and predicates, which select lines (spec 5.3).

use std::borrow::Cow;

use super::body::*;
use super::decode::{Object, Value};
use super::faults::{FaultCode, Faults};
use crate::domain::amount::Number;
use crate::domain::names::{Named, names};
use crate::domain::selector::{
    Comparison, MAX_PREDICATES, MAX_VALUES, Match, NumberField, NumberTest, Predicate, Selector,
    TextField, TextTest,
};

names! {
    /// Every operator of spec 5.3. Each use checks which operators it allows.
    pub(crate) enum Operator {
        Eq = "eq", Ne = "ne", Gt = "gt", Gte = "gte", Lt = "lt", Lte = "lte", In = "in",
        NotIn = "not_in", Contains = "contains", StartsWith = "starts_with", Between = "between",
        InList = "in_list",
    }
    pub(crate) enum Field {
        Sku = "sku", Product = "product", Title = "title", Brand = "brand", Supplier = "supplier",
        ProductGroup = "product_group", Category = "category", Tag = "tag",
        Attribute = "attribute", Variant = "variant", UnitPrice = "unit_price", Mrp = "mrp",
        Quantity = "quantity", Weight = "weight", Stock = "stock",
        PriceDiscount = "price_discount", PriceDiscountPercent = "price_discount_percent",
    }
}

body! {
    /// Selects lines of the cart. It has at most 50 predicates in all.
    Selector "Selector" {
        /// Whether all or any of `include` must hold.
        matching as "match": or(choice::<Match>(), Match::All),
        /// What must hold for a line. An empty list selects every line.
        include: or_empty(PREDICATES),
        /// None of these may hold.
        exclude: or_empty(PREDICATES),
    } check |object, faults| {
        if let (Some(_), Some(include), Some(exclude)) = (matching, &include, &exclude)
            && include.len() + exclude.len() > MAX_PREDICATES
        {
            let message = format!("has more than {MAX_PREDICATES} predicates");
            faults.add(object.path(), FaultCode::TooMany, message);
            return None;
        }
    }
}

const PREDICATES: List<Part<PredicateBody>> = list(part(), 0..=MAX_PREDICATES);

body! {
    /// One test of a line. It is false if the line lacks the field.
    pub struct PredicateBody "Predicate" as Predicate {
        /// The field of the line.
        field: required(choice::<Field>()) => written.field,
        /// The name of the attribute or variant property. Required for `attribute` and `variant`, and only for these.
        key: later(absent(NAME)) => written.key,
        /// The operator. Texts have `eq`, `ne`, `contains`, `starts_with`, `in` and `not_in`; numbers have `eq`, `ne`,
        /// `gt`, `gte`, `lt`, `lte` and `between`; a SKU also has `in_list`.
        op: required(choice::<Operator>()) => written.compared.op,
        /// The value to compare with: a text, compared exactly and with case, or the digits of a decimal. `in`,
        /// `not_in` and `between` take `values` instead, `in_list` takes `list`.
        value: later(absent(SCALAR)) => written.compared.value,
        /// The values for `in` and `not_in`; for `between` the least and the greatest decimal, both included.
        values: later(absent(list(SCALAR, 1..=MAX_VALUES))) => written.compared.values,
        /// The name of a product list, which must exist. Required for `in_list`, and only for it.
        list: later(absent(NAME)) => written.list,
    } print |written| of (Written::of) read |object, faults| {
        match (field, op) {
            (Some(field), Some(op)) => test(object, field, op, faults),
            (None, _) | (_, None) => {
                // These two determine what the other fields must be.
                object.ignore(&["key", "value", "values", "list"], faults);
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
    let key = if matches!(field, Field::Attribute | Field::Variant) {
        required(NAME).read("key", object, faults)
    } else {
        object.refuse(&["key"], "goes with the fields attribute and variant only", faults);
        Some(String::new())
    };
    if op == Operator::InList {
        return in_list(object, field, faults);
    }
    object.refuse(&["list"], "goes with the operator in_list only", faults);
    let target = match field {
        Field::Sku => Target::Text(TextField::Sku),
        Field::Product => Target::Text(TextField::Product),
        Field::Title => Target::Text(TextField::Title),
        Field::Brand => Target::Text(TextField::Brand),
        Field::Supplier => Target::Text(TextField::Supplier),
        Field::ProductGroup => Target::Text(TextField::ProductGroup),
        Field::Category => Target::Text(TextField::Category),
        Field::Tag => Target::Text(TextField::Tag),
        Field::Attribute => Target::Text(TextField::Attribute(key.clone().unwrap_or_default())),
        Field::Variant => Target::Text(TextField::Variant(key.clone().unwrap_or_default())),
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

/// The field that a predicate tests, and its type.
enum Target {
    Text(TextField),
    Number(NumberField),
}

fn in_list(object: &mut Object<'_, '_>, field: Field, faults: &mut Faults) -> Option<Predicate> {
    object.refuse(&["value", "values"], "does not go with in_list, which takes list", faults);
    let list = object.required("list", faults, |value, faults| {
        let name: String = NAME.read(value, faults)?;
        faults.refer(&value.path, &name);
        Some(name)
    });
    if field != Field::Sku {
        return object.clash("op", "in_list goes with the field sku only", faults);
    }
    list.map(|list| Predicate::InList { list })
}

/// Reads the value of an operator that takes one value. Refuses `values`.
pub(super) fn one_value<T>(
    object: &mut Object<'_, '_>,
    faults: &mut Faults,
    read: impl FnOnce(Value<'_, '_>, &mut Faults) -> Option<T>,
) -> Option<T> {
    object.refuse(&["values"], "does not go with this operator, which takes value", faults);
    object.required("value", faults, read)
}

/// Reads the operator. [`narrowed`] checks whether it is allowed.
pub(super) const OPERATOR: Required<Choice<Operator>> = required(choice());

/// The operator as one of those that are allowed; a fault if it is none of them.
pub(super) fn narrowed<T: Named>(
    op: Operator,
    object: &mut Object<'_, '_>,
    faults: &mut Faults,
) -> Option<T> {
    T::named(op.name()).or_else(|| wrong_operator(object, faults))
}

/// Reads the values of an operator that takes several. Refuses `value`.
pub(super) fn several_values(
    object: &mut Object<'_, '_>,
    bound: Text,
    faults: &mut Faults,
) -> Option<Vec<String>> {
    object.refuse(&["value"], "does not go with this operator, which takes values", faults);
    required(list(bound, 1..=MAX_VALUES)).read("values", object, faults)
}

/// Adds a fault for an operator that exists but is not allowed here.
pub(super) fn wrong_operator<T>(object: &mut Object<'_, '_>, faults: &mut Faults) -> Option<T> {
    object.ignore(&["value", "values"], faults);
    object.clash("op", "this operator does not go with what is compared", faults)
}

/// Reads the test of a text, for predicates and attributes of the customer.
pub(super) fn text_test(
    object: &mut Object<'_, '_>,
    op: Operator,
    faults: &mut Faults,
) -> Option<TextTest> {
    let one = |object: &mut Object<'_, '_>, faults: &mut Faults| {
        one_value(object, faults, |v, f| TEXT.read(v, f))
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
        object.refuse(&["value"], "does not go with between, which takes values", faults);
        return object.required("values", faults, between);
    }
    let op = narrowed(op, object, faults)?;
    let value = one_value(object, faults, |v, f| NUMBER.read(v, f))?;
    Some(NumberTest::Compare(Comparison { op, value }))
}

fn between(value: Value<'_, '_>, faults: &mut Faults) -> Option<NumberTest> {
    let values: Vec<Number> = list(NUMBER, 0..=MAX_VALUES).read(value, faults)?;
    match values.as_slice() {
        [low, high] if low <= high => Some(NumberTest::Between(*low, *high)),
        [_, _] => value.out_of_range(faults, "the second value must not be below the first"),
        _ => value.out_of_range(faults, "between takes two values"),
    }
}

/// A predicate as a body writes it.
struct Written<'p> {
    field: &'static str,
    key: Option<&'p str>,
    compared: Compared<'p>,
    list: Option<&'p str>,
}

impl<'p> Written<'p> {
    fn of(predicate: &'p Predicate) -> Self {
        match predicate {
            Predicate::Text { field, test } => {
                let (field, key) = written_field(field);
                Self { field: field.name(), key, compared: Compared::text(test), list: None }
            }
            Predicate::InList { list } => {
                let compared = Compared { op: Operator::InList.name(), value: None, values: None };
                Self { field: Field::Sku.name(), key: None, compared, list: Some(list) }
            }
            Predicate::Number { field, test } => {
                let compared = Compared::number(test);
                Self { field: field.name(), key: None, compared, list: None }
            }
        }
    }
}

pub(super) fn written_field(field: &TextField) -> (Field, Option<&str>) {
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

/// The members for the comparison: the operator, and the values as texts or the digits of decimals.
pub(super) struct Compared<'t> {
    pub op: &'static str,
    pub value: Option<Cow<'t, str>>,
    pub values: Option<Vec<Cow<'t, str>>>,
}

impl<'t> Compared<'t> {
    pub(super) fn text(test: &'t TextTest) -> Self {
        let several = |op: Operator, values: &'t [String]| Self {
            op: op.name(),
            value: None,
            values: Some(values.iter().map(Cow::from).collect()),
        };
        match test {
            TextTest::Eq(value) => Self::one(Operator::Eq.name(), value.into()),
            TextTest::Ne(value) => Self::one(Operator::Ne.name(), value.into()),
            TextTest::Contains(value) => Self::one(Operator::Contains.name(), value.into()),
            TextTest::StartsWith(value) => Self::one(Operator::StartsWith.name(), value.into()),
            TextTest::In(values) => several(Operator::In, values),
            TextTest::NotIn(values) => several(Operator::NotIn, values),
        }
    }

    fn number(test: &NumberTest) -> Self {
        let digits = |number: &Number| Cow::from(number.to_string());
        match test {
            NumberTest::Compare(Comparison { op, value }) => Self::one(op.name(), digits(value)),
            NumberTest::Between(low, high) => {
                let values = Some(vec![digits(low), digits(high)]);
                Self { op: Operator::Between.name(), value: None, values }
            }
        }
    }

    pub(super) const fn one(op: &'static str, value: Cow<'t, str>) -> Self {
        Self { op, value: Some(value), values: None }
    }
}
