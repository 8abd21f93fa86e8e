//! The names that a tenant uses, and where a promotion uses them (spec 15.2, 15.4).

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Condition, Leaf, MemberSubject, ModeTest};
use super::promotion::{Kind, Members, Scope, Terms};
use super::selector::{Predicate, Selector, TextField, TextTest};

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameField {
    Store,
    Concept,
    Zone,
    Channel,
    Program,
    Tier,
    Group,
    Category,
    Brand,
    Tag,
    PaymentMode,
    ShippingMethod,
    AttributeKey,
    VariantKey,
}

/// The known names of each field. A field without names is one of which nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNames(BTreeMap<NameField, BTreeSet<String>>);

impl KnownNames {
    pub fn add(&mut self, field: NameField, name: &str) {
        let names = self.0.entry(field).or_default();
        if !names.contains(name) {
            names.insert(name.to_owned());
        }
    }

    /// The names of a field; `None`: nothing is known of it.
    pub fn of(&self, field: NameField) -> Option<&BTreeSet<String>> {
        self.0.get(&field)
    }
}

/// A name in the terms of a promotion.
#[derive(Clone, Copy, Debug)]
pub struct UsedName<'t> {
    pub field: NameField,
    pub name: &'t str,
    /// A JSON pointer to the name, or to the list that has it at `index`.
    at: &'t str,
    index: Option<usize>,
}

impl UsedName<'_> {
    /// A JSON pointer to the name.
    pub fn pointer(&self) -> String {
        match self.index {
            None => self.at.to_owned(),
            Some(index) => format!("{}/{index}", self.at),
        }
    }
}

/// Calls `visit` with every name in the terms of a promotion, in the order of its fields. Beginnings and parts of names
/// are no names.
pub fn visit_names(terms: &Terms, visit: &mut dyn FnMut(UsedName<'_>)) {
    let mut visit = Visit(visit);
    visit.scope("/scope", &terms.scope);
    if let Members::Loyalty(programs) = &terms.audience.members {
        for (index, test) in programs.iter().enumerate() {
            let at = format!("/audience/programs/{index}");
            visit.name(NameField::Program, &format!("{at}/program"), &test.program);
            visit.list(NameField::Tier, &format!("{at}/tiers"), &test.tiers);
        }
    }
    visit.list(NameField::Group, "/audience/groups", &terms.audience.groups);
    if let Some(conditions) = &terms.conditions {
        visit.condition("/conditions", conditions);
    }
    if let Some(steps) = &terms.steps
        && let Some(of) = &steps.of
    {
        visit.selector("/benefit/steps/of", of);
    }
    if let Some(select) = terms.benefit.select() {
        visit.selector("/benefit/target/select", select);
    }
    if let Kind::LoyaltyEarning { earning, .. } = &terms.kind {
        visit.scope("/earning/scope", &earning.scope);
        if let Some(conditions) = &earning.conditions {
            visit.condition("/earning/conditions", conditions);
        }
    }
}

struct Visit<'v>(&'v mut dyn FnMut(UsedName<'_>));

impl Visit<'_> {
    fn name(&mut self, field: NameField, at: &str, name: &str) {
        (self.0)(UsedName { field, name, at, index: None });
    }

    fn list(&mut self, field: NameField, at: &str, names: &[String]) {
        for (index, name) in names.iter().enumerate() {
            (self.0)(UsedName { field, name, at, index: Some(index) });
        }
    }

    fn scope(&mut self, at: &str, scope: &Scope) {
        let Scope { stores, concepts, zones, channels } = scope;
        self.list(NameField::Store, &format!("{at}/stores"), stores);
        self.list(NameField::Concept, &format!("{at}/concepts"), concepts);
        self.list(NameField::Zone, &format!("{at}/zones"), zones);
        self.list(NameField::Channel, &format!("{at}/channels"), channels);
    }

    fn condition(&mut self, at: &str, condition: &Condition) {
        let leaf = match condition {
            Condition::Group(group) => {
                for (index, child) in group.of.iter().enumerate() {
                    self.condition(&format!("{at}/of/{index}"), child);
                }
                return;
            }
            Condition::Leaf(leaf) => leaf,
        };
        let values = || format!("{at}/values");
        match leaf {
            Leaf::Lines { of, .. } | Leaf::Item { of, .. } => {
                self.selector(&format!("{at}/of"), of);
            }
            Leaf::PaymentMode { test: ModeTest::In(modes, _) | ModeTest::NotIn(modes) } => {
                self.list(NameField::PaymentMode, &values(), modes);
            }
            Leaf::Member { subject, values: names, .. } => {
                let field = match subject {
                    MemberSubject::ShippingMethod => NameField::ShippingMethod,
                    MemberSubject::Channel => NameField::Channel,
                    MemberSubject::CustomerGroup => NameField::Group,
                };
                self.list(field, &values(), names);
            }
            Leaf::PaymentMode { test: ModeTest::StartsWith(..) }
            | Leaf::Cart { .. }
            | Leaf::GiftVoucher { .. }
            | Leaf::CustomerAttribute { .. } => {}
        }
    }

    fn selector(&mut self, at: &str, selector: &Selector) {
        for (side, predicates) in [("include", &selector.include), ("exclude", &selector.exclude)] {
            for (index, predicate) in predicates.iter().enumerate() {
                if let Predicate::Text { field, test } = predicate {
                    self.predicate(&format!("{at}/{side}/{index}"), field, test);
                }
            }
        }
    }

    fn predicate(&mut self, at: &str, field: &TextField, test: &TextTest) {
        let key = || format!("{at}/key");
        let field = match field {
            TextField::Attribute(name) => return self.name(NameField::AttributeKey, &key(), name),
            TextField::Variant(name) => return self.name(NameField::VariantKey, &key(), name),
            TextField::Brand => NameField::Brand,
            TextField::Category => NameField::Category,
            TextField::Tag => NameField::Tag,
            TextField::Sku
            | TextField::Product
            | TextField::Title
            | TextField::Supplier
            | TextField::ProductGroup => return,
        };
        match test {
            TextTest::Eq(name) | TextTest::Ne(name) => {
                self.name(field, &format!("{at}/value"), name);
            }
            TextTest::In(names) | TextTest::NotIn(names) => {
                self.list(field, &format!("{at}/values"), names);
            }
            TextTest::Contains(_) | TextTest::StartsWith(_) => {}
        }
    }
}
