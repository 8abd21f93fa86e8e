//! What is left of a promotion's limits, and which counters they use (spec 7.2, 7.3, 9).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::amount::Money;
use crate::domain::counter::{Bound, CounterKey, Owner, Used};
use crate::domain::id::{CodeId, IssuanceId};
use crate::domain::limit::{CountedLimit, LimitName, LimitSubject, Limits, Measure};
use crate::domain::promotion::Promotion;
use crate::domain::window;

use super::compiled::Compiled;

/// What is left of the limits of one promotion for one cart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// What the tightest `times` limit leaves.
    pub(crate) times: Option<i64>,
    /// What the tightest `discount` limit leaves.
    pub(crate) discount: Option<Money>,
}

impl Left {
    /// The limits for one cart, before any counter is looked at.
    pub(crate) fn of_cart(limits: &Limits) -> Self {
        Self { times: limits.cart.times.map(i64::from), discount: limits.cart.discount }
    }

    /// What is left, or the first limit that is used up and how much of it is gone. Limits are ordered by subject (earn, customer, promotion,
    /// code), then by measure (times, transactions, discount) (spec 7.2). `used` says how much of a limit is gone.
    pub(crate) fn of(
        limits: &Limits,
        used: impl Fn(LimitName) -> i64,
    ) -> Result<Self, (CountedLimit, i64)> {
        let mut left = Self::of_cart(limits);
        for limit in limits.counted() {
            let CountedLimit { name, maximum, .. } = limit;
            let used = used(name);
            let rest = maximum.saturating_sub(used);
            if rest <= 0 {
                return Err((limit, used));
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

/// The code and the issuance whose limits count, besides the customer's and everybody's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presented {
    pub(crate) code: Option<CodeId>,
    pub(crate) issuance: Option<IssuanceId>,
}

/// How much of a limit of this promotion is gone. `used` has counters of the request's customer only; `presented`
/// selects those of codes and issuances.
pub(crate) fn used(
    promotion: &Promotion,
    presented: Presented,
    used: &[Used],
    name: LimitName,
) -> i64 {
    used.iter()
        .filter(|used| used.counter.promotion_id == promotion.id && used.counter.limit() == name)
        .filter(|used| match used.counter.owner {
            Owner::Code(own) => presented.code == Some(own),
            Owner::Issuance(own) => presented.issuance == Some(own),
            Owner::Customer(_) | Owner::Everybody => true,
        })
        .map(|used| used.amount)
        .fold(0, i64::saturating_add)
}

/// When the count of a limit starts anew. `None`: not before the promotion ends.
pub(crate) fn refreshes_at(
    limit: CountedLimit,
    compiled: &Compiled,
    zone: Tz,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let (refresh, starts_at) = compiled.counts(limit)?;
    let number = window::number(refresh, starts_at, zone, now);
    let end = window::end(refresh?, starts_at, zone, number)?;
    (end < compiled.ends_at).then_some(end)
}

/// The limits that each issuance has for itself.
pub(crate) fn of_issuances(limits: &Limits) -> impl Iterator<Item = CountedLimit> {
    let counted = limits.counted();
    counted.filter(|limit| limit.name.subject == LimitSubject::Earn)
}

/// Whether this code has used up one of the limits that each code has for itself.
pub(crate) fn is_exhausted(promotion: &Promotion, code: CodeId, gone: &[Used]) -> bool {
    let presented = Presented { code: Some(code), issuance: None };
    let of_codes = promotion.terms.limits.counted();
    of_codes
        .filter(|limit| limit.name.subject == LimitSubject::Code)
        .any(|limit| used(promotion, presented, gone, limit.name) >= limit.maximum)
}

/// The owners whose counters all carts of this customer share: the customer, and everybody.
pub(crate) fn shared_owners(customer: Option<&str>) -> impl Iterator<Item = Owner> + use<> {
    let customer = customer.map(|id| Owner::Customer(id.to_owned()));
    customer.into_iter().chain([Owner::Everybody])
}

/// The counters of a promotion that these owners have.
pub(crate) fn bounds<'c>(
    compiled: &'c Compiled,
    zone: Tz,
    now: DateTime<Utc>,
    owners: impl Iterator<Item = Owner> + 'c,
) -> impl Iterator<Item = Bound> + 'c {
    owners.flat_map(move |owner| {
        let limits = compiled.promotion.terms.limits.counted();
        let subject = owner.subject();
        limits.filter(move |limit| limit.name.subject == subject).filter_map(move |limit| {
            let (refresh, starts_at) = compiled.counts(limit)?;
            let counter = CounterKey {
                promotion_id: compiled.promotion.id,
                owner: owner.clone(),
                measure: limit.name.measure,
                window: window::number(refresh, starts_at, zone, now),
            };
            Some(Bound { counter, maximum: limit.maximum })
        })
    })
}
