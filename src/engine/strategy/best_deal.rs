//! `best_deal`: chooses the best among the stacking groups and the exclusive promotions, each alone (spec 7.6).

use crate::domain::amount::Money;
use crate::domain::reason::Reason;
use crate::engine::case::Case;

use super::order::Ranked;
use super::run::{Outcome, run};

/// Promotions that are applied together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alternative<'r> {
    Alone(usize),
    Group(Option<&'r str>),
}

pub(super) fn choose<'e>(case: &Case<'e>, ranked: &Ranked<'e>) -> Outcome {
    let places = 0..ranked.len();
    let mut best: Option<(Money, Alternative<'_>, Outcome)> = None;
    for alternative in alternatives(case, ranked) {
        if !case.work.charge(ranked.len() + case.view.lines.len()) {
            break;
        }
        let members = |place| is_member(ranked, alternative, place);
        let outcome = run(case, ranked, false, members);
        if outcome.applied.is_empty() {
            continue;
        }
        let total = outcome.applied.iter().map(|(_, proposal)| proposal.discount).sum();
        let first = |outcome: &Outcome| outcome.applied.iter().map(|(place, _)| *place).min();
        let better = best.as_ref().is_none_or(|(own, _, taken)| {
            total > *own || (total == *own && first(&outcome) < first(taken))
        });
        if better {
            best = Some((total, alternative, outcome));
        }
    }
    let (taken, mut outcome) = match best {
        Some((_, alternative, outcome)) => (Some(alternative), outcome),
        None => (None, Outcome::pending(places.len())),
    };
    for place in places {
        if taken.is_some_and(|alternative| is_member(ranked, alternative, place)) {
            continue;
        }
        let reason = match ranked.alone(case, place) {
            Ok(_) => Reason::BetterDealTaken,
            Err(failure) => ranked.failed(case, place, &case.untouched, failure),
        };
        outcome.refuse(place, reason);
    }
    outcome
}

/// Each exclusive promotion, and each group of the others, in the order of their best-ranked members.
fn alternatives<'r>(case: &Case<'_>, ranked: &'r Ranked<'_>) -> Vec<Alternative<'r>> {
    let mut alternatives = Vec::new();
    for place in 0..ranked.len() {
        if !case.work.charge(alternatives.len()) {
            break;
        }
        let alternative = alternative_of(ranked, place);
        if !alternatives.contains(&alternative) {
            alternatives.push(alternative);
        }
    }
    alternatives
}

fn alternative_of<'r>(ranked: &'r Ranked<'_>, place: usize) -> Alternative<'r> {
    if ranked.is_exclusive(place) {
        return Alternative::Alone(place);
    }
    let terms = &ranked.candidate(place).compiled.promotion.terms;
    Alternative::Group(terms.stacking.group.as_deref())
}

fn is_member(ranked: &Ranked<'_>, alternative: Alternative<'_>, place: usize) -> bool {
    alternative_of(ranked, place) == alternative
}
