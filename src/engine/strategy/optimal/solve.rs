//! The answer of `optimal`: the best sequence, and what is known of a larger discount.

use std::rc::Rc;

use crate::domain::amount::Money;
use crate::domain::evaluation::Optimality;
use crate::domain::reason::Reason;
use crate::domain::settings::EvaluationOrder;
use crate::engine::benefits::alone;
use crate::engine::case::Case;

use super::super::order::Ranked;
use super::super::run::Outcome;
use super::super::{best_deal, ranked as in_rank_order};
use super::answer::Answer;
use super::fine::fine;
use super::problem::Problem;
use super::sequence::{Sequence, gives};
use super::steps::Steps;

pub(crate) fn choose<'e>(case: &Case<'e>, ranked: &Ranked<'e>) -> Outcome {
    let budget_ms = case.rules.settings().optimal_budget_ms;
    let mut steps = Steps::for_ms(budget_ms, case.claims.stacks(), case.work);
    let others: Vec<Sequence> =
        [in_rank_order::choose(case, ranked), best_deal::choose(case, ranked)]
            .into_iter()
            .map(|outcome| sequence_of(&outcome))
            .collect();
    let looks: usize = others.iter().map(|own| own.applied.len() + 1).sum();
    steps.prepare(looks * ranked.len() * case.view.all.len());
    let problem = Problem::new(case, ranked, others.first());
    let answer = solve(case, ranked, &problem, &others, None, &mut steps);
    let (best, upper) = (answer.best.unwrap_or_default(), answer.upper);
    let total = best.discount();
    let optimality = Optimality {
        is_proven: upper <= total,
        upper_bound: upper.max(total),
        steps: steps.taken(),
    };
    let mut alternative = |place: usize| {
        if !case.explains() {
            return None;
        }
        let with = |own: &&Sequence| own.places().any(|own| own == place);
        let others: Vec<Sequence> = others.iter().filter(with).cloned().collect();
        let answer = solve(case, ranked, &problem, &others, Some(place), &mut steps);
        answer.best.map(|best| best.discount())
    };
    let mut reason = |place: usize| match ranked.alone(case, place) {
        Ok(_) => Reason::OutdoneBy(alternative(place)),
        Err(failure) => ranked.failed(case, place, &case.untouched, failure),
    };
    let mut outcome = Outcome::pending(ranked.len());
    outcome.optimality = Some(optimality);
    for place in 0..ranked.len() {
        if !best.places().any(|own| own == place) {
            outcome.refuse(place, reason(place));
        }
    }
    best.applied.into_iter().for_each(|(place, proposal)| outcome.apply(place, proposal));
    outcome
}

/// Finds the best of each exclusive promotion alone and all other promotions together.
fn solve<'e, 's>(
    case: &Case<'e>,
    ranked: &Ranked<'e>,
    problem: &Problem<'_, 'e>,
    others: &[Sequence],
    must: Option<usize>,
    steps: &'s mut Steps,
) -> Answer<'s> {
    let mut answer = Answer { must, best: None, upper: Money::ZERO, steps };
    others.iter().cloned().for_each(|own| answer.consider(own));
    let lone: Vec<usize> = match must {
        Some(must) => vec![must],
        None => (0..ranked.len()).filter(|place| ranked.is_exclusive(*place)).collect(),
    };
    for place in lone {
        if let Ok(proposal) = alone(case, ranked.candidate(place)) {
            let mut sequence = Sequence::default();
            sequence.push(place, Rc::clone(proposal), fine(proposal.discount));
            answer.upper = answer.upper.max(proposal.discount);
            answer.consider(sequence);
        }
    }
    // If no steps are left, an alternative is answered from what is known.
    let may_search =
        must.is_none_or(|must| !ranked.is_exclusive(must) && !answer.steps.are_over(case.work));
    if may_search {
        let upper = match case.rules.settings().evaluation_order {
            EvaluationOrder::ItemsThenCart => problem.items_then_cart(&mut answer),
            EvaluationOrder::CartFirst => problem.cart_first(&mut answer),
        };
        answer.upper = answer.upper.max(upper);
    }
    answer
}

/// The result of another strategy, as a sequence.
fn sequence_of(outcome: &Outcome) -> Sequence {
    let gifts = outcome.applied.iter().filter(|(_, own)| gives(own)).count();
    let total: Money = outcome.applied.iter().map(|(_, own)| own.discount).sum();
    Sequence { value: fine(total), gifts, applied: outcome.applied.clone() }
}
