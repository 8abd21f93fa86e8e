//! The candidates in rank order, and the reasons why they did not apply (spec 7.2, 8).

use std::cmp::Ordering;
use std::rc::Rc;

use crate::domain::amount::Money;
use crate::domain::benefit::{Benefit, CartKind};
use crate::domain::reason::Reason;
use crate::domain::settings::RankingCriterion;
use crate::engine::benefits::{alone, conditions_hold, lone_discount};
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::conditions::Conditions;
use crate::engine::proposal::{Failure, Proposal};
use crate::engine::units::Basket;
use crate::engine::{explain, ranking, reasons};

/// The candidates in rank order. A place is a candidate's number in this order.
pub(crate) struct Ranked<'e> {
    /// In the order in which they were made: sorting them would move large values.
    candidates: Vec<Candidate<'e>>,
    /// Where the candidate of each place is.
    order: Vec<usize>,
}

impl<'e> Ranked<'e> {
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn candidates(&self) -> impl Iterator<Item = &Candidate<'e>> + Clone {
        (0..self.len()).map(|place| self.candidate(place))
    }

    #[expect(clippy::indexing_slicing, reason = "places come from this ranking")]
    pub(crate) fn candidate(&self, place: usize) -> &Candidate<'e> {
        &self.candidates[self.order[place]]
    }

    /// Removes candidates. The others stay in their order.
    #[expect(clippy::indexing_slicing, reason = "the order is that of these candidates")]
    pub(crate) fn retain(&mut self, keeps: impl Fn(&Candidate<'e>) -> bool) {
        let candidates = &self.candidates;
        self.order.retain(|own| keeps(&candidates[*own]));
    }

    /// What a candidate would give by itself on the untouched cart.
    pub(super) fn alone(&self, case: &Case<'e>, place: usize) -> Result<&Proposal, Failure> {
        alone(case, self.candidate(place)).map(Rc::as_ref)
    }

    /// Whether a candidate finds something to discount on the untouched cart.
    pub(super) fn finds_units(&self, case: &Case<'e>, place: usize) -> bool {
        match self.alone(case, place) {
            Ok(_) | Err(Failure::NoBenefit) => true,
            Err(Failure::NoEligibleItems | Failure::ConditionsNotMet) => false,
        }
    }

    pub(super) fn is_exclusive(&self, place: usize) -> bool {
        self.candidate(place).compiled.promotion.terms.stacking.exclusive
    }

    /// Whether a candidate awards points and never gives a discount.
    pub(super) fn awards_points(&self, place: usize) -> bool {
        match &self.candidate(place).compiled.promotion.terms.benefit {
            Benefit::Cart(benefit) => matches!(benefit.kind, CartKind::AwardPoints(_)),
            Benefit::Items(_) | Benefit::FreeProduct(_) | Benefit::Shipping(_) => false,
        }
    }

    /// Whether a candidate's conditions depend on the discounts of item-level promotions.
    pub(super) fn sees_discounts(&self, place: usize) -> bool {
        let conditions = self.candidate(place).compiled.conditions.as_ref();
        conditions.is_some_and(Conditions::see_discounts)
    }

    /// Why a candidate that was not tried did not apply: its conditions fail on this basket, or else `otherwise`.
    pub(super) fn reason(
        &self,
        case: &Case<'e>,
        place: usize,
        basket: &Basket,
        otherwise: Reason,
    ) -> Reason {
        let candidate = self.candidate(place);
        let asked = explain::is_asked_for(case, candidate);
        if asked && !conditions_hold(case, candidate, basket) {
            Reason::ConditionsNotMet(explain::unmet(case, candidate, basket))
        } else {
            otherwise
        }
    }

    /// Why an exclusive candidate did not apply while others did. A candidate that would not apply by itself keeps its
    /// own reason.
    pub(super) fn passed_over(&self, case: &Case<'e>, place: usize) -> Reason {
        match self.alone(case, place) {
            Err(failure) if explain::is_asked_for(case, self.candidate(place)) => {
                self.failed(case, place, &case.untouched, failure)
            }
            Ok(_) | Err(_) => Reason::ExclusivePassedOver,
        }
    }

    /// The reason of a candidate that was tried on this basket and gave nothing.
    pub(super) fn failed(
        &self,
        case: &Case<'e>,
        place: usize,
        basket: &Basket,
        failure: Failure,
    ) -> Reason {
        let candidate = self.candidate(place);
        let shown = case.shows(candidate.code.is_some());
        match failure {
            Failure::ConditionsNotMet if explain::is_asked_for(case, candidate) => {
                Reason::ConditionsNotMet(explain::unmet(case, candidate, basket))
            }
            Failure::ConditionsNotMet => Reason::ConditionsNotMet(Vec::new()),
            Failure::NoEligibleItems => {
                let terms = &candidate.compiled.promotion.terms;
                let wanted = shown.then(|| reasons::discounts(terms)).flatten();
                Reason::NoEligibleItems(wanted.map(Box::new))
            }
            Failure::NoBenefit => {
                let floor = shown && reasons::is_held_by_floors(case, candidate, basket);
                Reason::NoBenefit { floor }
            }
        }
    }
}

/// Orders candidates on the untouched cart (spec 7.2).
#[expect(clippy::indexing_slicing, reason = "the order is that of these candidates")]
pub(crate) fn rank<'e>(case: &Case<'e>, candidates: Vec<Candidate<'e>>) -> Ranked<'e> {
    let criteria = &case.rules.settings().ranking;
    let by_discount = criteria.contains(&RankingCriterion::MaximumDiscount);
    let discount =
        |own: &Candidate<'e>| if by_discount { lone_discount(case, own) } else { Money::ZERO };
    let ends_sooner = |own: &Candidate<'_>| {
        own.issuance.is_some_and(|issuance| issuance.expires_at < own.compiled.ends_at)
    };
    let by_expiry = criteria.contains(&RankingCriterion::EarliestExpiry);
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    if !case.rules.has_ranks() || by_expiry && candidates.iter().any(ends_sooner) {
        order.sort_by(|a, b| by_rank(case, &candidates[*a], &candidates[*b]));
    } else {
        order.sort_by(|a, b| {
            let (a, b) = (&candidates[*a], &candidates[*b]);
            let discounts = || (discount(a), discount(b));
            ranking::compare(a.compiled.rank, b.compiled.rank, discounts)
        });
    }
    Ranked { candidates, order }
}

/// The order of two candidates, by the criteria themselves.
pub(crate) fn by_rank<'e>(case: &Case<'e>, a: &Candidate<'e>, b: &Candidate<'e>) -> Ordering {
    let discounts = || (lone_discount(case, a), lone_discount(case, b));
    let criteria = &case.rules.settings().ranking;
    let by_criteria = ranking::compare_dated(criteria, a.dated(), b.dated(), discounts);
    // A draft can take the place of a promotion that is not in the rules, so indexes do not decide.
    let made = |own: &Candidate<'_>| (own.compiled.promotion.created_at, own.compiled.promotion.id);
    by_criteria.then_with(|| made(a).cmp(&made(b)))
}
