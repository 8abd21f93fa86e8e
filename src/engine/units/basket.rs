//! The cart while promotions are applied to it, line by line and run by run.

use std::rc::Rc;

use smallvec::{SmallVec, smallvec};

use crate::domain::amount::{Money, Quantity};
use crate::domain::cart::Line;
use crate::domain::exact::Exact;
use crate::domain::settings::{PercentageBase, Settings};
use crate::engine::allocation::Share;
use crate::engine::line_set::LineSet;
use crate::engine::view::CartView;

use super::claim_rules::ClaimRules;
use super::floor::{Kept, kept};

/// Units of a line that have the same claims, and of which the same amount is left to pay.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) quantity: Quantity,
    /// What is left to pay for all its units together.
    pub(crate) left: Exact,
    /// The turns of the promotions that claimed it, ascending.
    pub(super) claims: SmallVec<[u32; 4]>,
}

/// Some units of one run. `run` is the run's index in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) line: usize,
    pub(crate) run: usize,
    pub(crate) quantity: Quantity,
}

impl Slot {
    /// The slot with its quantity multiplied.
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

/// What a promotion takes from one line.
#[derive(Clone, Debug)]
pub(crate) struct LineTake {
    pub(crate) line: usize,
    /// The discount, rounded to the precision; may be 0.
    pub(crate) amount: Money,
    /// The units that the discount falls on.
    pub(crate) quantity: Quantity,
    /// These units, in the order of the line's runs. Empty where the discount is on the whole line and claims no unit.
    pub(crate) takes: SmallVec<[Take; 1]>,
    /// Further unclaimed units that the condition uses up.
    pub(crate) needed: Quantity,
}

/// Most lines have one run, which needs no heap memory.
type Runs = SmallVec<[Run; 1]>;

#[derive(Clone, Debug)]
pub(super) struct LineState {
    /// What there was to pay for it before any promotion.
    whole: Exact,
    /// In the order in which units are taken: those with the fewest claims first, then those claimed earlier.
    pub(super) runs: Runs,
    /// The whole discount on the line.
    discount: Money,
    /// The part of the discount that item-level promotions gave.
    pub(super) item_discount: Money,
}

/// The state of some lines, which [`Basket::restore`] brings back.
pub(crate) struct Saved {
    lines: Vec<(usize, LineState)>,
    turn: u32,
    touched: LineSet,
    shipping_discount: Money,
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
    /// The discount on the shipping so far.
    shipping_discount: Money,
    /// What no discount may take of each line; `None`: no line has a floor.
    pub(super) kept: Option<Rc<[Option<Kept>]>>,
}

impl Basket {
    pub(crate) fn new(view: &CartView<'_>, settings: &Settings) -> Self {
        let line_state = |(index, line): (usize, &Line<'_>)| {
            let gross = view.gross(index, line.quantity);
            let left = match settings.percentage_base {
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
            lines: view.lines.iter().enumerate().map(line_state).collect(),
            turn: 0,
            touched: LineSet::default(),
            shipping_discount: Money::ZERO,
            kept: kept(view, settings),
        }
    }

    /// How many runs a line is kept in.
    pub(crate) fn runs(&self, line: usize) -> usize {
        self.line(line).runs.len()
    }

    /// Whether the shipping has no discount, and these lines have neither discounts nor claimed units.
    pub(crate) fn is_untouched(&self, lines: &LineSet) -> bool {
        self.touched.is_disjoint(lines) && !self.shipping_discount.is_positive()
    }

    /// The discount on the shipping.
    pub(crate) fn shipping_discount(&self) -> Money {
        self.shipping_discount
    }

    #[expect(clippy::indexing_slicing, reason = "lines come from sets and orders of the same cart")]
    pub(super) fn line(&self, line: usize) -> &LineState {
        &self.lines[line]
    }

    #[expect(clippy::indexing_slicing, reason = "lines come from sets and orders of the same cart")]
    fn line_mut(&mut self, line: usize) -> &mut LineState {
        &mut self.lines[line]
    }

    #[expect(clippy::indexing_slicing, reason = "slots are of runs of the same basket")]
    fn run(&self, slot: Slot) -> &Run {
        &self.line(slot.line).runs[slot.run]
    }

    /// The discount of item-level promotions on a line.
    pub(crate) fn item_discount(&self, line: usize) -> Money {
        self.line(line).item_discount
    }

    /// The discount of item-level promotions on all lines.
    pub(crate) fn items_discount(&self) -> Money {
        self.lines.iter().map(|line| line.item_discount).sum()
    }

    /// Whether units count towards the line conditions of an item-level promotion.
    pub(crate) fn slot_counts(&self, slot: Slot, rules: &ClaimRules) -> bool {
        rules.counts(self.run(slot).claims.len())
    }

    /// What is left to pay for some units of a run. A discount that is spread evenly over units may take more off one
    /// unit than was left of it, so the result can be below zero. For a whole line it cannot.
    pub(crate) fn left(&self, slot: Slot) -> Exact {
        let run = self.run(slot);
        run.left.share(slot.quantity, run.quantity)
    }

    /// What is left to pay for a line. Before any cart-level discount, this is the sum over its runs.
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

    /// Appends the units of a line that an item-level promotion may discount, in the order in which units are taken.
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

    /// Appends what [`Basket::open`] does, less what is set aside of `reserved` units. Only units that count are set
    /// aside: first those that may not be discounted, then the most claimed ones (spec 7.3 `beyond_condition`).
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
        let claims = |slot: &Slot| self.run(*slot).claims.len();
        let mut most_claimed_first: SmallVec<[&mut Slot; 4]> =
            slots.iter_mut().skip(start).collect();
        most_claimed_first.sort_by_key(|slot| std::cmp::Reverse(claims(slot)));
        for slot in most_claimed_first {
            if rules.counts(claims(slot)) {
                let taken = reserved.min(slot.quantity);
                reserved = reserved.minus(taken);
                slot.quantity = slot.quantity.minus(taken);
            }
        }
        let is_empty = |slot: &Slot| !slot.quantity.is_positive();
        if slots.iter().skip(start).any(is_empty) {
            slots.retain(|slot| !is_empty(slot));
        }
    }

    /// Claims the units that an item-level promotion takes, and takes its discount off.
    pub(crate) fn claim(&mut self, lines: &[LineTake]) {
        self.turn = self.turn.saturating_add(1);
        let turn = self.turn;
        for own in lines {
            self.touched.insert(own.line);
            self.line_mut(own.line).claim(own, turn);
        }
    }

    /// Takes a cart-level discount off lines. It claims no unit, and no item-level promotion applies after it
    /// (spec 7.5).
    pub(crate) fn take_off_lines(&mut self, lines: &[LineTake]) {
        for own in lines {
            self.touched.insert(own.line);
            let state = self.line_mut(own.line);
            state.discount = state.discount.plus(own.amount);
        }
    }

    pub(crate) fn take_off_shipping(&mut self, discount: Money) {
        self.shipping_discount = self.shipping_discount.plus(discount);
    }

    /// The first turn in which a unit of these lines was claimed.
    pub(crate) fn first_claim(&self, lines: &LineSet) -> Option<u32> {
        let runs = lines.iter().flat_map(|line| &self.line(line).runs);
        runs.filter_map(|run| run.claims.first()).min().copied()
    }

    /// The same cart without floors; `None` if it has none.
    pub(crate) fn without_floors(&self) -> Option<Self> {
        self.kept.is_some().then(|| Self { kept: None, ..self.clone() })
    }

    /// Saves the state of some lines, and everything else that a promotion on these lines changes.
    pub(crate) fn save(&self, lines: impl Iterator<Item = usize>) -> Saved {
        Saved {
            lines: lines.map(|line| (line, self.line(line).clone())).collect(),
            turn: self.turn,
            touched: self.touched,
            shipping_discount: self.shipping_discount,
        }
    }

    /// Brings a saved state back.
    pub(crate) fn restore(&mut self, saved: Saved) {
        for (line, state) in saved.lines {
            *self.line_mut(line) = state;
        }
        self.turn = saved.turn;
        self.touched = saved.touched;
        self.shipping_discount = saved.shipping_discount;
    }

    /// Counts the units of a line that item-level promotions may discount, now or after further promotions. If a line
    /// may have one promotion only and has had it, only its claimed units are open. Where units stack under `consumed`,
    /// the condition of a later promotion may claim its free units too, so they count.
    pub(crate) fn units_still_open(&self, line: usize, rules: &ClaimRules) -> Quantity {
        let state = self.line(line);
        let could_be_claimed = rules.consumed() && rules.stacks();
        let free_units = could_be_claimed || !rules.is_single(line) || !state.is_claimed();
        let open = state.runs.iter();
        open.filter(|run| rules.opens(run.claims.len(), free_units)).map(|run| run.quantity).sum()
    }

    /// Whether this takes more off some units than they have room for.
    pub(crate) fn is_overdrawn_by(&self, own: &LineTake) -> bool {
        let (amount, total) = (Exact::from(own.amount), own.total());
        let has_less =
            |take: &Take| self.room(take.slot) < amount.in_proportion(&take.share, &total);
        own.amount.is_positive() && own.takes.iter().any(has_less)
    }
}

impl LineTake {
    fn new(line: usize, amount: Money, quantity: Quantity) -> Self {
        Self { line, amount, quantity, takes: SmallVec::new(), needed: Quantity::ZERO }
    }

    /// Units to be discounted, before the amount is known.
    pub(crate) fn of_units(take: Take) -> Self {
        let mut own = Self::new(take.slot.line, Money::ZERO, Quantity::ZERO);
        own.push(take);
        own
    }

    /// Appends units of the same line.
    pub(crate) fn push(&mut self, take: Take) {
        self.quantity = self.quantity.plus(take.slot.quantity);
        self.takes.push(take);
    }

    /// Units that a condition uses up without a discount.
    pub(crate) fn of_needed(line: usize, needed: Quantity) -> Self {
        Self { needed, ..Self::new(line, Money::ZERO, Quantity::ZERO) }
    }

    /// A discount on a whole line. It claims no unit.
    pub(crate) fn of_whole_line(share: &Share) -> Self {
        Self::new(share.line, share.amount, share.quantity)
    }

    /// How many units are claimed.
    pub(crate) fn claimed(&self) -> Quantity {
        self.quantity.plus(self.needed)
    }

    /// The exact discount, before rounding.
    fn total(&self) -> Exact {
        self.takes.iter().map(|take| &take.share).sum()
    }
}

impl LineState {
    /// Splits the runs from which units are taken, and takes the discount off the discounted units in proportion to
    /// their shares.
    fn claim(&mut self, own: &LineTake, turn: u32) {
        self.discount = self.discount.plus(own.amount);
        self.item_discount = self.item_discount.plus(own.amount);
        let total = own.total();
        let amount = Exact::from(own.amount);
        // Usually a line has one run, and all of it is taken.
        if let ([run], [take]) = (self.runs.as_mut_slice(), own.takes.as_slice())
            && take.slot.quantity == run.quantity
        {
            run.left = run.left.minus(&amount);
            run.claims.push(turn);
            return;
        }
        let mut runs = Runs::with_capacity(self.runs.len() + own.takes.len() + 1);
        let mut taken = Runs::with_capacity(own.takes.len() + 1);
        // INVARIANT: the takes of a line are in the order of its runs.
        let mut takes = own.takes.iter().peekable();
        let mut needed = own.needed;
        for (index, run) in std::mem::take(&mut self.runs).into_iter().enumerate() {
            let part = |quantity| run.left.share(quantity, run.quantity);
            let mut rest = run.quantity;
            while let Some(take) = takes.next_if(|take| take.slot.run == index) {
                let quantity = take.slot.quantity;
                let left = part(quantity).minus(&amount.in_proportion(&take.share, &total));
                let mut claims = run.claims.clone();
                claims.push(turn);
                taken.push(Run { quantity, left, claims });
                rest = rest.minus(quantity);
            }
            // Discounted units are claimed first, then those that the condition uses up.
            let quantity = if run.claims.is_empty() { needed.min(rest) } else { Quantity::ZERO };
            if quantity.is_positive() {
                taken.push(Run { quantity, left: part(quantity), claims: smallvec![turn] });
                needed = needed.minus(quantity);
                rest = rest.minus(quantity);
            }
            if rest.is_positive() {
                runs.push(Run { quantity: rest, left: part(rest), claims: run.claims });
            }
        }
        // Both lists are sorted, so the sort only merges them.
        runs.append(&mut taken);
        self.set_runs(runs);
    }

    fn set_runs(&mut self, mut runs: Runs) {
        runs.sort_by(|a, b| {
            let by_count = a.claims.len().cmp(&b.claims.len());
            by_count.then_with(|| a.claims.cmp(&b.claims))
        });
        // Runs with the same claims and the same amount left for each unit stay alike from now on, so they become one.
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
