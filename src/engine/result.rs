//! Assembles the result of an evaluation (spec 8).

use smallvec::SmallVec;

use crate::domain::amount::Money;
use crate::domain::benefit::{Benefit, Level};
use crate::domain::evaluation::{
    Allocation, Applied, Evaluation, FreeItem, NotApplied, PricedLine, PromotionIndex, Reason,
    Totals,
};
use crate::domain::promotion::Promotion;

use super::candidate::Candidate;
use super::case::Case;
use super::gates::Gate;
use super::proposal::Proposal;
use super::reasons;
use super::strategy::{Outcome, Ranked, Verdict};

/// Makes the evaluation of a cart from the outcome of a strategy. `refused` and `failed` are the promotions that failed
/// at a gate.
pub(crate) fn assemble(
    case: &Case<'_>,
    ranked: &Ranked<'_>,
    outcome: Outcome,
    refused: &[(PromotionIndex, Gate)],
    failed: Vec<(PromotionIndex, Reason)>,
) -> Evaluation {
    let mut result = empty(case);
    result.optimality = outcome.optimality;
    result.applied.reserve_exact(outcome.applied.len());
    for (place, proposal) in &outcome.applied {
        add(&mut result, ranked.candidate(*place), proposal);
    }
    let reason_at = |place: usize| outcome.verdicts.get(place).and_then(Verdict::reason);
    result.codes = case.inputs.codes.verdicts(case.rules, case.inputs.used, |index| {
        let refused = refused.iter().find(|(own, _)| *own == index);
        let refused = refused.map(|(_, gate)| reasons::at_gate(case, index, *gate));
        let failed = || failed.iter().find(|(own, _)| *own == index);
        let place = || ranked.candidates().position(|candidate| candidate.index == index);
        refused
            .or_else(|| failed().map(|(_, reason)| reason.clone()))
            .or_else(|| reason_at(place()?).cloned())
    });
    if case.explains() {
        let refused = refused
            .iter()
            .map(|(promotion, gate)| (*promotion, reasons::at_gate(case, *promotion, *gate)));
        let mut not_applied: Vec<NotApplied> = refused
            .chain(failed)
            .map(|(promotion, reason)| NotApplied { promotion, reason })
            .collect();
        for (candidate, verdict) in ranked.candidates().zip(outcome.verdicts) {
            if let Verdict::NotApplied(reason) = verdict {
                not_applied.push(NotApplied { promotion: candidate.index, reason });
            }
        }
        // In order of creation.
        not_applied.sort_by_key(|own| own.promotion);
        result.not_applied = Some(not_applied);
    }
    result
}

/// The evaluation of the cart without any promotion.
fn empty(case: &Case<'_>) -> Evaluation {
    let cart = &case.inputs.request.cart;
    let line = |(index, line): (usize, &crate::domain::cart::Line<'_>)| PricedLine {
        gross: case.view.gross(index, line.quantity),
        allocations: SmallVec::new(),
    };
    Evaluation {
        optimality: None,
        totals: Totals {
            gross: case.view.gross_of(&case.view.all),
            item_discount: Money::ZERO,
            cart_discount: Money::ZERO,
            shipping: cart.shipping.as_ref().map_or(Money::ZERO, |shipping| shipping.amount),
            shipping_discount: Money::ZERO,
            tax: cart.lines.iter().map(|line| line.tax).sum(),
            charges: cart.lines.iter().map(|line| line.charges).sum(),
        },
        lines: cart.lines.iter().enumerate().map(line).collect(),
        applied: Vec::new(),
        free_items: Vec::new(),
        codes: Vec::new(),
        suggestions: Vec::new(),
        candidates: 0,
        steps: 0,
        not_applied: None,
    }
}

#[expect(clippy::indexing_slicing, reason = "a result has the lines of the cart")]
fn add(result: &mut Evaluation, candidate: &Candidate<'_>, proposal: &Proposal) {
    let promotion: &Promotion = &candidate.compiled.promotion;
    let index = candidate.index;
    let level = promotion.terms.benefit.level();
    let total = match level {
        Level::Item => &mut result.totals.item_discount,
        Level::Cart => &mut result.totals.cart_discount,
        Level::Shipping => &mut result.totals.shipping_discount,
    };
    *total = total.plus(proposal.discount);
    for own in proposal.lines.iter().filter(|own| own.amount.is_positive()) {
        let (quantity, amount) = (own.quantity, own.amount);
        let allocation = Allocation { promotion: index, quantity, amount };
        result.lines[own.line].allocations.push(allocation);
    }
    if let Benefit::FreeProduct(benefit) = &promotion.terms.benefit
        && proposal.free.is_positive()
    {
        let (sku, quantity) = (benefit.sku.clone(), proposal.free.clone());
        result.free_items.push(FreeItem { promotion: index, sku, quantity });
    }
    result.applied.push(Applied {
        promotion: index,
        promotion_id: promotion.id,
        level,
        step: promotion.terms.steps.as_ref().map(|_| proposal.step),
        times: proposal.times,
        discount: proposal.discount,
        points: proposal.points.clone(),
        code: candidate.code,
        issuance_id: candidate.issuance.map(|own| own.issuance_id),
    });
}
