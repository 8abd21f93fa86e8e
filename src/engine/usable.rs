//! The promotions that a customer could use now, without a cart (spec 3). It judges status, dates, issuance, activation
//! and limits. The caller judges scope, audience and conditions.

use chrono::{DateTime, Utc};

use crate::domain::counter::{Bound, Owner, Used};
use crate::domain::evaluation::PromotionIndex;
use crate::domain::id::IssuanceId;
use crate::domain::limit::{CountedLimit, LimitSubject};
use crate::domain::promotion::Status;

use super::compiled::Compiled;
use super::inputs::IssuanceFact;
use super::prepared::Needs;
use super::ruleset::RuleSet;
use super::{issuances, limits};

/// A promotion that a customer could use.
#[derive(Clone, Debug)]
pub struct Usable {
    /// Its index in the rule set.
    pub promotion: PromotionIndex,
    /// The issuance that makes it usable; `None`: the promotion needs none.
    pub issuance: Option<IssuanceId>,
    /// Its limits with counters, and what is left of each; `None` where each code has its own counter.
    pub left: Vec<(CountedLimit, Option<i64>)>,
}

/// What has to be looked up before [`usable`] can be called.
pub fn usable_needs(rules: &RuleSet, customer: &str, now: DateTime<Utc>) -> Needs {
    let mut needs = Needs::default();
    let zone = rules.settings().timezone;
    for (_, compiled) in live(rules, now) {
        let owners = limits::shared_owners(Some(customer));
        needs.counters.extend(limits::bounds(compiled, zone, now, owners));
        if compiled.promotion.terms.asks_for_issuance() {
            needs.issuances.push(compiled.promotion.id);
        }
    }
    needs
}

/// The promotions that the customer could use, in order of creation. Issuances of one promotion are ordered by expiry.
pub fn usable(
    rules: &RuleSet,
    customer: &str,
    issuances: &[IssuanceFact],
    used: &[Used],
    now: DateTime<Utc>,
) -> Vec<Usable> {
    let mut usable = Vec::new();
    for (promotion, compiled) in live(rules, now) {
        let terms = &compiled.promotion.terms;
        if !terms.asks_for_issuance() {
            let left = left(rules, compiled, customer, None, used, now);
            usable.extend(left.map(|left| Usable { promotion, issuance: None, left }));
            continue;
        }
        let in_hand = issuances::of_promotion(compiled, issuances, now);
        let in_hand = in_hand.filter(|own| own.is_activated || !terms.activation_required);
        let mut in_hand: Vec<&IssuanceFact> = in_hand.collect();
        let end = |own: &IssuanceFact| own.use_until.unwrap_or(compiled.ends_at);
        in_hand.sort_by_key(|own| (end(own), own.unlocked_at, own.issuance_id));
        for own in in_hand {
            let id = Some(own.issuance_id);
            let left = left(rules, compiled, customer, id, used, now);
            usable.extend(left.map(|left| Usable { promotion, issuance: id, left }));
        }
    }
    usable
}

fn live(rules: &RuleSet, now: DateTime<Utc>) -> impl Iterator<Item = (PromotionIndex, &Compiled)> {
    let is_live =
        move |own: &Compiled| own.promotion.status == Status::Active && own.is_current(now);
    rules.indexed().filter(move |(_, own)| is_live(own))
}

/// What is left of each limit; `None` if one is used up.
fn left(
    rules: &RuleSet,
    compiled: &Compiled,
    customer: &str,
    issuance: Option<IssuanceId>,
    used: &[Used],
    now: DateTime<Utc>,
) -> Option<Vec<(CountedLimit, Option<i64>)>> {
    let owners = limits::shared_owners(Some(customer)).chain(issuance.map(Owner::Issuance));
    let bounds = limits::bounds(compiled, rules.settings().timezone, now, owners);
    let bounds: Vec<Bound> = bounds.collect();
    let of_limit = |limit: CountedLimit| {
        if limit.name.subject == LimitSubject::Code {
            return Some((limit, None));
        }
        let bound = bounds.iter().find(|own| own.counter.limit() == limit.name)?;
        let gone = used.iter().find(|own| own.counter == bound.counter);
        let rest = limit.maximum - gone.map_or(0, |own| own.amount);
        (rest > 0).then_some((limit, Some(rest)))
    };
    let limits = compiled.promotion.terms.limits.counted();
    limits.map(of_limit).collect()
}
