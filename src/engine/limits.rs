//! What is left of a promotion's limits, how it bounds an application, and what an evaluation takes from them
//! (spec 7.2, 7.3, 9).

use chrono::{DateTime, Utc};

use crate::domain::amount::Money;
use crate::domain::counter::{Bound, CounterKey, Owner, Use};
use crate::domain::evaluation::{Applied, Evaluation};
use crate::domain::id::IssuanceId;
use crate::domain::limit::{CountedLimit, LimitName, LimitSubject, Limits, Measure};
use crate::domain::promotion::Promotion;
use crate::domain::window;

use super::compiled::Compiled;
use super::inputs::Facts;
use super::ruleset::RuleSet;

/// What is left of the limits of one promotion for one cart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// The tightest of all `times` limits.
    pub(crate) times: Option<i64>,
    /// The tightest of all `discount` limits.
    pub(crate) discount: Option<Money>,
}

impl Left {
    /// What a promotion without counters may give.
    pub(crate) fn of_cart(limits: &Limits) -> Self {
        Self { times: limits.cart.times.map(i64::from), discount: limits.cart.discount }
    }

    /// What is left, or the first limit that is used up: in the order earn, customer, promotion,
    /// code; times, transactions, discount (spec 7.2). `used` says how much of a limit is gone.
    pub(crate) fn of(limits: &Limits, used: impl Fn(LimitName) -> i64) -> Result<Self, LimitName> {
        let mut left = Self::of_cart(limits);
        for CountedLimit { name, maximum, .. } in limits.counted() {
            let rest = maximum.saturating_sub(used(name));
            if rest <= 0 {
                return Err(name);
            }
            match name.measure {
                Measure::Times => left.times = Some(left.times.map_or(rest, |own| own.min(rest))),
                Measure::Transactions => {}
                Measure::Discount => {
                    let rest = Money::from_scaled(rest);
                    left.discount = Some(left.discount.map_or(rest, |own| own.min(rest)));
                }
            }
        }
        Ok(left)
    }
}

/// Whose limits count, besides the customer's and everybody's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presented {
    /// The place of the presented code.
    pub(crate) code: Option<usize>,
    pub(crate) issuance: Option<IssuanceId>,
}

/// How much of a limit of this promotion is gone, for whom the request is about.
pub(crate) fn used(
    facts: &Facts<'_>,
    promotion: &Promotion,
    presented: Presented,
    name: LimitName,
) -> i64 {
    let code = presented.code.and_then(|place| facts.codes.get(place)?.as_ref());
    facts
        .used
        .iter()
        .filter(|used| used.counter.promotion_id == promotion.id && used.counter.limit() == name)
        .filter(|used| match used.counter.owner {
            Owner::Code(own) => code.is_some_and(|code| code.code_id == own),
            Owner::Issuance(own) => presented.issuance == Some(own),
            Owner::Customer(_) | Owner::Everybody => true,
        })
        .map(|used| used.amount)
        .fold(0, i64::saturating_add)
}

/// The limits that hold for each issuance by itself.
pub(crate) fn of_issuances(limits: &Limits) -> impl Iterator<Item = CountedLimit> {
    let counted = limits.counted();
    counted.filter(|limit| limit.name.subject == LimitSubject::Earn)
}

/// Whether one of the limits that hold for each code by itself is used up for this one.
pub(crate) fn is_exhausted(facts: &Facts<'_>, promotion: &Promotion, code: usize) -> bool {
    let presented = Presented { code: Some(code), issuance: None };
    let of_codes = promotion.terms.limits.counted();
    of_codes
        .filter(|limit| limit.name.subject == LimitSubject::Code)
        .any(|limit| used(facts, promotion, presented, limit.name) >= limit.maximum)
}

/// What an evaluation takes from the counters of the promotions that it applied.
pub fn uses(rules: &RuleSet, facts: &Facts<'_>, evaluation: &Evaluation) -> Vec<Use> {
    let of_promotion = |applied: &Applied| {
        let compiled = rules.promotions.get(applied.promotion)?;
        let code = applied
            .code
            .and_then(|place| facts.codes.get(place)?.as_ref())
            .map(|code| Owner::Code(code.code_id));
        let issuance = applied.issuance_id.map(Owner::Issuance);
        let presented: Vec<Bound> = issuance
            .into_iter()
            .chain(code)
            .flat_map(|owner| bounds_of(compiled, rules, facts.now, &owner).collect::<Vec<_>>())
            .collect();
        let amount = |bound: &Bound| match bound.counter.measure {
            Measure::Times => applied.times,
            Measure::Transactions => 1,
            Measure::Discount => applied.discount.scaled(),
        };
        let uses = own(compiled, rules, facts)
            .chain(presented)
            .map(|bound| Use { amount: amount(&bound), bound })
            .filter(|own| own.amount > 0);
        Some(uses.collect::<Vec<_>>())
    };
    evaluation.applied.iter().filter_map(of_promotion).flatten().collect()
}

/// The counters of everybody and of the request's customer.
pub(crate) fn own<'c>(
    compiled: &'c Compiled,
    rules: &'c RuleSet,
    facts: &'c Facts<'_>,
) -> impl Iterator<Item = Bound> + 'c {
    let customer = facts.request.customer.as_ref();
    let customer = customer.and_then(|customer| customer.id.as_ref());
    let customer = customer.map(|id| Owner::Customer(id.clone().into_owned()));
    customer
        .into_iter()
        .chain([Owner::Everybody])
        .flat_map(|owner| bounds_of(compiled, rules, facts.now, &owner).collect::<Vec<_>>())
}

pub(crate) fn bounds_of<'c>(
    compiled: &'c Compiled,
    rules: &'c RuleSet,
    now: DateTime<Utc>,
    owner: &'c Owner,
) -> impl Iterator<Item = Bound> + 'c {
    let zone = rules.settings().timezone;
    let limits = compiled.promotion.terms.limits.counted();
    limits.filter(|limit| limit.name.subject == owner.subject()).map(move |limit| Bound {
        counter: CounterKey {
            promotion_id: compiled.promotion.id,
            owner: owner.clone(),
            measure: limit.name.measure,
            window: window::number(limit.refresh, compiled.starts_at, zone, now),
        },
        maximum: limit.maximum,
    })
}
