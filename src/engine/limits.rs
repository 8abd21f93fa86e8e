//! What is left of a promotion's limits, how it bounds an application, and what an evaluation takes from them
//! (spec 7.2, 7.3, 9).

use chrono::{DateTime, Utc};

use crate::domain::amount::Money;
use crate::domain::counter::{Bound, CounterKey, Owner, Use};
use crate::domain::evaluation::{Applied, Evaluation};
use crate::domain::limit::{CountedLimit, LimitName, LimitSubject, Limits, Measure};
use crate::domain::promotion::Promotion;
use crate::domain::window;

use super::ruleset::Compiled;
use super::{Case, Facts, RuleSet, explain, gates};

/// What is left of the limits of one promotion for one cart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// The tightest of all `times` limits.
    pub(crate) times: Option<i64>,
    /// The tightest of all `discount` limits.
    pub(crate) discount: Option<Money>,
}

impl Left {
    /// What is left, or the first limit that is used up: in the order earn, customer, promotion,
    /// code; times, transactions, discount (spec 7.2). `used` says how much of a limit is gone.
    pub(crate) fn of(limits: &Limits, used: impl Fn(LimitName) -> i64) -> Result<Self, LimitName> {
        let mut left = Self {
            times: limits.cart.times.map(i64::from),
            discount: limits.cart.discount,
        };
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

/// How much of a limit of this promotion is gone, for whom the request is about. `code` is the place of the presented
/// code that counts.
pub(crate) fn used(
    facts: &Facts<'_>,
    promotion: &Promotion,
    code: Option<usize>,
    name: LimitName,
) -> i64 {
    let code = code.and_then(|place| facts.codes.get(place)?.as_ref());
    facts
        .used
        .iter()
        .filter(|used| used.counter.promotion_id == promotion.id && used.counter.limit() == name)
        .filter(|used| match used.counter.owner {
            Owner::Code(own) => code.is_some_and(|code| code.code_id == own),
            Owner::Issuance(_) | Owner::Customer(_) | Owner::Everybody => true,
        })
        .map(|used| used.amount)
        .fold(0, i64::saturating_add)
}

/// Whether one of the limits that hold for each code by itself is used up for this one.
pub(crate) fn is_exhausted(facts: &Facts<'_>, promotion: &Promotion, code: usize) -> bool {
    let of_codes = promotion.terms.limits.counted();
    of_codes
        .filter(|limit| limit.name.subject == LimitSubject::Code)
        .any(|limit| used(facts, promotion, Some(code), limit.name) >= limit.maximum)
}

/// The counters that this cart depends on: those of the promotions that pass all other gates, and of the presented
/// codes. What [`Facts::used`] says plays no part.
pub fn counters(rules: &RuleSet, facts: &Facts<'_>) -> Vec<Bound> {
    if !rules.has_limits() {
        return Vec::new();
    }
    let facts = &Facts {
        used: &[],
        ..*facts
    };
    let case = Case::new(rules, facts);
    let codes = explain::read_codes(rules, facts);
    let mut bounds = Vec::new();
    for number in super::to_judge(&case, &codes) {
        let Some(compiled) = rules.promotions.get(number) else {
            continue;
        };
        if compiled.has_limits
            && gates::judge(
                compiled,
                rules,
                facts,
                case.store(),
                codes.unlocking(number),
            )
            .is_ok()
        {
            bounds.extend(own(compiled, rules, facts));
        }
    }
    for fact in facts.codes.iter().flatten() {
        let compiled = rules
            .index_of(fact.promotion_id)
            .and_then(|number| rules.promotions.get(number));
        if let Some(compiled) = compiled.filter(|compiled| compiled.has_limits) {
            let owner = Owner::Code(fact.code_id);
            let of_code = bounds_of(compiled, rules, facts.now, &owner);
            // One that is presented twice has the same counters.
            bounds.extend(
                of_code
                    .filter(|bound| !bounds.contains(bound))
                    .collect::<Vec<_>>(),
            );
        }
    }
    bounds
}

/// What an evaluation takes from the counters of the promotions that it applied.
pub fn uses(rules: &RuleSet, facts: &Facts<'_>, evaluation: &Evaluation) -> Vec<Use> {
    let of_promotion = |applied: &Applied| {
        let compiled = rules.promotions.get(applied.promotion)?;
        let code = applied
            .code
            .and_then(|place| facts.codes.get(place)?.as_ref())
            .map(|code| Owner::Code(code.code_id));
        let of_code: Option<Vec<Bound>> =
            code.map(|owner| bounds_of(compiled, rules, facts.now, &owner).collect());
        let amount = |bound: &Bound| match bound.counter.measure {
            Measure::Times => applied.times,
            Measure::Transactions => 1,
            Measure::Discount => applied.discount.scaled(),
        };
        let uses = own(compiled, rules, facts)
            .chain(of_code.unwrap_or_default())
            .map(|bound| Use {
                amount: amount(&bound),
                bound,
            })
            .filter(|own| own.amount > 0);
        Some(uses.collect::<Vec<_>>())
    };
    evaluation
        .applied
        .iter()
        .filter_map(of_promotion)
        .flatten()
        .collect()
}

/// The counters of everybody and of the request's customer.
fn own<'c>(
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

fn bounds_of<'c>(
    compiled: &'c Compiled,
    rules: &'c RuleSet,
    now: DateTime<Utc>,
    owner: &'c Owner,
) -> impl Iterator<Item = Bound> + 'c {
    let zone = rules.settings().timezone;
    let limits = compiled.promotion.terms.limits.counted();
    limits
        .filter(|limit| limit.name.subject == owner.subject())
        .map(move |limit| Bound {
            counter: CounterKey {
                promotion_id: compiled.promotion.id,
                owner: owner.clone(),
                measure: limit.name.measure,
                window: window::number(limit.refresh, compiled.starts_at, zone, now),
            },
            maximum: limit.maximum,
        })
}
