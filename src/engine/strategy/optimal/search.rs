//! Branch and bound over the orders of one component's promotions (docs/OPTIMAL.md, "The search").
//!
//! A node is a sequence of promotions that have applied, in order. Its children add one more. Sequences are visited in
//! the order of their ranks. If two sequences of the same promotions lead to the same state, spec 7.6 prefers the
//! first, and the second is left out.
//!
//! `trail` is the state of a node, `dive` quickly finds good sequences to compare with, and `worth` says which nodes
//! cannot lead to an answer.

mod dive;
mod trail;
mod worth;

use std::cmp::Ordering;
use std::rc::Rc;

use smallvec::SmallVec;

use crate::engine::benefits::{alone, propose};
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::proposal::Proposal;

use super::super::order::Ranked;
use super::component::Component;
use super::fine::{Fine, cut, fine};
use super::memory::{Memory, Proposed, Reached};
use super::sequence::Sequence;
use super::steps::Steps;
use super::weighed::Weighed;
use trail::Trail;

/// Most promotions of one sequence. Longer ones are not visited.
const MAX_DEPTH: usize = 120;
/// Most sequences that are listed.
const MAX_NEAR: usize = 2_000;
/// After so many nodes the search pauses, tries to improve the best known sequence, and begins anew.
const FIRST_NODES: u32 = 200;

/// What a search looks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// The best sequence, ties included.
    Best,
    /// The largest value, from any sequence, and all sequences whose value is within this margin of it, one for each
    /// state of the lines.
    Near(Fine),
    /// All sequences whose value is at least `least`, one for each state of the lines. Each of them is within `margin`
    /// of the largest value.
    AtLeast { least: Fine, margin: Fine },
}

/// The result of searching a component.
pub(super) struct Found {
    /// The best sequence; `None` where no sequence contains the required promotion.
    pub(super) best: Option<Sequence>,
    /// Under [`Goal::Near`] and [`Goal::AtLeast`]: all sequences that were asked for.
    pub(super) all: Vec<Sequence>,
    /// No sequence has a larger value.
    pub(super) upper: Fine,
    /// Whether the search saw everything that could matter.
    pub(super) is_complete: bool,
}

/// For each member: what it would give at a node, if that is known.
type Known = SmallVec<[Option<Proposed>; 16]>;

pub(super) struct Explorer<'s, 'e> {
    case: &'s Case<'e>,
    ranked: &'s Ranked<'e>,
    component: &'s Component,
    goal: Goal,
    /// The required promotion, which every answer must contain.
    must: Option<usize>,
    steps: &'s mut Steps,
    trail: Trail<'s, 'e>,
    path: Sequence,
    best: Option<Sequence>,
    /// The smallest multiple of the precision above the value of `best`.
    beyond_best: Fine,
    all: Vec<Sequence>,
    memory: Memory,
    /// Nodes that may still be visited.
    patience: u32,
    is_cut: bool,
}

impl<'s, 'e> Explorer<'s, 'e> {
    pub(super) fn new(
        case: &'s Case<'e>,
        ranked: &'s Ranked<'e>,
        component: &'s Component,
        goal: Goal,
        must: Option<usize>,
        steps: &'s mut Steps,
    ) -> Self {
        Self {
            case,
            ranked,
            component,
            goal,
            must: must.filter(|place| component.members.contains(place)),
            steps,
            trail: Trail::new(case, component),
            path: Sequence::default(),
            best: None,
            beyond_best: 0,
            all: Vec::new(),
            memory: Memory::new(component.members.len()),
            patience: u32::MAX,
            is_cut: false,
        }
    }

    pub(super) fn run(mut self) -> Found {
        let root = self.component.bound.of(&self.trail.open, self.trail.remaining()).whole;
        let known = self.alone();
        if matches!(self.goal, Goal::AtLeast { .. }) {
            self.visit(known);
        } else {
            self.dive(&known, |_, own| own.value);
            self.dive(&known, |component, own| own.value - component.bound.price_of(&own.proposal));
            self.patience = FIRST_NODES;
            self.visit(known.clone());
            if self.patience == 0 && self.is_cut {
                self.rearrange();
                self.begin_anew();
                self.visit(known);
            }
        }
        let best = self.best.as_ref().map_or(0, |best| best.value);
        self.forget_far_ones(best);
        self.memory.close(self.steps);
        Found {
            upper: if self.is_cut { root.max(best) } else { best },
            best: self.best,
            all: self.all,
            is_complete: !self.is_cut,
        }
    }

    fn begin_anew(&mut self) {
        self.memory.begin_anew(self.steps);
        self.forget(|_| true);
        self.patience = u32::MAX;
        self.is_cut = false;
    }

    fn candidate(&self, member: usize) -> &'s Candidate<'e> {
        self.ranked.candidate(self.component.members[member])
    }

    /// What each member gives on the untouched cart. What is known already costs no steps.
    fn alone(&mut self) -> Known {
        let mut known = Known::with_capacity(self.component.members.len());
        for (member, domain) in self.component.domains.iter().enumerate() {
            let candidate = self.candidate(member);
            let case = self.case;
            let is_known = candidate.known_alone().is_some();
            let may_look = is_known || self.steps.spend(domain.len(), case.work);
            let weighed = |proposal: &Rc<Proposal>| {
                let proposal = Rc::clone(proposal);
                Rc::new(Weighed::new(case, self.component, &case.untouched, proposal))
            };
            known.push(may_look.then(|| alone(case, candidate).map(weighed)));
        }
        known
    }

    /// What a member would give now. `None` once the steps are used up.
    fn proposed(&mut self, member: usize) -> Option<Proposed> {
        let domain = &self.component.domains[member];
        let is_told = self.trail.is_told_by_units(domain);
        let key = is_told.then(|| self.trail.units(domain));
        let known = key.as_ref().and_then(|key| self.memory.proposed(member, key));
        if known.is_some() {
            return known;
        }
        if !self.steps.spend(domain.len(), self.case.work) {
            return None;
        }
        let candidate = self.candidate(member);
        let basket = self.trail.basket();
        let weighed =
            |proposal| Rc::new(Weighed::new(self.case, self.component, basket, Rc::new(proposal)));
        let proposed = propose(self.case, candidate, basket).map(weighed);
        if let Some(key) = key {
            self.memory.remember_proposed(member, key, proposed.clone(), self.steps);
        }
        Some(proposed)
    }

    /// Fills in what the members that could still apply would give now. Returns false once the steps are used up.
    fn propose(&mut self, known: &mut Known) -> bool {
        for (member, slot) in known.iter_mut().enumerate() {
            if slot.is_none() && self.trail.is_open(member) {
                *slot = self.proposed(member);
                if slot.is_none() {
                    return false;
                }
            }
        }
        true
    }

    /// What is still known after a member has applied: the proposals that depend on none of its lines.
    fn after(&self, known: &Known, weighed: &Weighed) -> Known {
        let domains = self.component.domains.iter();
        let kept = known.iter().zip(domains).map(|(own, domain)| {
            own.as_ref().filter(|_| domain.is_disjoint(&weighed.lines)).cloned()
        });
        kept.collect()
    }

    fn apply(&mut self, member: usize, weighed: Rc<Weighed>) {
        let place = self.component.members[member];
        self.path.push(place, Rc::clone(&weighed.proposal), weighed.value);
        self.trail.apply(member, weighed);
    }

    fn undo(&mut self) {
        if let Some(weighed) = self.trail.undo() {
            self.path.pop(weighed.value);
        }
    }

    /// Whether the required promotion has applied, or none is required.
    fn has_must(&self) -> bool {
        self.must.is_none_or(|must| self.path.places().any(|own| own == must))
    }

    /// Makes the present sequence the best one, if it is better than `best` and contains the required promotion.
    fn record(&mut self) {
        if !self.has_must() {
            return;
        }
        let is_better =
            self.best.as_ref().is_none_or(|best| self.path.compare(best) == Ordering::Less);
        if is_better {
            let rounding = self.case.rules.settings().rounding;
            self.beyond_best = fine(cut(self.path.value, rounding)) + fine(rounding.step());
            self.best = Some(self.path.clone());
        }
    }

    fn list(&mut self) {
        if !self.has_must() {
            return;
        }
        if self.all.len() == MAX_NEAR {
            self.forget_far_ones(self.best.as_ref().map_or(0, |best| best.value));
        }
        if self.all.len() < MAX_NEAR && self.steps.keep(self.path.bytes()) {
            self.all.push(self.path.clone());
        } else {
            self.is_cut = true;
        }
    }

    /// Drops listed sequences whose value is below the best by more than the margin.
    fn forget_far_ones(&mut self, best: Fine) {
        if let Goal::Near(margin) = self.goal {
            self.forget(|own| own.value < best - margin);
        }
    }

    fn forget(&mut self, is_out: impl Fn(&Sequence) -> bool) {
        let out = self.all.extract_if(.., |own| is_out(own));
        self.steps.free(out.map(|own| own.bytes()).sum());
    }

    fn visit(&mut self, mut known: Known) {
        let lines = self.component.lines.len();
        if self.patience == 0 || !self.steps.spend(lines, self.case.work) {
            self.record();
            self.is_cut = true;
            return;
        }
        self.patience -= 1;
        self.record();
        let bound = &self.component.bound;
        self.case.work.charge(bound.looks());
        let upper = bound.of(&self.trail.open, self.trail.remaining());
        if !self.is_worth(upper.whole) || self.was_seen() {
            return;
        }
        if self.least().is_some_and(|least| self.path.value >= least) {
            self.list();
        }
        let inherited: SmallVec<[bool; 16]> = known.iter().map(Option::is_some).collect();
        let is_deep = self.path.applied.len() >= MAX_DEPTH;
        if is_deep || !self.propose(&mut known) {
            self.is_cut = true;
            return;
        }
        for (member, is_inherited) in inherited.into_iter().enumerate() {
            if self.is_cut {
                return;
            }
            if !self.trail.is_open(member) {
                continue;
            }
            let Some(Ok(weighed)) = &known[member] else {
                continue;
            };
            let more = weighed.value + upper.after(member, &weighed.proposal);
            if self.against(more) == Ordering::Less
                || is_inherited && self.goes_before(member, weighed)
            {
                continue;
            }
            let child = self.after(&known, weighed);
            self.apply(member, Rc::clone(weighed));
            self.visit(child);
            self.undo();
        }
    }

    /// Whether a member that the last one did not influence ranks before it and does not influence it either. Then the
    /// two in the other order lead to the same state, and were visited before.
    fn goes_before(&self, member: usize, weighed: &Weighed) -> bool {
        let Some(last) = self.trail.last() else {
            return false;
        };
        member < last && self.component.domains[last].is_disjoint(&weighed.lines)
    }

    /// Whether an earlier sequence is at least as good from here on. Either the same promotions led to the same state
    /// in an order that ranks first, or an earlier sequence left the same unclaimed units to the same remaining
    /// promotions.
    fn was_seen(&mut self) -> bool {
        let members = self.component.members.len();
        if self.trail.len() < 2 || members > 127 {
            return false;
        }
        let lines = &self.component.lines;
        let margin = match self.goal {
            Goal::Best => None,
            Goal::Near(margin) | Goal::AtLeast { margin, .. } => Some(margin),
        };
        if self.trail.is_told_by_units(lines) {
            let bound = &self.component.bound;
            let open = |member: &usize| bound.could_give(&self.trail.open, *member);
            let mut rest = set(self.trail.remaining().filter(open));
            // If no promotion is required, the bit is set in all states.
            rest |= u128::from(self.has_must()) << 127;
            let key = (rest, self.trail.units(lines));
            if self.memory.is_outdone(key, &self.path, margin, self.steps) {
                return true;
            }
            if margin.is_none() {
                return false;
            }
        }
        let applied = set(self.trail.applied());
        let state = self.trail.state();
        let reached = Reached { applied, gifts: self.path.gifts, state };
        self.memory.was_reached(reached, self.steps)
    }
}

fn set(members: impl Iterator<Item = usize>) -> u128 {
    members.fold(0, |set, member| set | (1 << member))
}
