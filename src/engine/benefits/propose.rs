//! What a promotion would give on a basket: the one match over the kinds of benefit.

use std::rc::Rc;

use crate::domain::amount::Money;
use crate::domain::benefit::Benefit;
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::line_set::LineSet;
use crate::engine::plan::PartPlan;
use crate::engine::proposal::{Failure, Proposal};
use crate::engine::units::Basket;

use super::plan::plan;
use super::{cart, free_product, items, shipping};

/// The steps that a proposal takes besides those for what it looks at.
const STEPS_A_PROPOSAL: usize = 16;

/// What a promotion would give on this basket.
pub(crate) fn propose(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    basket: &Basket,
) -> Result<Proposal, Failure> {
    let before = case.work.steps();
    if !case.work.charge(STEPS_A_PROPOSAL) {
        return Err(Failure::NoBenefit);
    }
    let plan = plan(case, candidate, basket);
    // A benefit with steps has one part only.
    let Some(PartPlan { step, .. }) = plan.first() else {
        candidate.count(case, before);
        return Err(Failure::ConditionsNotMet);
    };
    let proposed = match candidate.compiled.benefit_of(*step) {
        Benefit::Items(benefit) => items::propose(case, candidate, &plan, benefit, basket),
        Benefit::FreeProduct(benefit) => {
            free_product::propose(case, candidate, &plan, benefit, basket)
        }
        Benefit::Cart(benefit) => cart::propose(case, candidate, &plan, benefit, basket),
        Benefit::Shipping(benefit) => shipping::propose(case, candidate, &plan, benefit, basket),
    };
    candidate.count(case, before);
    proposed.map(|proposal| Proposal { step: *step, ..proposal })
}

/// The lines that a promotion could discount unit by unit on this basket, if nothing had been claimed.
pub(crate) fn discountable(case: &Case<'_>, candidate: &Candidate<'_>, basket: &Basket) -> LineSet {
    match &candidate.compiled.promotion.terms.benefit {
        Benefit::Items(benefit) => {
            let plan = plan(case, candidate, basket);
            items::discountable(case, candidate, &plan, benefit, basket)
        }
        Benefit::FreeProduct(_) | Benefit::Cart(_) | Benefit::Shipping(_) => LineSet::default(),
    }
}

/// How much money a promotion on the cart would take off, with less work than [`propose`]. `None` for other kinds of
/// benefit, which need a proposal.
fn quick_discount(case: &Case<'_>, candidate: &Candidate<'_>, basket: &Basket) -> Option<Money> {
    match &candidate.compiled.promotion.terms.benefit {
        Benefit::Cart(_) => Some(cart::discount(case, candidate, basket)),
        Benefit::Items(_) | Benefit::FreeProduct(_) | Benefit::Shipping(_) => None,
    }
}

/// Whether a promotion's conditions hold on this basket. With `same`, one part suffices.
pub(crate) fn conditions_hold(case: &Case<'_>, candidate: &Candidate<'_>, basket: &Basket) -> bool {
    !plan(case, candidate, basket).is_empty()
}

/// What a promotion would give by itself on the untouched cart.
pub(crate) fn alone<'c>(
    case: &Case<'_>,
    candidate: &'c Candidate<'_>,
) -> Result<&'c Rc<Proposal>, Failure> {
    let proposed = || propose(case, candidate, &case.untouched).map(Rc::new);
    let proposal = candidate.lone.proposal.get_or_init(proposed);
    proposal.as_ref().map_err(|failure| *failure)
}

/// How much money it would take off by itself on the untouched cart.
pub(crate) fn lone_discount(case: &Case<'_>, candidate: &Candidate<'_>) -> Money {
    let proposed = || alone(case, candidate).map_or(Money::ZERO, |proposal| proposal.discount);
    *candidate
        .lone
        .discount
        .get_or_init(|| quick_discount(case, candidate, &case.untouched).unwrap_or_else(proposed))
}
