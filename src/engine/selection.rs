//! Selectors, compiled: predicates on a line (spec 5.3).
//!
//! The texts that a tenant's rules name are interned into *facts*. A line is read once into the
//! sorted facts that it has; an `in` or `eq` predicate is then a look into a short sorted list, and
//! no text is compared again. The same facts are the keys of the index (`candidates`).

mod number;

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::cart::Line;
use crate::domain::selector::{
    Match, NumberField, NumberTest, Predicate, Selector, TextField, TextTest,
};
use crate::domain::store::Store;

use super::line_set::LineSet;
use super::patterns::{Matched, Patterns, Place};
use super::stock::{self, ProductList};
use super::view::CartView;
use super::work::Work;

/// A text that rules name, of one field; equal numbers mean equal field and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fact(u32);

impl Fact {
    #[cfg(test)]
    pub(crate) fn numbered(number: usize) -> Self {
        Self(u32::try_from(number).unwrap_or(u32::MAX))
    }

    pub(crate) fn number(self) -> u32 {
        self.0
    }

    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// What a fact is a text of.
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
pub(crate) struct Facts {
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
    /// What `contains` and `starts_with` look for.
    patterns: Patterns,
}

impl Facts {
    pub(crate) fn count(&self) -> usize {
        Fact(self.count).index()
    }

    /// The fact of a text, made where it is new.
    pub(crate) fn intern(&mut self, field: FactField, text: &str) -> Fact {
        let next = Fact(self.count);
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

    /// The fact that a line has this text in one of a field's, made where it is new.
    fn intern_pattern(&mut self, field: &TextField, place: Place, text: &str) -> Fact {
        let next = Fact(self.count);
        let fact = self.patterns.intern(field.clone(), place, text, next);
        if fact == next {
            self.count = self.count.saturating_add(1);
        }
        fact
    }

    /// Makes what finds texts, once all are known.
    pub(crate) fn finish(&mut self) {
        self.patterns.build();
    }

    /// The texts that are found in those of lines.
    pub(crate) fn found_in(&self, lines: &[Line<'_>], work: &Work<'_>) -> Matched {
        self.patterns.find(lines, work)
    }

    /// Notes a product list, so that the SKUs on it give the list's fact. Lists that no rule names are left out.
    pub(crate) fn add_list(&mut self, name: &str, list: &Arc<ProductList>) {
        if let Some(fact) = self.lists.get(name) {
            self.product_lists.push((*fact, Arc::clone(list)));
        }
    }

    /// The facts of where a cart is bought.
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

    /// Finds the facts that a line has, those that some rule names.
    pub(crate) fn of_line(&self, line: &Line<'_>, mut found: impl FnMut(Fact)) {
        let mut add = |texts: &Texts, text: &str| {
            if let Some(fact) = texts.get(text) {
                found(*fact);
            }
        };
        // Most tenants' rules name few of the fields: the others are passed over.
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
            let hash = stock::hash(&line.sku);
            let own = self.product_lists.iter();
            let own = own.filter(|(_, list)| list.contains(&line.sku, hash));
            own.for_each(|(fact, _)| found(*fact));
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selection {
    matching: Match,
    include: Box<[Test]>,
    exclude: Box<[Test]>,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// One of these facts.
    Has(Box<[Fact]>),
    /// The field is there, and none of these facts.
    HasNone(TextField, Box<[Fact]>),
    /// One of these texts is found in one of the line's.
    Finds(Box<[Fact]>),
    Number(NumberField, NumberTest),
}

impl Selection {
    pub(crate) fn compile(selector: &Selector, facts: &mut Facts) -> Self {
        let mut compile = |predicates: &[Predicate]| -> Vec<Test> {
            predicates.iter().map(|predicate| Test::compile(predicate, facts)).collect()
        };
        let include = compile(&selector.include);
        Self {
            matching: selector.matching,
            include: match selector.matching {
                Match::All => include.into(),
                Match::Any => any_of(include),
            },
            exclude: any_of(compile(&selector.exclude)),
        }
    }

    /// The lines that are selected.
    pub(crate) fn select(&self, view: &CartView<'_>, work: &Work<'_>) -> LineSet {
        let select = |test: &Test, lines: &LineSet| {
            if work.charge(test.steps(view)) {
                test.select(view, lines)
            } else {
                LineSet::default()
            }
        };
        let include = self.include.iter();
        let included = match self.matching {
            _ if self.include.is_empty() => view.all,
            Match::All => include.fold(view.all, |lines, test| select(test, &lines)),
            Match::Any => include
                .fold(LineSet::default(), |lines, test| lines.union(&select(test, &view.all))),
        };
        let exclude = self.exclude.iter();
        exclude.fold(included, |lines, test| lines.without(&select(test, &lines)))
    }

    /// How many texts it looks for on lines.
    pub(crate) fn sought_texts(&self) -> usize {
        let tests = self.include.iter().chain(&self.exclude);
        tests
            .map(|test| match test {
                Test::Finds(facts) => facts.len(),
                Test::Has(_) | Test::HasNone(..) | Test::Number(..) => 0,
            })
            .sum()
    }

    /// Facts of which a selected line has at least one; `None` where there is no such set.
    pub(crate) fn necessary_facts(&self) -> Option<Vec<Fact>> {
        let keys = |test: &Test| match test {
            Test::Has(facts) | Test::Finds(facts) => Some(facts.to_vec()),
            Test::HasNone(..) | Test::Number(..) => None,
        };
        match self.matching {
            Match::All => self.include.iter().filter_map(keys).min_by_key(Vec::len),
            Match::Any if self.include.is_empty() => None,
            Match::Any => {
                self.include.iter().map(keys).collect::<Option<Vec<_>>>().map(|keys| keys.concat())
            }
        }
    }
}

/// Tests of which one has to hold, those that look for facts as one.
fn any_of(tests: Vec<Test>) -> Box<[Test]> {
    let (mut has, mut finds, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for test in tests {
        match test {
            Test::Has(facts) => has.extend(facts),
            Test::Finds(facts) => finds.extend(facts),
            Test::HasNone(..) | Test::Number(..) => others.push(test),
        }
    }
    let with_facts = [(has, Test::Has as fn(Box<[Fact]>) -> Test), (finds, Test::Finds)];
    let with_facts = with_facts.into_iter().filter(|(facts, _)| !facts.is_empty());
    let with_facts = with_facts.map(|(facts, test)| test(sorted(facts)));
    with_facts.chain(others).collect()
}

fn sorted(mut facts: Vec<Fact>) -> Box<[Fact]> {
    facts.sort_unstable();
    facts.dedup();
    facts.into()
}

/// What it takes to look up a fact among many.
const STEPS_A_LOOK: usize = 2;

/// So many texts are looked up in one step.
const TEXTS_A_STEP: usize = 2;

impl Test {
    /// What it takes on a cart.
    fn steps(&self, view: &CartView<'_>) -> usize {
        let own = match self {
            Self::Has(wanted) | Self::HasNone(_, wanted) => {
                view.looks_for_facts(wanted.len()) * STEPS_A_LOOK
            }
            Self::Finds(wanted) => wanted.len() / TEXTS_A_STEP,
            Self::Number(..) => view.cart.lines.len(),
        };
        own + 1
    }

    fn compile(predicate: &Predicate, facts: &mut Facts) -> Self {
        match predicate {
            Predicate::InList { list } => Self::Has([facts.intern(FactField::List, list)].into()),
            Predicate::Number { field, test } => Self::Number(*field, *test),
            Predicate::Text { field, test } => {
                let mut intern = |texts: &[String]| -> Box<[Fact]> {
                    let own = texts.iter();
                    let own = own.map(|text| facts.intern(FactField::Line(field.clone()), text));
                    sorted(own.collect())
                };
                match test {
                    TextTest::Eq(text) => Self::Has(intern(std::slice::from_ref(text))),
                    TextTest::In(texts) => Self::Has(intern(texts)),
                    TextTest::Ne(text) => {
                        Self::HasNone(field.clone(), intern(std::slice::from_ref(text)))
                    }
                    TextTest::NotIn(texts) => Self::HasNone(field.clone(), intern(texts)),
                    TextTest::Contains(text) => {
                        Self::Finds([facts.intern_pattern(field, Place::Anywhere, text)].into())
                    }
                    TextTest::StartsWith(text) => {
                        Self::Finds([facts.intern_pattern(field, Place::AtTheStart, text)].into())
                    }
                }
            }
        }
    }

    /// The lines among some for which it holds.
    fn select(&self, view: &CartView<'_>, among: &LineSet) -> LineSet {
        match self {
            Self::Has(wanted) => view.with_facts(wanted).intersection(among),
            Self::HasNone(field, unwanted) => {
                let there = view.with_field(field).intersection(among);
                there.without(&view.with_facts(unwanted))
            }
            Self::Finds(wanted) => view.with_found(wanted).intersection(among),
            Self::Number(field, test) => {
                let holds = |line: &usize| number::holds(view.line(*line), *field, *test);
                among.iter().filter(holds).collect()
            }
        }
    }
}

/// Whether a test holds for one of the texts that the line has of a field.
pub(crate) fn any_text<'l>(
    line: &'l Line<'_>,
    field: &TextField,
    mut test: impl FnMut(&'l str) -> bool,
) -> bool {
    let mut keyed = |entries: &'l [(Cow<'_, str>, Cow<'_, str>)], key: &str| {
        let own = entries.iter().filter(|(own, _)| own == key);
        own.map(|(_, text)| &**text).any(&mut test)
    };
    match field {
        TextField::Sku => test(&line.sku),
        TextField::Product => line.product.as_deref().is_some_and(test),
        TextField::Title => line.title.as_deref().is_some_and(test),
        TextField::Brand => line.brand.as_deref().is_some_and(test),
        TextField::Supplier => line.supplier.as_deref().is_some_and(test),
        TextField::ProductGroup => line.product_group.as_deref().is_some_and(test),
        TextField::Category => line.categories.iter().any(|text| test(text)),
        TextField::Tag => line.tags.iter().any(|text| test(text)),
        TextField::Attribute(key) => keyed(&line.attributes, key),
        TextField::Variant(key) => keyed(&line.variant, key),
    }
}
