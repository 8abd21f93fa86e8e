//! What a customer could use now, before there is a cart (spec 3): status, dates, issuance, activation and limits are
//! judged; scope, audience and conditions are for whoever reads it.

use chrono::{DateTime, Utc};

use crate::domain::counter::{Bound, Owner, Used};
use crate::domain::id::IssuanceId;
use crate::domain::limit::{CountedLimit, LimitSubject};
use crate::domain::promotion::Status;

use super::compiled::Compiled;
use super::inputs::IssuanceFact;
use super::limits::bounds_of;
use super::needs::Needs;
use super::ruleset::RuleSet;

/// A promotion that a customer could use.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Its index in the rule set.
    pub promotion: usize,
    /// The issuance by which; `None`: it asks for none.
    pub issuance: Option<IssuanceId>,
    /// Its limits that count, with what is left of each; `None`: each code has its own.
    pub left: Vec<(CountedLimit, Option<i64>)>,
}

/// What has to be looked up for a customer's offers.
pub fn offer_needs(rules: &RuleSet, customer: &str, now: DateTime<Utc>) -> Needs {
    let mut needs = Needs::default();
    for (_, compiled) in live(rules, now) {
        for owner in shared_owners(customer) {
            needs.counters.extend(bounds_of(compiled, rules, now, &owner));
        }
        if compiled.promotion.terms.asks_for_issuance() {
            needs.issuances.push(compiled.promotion.id);
        }
    }
    needs
}

/// What the customer could use, in order of creation; of one promotion the issuance first that expires first.
pub fn offers(
    rules: &RuleSet,
    customer: &str,
    issuances: &[IssuanceFact],
    used: &[Used],
    now: DateTime<Utc>,
) -> Vec<Offer> {
    let mut offers = Vec::new();
    for (promotion, compiled) in live(rules, now) {
        let terms = &compiled.promotion.terms;
        if !terms.asks_for_issuance() {
            let left = left(rules, compiled, customer, None, used, now);
            offers.extend(left.map(|left| Offer { promotion, issuance: None, left }));
            continue;
        }
        let mut in_hand: Vec<&IssuanceFact> = issuances
            .iter()
            .filter(|own| own.promotion_id == compiled.promotion.id)
            .filter(|own| own.use_until.is_none_or(|end| now < end))
            .filter(|own| own.is_activated || !terms.activation_required)
            .collect();
        let end = |own: &IssuanceFact| own.use_until.unwrap_or(compiled.ends_at);
        in_hand.sort_by_key(|own| (end(own), own.unlocked_at, own.issuance_id));
        for own in in_hand {
            let id = Some(own.issuance_id);
            let left = left(rules, compiled, customer, id, used, now);
            offers.extend(left.map(|left| Offer { promotion, issuance: id, left }));
        }
    }
    offers
}

fn live(rules: &RuleSet, now: DateTime<Utc>) -> impl Iterator<Item = (usize, &Compiled)> {
    let promotions = rules.promotions.iter().enumerate();
    promotions.filter(move |(_, own)| own.promotion.status == Status::Active && own.is_current(now))
}

fn shared_owners(customer: &str) -> [Owner; 2] {
    [Owner::Customer(customer.to_owned()), Owner::Everybody]
}

/// What is left of each limit; `None` where one is used up.
fn left(
    rules: &RuleSet,
    compiled: &Compiled,
    customer: &str,
    issuance: Option<IssuanceId>,
    used: &[Used],
    now: DateTime<Utc>,
) -> Option<Vec<(CountedLimit, Option<i64>)>> {
    let mut bounds: Vec<Bound> = Vec::new();
    let owners = shared_owners(customer).into_iter();
    for owner in owners.chain(issuance.map(Owner::Issuance)) {
        bounds.extend(bounds_of(compiled, rules, now, &owner));
    }
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
