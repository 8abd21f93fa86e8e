//! A cart as the engine reads it: amounts and facts of its lines, computed once an evaluation.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use crate::domain::amount::{Money, Quantity};
use crate::domain::benefit::{Pick, Same};
use crate::domain::cart::{Cart, Line};
use crate::domain::exact::Exact;

use super::line_set::LineSet;
use super::selection::{Fact, Facts};

/// A cart with what is asked of it again and again.
pub(crate) struct CartView<'e> {
    pub(crate) cart: &'e Cart<'e>,
    /// All lines.
    pub(crate) all: LineSet,
    facts: Vec<Fact>,
    /// Of which line each fact is.
    fact_lines: Vec<usize>,
    /// Where the facts of each line end.
    fact_ends: Vec<usize>,
    cheapest_first: OnceCell<Vec<usize>>,
    dearest_first: OnceCell<Vec<usize>>,
    sku_numbers: OnceCell<Vec<usize>>,
    product_numbers: OnceCell<Vec<usize>>,
}

impl<'e> CartView<'e> {
    pub(crate) fn new(cart: &'e Cart<'e>, facts: &Facts) -> Self {
        let mut view = Self {
            cart,
            all: LineSet::first(cart.lines.len()),
            facts: Vec::with_capacity(cart.lines.len() * 4),
            fact_lines: Vec::with_capacity(cart.lines.len() * 4),
            fact_ends: Vec::with_capacity(cart.lines.len()),
            cheapest_first: OnceCell::new(),
            dearest_first: OnceCell::new(),
            sku_numbers: OnceCell::new(),
            product_numbers: OnceCell::new(),
        };
        for (index, line) in cart.lines.iter().enumerate() {
            facts.of_line(line, &mut view.facts);
            view.fact_lines.resize(view.facts.len(), index);
            view.fact_ends.push(view.facts.len());
        }
        view
    }

    /// A line; INVARIANT: `index` comes from this cart's sets and orders.
    pub(crate) fn line(&self, index: usize) -> &'e Line<'e> {
        &self.cart.lines[index]
    }

    /// All facts of the cart's lines, with repetitions.
    pub(crate) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The facts of one line, sorted.
    pub(crate) fn facts_of(&self, line: usize) -> &[Fact] {
        let end = self.fact_ends.get(line).copied().unwrap_or(0);
        let start = line
            .checked_sub(1)
            .and_then(|before| self.fact_ends.get(before))
            .copied();
        self.facts.get(start.unwrap_or(0)..end).unwrap_or_default()
    }

    /// The lines with a fact that is `wanted`.
    pub(crate) fn with_fact(&self, wanted: impl Fn(&Fact) -> bool) -> LineSet {
        let facts = self.facts.iter().zip(&self.fact_lines);
        facts
            .filter(|(fact, _)| wanted(fact))
            .map(|(_, line)| *line)
            .collect()
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
    pub(crate) fn parts(&self, same: Same) -> Vec<LineSet> {
        let mut parts: Vec<(usize, LineSet)> = Vec::new();
        for (line, number) in self.numbers(same).iter().enumerate() {
            match parts.iter_mut().find(|(own, _)| own == number) {
                Some((_, part)) => part.insert(line),
                None => parts.push((*number, LineSet::from_iter([line]))),
            }
        }
        parts.into_iter().map(|(_, part)| part).collect()
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
