//! The items that a selector means, in words that follow “item” or “items”.

use super::words::or;
use crate::domain::names::Named;
use crate::domain::reason::{Values, Wanted};
use crate::domain::selector::{
    Comparison, NumberOperator, NumberTest, Predicate, Selector, TextField, TextTest,
};

/// The items that a selector selects: nothing if it selects all. What cannot be said in a few words is “that qualify”.
pub(super) fn of(selector: &Selector, several: bool) -> String {
    let wanted = match (selector.include.as_slice(), selector.exclude.as_slice()) {
        ([], []) => return String::new(),
        ([only], []) => simple(only),
        _ => None,
    };
    let other = if several { " that qualify" } else { " that qualifies" };
    wanted.map_or_else(|| other.to_owned(), |wanted| which(&wanted, several))
}

/// A predicate that asks for one of some values.
fn simple(predicate: &Predicate) -> Option<Wanted> {
    match predicate {
        Predicate::Text { field, test: TextTest::In(values) } => {
            Some(Wanted::Texts(field.clone(), Values::of(values)))
        }
        Predicate::Text { field, test: TextTest::Eq(value) } => {
            Some(Wanted::Texts(field.clone(), Values::of(std::slice::from_ref(value))))
        }
        Predicate::Number { field, test: NumberTest::Compare(own) } => match own {
            Comparison { op: NumberOperator::Eq, value } => Some(Wanted::Number(*field, *value)),
            Comparison { .. } => None,
        },
        Predicate::InList { list } => Some(Wanted::OfList(list.clone())),
        Predicate::Text { .. } | Predicate::Number { .. } => None,
    }
}

/// The items that have one of the values: as “ of the brand Acme or Zed”.
pub(super) fn which(wanted: &Wanted, several: bool) -> String {
    match wanted {
        Wanted::OfList(name) => format!(" of the list {name}"),
        Wanted::Number(field, value) => {
            format!(" whose {} is {value}", spaced(field.name()))
        }
        Wanted::Texts(field, Values { first, has_more }) => {
            let values = or(first, *has_more);
            match field {
                TextField::Sku => format!(" of SKU {values}"),
                TextField::Product => format!(" of the product {values}"),
                TextField::Title => format!(" called {values}"),
                TextField::Brand => format!(" of the brand {values}"),
                TextField::Supplier => format!(" of the supplier {values}"),
                TextField::ProductGroup => format!(" of the product group {values}"),
                TextField::Category => format!(" of the category {values}"),
                TextField::Tag => format!(" tagged {values}"),
                TextField::Attribute(key) | TextField::Variant(key) => {
                    let verb = if several { "are" } else { "is" };
                    format!(" that {verb} {values} in {}", spaced(key))
                }
            }
        }
    }
}

/// A name of the API or of a key as words.
pub fn spaced(name: &str) -> String {
    name.replace('_', " ")
}
