//! The part of a cart on which a benefit applies, with what its conditions need there.
//!
//! Without `same` there is one part, the whole cart. Everything that is counted, measured or
//! reserved for a promotion is counted here.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::domain::amount::Quantity;
use crate::domain::benefit::{Per, Pick};
use crate::domain::exact::Exact;
use crate::engine::candidate::Candidate;
use crate::engine::conditions::{Conditions, Scene};
use crate::engine::line_set::LineSet;
use crate::engine::proposal::Failure;
use crate::engine::requirements::{
    Need, Requirements, SetShape, requirements, take_units, take_worth,
};
use crate::engine::units::Slot;

/// What it takes to look at a line for a need, with its price.
const STEPS_A_NEED: usize = 4;

/// Units of lines, by line.
pub(super) type ByLine = Vec<(usize, Quantity)>;

/// A part in which the conditions hold.
pub(super) struct Part<'s> {
    pub(super) scene: &'s Scene<'s>,
    requirements: Requirements,
    /// The lines of the requirements, or all of the part where there is none.
    measured: LineSet,
    /// The units of `measured` that count, the most expensive first.
    measured_dearest: OnceCell<ByLine>,
}

impl<'s> Part<'s> {
    /// `None` where the conditions fail. What they need is found out only where it is `needed`: for
    /// a benefit that repeats, that leans on the units of its condition, or that uses them up.
    pub(super) fn judge(
        scene: &'s Scene<'s>,
        conditions: Option<&Conditions>,
        needed: bool,
    ) -> Option<Self> {
        let requirements = match conditions {
            None => Requirements::new(),
            Some(conditions) => {
                let truths = conditions.judge(scene);
                if !conditions.hold(truths) {
                    return None;
                }
                if needed { requirements(conditions, truths, scene) } else { Requirements::new() }
            }
        };
        let required = requirements
            .iter()
            .fold(LineSet::default(), |lines, requirement| lines.union(&requirement.lines));
        let measured = if requirements.is_empty() { *scene.part } else { required };
        Some(Self { scene, requirements, measured, measured_dearest: OnceCell::new() })
    }

    /// The conditions of a promotion, judged on the whole cart.
    pub(super) fn of_whole_cart(
        scene: &'s Scene<'s>,
        candidate: &Candidate<'_>,
        needed: bool,
    ) -> Result<Self, Failure> {
        let conditions = candidate.compiled.conditions.as_ref();
        Self::judge(scene, conditions, needed).ok_or(Failure::ConditionsNotMet)
    }

    /// The lines that the requirements select; none without a requirement.
    pub(super) fn required_lines(&self) -> LineSet {
        if self.requirements.is_empty() { LineSet::default() } else { self.measured }
    }

    /// The units that `repeat` counts.
    pub(super) fn counted_quantity(&self) -> Quantity {
        self.measured.iter().map(|line| self.measured_units(line)).sum()
    }

    /// The gross amount that `repeat` counts.
    pub(super) fn counted_amount(&self) -> Exact {
        self.measured.iter().fold(Exact::ZERO, |sum, line| {
            sum.plus(&self.scene.view.gross(line, self.measured_units(line)))
        })
    }

    /// How many units of the given lines `repeat` counts.
    pub(super) fn counted_within(&self, lines: &LineSet) -> Quantity {
        self.measured.intersection(lines).iter().map(|line| self.measured_units(line)).sum()
    }

    /// Claimed units do not count towards line conditions; the whole cart is none (spec 7.3).
    fn measured_units(&self, line: usize) -> Quantity {
        if self.requirements.is_empty() {
            self.scene.view.line(line).quantity
        } else {
            self.scene.counted(line)
        }
    }

    /// What a set consists of.
    pub(super) fn set_shape(&self) -> SetShape {
        SetShape::new(&self.requirements, |line| self.scene.counted(line))
    }

    /// The most complete sets among the units that count.
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
        } else if *lines == self.measured {
            Cow::Borrowed(self.measured_dearest.get_or_init(dearest))
        } else {
            Cow::Owned(dearest())
        }
    }

    /// Whether there are not several requirements.
    pub(super) fn has_one_requirement(&self) -> bool {
        self.requirements.len() <= 1
    }

    /// The units that the condition needs for `times` applications, the most expensive first, those
    /// of lines in `last` last (spec 7.3 `beyond_condition`).
    pub(super) fn reserve(&self, per: Option<Per>, times: i64, last: &LineSet) -> ByLine {
        if self.requirements.is_empty() {
            return Vec::new();
        }
        self.need(per, times, &ByLine::new(), last)
    }

    /// The units that the condition needs besides `own` ones of the promotion, which count first
    /// where they qualify; the rest is taken most expensive first (spec 7.3 `consumed`).
    pub(super) fn needed_besides(&self, per: Option<Per>, times: i64, own: &ByLine) -> ByLine {
        if self.requirements.is_empty() {
            return Vec::new();
        }
        self.need(per, times, own, &LineSet::default())
    }

    fn need(&self, per: Option<Per>, times: i64, own: &ByLine, last: &LineSet) -> ByLine {
        let all = self.scene.view.cart.lines.len();
        let looks = self.measured.len() * STEPS_A_NEED + all / 4;
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
                units(Quantity::from_scaled(all), &self.measured)
            }
            Some(Per::Amount(every)) => {
                worth(Exact::from(every).scaled_by(times.into(), 1), &self.measured)
            }
            Some(Per::Set) => self.need_sets(times, own, &others(&self.measured)),
            None => {
                let mut needed = Quantities::default();
                for requirement in &self.requirements {
                    if !self.scene.work.charge(requirement.lines.len() * STEPS_A_NEED) {
                        break;
                    }
                    let lines = &requirement.lines;
                    let taken = match &requirement.need {
                        Need::Units(need) => units(*need, lines),
                        Need::Worth(need) => worth(need.clone(), lines),
                        Need::All => others(lines).into_owned(),
                    };
                    // A unit may serve several requirements, and each takes from the same end of
                    // a line: the largest need of a line holds the others.
                    for (line, quantity) in taken {
                        needed.at_least(line, quantity);
                    }
                }
                needed.by_line()
            }
        }
    }

    /// So many sets out of `own` units, which go first, and of `others`.
    fn need_sets(&self, times: i64, own: &ByLine, others: &[(usize, Quantity)]) -> ByLine {
        let shape = self.set_shape();
        let dearest = self.scene.view.in_order(Pick::MostExpensive).of(&self.measured);
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

    /// What so many sets need besides the units that serve their requirements already: those that
    /// the promotion discounts.
    pub(super) fn sets_besides(&self, times: i64, served: &[ByLine]) -> ByLine {
        let shape = self.set_shape();
        let quantity = |units: &ByLine| units.iter().map(|(_, quantity)| *quantity).sum();
        let demands: Vec<Quantity> = shape
            .demands(times)
            .into_iter()
            .zip(served)
            .map(|(demand, served)| demand.minus(quantity(served)))
            .collect();
        let mut others = self.dearest(&self.measured, &LineSet::default()).into_owned();
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

/// Marks of units by whose they are, in place of a run.
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

/// So many lines are looked through one by one.
const LINES_LOOKED_THROUGH: usize = 8;

/// Quantities of lines, found by line.
#[derive(Default)]
pub(super) struct Quantities {
    units: ByLine,
    /// Where there are many: for each line its place in `units`, from 1; 0: it has none.
    places: Vec<usize>,
}

impl Quantities {
    /// Quantities of lines that are all different.
    pub(super) fn of(units: &ByLine) -> Self {
        let mut quantities = Self::default();
        for (line, quantity) in units {
            quantities.add(*line, *quantity);
        }
        quantities
    }

    pub(super) fn of_line(&self, line: usize) -> Quantity {
        let own = self.place(line).and_then(|place| self.units.get(place));
        own.map_or(Quantity::ZERO, |(_, quantity)| *quantity)
    }

    fn place(&self, line: usize) -> Option<usize> {
        if self.units.len() <= LINES_LOOKED_THROUGH {
            return self.units.iter().position(|(own, _)| *own == line);
        }
        self.places.get(line)?.checked_sub(1)
    }

    /// Adds units to a line's.
    pub(super) fn add(&mut self, line: usize, quantity: Quantity) {
        self.change(line, |own| own.plus(quantity));
    }

    /// Lets a line have no fewer.
    pub(super) fn at_least(&mut self, line: usize, quantity: Quantity) {
        self.change(line, |own| own.max(quantity));
    }

    fn change(&mut self, line: usize, change: impl FnOnce(Quantity) -> Quantity) {
        let known = self.place(line);
        if let Some((_, own)) = known.and_then(|place| self.units.get_mut(place)) {
            *own = change(*own);
            return;
        }
        self.units.push((line, change(Quantity::ZERO)));
        match self.units.len().checked_sub(LINES_LOOKED_THROUGH) {
            Some(1) => (1..).zip(&self.units).for_each(|(place, (line, _))| {
                note_place(&mut self.places, *line, place);
            }),
            Some(2..) => note_place(&mut self.places, line, self.units.len()),
            Some(0) | None => {}
        }
    }

    /// In the order in which lines were named.
    pub(super) fn by_line(self) -> ByLine {
        self.units
    }
}

fn note_place(places: &mut Vec<usize>, line: usize, place: usize) {
    if places.len() <= line {
        places.resize(line + 1, 0);
    }
    if let Some(own) = places.get_mut(line) {
        *own = place;
    }
}
