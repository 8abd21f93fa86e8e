//! A promotion that passed the gates for one cart.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use smallvec::SmallVec;

use crate::domain::amount::Money;
use crate::domain::benefit::{Benefit, From};
use crate::domain::evaluation::PromotionIndex;

use super::case::Case;
use super::compiled::Compiled;
use super::conditions::Scene;
use super::gates::Passed;
use super::issuances::InHand;
use super::limits::Left;
use super::line_set::LineSet;
use super::plan::Plan;
use super::proposal::{Failure, Proposal};
use super::ranking::Dated;
use super::units::Basket;

/// Most applications of one benefit (spec 14).
const MAX_APPLICATIONS: i64 = 1_000_000_000_000;

/// A promotion that passed the gates, with everything about it that other promotions cannot change.
pub(crate) struct Candidate<'e> {
    pub(crate) index: PromotionIndex,
    pub(crate) compiled: &'e Compiled,
    pub(crate) left: Left,
    /// The index of the code that unlocked it.
    pub(crate) code: Option<usize>,
    /// The issuance that unlocked it.
    pub(crate) issuance: Option<InHand>,
    /// The lines that each of its selections selects.
    selected: SmallVec<[LineSet; 1]>,
    /// The lines whose state its proposal depends on.
    pub(crate) relevant: LineSet,
    /// How many steps were taken for it.
    pub(crate) steps: Cell<u64>,
    pub(crate) lone: Lone,
    /// Its plan, if the cart alone decides it. It is computed when first needed.
    pub(crate) plan: OnceCell<Plan>,
}

/// What a candidate gives by itself on the untouched cart. It is computed when first needed.
#[derive(Default)]
pub(crate) struct Lone {
    pub(crate) proposal: OnceCell<Result<Rc<Proposal>, Failure>>,
    pub(crate) discount: OnceCell<Money>,
}

impl<'e> Candidate<'e> {
    pub(crate) fn new(
        case: &Case<'e>,
        index: PromotionIndex,
        compiled: &'e Compiled,
        passed: Passed,
    ) -> Self {
        let before = case.work.steps();
        let selected: SmallVec<[LineSet; 1]> = compiled
            .selections
            .iter()
            .map(|selection| selection.select(&case.view, case.work))
            .collect();
        let mut candidate = Self {
            index,
            compiled,
            left: passed.left,
            code: passed.code,
            issuance: passed.issuance,
            selected,
            relevant: LineSet::default(),
            steps: Cell::new(0),
            lone: Lone::default(),
            plan: OnceCell::new(),
        };
        candidate.relevant = candidate.relevant_lines(case);
        candidate.count(case, before);
        candidate
    }

    /// Counts the steps since `before` as taken for this promotion.
    pub(crate) fn count(&self, case: &Case<'_>, before: u64) {
        let steps = case.work.steps().saturating_sub(before);
        self.steps.set(self.steps.get().saturating_add(steps));
    }

    fn relevant_lines(&self, case: &Case<'_>) -> LineSet {
        let selected = self.selected.iter().fold(LineSet::default(), |lines, own| lines.union(own));
        match &self.compiled.promotion.terms.benefit {
            Benefit::FreeProduct(benefit) => selected.union(&case.view.of_sku(&benefit.sku)),
            Benefit::Items(benefit)
                if self.compiled.select.is_some() || benefit.from != From::Matching =>
            {
                selected
            }
            Benefit::Items(_) | Benefit::Cart(_) | Benefit::Shipping(_) => case.view.all,
        }
    }

    /// What it would give by itself on the untouched cart, if it is known already.
    pub(crate) fn known_alone(&self) -> Option<&Result<Rc<Proposal>, Failure>> {
        self.lone.proposal.get()
    }

    /// The promotion, with its end for this customer.
    pub(crate) fn dated(&self) -> Dated<'_> {
        let own = self.issuance.map(|own| own.expires_at);
        Dated {
            promotion: &self.compiled.promotion,
            expires_at: own.unwrap_or(self.compiled.ends_at),
        }
    }

    /// The parts of the cart on which its benefit can apply: all of it, or one for each SKU or
    /// product.
    pub(crate) fn parts<'c>(&self, case: &'c Case<'_>) -> &'c [LineSet] {
        let same = match &self.compiled.promotion.terms.benefit {
            Benefit::Items(benefit) => benefit.same,
            Benefit::FreeProduct(_) | Benefit::Cart(_) | Benefit::Shipping(_) => None,
        };
        match same {
            None => std::slice::from_ref(&case.view.all),
            Some(same) => case.view.parts(same),
        }
    }

    /// The most applications that `max_times`, the limits and the contract allow.
    pub(crate) fn times_bound(&self) -> i64 {
        let repeat = self.compiled.promotion.terms.benefit.repeat();
        let own = repeat.and_then(|repeat| repeat.max_times).map(i64::from);
        own.into_iter().chain(self.left.times).fold(MAX_APPLICATIONS, i64::min)
    }

    /// The lines of a part that the target selects; `None` if the target has no selector.
    pub(crate) fn target(&self, part: &LineSet) -> Option<LineSet> {
        Some(self.lines_of(self.compiled.select?, part))
    }

    /// The lines of a part that one of its selections selects.
    #[expect(clippy::indexing_slicing, reason = "each selection of the promotion has its lines")]
    pub(crate) fn lines_of(&self, selection: usize, part: &LineSet) -> LineSet {
        self.selected[selection].intersection(part)
    }

    /// What its conditions are judged on.
    pub(crate) fn scene<'s>(
        &'s self,
        case: &'s Case<'e>,
        basket: &'s Basket,
        part: &'s LineSet,
    ) -> Scene<'s> {
        Scene {
            request: case.inputs.request,
            view: &case.view,
            basket,
            claims: self.compiled.is_item_level().then_some(&case.claims),
            selected: &self.selected,
            part,
            work: case.work,
        }
    }
}
