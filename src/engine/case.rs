//! One cart under one rule set, for every stage of an evaluation.

use chrono::{DateTime, Utc};

use crate::domain::cart::{Explain, Request};
use crate::domain::counter::Used;

use super::allocation::Share;
use super::codes::Codes;
use super::inputs::IssuanceFact;
use super::line_set::LineSet;
use super::reading::Reading;
use super::reuse::Reused;
use super::ruleset::RuleSet;
use super::units::{Basket, ClaimRules, Slot, Take};
use super::view::CartView;
use super::work::Work;

/// Everything on which an evaluation depends.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'e> {
    pub(crate) rules: &'e RuleSet,
    pub(crate) request: &'e Request<'e>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) reading: &'e Reading,
    pub(crate) codes: &'e Codes,
    /// The customer's issuances.
    pub(crate) issuances: &'e [IssuanceFact],
    /// How much is gone of the counters.
    pub(crate) used: &'e [Used],
}

/// A cart, the rules, and what is computed from both.
pub(crate) struct Case<'e> {
    pub(crate) inputs: Inputs<'e>,
    pub(crate) rules: &'e RuleSet,
    pub(crate) view: CartView<'e>,
    pub(crate) claims: ClaimRules,
    pub(crate) untouched: Basket,
    pub(crate) work: &'e Work<'e>,
    /// Whether the caller wants to know why promotions did not apply.
    pub(crate) tells_reasons: bool,
    pub(crate) shares: Reused<Share>,
    pub(crate) slots: Reused<Slot>,
    pub(crate) takes: Reused<Take>,
}

impl<'e> Case<'e> {
    pub(crate) fn new(inputs: Inputs<'e>, work: &'e Work<'e>) -> Self {
        let Inputs { rules, request, reading, .. } = inputs;
        let view = CartView::new(&request.cart.lines, reading);
        let single = rules.single_lines(&view, work);
        Self::with(inputs, work, view, single)
    }

    /// The case of some lines. `single` are those of which only one promotion may discount units.
    pub(crate) fn with(
        inputs: Inputs<'e>,
        work: &'e Work<'e>,
        view: CartView<'e>,
        single: LineSet,
    ) -> Self {
        let rules = inputs.rules;
        Self {
            untouched: Basket::new(&view, rules.settings()),
            inputs,
            rules,
            view,
            claims: ClaimRules::new(rules.settings(), single),
            work,
            tells_reasons: true,
            shares: Reused::default(),
            slots: Reused::default(),
            takes: Reused::default(),
        }
    }

    /// Turns to other lines of the same request.
    pub(crate) fn turn_to(&mut self, view: CartView<'e>, single: LineSet) {
        self.untouched = Basket::new(&view, self.rules.settings());
        self.claims = ClaimRules::new(self.rules.settings(), single);
        self.view = view;
    }

    /// A case of which only the price matters.
    pub(crate) fn without_reasons(inputs: Inputs<'e>, work: &'e Work<'e>) -> Self {
        Self { tells_reasons: false, ..Self::new(inputs, work) }
    }

    /// Whether the answer shows why a promotion did not apply: because the request asks for it, or because one of the
    /// promotion's codes is presented.
    pub(crate) fn shows(&self, has_code: bool) -> bool {
        self.tells_reasons && (self.explains() || has_code)
    }

    /// Whether the request asks for every promotion's reason.
    pub(crate) fn explains(&self) -> bool {
        self.tells_reasons && self.inputs.request.explain == Explain::All
    }
}
