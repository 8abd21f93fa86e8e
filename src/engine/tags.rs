//! Which promotions do not combine, by their tags (spec 7.5 `not_with`).

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::domain::promotion::Stacking;

/// The tags of a rule set, each with its number.
#[derive(Clone, Debug, Default)]
pub(crate) struct TagNumbers(FxHashMap<Box<str>, usize>);

/// A set of tags, as bits.
#[derive(Clone, Debug, Default)]
struct TagSet(SmallVec<[u64; 1]>);

/// The tags of a promotion, and those that it does not combine with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tags {
    own: TagSet,
    not_with: TagSet,
}

impl TagNumbers {
    fn set(&mut self, names: &[String]) -> TagSet {
        let mut set = TagSet::default();
        for name in names {
            let next = self.0.len();
            set.insert(*self.0.entry(name.as_str().into()).or_insert(next));
        }
        set
    }
}

impl TagSet {
    fn insert(&mut self, number: usize) {
        if number / 64 >= self.0.len() {
            self.0.resize(number / 64 + 1, 0);
        }
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(own, other)| own & other != 0)
    }
}

impl Tags {
    pub(crate) fn new(stacking: &Stacking, numbers: &mut TagNumbers) -> Self {
        Self { own: numbers.set(&stacking.tags), not_with: numbers.set(&stacking.not_with) }
    }

    /// Whether promotions with these tags do not combine: one of them names a tag of the other.
    pub(crate) fn exclude(&self, other: &Self) -> bool {
        self.not_with.meets(&other.own) || other.not_with.meets(&self.own)
    }
}
