//! Stores in memory. They are many and seldom change, so the versions of a rule set share them.

use std::mem::size_of;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::product_lists::hash;
use crate::domain::store::Store;

#[derive(Debug, Default)]
pub struct Stores {
    by_code: HashTable<Store>,
}

impl Stores {
    /// A store by its code.
    pub fn get(&self, code: &str) -> Option<&Store> {
        self.by_code.find(hash(code), |own| own.code == code)
    }

    /// All stores, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Store> {
        self.by_code.iter()
    }

    /// About how many bytes of memory they take.
    pub fn bytes(&self) -> usize {
        let texts = |store: &Store| {
            let concept = store.concept.as_ref().map_or(0, String::len);
            let zones = store.zones.iter().map(|zone| allocated(zone.len()));
            let zones = zones.sum::<usize>() + store.zones.len() * size_of::<String>();
            allocated(store.code.len()) + allocated(concept) + allocated(zones)
        };
        self.by_code.allocation_size() + self.by_code.iter().map(texts).sum::<usize>()
    }
}

impl Extend<Store> for Stores {
    fn extend<I: IntoIterator<Item = Store>>(&mut self, stores: I) {
        for store in stores {
            let same = |own: &Store| own.code == store.code;
            let rehash = |own: &Store| hash(&own.code);
            match self.by_code.entry(hash(&store.code), same, rehash) {
                Entry::Occupied(mut own) => *own.get_mut() = store,
                Entry::Vacant(place) => {
                    place.insert(store);
                }
            }
        }
    }
}

impl FromIterator<Store> for Stores {
    fn from_iter<I: IntoIterator<Item = Store>>(stores: I) -> Self {
        let mut all = Self::default();
        all.extend(stores);
        all
    }
}

/// The memory that an allocation of so many bytes takes, since allocators round sizes up.
fn allocated(bytes: usize) -> usize {
    bytes.next_multiple_of(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_found_by_its_code() {
        let store = |code: &str| Store {
            code: code.to_owned(),
            concept: None,
            zones: Vec::new(),
            timezone: None,
        };
        let stores: Stores = [store("A"), store("B")].into_iter().collect();
        assert_eq!(stores.get("B"), Some(&store("B")));
        assert_eq!(stores.get("b"), None);
    }
}
