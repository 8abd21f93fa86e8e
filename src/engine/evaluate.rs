//! The stages of an evaluation, in order.

use crate::domain::evaluation::{Evaluation, Reason};
use crate::domain::settings::Strategy;

use super::candidate::Candidate;
use super::case::{Case, ToJudge};
use super::inputs::Facts;
use super::ruleset::RuleSet;
use super::work::{Costly, End, Stop, Unfinished, Work};
use super::{gates, result, strategy};

/// Most promotions that are named where an evaluation is too complex.
const MOST_COSTLY: usize = 10;

/// A cart rarely has more candidates: there is room for so many at once.
const FIRST_CANDIDATES: usize = 16;

/// Prices a cart: which promotions apply, what every line then costs, and why the others did not
/// apply. The same input gives the same output, whatever order promotions were made or loaded in.
pub fn evaluate(rules: &RuleSet, facts: &Facts<'_>, stop: &Stop) -> Result<Evaluation, Unfinished> {
    if stop.is_stopped() {
        return Err(Unfinished::Stopped);
    }
    let budget_ms = match rules.settings().strategy {
        Strategy::Ranked | Strategy::BestDeal => 0,
        Strategy::Optimal => rules.settings().optimal_budget_ms,
    };
    let case = Case::new(rules, facts, Work::new(stop, budget_ms));
    let gated = gate(&case);
    let ranked = strategy::rank(&case, gated.passed);
    let outcome = strategy::choose(&case, &ranked);
    let mut evaluation = result::assemble(&case, &ranked, outcome, gated.failed);
    evaluation.candidates = gated.judged;
    evaluation.steps = case.work.steps();
    match case.work.end() {
        None => Ok(evaluation),
        Some(End::Stopped) => Err(Unfinished::Stopped),
        Some(End::TooComplex) => Err(Unfinished::TooComplex(costly(rules, ranked.candidates()))),
    }
}

/// Returns the promotions that took most steps, the largest first. If the search for texts alone has spent the bound, no
/// promotion has been judged: then it returns those that look for most texts.
fn costly(rules: &RuleSet, candidates: &[Candidate<'_>]) -> Vec<Costly> {
    let judged =
        candidates.iter().map(|own| Costly { promotion: own.number, steps: own.steps.get() });
    let mut costly: Vec<Costly> = judged.collect();
    if costly.iter().all(|own| own.steps == 0) {
        let all = rules.promotions.iter().enumerate();
        let by_texts = all.map(|(promotion, own)| Costly { promotion, steps: own.sought_texts() });
        costly = by_texts.collect();
    }
    costly.retain(|own| own.steps > 0);
    costly.sort_by_key(|own| (std::cmp::Reverse(own.steps), own.promotion));
    costly.truncate(MOST_COSTLY);
    costly
}

/// Compares every upper bound of `optimal` with what the orders below it come to: how many bounds there were, or the first
/// that is too low. For tests: nothing is left out, whatever it takes.
pub fn check_bounds(rules: &RuleSet, facts: &Facts<'_>) -> Result<u64, String> {
    let stop = Stop::default();
    let case = Case::new(rules, facts, Work::unbounded(&stop));
    let ranked = strategy::rank(&case, gate(&case).passed);
    strategy::check_bounds(&case, &ranked)
}

/// What the gates came to.
struct Gated<'e> {
    passed: Vec<Candidate<'e>>,
    /// Promotions with the gate that they failed at.
    failed: Vec<(usize, Reason)>,
    /// How many were judged.
    judged: usize,
}

fn gate<'e>(case: &Case<'e>) -> Gated<'e> {
    let passed = Vec::with_capacity(FIRST_CANDIDATES);
    let mut gated = Gated { passed, failed: Vec::new(), judged: 0 };
    for ToJudge { number, compiled, code } in case.to_judge() {
        gated.judged += 1;
        match gates::judge(compiled, case.rules, case.facts, case.store(), code) {
            Ok(passed) => gated.passed.push(Candidate::new(case, number, compiled, passed)),
            Err(reason) => gated.failed.push((number, reason)),
        }
    }
    gated
}
