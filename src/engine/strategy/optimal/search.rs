//! Branch and bound over the orders of one component's promotions (docs/OPTIMAL.md, "The search").
//!
//! A node is a sequence of promotions that have applied, in order. Its children add one more. Sequences are visited in
//! the order of their ranks, so that of two that come to the same state with the same promotions the first is the one
//! that spec 7.6 prefers, and the second is left out.

mod worth;

use std::cmp::Ordering;
use std::rc::Rc;

use crate::engine::Case;
use crate::engine::benefits::{LineAmount, Proposal, propose};
use crate::engine::line_set::LineSet;
use crate::engine::units::{Basket, Imprint};

use super::super::Ranked;
use super::bound::{Bound, Fine, Open, cut, fine, times};
use super::memory::{Memory, Offer, Units};
use super::sequence::Sequence;
use super::steps::Steps;

/// Steps of a [`Fine`] in a step of [`Money`], divided by a weight of one.
const FINE_OF_WHOLE: Fine = 100;

/// Most promotions that one sequence may have: deeper ones are not visited.
const MAX_DEPTH: usize = 120;
/// Most sequences that are listed.
const MAX_NEAR: usize = 2_000;

/// Promotions that meet on lines, with what they could come to.
pub(super) struct Component {
    /// Places in the ranking, ascending.
    pub(super) members: Vec<usize>,
    /// For each member the lines whose state it depends on or changes.
    pub(super) domains: Vec<LineSet>,
    /// All of these lines.
    pub(super) lines: LineSet,
    /// For each line of the cart how much a discount there counts.
    pub(super) weights: Vec<i128>,
    pub(super) bound: Bound,
}

impl Component {
    /// Σ discount × weight.
    pub(super) fn value_of(&self, proposal: &Proposal) -> Fine {
        let weighted = |own: &LineAmount| {
            let weight = self.weights.get(own.line).copied().unwrap_or(0);
            times(i128::from(own.amount.scaled()) * FINE_OF_WHOLE, weight)
        };
        proposal.amounts.iter().map(weighted).sum()
    }
}

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// The best sequence, ties included.
    Best,
    /// The largest value, whichever sequence gives it, and all sequences that lack no more than this of it, one for each
    /// state of the lines.
    Near(Fine),
    /// All sequences of at least this value, one for each state of the lines; none lacks more than `margin` that is
    /// searched.
    AtLeast { least: Fine, margin: Fine },
}

/// What the search of a component came to.
pub(super) struct Found {
    /// The best; `None` where none contains the promotion that must be there.
    pub(super) best: Option<Sequence>,
    /// Under [`Goal::Near`] and [`Goal::AtLeast`]: all.
    pub(super) all: Vec<Sequence>,
    /// No sequence has a larger value.
    pub(super) upper: Fine,
    /// Whether everything was seen that could matter.
    pub(super) is_complete: bool,
}

/// What each member would give on the basket of a node, as far as it is known.
type Known = Vec<Option<Offer>>;

pub(super) struct Explorer<'s, 'e> {
    case: &'s Case<'e>,
    ranked: &'s Ranked<'e>,
    component: &'s Component,
    goal: Goal,
    /// The promotion that must be among those applied.
    must: Option<usize>,
    steps: &'s mut Steps,
    basket: Basket,
    path: Sequence,
    is_applied: Vec<bool>,
    best: Option<Sequence>,
    /// The next value above that of the best.
    beyond_best: Fine,
    all: Vec<Sequence>,
    memory: Memory,
    /// Of the basket: what bounds look at, and the units of each line that nobody has claimed.
    open: Open,
    free: Vec<i64>,
    /// Lines on which more was taken off claimed units than they cost: those that are left cannot be told by their number.
    uneven: LineSet,
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
            basket: case.untouched.clone(),
            path: Sequence::default(),
            is_applied: vec![false; component.members.len()],
            best: None,
            beyond_best: 0,
            all: Vec::new(),
            memory: Memory::new(component.members.len()),
            open: component
                .bound
                .look(case, &case.untouched, &component.weights),
            free: case
                .view
                .cart
                .lines
                .iter()
                .map(|line| line.quantity.scaled())
                .collect(),
            uneven: LineSet::default(),
            is_cut: false,
        }
    }

    pub(super) fn run(mut self) -> Found {
        let root = self
            .component
            .bound
            .of(&self.open, 0..self.component.members.len())
            .whole;
        let known = self.alone();
        if !matches!(self.goal, Goal::AtLeast { .. }) {
            self.dive(&known, |_, _, _| 0);
            self.dive(&known, |_, value, _| value);
            self.dive(&known, |own, value, proposal| {
                value - own.component.bound.price_of(proposal)
            });
        }
        self.visit(known);
        let best = self.best.as_ref().map_or(0, |best| best.value);
        if let Goal::Near(margin) = self.goal {
            self.all.retain(|own| own.value >= best - margin);
        }
        Found {
            upper: if self.is_cut { root.max(best) } else { best },
            best: self.best,
            all: self.all,
            is_complete: !self.is_cut,
        }
    }

    fn remaining(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        let applied = self.is_applied.iter().enumerate();
        applied
            .filter(|(_, applied)| !**applied)
            .map(|(member, _)| member)
    }

    /// What is known on the untouched cart; what each gives alone is asked for again when the reasons are told.
    fn alone(&mut self) -> Known {
        let mut known = Known::with_capacity(self.component.members.len());
        for (place, domain) in self.component.members.iter().zip(&self.component.domains) {
            let candidate = self.ranked.candidates.get(*place);
            let is_known = candidate.is_some_and(|own| own.known_alone().is_some());
            let alone = candidate
                .filter(|_| is_known || self.steps.spend(domain.len()))
                .map(|own| own.alone(self.case).cloned());
            known.push(alone);
        }
        known
    }

    /// Fills in what the members that have not applied would give now. False when the steps are used up.
    fn propose(&mut self, known: &mut Known) -> bool {
        for member in 0..self.component.members.len() {
            let is_open = !self.is_applied.get(member).copied().unwrap_or(true);
            let Some(slot) = known
                .get_mut(member)
                .filter(|slot| is_open && slot.is_none())
            else {
                continue;
            };
            let place = self.component.members.get(member);
            let Some(candidate) = place.and_then(|place| self.ranked.candidates.get(*place)) else {
                continue;
            };
            let Some(domain) = self.component.domains.get(member) else {
                continue;
            };
            let key = self.is_told_by_units(domain).then(|| {
                let units = |line| self.free.get(line).copied().unwrap_or(0);
                domain.iter().map(units).collect::<Units>()
            });
            let known = key.as_ref().and_then(|key| self.memory.offer(member, key));
            if known.is_some() {
                *slot = known;
                continue;
            }
            if !self.steps.spend(domain.len()) {
                return false;
            }
            let offer = propose(self.case, candidate, &self.basket).map(Rc::new);
            if let Some(key) = key {
                self.memory.remember_offer(member, key, offer.clone());
            }
            *slot = Some(offer);
        }
        true
    }

    /// Whether what a promotion on these lines gives follows from the numbers of unclaimed units.
    fn is_told_by_units(&self, lines: &LineSet) -> bool {
        !self.case.claims.stacks() && lines.is_disjoint(&self.uneven)
    }

    /// What is still known after a member has applied: what looks at none of its lines.
    fn after(&self, known: &Known, proposal: &Proposal) -> Known {
        let touched = touched(proposal);
        let domains = self.component.domains.iter();
        let kept = known.iter().zip(domains).map(|(own, domain)| {
            own.as_ref()
                .filter(|_| domain.is_disjoint(&touched))
                .cloned()
        });
        kept.collect()
    }

    fn value_of(&self, proposal: &Proposal) -> Fine {
        self.component.value_of(proposal)
    }

    /// Applies the member of the largest `worth` again and again (of equal ones the best ranked), to have something to
    /// compare with.
    fn dive(&mut self, known: &Known, worth: impl Fn(&Self, Fine, &Proposal) -> Fine) {
        let untouched = self.basket.save(self.component.lines.iter());
        let mut known = known.clone();
        self.record();
        while self.propose(&mut known) {
            let offers = self.remaining().filter_map(|member| {
                let proposal = known.get(member)?.as_ref()?.as_ref().ok()?;
                Some((
                    worth(self, self.value_of(proposal), proposal),
                    member,
                    proposal.clone(),
                ))
            });
            let best = offers.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
            let Some((_, member, proposal)) = best.filter(|(worth, ..)| *worth >= 0) else {
                break;
            };
            known = self.after(&known, &proposal);
            self.apply(member, proposal);
            self.record();
        }
        while !self.path.applied.is_empty() {
            let last = self.path.applied.last().map(|(_, own)| self.value_of(own));
            self.path.pop(last.unwrap_or(0));
        }
        self.is_applied.iter_mut().for_each(|own| *own = false);
        self.basket.restore(untouched);
        let lines = self.component.lines;
        self.uneven = LineSet::default();
        self.look_at(&lines);
    }

    fn apply(&mut self, member: usize, proposal: Rc<Proposal>) {
        let Some(place) = self.component.members.get(member) else {
            return;
        };
        let amounts = proposal.amounts.iter().map(|own| (own.line, own.amount));
        self.basket
            .apply(&proposal.takes, amounts, &proposal.needed);
        if let Some(own) = self.is_applied.get_mut(member) {
            *own = true;
        }
        let lines = touched(&proposal);
        if !self.case.claims.stacks() {
            let uneven = lines.iter().filter(|line| self.basket.is_overdrawn(*line));
            self.uneven = self.uneven.union(&uneven.collect());
        }
        self.look_at(&lines);
        let value = self.value_of(&proposal);
        self.path.push(*place, proposal, value);
    }

    /// Looks again at lines that have changed.
    fn look_at(&mut self, lines: &LineSet) {
        let (basket, case) = (&self.basket, self.case);
        let weights = &self.component.weights;
        let bound = &self.component.bound;
        bound.look_at(&mut self.open, lines, case, basket, weights);
        for line in lines.iter() {
            if let Some(units) = self.free.get_mut(line) {
                *units = basket.free_units(line).scaled();
            }
        }
    }

    /// Takes the present sequence as an answer, if it is one.
    fn record(&mut self) {
        if self
            .must
            .is_some_and(|must| !self.path.places().any(|place| place == must))
        {
            return;
        }
        let is_better = self
            .best
            .as_ref()
            .is_none_or(|best| self.path.compare(best) == Ordering::Less);
        if is_better {
            let rounding = self.case.rules.settings().rounding;
            self.beyond_best = fine(cut(self.path.value, rounding)) + fine(rounding.step());
            self.best = Some(self.path.clone());
        }
    }

    fn list(&mut self) {
        if self
            .must
            .is_some_and(|must| !self.path.places().any(|place| place == must))
        {
            return;
        }
        if self.all.len() == MAX_NEAR {
            let least = self.best.as_ref().map_or(0, |best| best.value);
            if let Goal::Near(margin) = self.goal {
                self.all.retain(|own| own.value >= least - margin);
            }
        }
        if self.all.len() < MAX_NEAR {
            self.all.push(self.path.clone());
        } else {
            self.is_cut = true;
        }
    }

    fn visit(&mut self, mut known: Known) {
        let lines = self.component.lines.len();
        if !self.steps.spend(lines) {
            self.record();
            self.is_cut = true;
            return;
        }
        self.record();
        let upper = self.component.bound.of(&self.open, self.remaining());
        if !self.is_worth(upper.whole) || self.was_seen() {
            return;
        }
        if self.least().is_some_and(|least| self.path.value >= least) {
            self.list();
        }
        let inherited: Vec<bool> = known.iter().map(Option::is_some).collect();
        let is_deep = self.path.applied.len() >= MAX_DEPTH;
        if is_deep || !self.propose(&mut known) {
            self.is_cut = true;
            return;
        }
        for member in 0..self.component.members.len() {
            if self.is_cut {
                return;
            }
            let is_open = !self.is_applied.get(member).copied().unwrap_or(true);
            let Some(Some(Ok(proposal))) = known.get(member).filter(|_| is_open) else {
                continue;
            };
            let proposal = proposal.clone();
            let value = self.value_of(&proposal);
            if self.against(value + upper.after(member, &proposal)) == Ordering::Less {
                continue;
            }
            if inherited.get(member).copied().unwrap_or(false)
                && self.goes_before(member, &proposal)
            {
                continue;
            }
            let lines = touched(&proposal);
            let saved = self.basket.save(lines.iter());
            let uneven = self.uneven;
            let child = self.after(&known, &proposal);
            self.apply(member, proposal);
            self.visit(child);
            self.path.pop(value);
            if let Some(own) = self.is_applied.get_mut(member) {
                *own = false;
            }
            self.basket.restore(saved);
            self.uneven = uneven;
            self.look_at(&lines);
        }
    }

    /// Whether a member, to which the last one has made no difference, makes none to it either and ranks before it: the
    /// two the other way round come to the same, and were visited before.
    fn goes_before(&self, member: usize, proposal: &Proposal) -> bool {
        let Some((last, _)) = self.path.applied.last() else {
            return false;
        };
        let Ok(number) = self.component.members.binary_search(last) else {
            return false;
        };
        let domain = self.component.domains.get(number);
        member < number && domain.is_some_and(|domain| domain.is_disjoint(&touched(proposal)))
    }

    /// Whether something at least as good has come to the same before: the same state by the same promotions, in an order
    /// that ranks first, or the same unclaimed units with the same promotions to come.
    fn was_seen(&mut self) -> bool {
        if self.path.applied.len() < 2 || self.component.members.len() > 127 {
            return false;
        }
        let lines = self.component.lines;
        let margin = match self.goal {
            Goal::Best => None,
            Goal::Near(margin) | Goal::AtLeast { margin, .. } => Some(margin),
        };
        if self.is_told_by_units(&lines) {
            let open = |member: &usize| self.component.bound.could_give(&self.open, *member);
            let mut rest = self
                .remaining()
                .filter(open)
                .fold(0_u128, |set, member| set | (1 << member));
            let has_must = self
                .must
                .is_some_and(|must| self.path.places().any(|own| own == must));
            rest |= u128::from(has_must) << 127;
            let units = |line| self.free.get(line).copied().unwrap_or(0);
            let key = (rest, lines.iter().map(units).collect::<Units>());
            if self.memory.is_outdone(key, &self.path, margin) {
                return true;
            }
            if margin.is_none() {
                return false;
            }
        }
        let applied = self.is_applied.iter().enumerate();
        let set = applied.fold(0_u128, |set, (member, own)| {
            set | (u128::from(*own) << member)
        });
        let imprint = |line| self.basket.imprint(line, &self.case.claims);
        let state: Vec<Imprint> = lines.iter().map(imprint).collect();
        self.memory.has_state(set, state)
    }
}

/// The lines on which a promotion claims units or takes something off.
fn touched(proposal: &Proposal) -> LineSet {
    let takes = proposal.takes.iter().map(|take| take.slot.line);
    takes
        .chain(proposal.needed.iter().map(|(line, _)| *line))
        .collect()
}
