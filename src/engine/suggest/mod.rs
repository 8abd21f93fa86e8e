//! Suggestions: the one change of the cart that makes a promotion apply, checked by its price (spec 15.7).
//!
//! `missed` collects what the strategy has left of promotions that suggest themselves. `near` turns what each lacks into
//! a `change` of the cart. The changed cart is priced like any other, and only what comes true is told.

mod change;
mod missed;
mod near;

use std::cmp::Reverse;

use smallvec::SmallVec;

use crate::domain::amount::Money;
use crate::domain::evaluation::{PromotionIndex, Suggestion};
use crate::domain::suggestion::{Advice, MAX_SUGGESTIONS, MAX_TRIED, Raised};

use super::candidate::Candidate;
use super::case::{Case, Inputs};
use super::gates::Passed;
use super::reading::Reading;
use super::strategy::{self, Ranked};

use change::{Change, whole_units};
pub(crate) use missed::Missed;
use near::{Near, Trial};

/// What a changed cart comes to.
pub(crate) struct Priced {
    pub(crate) discount: Money,
    /// The promotions that applied, with the steps that were reached.
    pub(crate) applied: SmallVec<[(PromotionIndex, usize); 8]>,
}

/// The suggestions for a cart with this discount. `price` prices another cart. The suggestions end where the work ends.
pub(crate) fn suggestions<'e>(
    case: &Case<'e>,
    ranked: &Ranked<'e>,
    missed: &Missed,
    discount: Money,
    price: &dyn Fn(Inputs<'_>) -> Priced,
) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = Vec::new();
    for near in by_rank(case, ranked, missed) {
        let Near { promotion, advice, trial } = near;
        let told = match trial {
            None => Some((advice, None)),
            Some(trial) => come_true(case, promotion, advice, &trial, discount, price),
        };
        if case.work.end().is_some() {
            break;
        }
        found.extend(told.map(|(advice, gain)| Suggestion { promotion, advice, gain }));
    }
    // The sort is stable, so equal ones stay in rank order.
    found.sort_by_key(|own| Reverse(own.gain));
    found.truncate(MAX_SUGGESTIONS);
    found
}

/// The first promotions in rank order for which there is a change within the bounds of a cart. Those that wait for a
/// customer are ranked as if they had passed the gates.
fn by_rank<'e>(case: &Case<'e>, ranked: &Ranked<'e>, missed: &Missed) -> Vec<Near> {
    let waiting: Vec<Candidate<'e>> = (missed.unidentified.iter())
        .filter_map(|index| {
            let compiled = case.rules.compiled(*index);
            Some(Candidate::new(case, *index, compiled, Passed::unused(compiled)?))
        })
        .collect();
    let of_customer = waiting.iter().map(|candidate| (candidate, Near::identify(candidate)));
    let of_cart = missed.ranked.iter().filter_map(|own| {
        let candidate = ranked.candidate(own.0);
        let near = Near::new(case, candidate, missed, own)?;
        let cart = &case.inputs.request.cart;
        let is_allowed = near.trial.as_ref().is_none_or(|trial| trial.change.is_allowed(cart));
        is_allowed.then_some((candidate, near))
    });
    let mut all: Vec<(&Candidate<'e>, Near)> = of_cart.take(MAX_TRIED).chain(of_customer).collect();
    if !waiting.is_empty() {
        all.sort_by(|(a, _), (b, _)| strategy::by_rank(case, a, b));
    }
    all.into_iter().take(MAX_TRIED).map(|(_, near)| near).collect()
}

/// Prices the change. What is told has to come true: the promotion applies, and the cart's discount is larger.
fn come_true(
    case: &Case<'_>,
    promotion: PromotionIndex,
    mut advice: Advice,
    trial: &Trial,
    discount: Money,
    price: &dyn Fn(Inputs<'_>) -> Priced,
) -> Option<(Advice, Option<Money>)> {
    let mut change = trial.change.clone();
    for _ in 0..=trial.further {
        let priced = priced_with(case, &change, price)?;
        if case.work.end().is_some() {
            return None;
        }
        let mut applied = priced.applied.iter();
        if applied.any(|(own, step)| *own == promotion && *step >= trial.step) {
            let gain = priced.discount.minus(discount);
            if let Change::Raise { line, by } = change {
                advice.raised = Some(Raised { line, by: whole_units(by) });
            }
            return gain.is_positive().then_some((advice, Some(gain)));
        }
        match &mut change {
            Change::Raise { by, .. } => *by = by.saturating_add(1),
            Change::AddLine { .. } | Change::AddTender { .. } => return None,
        }
    }
    None
}

/// Prices the cart with a change, unless the change leaves the bounds of a cart. Codes, issuances and counters stay as
/// they are, and so does what was read of the lines if no line is added.
fn priced_with(
    case: &Case<'_>,
    change: &Change,
    price: &dyn Fn(Inputs<'_>) -> Priced,
) -> Option<Priced> {
    let lines = case.inputs.request.cart.lines.len();
    if !case.work.charge(STEPS_A_COPIED_LINE * lines) {
        return None;
    }
    let request = &change.applied_to(case.inputs.request)?;
    let read;
    let reading = match change {
        Change::AddLine { .. } => {
            read = Reading::new(&request.cart.lines, case.rules.facts(), case.work);
            &read
        }
        Change::Raise { .. } | Change::AddTender { .. } => case.inputs.reading,
    };
    Some(price(Inputs { request, reading, ..case.inputs }))
}

/// The steps that copying a line takes.
const STEPS_A_COPIED_LINE: usize = 8;
