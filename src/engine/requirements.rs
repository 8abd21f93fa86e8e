//! Requirements: the units that make a promotion's line conditions true, and complete sets of them (spec 7.3).

use smallvec::SmallVec;

use crate::domain::amount::{Money, Number, Quantity};
use crate::domain::condition::LineMeasure;
use crate::domain::exact::Exact;
use crate::domain::selector::NumberOperator;

use super::conditions::{Conditions, LeafTest, Scene, Truths};
use super::line_set::LineSet;
use super::units::Slot;
use super::work::Work;

/// A line condition that is true, and how much of the lines that it selects it needs.
#[derive(Clone, Debug)]
pub(crate) struct Requirement {
    pub(crate) lines: LineSet,
    pub(crate) need: Need,
}

/// How much of its lines a requirement needs, at most what they have.
#[derive(Clone, Debug)]
pub(crate) enum Need {
    Units(Quantity),
    /// Units worth at least this.
    Worth(Exact),
    All,
}

/// How many units of which line.
pub(crate) type ByLine = Vec<(usize, Quantity)>;

/// Most promotions have one requirement, which needs no heap memory.
pub(crate) type Requirements = SmallVec<[Requirement; 1]>;

/// The requirements of conditions that hold, in their order.
pub(crate) fn requirements(
    conditions: &Conditions,
    truths: Truths,
    scene: &Scene<'_>,
) -> Requirements {
    let mut found = Requirements::new();
    conditions.supporting(truths, &mut |test| found.extend(requirement(test, scene)));
    found
}

fn requirement(test: &LeafTest, scene: &Scene<'_>) -> Option<Requirement> {
    match test {
        LeafTest::Lines { measure, of, compare } => {
            use NumberOperator::{Eq, Gt, Gte, Lt, Lte, Ne};
            let need = match (measure, compare.op) {
                (LineMeasure::Quantity, Gte | Eq) => Need::Units(units(compare.value)),
                (LineMeasure::Quantity, Gt) => Need::Units(whole_above(compare.value)),
                (LineMeasure::Amount, Gte | Gt | Eq) => Need::Worth(compare.value.into()),
                (LineMeasure::Quantity | LineMeasure::Amount, Ne | Lt | Lte)
                | (LineMeasure::DistinctProducts | LineMeasure::DistinctVariants, _) => Need::All,
            };
            Some(Requirement { lines: scene.lines(*of), need })
        }
        LeafTest::Item { of, found: true } => {
            Some(Requirement { lines: scene.lines(*of), need: Need::Units(Quantity::ONE) })
        }
        LeafTest::Cart { .. } | LeafTest::Item { found: false, .. } | LeafTest::Request(_) => None,
    }
}

/// A condition's value as a quantity.
fn units(value: Number) -> Quantity {
    Quantity::from_scaled(value.scaled())
}

/// The least whole number above a value.
fn whole_above(value: Number) -> Quantity {
    let whole = value.scaled().div_euclid(Number::ONE.scaled()).saturating_add(1);
    Quantity::from_scaled(whole.saturating_mul(Quantity::ONE.scaled()))
}

/// Takes units worth at least `worth` from lines in the given order. It takes whole units of a line, or all that the
/// line has, and skips lines with a price of 0. `lines` are lines with their unit price and quantity.
pub(crate) fn take_worth(
    worth: &Exact,
    lines: impl Iterator<Item = (usize, Money, Quantity)>,
) -> ByLine {
    let mut missing = worth.clone();
    let mut taken = Vec::new();
    for (line, price, there) in lines {
        if !missing.is_positive() {
            break;
        }
        if !price.is_positive() || !there.is_positive() {
            continue;
        }
        let whole = missing.over(&price.into()).ceiling();
        let quantity =
            Quantity::from_scaled(whole.saturating_mul(Quantity::ONE.scaled())).min(there);
        missing = missing.minus(&Exact::product(price, quantity));
        taken.push((line, quantity));
    }
    taken
}

/// Takes so many units from lines in the given order.
pub(crate) fn take_units(mut missing: Quantity, lines: &[(usize, Quantity)]) -> ByLine {
    let mut taken = Vec::new();
    for (line, there) in lines {
        let quantity = missing.min(*there);
        if quantity.is_positive() {
            missing = missing.minus(quantity);
            taken.push((*line, quantity));
        }
    }
    taken
}

/// What a set consists of: for each requirement, a number of units of its lines. A unit serves one requirement only.
pub(crate) struct SetShape {
    parts: Vec<(LineSet, Quantity)>,
}

/// How many choices of requirements are looked at in one step.
const CHOICES_A_STEP: usize = 8;

/// For every choice of requirements (as bits): how many units could serve at least one of them.
struct Capacity(Vec<i128>);

#[expect(clippy::indexing_slicing, reason = "a choice of parts is a number below 2 to their count")]
impl SetShape {
    /// INVARIANT: requirements of sets are numbers of units (spec 5.4 refuses all others).
    pub(crate) fn new(requirements: &[Requirement], holds: impl Fn(usize) -> Quantity) -> Self {
        let part = |requirement: &Requirement| {
            let all: Quantity = requirement.lines.iter().map(&holds).sum();
            let need = match requirement.need {
                Need::Units(units) => units.min(all),
                Need::Worth(_) | Need::All => all,
            };
            (requirement.lines, need)
        };
        Self { parts: requirements.iter().map(part).collect() }
    }

    /// How many units each part of a set has.
    pub(crate) fn needs(&self) -> impl Iterator<Item = Quantity> {
        self.parts.iter().map(|(_, need)| *need)
    }

    /// Which parts units of a line could serve.
    fn mask(&self, line: usize) -> usize {
        let parts = self.parts.iter().enumerate();
        parts.fold(0, |mask, (part, (lines, _))| mask | (usize::from(lines.contains(line)) << part))
    }

    fn capacity(&self, units: impl Iterator<Item = (usize, Quantity)>) -> Capacity {
        // First, `within` counts units by exactly the requirements that could use them. Then it is summed, part by
        // part, over all subsets: each entry has the units that no requirement outside the choice could use.
        let mut within = vec![0_i128; 1 << self.parts.len()];
        for (line, quantity) in units {
            within[self.mask(line)] += i128::from(quantity.scaled());
        }
        for part in 0..self.parts.len() {
            for choice in (0..within.len()).filter(|choice| choice & (1 << part) != 0) {
                within[choice] += within[choice ^ (1 << part)];
            }
        }
        let total = within[within.len() - 1];
        // The complement of the n-th choice is the n-th choice from the end.
        Capacity(within.iter().rev().map(|outside| total - outside).collect())
    }

    /// What each part needs for so many sets.
    pub(crate) fn demands(&self, count: i64) -> Vec<Quantity> {
        let all = |need: &Quantity| Quantity::from_scaled(need.scaled().saturating_mul(count));
        self.parts.iter().map(|(_, need)| all(need)).collect()
    }

    /// For every choice of parts: how many units they need together.
    fn together(demands: &[Quantity]) -> Vec<i128> {
        let mut together = vec![0_i128];
        for demand in demands {
            let demand = i128::from(demand.scaled());
            let with: Vec<i128> = together.iter().map(|own| own + demand).collect();
            together.extend(with);
        }
        together
    }

    /// The steps that it takes to look at all choices of the parts.
    fn steps(&self) -> usize {
        (1 << self.parts.len()) / CHOICES_A_STEP + 1
    }

    /// The most complete sets that the units make. By Hall's theorem this is the largest number for which no choice of
    /// requirements needs more units than could serve it.
    pub(crate) fn most(
        &self,
        units: impl ExactSizeIterator<Item = (usize, Quantity)>,
        work: &Work<'_>,
    ) -> i64 {
        if !work.charge(self.steps() * 4 + units.len() * self.parts.len()) {
            return 0;
        }
        let Capacity(capacity) = self.capacity(units);
        let together = Self::together(&self.demands(1));
        let choices = together.iter().zip(&capacity);
        let demanded = choices.filter(|(demand, _)| **demand > 0);
        demanded
            .map(|(demand, there)| there / demand)
            .min()
            .map_or(0, |sets| i64::try_from(sets).unwrap_or(i64::MAX))
    }

    /// Takes what the parts demand from units in the given order. Requirements are served in the order of the
    /// conditions. Each takes the first units that later requirements can spare. Returns the units of each requirement,
    /// in the order in which they were taken.
    ///
    /// INVARIANT: the units suffice, as they do for up to [`SetShape::most`] sets.
    pub(crate) fn serve(
        &self,
        demands: &[Quantity],
        units: &[Slot],
        work: &Work<'_>,
    ) -> Vec<Vec<Slot>> {
        work.charge(units.len() * self.parts.len());
        let mut rest: Vec<(usize, Slot)> =
            units.iter().map(|slot| (self.mask(slot.line), *slot)).collect();
        let capacity = self.capacity(units.iter().map(|slot| (slot.line, slot.quantity)));
        let mut spare = Spare::new(&capacity, &Self::together(demands));
        let mut served = Vec::with_capacity(self.parts.len());
        for (part, demand) in demands.iter().enumerate() {
            let mut missing = *demand;
            let mut taken = Vec::new();
            // Later requirements need all further units with one of these masks, since the number that can be spared
            // never grows.
            let mut needed: Vec<usize> = Vec::new();
            for (mask, slot) in rest.iter_mut().filter(|(mask, _)| mask & (1 << part) != 0) {
                if !missing.is_positive() {
                    break;
                }
                if !slot.quantity.is_positive() || needed.contains(mask) {
                    continue;
                }
                if !work.charge(self.steps() + needed.len()) {
                    return served;
                }
                let quantity = missing.min(slot.quantity).min(spare.of(*mask, part));
                if !quantity.is_positive() {
                    needed.push(*mask);
                    continue;
                }
                missing = missing.minus(quantity);
                spare.take(*mask, quantity);
                slot.quantity = slot.quantity.minus(quantity);
                taken.push(Slot { quantity, ..*slot });
            }
            served.push(taken);
        }
        served
    }
}

/// For every choice of requirements (as bits): how many units could serve it beyond what it needs.
struct Spare(Vec<i128>);

impl Spare {
    fn new(Capacity(capacity): &Capacity, together: &[i128]) -> Self {
        let choices = capacity.iter().zip(together);
        Self(choices.map(|(there, needed)| there - needed).collect())
    }

    /// Among the units that only the requirements in `mask` could use: how many the requirements after `part` can
    /// spare. The number is unlimited if the later requirements could use none of them.
    fn of(&self, mask: usize, part: usize) -> Quantity {
        let later = self.0.iter().enumerate().step_by(1 << (part + 1));
        let later = later.filter(|(choice, _)| mask & choice != 0).map(|(_, spare)| *spare).min();
        let bound = later.and_then(|spare| i64::try_from(spare.max(0)).ok());
        Quantity::from_scaled(bound.unwrap_or(i64::MAX))
    }

    /// Takes units that only the requirements in `mask` could use.
    fn take(&mut self, mask: usize, units: Quantity) {
        let choices = self.0.iter_mut().enumerate().filter(|(choice, _)| choice & mask != 0);
        choices.for_each(|(_, own)| *own -= i128::from(units.scaled()));
    }
}
