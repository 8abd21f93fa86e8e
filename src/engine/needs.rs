//! What has to be looked up before a cart is evaluated (spec 7.2).

use crate::domain::counter::{Bound, Owner};
use crate::domain::id::PromotionId;

use super::case::{Case, ToJudge};
use super::compiled::Compiled;
use super::inputs::Facts;
use super::limits::{self, bounds_of};
use super::ruleset::RuleSet;
use super::work::{Stop, Work};
use super::{gates, issuances};

/// What has to be looked up before a cart is evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Counters of customers, codes and everybody. Those of issuances are known once the issuances are.
    pub counters: Vec<Bound>,
    /// The promotions whose issuances in the customer's hands play a part.
    pub issuances: Vec<PromotionId>,
}

impl Needs {
    /// Whether nothing has to be looked up.
    pub fn is_empty(&self) -> bool {
        self.counters.is_empty() && self.issuances.is_empty()
    }
}

/// What this cart depends on: of the promotions that pass all gates before the issuance, and of the presented codes.
/// What [`Facts::issuances`] and [`Facts::used`] say plays no part.
pub fn needs(rules: &RuleSet, facts: &Facts<'_>) -> Needs {
    let mut needs = Needs::default();
    if !rules.has_limits() && !rules.asks_for_issuances() {
        return needs;
    }
    let facts = &Facts { used: &[], issuances: &[], ..*facts };
    // What ends this ends the evaluation, too.
    let stop = Stop::default();
    let case = Case::new(rules, facts, Work::new(&stop, 0));
    for ToJudge { compiled, code, .. } in case.to_judge() {
        let asks = compiled.promotion.terms.asks_for_issuance();
        if (compiled.has_limits() || asks)
            && gates::admit(compiled, rules, facts, case.store(), code).is_ok()
        {
            needs.counters.extend(limits::own(compiled, rules, facts));
            if asks {
                needs.issuances.push(compiled.promotion.id);
            }
        }
    }
    of_codes(rules, facts, &mut needs.counters);
    needs
}

/// The counters that this cart depends on: those of the promotions that pass all other gates, and of the presented
/// codes. What [`Facts::used`] says plays no part.
pub fn counters(rules: &RuleSet, facts: &Facts<'_>) -> Vec<Bound> {
    if !rules.has_limits() {
        return Vec::new();
    }
    let facts = &Facts { used: &[], ..*facts };
    let stop = Stop::default();
    let case = Case::new(rules, facts, Work::new(&stop, 0));
    let mut bounds = Vec::new();
    for ToJudge { compiled, code, .. } in case.to_judge() {
        if compiled.has_limits() && gates::judge(compiled, rules, facts, case.store(), code).is_ok()
        {
            bounds.extend(limits::own(compiled, rules, facts));
            bounds.extend(in_hand(compiled, rules, facts));
        }
    }
    of_codes(rules, facts, &mut bounds);
    bounds
}

/// Adds the counters of the presented codes.
fn of_codes(rules: &RuleSet, facts: &Facts<'_>, bounds: &mut Vec<Bound>) {
    for fact in facts.codes.iter().flatten() {
        let compiled =
            rules.index_of(fact.promotion_id).and_then(|number| rules.promotions.get(number));
        if let Some(compiled) = compiled.filter(|compiled| compiled.has_limits()) {
            let owner = Owner::Code(fact.code_id);
            let of_code = bounds_of(compiled, rules, facts.now, &owner);
            // One that is presented twice has the same counters.
            bounds.extend(of_code.filter(|bound| !bounds.contains(bound)).collect::<Vec<_>>());
        }
    }
}

/// The counters of all issuances of a promotion that the customer has in hand: which of them serves depends on what is
/// left of each.
fn in_hand(compiled: &Compiled, rules: &RuleSet, facts: &Facts<'_>) -> Vec<Bound> {
    let in_hand = issuances::of_promotion(compiled, facts);
    in_hand
        .flat_map(|own| {
            let owner = Owner::Issuance(own.issuance_id);
            bounds_of(compiled, rules, facts.now, &owner).collect::<Vec<_>>()
        })
        .collect()
}
