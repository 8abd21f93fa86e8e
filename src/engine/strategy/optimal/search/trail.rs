//! The promotions that have applied at a node of a search, and the state that they left.
//!
//! Where a unit is claimed once, the numbers of unclaimed units determine nearly all of the state, so a step to a node
//! and back is a few additions. The basket itself is brought up to date only when a promotion has to look at it.

use std::rc::Rc;

use crate::engine::case::Case;
use crate::engine::line_set::LineSet;
use crate::engine::units::{Basket, Imprint, Saved};

use super::super::component::Component;
use super::super::memory::{State, Units};
use super::super::prospect::Open;
use super::super::weighed::Weighed;

/// The steps that it takes to copy a run of units.
const STEPS_A_RUN: usize = 4;

pub(super) struct Trail<'s, 'e> {
    case: &'s Case<'e>,
    component: &'s Component,
    applied: Vec<Step>,
    /// For each member, how many reasons there are that it cannot apply: it has applied, or a member that it does not
    /// combine with has.
    barred: Vec<u32>,
    /// The units of each line that no promotion has claimed.
    free: Vec<i64>,
    /// The discount on each line.
    taken: Vec<i64>,
    /// What upper bounds look at.
    pub(super) open: Open,
    /// Lines on which more was taken off claimed units than they cost. There the number of unclaimed units alone does
    /// not determine what can still be given.
    uneven: LineSet,
    /// The basket after the first `behind.len()` of the applied promotions.
    basket: Basket,
    /// For each of these promotions the state before it, to go back to.
    behind: Vec<Saved>,
}

/// A member that has applied.
struct Step {
    member: usize,
    weighed: Rc<Weighed>,
    uneven_before: LineSet,
}

impl<'s, 'e> Trail<'s, 'e> {
    pub(super) fn new(case: &'s Case<'e>, component: &'s Component) -> Self {
        let lines = &case.view.cart.lines;
        Self {
            case,
            component,
            applied: Vec::new(),
            barred: vec![0; component.members.len()],
            free: lines.iter().map(|line| line.quantity.scaled()).collect(),
            taken: vec![0; lines.len()],
            open: component.bound.look(case, &case.untouched, &component.weights),
            uneven: LineSet::default(),
            basket: case.untouched.clone(),
            behind: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.applied.len()
    }

    /// Whether a member has not applied, and combines with all that have.
    pub(super) fn is_open(&self, member: usize) -> bool {
        self.barred[member] == 0
    }

    pub(super) fn applied(&self) -> impl Iterator<Item = usize> {
        self.applied.iter().map(|own| own.member)
    }

    pub(super) fn last(&self) -> Option<usize> {
        self.applied.last().map(|own| own.member)
    }

    /// The members that could still apply.
    pub(super) fn remaining(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        (0..self.barred.len()).filter(|member| self.is_open(*member))
    }

    fn bar(&mut self, member: usize, change: impl Fn(u32) -> u32) {
        for own in self.component.excluded[member].iter().chain([&member]) {
            self.barred[*own] = change(self.barred[*own]);
        }
    }

    /// Whether the numbers of unclaimed units determine what a promotion on these lines gives.
    pub(super) fn is_told_by_units(&self, lines: &LineSet) -> bool {
        !self.case.claims.stacks() && lines.is_disjoint(&self.uneven)
    }

    /// The unclaimed units of lines.
    pub(super) fn units(&self, lines: &LineSet) -> Units {
        lines.iter().map(|line| self.free[line]).collect()
    }

    /// Everything on which later promotions depend, and the discount on each line.
    pub(super) fn state(&mut self) -> State {
        let lines = &self.component.lines;
        if self.is_told_by_units(lines) {
            let mut units = self.units(lines);
            units.extend(lines.iter().map(|line| self.taken[line]));
            return State::Units(units);
        }
        let claims = &self.case.claims;
        let case = self.case;
        let basket = self.basket();
        let runs = lines.iter().map(|line| basket.runs(line)).sum::<usize>();
        case.work.charge(runs * STEPS_A_RUN);
        let imprints: Vec<Imprint> =
            lines.iter().map(|line| basket.imprint(line, claims)).collect();
        State::Imprints(imprints)
    }

    /// The cart after all applied promotions.
    pub(super) fn basket(&mut self) -> &Basket {
        for Step { weighed, .. } in self.applied.iter().skip(self.behind.len()) {
            self.behind.push(weighed.proposal.save(&self.basket));
            weighed.proposal.carry_out(&mut self.basket, self.case.work);
        }
        &self.basket
    }

    pub(super) fn apply(&mut self, member: usize, weighed: Rc<Weighed>) {
        self.bar(member, |reasons| reasons + 1);
        self.count(&weighed, 1);
        self.applied.push(Step {
            member,
            uneven_before: self.uneven,
            weighed: Rc::clone(&weighed),
        });
        self.uneven = self.uneven.union(&weighed.overdrawn);
        self.look_at(&weighed);
    }

    /// Takes back the last promotion that applied.
    pub(super) fn undo(&mut self) -> Option<Rc<Weighed>> {
        let Step { member, weighed, uneven_before } = self.applied.pop()?;
        self.bar(member, |reasons| reasons - 1);
        self.count(&weighed, -1);
        self.uneven = uneven_before;
        if self.behind.len() > self.applied.len()
            && let Some(saved) = self.behind.pop()
        {
            self.basket.restore(saved);
        }
        self.look_at(&weighed);
        Some(weighed)
    }

    fn count(&mut self, weighed: &Weighed, times: i64) {
        for own in &weighed.proposal.lines {
            self.free[own.line] -= own.claimed().scaled() * times;
            self.taken[own.line] += own.amount.scaled() * times;
        }
    }

    /// Updates what upper bounds look at.
    fn look_at(&mut self, weighed: &Weighed) {
        let case = self.case;
        if case.claims.stacks() {
            self.basket();
            let Component { bound, weights, .. } = self.component;
            bound.look_at(&mut self.open, &weighed.lines, case, &self.basket, weights);
            return;
        }
        for line in weighed.lines.iter() {
            let free = self.free[line];
            let is_untouched = free == case.view.line(line).quantity.scaled();
            let units = if is_untouched || !case.claims.is_single(line) { free } else { 0 };
            self.open.units[line] = units.into();
        }
    }
}
