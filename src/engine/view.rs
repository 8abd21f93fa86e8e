//! A cart as the engine reads it: amounts and facts of its lines, computed once an evaluation.

use std::cell::{OnceCell, RefCell};

use rustc_hash::FxHashMap;

use crate::domain::amount::{Money, Quantity};
use crate::domain::benefit::{Pick, Same};
use crate::domain::cart::{Cart, Line};
use crate::domain::exact::Exact;
use crate::domain::selector::TextField;

use super::line_set::LineSet;
use super::patterns::Matched;
use super::selection::{Fact, Facts, any_text};
use super::work::Work;

/// A cart with more facts than this keeps the lines of each: they are not looked through again for every test.
const FACTS_LOOKED_THROUGH: usize = 256;

/// What reading a line takes.
const STEPS_A_LINE: usize = 16;

/// A cart with what is asked of it again and again.
pub(crate) struct CartView<'e> {
    pub(crate) cart: &'e Cart<'e>,
    /// All lines.
    pub(crate) all: LineSet,
    facts: Vec<Fact>,
    /// Of which line each fact is.
    fact_lines: Vec<usize>,
    /// The lines of each fact, where there are many.
    by_fact: OnceCell<FxHashMap<Fact, LineSet>>,
    /// The lines on which texts were found that rules look for.
    found: Matched,
    /// The lines that have a field.
    by_field: RefCell<FxHashMap<TextField, LineSet>>,
    cheapest_first: OnceCell<Vec<usize>>,
    dearest_first: OnceCell<Vec<usize>>,
    sku_numbers: OnceCell<Vec<usize>>,
    product_numbers: OnceCell<Vec<usize>>,
    sku_parts: OnceCell<Vec<LineSet>>,
    product_parts: OnceCell<Vec<LineSet>>,
}

impl<'e> CartView<'e> {
    pub(crate) fn new(cart: &'e Cart<'e>, facts: &Facts, work: &Work<'_>) -> Self {
        let mut view = Self {
            cart,
            all: LineSet::first(cart.lines.len()),
            facts: Vec::with_capacity(cart.lines.len() * 4),
            fact_lines: Vec::with_capacity(cart.lines.len() * 4),
            by_fact: OnceCell::new(),
            found: facts.found_in(&cart.lines, work),
            by_field: RefCell::default(),
            cheapest_first: OnceCell::new(),
            dearest_first: OnceCell::new(),
            sku_numbers: OnceCell::new(),
            product_numbers: OnceCell::new(),
            sku_parts: OnceCell::new(),
            product_parts: OnceCell::new(),
        };
        for (index, line) in cart.lines.iter().enumerate() {
            let before = view.facts.len();
            facts.of_line(line, &mut view.facts);
            view.fact_lines.resize(view.facts.len(), index);
            work.charge(STEPS_A_LINE + view.facts.len() - before);
        }
        view
    }

    /// A line; INVARIANT: `index` comes from this cart's sets and orders.
    pub(crate) fn line(&self, index: usize) -> &'e Line<'e> {
        &self.cart.lines[index]
    }

    /// All facts of the cart's lines, with repetitions.
    pub(crate) fn facts(&self) -> impl Iterator<Item = Fact> + '_ {
        self.facts.iter().copied().chain(self.found.keys().copied())
    }

    /// The lines that have one of these facts, which are sorted.
    pub(crate) fn with_facts(&self, wanted: &[Fact]) -> LineSet {
        let with = |wanted: &dyn Fn(&Fact) -> bool| {
            let facts = self.facts.iter().zip(&self.fact_lines);
            facts
                .filter(|(fact, _)| wanted(fact))
                .map(|(_, line)| *line)
                .collect()
        };
        match wanted {
            _ if self.keeps_lines_of(wanted.len()) => union(self.by_fact(), wanted),
            [one] => with(&|fact| fact == one),
            _ => with(&|fact| wanted.binary_search(fact).is_ok()),
        }
    }

    /// How many facts are looked at to find the lines of so many.
    pub(crate) fn steps_with_facts(&self, wanted: usize) -> usize {
        if self.keeps_lines_of(wanted) {
            wanted * 4
        } else {
            self.facts.len()
        }
    }

    /// Whether the lines of so many facts are looked up one by one.
    fn keeps_lines_of(&self, wanted: usize) -> bool {
        self.facts.len() > FACTS_LOOKED_THROUGH && wanted < self.facts.len()
    }

    fn by_fact(&self) -> &FxHashMap<Fact, LineSet> {
        self.by_fact.get_or_init(|| {
            let mut by_fact: FxHashMap<Fact, LineSet> = FxHashMap::default();
            for (fact, line) in self.facts.iter().zip(&self.fact_lines) {
                by_fact.entry(*fact).or_default().insert(*line);
            }
            by_fact
        })
    }

    /// The lines on which one of these texts was found.
    pub(crate) fn with_found(&self, wanted: &[Fact]) -> LineSet {
        union(&self.found, wanted)
    }

    /// The lines that have a field.
    pub(crate) fn with_field(&self, field: &TextField) -> LineSet {
        let mut by_field = self.by_field.borrow_mut();
        if let Some(known) = by_field.get(field) {
            return *known;
        }
        let lines = self.cart.lines.iter().enumerate();
        let there = lines.filter(|(_, line)| any_text(line, field, |_| true));
        let there = there.map(|(index, _)| index).collect();
        by_field.insert(field.clone(), there);
        there
    }

    /// Unit price × quantity.
    pub(crate) fn gross(&self, line: usize, quantity: Quantity) -> Exact {
        Exact::product(self.line(line).unit_price, quantity)
    }

    /// Σ gross over whole lines.
    pub(crate) fn gross_of(&self, lines: &LineSet) -> Exact {
        lines.iter().fold(Exact::ZERO, |sum, line| {
            sum.plus(&self.gross(line, self.line(line).quantity))
        })
    }

    /// Tax and charges of a line.
    pub(crate) fn added(&self, line: usize) -> Money {
        let line = self.line(line);
        line.tax.plus(line.charges)
    }

    /// All lines in the order in which a pick takes them; equal prices in cart order.
    pub(crate) fn in_order(&self, pick: Pick) -> PickOrder<'_> {
        let sorted = |descending: bool| {
            let mut order: Vec<usize> = (0..self.cart.lines.len()).collect();
            if descending {
                order.sort_by_key(|line| std::cmp::Reverse(self.line(*line).unit_price));
            } else {
                order.sort_by_key(|line| self.line(*line).unit_price);
            }
            order
        };
        match pick {
            Pick::Cheapest => PickOrder::Sorted(self.cheapest_first.get_or_init(|| sorted(false))),
            Pick::MostExpensive => {
                PickOrder::Sorted(self.dearest_first.get_or_init(|| sorted(true)))
            }
            Pick::CartOrder => PickOrder::Cart,
        }
    }

    /// How many distinct SKUs or products (else SKU) the lines have.
    pub(crate) fn distinct(&self, same: Same, lines: impl Iterator<Item = usize>) -> usize {
        let numbers = self.numbers(same);
        let seen: LineSet = lines
            .filter_map(|line| numbers.get(line).copied())
            .collect();
        seen.iter().count()
    }

    /// Lines parted by SKU or by product, in the order of the parts' first lines.
    pub(crate) fn parts(&self, same: Same) -> &[LineSet] {
        let parts = || {
            let numbers = self.numbers(same);
            let mut parts = vec![LineSet::default(); numbers.len()];
            for (line, number) in numbers.iter().enumerate() {
                if let Some(own) = parts.get_mut(*number) {
                    own.insert(line);
                }
            }
            parts.retain(|part| !part.is_empty());
            parts
        };
        match same {
            Same::Sku => self.sku_parts.get_or_init(parts),
            Same::Product => self.product_parts.get_or_init(parts),
        }
    }

    /// For each line the first line of the same SKU or product.
    fn numbers(&self, same: Same) -> &[usize] {
        let number = |key: fn(&'e Line<'e>) -> &'e str| {
            let mut first: FxHashMap<&str, usize> = FxHashMap::default();
            let lines = self.cart.lines.iter().enumerate();
            lines
                .map(|(index, line)| *first.entry(key(line)).or_insert(index))
                .collect()
        };
        match same {
            Same::Sku => self.sku_numbers.get_or_init(|| number(|line| &line.sku)),
            Same::Product => self
                .product_numbers
                .get_or_init(|| number(|line| line.product.as_deref().unwrap_or(&line.sku))),
        }
    }
}

fn union(lines: &FxHashMap<Fact, LineSet>, wanted: &[Fact]) -> LineSet {
    let own = wanted.iter().filter_map(|fact| lines.get(fact));
    own.fold(LineSet::default(), |all, own| all.union(own))
}

/// The lines of a cart in the order of a pick.
#[derive(Clone, Copy)]
pub(crate) enum PickOrder<'v> {
    Cart,
    Sorted(&'v [usize]),
}

impl PickOrder<'_> {
    /// The given lines in this order.
    pub(crate) fn of(self, lines: &LineSet) -> Vec<usize> {
        let mut ordered = Vec::with_capacity(lines.len());
        match self {
            Self::Cart => ordered.extend(lines.iter()),
            Self::Sorted(order) => {
                let own = order.iter().copied().filter(|line| lines.contains(*line));
                ordered.extend(own);
            }
        }
        ordered
    }
}
