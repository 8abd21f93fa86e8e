//! The names that a tenant uses, and where a promotion uses them (spec 15.2, 15.4).

use std::collections::{BTreeMap, BTreeSet};

use super::benefit::Benefit;
use super::condition::{Condition, Leaf, MemberSubject, ModeTest};
use super::issuance::Message;
use super::promotion::{Kind, Members, Scope, Terms};
use super::selector::{Predicate, Selector, TextField, TextTest};

/// Most values of one field that are kept of a tenant (spec 15.4).
pub const MAX_VALUES: usize = 10_000;
/// The same of SKUs.
pub const MAX_SKU_VALUES: usize = 200_000;

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameField {
    Sku,
    Product,
    Category,
    Brand,
    Tag,
    Supplier,
    ProductGroup,
    AttributeKey,
    /// A value of an attribute of lines, under its key.
    Attribute,
    VariantKey,
    /// A value of a variant, under its key.
    Variant,
    PaymentMode,
    ShippingMethod,
    Channel,
    Store,
    Concept,
    Zone,
    Program,
    Tier,
    /// A supplementary program.
    Supplementary,
    Group,
    CustomerAttributeKey,
    Campaign,
    /// A template of messages to customers.
    Template,
}

/// Where a name comes from. If it has several sources, the first one of these is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameSource {
    Stores,
    /// Promotions and settings.
    Promotions,
    /// Carts that were redeemed.
    Redemptions,
    Import,
}

impl NameField {
    /// Whether its values are told apart by keys.
    pub const fn has_keys(self) -> bool {
        matches!(self, Self::Attribute | Self::Variant)
    }

    /// Most values that are kept of a tenant.
    pub const fn most(self) -> usize {
        if matches!(self, Self::Sku) { MAX_SKU_VALUES } else { MAX_VALUES }
    }

    /// Whether a name of it that nobody knows is probably a mistake (spec 15.2 `unknown_name`).
    pub const fn is_judged(self) -> bool {
        match self {
            Self::Store
            | Self::Concept
            | Self::Zone
            | Self::Channel
            | Self::Program
            | Self::Tier
            | Self::Group
            | Self::Category
            | Self::Brand
            | Self::Tag
            | Self::PaymentMode
            | Self::ShippingMethod
            | Self::AttributeKey
            | Self::VariantKey => true,
            Self::Sku
            | Self::Product
            | Self::Supplier
            | Self::ProductGroup
            | Self::Attribute
            | Self::Variant
            | Self::Supplementary
            | Self::CustomerAttributeKey
            | Self::Campaign
            | Self::Template => false,
        }
    }
}

/// A name, with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    pub field: NameField,
    /// The key of an attribute or of a variant's value, else empty.
    pub key: String,
    pub value: String,
    pub title: Option<String>,
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

    /// Says that some names of a field are known, whichever.
    pub fn has(&mut self, field: NameField) {
        self.0.entry(field).or_default();
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
    /// The key of an attribute or of a variant's value, else empty.
    pub key: &'t str,
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

/// The names in the terms of a promotion, each once.
pub fn names(terms: &Terms) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    visit_names(terms, &mut |used| add(&mut names, used));
    names
}

/// The names in a selector, each once.
pub fn names_of_selector(selector: &Selector) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    Visit(&mut |used| add(&mut names, used)).selector("", selector);
    names
}

fn add(names: &mut BTreeSet<Name>, UsedName { field, key, name, .. }: UsedName<'_>) {
    names.insert(Name { field, key: key.to_owned(), value: name.to_owned(), title: None });
}

/// Calls `visit` with every name in the terms of a promotion, in the order of its fields. Beginnings and parts of names
/// are no names.
pub fn visit_names(terms: &Terms, visit: &mut dyn FnMut(UsedName<'_>)) {
    let mut visit = Visit(visit);
    if let Some(campaign) = &terms.campaign {
        visit.name(NameField::Campaign, "/campaign", campaign);
    }
    visit.scope("/scope", &terms.scope);
    if let Members::Loyalty(programs) = &terms.audience.members {
        for (index, test) in programs.iter().enumerate() {
            let at = format!("/audience/programs/{index}");
            visit.name(NameField::Program, &format!("{at}/program"), &test.program);
            visit.list(NameField::Tier, &format!("{at}/tiers"), &test.tiers);
            let at = format!("{at}/supplementary");
            visit.list(NameField::Supplementary, &at, &test.supplementary);
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
    if let Benefit::FreeProduct(free) = &terms.benefit {
        visit.name(NameField::Sku, "/benefit/product/sku", &free.sku);
    }
    if let Kind::LoyaltyEarning { earning, .. } = &terms.kind {
        visit.scope("/earning/scope", &earning.scope);
        if let Some(conditions) = &earning.conditions {
            visit.condition("/earning/conditions", conditions);
        }
    }
    if let Some(communication) = terms.communication() {
        visit.messages("/communication/on_earning", &communication.on_earning);
        if let Some(reminder) = &communication.expiry_reminder {
            visit.messages("/communication/expiry_reminder/messages", &reminder.messages);
        }
    }
}

struct Visit<'v>(&'v mut dyn FnMut(UsedName<'_>));

impl Visit<'_> {
    fn name(&mut self, field: NameField, at: &str, name: &str) {
        (self.0)(UsedName { field, key: "", name, at, index: None });
    }

    fn list(&mut self, field: NameField, at: &str, names: &[String]) {
        self.keyed(field, "", at, names);
    }

    fn keyed(&mut self, field: NameField, key: &str, at: &str, names: &[String]) {
        for (index, name) in names.iter().enumerate() {
            (self.0)(UsedName { field, key, name, at, index: Some(index) });
        }
    }

    fn messages(&mut self, at: &str, messages: &[Message]) {
        for (index, message) in messages.iter().enumerate() {
            self.name(NameField::Template, &format!("{at}/{index}/template"), &message.template);
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
            Leaf::CustomerAttribute { key, .. } => {
                self.name(NameField::CustomerAttributeKey, &format!("{at}/key"), key);
            }
            Leaf::PaymentMode { test: ModeTest::StartsWith(..) }
            | Leaf::Cart { .. }
            | Leaf::GiftVoucher { .. } => {}
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
        let at_key = || format!("{at}/key");
        let (field, key) = match field {
            TextField::Attribute(key) => {
                self.name(NameField::AttributeKey, &at_key(), key);
                (NameField::Attribute, key.as_str())
            }
            TextField::Variant(key) => {
                self.name(NameField::VariantKey, &at_key(), key);
                (NameField::Variant, key.as_str())
            }
            TextField::Sku => (NameField::Sku, ""),
            TextField::Product => (NameField::Product, ""),
            TextField::Brand => (NameField::Brand, ""),
            TextField::Category => (NameField::Category, ""),
            TextField::Tag => (NameField::Tag, ""),
            TextField::Supplier => (NameField::Supplier, ""),
            TextField::ProductGroup => (NameField::ProductGroup, ""),
            TextField::Title => return,
        };
        match test {
            TextTest::Eq(name) | TextTest::Ne(name) => {
                let at = format!("{at}/value");
                (self.0)(UsedName { field, key, name, at: &at, index: None });
            }
            TextTest::In(names) | TextTest::NotIn(names) => {
                self.keyed(field, key, &format!("{at}/values"), names);
            }
            TextTest::Contains(_) | TextTest::StartsWith(_) => {}
        }
    }
}
