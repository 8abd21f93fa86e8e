//! Product lists in memory. They are large and seldom change, so the versions of a rule set share them.

use std::hash::{BuildHasher, RandomState};
use std::mem::size_of;
use std::sync::LazyLock;

use hashbrown::HashTable;

/// All lists use the same hash function, so one hash of a line's SKU serves for every list. Its seed is random, so that
/// no tenant can choose texts that collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The hash by which SKUs and codes of stores are looked up.
pub(crate) fn hash(text: &str) -> u64 {
    HASHER.hash_one(text)
}

/// The SKUs of one product list, in one block of text, found by hash. A SKU takes about ten bytes besides its text.
pub struct ProductList {
    texts: Box<str>,
    /// Where each SKU ends in `texts`. INVARIANT: a list is far smaller than 4 GiB (`wire::product_list::MAX_SKUS`).
    ends: Box<[u32]>,
    places: HashTable<u32>,
}

impl ProductList {
    /// Makes a list of these SKUs, which must be different.
    pub fn new(skus: &[String]) -> Self {
        let mut texts = String::with_capacity(skus.iter().map(String::len).sum());
        let mut ends = Vec::with_capacity(skus.len());
        let mut places = HashTable::with_capacity(skus.len());
        for (place, sku) in (0_u32..).zip(skus) {
            texts.push_str(sku);
            ends.push(u32::try_from(texts.len()).unwrap_or(u32::MAX));
            places.insert_unique(hash(sku), place, |own| hash(text(&texts, &ends, *own)));
        }
        Self { texts: texts.into(), ends: ends.into(), places }
    }

    /// Whether the SKU with this hash is on the list.
    pub(crate) fn contains(&self, sku: &str, hash: u64) -> bool {
        let is_sku = |place: &u32| text(&self.texts, &self.ends, *place) == sku;
        self.places.find(hash, is_sku).is_some()
    }

    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        let ends = self.ends.len().saturating_mul(size_of::<u32>());
        let places = self.places.allocation_size();
        size_of::<Self>() + self.texts.len() + ends + places
    }
}

impl std::fmt::Debug for ProductList {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ProductList({})", self.ends.len())
    }
}

/// The SKU with this number.
fn text<'t>(texts: &'t str, ends: &[u32], place: u32) -> &'t str {
    let end = |place: u32| {
        let end = ends.get(usize::try_from(place).ok()?)?;
        usize::try_from(*end).ok()
    };
    let start = place.checked_sub(1).map_or(Some(0), end);
    let own = start.zip(end(place)).and_then(|(from, to)| texts.get(from..to));
    own.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sku(number: usize) -> String {
        format!("{number}-{}", "é".repeat(number % 40))
    }

    #[test]
    fn a_list_has_its_skus_and_no_others() {
        let skus: Vec<String> = (0..5_000).map(sku).collect();
        let list = ProductList::new(&skus);
        let has = |sku: &str| list.contains(sku, hash(sku));
        assert!(skus.iter().all(|own| has(own)));
        assert!(!(5_000..10_000).map(sku).any(|other| has(&other)));
        assert!(!has("") && ProductList::new(&[String::new()]).contains("", hash("")));
        assert!(!ProductList::new(&[]).contains("", hash("")));
    }

    #[test]
    fn equal_hashes_do_not_make_equal_skus() {
        let list = ProductList::new(&["A".to_owned()]);
        assert!(!list.contains("B", hash("A")));
    }

    #[test]
    fn a_sku_takes_its_text_and_about_ten_bytes() {
        let skus: Vec<String> = (0..200_000).map(|own| format!("{own:0>40}")).collect();
        let besides = ProductList::new(&skus).bytes() - 200_000 * 40;
        assert!((8 * 200_000..12 * 200_000).contains(&besides), "{besides}");
    }
}
