//! Finds the promotions that a cart could meet, without looking at the others.
//!
//! For every promotion the index picks *necessary facts*: if the cart has none of them, the promotion cannot apply.
//! They come from its conditions, its target or its scope, whichever has the fewest. A promotion without necessary
//! facts is looked at for every cart.

use crate::domain::benefit::Benefit;
use crate::domain::evaluation::PromotionIndex;
use crate::domain::promotion::{Kind, Scope};

use super::compiled::Compiled;
use super::fact::Fact;
use super::facts::{FactField, FactTable};
use super::work::Work;

/// For each fact, the promotions for which it is a necessary fact.
#[derive(Debug, Default)]
pub(crate) struct Index {
    by_fact: Vec<Vec<PromotionIndex>>,
    /// Promotions without necessary facts.
    always: PromotionSet,
}

/// A set of promotions of a rule set, as bits, in order of creation.
#[derive(Clone, Debug, Default)]
pub(crate) struct PromotionSet(Vec<u64>);

impl PromotionSet {
    /// The first `count` promotions.
    pub(crate) fn first(count: usize) -> Self {
        let mut set = Self::default();
        (0..count).for_each(|index| set.insert(PromotionIndex(index)));
        set
    }

    pub(crate) fn remove(&mut self, PromotionIndex(index): PromotionIndex) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word &= !(1 << (index % 64));
        }
    }

    pub(crate) fn insert(&mut self, PromotionIndex(index): PromotionIndex) {
        if index / 64 >= self.0.len() {
            self.0.resize(index / 64 + 1, 0);
        }
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    /// Removes the promotions that `keeps` refuses.
    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(PromotionIndex) -> bool) {
        for (place, word) in self.0.iter_mut().enumerate() {
            for index in (Bits { first: place * 64, word: *word }) {
                if !keeps(index) {
                    *word &= !(1 << (index.0 % 64));
                }
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.iter().count()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = PromotionIndex> {
        let words = self.0.iter().enumerate();
        words.flat_map(|(place, word)| Bits { first: place * 64, word: *word })
    }
}

/// Iterates over the promotions of one word.
struct Bits {
    /// The index of its lowest bit.
    first: usize,
    /// The bits that are still to come.
    word: u64,
}

impl Iterator for Bits {
    type Item = PromotionIndex;

    fn next(&mut self) -> Option<PromotionIndex> {
        if self.word == 0 {
            return None;
        }
        let bit = usize::try_from(self.word.trailing_zeros()).ok()?;
        self.word &= self.word - 1;
        Some(PromotionIndex(self.first + bit))
    }
}

impl Index {
    pub(crate) fn build(promotions: &[Compiled], facts: &mut FactTable) -> Self {
        let mut index = Self::default();
        for (place, compiled) in promotions.iter().enumerate() {
            let promotion = PromotionIndex(place);
            // Promotions with codes are found by their codes alone. Other promotions that have ended are never found.
            if compiled.has_ended || matches!(compiled.promotion.terms.kind, Kind::CodeLinked) {
                continue;
            }
            match necessary_facts(compiled, facts) {
                None => index.always.insert(promotion),
                Some(necessary) => {
                    index.by_fact.resize_with(facts.count(), Vec::new);
                    for fact in necessary {
                        if let Some(own) = index.by_fact.get_mut(fact.index()) {
                            own.push(promotion);
                        }
                    }
                }
            }
        }
        index.by_fact.resize_with(facts.count(), Vec::new);
        // The set has room for all promotions, so that `find` allocates once.
        index.always.0.resize(promotions.len().div_ceil(64), 0);
        index
    }

    /// The promotions that a cart with these facts could meet.
    pub(crate) fn find(&self, facts: impl Iterator<Item = Fact>, work: &Work<'_>) -> PromotionSet {
        let mut found = self.always.clone();
        facts
            .filter_map(|fact| self.by_fact.get(fact.index()))
            .take_while(|own| work.charge(own.len()))
            .flatten()
            .for_each(|promotion| found.insert(*promotion));
        found
    }
}

fn necessary_facts(compiled: &Compiled, facts: &mut FactTable) -> Option<Vec<Fact>> {
    let terms = &compiled.promotion.terms;
    let scope = scope_facts(&terms.scope, facts);
    // A promotion that suggests itself must also be found for carts that lack what its conditions need.
    let of_cart = if terms.suggest { None } else { cart_facts(compiled) };
    scope.into_iter().chain(of_cart).min_by_key(Vec::len)
}

/// Facts of which the lines must have one for the promotion to give anything.
fn cart_facts(compiled: &Compiled) -> Option<Vec<Fact>> {
    let facts_of = |selection: usize| compiled.selections.get(selection)?.necessary_facts();
    let needed = compiled.conditions.as_ref().and_then(|own| {
        own.needed_selections(|selection| facts_of(selection).map(|facts| facts.len()))
    });
    let conditions = needed.map(|own| own.into_iter().filter_map(facts_of).flatten().collect());
    let target = match &compiled.promotion.terms.benefit {
        Benefit::Items(_) | Benefit::Cart(_) => compiled.select.and_then(facts_of),
        Benefit::FreeProduct(_) | Benefit::Shipping(_) => None,
    };
    conditions.into_iter().chain(target).min_by_key(Vec::len)
}

fn scope_facts(scope: &Scope, facts: &mut FactTable) -> Option<Vec<Fact>> {
    let lists = [
        (FactField::Store, &scope.stores),
        (FactField::Concept, &scope.concepts),
        (FactField::Zone, &scope.zones),
        (FactField::Channel, &scope.channels),
    ];
    let shortest = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let (field, list) = shortest.min_by_key(|(_, list)| list.len())?;
    Some(list.iter().map(|text| facts.intern(field.clone(), text)).collect())
}
