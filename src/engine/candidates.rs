//! Which promotions a cart could meet, without looking at the others.
//!
//! For every promotion the index picks *necessary facts*: the cart has at least one of them, or the
//! promotion cannot apply. They come from its conditions, its target or its scope, whichever has the
//! fewest. A promotion without such facts is looked at for every cart.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use smallvec::SmallVec;

use crate::domain::amount::{Money, Number};
use crate::domain::benefit::{Benefit, From};
use crate::domain::promotion::{Kind, Scope};
use crate::domain::selector::{Comparison, Match};

use super::benefits::{Failure, Proposal};
use super::conditions::{Conditions, Node, Scene, Test};
use super::issuances::InHand;
use super::limits::Left;
use super::line_set::LineSet;
use super::ranking::Dated;
use super::ruleset::Compiled;
use super::selection::{Fact, FactField, Facts};
use super::units::Basket;
use super::work::Work;
use super::{Case, benefits};

/// From facts to the promotions that lean on them.
#[derive(Debug, Default)]
pub(crate) struct Index {
    by_fact: Vec<Vec<usize>>,
    /// Promotions without necessary facts.
    always: PromotionSet,
}

/// Promotions of a rule set, as bits: in order of creation, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct PromotionSet(Vec<u64>);

impl PromotionSet {
    pub(crate) fn insert(&mut self, number: usize) {
        if number / 64 >= self.0.len() {
            self.0.resize(number / 64 + 1, 0);
        }
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }
}

impl FromIterator<usize> for PromotionSet {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut set = Self::default();
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}

impl IntoIterator for PromotionSet {
    type Item = usize;
    type IntoIter = std::iter::FlatMap<
        std::iter::Enumerate<std::vec::IntoIter<u64>>,
        Bits,
        fn((usize, u64)) -> Bits,
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().enumerate().flat_map(|(index, word)| Bits { first: index * 64, word })
    }
}

/// The numbers of the bits of one word.
pub(crate) struct Bits {
    /// The number of its lowest bit.
    first: usize,
    /// Without the bits that were given.
    word: u64,
}

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.word == 0 {
            return None;
        }
        let bit = usize::try_from(self.word.trailing_zeros()).ok()?;
        self.word &= self.word - 1;
        Some(self.first + bit)
    }
}

impl Index {
    pub(crate) fn build(promotions: &[Compiled], facts: &mut Facts) -> Self {
        let mut index = Self::default();
        for (number, compiled) in promotions.iter().enumerate() {
            // Found by its codes, or not at all.
            if compiled.has_ended || matches!(compiled.promotion.terms.kind, Kind::CodeLinked) {
                continue;
            }
            match necessary_facts(compiled, facts) {
                None => index.always.insert(number),
                Some(necessary) => {
                    index.by_fact.resize_with(facts.count(), Vec::new);
                    for fact in necessary {
                        if let Some(own) = index.by_fact.get_mut(fact.index()) {
                            own.push(number);
                        }
                    }
                }
            }
        }
        index.by_fact.resize_with(facts.count(), Vec::new);
        // Room for all, so that finding them asks for memory once.
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
            .for_each(|number| found.insert(*number));
        found
    }
}

fn necessary_facts(compiled: &Compiled, facts: &mut Facts) -> Option<Vec<Fact>> {
    let terms = &compiled.promotion.terms;
    let scope = scope_facts(&terms.scope, facts);
    // A near miss is told of a cart that lacks what the conditions ask for.
    let of_cart = if terms.suggest { None } else { cart_facts(compiled) };
    scope.into_iter().chain(of_cart).min_by_key(Vec::len)
}

/// Facts that the lines must have for the promotion to give anything.
fn cart_facts(compiled: &Compiled) -> Option<Vec<Fact>> {
    let conditions = compiled.conditions.as_ref();
    let conditions = conditions.and_then(|own| facts_of_node(own.root(), own, compiled));
    let target = match &compiled.promotion.terms.benefit {
        Benefit::Items(_) | Benefit::Cart(_) => {
            compiled.select.and_then(|select| compiled.selections.get(select)?.necessary_facts())
        }
        Benefit::FreeProduct(_) | Benefit::Shipping(_) => None,
    };
    conditions.into_iter().chain(target).min_by_key(Vec::len)
}

/// Facts of which the cart has one where the node is true.
fn facts_of_node(node: &Node, conditions: &Conditions, compiled: &Compiled) -> Option<Vec<Fact>> {
    match node {
        Node::Leaf(number) => match conditions.leaf(*number)? {
            Test::Lines { of, compare, .. } if needs_a_line(*compare) => {
                compiled.selections.get(*of)?.necessary_facts()
            }
            Test::Item { of, found: true } => compiled.selections.get(*of)?.necessary_facts(),
            Test::Lines { .. } | Test::Item { .. } | Test::Cart { .. } | Test::Request(_) => None,
        },
        Node::Group { is: false, .. } => None,
        Node::Group { matching: Match::All, of, .. } => of
            .iter()
            .filter_map(|child| facts_of_node(child, conditions, compiled))
            .min_by_key(Vec::len),
        Node::Group { matching: Match::Any, of, .. } => {
            let children = of.iter().map(|child| facts_of_node(child, conditions, compiled));
            children.collect::<Option<Vec<_>>>().map(|facts| facts.concat())
        }
    }
}

/// Whether a comparison fails without a selected line, when every measure of lines is zero.
fn needs_a_line(Comparison { op, value }: Comparison) -> bool {
    !op.holds(Number::ZERO.cmp(&value))
}

fn scope_facts(scope: &Scope, facts: &mut Facts) -> Option<Vec<Fact>> {
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

/// A promotion that passed the gates, with what does not change while others are applied.
pub(crate) struct Candidate<'e> {
    pub(crate) number: usize,
    pub(crate) compiled: &'e Compiled,
    pub(crate) left: Left,
    /// The code of the cart that unlocked it.
    pub(crate) code: Option<usize>,
    /// The issuance that unlocked it.
    pub(crate) issuance: Option<InHand>,
    /// The lines that each of its selections selects.
    selected: SmallVec<[LineSet; 1]>,
    /// The lines on whose state its proposal depends.
    pub(crate) relevant: LineSet,
    /// How many steps went into it.
    pub(crate) steps: Cell<u64>,
    lone: Lone,
}

/// What a candidate gives by itself on the untouched cart, found out when it is asked for.
#[derive(Default)]
struct Lone {
    proposal: OnceCell<Result<Rc<Proposal>, Failure>>,
    discount: OnceCell<Money>,
}

impl<'e> Candidate<'e> {
    pub(crate) fn new(
        case: &Case<'e>,
        number: usize,
        compiled: &'e Compiled,
        passed: super::gates::Passed,
    ) -> Self {
        let before = case.work.steps();
        let selected: SmallVec<[LineSet; 1]> = compiled
            .selections
            .iter()
            .map(|selection| selection.select(&case.view, &case.work))
            .collect();
        let mut candidate = Self {
            number,
            compiled,
            left: passed.left,
            code: passed.code,
            issuance: passed.issuance,
            selected,
            relevant: LineSet::default(),
            steps: Cell::new(0),
            lone: Lone::default(),
        };
        candidate.relevant = candidate.relevant_lines(case);
        candidate.count(case, before);
        candidate
    }

    /// Counts what was done since then as done for this promotion.
    pub(crate) fn count(&self, case: &Case<'_>, before: u64) {
        let steps = case.work.steps().saturating_sub(before);
        self.steps.set(self.steps.get().saturating_add(steps));
    }

    fn relevant_lines(&self, case: &Case<'_>) -> LineSet {
        let selected = self.selected.iter().fold(LineSet::default(), |lines, own| lines.union(own));
        match &self.compiled.promotion.terms.benefit {
            Benefit::FreeProduct(benefit) => {
                selected.union(&benefits::product_lines(case, &benefit.sku))
            }
            Benefit::Items(benefit)
                if self.compiled.select.is_some() || benefit.from != From::Matching =>
            {
                selected
            }
            Benefit::Items(_) | Benefit::Cart(_) | Benefit::Shipping(_) => case.view.all,
        }
    }

    /// The promotion with the end that counts for this customer.
    pub(crate) fn dated(&self) -> Dated<'_> {
        let own = self.issuance.map(|own| own.expires_at);
        Dated {
            promotion: &self.compiled.promotion,
            expires_at: own.unwrap_or(self.compiled.ends_at),
        }
    }

    /// What it would give by itself on the untouched cart.
    pub(crate) fn alone(&self, case: &Case<'_>) -> Result<&Rc<Proposal>, Failure> {
        let propose = || benefits::propose(case, self, &case.untouched).map(Rc::new);
        let proposal = self.lone.proposal.get_or_init(propose);
        proposal.as_ref().map_err(|failure| *failure)
    }

    /// The same, if it is known already.
    pub(crate) fn known_alone(&self) -> Option<&Result<Rc<Proposal>, Failure>> {
        self.lone.proposal.get()
    }

    /// How much money it would take off by itself on the untouched cart.
    pub(crate) fn lone_discount(&self, case: &Case<'_>) -> Money {
        let proposed = || self.alone(case).map_or(Money::ZERO, |proposal| proposal.discount);
        *self.lone.discount.get_or_init(|| {
            benefits::quick_discount(case, self, &case.untouched).unwrap_or_else(proposed)
        })
    }

    /// The parts of the cart on which the deal can be made: all of it, or one for each SKU or
    /// product.
    pub(crate) fn parts<'c>(&self, case: &'c Case<'_>) -> &'c [LineSet] {
        let same = match &self.compiled.promotion.terms.benefit {
            Benefit::Items(benefit) => benefit.same,
            Benefit::FreeProduct(_) | Benefit::Cart(_) | Benefit::Shipping(_) => None,
        };
        match same {
            None => std::slice::from_ref(&case.view.all),
            Some(same) => case.view.parts(same),
        }
    }

    /// The lines of a part that the target selects; `None` where it names none.
    pub(crate) fn target(&self, part: &LineSet) -> Option<LineSet> {
        let lines = self.selected.get(self.compiled.select?)?;
        Some(lines.intersection(part))
    }

    /// What its conditions are judged on.
    pub(crate) fn scene<'s>(
        &'s self,
        case: &'s Case<'e>,
        basket: &'s Basket,
        part: &'s LineSet,
    ) -> Scene<'s> {
        Scene {
            request: case.facts.request,
            view: &case.view,
            basket,
            claims: self.compiled.is_item_level().then_some(&case.claims),
            selected: &self.selected,
            part,
            work: &case.work,
        }
    }
}
