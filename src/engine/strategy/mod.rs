//! How the promotions that apply are chosen (spec 7.5, 7.6).

mod best_deal;
mod ranked;

use std::cell::OnceCell;

use crate::domain::amount::Money;
use crate::domain::benefit::{Benefit, CartKind, Level};
use crate::domain::evaluation::{Reason, ReasonCode};
use crate::domain::settings::{EvaluationOrder, Strategy};

use super::benefits::{Failure, Proposal, conditions_hold, propose};
use super::candidates::Candidate;
use super::units::Basket;
use super::{Case, explain, ranking};

/// The candidates in rank order, with what each would give alone, found out when it is asked for.
pub(crate) struct Ranked<'e> {
    candidates: Vec<Candidate<'e>>,
    alone: Vec<OnceCell<Result<Proposal, Failure>>>,
}

/// What was chosen.
pub(crate) struct Outcome {
    /// In order of application: places in the ranking, and what they gave.
    pub(crate) applied: Vec<(usize, Proposal)>,
    /// For each candidate why it did not apply; `None`: it did.
    pub(crate) reasons: Vec<Option<Reason>>,
}

impl<'e> Ranked<'e> {
    pub(crate) fn candidates(&self) -> &[Candidate<'e>] {
        &self.candidates
    }

    /// What a candidate would give by itself on the untouched cart.
    fn alone(&self, case: &Case<'e>, place: usize) -> Result<&Proposal, Failure> {
        let (Some(cell), Some(candidate)) = (self.alone.get(place), self.candidates.get(place))
        else {
            return Err(Failure::NoBenefit);
        };
        let proposal = cell.get_or_init(|| propose(case, candidate, &case.untouched));
        proposal.as_ref().map_err(|failure| *failure)
    }

    fn lone_discount(&self, case: &Case<'e>, place: usize) -> Money {
        self.alone(case, place)
            .map_or(Money::ZERO, |proposal| proposal.discount)
    }

    fn is_exclusive(&self, place: usize) -> bool {
        self.candidates
            .get(place)
            .is_some_and(|own| own.compiled.promotion.terms.stacking.exclusive)
    }

    /// Why a candidate whose conditions may hold did not apply: they fail on this basket, or
    /// `otherwise`.
    fn reason(
        &self,
        case: &Case<'e>,
        place: usize,
        basket: &Basket,
        otherwise: ReasonCode,
    ) -> Option<Reason> {
        let candidate = self.candidates.get(place)?;
        let asked = explain::is_asked_for(case, candidate);
        Some(if asked && !conditions_hold(case, candidate, basket) {
            Reason::ConditionsNotMet(explain::unmet(case, candidate, basket))
        } else {
            Reason::Plain(otherwise)
        })
    }

    /// The reason of a candidate that gave nothing by itself.
    fn failed(
        &self,
        case: &Case<'e>,
        place: usize,
        basket: &Basket,
        failure: Failure,
    ) -> Option<Reason> {
        let candidate = self.candidates.get(place)?;
        Some(match failure {
            Failure::ConditionsNotMet if explain::is_asked_for(case, candidate) => {
                Reason::ConditionsNotMet(explain::unmet(case, candidate, basket))
            }
            Failure::ConditionsNotMet => Reason::Plain(ReasonCode::ConditionsNotMet),
            Failure::NoEligibleItems => Reason::Plain(ReasonCode::NoEligibleItems),
            Failure::NoBenefit => Reason::Plain(ReasonCode::NoBenefit),
        })
    }
}

/// Orders candidates on the untouched cart (spec 7.2).
pub(crate) fn rank<'e>(case: &Case<'e>, candidates: Vec<Candidate<'e>>) -> Ranked<'e> {
    let alone = candidates.iter().map(|_| OnceCell::new()).collect();
    let unordered = Ranked { candidates, alone };
    let mut order: Vec<usize> = (0..unordered.candidates.len()).collect();
    let rank = |place: usize| unordered.candidates.get(place).map(|own| own.compiled.rank);
    let by_discount = case
        .rules
        .settings()
        .ranking
        .contains(&crate::domain::settings::RankingCriterion::MaximumDiscount);
    order.sort_by(|a, b| match rank(*a).zip(rank(*b)) {
        Some((of_a, of_b)) => ranking::compare(of_a, of_b, || {
            if by_discount {
                (
                    unordered.lone_discount(case, *a),
                    unordered.lone_discount(case, *b),
                )
            } else {
                (Money::ZERO, Money::ZERO)
            }
        }),
        None => std::cmp::Ordering::Equal,
    });
    let mut pairs: Vec<Option<_>> = unordered
        .candidates
        .into_iter()
        .zip(unordered.alone)
        .map(Some)
        .collect();
    let ordered = order
        .into_iter()
        .filter_map(|place| pairs.get_mut(place)?.take());
    let (candidates, alone) = ordered.unzip();
    Ranked { candidates, alone }
}

/// Chooses and applies, by the tenant's strategy.
pub(crate) fn choose<'e>(case: &Case<'e>, ranked: &Ranked<'e>) -> Outcome {
    match case.rules.settings().strategy {
        Strategy::Ranked => ranked::choose(case, ranked),
        Strategy::BestDeal => best_deal::choose(case, ranked),
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
            applied: Vec::new(),
            reasons: vec![None; places],
        },
        stopped: false,
        stops,
        cart_discounted: false,
        lines_discounted: false,
    };
    let item_level = |place: &usize| {
        ranked
            .candidates
            .get(*place)
            .is_some_and(|candidate| candidate.compiled.is_item_level())
    };
    let members: Vec<usize> = (0..places).filter(|place| is_member(*place)).collect();
    let (items, cart): (Vec<usize>, Vec<usize>) = members.into_iter().partition(item_level);
    match case.rules.settings().evaluation_order {
        EvaluationOrder::ItemsThenCart => {
            items.into_iter().for_each(|place| run.item_turn(place));
            cart.into_iter().for_each(|place| run.cart_turn(place));
        }
        EvaluationOrder::CartFirst => {
            cart.into_iter().for_each(|place| run.cart_turn(place));
            items.into_iter().for_each(|place| run.item_turn(place));
        }
    }
    run.outcome
}

impl Run<'_, '_> {
    fn item_turn(&mut self, place: usize) {
        let blocked = self
            .lines_discounted
            .then_some(ReasonCode::CartPromotionAppliedFirst);
        self.turn(place, blocked);
    }

    fn cart_turn(&mut self, place: usize) {
        let only_one = !self.case.rules.settings().multiple_cart_promotions
            && self.cart_discounted
            && !self.awards_points(place);
        self.turn(
            place,
            only_one.then_some(ReasonCode::AnotherCartPromotionApplied),
        );
    }

    fn awards_points(&self, place: usize) -> bool {
        self.ranked.candidates.get(place).is_some_and(|candidate| {
            match &candidate.compiled.promotion.terms.benefit {
                Benefit::Cart(benefit) => matches!(benefit.kind, CartKind::AwardPoints(_)),
                Benefit::Items(_) | Benefit::FreeProduct(_) | Benefit::Shipping(_) => false,
            }
        })
    }

    fn turn(&mut self, place: usize, blocked: Option<ReasonCode>) {
        let stopped = self.stopped.then_some(ReasonCode::StoppedByEarlier);
        let reason = match stopped.or(blocked) {
            Some(reason) => self.ranked.reason(self.case, place, &self.basket, reason),
            None => match self.propose(place) {
                Ok(proposal) => {
                    self.apply(place, proposal);
                    None
                }
                Err(failure) => self.ranked.failed(self.case, place, &self.basket, failure),
            },
        };
        if let Some(own) = self.outcome.reasons.get_mut(place) {
            *own = reason;
        }
    }

    /// What it gives now: the same as alone, where nothing that it looks at has changed.
    fn propose(&self, place: usize) -> Result<Proposal, Failure> {
        let Some(candidate) = self.ranked.candidates.get(place) else {
            return Err(Failure::NoBenefit);
        };
        let unchanged = self.basket.is_untouched(&candidate.relevant)
            && !self.basket.shipping_discount.is_positive();
        match self
            .ranked
            .alone
            .get(place)
            .and_then(OnceCell::get)
            .filter(|_| unchanged)
        {
            Some(alone) => alone.clone(),
            None => propose(self.case, candidate, &self.basket),
        }
    }

    fn apply(&mut self, place: usize, proposal: Proposal) {
        let Some(candidate) = self.ranked.candidates.get(place) else {
            return;
        };
        let terms = &candidate.compiled.promotion.terms;
        match terms.benefit.level() {
            Level::Item => {
                let amounts: Vec<(usize, Money)> = proposal
                    .amounts
                    .iter()
                    .map(|own| (own.line, own.amount))
                    .collect();
                self.basket
                    .apply(&proposal.takes, &amounts, &proposal.needed);
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
        self.stopped |= self.stops && !terms.stacking.allow_further;
        self.outcome.applied.push((place, proposal));
    }
}
