//! How the promotions that apply are chosen (spec 7.5, 7.6).

mod best_deal;
mod optimal;
mod ranked;

use std::rc::Rc;

use crate::domain::amount::Money;
use crate::domain::benefit::{Benefit, CartKind, Level};
use crate::domain::evaluation::{Optimality, Reason, ReasonCode};
use crate::domain::settings::{EvaluationOrder, RankingCriterion, Strategy};

use super::benefits::{Failure, Proposal, conditions_hold, propose};
use super::candidates::Candidate;
use super::units::Basket;
use super::{Case, explain, ranking};

pub(crate) use optimal::check_bounds;

/// The candidates in rank order.
pub(crate) struct Ranked<'e> {
    candidates: Vec<Candidate<'e>>,
}

pub(crate) struct Outcome {
    /// In order of application: places in the ranking, and what they gave.
    pub(crate) applied: Vec<(usize, Rc<Proposal>)>,
    /// For each candidate why it did not apply; `None`: it did.
    pub(crate) reasons: Vec<Option<Reason>>,
    /// Under `optimal`: whether more was possible.
    pub(crate) optimality: Option<Optimality>,
}

impl Outcome {
    #[expect(clippy::indexing_slicing, reason = "there is a reason for each place")]
    fn refuse(&mut self, place: usize, reason: Reason) {
        self.reasons[place] = Some(reason);
    }
}

impl<'e> Ranked<'e> {
    pub(crate) fn candidates(&self) -> &[Candidate<'e>] {
        &self.candidates
    }

    #[expect(clippy::indexing_slicing, reason = "places come from this ranking")]
    pub(crate) fn candidate(&self, place: usize) -> &Candidate<'e> {
        &self.candidates[place]
    }

    /// What a candidate would give by itself on the untouched cart.
    fn alone(&self, case: &Case<'e>, place: usize) -> Result<&Proposal, Failure> {
        self.candidate(place).alone(case).map(Rc::as_ref)
    }

    /// Whether there is something to discount for a candidate while nothing is claimed.
    fn finds_units(&self, case: &Case<'e>, place: usize) -> bool {
        match self.alone(case, place) {
            Ok(_) | Err(Failure::NoBenefit) => true,
            Err(Failure::NoEligibleItems | Failure::ConditionsNotMet) => false,
        }
    }

    fn is_exclusive(&self, place: usize) -> bool {
        self.candidate(place).compiled.promotion.terms.stacking.exclusive
    }

    /// Whether it gives points, and never a discount.
    fn awards_points(&self, place: usize) -> bool {
        match &self.candidate(place).compiled.promotion.terms.benefit {
            Benefit::Cart(benefit) => matches!(benefit.kind, CartKind::AwardPoints(_)),
            Benefit::Items(_) | Benefit::FreeProduct(_) | Benefit::Shipping(_) => false,
        }
    }

    /// Why a candidate whose conditions may hold did not apply: they fail on this basket, or
    /// `otherwise`.
    fn reason(
        &self,
        case: &Case<'e>,
        place: usize,
        basket: &Basket,
        otherwise: ReasonCode,
    ) -> Reason {
        let candidate = self.candidate(place);
        let asked = explain::is_asked_for(case, candidate);
        if asked && !conditions_hold(case, candidate, basket) {
            Reason::ConditionsNotMet(explain::unmet(case, candidate, basket))
        } else {
            Reason::Plain(otherwise)
        }
    }

    /// Why an exclusive candidate did not apply where others did. A candidate that would not apply by itself keeps its own
    /// reason.
    fn passed_over(&self, case: &Case<'e>, place: usize) -> Reason {
        match self.alone(case, place) {
            Err(failure) if explain::is_asked_for(case, self.candidate(place)) => {
                self.failed(case, place, &case.untouched, failure)
            }
            Ok(_) | Err(_) => Reason::Plain(ReasonCode::ExclusivePassedOver),
        }
    }

    /// The reason of a candidate that gave nothing by itself.
    fn failed(&self, case: &Case<'e>, place: usize, basket: &Basket, failure: Failure) -> Reason {
        let candidate = self.candidate(place);
        match failure {
            Failure::ConditionsNotMet if explain::is_asked_for(case, candidate) => {
                Reason::ConditionsNotMet(explain::unmet(case, candidate, basket))
            }
            Failure::ConditionsNotMet => Reason::Plain(ReasonCode::ConditionsNotMet),
            Failure::NoEligibleItems
                if explain::is_asked_for(case, candidate) && self.finds_units(case, place) =>
            {
                Reason::Plain(ReasonCode::UnitsTaken)
            }
            Failure::NoEligibleItems => Reason::Plain(ReasonCode::NoEligibleItems),
            Failure::NoBenefit => Reason::Plain(ReasonCode::NoBenefit),
        }
    }
}

/// Orders candidates on the untouched cart (spec 7.2).
pub(crate) fn rank<'e>(case: &Case<'e>, mut candidates: Vec<Candidate<'e>>) -> Ranked<'e> {
    let criteria = &case.rules.settings().ranking;
    let by_discount = criteria.contains(&RankingCriterion::MaximumDiscount);
    let discount =
        |own: &Candidate<'e>| if by_discount { own.lone_discount(case) } else { Money::ZERO };
    let ends_sooner = |own: &Candidate<'_>| {
        own.issuance.is_some_and(|issuance| issuance.expires_at < own.compiled.ends_at)
    };
    if criteria.contains(&RankingCriterion::EarliestExpiry) && candidates.iter().any(ends_sooner) {
        // Stable: candidates come in order of creation, then id.
        candidates.sort_by(|a, b| {
            let discounts = || (discount(a), discount(b));
            ranking::compare_dated(criteria, a.dated(), b.dated(), discounts)
        });
    } else {
        candidates.sort_by(|a, b| {
            let discounts = || (discount(a), discount(b));
            ranking::compare(a.compiled.rank, b.compiled.rank, discounts)
        });
    }
    Ranked { candidates }
}

/// Chooses and applies, by the tenant's strategy.
pub(crate) fn choose<'e>(case: &Case<'e>, ranked: &Ranked<'e>) -> Outcome {
    match case.rules.settings().strategy {
        Strategy::Ranked => ranked::choose(case, ranked),
        Strategy::BestDeal => best_deal::choose(case, ranked),
        Strategy::Optimal => optimal::choose(case, ranked),
    }
}

/// Promotions applied one after the other, both levels in the tenant's order (spec 7.5).
struct Run<'r, 'e> {
    case: &'r Case<'e>,
    ranked: &'r Ranked<'e>,
    basket: Basket,
    outcome: Outcome,
    /// One that allows nothing further has applied.
    stopped: bool,
    /// Whether `allow_further` matters.
    stops: bool,
    /// A cart-level promotion has given a discount.
    cart_discounted: bool,
    /// A cart-level promotion has taken something off the lines.
    lines_discounted: bool,
}

/// Applies the members in rank order. The others are left without a verdict.
fn run<'e>(
    case: &Case<'e>,
    ranked: &Ranked<'e>,
    stops: bool,
    is_member: impl Fn(usize) -> bool,
) -> Outcome {
    let places = ranked.candidates.len();
    let mut run = Run {
        case,
        ranked,
        basket: case.untouched.clone(),
        outcome: Outcome {
            applied: Vec::with_capacity(places),
            reasons: vec![None; places],
            optimality: None,
        },
        stopped: false,
        stops,
        cart_discounted: false,
        lines_discounted: false,
    };
    let members = || (0..places).filter(|place| is_member(*place));
    let is_item_level = |place: &usize| ranked.candidate(*place).compiled.is_item_level();
    let items = || members().filter(is_item_level);
    let cart = || members().filter(|place| !is_item_level(place));
    match case.rules.settings().evaluation_order {
        EvaluationOrder::ItemsThenCart => {
            items().for_each(|place| run.item_turn(place));
            cart().for_each(|place| run.cart_turn(place));
        }
        EvaluationOrder::CartFirst => {
            cart().for_each(|place| run.cart_turn(place));
            items().for_each(|place| run.item_turn(place));
        }
    }
    run.outcome
}

impl Run<'_, '_> {
    fn item_turn(&mut self, place: usize) {
        let blocked = self.lines_discounted.then_some(ReasonCode::CartPromotionAppliedFirst);
        self.turn(place, blocked);
    }

    fn cart_turn(&mut self, place: usize) {
        let only_one = !self.case.rules.settings().multiple_cart_promotions
            && self.cart_discounted
            && !self.ranked.awards_points(place);
        self.turn(place, only_one.then_some(ReasonCode::AnotherCartPromotionApplied));
    }

    fn turn(&mut self, place: usize, blocked: Option<ReasonCode>) {
        let stopped = self.stopped.then_some(ReasonCode::StoppedByEarlier);
        let reason = match stopped.or(blocked) {
            Some(reason) => self.ranked.reason(self.case, place, &self.basket, reason),
            None => match self.propose(place) {
                Ok(proposal) => return self.apply(place, proposal),
                Err(failure) => self.ranked.failed(self.case, place, &self.basket, failure),
            },
        };
        self.outcome.refuse(place, reason);
    }

    /// What it gives now: the same as alone, where nothing that it looks at has changed.
    fn propose(&self, place: usize) -> Result<Rc<Proposal>, Failure> {
        let candidate = self.ranked.candidate(place);
        let unchanged = self.basket.is_untouched(&candidate.relevant)
            && !self.basket.shipping_discount.is_positive();
        match candidate.known_alone().filter(|_| unchanged) {
            Some(alone) => alone.clone(),
            None => propose(self.case, candidate, &self.basket).map(Rc::new),
        }
    }

    fn apply(&mut self, place: usize, proposal: Rc<Proposal>) {
        let candidate = self.ranked.candidate(place);
        let before = self.case.work.steps();
        let terms = &candidate.compiled.promotion.terms;
        match terms.benefit.level() {
            Level::Item => {
                proposal.carry_out(&mut self.basket, &self.case.work);
            }
            Level::Cart => {
                for own in &proposal.amounts {
                    self.basket.take_off_line(own.line, own.amount);
                }
                self.lines_discounted |= !proposal.amounts.is_empty();
                self.cart_discounted |= proposal.discount.is_positive();
            }
            Level::Shipping => {
                self.basket.shipping_discount =
                    self.basket.shipping_discount.plus(proposal.discount);
                self.cart_discounted |= proposal.discount.is_positive();
            }
        }
        candidate.count(self.case, before);
        self.stopped |= self.stops && !terms.stacking.allow_further;
        self.outcome.applied.push((place, proposal));
    }
}
