//! Applies promotions one after the other (spec 7.5).

use std::rc::Rc;

use crate::domain::benefit::Level;
use crate::domain::evaluation::{Optimality, PromotionIndex};
use crate::domain::reason::Reason;
use crate::domain::settings::EvaluationOrder;
use crate::engine::benefits::propose;
use crate::engine::case::Case;
use crate::engine::explain;
use crate::engine::proposal::{Failure, Proposal};
use crate::engine::reasons;
use crate::engine::tags::AllTags;
use crate::engine::units::Basket;

use super::order::Ranked;

/// Whether a candidate applied, and if not, why.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// Not decided: the strategy has not reached the candidate, or the evaluation ended before.
    Pending,
    Applied,
    NotApplied(Reason),
}

impl Verdict {
    /// Why it did not apply.
    pub(crate) fn reason(&self) -> Option<&Reason> {
        match self {
            Self::NotApplied(reason) => Some(reason),
            Self::Pending | Self::Applied => None,
        }
    }
}

/// The result of a strategy.
pub(crate) struct Outcome {
    /// In order of application: places in the ranking, and what these promotions gave.
    pub(crate) applied: Vec<(usize, Rc<Proposal>)>,
    /// The verdict on each candidate.
    pub(crate) verdicts: Vec<Verdict>,
    /// The baskets on which candidates found no unit, where suggestions need to know.
    pub(crate) seen: Vec<(usize, Basket)>,
    /// Only under `optimal`: what is known of the largest possible discount.
    pub(crate) optimality: Option<Optimality>,
}

impl Outcome {
    /// The outcome before anything is chosen.
    pub(super) fn pending(candidates: usize) -> Self {
        Self {
            applied: Vec::with_capacity(candidates),
            verdicts: vec![Verdict::Pending; candidates],
            seen: Vec::new(),
            optimality: None,
        }
    }

    pub(super) fn refuse(&mut self, place: usize, reason: Reason) {
        self.decide(place, Verdict::NotApplied(reason));
    }

    pub(super) fn apply(&mut self, place: usize, proposal: Rc<Proposal>) {
        self.decide(place, Verdict::Applied);
        self.applied.push((place, proposal));
    }

    #[expect(clippy::indexing_slicing, reason = "there is a verdict for each place")]
    fn decide(&mut self, place: usize, verdict: Verdict) {
        self.verdicts[place] = verdict;
    }
}

/// Applies promotions one after the other, the two levels in the tenant's order (spec 7.5).
struct Run<'r, 'e> {
    case: &'r Case<'e>,
    ranked: &'r Ranked<'e>,
    basket: Basket,
    outcome: Outcome,
    /// The tags of all promotions that have applied.
    tags: AllTags,
    /// The promotion that has applied and allows no further ones.
    stopped_by: Option<PromotionIndex>,
    /// Whether a promotion without `allow_further` stops the run. Only `ranked` asks for that.
    stops: bool,
    /// The first cart-level promotion that has given a discount.
    cart_discounted_by: Option<PromotionIndex>,
    /// The first cart-level promotion that has taken something off the lines.
    lines_discounted_by: Option<PromotionIndex>,
}

/// Applies the members in rank order. Other candidates keep the verdict `Pending`.
pub(super) fn run<'e>(
    case: &Case<'e>,
    ranked: &Ranked<'e>,
    stops: bool,
    is_member: impl Fn(usize) -> bool,
) -> Outcome {
    let places = ranked.len();
    let mut run = Run {
        case,
        ranked,
        basket: case.untouched.clone(),
        outcome: Outcome::pending(places),
        tags: AllTags::default(),
        stopped_by: None,
        stops,
        cart_discounted_by: None,
        lines_discounted_by: None,
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
        self.turn(place, self.lines_discounted_by.map(Reason::CartPromotionAppliedFirst));
    }

    fn cart_turn(&mut self, place: usize) {
        let only_one = !self.case.rules.settings().multiple_cart_promotions
            && !self.ranked.awards_points(place);
        let other = self.cart_discounted_by.filter(|_| only_one);
        self.turn(place, other.map(Reason::AnotherCartPromotionApplied));
    }

    fn turn(&mut self, place: usize, blocked: Option<Reason>) {
        let stopped = self.stopped_by.map(Reason::StoppedByEarlier);
        let reason = match stopped.or_else(|| self.incompatible(place)).or(blocked) {
            Some(reason) => self.ranked.reason(self.case, place, &self.basket, reason),
            None => match self.propose(place) {
                Ok(proposal) => return self.apply(place, proposal),
                Err(failure) => {
                    self.see(place, failure);
                    self.failed(place, failure)
                }
            },
        };
        self.outcome.refuse(place, reason);
    }

    /// Keeps the basket for a suggestion, where the untouched one would not do: what is left beyond a condition depends on
    /// the claims of others, and so does everything where units are used up.
    fn see(&mut self, place: usize, failure: Failure) {
        let compiled = self.ranked.candidate(place).compiled;
        let depends_on_claims = compiled.goes_beyond() || self.case.claims.consumed();
        let is_needed =
            compiled.promotion.terms.suggest && self.case.tells_reasons && depends_on_claims;
        let lacks_units = match failure {
            Failure::NoEligibleItems => true,
            Failure::NoBenefit => compiled.goes_beyond(),
            Failure::ConditionsNotMet => false,
        };
        if is_needed && lacks_units {
            self.outcome.seen.push((place, self.basket.clone()));
        }
    }

    /// The reason of a promotion that does not combine with one that has applied.
    fn incompatible(&self, place: usize) -> Option<Reason> {
        let tags = &self.ranked.candidate(place).compiled.tags;
        if !self.tags.exclude(tags) {
            return None;
        }
        let applied = self.outcome.applied.iter().map(|(own, _)| self.ranked.candidate(*own));
        let mut others = applied.filter(|own| own.compiled.tags.excludes(tags));
        others.next().map(|own| Reason::Incompatible(own.index))
    }

    /// The reason of a promotion that was tried and gave nothing.
    fn failed(&self, place: usize, failure: Failure) -> Reason {
        let candidate = self.ranked.candidate(place);
        let taken = failure == Failure::NoEligibleItems
            && explain::is_asked_for(self.case, candidate)
            && self.ranked.finds_units(self.case, place);
        let by = || {
            let turn = reasons::turn_that_took(self.case, candidate, &self.basket)?;
            self.applied_in(turn)
        };
        match taken.then(by).flatten() {
            Some(by) => Reason::UnitsTaken(by),
            None => self.ranked.failed(self.case, place, &self.basket, failure),
        }
    }

    /// The promotion that claimed units in the turn with this number. Turns count from 1.
    fn applied_in(&self, turn: u32) -> Option<PromotionIndex> {
        let claims = self.outcome.applied.iter().filter(|(_, own)| own.level == Level::Item);
        let mut from_turn = claims.skip(usize::try_from(turn).ok()?.checked_sub(1)?);
        from_turn.next().map(|(place, _)| self.ranked.candidate(*place).index)
    }

    /// What a promotion gives now. If nothing that it looks at has changed, that is the same as alone.
    fn propose(&self, place: usize) -> Result<Rc<Proposal>, Failure> {
        let candidate = self.ranked.candidate(place);
        let unchanged = self.basket.is_untouched(&candidate.relevant);
        match candidate.known_alone().filter(|_| unchanged) {
            Some(alone) => alone.clone(),
            None => propose(self.case, candidate, &self.basket).map(Rc::new),
        }
    }

    fn apply(&mut self, place: usize, proposal: Rc<Proposal>) {
        let candidate = self.ranked.candidate(place);
        let before = self.case.work.steps();
        proposal.carry_out(&mut self.basket, self.case.work);
        match proposal.level {
            Level::Item => {}
            Level::Cart | Level::Shipping => {
                let own = candidate.index;
                if !proposal.lines.is_empty() {
                    self.lines_discounted_by.get_or_insert(own);
                }
                if proposal.discount.is_positive() {
                    self.cart_discounted_by.get_or_insert(own);
                }
            }
        }
        candidate.count(self.case, before);
        self.tags.add(&candidate.compiled.tags);
        if self.stops && !candidate.compiled.promotion.terms.stacking.allow_further {
            self.stopped_by.get_or_insert(candidate.index);
        }
        self.outcome.apply(place, proposal);
    }
}
