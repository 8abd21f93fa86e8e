//! Product lists (spec 3): named lists of SKUs.

use super::body::*;
use super::decode::{Value, refuse_other_name};
use super::faults::Faults;

/// Most SKUs of one list (spec 3).
pub const MAX_SKUS: usize = 200_000;

const SKUS: List<Text> = list(NAME, 0..=MAX_SKUS);

request! {
    /// A product list to create or replace.
    pub struct NewProductList "ProductList" as Vec<String> {
        /// The list's name; if given, it must be the name in the path.
        name: PATH_NAME,
        /// The SKUs of the list. A repeated SKU counts once.
        skus: later(required(SKUS)),
    } read |object, faults| { object.required("skus", faults, parse_skus) }
}

/// Reads the body of the list `name`. The result has each SKU once, in the order of the body.
pub fn parse(value: Value<'_, '_>, name: &str, faults: &mut Faults) -> Option<Vec<String>> {
    refuse_other_name(value, "name", name, faults);
    NewProductList::read(value, faults)
}

/// Reads SKUs. Repeated SKUs are dropped, because lists are often pasted together from others.
pub fn parse_skus(value: Value<'_, '_>, faults: &mut Faults) -> Option<Vec<String>> {
    let mut skus = SKUS.read(value, faults)?;
    keep_first(&mut skus);
    Some(skus)
}

/// Drops every SKU that repeats an earlier one.
pub fn keep_first(skus: &mut Vec<String>) {
    let mut seen = rustc_hash::FxHashSet::default();
    skus.retain(|sku| seen.insert(sku.clone()));
}
