//! The best cart-level promotions after a choice of item-level ones (docs/OPTIMAL.md, "The cart's turn").
//!
//! All their conditions are judged on the same state. What is left to pay only falls, so each takes off at most what it
//! would take off if it went next. The sum of these amounts is an upper bound.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::domain::amount::Money;
use crate::domain::benefit::Benefit;
use crate::engine::benefits::propose;
use crate::engine::case::Case;
use crate::engine::proposal::Proposal;
use crate::engine::tags::Exclusions;
use crate::engine::units::Basket;

use super::super::order::Ranked;
use super::fine::fine;
use super::problem::Problem;
use super::sequence::{Sequence, gives, merge};
use super::steps::Steps;

/// The result of the cart-level promotions.
pub(super) struct CartTurn {
    /// `None` where no sequence contains the required promotion.
    pub(super) best: Option<Sequence>,
    /// No sequence takes off more.
    pub(super) upper: Money,
}

/// Finds the best sequence of the cart-level promotions in `pool` (ascending) on this basket. All of them must combine
/// with what has applied before.
pub(super) fn best_turn(
    problem: &Problem<'_, '_>,
    basket: &Basket,
    pool: &[usize],
    must: Option<usize>,
    steps: &mut Steps,
) -> CartTurn {
    let Problem { case, ranked, exclusions, .. } = problem;
    let mut turn = Turn {
        case,
        ranked,
        exclusions,
        only_one: !case.rules.settings().multiple_cart_promotions,
        must: must.filter(|place| pool.contains(place)),
        steps,
        basket: basket.clone(),
        path: Sequence::default(),
        best: None,
        is_cut: false,
    };
    // Promotions that award points and combine with all others influence none, and more of them are better, so all of
    // them apply.
    let excluded = |place: usize| exclusions.of(place).iter().any(|other| pool.contains(other));
    let (points, searched): (Vec<usize>, Vec<usize>) =
        pool.iter().partition(|place| turn.awards_points(**place) && !excluded(**place));
    let proposals = turn.proposals(&searched);
    let each = proposals.iter().map(|(_, own)| own.discount);
    let upper: Money = if turn.only_one { each.max().unwrap_or(Money::ZERO) } else { each.sum() };
    let points: Vec<(usize, Rc<Proposal>)> = turn.proposals(&points);
    if turn.must.is_some_and(|must| points.iter().any(|(place, _)| *place == must)) {
        turn.must = None;
    }
    turn.visit(proposals);
    let upper = match &turn.best {
        Some(best) if !turn.is_cut => best.discount(),
        Some(_) | None => upper,
    };
    CartTurn { best: turn.best.map(|best| merge(&[best, sequence(points)])), upper }
}

fn sequence(applied: Vec<(usize, Rc<Proposal>)>) -> Sequence {
    let mut sequence = Sequence::default();
    for (place, proposal) in applied {
        let value = fine(proposal.discount);
        sequence.push(place, proposal, value);
    }
    sequence
}

struct Turn<'s, 'e> {
    case: &'s Case<'e>,
    ranked: &'s Ranked<'e>,
    exclusions: &'s Exclusions,
    only_one: bool,
    must: Option<usize>,
    steps: &'s mut Steps,
    basket: Basket,
    path: Sequence,
    best: Option<Sequence>,
    is_cut: bool,
}

/// What each promotion would give now.
type Proposals = Vec<(usize, Rc<Proposal>)>;

impl Turn<'_, '_> {
    fn awards_points(&self, place: usize) -> bool {
        self.ranked.awards_points(place)
    }

    fn proposals(&mut self, places: &[usize]) -> Proposals {
        let mut proposals = Vec::with_capacity(places.len());
        for place in places {
            let lines = self.case.view.all.len();
            if !self.steps.spend(lines, self.case.work) {
                self.is_cut = true;
            }
            if let Ok(proposal) = propose(self.case, self.ranked.candidate(*place), &self.basket) {
                proposals.push((*place, Rc::new(proposal)));
            }
        }
        proposals
    }

    fn visit(&mut self, proposals: Proposals) {
        self.record();
        if !self.is_worth(&proposals) {
            return;
        }
        for (place, proposal) in &proposals {
            if self.is_cut && self.best.as_ref().is_some_and(|best| !best.applied.is_empty()) {
                return;
            }
            let saved = proposal.save(&self.basket);
            proposal.carry_out(&mut self.basket, self.case.work);
            self.path.push(*place, Rc::clone(proposal), fine(proposal.discount));
            // Where only one of them may give a discount, only points can follow it.
            let is_one = self.only_one && !self.awards_points(*place);
            let may_follow = |other: &usize| {
                other != place
                    && !self.exclusions.has(*place, *other)
                    && (!is_one || self.awards_points(*other))
            };
            let others: Vec<usize> =
                proposals.iter().map(|(own, _)| *own).filter(may_follow).collect();
            let next = self.proposals(&others);
            self.visit(next);
            self.path.pop(fine(proposal.discount));
            self.basket.restore(saved);
        }
    }

    fn record(&mut self) {
        if self.must.is_some_and(|must| !self.path.places().any(|place| place == must)) {
            return;
        }
        let is_better =
            self.best.as_ref().is_none_or(|best| self.path.compare(best) == Ordering::Less);
        if is_better {
            self.best = Some(self.path.clone());
        }
    }

    /// Whether adding some of these could lead to a better sequence. To reach the bound, all of them are needed.
    fn is_worth(&self, proposals: &Proposals) -> bool {
        let Some(best) = &self.best else {
            return true;
        };
        let each = proposals.iter().map(|(_, own)| own.discount);
        let upper: Money =
            if self.only_one { each.max().unwrap_or(Money::ZERO) } else { each.sum() };
        let upper = self.path.value + fine(upper);
        if upper != best.value || self.only_one {
            return upper >= best.value;
        }
        let gifts = proposals.iter().filter(|(_, own)| gives(own)).count();
        let all = self.path.applied.iter().chain(proposals).cloned().collect();
        let all = Sequence { value: upper, gifts: self.path.gifts + gifts, applied: all };
        // `all` appends the rest in the order of ranks. No other sequence with this beginning comes before it.
        all.compare(best) != Ordering::Greater
    }
}

/// Whether a promotion takes something off the lines if it applies.
pub(super) fn is_on_lines(ranked: &Ranked<'_>, place: usize) -> bool {
    let terms = &ranked.candidate(place).compiled.promotion.terms;
    matches!(terms.benefit, Benefit::Cart(_)) && !ranked.awards_points(place)
}
