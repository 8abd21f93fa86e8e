//! Stores (spec 3): one by one, or a list of them.

use super::decode::{TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::write::Writer;
use crate::domain::store::{MAX_ZONES, Store};

/// Most stores of one list; the bound on the body comes first.
pub(crate) const MAX_STORES: usize = 1_000_000;

/// Reads a store. With the `code` of its path the body need not name it, and may name no other.
pub fn parse(value: Value<'_, '_>, code: Option<&str>, faults: &mut Faults) -> Option<Store> {
    let mut object = value.object(faults)?;
    let read = |value: Value<'_, '_>, faults: &mut Faults| value.owned(TextBound::NAME, faults);
    let code = match code {
        None => object.required("code", faults, read),
        Some(code) => {
            let own = object.or("code", code.to_owned(), faults, read);
            if own.as_ref().is_some_and(|own| own != code) {
                let message = "is not the code of the path";
                object.fault::<()>("code", faults, FaultCode::UnsupportedCombination, message);
            }
            own
        }
    };
    let concept = object.optional("concept", faults, read);
    let zones = object.or("zones", Vec::new(), faults, |value, faults| {
        value.texts(0..=MAX_ZONES, TextBound::NAME, faults)
    });
    let timezone = object.optional("timezone", faults, |v, f| v.zone(f));
    object.finish(faults)?;
    Some(Store { code: code?, concept: concept?, zones: zones?, timezone: timezone? })
}

/// Reads a list of stores, each code once.
pub fn parse_list(value: Value<'_, '_>, faults: &mut Faults) -> Option<Vec<Store>> {
    let stores = value.list(0..=MAX_STORES, faults, |value, faults| parse(value, None, faults))?;
    let mut seen = rustc_hash::FxHashSet::default();
    for (index, store) in stores.iter().enumerate() {
        if !seen.insert(store.code.as_str()) {
            let path = value.path().index(index);
            faults.add(&path.key("code"), FaultCode::NotUnique, "is there twice");
        }
    }
    Some(stores)
}

/// Prints a store, defaults and all.
pub fn print(writer: &mut Writer, store: &Store) {
    writer.object(|writer| {
        writer.key("code").text(&store.code);
        let concept = store.concept.as_deref();
        writer.key("concept").option(concept, Writer::text);
        writer.key("zones").texts(&store.zones);
        let timezone = store.timezone.map(|zone| zone.name());
        writer.key("timezone").option(timezone, Writer::text);
    });
}
