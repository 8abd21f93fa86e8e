//! The stages of an evaluation, in order.

use crate::domain::evaluation::{Evaluation, PromotionIndex, Reason};

use super::candidate::Candidate;
use super::case::{Case, Inputs};
use super::gates::Gate;
use super::index::PromotionSet;
use super::ruleset::RuleSet;
use super::suggest::{Missed, Priced, suggestions};
use super::work::{Costly, End, Unfinished, Work};
use super::{gates, result, strategy};

/// Most promotions that are named if an evaluation is too complex.
const MOST_COSTLY: usize = 10;

/// Prices a cart, and suggests changes of it. `admitted` and `refused` are the promotions that were judged before.
pub(crate) fn evaluate(
    inputs: Inputs<'_>,
    work: &Work<'_>,
    admitted: &PromotionSet,
    refused: &[(PromotionIndex, Gate)],
) -> Result<Evaluation, Unfinished> {
    let case = &Case::new(inputs, work);
    let gated = gate(case, admitted);
    let candidates = refused.len() + gated.failed.len() + gated.passed.len();
    let ranked = strategy::rank(case, gated.passed);
    let mut outcome = strategy::choose(case, &ranked);
    let missed = Missed::new(case, &ranked, &mut outcome, refused);
    let mut evaluation = result::assemble(case, &ranked, outcome, refused, gated.failed);
    evaluation.candidates = candidates;
    require_finished(work, case.rules, ranked.candidates())?;
    if !missed.is_empty() {
        let discount = evaluation.totals.discount();
        let price = |changed: Inputs<'_>| price(changed, work, admitted);
        evaluation.suggestions = suggestions(case, &ranked, &missed, discount, &price);
        // Prices stand without further suggestions, but a caller that stops the evaluation wants no answer.
        if work.end() == Some(End::Stopped) {
            return Err(Unfinished::Stopped);
        }
    }
    evaluation.steps = work.steps();
    Ok(evaluation)
}

/// Prices a cart as [`evaluate`] does, but tells no reasons and suggests nothing.
pub(crate) fn evaluate_alone(
    inputs: Inputs<'_>,
    work: &Work<'_>,
    admitted: &PromotionSet,
    refused: &[(PromotionIndex, Gate)],
) -> Result<Evaluation, Unfinished> {
    let case = &Case::without_reasons(inputs, work);
    let gated = gate(case, admitted);
    let ranked = strategy::rank(case, gated.passed);
    let outcome = strategy::choose(case, &ranked);
    let evaluation = result::assemble(case, &ranked, outcome, refused, gated.failed);
    require_finished(work, case.rules, ranked.candidates())?;
    Ok(evaluation)
}

/// Prices a changed cart.
fn price(inputs: Inputs<'_>, work: &Work<'_>, admitted: &PromotionSet) -> Priced {
    let case = &Case::without_reasons(inputs, work);
    let ranked = strategy::rank(case, gate(case, admitted).passed);
    let outcome = strategy::choose(case, &ranked);
    let applied = outcome.applied.iter();
    Priced {
        discount: applied.clone().map(|(_, proposal)| proposal.discount).sum(),
        applied: applied
            .map(|(place, proposal)| (ranked.candidate(*place).index, proposal.step))
            .collect(),
    }
}

/// Compares every upper bound of `optimal` with the best order below it. Returns how many bounds were compared, or the
/// first that is too low.
pub(crate) fn check_bounds(case: &Case<'_>, admitted: &PromotionSet) -> Result<u64, String> {
    strategy::check_bounds(case, &strategy::rank(case, gate(case, admitted).passed))
}

/// Fails if the work ended before it was complete. `candidates` are the promotions for which steps were taken.
pub(crate) fn require_finished<'c, 'e: 'c>(
    work: &Work<'_>,
    rules: &RuleSet,
    candidates: impl Iterator<Item = &'c Candidate<'e>>,
) -> Result<(), Unfinished> {
    match work.end() {
        None => Ok(()),
        Some(End::Stopped) => Err(Unfinished::Stopped),
        Some(End::TooComplex) => Err(Unfinished::TooComplex(costly(rules, candidates))),
    }
}

/// Returns the promotions that took most steps, the largest first. If the search for texts alone has spent the bound,
/// no promotion was judged, and it returns the promotions that look for most texts.
fn costly<'c, 'e: 'c>(
    rules: &RuleSet,
    candidates: impl Iterator<Item = &'c Candidate<'e>>,
) -> Vec<Costly> {
    let judged = candidates.map(|own| Costly { promotion: own.index, steps: own.steps.get() });
    let mut costly: Vec<Costly> = judged.collect();
    if costly.iter().all(|own| own.steps == 0) {
        let all = rules.indexed();
        let by_texts = all.map(|(promotion, own)| Costly { promotion, steps: own.sought_texts() });
        costly = by_texts.collect();
    }
    costly.retain(|own| own.steps > 0);
    costly.sort_by_key(|own| (std::cmp::Reverse(own.steps), own.promotion));
    costly.truncate(MOST_COSTLY);
    costly
}

/// The result of the gates.
struct Gated<'e> {
    passed: Vec<Candidate<'e>>,
    /// Promotions that failed at a gate, and why.
    failed: Vec<(PromotionIndex, Reason)>,
}

/// Judges the gates that look at issuances and counters. The steps for each promotion are charged before it is judged.
/// Once the work has ended, the rest is left out.
fn gate<'e>(case: &Case<'e>, admitted: &PromotionSet) -> Gated<'e> {
    let mut gated = Gated { passed: Vec::with_capacity(admitted.len()), failed: Vec::new() };
    for index in admitted.iter() {
        let compiled = case.rules.compiled(index);
        if !case.work.charge(compiled.counters * case.inputs.used.len()) {
            break;
        }
        match gates::judge(case, index, compiled) {
            Ok(passed) => gated.passed.push(Candidate::new(case, index, compiled, passed)),
            Err(reason) => gated.failed.push((index, reason)),
        }
    }
    gated
}
