//! Stores (spec 3): a single store, or a list of stores.

use super::body::*;
use super::decode::{Value, refuse_other_name};
use super::faults::Faults;
use crate::domain::store::{MAX_ZONES, Store};

/// Most stores of one list. Usually the bound on the body is reached first.
const MAX_STORES: usize = 1_000_000;

body! {
    struct Terms "" as Store {
        /// The concept of the store.
        concept: optional(NAME) => store.concept,
        /// The zones of the store.
        zones: or_empty(list(NAME, 0..=MAX_ZONES)) => store.zones,
        /// The time zone: a name of the IANA database. Null: the tenant's.
        timezone: optional(ZONE) => store.timezone,
    } print |store| read |object, faults| {
        let code = String::new();
        Some(Store { code, concept: concept?, zones: zones?, timezone: timezone? })
    }
}

answer! {
    /// A store.
    pub struct StoreBody "Store" as Store |store| {
        /// The store's code.
        code: required(WORDS) => store.code,
        terms: all_of::<Terms>() => store,
    }
}

request! {
    /// A store to create or replace.
    pub struct NewStore "Store" as Store {
        /// The store's code; if given, it must be the code in the path.
        code: PATH_NAME,
        terms: all_of::<Terms>(),
    } read |object, faults| { terms }
}

request! {
    /// A store of a list.
    pub struct ListedStore "" as Store {
        /// The store's code. Each code may appear once.
        code: required(NAME),
        terms: all_of::<Terms>(),
    } read |object, faults| { Some(Store { code: code?, ..terms? }) }
}

/// A list of stores. Each code may appear once.
pub const STORES: Keyed<Part<ListedStore>> = keyed("code", part(), 0..=MAX_STORES);

/// Reads the store of the code in the path.
pub fn parse(value: Value<'_, '_>, code: &str, faults: &mut Faults) -> Option<Store> {
    refuse_other_name(value, "code", code, faults);
    Some(Store { code: code.to_owned(), ..NewStore::read(value, faults)? })
}

/// Reads a list of stores.
pub fn parse_list(value: Value<'_, '_>, faults: &mut Faults) -> Option<Vec<Store>> {
    STORES.read(value, faults)
}
