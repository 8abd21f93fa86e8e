//! Which lines a promotion discounts, as far as SKUs, categories, brands and tags say it.

use std::collections::BTreeSet;

use crate::domain::benefit::{Benefit, CartKind, From};
use crate::domain::condition::Leaf;
use crate::domain::promotion::Terms;
use crate::domain::selector::{Match, Predicate, Selector, TextField, TextTest};

/// What these lines are told by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Sku,
    /// A product list that has the SKU.
    List,
    Brand,
    Category,
    Tag,
}

impl Field {
    const ALL: [Self; 5] = [Self::Sku, Self::List, Self::Brand, Self::Category, Self::Tag];

    const fn of(field: &TextField) -> Option<Self> {
        match field {
            TextField::Sku => Some(Self::Sku),
            TextField::Brand => Some(Self::Brand),
            TextField::Category => Some(Self::Category),
            TextField::Tag => Some(Self::Tag),
            TextField::Product
            | TextField::Title
            | TextField::Supplier
            | TextField::ProductGroup
            | TextField::Attribute(_)
            | TextField::Variant(_) => None,
        }
    }

    /// Whether a line has one at most.
    const fn is_single(self) -> bool {
        match self {
            Self::Sku | Self::Brand => true,
            Self::List | Self::Category | Self::Tag => false,
        }
    }
}

type Names<'t> = BTreeSet<&'t str>;

/// Lines that have one of each of some sets of names, and none of others.
#[derive(Clone, Default)]
pub(super) struct Lines<'t> {
    one_of: Vec<(Field, Names<'t>)>,
    none_of: Vec<(Field, Names<'t>)>,
}

/// The lines that a promotion discounts: those of one entry. `None`: other fields have a say.
pub(super) fn discounted(terms: &Terms) -> Option<Vec<Lines<'_>>> {
    match &terms.benefit {
        Benefit::FreeProduct(product) => {
            let one_of = vec![(Field::Sku, Names::from([product.sku.as_str()]))];
            Some(vec![Lines { one_of, none_of: Vec::new() }])
        }
        Benefit::Items(benefit) => {
            let selected = benefit.select.as_ref().map(selected);
            match (benefit.from, selected) {
                (From::Matching, None) => Some(vec![Lines::default()]),
                (From::Matching | From::BeyondCondition, Some(selected)) => selected,
                (From::BeyondCondition | From::InCondition, None) => of_conditions(terms),
                (From::InCondition, Some(selected)) => {
                    let (conditions, selected) = (of_conditions(terms)?, selected?);
                    let both =
                        conditions.iter().flat_map(|own| selected.iter().map(|it| own.and(it)));
                    Some(both.collect())
                }
            }
        }
        Benefit::Cart(benefit) => match benefit.kind {
            CartKind::PercentageOff(_) | CartKind::AmountOff(_) => {
                benefit.select.as_ref().map_or_else(|| Some(vec![Lines::default()]), selected)
            }
            CartKind::AwardPoints(_) => Some(Vec::new()),
        },
        Benefit::Shipping(_) => Some(Vec::new()),
    }
}

/// The lines that the line conditions select.
fn of_conditions(terms: &Terms) -> Option<Vec<Lines<'_>>> {
    let own = terms.conditions.as_ref().map(|own| own.leaves()).unwrap_or_default();
    let of = own.into_iter().filter(|leaf| leaf.is_line_condition()).filter_map(Leaf::selector);
    let of_steps = terms.steps.as_ref().and_then(|steps| steps.of.as_ref());
    let lines: Option<Vec<Vec<Lines<'_>>>> = of.chain(of_steps).map(selected).collect();
    Some(lines?.concat())
}

/// The lines of a selector; `None`: it asks for something else of them.
fn selected(selector: &Selector) -> Option<Vec<Lines<'_>>> {
    let excluded: Option<Vec<Lines<'_>>> = selector.exclude.iter().map(line).collect();
    let mut none_of = Vec::new();
    for own in excluded? {
        // Lines that lack a name are excluded: not decided here.
        if !own.none_of.is_empty() {
            return None;
        }
        none_of.extend(own.one_of);
    }
    let none_of = Lines { one_of: Vec::new(), none_of };
    let included: Option<Vec<Lines<'_>>> = selector.include.iter().map(line).collect();
    let included = included?;
    Some(match selector.matching {
        Match::Any if !included.is_empty() => {
            included.iter().map(|own| own.and(&none_of)).collect()
        }
        Match::Any | Match::All => {
            vec![included.iter().fold(none_of, |all, own| all.and(own))]
        }
    })
}

/// The lines of a predicate.
fn line(predicate: &Predicate) -> Option<Lines<'_>> {
    let one_of = |field, names| Lines { one_of: vec![(field, names)], none_of: Vec::new() };
    let none_of = |field, names| Lines { one_of: Vec::new(), none_of: vec![(field, names)] };
    match predicate {
        Predicate::InList { list } => Some(one_of(Field::List, Names::from([list.as_str()]))),
        Predicate::Text { field, test } => {
            let field = Field::of(field)?;
            match test {
                TextTest::Eq(name) => Some(one_of(field, Names::from([name.as_str()]))),
                TextTest::In(names) => {
                    Some(one_of(field, names.iter().map(String::as_str).collect()))
                }
                TextTest::Ne(name) => Some(none_of(field, Names::from([name.as_str()]))),
                TextTest::NotIn(names) => {
                    Some(none_of(field, names.iter().map(String::as_str).collect()))
                }
                TextTest::Contains(_) | TextTest::StartsWith(_) => None,
            }
        }
        Predicate::Number { .. } => None,
    }
}

impl<'t> Lines<'t> {
    fn and(&self, other: &Self) -> Self {
        let one_of = [self.one_of.as_slice(), &other.one_of].concat();
        let none_of = [self.none_of.as_slice(), &other.none_of].concat();
        Self { one_of, none_of }
    }

    /// Whether some line is surely of both: they name something in common, or one of them names nothing.
    pub(super) fn meet(&self, other: &Self) -> bool {
        let both = self.and(other);
        let names_nothing = self.one_of.is_empty() || other.one_of.is_empty();
        let shares = |field: Field| {
            other.of(field).any(|names| {
                self.of(field).any(|own| {
                    names.iter().any(|name| own.contains(name) && both.may_have(field, name))
                })
            })
        };
        Field::ALL.into_iter().all(|field| both.is_possible(field))
            && (names_nothing || Field::ALL.into_iter().any(shares))
    }

    fn of(&self, field: Field) -> impl Iterator<Item = &Names<'t>> {
        self.one_of.iter().filter(move |(own, _)| *own == field).map(|(_, names)| names)
    }

    /// Whether a line of these may have a name.
    fn may_have(&self, field: Field, name: &str) -> bool {
        !self.none_of.iter().any(|(own, names)| *own == field && names.contains(name))
    }

    /// Whether a line can have what is asked of a field.
    fn is_possible(&self, field: Field) -> bool {
        let may_have = |name: &&&str| self.may_have(field, name);
        if field.is_single() {
            let mut all = self.of(field);
            let Some(first) = all.next() else { return true };
            let rest: Vec<&Names<'t>> = all.collect();
            first.iter().filter(may_have).any(|name| rest.iter().all(|own| own.contains(name)))
        } else {
            self.of(field).all(|names| names.iter().any(|name| may_have(&name)))
        }
    }
}
