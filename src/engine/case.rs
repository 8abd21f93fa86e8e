//! One cart under one rule set: what is read once and looked at by every stage.

use crate::domain::cart::Explain;
use crate::domain::store::Store;

use super::allocation::Share;
use super::codes::Codes;
use super::compiled::Compiled;
use super::gates;
use super::inputs::Facts;
use super::line_set::LineSet;
use super::reuse::Reused;
use super::ruleset::RuleSet;
use super::units::{Basket, ClaimRules, Slot, Take};
use super::view::CartView;
use super::work::Work;

/// A cart, the rules, and what is worked out of both.
pub(crate) struct Case<'e> {
    pub(crate) rules: &'e RuleSet,
    pub(crate) facts: &'e Facts<'e>,
    /// The presented codes.
    pub(crate) codes: Codes,
    pub(crate) view: CartView<'e>,
    pub(crate) claims: ClaimRules,
    pub(crate) untouched: Basket,
    pub(crate) work: Work<'e>,
    pub(crate) shares: Reused<Share>,
    pub(crate) slots: Reused<Slot>,
    pub(crate) takes: Reused<Take>,
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
            codes: Codes::read(rules, facts),
            untouched: Basket::new(&view, settings.percentage_base),
            rules,
            facts,
            view,
            claims: ClaimRules::new(settings, single),
            work,
            shares: Reused::default(),
            slots: Reused::default(),
            takes: Reused::default(),
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

    /// The promotions whose gates are judged, in order of creation: those that the cart could meet, or all when every
    /// promotion's reason is asked for. Judging each is charged when it is handed out; none comes once the work has ended.
    pub(crate) fn to_judge(&self) -> impl Iterator<Item = ToJudge<'e>> {
        let found = if self.explains() {
            (0..self.rules.len()).collect()
        } else {
            let channel = self.facts.request.channel.as_deref();
            let place = self.rules.facts.of_place(self.store(), channel);
            let mut found = self.rules.index.find(self.view.facts().chain(place), &self.work);
            self.codes.promotions().for_each(|number| found.insert(number));
            found
        };
        let to_judge = found.into_iter().filter_map(|number| {
            let compiled = self.rules.promotions.get(number)?;
            let code = self.codes.unlocking(number);
            let is_judged =
                self.explains() || compiled.is_current(self.facts.now) || code.is_some();
            is_judged.then_some(ToJudge { number, compiled, code })
        });
        to_judge.take_while(|own| self.work.charge(gates::steps(own.compiled, self.facts)))
    }
}

/// A promotion whose gates are to be judged.
pub(crate) struct ToJudge<'e> {
    pub(crate) number: usize,
    pub(crate) compiled: &'e Compiled,
    /// The code of the cart that unlocks it, or would if it were not used up.
    pub(crate) code: Option<usize>,
}
