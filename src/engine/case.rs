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
        let settings = rules.settings();
        let view = CartView::new(&request.cart, reading);
        let single = match (settings.multiple_promotions_per_line.enabled, rules.single_lines()) {
            (false, _) => view.all,
            (true, Some(excluded)) => excluded.select(&view, work),
            (true, None) => LineSet::default(),
        };
        Self {
            untouched: Basket::new(&view, settings),
            inputs,
            rules,
            view,
            claims: ClaimRules::new(settings, single),
            work,
            tells_reasons: true,
            shares: Reused::default(),
            slots: Reused::default(),
            takes: Reused::default(),
        }
    }

    /// A case of which only the price matters.
    pub(crate) fn without_reasons(inputs: Inputs<'e>, work: &'e Work<'e>) -> Self {
        Self { tells_reasons: false, ..Self::new(inputs, work) }
    }

    /// Whether the request asks for every promotion's reason.
    pub(crate) fn explains(&self) -> bool {
        self.tells_reasons && self.inputs.request.explain == Explain::All
    }
}
