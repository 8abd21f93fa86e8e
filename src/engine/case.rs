//! One cart under one rule set: what is read once and looked at by every stage.

use crate::domain::cart::Explain;
use crate::domain::store::Store;

use super::allocation::Share;
use super::codes::Codes;
use super::compiled::Compiled;
use super::inputs::Facts;
use super::line_set::LineSet;
use super::reuse::Reused;
use super::ruleset::RuleSet;
use super::units::{Basket, ClaimRules, Slot};
use super::view::CartView;
use super::work::Work;

/// A cart, the rules, and what is worked out of both.
pub(crate) struct Case<'e> {
    pub(crate) rules: &'e RuleSet,
    pub(crate) facts: &'e Facts<'e>,
    pub(crate) view: CartView<'e>,
    pub(crate) claims: ClaimRules,
    pub(crate) untouched: Basket,
    pub(crate) work: Work<'e>,
    pub(crate) shares: Reused<Share>,
    pub(crate) slots: Reused<Slot>,
}

impl<'e> Case<'e> {
    pub(crate) fn new(rules: &'e RuleSet, facts: &'e Facts<'e>, work: Work<'e>) -> Self {
        let settings = rules.settings();
        let view = CartView::new(&facts.request.cart, &rules.facts, &work);
        let single = match (settings.multiple_promotions_per_line.enabled, &rules.single_lines) {
            (false, _) => view.all,
            (true, Some(excluded)) => excluded.select(&view, &work),
            (true, None) => LineSet::default(),
        };
        Self {
            untouched: Basket::new(&view, settings.percentage_base),
            rules,
            facts,
            view,
            claims: ClaimRules::new(settings, single),
            work,
            shares: Reused::default(),
            slots: Reused::default(),
        }
    }

    /// Where the cart is, if the request tells.
    pub(crate) fn store(&self) -> Option<&'e Store> {
        let code = self.facts.request.store.as_deref()?;
        self.rules.store(code)
    }

    /// Whether every promotion's reason is asked for.
    pub(crate) fn explains(&self) -> bool {
        self.facts.request.explain == Explain::All
    }
}

/// The promotions whose gates are judged, in order of creation: those that the cart could meet, or all when every
/// promotion's reason is asked for.
pub(crate) fn to_judge<'e>(
    case: &Case<'e>,
    codes: &Codes,
) -> impl Iterator<Item = (usize, &'e Compiled)> {
    let (rules, now) = (case.rules, case.facts.now);
    let explains = case.explains();
    let found = if explains {
        (0..rules.len()).collect()
    } else {
        let channel = case.facts.request.channel.as_deref();
        let place = rules.facts.of_place(case.store(), channel);
        let mut found = rules.index.find(case.view.facts().chain(place), &case.work);
        codes.promotions().for_each(|number| found.insert(number));
        found
    };
    found.into_iter().filter_map(move |number| {
        let compiled = rules.promotions.get(number)?;
        let is_judged = explains || compiled.is_current(now) || codes.unlocking(number).is_some();
        is_judged.then_some((number, compiled))
    })
}
