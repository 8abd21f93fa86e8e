//! The texts that a tenant's rules name, interned into *facts*.
//!
//! Each line is read once, into the facts that it has. Selections look at facts, and the `index` uses them as keys.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::cart::Line;
use crate::domain::selector::TextField;
use crate::domain::store::Store;

use super::fact::Fact;
use super::patterns::{Matched, Patterns, Place};
use super::product_lists::{self, ProductList};
use super::work::Work;

/// The field whose text a fact is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum FactField {
    Line(TextField),
    List,
    Store,
    Concept,
    Zone,
    Channel,
}

/// Texts of one field, with their facts.
type Texts = FxHashMap<Box<str>, Fact>;

/// All facts of a rule set.
#[derive(Debug, Default)]
pub(crate) struct FactTable {
    /// The facts of the rules that drafts were added to. They keep their numbers.
    base: Option<Arc<FactTable>>,
    count: u32,
    sku: Texts,
    product: Texts,
    title: Texts,
    brand: Texts,
    supplier: Texts,
    product_group: Texts,
    category: Texts,
    tag: Texts,
    attributes: FxHashMap<Box<str>, Texts>,
    variants: FxHashMap<Box<str>, Texts>,
    lists: Texts,
    stores: Texts,
    concepts: Texts,
    zones: Texts,
    channels: Texts,
    /// The product lists that a rule names.
    product_lists: Vec<(Fact, Arc<ProductList>)>,
    /// The texts that `contains` and `starts_with` look for.
    patterns: Patterns,
}

impl FactTable {
    /// A table that adds facts to those of `base`. Drafts look at their own facts only, so a text that both name has two.
    pub(crate) fn upon(base: Arc<Self>) -> Self {
        Self { count: base.count, base: Some(base), ..Self::default() }
    }

    /// The facts of the stored rules: these, or those that drafts were added to.
    pub(crate) fn of_stored(&self) -> &Self {
        self.base.as_deref().unwrap_or(self)
    }

    pub(crate) fn count(&self) -> usize {
        Fact::numbered(self.count).index()
    }

    /// The fact of a text. A new text gets a new fact.
    pub(crate) fn intern(&mut self, field: FactField, text: &str) -> Fact {
        let next = Fact::numbered(self.count);
        let texts = match field {
            FactField::Line(field) => match field {
                TextField::Sku => &mut self.sku,
                TextField::Product => &mut self.product,
                TextField::Title => &mut self.title,
                TextField::Brand => &mut self.brand,
                TextField::Supplier => &mut self.supplier,
                TextField::ProductGroup => &mut self.product_group,
                TextField::Category => &mut self.category,
                TextField::Tag => &mut self.tag,
                TextField::Attribute(key) => self.attributes.entry(key.into()).or_default(),
                TextField::Variant(key) => self.variants.entry(key.into()).or_default(),
            },
            FactField::List => &mut self.lists,
            FactField::Store => &mut self.stores,
            FactField::Concept => &mut self.concepts,
            FactField::Zone => &mut self.zones,
            FactField::Channel => &mut self.channels,
        };
        let fact = *texts.entry(text.into()).or_insert(next);
        if fact == next {
            self.count = self.count.saturating_add(1);
        }
        fact
    }

    /// The fact that a line's field contains, or begins with, this text. A new text gets a new fact.
    pub(crate) fn intern_pattern(&mut self, field: &TextField, place: Place, text: &str) -> Fact {
        let next = Fact::numbered(self.count);
        let fact = self.patterns.intern(field.clone(), place, text, next);
        if fact == next {
            self.count = self.count.saturating_add(1);
        }
        fact
    }

    /// Builds the search for texts, once all texts are known.
    pub(crate) fn finish(&mut self) {
        self.patterns.build();
    }

    /// Finds the texts that the lines contain.
    pub(crate) fn found_in(&self, lines: &[Line<'_>], work: &Work<'_>) -> Matched {
        let mut matched = self.patterns.find(lines, work);
        if let Some(base) = &self.base {
            matched.extend(base.found_in(lines, work));
        }
        matched
    }

    /// Adds a product list, so that lines with a SKU on it have the list's fact. Lists that no rule names are left out.
    pub(crate) fn add_list(&mut self, name: &str, list: &Arc<ProductList>) {
        if let Some(fact) = self.lists.get(name) {
            self.product_lists.push((*fact, Arc::clone(list)));
        }
    }

    /// The product lists that a rule names.
    pub(crate) fn lists(&self) -> impl Iterator<Item = (&str, &Arc<ProductList>)> {
        let list_of = |fact: Fact| self.product_lists.iter().find(|(own, _)| *own == fact);
        self.lists.iter().filter_map(move |(name, fact)| Some((&**name, &list_of(*fact)?.1)))
    }

    /// The facts of the store and channel where a cart is bought.
    pub(crate) fn of_place<'f>(
        &'f self,
        store: Option<&'f Store>,
        channel: Option<&'f str>,
    ) -> impl Iterator<Item = Fact> + 'f {
        let of_store = store.into_iter().flat_map(|store| {
            let concept = store.concept.as_deref().and_then(|own| self.concepts.get(own));
            let zones = store.zones.iter().filter_map(|zone| self.zones.get(zone.as_str()));
            self.stores.get(store.code.as_str()).into_iter().chain(concept).chain(zones)
        });
        of_store.chain(channel.and_then(|channel| self.channels.get(channel))).copied()
    }

    /// Finds the facts of a line. Only texts that some rule names are facts.
    pub(crate) fn of_line(&self, line: &Line<'_>, found: &mut impl FnMut(Fact)) {
        if let Some(base) = &self.base {
            base.of_line(line, found);
        }
        let mut add = |texts: &Texts, text: &str| {
            if let Some(fact) = texts.get(text) {
                found(*fact);
            }
        };
        // Most tenants' rules name few fields, so fields without facts are skipped.
        if !self.sku.is_empty() {
            add(&self.sku, &line.sku);
        }
        let optional = [
            (&self.product, &line.product),
            (&self.title, &line.title),
            (&self.brand, &line.brand),
            (&self.supplier, &line.supplier),
            (&self.product_group, &line.product_group),
        ];
        for (texts, text) in optional {
            if !texts.is_empty()
                && let Some(text) = text
            {
                add(texts, text);
            }
        }
        let several = [(&self.category, &line.categories), (&self.tag, &line.tags)];
        for (texts, own) in several {
            if !texts.is_empty() {
                own.iter().for_each(|text| add(texts, text));
            }
        }
        let keyed = [(&self.attributes, &line.attributes), (&self.variants, &line.variant)];
        for (keys, entries) in keyed {
            if !keys.is_empty() {
                for (key, text) in entries {
                    if let Some(texts) = keys.get(&**key) {
                        add(texts, text);
                    }
                }
            }
        }
        if !self.product_lists.is_empty() {
            let hash = product_lists::hash(&line.sku);
            let own = self.product_lists.iter();
            let own = own.filter(|(_, list)| list.contains(&line.sku, hash));
            own.for_each(|(fact, _)| found(*fact));
        }
    }
}
