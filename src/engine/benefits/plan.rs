//! Makes the plan of a promotion: once, or for each basket if its conditions depend on what other promotions did.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::domain::benefit::{Benefit, From};
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::line_set::LineSet;
use crate::engine::plan::{PartPlan, Plan};
use crate::engine::requirements::{Requirements, requirements};
use crate::engine::units::Basket;

use super::part::Part;

/// The steps that each part of a cart takes, besides those for its lines.
const STEPS_A_PART: usize = 16;

/// The plan of a promotion on a basket. A plan that does not depend on the basket is made only once.
pub(super) fn plan<'c>(
    case: &Case<'_>,
    candidate: &'c Candidate<'_>,
    basket: &Basket,
) -> Cow<'c, Plan> {
    let conditions = candidate.compiled.conditions.as_ref();
    let looks_at_basket = conditions.is_some_and(|own| {
        if candidate.compiled.is_item_level() {
            case.claims.consumed() && own.count_units()
        } else {
            own.see_discounts()
        }
    });
    if looks_at_basket {
        Cow::Owned(make_plan(case, candidate, basket))
    } else {
        Cow::Borrowed(candidate.plan.get_or_init(|| make_plan(case, candidate, basket)))
    }
}

fn make_plan(case: &Case<'_>, candidate: &Candidate<'_>, basket: &Basket) -> Plan {
    let parts = candidate.parts(case).iter();
    let parts =
        parts.take_while(|_| case.work.charge(STEPS_A_PART + case.view.cart.lines.len() / 4));
    parts.filter_map(|lines| plan_part(case, candidate, basket, lines)).collect()
}

/// `None` if the conditions fail in this part.
fn plan_part(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    basket: &Basket,
    lines: &LineSet,
) -> Option<PartPlan> {
    let scene = candidate.scene(case, basket, lines);
    let compiled = candidate.compiled;
    let mut known = None;
    let held = compiled.steps().find_map(|step| match compiled.conditions_of(step) {
        None => Some((step, None)),
        Some(conditions) => {
            let judge = || conditions.judge(&scene);
            let truths = known.map_or_else(judge, |known| conditions.judge_last(known, &scene));
            known = Some(truths);
            conditions.hold(truths).then_some((step, Some((conditions, truths))))
        }
    });
    let (step, conditions) = held?;
    let requirements = match conditions {
        Some((conditions, truths)) if leans_on_conditions(case, candidate) => {
            requirements(conditions, truths, &scene)
        }
        Some(_) | None => Requirements::new(),
    };
    let required = requirements.iter();
    let required = required.fold(LineSet::default(), |all, own| all.union(&own.lines));
    let measured = if requirements.is_empty() { *lines } else { required };
    let dearest = OnceCell::new();
    let mut plan = PartPlan { lines: *lines, step, requirements, measured, dearest, times: 1 };
    if let Some(repeat) = candidate.compiled.promotion.terms.benefit.repeat() {
        plan.times = Part { plan: &plan, scene }.repeats(repeat.per);
    }
    Some(plan)
}

/// Whether a benefit needs to know the units of its condition: because it repeats, discounts or reserves them, or uses
/// them up.
fn leans_on_conditions(case: &Case<'_>, candidate: &Candidate<'_>) -> bool {
    match &candidate.compiled.promotion.terms.benefit {
        Benefit::Items(own) => {
            own.from != From::Matching || own.repeat.is_some() || case.claims.consumed()
        }
        Benefit::FreeProduct(_) => true,
        Benefit::Cart(own) => own.repeat.is_some(),
        Benefit::Shipping(own) => own.repeat.is_some(),
    }
}

/// The lines whose units a benefit could discount if there were enough of them; `None` if it is not on lines.
pub(crate) fn target_lines(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    basket: &Basket,
) -> Option<LineSet> {
    let from = match &candidate.compiled.promotion.terms.benefit {
        Benefit::Items(own) => own.from,
        Benefit::Cart(_) => From::Matching,
        Benefit::FreeProduct(_) | Benefit::Shipping(_) => return None,
    };
    let of_part = |part: &PartPlan| {
        let required = part.requirements.iter().map(|own| own.lines);
        let required = required.fold(LineSet::default(), |all, own| all.union(&own));
        match (from, candidate.target(&part.lines)) {
            (From::Matching, None) => part.lines,
            (From::InCondition, Some(selected)) => selected.intersection(&required),
            (From::Matching | From::BeyondCondition, Some(selected)) => selected,
            (From::InCondition | From::BeyondCondition, None) => required,
        }
    };
    let plan = plan(case, candidate, basket);
    Some(plan.iter().map(of_part).fold(LineSet::default(), |all, own| all.union(&own)))
}
