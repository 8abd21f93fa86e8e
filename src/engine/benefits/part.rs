//! A part of a cart on which a benefit applies, and what its conditions need there.
//!
//! Without `same` the whole cart is the only part. Everything that a promotion counts, measures or reserves is computed
//! here.

use std::borrow::Cow;

use crate::domain::amount::Quantity;
use crate::domain::benefit::{Per, Pick};
use crate::domain::exact::Exact;
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::conditions::Scene;
use crate::engine::line_set::LineSet;
use crate::engine::plan::{PartPlan, Plan};
use crate::engine::proposal::Failure;
use crate::engine::requirements::{ByLine, Need, SetShape, take_units, take_worth};
use crate::engine::units::{Basket, Slot};

/// The steps that it takes to look at a line and its price for a need.
const STEPS_A_NEED: usize = 4;

/// A part in which the conditions hold, with the basket to look at.
pub(super) struct Part<'s> {
    pub(super) plan: &'s PartPlan,
    pub(super) scene: Scene<'s>,
}

impl<'s> Part<'s> {
    pub(super) fn new(
        case: &'s Case<'_>,
        candidate: &'s Candidate<'_>,
        basket: &'s Basket,
        plan: &'s PartPlan,
    ) -> Self {
        Self { plan, scene: candidate.scene(case, basket, &plan.lines) }
    }

    /// The whole cart, for a benefit that has no other parts.
    pub(super) fn of_whole_cart(
        case: &'s Case<'_>,
        candidate: &'s Candidate<'_>,
        basket: &'s Basket,
        plan: &'s Plan,
    ) -> Result<Self, Failure> {
        let whole = plan.first().ok_or(Failure::ConditionsNotMet)?;
        Ok(Self::new(case, candidate, basket, whole))
    }

    /// How many applications the measured units, amount or sets allow.
    pub(super) fn repeats(&self, per: Per) -> i64 {
        match per {
            Per::Quantity(every) => self.counted_quantity().scaled() / every.scaled().max(1),
            Per::Amount(every) => self.counted_amount().times_of(&every.into()),
            Per::Set => self.most_sets(),
        }
    }

    /// The lines that the requirements select; none without a requirement.
    pub(super) fn required_lines(&self) -> LineSet {
        if self.plan.requirements.is_empty() { LineSet::default() } else { self.plan.measured }
    }

    /// The units that `repeat` counts.
    pub(super) fn counted_quantity(&self) -> Quantity {
        self.plan.measured.iter().map(|line| self.measured_units(line)).sum()
    }

    /// The gross amount that `repeat` counts.
    pub(super) fn counted_amount(&self) -> Exact {
        self.plan.measured.iter().fold(Exact::ZERO, |sum, line| {
            sum.plus(&self.scene.view.gross(line, self.measured_units(line)))
        })
    }

    /// How many units of the given lines `repeat` counts.
    pub(super) fn counted_within(&self, lines: &LineSet) -> Quantity {
        self.plan.measured.intersection(lines).iter().map(|line| self.measured_units(line)).sum()
    }

    /// Under `consumed`, claimed units do not count towards line conditions. Without a requirement the whole line
    /// counts (spec 7.3).
    fn measured_units(&self, line: usize) -> Quantity {
        if self.plan.requirements.is_empty() {
            self.scene.view.line(line).quantity
        } else {
            self.scene.counted(line)
        }
    }

    /// What a set consists of.
    pub(super) fn set_shape(&self) -> SetShape {
        SetShape::new(&self.plan.requirements, |line| self.scene.counted(line))
    }

    /// The most complete sets that the units that count make.
    pub(super) fn most_sets(&self) -> i64 {
        let lines = self.required_lines();
        let units = lines.iter().map(|line| (line, self.scene.counted(line)));
        self.set_shape().most(units, self.scene.work)
    }

    /// The units that count, line by line, the most expensive first; lines in `last` come last.
    fn dearest(&self, lines: &LineSet, last: &LineSet) -> Cow<'_, [(usize, Quantity)]> {
        let dearest = || -> ByLine {
            let mut units = ByLine::with_capacity(lines.len());
            let order = self.scene.view.in_order(Pick::MostExpensive).of(lines);
            units.extend(order.map(|line| (line, self.scene.counted(line))));
            units
        };
        if !last.is_empty() {
            let mut units = dearest();
            units.sort_by_key(|(line, _)| last.contains(*line));
            Cow::Owned(units)
        } else if *lines == self.plan.measured {
            Cow::Borrowed(self.plan.dearest.get_or_init(dearest))
        } else {
            Cow::Owned(dearest())
        }
    }

    /// Whether there is at most one requirement.
    pub(super) fn has_one_requirement(&self) -> bool {
        self.plan.requirements.len() <= 1
    }

    /// The units that the condition needs for `times` applications: the most expensive first, but lines in `last` last
    /// (spec 7.3 `beyond_condition`).
    pub(super) fn reserve(&self, per: Option<Per>, times: i64, last: &LineSet) -> ByLine {
        if self.plan.requirements.is_empty() {
            return Vec::new();
        }
        self.need(per, times, &ByLine::new(), last)
    }

    /// The units that the condition needs besides `own`, the qualifying units that the promotion discounts. Those count
    /// first; the rest is taken from the most expensive on (spec 7.3 `consumed`).
    pub(super) fn needed_besides(&self, per: Option<Per>, times: i64, own: &ByLine) -> ByLine {
        if self.plan.requirements.is_empty() {
            return Vec::new();
        }
        self.need(per, times, own, &LineSet::default())
    }

    fn need(&self, per: Option<Per>, times: i64, own: &ByLine, last: &LineSet) -> ByLine {
        let all = self.scene.view.lines.len();
        let looks = self.plan.measured.len() * STEPS_A_NEED + all / 4;
        if !self.scene.work.charge(looks) {
            return ByLine::new();
        }
        let by_line = Quantities::of(own);
        let own_units = |lines: &LineSet| -> Quantity {
            own.iter().filter(|(line, _)| lines.contains(*line)).map(|(_, units)| *units).sum()
        };
        let own_worth = |lines: &LineSet| -> Exact {
            let within = own.iter().filter(|(line, _)| lines.contains(*line));
            within.fold(Exact::ZERO, |sum, (line, units)| {
                sum.plus(&self.scene.view.gross(*line, *units))
            })
        };
        let others = |lines: &LineSet| {
            let mut dearest = self.dearest(lines, last);
            if !own.is_empty() {
                for (line, units) in dearest.to_mut() {
                    *units = units.minus(by_line.of_line(*line));
                }
            }
            dearest
        };
        let worth = |worth: Exact, lines: &LineSet| {
            let others = others(lines);
            let price = |line: usize| self.scene.view.line(line).unit_price;
            let priced = others.iter().map(|(line, units)| (*line, price(*line), *units));
            take_worth(&worth.minus(&own_worth(lines)), priced)
        };
        let units = |units: Quantity, lines: &LineSet| {
            take_units(units.minus(own_units(lines)), &others(lines))
        };
        match per {
            Some(Per::Quantity(every)) => {
                let all = every.scaled().saturating_mul(times);
                units(Quantity::from_scaled(all), &self.plan.measured)
            }
            Some(Per::Amount(every)) => {
                worth(Exact::from(every).scaled_by(times.into(), 1), &self.plan.measured)
            }
            Some(Per::Set) => self.need_sets(times, own, &others(&self.plan.measured)),
            None => {
                let mut needed = Quantities::default();
                for requirement in &self.plan.requirements {
                    if !self.scene.work.charge(requirement.lines.len() * STEPS_A_NEED) {
                        break;
                    }
                    let lines = &requirement.lines;
                    let taken = match &requirement.need {
                        Need::Units(need) => units(*need, lines),
                        Need::Worth(need) => worth(need.clone(), lines),
                        Need::All => others(lines).into_owned(),
                    };
                    // A unit may serve several requirements, and each takes from the same end of a line. So the largest
                    // need of a line covers the others.
                    for (line, quantity) in taken {
                        needed.at_least(line, quantity);
                    }
                }
                needed.by_line()
            }
        }
    }

    /// Which of `others` are needed for so many sets, if `own` units go first.
    fn need_sets(&self, times: i64, own: &ByLine, others: &[(usize, Quantity)]) -> ByLine {
        let shape = self.set_shape();
        let dearest = self.scene.view.in_order(Pick::MostExpensive).of(&self.plan.measured);
        let mut own = own.clone();
        let mut places = Quantities::default();
        for (place, line) in (0..).zip(dearest) {
            places.add(line, Quantity::from_scaled(place));
        }
        own.sort_by_key(|(line, _)| places.of_line(*line));
        let mut units: Vec<Slot> = own.into_iter().map(slot(OWN)).collect();
        units.extend(others.iter().copied().map(slot(OTHER)));
        let work = self.scene.work;
        let most = shape.most(units.iter().map(|slot| (slot.line, slot.quantity)), work);
        others_of(shape.serve(&shape.demands(times.min(most)), &units, work))
    }

    /// What so many sets need besides `served`, the discounted units that already serve their requirements.
    pub(super) fn sets_besides(&self, times: i64, served: &[ByLine]) -> ByLine {
        let shape = self.set_shape();
        let quantity = |units: &ByLine| units.iter().map(|(_, quantity)| *quantity).sum();
        let demands: Vec<Quantity> = shape
            .demands(times)
            .into_iter()
            .zip(served)
            .map(|(demand, served)| demand.minus(quantity(served)))
            .collect();
        let mut others = self.dearest(&self.plan.measured, &LineSet::default()).into_owned();
        let mut gone = Quantities::default();
        for (line, quantity) in served.iter().flatten() {
            gone.add(*line, *quantity);
        }
        for (line, own) in &mut others {
            *own = own.minus(gone.of_line(*line));
        }
        let units: Vec<Slot> = others.into_iter().map(slot(OTHER)).collect();
        others_of(shape.serve(&demands, &units, self.scene.work))
    }
}

/// Marks in place of a slot's run: whether the promotion discounts the units, or others supply them.
const OWN: usize = 0;
const OTHER: usize = 1;

fn slot(run: usize) -> impl Fn((usize, Quantity)) -> Slot {
    move |(line, quantity)| Slot { line, run, quantity }
}

fn others_of(served: Vec<Vec<Slot>>) -> ByLine {
    let mut units = Quantities::default();
    for slot in served.into_iter().flatten().filter(|slot| slot.run == OTHER) {
        units.add(slot.line, slot.quantity);
    }
    units.by_line()
}

/// A quantity for each line.
#[derive(Default)]
pub(super) struct Quantities(Vec<Quantity>);

impl Quantities {
    pub(super) fn of(units: &ByLine) -> Self {
        let mut quantities = Self::default();
        for (line, quantity) in units {
            quantities.add(*line, *quantity);
        }
        quantities
    }

    pub(super) fn of_line(&self, line: usize) -> Quantity {
        self.0.get(line).copied().unwrap_or(Quantity::ZERO)
    }

    /// Adds to the quantity of a line.
    pub(super) fn add(&mut self, line: usize, quantity: Quantity) {
        self.change(line, |own| own.plus(quantity));
    }

    /// Raises the quantity of a line to at least this.
    pub(super) fn at_least(&mut self, line: usize, quantity: Quantity) {
        self.change(line, |own| own.max(quantity));
    }

    #[expect(clippy::indexing_slicing, reason = "there is room for the line")]
    fn change(&mut self, line: usize, change: impl FnOnce(Quantity) -> Quantity) {
        if self.0.len() <= line {
            self.0.resize(line + 1, Quantity::ZERO);
        }
        self.0[line] = change(self.0[line]);
    }

    /// The lines that have units.
    pub(super) fn by_line(self) -> ByLine {
        self.0.into_iter().enumerate().filter(|(_, own)| own.is_positive()).collect()
    }
}
