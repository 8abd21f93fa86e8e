//! The cart while promotions are applied to it, line by line and run by run.

use std::iter::Peekable;

use smallvec::{SmallVec, smallvec};

use crate::domain::amount::{Money, Quantity};
use crate::domain::exact::Exact;
use crate::domain::settings::PercentageBase;
use crate::engine::line_set::LineSet;
use crate::engine::view::CartView;

use super::claim_rules::ClaimRules;

/// Units of a line that have been treated alike.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) quantity: Quantity,
    /// Of all its units together.
    pub(crate) left: Exact,
    /// The turns of the promotions that claimed it, ascending.
    pub(super) claims: SmallVec<[u32; 4]>,
}

/// Some units of one run, with its place in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) line: usize,
    pub(crate) run: usize,
    pub(crate) quantity: Quantity,
}

impl Slot {
    /// So many times its units.
    pub(crate) fn times(self, times: i64) -> Self {
        let all = self.quantity.scaled().saturating_mul(times);
        Self { quantity: Quantity::from_scaled(all), ..self }
    }
}

/// Units that a promotion discounts, with the exact discount that falls on them.
#[derive(Clone, Debug)]
pub(crate) struct Take {
    pub(crate) slot: Slot,
    pub(crate) share: Exact,
}

/// Most lines are one run: that needs no memory of its own.
type Runs = SmallVec<[Run; 1]>;

/// The state of one line.
#[derive(Clone, Debug)]
pub(super) struct LineState {
    /// What there was to pay of it before any promotion.
    whole: Exact,
    /// In the order in which units go first: fewest claims, of equally many those claimed earlier.
    pub(super) runs: Runs,
    /// All that was taken off the line.
    discount: Money,
    /// Of that, by item-level promotions.
    pub(super) item_discount: Money,
}

/// The state of some lines, to go back to.
pub(crate) struct Saved {
    lines: Vec<(usize, LineState)>,
    turn: u32,
    touched: LineSet,
}

impl LineState {
    pub(super) fn is_claimed(&self) -> bool {
        self.runs.iter().any(|run| !run.claims.is_empty())
    }
}

/// The cart while promotions are applied to it.
#[derive(Clone, Debug)]
pub(crate) struct Basket {
    lines: Vec<LineState>,
    turn: u32,
    /// Lines on which something was claimed or taken off.
    touched: LineSet,
    /// Taken off the shipping so far.
    pub(crate) shipping_discount: Money,
}

impl Basket {
    pub(crate) fn new(view: &CartView<'_>, base: PercentageBase) -> Self {
        let line_state = |(index, line): (usize, &crate::domain::cart::Line<'_>)| {
            let gross = view.gross(index, line.quantity);
            let left = match base {
                PercentageBase::Gross => gross,
                PercentageBase::Net => gross.plus(&view.added(index).into()),
            };
            LineState {
                whole: left.clone(),
                runs: smallvec![Run { quantity: line.quantity, left, claims: SmallVec::new() }],
                discount: Money::ZERO,
                item_discount: Money::ZERO,
            }
        };
        Self {
            lines: view.cart.lines.iter().enumerate().map(line_state).collect(),
            turn: 0,
            touched: LineSet::default(),
            shipping_discount: Money::ZERO,
        }
    }

    /// How many runs a line is kept in.
    pub(crate) fn runs(&self, line: usize) -> usize {
        self.line(line).runs.len()
    }

    /// Whether nothing on these lines was claimed or taken off.
    pub(crate) fn is_untouched(&self, lines: &LineSet) -> bool {
        self.touched.is_disjoint(lines)
    }

    #[expect(clippy::indexing_slicing, reason = "lines come from sets and orders of the same cart")]
    pub(super) fn line(&self, line: usize) -> &LineState {
        &self.lines[line]
    }

    #[expect(clippy::indexing_slicing, reason = "lines come from sets and orders of the same cart")]
    fn line_mut(&mut self, line: usize) -> &mut LineState {
        &mut self.lines[line]
    }

    /// What item-level promotions took off a line.
    pub(crate) fn item_discount(&self, line: usize) -> Money {
        self.line(line).item_discount
    }

    /// What item-level promotions took off all lines.
    pub(crate) fn items_discount(&self) -> Money {
        self.lines.iter().map(|line| line.item_discount).sum()
    }

    /// Whether units count towards the line conditions of an item-level promotion.
    pub(crate) fn slot_counts(&self, slot: Slot, rules: &ClaimRules) -> bool {
        let run = self.line(slot.line).runs.get(slot.run);
        run.is_some_and(|run| rules.counts(run.claims.len()))
    }

    /// What is left to pay of some units of a run. A discount that is spread evenly over units may
    /// take more off one than was left of it, so this can be below zero; a whole line cannot.
    pub(crate) fn left(&self, slot: Slot) -> Exact {
        let run = self.line(slot.line).runs.get(slot.run);
        run.map_or(Exact::ZERO, |run| run.left.share(slot.quantity, run.quantity))
    }

    /// What is left to pay of a line. Until a cart-level promotion takes something off, it is what is left of its runs.
    pub(crate) fn left_of_line(&self, line: usize) -> Exact {
        let state = self.line(line);
        state.whole.minus(&state.discount.into()).or_zero()
    }

    /// The units of a line that count towards the line conditions of an item-level promotion.
    pub(crate) fn counted(&self, line: usize, rules: &ClaimRules) -> Quantity {
        let runs = self.line(line).runs.iter();
        let counted = runs.filter(|run| rules.counts(run.claims.len()));
        counted.map(|run| run.quantity).sum()
    }

    /// The units of a line that an item-level promotion may discount, those first that go first.
    pub(crate) fn open(&self, line: usize, rules: &ClaimRules, slots: &mut Vec<Slot>) {
        let state = self.line(line);
        let free_units = !rules.is_single(line) || !state.is_claimed();
        slots.extend(
            state
                .runs
                .iter()
                .enumerate()
                .filter(|(_, run)| rules.opens(run.claims.len(), free_units))
                .map(|(run, units)| Slot { line, run, quantity: units.quantity }),
        );
    }

    /// What [`Basket::open`] leaves once `reserved` units that count are set aside: first those
    /// that may not be discounted, then the most claimed (spec 7.3 `beyond_condition`).
    pub(crate) fn open_beside(
        &self,
        line: usize,
        mut reserved: Quantity,
        rules: &ClaimRules,
        slots: &mut Vec<Slot>,
    ) {
        let state = self.line(line);
        let free_units = !rules.is_single(line) || !state.is_claimed();
        let start = slots.len();
        self.open(line, rules, slots);
        if !reserved.is_positive() {
            return;
        }
        let closed = state
            .runs
            .iter()
            .filter(|run| {
                rules.counts(run.claims.len()) && !rules.opens(run.claims.len(), free_units)
            })
            .map(|run| run.quantity)
            .sum::<Quantity>();
        reserved = reserved.minus(closed.min(reserved));
        let Some(own) = slots.get_mut(start..) else {
            return;
        };
        let claims = |slot: &Slot| state.runs.get(slot.run).map_or(0, |run| run.claims.len());
        let mut most_claimed_first: SmallVec<[usize; 4]> = (0..own.len()).collect();
        most_claimed_first.sort_by_key(|index| std::cmp::Reverse(own.get(*index).map(claims)));
        for index in most_claimed_first {
            if let Some(slot) = own.get_mut(index)
                && state.runs.get(slot.run).is_some_and(|run| rules.counts(run.claims.len()))
            {
                let taken = reserved.min(slot.quantity);
                reserved = reserved.minus(taken);
                slot.quantity = slot.quantity.minus(taken);
            }
        }
        if own.iter().any(|slot| !slot.quantity.is_positive()) {
            slots.retain(|slot| slot.quantity.is_positive());
        }
    }

    /// Carries out what a promotion takes: `takes` are discounted, `amounts` the rounded discount
    /// of each line, `needed` further unclaimed units that it used up.
    ///
    /// INVARIANT: `takes` and `amounts` are in the order of lines.
    pub(crate) fn apply(
        &mut self,
        takes: &[Take],
        amounts: impl Iterator<Item = (usize, Money)>,
        needed: &[(usize, Quantity)],
    ) {
        self.turn = self.turn.saturating_add(1);
        let mut amounts = amounts.peekable();
        for of_line in takes.chunk_by(|a, b| a.slot.line == b.slot.line) {
            let Some(line) = of_line.first().map(|take| take.slot.line) else {
                continue;
            };
            let amount = amount_of(&mut amounts, line).unwrap_or(Money::ZERO);
            self.take(line, of_line, amount);
        }
        for (line, quantity) in needed {
            self.claim_free(*line, *quantity);
        }
    }

    /// Takes a cart-level discount off a line. No unit is claimed by it, and no item-level
    /// promotion comes after it (spec 7.5).
    pub(crate) fn take_off_line(&mut self, line: usize, amount: Money) {
        self.touched.insert(line);
        let state = self.line_mut(line);
        state.discount = state.discount.plus(amount);
    }

    /// Remembers some lines, and everything else that a promotion on these lines changes.
    pub(crate) fn save(&self, lines: impl Iterator<Item = usize>) -> Saved {
        Saved {
            lines: lines.map(|line| (line, self.line(line).clone())).collect(),
            turn: self.turn,
            touched: self.touched,
        }
    }

    /// Goes back to what was remembered.
    pub(crate) fn restore(&mut self, saved: Saved) {
        for (line, state) in saved.lines {
            *self.line_mut(line) = state;
        }
        self.turn = saved.turn;
        self.touched = saved.touched;
    }

    /// Counts the units of a line that item-level promotions may discount, now or after further promotions. A line that
    /// has had its one promotion opens its claimed units only. Where units stack under `consumed`, the condition of a
    /// later promotion may claim its free units too, so they count.
    pub(crate) fn units_still_open(&self, line: usize, rules: &ClaimRules) -> Quantity {
        let state = self.line(line);
        let could_be_claimed = rules.consumed() && rules.stacks();
        let free_units = could_be_claimed || !rules.is_single(line) || !state.is_claimed();
        let open = state.runs.iter();
        open.filter(|run| rules.opens(run.claims.len(), free_units)).map(|run| run.quantity).sum()
    }

    /// The lines on which this would take more off some units than is left to pay of them.
    pub(crate) fn overdraws(
        &self,
        takes: &[Take],
        amounts: impl Iterator<Item = (usize, Money)>,
    ) -> LineSet {
        let mut amounts = amounts.peekable();
        let by_line = takes.chunk_by(|a, b| a.slot.line == b.slot.line);
        let is_overdrawn = |takes: &[Take], amount: &Exact| {
            let total: Exact = takes.iter().map(|take| &take.share).sum();
            takes
                .iter()
                .any(|take| self.left(take.slot) < amount.in_proportion(&take.share, &total))
        };
        let mut line = |takes: &[Take]| {
            let line = takes.first()?.slot.line;
            let amount = amount_of(&mut amounts, line)?;
            is_overdrawn(takes, &amount.into()).then_some(line)
        };
        by_line.filter_map(&mut line).collect()
    }

    /// Splits the runs that the takes of one line touch, and takes its discount off them in
    /// proportion to their shares.
    fn take(&mut self, line: usize, takes: &[Take], amount: Money) {
        let turn = self.turn;
        self.touched.insert(line);
        let state = self.line_mut(line);
        state.discount = state.discount.plus(amount);
        state.item_discount = state.item_discount.plus(amount);
        let total: Exact = takes.iter().map(|take| &take.share).sum();
        let amount = Exact::from(amount);
        // Usually all of a line is taken, and no unit of it was before.
        if let ([run], [take]) = (state.runs.as_mut_slice(), takes)
            && take.slot.quantity == run.quantity
        {
            run.left = run.left.minus(&amount);
            run.claims.push(turn);
            return;
        }
        let mut runs = Runs::with_capacity(state.runs.len() + takes.len());
        let mut taken = Runs::with_capacity(takes.len());
        // INVARIANT: the takes of a line stand in the order of its runs.
        let mut takes = takes.iter().peekable();
        for (index, mut run) in std::mem::take(&mut state.runs).into_iter().enumerate() {
            let (all, left) = (run.quantity, run.left.clone());
            while let Some(take) = takes.next_if(|take| take.slot.run == index) {
                let quantity = take.slot.quantity;
                let taken_off = amount.in_proportion(&take.share, &total);
                let mut claims = run.claims.clone();
                claims.push(turn);
                let left = left.share(quantity, all).minus(&taken_off);
                taken.push(Run { quantity, left, claims });
                run.quantity = run.quantity.minus(quantity);
            }
            if run.quantity.is_positive() {
                run.left = left.share(run.quantity, all);
                runs.push(run);
            }
        }
        // Both are in order, and the sort only has to merge them.
        runs.append(&mut taken);
        state.set_runs(runs);
    }

    /// Claims unclaimed units of a line without discounting them.
    fn claim_free(&mut self, line: usize, quantity: Quantity) {
        let turn = self.turn;
        self.touched.insert(line);
        let state = self.line_mut(line);
        let mut wanted = quantity;
        let mut runs = Runs::new();
        let mut claimed = Runs::new();
        for run in &state.runs {
            let taken =
                if run.claims.is_empty() { wanted.min(run.quantity) } else { Quantity::ZERO };
            wanted = wanted.minus(taken);
            let rest = run.quantity.minus(taken);
            if taken.is_positive() {
                let left = run.left.share(taken, run.quantity);
                claimed.push(Run { quantity: taken, left, claims: smallvec![turn] });
            }
            if rest.is_positive() {
                let left = run.left.share(rest, run.quantity);
                runs.push(Run { quantity: rest, left, claims: run.claims.clone() });
            }
        }
        // Claimed after those that the same promotion discounts.
        runs.append(&mut claimed);
        state.set_runs(runs);
    }
}

impl LineState {
    fn set_runs(&mut self, mut runs: Runs) {
        runs.sort_by(|a, b| {
            let by_count = a.claims.len().cmp(&b.claims.len());
            by_count.then_with(|| a.claims.cmp(&b.claims))
        });
        // Units of the same claims, of which the same is left, are treated alike ever after.
        runs.dedup_by(|next, own| {
            let is_alike = next.claims == own.claims
                && next.left.share(own.quantity, next.quantity) == own.left;
            if is_alike {
                own.quantity = own.quantity.plus(next.quantity);
                own.left = own.left.plus(&next.left);
            }
            is_alike
        });
        self.runs = runs;
    }
}

/// The amount of a line, where amounts and the lines that are asked for are in the same order.
fn amount_of(
    amounts: &mut Peekable<impl Iterator<Item = (usize, Money)>>,
    line: usize,
) -> Option<Money> {
    while amounts.next_if(|(own, _)| *own < line).is_some() {}
    amounts.next_if(|(own, _)| *own == line).map(|(_, amount)| amount)
}
