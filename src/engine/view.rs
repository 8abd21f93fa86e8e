//! A cart as the engine sees it: amounts, orders and parts of its lines, computed once for each evaluation.

use std::cell::{OnceCell, RefCell};

use rustc_hash::FxHashMap;

use crate::domain::amount::{Money, Quantity};
use crate::domain::benefit::{Pick, Same};
use crate::domain::cart::Line;
use crate::domain::exact::Exact;
use crate::domain::selector::TextField;

use super::fact::any_text;
use super::line_set::LineSet;
use super::reading::Reading;

/// A cart, with values that are needed again and again.
pub(crate) struct CartView<'e> {
    pub(crate) lines: &'e [Line<'e>],
    pub(crate) all: LineSet,
    pub(crate) reading: &'e Reading,
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
    pub(crate) fn new(lines: &'e [Line<'e>], reading: &'e Reading) -> Self {
        Self {
            lines,
            all: LineSet::first(lines.len()),
            reading,
            by_field: RefCell::default(),
            cheapest_first: OnceCell::new(),
            dearest_first: OnceCell::new(),
            sku_numbers: OnceCell::new(),
            product_numbers: OnceCell::new(),
            sku_parts: OnceCell::new(),
            product_parts: OnceCell::new(),
        }
    }

    #[expect(clippy::indexing_slicing, reason = "indexes come from this cart's sets and orders")]
    pub(crate) fn line(&self, index: usize) -> &'e Line<'e> {
        &self.lines[index]
    }

    /// The lines that have a field.
    pub(crate) fn with_field(&self, field: &TextField) -> LineSet {
        let mut by_field = self.by_field.borrow_mut();
        if let Some(known) = by_field.get(field) {
            return *known;
        }
        let lines = self.lines.iter().enumerate();
        let there = lines.filter(|(_, line)| any_text(line, field, |_| true));
        let there = there.map(|(index, _)| index).collect();
        by_field.insert(field.clone(), there);
        there
    }

    /// The lines with this SKU.
    pub(crate) fn of_sku(&self, sku: &str) -> LineSet {
        let lines = self.lines.iter().enumerate();
        lines.filter(|(_, line)| line.sku == sku).map(|(index, _)| index).collect()
    }

    /// Unit price × quantity.
    pub(crate) fn gross(&self, line: usize, quantity: Quantity) -> Exact {
        Exact::product(self.line(line).unit_price, quantity)
    }

    /// Σ gross over whole lines.
    pub(crate) fn gross_of(&self, lines: &LineSet) -> Exact {
        lines
            .iter()
            .fold(Exact::ZERO, |sum, line| sum.plus(&self.gross(line, self.line(line).quantity)))
    }

    /// Tax and charges of a line.
    pub(crate) fn added(&self, line: usize) -> Money {
        let line = self.line(line);
        line.tax.plus(line.charges)
    }

    /// The order in which a pick takes lines. Lines of equal price are taken in cart order.
    pub(crate) fn in_order(&self, pick: Pick) -> PickOrder<'_> {
        let sorted = |descending: bool| {
            let mut order: Vec<usize> = (0..self.lines.len()).collect();
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

    /// How many distinct SKUs or products the lines have. A line without a product counts by its SKU.
    pub(crate) fn distinct(&self, same: Same, lines: impl Iterator<Item = usize>) -> usize {
        let numbers = self.numbers(same);
        let seen: LineSet = lines.filter_map(|line| numbers.get(line).copied()).collect();
        seen.iter().count()
    }

    /// The lines of each SKU or product, in the order of their first lines.
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

    /// For each line, the first line with the same SKU or product.
    fn numbers(&self, same: Same) -> &[usize] {
        let number = |key: fn(&'e Line<'e>) -> &'e str| {
            let mut first: FxHashMap<&str, usize> = FxHashMap::default();
            let lines = self.lines.iter().enumerate();
            lines.map(|(index, line)| *first.entry(key(line)).or_insert(index)).collect()
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

impl<'v> PickOrder<'v> {
    /// The given lines in this order.
    pub(crate) fn of(self, lines: &LineSet) -> impl Iterator<Item = usize> + Clone + use<'v> {
        let (cart, sorted) = match self {
            Self::Cart => (lines.iter(), [].as_slice()),
            Self::Sorted(order) => (LineSet::default().iter(), order),
        };
        let lines = *lines;
        cart.chain(sorted.iter().copied().filter(move |line| lines.contains(*line)))
    }
}
