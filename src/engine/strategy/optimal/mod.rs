//! `optimal`: the largest total discount that any set of promotions, in any order within each phase, can give, proven or
//! with an upper bound (spec 7.6; docs/OPTIMAL.md explains the method).
//!
//! `bound` says how much could still come, `search` goes through the orders of promotions that meet on lines, `cart`
//! finds the best of the cart-level ones, `join` puts both together, `memory` holds what was seen, `steps` counts what it
//! costs.

mod audit;
mod bound;
mod cart;
mod join;
mod linear;
mod memory;
mod search;
mod sequence;
mod steps;

use std::cmp::Ordering;
use std::rc::Rc;

use crate::domain::amount::Money;
use crate::domain::evaluation::{Optimality, Reason};
use crate::domain::settings::EvaluationOrder;
use crate::engine::Case;

use super::{Outcome, Ranked, best_deal, ranked as in_rank_order};
pub(crate) use audit::check_bounds;
use bound::fine;
use join::Problem;
use sequence::{Sequence, gives};
use steps::Steps;

pub(super) fn choose<'e>(case: &Case<'e>, ranked: &Ranked<'e>) -> Outcome {
    let budget_ms = case.rules.settings().optimal_budget_ms;
    let mut steps = Steps::for_ms(budget_ms, case.claims.stacks(), &case.work);
    let known: Vec<Sequence> =
        [in_rank_order::choose(case, ranked), best_deal::choose(case, ranked)]
            .into_iter()
            .map(|outcome| sequence_of(&outcome))
            .collect();
    let looks: usize = known.iter().map(|own| own.applied.len() + 1).sum();
    steps.prepare(looks * ranked.candidates.len() * case.view.all.len());
    let problem = Problem::new(case, ranked, known.first());
    let mut answer = solve(case, ranked, &problem, &known, None, &mut steps);
    let best = answer.best.take().unwrap_or_default();
    let total = best.discount();
    let optimality = Optimality {
        is_proven: answer.upper <= total,
        upper_bound: answer.upper.max(total),
        steps: steps.taken(),
    };
    let mut alternative = |place: usize| {
        if !case.explains() {
            return None;
        }
        let with = |own: &&Sequence| own.places().any(|own| own == place);
        let known: Vec<Sequence> = known.iter().filter(with).cloned().collect();
        let answer = solve(case, ranked, &problem, &known, Some(place), &mut steps);
        answer.best.map(|best| best.discount())
    };
    let mut reason = |place: usize| match ranked.alone(case, place) {
        Ok(_) => Reason::OutdoneBy(alternative(place)),
        Err(failure) => ranked.failed(case, place, &case.untouched, failure),
    };
    let mut reasons: Vec<Option<Reason>> = Vec::with_capacity(ranked.candidates.len());
    for place in 0..ranked.candidates.len() {
        let has_applied = best.places().any(|own| own == place);
        reasons.push(if has_applied { None } else { Some(reason(place)) });
    }
    Outcome { applied: best.applied, reasons, optimality: Some(optimality) }
}

/// What a search came to.
struct Answer {
    /// With its total as its value; `None` where none contains the promotion that must be there.
    best: Option<Sequence>,
    /// No other takes off more.
    upper: Money,
}

impl Answer {
    fn offer(&mut self, sequence: Sequence) {
        let is_better =
            self.best.as_ref().is_none_or(|best| sequence.compare(best) == Ordering::Less);
        if is_better {
            self.best = Some(sequence);
        }
    }
}

/// The best of everything that may apply together: each exclusive promotion alone, and all others.
fn solve<'e>(
    case: &Case<'e>,
    ranked: &Ranked<'e>,
    problem: &Problem<'_, 'e>,
    known: &[Sequence],
    must: Option<usize>,
    steps: &mut Steps,
) -> Answer {
    let mut answer = Answer { best: None, upper: Money::ZERO };
    known.iter().cloned().for_each(|own| answer.offer(own));
    let lone: Vec<usize> = match must {
        Some(must) => vec![must],
        None => (0..ranked.candidates.len()).filter(|place| ranked.is_exclusive(*place)).collect(),
    };
    for place in lone {
        let candidate = ranked.candidates.get(place);
        if let Some(Ok(proposal)) = candidate.map(|own| own.alone(case)) {
            let mut sequence = Sequence::default();
            sequence.push(place, Rc::clone(proposal), fine(proposal.discount));
            answer.upper = answer.upper.max(proposal.discount);
            answer.offer(sequence);
        }
    }
    // With nothing left, what is known of an alternative has to do.
    let may_search = must.is_none_or(|must| !ranked.is_exclusive(must) && !steps.is_empty());
    if may_search {
        let upper = match case.rules.settings().evaluation_order {
            EvaluationOrder::ItemsThenCart => problem.items_then_cart(must, &mut answer, steps),
            EvaluationOrder::CartFirst => problem.cart_first(must, &mut answer, steps),
        };
        answer.upper = answer.upper.max(upper);
    }
    answer
}

/// What another strategy chose.
fn sequence_of(outcome: &Outcome) -> Sequence {
    let gifts = outcome.applied.iter().filter(|(_, own)| gives(own)).count();
    let total: Money = outcome.applied.iter().map(|(_, own)| own.discount).sum();
    Sequence { value: fine(total), gifts, applied: outcome.applied.clone() }
}
