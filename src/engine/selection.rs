//! Selectors, compiled: predicates on a line (spec 5.3).
//!
//! The texts that a tenant's rules name are interned into *facts*. A line is read once into the
//! sorted facts that it has; an `in` or `eq` predicate is then a look into a short sorted list, and
//! no text is compared again. The same facts are the keys of the index (`candidates`).

use std::cmp::Ordering;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::amount::{Money, Number};
use crate::domain::cart::Line;
use crate::domain::selector::{
    Comparison, Match, NumberField, NumberOperator, NumberTest, Predicate, Selector, TextField,
    TextTest,
};
use crate::domain::store::Store;

use super::line_set::LineSet;
use super::stock::{self, ProductList};
use super::view::CartView;

/// A text that rules name, of one field; equal numbers mean equal field and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fact(u32);

impl Fact {
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
    /// By key.
    attributes: FxHashMap<Box<str>, Texts>,
    /// By key.
    variants: FxHashMap<Box<str>, Texts>,
    lists: Texts,
    stores: Texts,
    concepts: Texts,
    zones: Texts,
    channels: Texts,
    /// The product lists that a rule names.
    product_lists: Vec<(Fact, Arc<ProductList>)>,
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
            let concept = store
                .concept
                .as_deref()
                .and_then(|own| self.concepts.get(own));
            let zones = store
                .zones
                .iter()
                .filter_map(|zone| self.zones.get(zone.as_str()));
            self.stores
                .get(store.code.as_str())
                .into_iter()
                .chain(concept)
                .chain(zones)
        });
        of_store
            .chain(channel.and_then(|channel| self.channels.get(channel)))
            .copied()
    }

    /// Adds the facts that a line has, those that some rule names, sorted.
    pub(crate) fn of_line(&self, line: &Line<'_>, facts: &mut Vec<Fact>) {
        let start = facts.len();
        let mut add = |texts: &Texts, text: &str| {
            if let Some(fact) = texts.get(text) {
                facts.push(*fact);
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
        let keyed = [
            (&self.attributes, &line.attributes),
            (&self.variants, &line.variant),
        ];
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
            facts.extend(own.map(|(fact, _)| *fact));
        }
        if let Some(own) = facts.get_mut(start..) {
            own.sort_unstable();
        }
    }
}

/// A selector, compiled.
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
    Contains(TextField, Box<str>),
    StartsWith(TextField, Box<str>),
    Number(NumberField, NumberTest),
}

impl Selection {
    pub(crate) fn compile(selector: &Selector, facts: &mut Facts) -> Self {
        let mut compile = |predicates: &[Predicate]| -> Box<[Test]> {
            predicates
                .iter()
                .map(|predicate| Test::compile(predicate, facts))
                .collect()
        };
        Self {
            matching: selector.matching,
            include: compile(&selector.include),
            exclude: compile(&selector.exclude),
        }
    }

    /// The lines that are selected.
    pub(crate) fn select(&self, view: &CartView<'_>) -> LineSet {
        let include = self.include.iter();
        let included = match self.matching {
            _ if self.include.is_empty() => view.all,
            Match::All => include.fold(view.all, |lines, test| test.select(view, &lines)),
            Match::Any => include.fold(LineSet::default(), |lines, test| {
                lines.union(&test.select(view, &view.all))
            }),
        };
        let exclude = self.exclude.iter();
        exclude.fold(included, |lines, test| {
            lines.without(&test.select(view, &lines))
        })
    }

    /// Facts of which a selected line has at least one; `None` where there is no such set.
    pub(crate) fn necessary_facts(&self) -> Option<Vec<Fact>> {
        let keys = |test: &Test| match test {
            Test::Has(facts) => Some(facts.to_vec()),
            Test::HasNone(..) | Test::Contains(..) | Test::StartsWith(..) | Test::Number(..) => {
                None
            }
        };
        match self.matching {
            Match::All => self.include.iter().filter_map(keys).min_by_key(Vec::len),
            Match::Any if self.include.is_empty() => None,
            Match::Any => self
                .include
                .iter()
                .map(keys)
                .collect::<Option<Vec<_>>>()
                .map(|keys| keys.concat()),
        }
    }
}

impl Test {
    fn compile(predicate: &Predicate, facts: &mut Facts) -> Self {
        match predicate {
            Predicate::InList { list } => Self::Has([facts.intern(FactField::List, list)].into()),
            Predicate::Number { field, test } => Self::Number(*field, *test),
            Predicate::Text { field, test } => {
                let mut intern = |texts: &[String]| -> Box<[Fact]> {
                    let mut interned: Vec<Fact> = texts
                        .iter()
                        .map(|text| facts.intern(FactField::Line(field.clone()), text))
                        .collect();
                    interned.sort_unstable();
                    interned.dedup();
                    interned.into()
                };
                match test {
                    TextTest::Eq(text) => Self::Has(intern(std::slice::from_ref(text))),
                    TextTest::In(texts) => Self::Has(intern(texts)),
                    TextTest::Ne(text) => {
                        Self::HasNone(field.clone(), intern(std::slice::from_ref(text)))
                    }
                    TextTest::NotIn(texts) => Self::HasNone(field.clone(), intern(texts)),
                    TextTest::Contains(text) => Self::Contains(field.clone(), text.as_str().into()),
                    TextTest::StartsWith(text) => {
                        Self::StartsWith(field.clone(), text.as_str().into())
                    }
                }
            }
        }
    }

    /// The lines among some for which it holds. Facts are looked through once for the whole cart.
    fn select(&self, view: &CartView<'_>, among: &LineSet) -> LineSet {
        match self {
            Self::Has(wanted) => {
                let lines = match &**wanted {
                    [one] => view.with_fact(|fact| fact == one),
                    _ => view.with_fact(|fact| wanted.binary_search(fact).is_ok()),
                };
                lines.intersection(among)
            }
            Self::HasNone(..) | Self::Contains(..) | Self::StartsWith(..) | Self::Number(..) => {
                let holds = |line: &usize| self.holds(view.line(*line), view.facts_of(*line));
                among.iter().filter(holds).collect()
            }
        }
    }

    fn holds(&self, line: &Line<'_>, facts: &[Fact]) -> bool {
        match self {
            Self::Has(wanted) => intersect(facts, wanted),
            Self::HasNone(field, unwanted) => {
                any_text(line, field, |_| true) && !intersect(facts, unwanted)
            }
            Self::Contains(field, part) => any_text(line, field, |text| text.contains(&**part)),
            Self::StartsWith(field, part) => {
                any_text(line, field, |text| text.starts_with(&**part))
            }
            Self::Number(field, test) => number_holds(line, *field, *test),
        }
    }
}

/// Whether two sorted lists share a fact. One is the few facts of a line, the other short for most
/// rules and up to thousands for some.
fn intersect(line: &[Fact], wanted: &[Fact]) -> bool {
    match wanted {
        [] => false,
        [one] => line.contains(one),
        _ => line.iter().any(|fact| wanted.binary_search(fact).is_ok()),
    }
}

/// Whether a test holds for one of the texts that the line has of a field.
fn any_text(line: &Line<'_>, field: &TextField, test: impl Fn(&str) -> bool) -> bool {
    let one = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().is_some_and(&test);
    let keyed = |entries: &[(std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)], key: &str| {
        entries.iter().any(|(own, text)| own == key && test(text))
    };
    match field {
        TextField::Sku => test(&line.sku),
        TextField::Product => one(&line.product),
        TextField::Title => one(&line.title),
        TextField::Brand => one(&line.brand),
        TextField::Supplier => one(&line.supplier),
        TextField::ProductGroup => one(&line.product_group),
        TextField::Category => line.categories.iter().any(|text| test(text)),
        TextField::Tag => line.tags.iter().any(|text| test(text)),
        TextField::Attribute(key) => keyed(&line.attributes, key),
        TextField::Variant(key) => keyed(&line.variant, key),
    }
}

fn number_holds(line: &Line<'_>, field: NumberField, test: NumberTest) -> bool {
    let money = |money: Option<Money>| money.map(|money| i128::from(money.scaled()));
    let plain = |number: Option<Number>| number.map(|number| i128::from(number.scaled()));
    // Value and measure are both brought to ten-thousandths, times `unit`.
    let (value, unit) = match field {
        NumberField::UnitPrice => (money(Some(line.unit_price)), 1),
        NumberField::Mrp => (money(line.mrp), 1),
        NumberField::Quantity => (Some(i128::from(line.quantity.scaled()) * 10), 1),
        NumberField::Weight => (plain(line.weight), 1),
        NumberField::Stock => (plain(line.stock), 1),
        NumberField::PriceDiscount => (money(line.mrp.map(|mrp| mrp.minus(line.unit_price))), 1),
        NumberField::PriceDiscountPercent => match line.mrp.filter(|mrp| mrp.is_positive()) {
            // 100 × off ÷ mrp compared with v: 100 × 10,000 × off with v × mrp.
            Some(mrp) => (
                money(Some(mrp.minus(line.unit_price))).map(|off| off * 1_000_000),
                i128::from(mrp.scaled()),
            ),
            None => (None, 1),
        },
    };
    let against =
        |number: Number| value.map(|value| value.cmp(&(i128::from(number.scaled()) * unit)));
    let holds = |op: NumberOperator, number: Number| {
        against(number).is_some_and(|ordering: Ordering| op.holds(ordering))
    };
    match test {
        NumberTest::Compare(Comparison { op, value }) => holds(op, value),
        NumberTest::Between(low, high) => {
            holds(NumberOperator::Gte, low) && holds(NumberOperator::Lte, high)
        }
    }
}
