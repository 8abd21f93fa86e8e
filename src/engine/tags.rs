//! Which promotions do not combine, by their tags (spec 7.5 `not_with`).

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::domain::promotion::Stacking;

use super::work::Work;

/// The steps that a pair of promotions takes that do not combine.
const STEPS_A_PAIR: usize = 4;

/// The tags of a rule set, each with its number.
#[derive(Clone, Debug, Default)]
pub(crate) struct TagNumbers(FxHashMap<Box<str>, u32>);

/// Tags of one promotion, by their numbers.
type Numbers = SmallVec<[u32; 4]>;

/// The tags of a promotion, and those that it does not combine with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tags {
    own: Numbers,
    not_with: Numbers,
}

/// The tags of several promotions together.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllTags {
    own: TagSet,
    not_with: TagSet,
}

/// For each of several promotions the others that it does not combine with, ascending. Empty if all combine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exclusions(Vec<Vec<usize>>);

/// A set of tags, as bits.
#[derive(Clone, Debug, Default)]
struct TagSet(Vec<u64>);

impl TagNumbers {
    fn numbers(&mut self, names: &[String]) -> Numbers {
        let mut number = |name: &String| {
            let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
            *self.0.entry(name.as_str().into()).or_insert(next)
        };
        names.iter().map(&mut number).collect()
    }
}

impl Tags {
    pub(crate) fn new(stacking: &Stacking, numbers: &mut TagNumbers) -> Self {
        Self { own: numbers.numbers(&stacking.tags), not_with: numbers.numbers(&stacking.not_with) }
    }

    /// Whether two promotions do not combine: one of them names a tag of the other.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        self.not_with.iter().any(|tag| other.own.contains(tag))
            || other.not_with.iter().any(|tag| self.own.contains(tag))
    }
}

impl AllTags {
    pub(crate) fn add(&mut self, tags: &Tags) {
        tags.own.iter().for_each(|tag| self.own.insert(*tag));
        tags.not_with.iter().for_each(|tag| self.not_with.insert(*tag));
    }

    /// Whether a promotion with these tags does not combine with one of them: one of the two names a tag of the other.
    pub(crate) fn exclude(&self, tags: &Tags) -> bool {
        tags.not_with.iter().any(|tag| self.own.contains(*tag))
            || tags.own.iter().any(|tag| self.not_with.contains(*tag))
    }
}

impl Exclusions {
    pub(crate) fn among<'t>(all: impl Iterator<Item = &'t Tags> + Clone, work: &Work<'_>) -> Self {
        if all.clone().all(|tags| tags.not_with.is_empty()) {
            return Self::default();
        }
        let mut owners: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
        for (place, tags) in all.clone().enumerate() {
            tags.own.iter().for_each(|tag| owners.entry(*tag).or_default().push(place));
        }
        let mut excluded = vec![Vec::new(); all.clone().count()];
        for (place, tags) in all.enumerate() {
            for others in tags.not_with.iter().filter_map(|tag| owners.get(tag)) {
                if !work.charge(others.len() * STEPS_A_PAIR) {
                    return Self::default();
                }
                for other in others.iter().filter(|other| **other != place) {
                    for (one, other) in [(place, *other), (*other, place)] {
                        excluded.get_mut(one).into_iter().for_each(|own| own.push(other));
                    }
                }
            }
        }
        for own in &mut excluded {
            own.sort_unstable();
            own.dedup();
        }
        Self(excluded)
    }

    /// The others that a promotion does not combine with.
    pub(crate) fn of(&self, place: usize) -> &[usize] {
        self.0.get(place).map_or(&[], Vec::as_slice)
    }

    /// Whether two promotions do not combine.
    pub(crate) fn has(&self, one: usize, other: usize) -> bool {
        self.of(one).binary_search(&other).is_ok()
    }
}

impl TagSet {
    fn insert(&mut self, tag: u32) {
        let (word, bit) = place(tag);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        if let Some(own) = self.0.get_mut(word) {
            *own |= bit;
        }
    }

    fn contains(&self, tag: u32) -> bool {
        let (word, bit) = place(tag);
        self.0.get(word).is_some_and(|own| own & bit != 0)
    }
}

/// The word of a tag, and its bit in that word.
const fn place(tag: u32) -> (usize, u64) {
    ((tag / u64::BITS) as usize, 1 << (tag % u64::BITS))
}
