//! Benefits on units of lines: how often, and which units (spec 7.3).

use std::cell::RefCell;

use smallvec::SmallVec;

use crate::domain::amount::Quantity;
use crate::domain::benefit::{From, ItemBenefit, ItemKind, Per, Pick, Within};
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::line_set::LineSet;
use crate::engine::proposal::{Failure, Proposal};
use crate::engine::units::{Basket, Slot, Take};
use crate::engine::work::Work;

use super::amounts;
use super::chosen::{Basis, Chosen, Units};
use super::groups::{UnitQueue, count, cut, first_of_each, take};
use super::part::{ByLine, Part, Quantities};
use super::times::{repeat_bound, times_bound};

/// What a part of a cart takes besides what is looked at there.
const STEPS_A_PART: usize = 16;

pub(super) fn propose(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    benefit: &ItemBenefit,
    basket: &Basket,
) -> Result<Proposal, Failure> {
    let mut bound = times_bound(candidate, benefit.repeat.as_ref());
    let needed =
        benefit.from != From::Matching || benefit.repeat.is_some() || case.claims.consumed();
    let mut proposal = Proposal::default();
    let mut failure = Failure::ConditionsNotMet;
    for lines in candidate.parts(case) {
        if !case.work.charge(STEPS_A_PART + case.view.cart.lines.len() / 4) {
            break;
        }
        let scene = candidate.scene(case, basket, lines);
        let Some(part) = Part::judge(&scene, candidate.compiled.conditions.as_ref(), needed) else {
            continue;
        };
        let giving = Giving { case, benefit, select: candidate.target(lines), part: &part, basket };
        match giving.choose(bound) {
            Ok(chosen) => {
                let before = proposal.takes.len();
                amounts::take_shares(case, basket, benefit, &chosen, &mut proposal.takes);
                let takes = proposal.takes.get(before..).unwrap_or_default();
                // A part that gives nothing does not count (spec 5.4 `same`).
                if !takes.iter().any(|take| take.share.is_positive()) {
                    let nothing = takes.is_empty();
                    let own = if nothing { Failure::NoEligibleItems } else { Failure::NoBenefit };
                    failure = worse(failure, own);
                    proposal.takes.truncate(before);
                    continue;
                }
                bound -= chosen.times;
                proposal.times += chosen.times;
                if case.claims.consumed() {
                    proposal.needed.extend(giving.needed(&chosen, takes));
                }
                if let Units::Loose(units) = chosen.units {
                    case.slots.give_back(units);
                }
            }
            Err(own) => failure = worse(failure, own),
        }
    }
    if proposal.times == 0 {
        return Err(failure);
    }
    amounts::settle(case, candidate, basket, &mut proposal);
    proposal.or_nothing()
}

/// Of the failures of several parts the one that says most: there is something to discount, before
/// there is nothing, before the conditions fail.
fn worse(a: Failure, b: Failure) -> Failure {
    match (a, b) {
        (Failure::NoBenefit, _) | (_, Failure::NoBenefit) => Failure::NoBenefit,
        (Failure::NoEligibleItems, _) | (_, Failure::NoEligibleItems) => Failure::NoEligibleItems,
        (Failure::ConditionsNotMet, Failure::ConditionsNotMet) => Failure::ConditionsNotMet,
    }
}

/// What is set aside for a condition.
pub(super) struct Reserved {
    reserved: ByLine,
    /// The open units besides.
    pub(super) units: Vec<Slot>,
}

/// What one promotion gives in one part of the cart.
pub(super) struct Giving<'d> {
    pub(super) case: &'d Case<'d>,
    pub(super) benefit: &'d ItemBenefit,
    /// The lines of the part that the target selects; `None`: it names none.
    pub(super) select: Option<LineSet>,
    pub(super) part: &'d Part<'d>,
    pub(super) basket: &'d Basket,
}

impl Giving<'_> {
    fn choose(&self, bound: i64) -> Result<Chosen, Failure> {
        let allowed = repeat_bound(self.benefit.repeat.as_ref(), self.part).min(bound);
        let every_line = *self.part.scene.part;
        match self.benefit.from {
            From::InCondition if self.benefit.takes_sets() => self.sets(allowed),
            From::InCondition => {
                let required = self.part.required_lines();
                self.first_units(allowed, &self.narrowed(required))
            }
            From::Matching => self.first_units(allowed, &self.narrowed(every_line)),
            From::BeyondCondition => self.beyond(allowed),
        }
    }

    fn work(&self) -> &Work<'_> {
        &self.case.work
    }

    /// Lines, as far as the target selects them.
    fn narrowed(&self, lines: LineSet) -> LineSet {
        self.select.map_or(lines, |select| select.intersection(&lines))
    }

    /// The units of lines that may be discounted, in the order of a pick.
    fn open(&self, lines: &LineSet, pick: Pick) -> Vec<Slot> {
        let mut slots = self.case.slots.take();
        for line in self.case.view.in_order(pick).of(lines) {
            if !self.work().charge(self.basket.runs(line)) {
                break;
            }
            self.basket.open(line, &self.case.claims, &mut slots);
        }
        slots
    }

    /// `matching` and `in_condition`: the first n × quantity units by `pick`.
    fn first_units(&self, allowed: i64, lines: &LineSet) -> Result<Chosen, Failure> {
        if self.benefit.within == Within::Application {
            return self.first_of_groups(allowed, lines);
        }
        let units = self.open(lines, self.benefit.pick);
        let there = count(&units);
        if !there.is_positive() {
            return Err(Failure::NoEligibleItems);
        }
        let quantity = self.benefit.quantity_per_application();
        if self.is_bundle() {
            let every = quantity.unwrap_or(there);
            return self.bundles(allowed, units, every, Basis::Any);
        }
        let times = quantity.map_or(allowed, |quantity| allowed.min(fills(there, quantity)));
        if times <= 0 {
            return Err(Failure::NoBenefit);
        }
        let units = match quantity {
            Some(quantity) => take(multiple(quantity, times), units),
            None => units,
        };
        Ok(Chosen { times, units: Units::Loose(units), basis: Basis::Any })
    }

    /// `within: application`: groups of `every`, cut from the dearest, and in each the first by
    /// `pick`. An incomplete group is not discounted.
    fn first_of_groups(&self, allowed: i64, lines: &LineSet) -> Result<Chosen, Failure> {
        let Some(Per::Quantity(every)) = self.benefit.repeat.map(|repeat| repeat.per) else {
            // INVARIANT: refused where a body is read (spec 5.4 `target.within`).
            return Err(Failure::NoBenefit);
        };
        let units = self.open(lines, Pick::MostExpensive);
        let groups = whole(count(&units), every);
        if groups == 0 {
            return Err(Failure::NoEligibleItems);
        }
        let times = allowed.min(groups);
        if times <= 0 {
            return Err(Failure::NoBenefit);
        }
        let quantity = self.benefit.quantity_per_application().unwrap_or(Quantity::ONE);
        let groups = cut(&mut [UnitQueue { units, every }], times, |_| true, self.work());
        let first = first_of_each(&groups, quantity, self.benefit.pick, self.part.scene);
        Ok(Chosen { times, units: Units::Loose(first), basis: Basis::Any })
    }

    fn is_bundle(&self) -> bool {
        matches!(self.benefit.kind, ItemKind::BundlePrice { .. })
    }

    /// Complete groups of `every` units in their order.
    fn bundles(
        &self,
        allowed: i64,
        units: Vec<Slot>,
        every: Quantity,
        basis: Basis,
    ) -> Result<Chosen, Failure> {
        let groups = whole(count(&units), every);
        if groups == 0 {
            return Err(Failure::NoEligibleItems);
        }
        let times = allowed.min(groups);
        if times <= 0 {
            return Err(Failure::NoBenefit);
        }
        let groups = cut(&mut [UnitQueue { units, every }], times, |_| true, self.work());
        Ok(Chosen { times, units: Units::Groups(groups), basis })
    }

    /// `in_condition` with sets: complete sets from units that may be discounted.
    fn sets(&self, allowed: i64) -> Result<Chosen, Failure> {
        let units = self.open(&self.part.required_lines(), self.benefit.pick);
        let shape = self.part.set_shape();
        let most = shape.most(units.iter().map(|slot| (slot.line, slot.quantity)), self.work());
        if most == 0 {
            return Err(Failure::NoEligibleItems);
        }
        let selected = |slot: &Slot| self.select.is_none_or(|select| select.contains(slot.line));
        let times = allowed.min(most);
        if times <= 0 {
            let something = units.iter().any(selected);
            return Err(if something { Failure::NoBenefit } else { Failure::NoEligibleItems });
        }
        let served = shape.serve(&shape.demands(times), &units, self.work());
        let narrowed = |units: &[Slot]| units.iter().copied().filter(selected).collect();
        let own: Vec<Vec<Slot>> = served.iter().map(|units| narrowed(units)).collect();
        let units = if self.is_bundle() {
            let queues = served.into_iter().zip(shape.needs());
            let mut queues: Vec<UnitQueue> =
                queues.map(|(units, every)| UnitQueue { units, every }).collect();
            Units::Groups(cut(&mut queues, times, selected, self.work()))
        } else {
            Units::Loose(own.iter().flatten().copied().collect())
        };
        Ok(Chosen { times, units, basis: Basis::Served(own) })
    }

    /// `beyond_condition`: units over and above those reserved for the condition. Of all n allowed,
    /// the smallest that discounts the most units; without a quantity, the largest that leaves a
    /// unit.
    pub(super) fn beyond(&self, allowed: i64) -> Result<Chosen, Failure> {
        let lines = self.case.view.in_order(self.benefit.pick).of(&self.lines_beyond());
        // Each number of applications is tried once, and the one that is chosen was tried before.
        let tried: RefCell<SmallVec<[(i64, Reserved); 4]>> = RefCell::default();
        let left = |times: i64| {
            let mut tried = tried.borrow_mut();
            if let Some((_, known)) = tried.iter().find(|(own, _)| *own == times) {
                return count(&known.units);
            }
            let after = self.after_reserving(times, lines.clone());
            let left = count(&after.units);
            tried.push((times, after));
            left
        };
        let quantity = self.benefit.quantity_per_application();
        let group = quantity.filter(|_| self.is_bundle());
        let enough = |units: Quantity| units >= group.unwrap_or(Quantity::from_scaled(1));
        if allowed <= 0 {
            let something = enough(left(0));
            return Err(if something { Failure::NoBenefit } else { Failure::NoEligibleItems });
        }
        let times = match quantity {
            None => largest(allowed, |times| left(times).is_positive()),
            Some(quantity) => {
                let full = largest(allowed, |times| multiple(quantity, times) <= left(times));
                let more = full < allowed
                    && !self.is_bundle()
                    && left(full + 1) > multiple(quantity, full);
                full + i64::from(more)
            }
        };
        if times == 0 {
            return Err(Failure::NoEligibleItems);
        }
        let mut tried = tried.into_inner();
        let known = tried.iter().position(|(own, _)| *own == times);
        let Reserved { reserved, units } = match known {
            Some(known) => tried.swap_remove(known).1,
            None => self.after_reserving(times, lines),
        };
        if self.is_bundle() {
            let every = quantity.unwrap_or_else(|| count(&units));
            return self.bundles(times, units, every, Basis::Reserved(reserved));
        }
        let units = match quantity {
            Some(quantity) => take(multiple(quantity, times), units),
            None => units,
        };
        Ok(Chosen { times, units: Units::Loose(units), basis: Basis::Reserved(reserved) })
    }

    /// The lines of which `beyond_condition` discounts.
    pub(super) fn lines_beyond(&self) -> LineSet {
        match self.select {
            Some(select) => select.intersection(self.part.scene.part),
            None => self.part.required_lines(),
        }
    }

    /// What is reserved for so many applications, and the open units of `lines` besides.
    pub(super) fn after_reserving(
        &self,
        times: i64,
        lines: impl Iterator<Item = usize>,
    ) -> Reserved {
        let none = LineSet::default();
        let reserved = if times == 0 {
            ByLine::new()
        } else {
            self.part.reserve(self.benefit.repeat.map(|repeat| repeat.per), times, &none)
        };
        let units = open_beside(self.case, self.basket, lines, &reserved);
        Reserved { reserved, units }
    }

    /// Under `consumed`: the units that the condition needed besides those discounted. Own units
    /// count where they qualify.
    fn needed(&self, chosen: &Chosen, takes: &[Take]) -> ByLine {
        let qualifying = |units: &mut dyn Iterator<Item = Slot>| {
            let mut own = Quantities::default();
            for slot in units.filter(|slot| self.basket.slot_counts(*slot, &self.case.claims)) {
                own.add(slot.line, slot.quantity);
            }
            own.by_line()
        };
        let repeat = self.benefit.repeat.map(|repeat| repeat.per);
        match &chosen.basis {
            Basis::Reserved(reserved) => reserved.clone(),
            Basis::Served(units) => {
                let own = units.iter().map(|units| qualifying(&mut units.iter().copied()));
                self.part.sets_besides(chosen.times, &own.collect::<Vec<ByLine>>())
            }
            Basis::Any => {
                let own = qualifying(&mut takes.iter().map(|take| take.slot));
                self.part.needed_besides(repeat, chosen.times, &own)
            }
        }
    }
}

/// The open units of lines beside reserved ones.
pub(super) fn open_beside(
    case: &Case<'_>,
    basket: &Basket,
    lines: impl Iterator<Item = usize>,
    reserved: &ByLine,
) -> Vec<Slot> {
    let mut units = case.slots.take();
    let reserved = Quantities::of(reserved);
    for line in lines {
        if !case.work.charge(basket.runs(line) * 2) {
            break;
        }
        basket.open_beside(line, reserved.of_line(line), &case.claims, &mut units);
    }
    units
}

/// `quantity` × `times`.
pub(super) fn multiple(quantity: Quantity, times: i64) -> Quantity {
    Quantity::from_scaled(quantity.scaled().saturating_mul(times))
}

/// How many applications units fill, the last perhaps not wholly.
fn fills(units: Quantity, quantity: Quantity) -> i64 {
    let (units, quantity) = (units.scaled(), quantity.scaled().max(1));
    (units / quantity).saturating_add(i64::from(units % quantity != 0))
}

/// How many complete groups units make.
fn whole(units: Quantity, every: Quantity) -> i64 {
    units.scaled() / every.scaled().max(1)
}

/// The largest of 1 to `most` for which `fits` holds, or 0; it holds up to some number and for none
/// above.
pub(super) fn largest(most: i64, fits: impl Fn(i64) -> bool) -> i64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = high - (high - low) / 2;
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}
