//! Benefits on units of lines: how often they apply, and to which units (spec 7.3).

use std::cell::RefCell;

use smallvec::SmallVec;

use crate::domain::amount::Quantity;
use crate::domain::benefit::{From, ItemBenefit, ItemKind, Level, Per, Pick, Within};
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::line_set::LineSet;
use crate::engine::plan::{PartPlan, Plan};
use crate::engine::proposal::{Failure, Proposal};
use crate::engine::requirements::ByLine;
use crate::engine::units::{Basket, Slot, Take};
use crate::engine::work::Work;

use super::amounts;
use super::chosen::{Basis, Chosen, Units};
use super::groups::{UnitQueue, count, cut, first_of_each, take};
use super::part::{Part, Quantities};

/// The steps that each part of a cart takes, besides those for its lines.
const STEPS_A_PART: usize = 16;

pub(super) fn propose(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    plan: &Plan,
    benefit: &ItemBenefit,
    basket: &Basket,
) -> Result<Proposal, Failure> {
    let mut bound = candidate.times_bound();
    let mut proposal = Proposal::new(Level::Item, 0);
    let mut takes = case.takes.take();
    let mut needed = ByLine::new();
    let mut failure = Failure::ConditionsNotMet;
    for plan in plan {
        if !case.work.charge(STEPS_A_PART) {
            break;
        }
        let giving = Giving::new(case, candidate, benefit, basket, plan);
        match giving.choose(bound) {
            Ok(chosen) => {
                let before = takes.len();
                amounts::take_shares(case, basket, benefit, &chosen, &mut takes);
                let own = takes.get(before..).unwrap_or_default();
                // A part that gives nothing does not count (spec 5.4 `same`).
                if !amounts::give_something(case, basket, benefit, own) {
                    let nothing = own.is_empty();
                    let own = if nothing { Failure::NoEligibleItems } else { Failure::NoBenefit };
                    failure = worse(failure, own);
                    takes.truncate(before);
                    continue;
                }
                bound -= chosen.times;
                proposal.times += chosen.times;
                if case.claims.consumed() {
                    needed.extend(giving.needed(&chosen, own));
                }
                if let Units::Loose(units) = chosen.units {
                    case.slots.give_back(units);
                }
            }
            Err(own) => failure = worse(failure, own),
        }
    }
    if proposal.times == 0 {
        case.takes.give_back(takes);
        return Err(failure);
    }
    amounts::settle(case, candidate, basket, takes, needed, &mut proposal);
    proposal.or_nothing()
}

/// The lines that a promotion could discount where its conditions hold, if nothing had been claimed.
pub(super) fn discountable(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    plan: &Plan,
    benefit: &ItemBenefit,
    basket: &Basket,
) -> LineSet {
    let lines = |plan| Giving::new(case, candidate, benefit, basket, plan).lines();
    plan.iter().map(lines).fold(LineSet::default(), |all, own| all.union(&own))
}

/// The failure of a promotion with several parts is the one that came closest to a discount: `NoBenefit`, then
/// `NoEligibleItems`, then `ConditionsNotMet`.
fn worse(a: Failure, b: Failure) -> Failure {
    match (a, b) {
        (Failure::NoBenefit, _) | (_, Failure::NoBenefit) => Failure::NoBenefit,
        (Failure::NoEligibleItems, _) | (_, Failure::NoEligibleItems) => Failure::NoEligibleItems,
        (Failure::ConditionsNotMet, Failure::ConditionsNotMet) => Failure::ConditionsNotMet,
    }
}

/// How units fill applications.
enum Filling {
    /// One after the other, so many for each application; `None`: all available units.
    Loose(Option<Quantity>),
    /// Group by group, so many for each group; `None`: all available units.
    Groups(Option<Quantity>),
    /// In groups of so many units, of which only the first are discounted.
    FirstOf(Quantity),
}

/// What is set aside for a condition.
pub(super) struct Reserved {
    reserved: ByLine,
    /// The open units that are not set aside.
    pub(super) units: Vec<Slot>,
}

/// What one promotion gives in one part of the cart.
pub(super) struct Giving<'d> {
    case: &'d Case<'d>,
    pub(super) benefit: &'d ItemBenefit,
    /// The lines of the part that the target selects; `None`: the target has no selector.
    select: Option<LineSet>,
    pub(super) part: Part<'d>,
    basket: &'d Basket,
}

impl<'d> Giving<'d> {
    pub(super) fn new(
        case: &'d Case<'_>,
        candidate: &'d Candidate<'_>,
        benefit: &'d ItemBenefit,
        basket: &'d Basket,
        plan: &'d PartPlan,
    ) -> Self {
        let select = candidate.target(&plan.lines);
        let part = Part::new(case, candidate, basket, plan);
        Self { case, benefit, select, part, basket }
    }

    fn choose(&self, bound: i64) -> Result<Chosen, Failure> {
        let allowed = self.part.plan.times.min(bound);
        match self.benefit.from {
            From::InCondition if self.benefit.takes_sets() => self.sets(allowed),
            From::InCondition | From::Matching => self.first_units(allowed, &self.lines()),
            From::BeyondCondition => self.beyond(allowed),
        }
    }

    /// The lines of which it takes units: to discount them, or to complete a set.
    fn lines(&self) -> LineSet {
        match self.benefit.from {
            From::InCondition if self.benefit.takes_sets() => self.part.required_lines(),
            From::InCondition => self.narrowed(self.part.required_lines()),
            From::Matching => self.narrowed(self.part.plan.lines),
            From::BeyondCondition => self.lines_beyond(),
        }
    }

    fn work(&self) -> &Work<'_> {
        self.case.work
    }

    /// Those of the lines that the target selects.
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

    /// `matching` and `in_condition`: chooses the first units by `pick`. Under `within: application` units form groups
    /// from the most expensive on, and the pick chooses in each group.
    fn first_units(&self, allowed: i64, lines: &LineSet) -> Result<Chosen, Failure> {
        let order = match self.benefit.within {
            Within::Application => Pick::MostExpensive,
            Within::Cart => self.benefit.pick,
        };
        self.fill(allowed, self.open(lines, order), Basis::Any)
    }

    /// How units are used up, application by application.
    fn filling(&self) -> Filling {
        let quantity = self.benefit.quantity_per_application();
        match self.benefit.within {
            Within::Application => Filling::FirstOf(self.every()),
            Within::Cart if self.is_bundle() => Filling::Groups(quantity),
            Within::Cart => Filling::Loose(quantity),
        }
    }

    fn is_bundle(&self) -> bool {
        matches!(self.benefit.kind, ItemKind::BundlePrice { .. })
    }

    /// How many units a group has in which a pick chooses.
    #[expect(clippy::panic, reason = "refused where a body is read (spec 5.4 `target.within`)")]
    fn every(&self) -> Quantity {
        match self.benefit.repeat.map(|repeat| repeat.per) {
            Some(Per::Quantity(every)) => every,
            Some(Per::Amount(_) | Per::Set) | None => panic!("groups without a quantity"),
        }
    }

    /// Fills up to `allowed` applications from units in their order. An incomplete group gives nothing.
    fn fill(&self, allowed: i64, units: Vec<Slot>, basis: Basis) -> Result<Chosen, Failure> {
        let there = count(&units);
        let filling = self.filling();
        let most = match filling {
            Filling::Loose(None) if there.is_positive() => i64::MAX,
            Filling::Loose(None) => 0,
            Filling::Loose(Some(quantity)) => fills(there, quantity),
            Filling::Groups(None) => i64::from(there.is_positive()),
            Filling::Groups(Some(every)) | Filling::FirstOf(every) => whole(there, every),
        };
        if most == 0 {
            return Err(Failure::NoEligibleItems);
        }
        let times = allowed.min(most);
        if times <= 0 {
            return Err(Failure::NoBenefit);
        }
        let groups =
            |units, every| cut(&mut [UnitQueue { units, every }], times, |_| true, self.work());
        let units = match filling {
            Filling::Loose(None) => Units::Loose(units),
            Filling::Loose(Some(quantity)) => Units::Loose(take(multiple(quantity, times), units)),
            Filling::Groups(every) => Units::Groups(groups(units, every.unwrap_or(there))),
            Filling::FirstOf(every) => {
                let quantity = self.benefit.quantity_per_application().unwrap_or(Quantity::ONE);
                let groups = groups(units, every);
                Units::Loose(first_of_each(&groups, quantity, self.benefit.pick, &self.part.scene))
            }
        };
        Ok(Chosen { times, units, basis })
    }

    /// `in_condition` with sets: takes complete sets from the units that may be discounted.
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

    /// `beyond_condition`: discounts units beyond those reserved for the condition. Of the allowed numbers of
    /// applications, it chooses the smallest that discounts the most units; without a quantity, the largest that leaves
    /// a unit.
    pub(super) fn beyond(&self, allowed: i64) -> Result<Chosen, Failure> {
        let lines = self.case.view.in_order(self.benefit.pick).of(&self.lines_beyond());
        // What each number of applications leaves is computed once. The chosen number has usually been tried.
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
        if allowed <= 0 {
            let something = self.is_enough(left(0));
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
        self.fill(times, units, Basis::Reserved(reserved))
    }

    /// Whether so many units are enough to discount some.
    pub(super) fn is_enough(&self, units: Quantity) -> bool {
        let group = self.benefit.quantity_per_application().filter(|_| self.is_bundle());
        group.map_or(units.is_positive(), |group| units >= group)
    }

    /// The lines that `beyond_condition` can discount.
    pub(super) fn lines_beyond(&self) -> LineSet {
        match self.select {
            Some(select) => select.intersection(&self.part.plan.lines),
            None => self.part.required_lines(),
        }
    }

    /// The units reserved for so many applications, and the other open units of `lines`.
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

    /// Under `consumed`: the units that the condition needed besides the discounted ones. Discounted units that qualify
    /// count towards the need.
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

/// The open units of lines, without reserved ones.
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

/// How many applications the units fill. The last may be incomplete.
fn fills(units: Quantity, quantity: Quantity) -> i64 {
    let (units, quantity) = (units.scaled(), quantity.scaled().max(1));
    (units / quantity).saturating_add(i64::from(units % quantity != 0))
}

/// How many complete groups the units form.
fn whole(units: Quantity, every: Quantity) -> i64 {
    units.scaled() / every.scaled().max(1)
}

/// The largest number from 1 to `most` for which `fits` holds, or 0. `fits` must hold up to some number and for none
/// above it.
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
