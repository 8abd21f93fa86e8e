//! The promotions that might be suggested, as the strategy has left them.

use std::rc::Rc;

use crate::domain::evaluation::{PromotionIndex, Reason, Unmet};
use crate::domain::promotion::Kind;
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::gates::Gate;
use crate::engine::proposal::Proposal;
use crate::engine::strategy::{Outcome, Ranked, Verdict};
use crate::engine::units::Basket;

/// The promotions that might be suggested, and what the strategy knew of them. Collecting them takes no work.
#[derive(Default)]
pub(crate) struct Missed {
    /// Places in the ranking, in rank order.
    pub(super) ranked: Vec<(usize, Lacks)>,
    /// Promotions for which the customer is not known.
    pub(super) unidentified: Vec<PromotionIndex>,
    /// In order of application.
    applied: Vec<(usize, Rc<Proposal>)>,
    /// The baskets on which places were judged, other than the untouched one.
    seen: Vec<(usize, Basket)>,
}

/// What a promotion lacks.
pub(super) enum Lacks {
    /// This leaf alone.
    Leaf(Unmet),
    /// Units to discount.
    Units,
    /// What this step of its benefit asks for. It applies with the step before.
    Step(usize),
}

impl Missed {
    pub(crate) fn new(
        case: &Case<'_>,
        ranked: &Ranked<'_>,
        outcome: &mut Outcome,
        refused: &[(PromotionIndex, Gate)],
    ) -> Self {
        let mut missed = Self { unidentified: unidentified(case, refused), ..Self::default() };
        for (place, candidate) in ranked.candidates().enumerate() {
            if candidate.compiled.promotion.terms.suggest {
                let lacks = lacks(candidate, outcome, place);
                missed.ranked.extend(lacks.map(|lacks| (place, lacks)));
            }
        }
        if !missed.ranked.is_empty() {
            missed.applied.clone_from(&outcome.applied);
            missed.seen = std::mem::take(&mut outcome.seen);
        }
        missed
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ranked.is_empty() && self.unidentified.is_empty()
    }

    /// The basket on which a promotion that did not apply was judged.
    pub(super) fn seen_by<'m>(&'m self, case: &'m Case<'_>, place: usize) -> &'m Basket {
        let own = self.seen.iter().find(|(own, _)| *own == place);
        own.map_or(&case.untouched, |(_, basket)| basket)
    }

    /// The basket before a promotion applied.
    pub(super) fn before(&self, case: &Case<'_>, place: usize) -> Basket {
        let mut basket = case.untouched.clone();
        let earlier = self.applied.iter().take_while(|(own, _)| *own != place);
        earlier.for_each(|(_, proposal)| proposal.carry_out(&mut basket, case.work));
        basket
    }
}

fn lacks(candidate: &Candidate<'_>, outcome: &Outcome, place: usize) -> Option<Lacks> {
    match outcome.verdicts.get(place)? {
        Verdict::Applied => {
            let (_, proposal) = outcome.applied.iter().find(|(own, _)| *own == place)?;
            let next = proposal.step.saturating_add(1);
            let has_next = candidate.compiled.has_step(next);
            has_next.then_some(Lacks::Step(next))
        }
        Verdict::NotApplied(Reason::ConditionsNotMet(unmet)) => match unmet.as_slice() {
            [only] => Some(Lacks::Leaf(only.clone())),
            _ => None,
        },
        Verdict::NotApplied(Reason::NoEligibleItems(_)) => Some(Lacks::Units),
        Verdict::NotApplied(Reason::NoBenefit { .. } | Reason::UnitsTaken(_))
            if candidate.compiled.goes_beyond() =>
        {
            Some(Lacks::Units)
        }
        Verdict::NotApplied(_) | Verdict::Pending => None,
    }
}

/// The promotions that suggest themselves and were refused because nobody is identified. Codes are never suggested, so
/// a promotion also needs one of its codes on the cart if it has codes.
fn unidentified(case: &Case<'_>, refused: &[(PromotionIndex, Gate)]) -> Vec<PromotionIndex> {
    let customer = case.inputs.request.customer.as_ref();
    if customer.is_some_and(|customer| customer.id.is_some()) {
        return Vec::new();
    }
    let may_apply = |index: PromotionIndex| {
        let terms = &case.rules.compiled(index).promotion.terms;
        terms.suggest
            && (!matches!(terms.kind, Kind::CodeLinked)
                || case.inputs.codes.known().any(|code| code.promotion == index))
    };
    let for_somebody = refused
        .iter()
        .filter(|(_, gate)| matches!(gate, Gate::CustomerRequired | Gate::NotInAudience));
    for_somebody.map(|(index, _)| *index).filter(|index| may_apply(*index)).collect()
}
