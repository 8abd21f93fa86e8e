//! What a customer has, without a cart (spec 15.6). It judges status, dates, schedule, issuance, activation, limits, and
//! the scope as far as the place is known. The caller judges audience and conditions.

use chrono::{DateTime, Utc};

use crate::domain::counter::{Bound, Owner, Used};
use crate::domain::evaluation::PromotionIndex;
use crate::domain::id::{CodeId, IssuanceId, PromotionId};
use crate::domain::issuance::OfferStatus;
use crate::domain::limit::{CountedLimit, LimitSubject};
use crate::domain::promotion::Status;
use crate::domain::store::Store;

use super::compiled::Compiled;
use super::gates::{has_channel, has_store};
use super::inputs::IssuanceFact;
use super::prepared::Needs;
use super::ruleset::RuleSet;
use super::{calendar, issuances, limits};

/// Who asks, where and when.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    pub customer: &'a str,
    /// `None`: stores, concepts and zones are not judged.
    pub store: Option<&'a Store>,
    /// `None`: channels are not judged.
    pub channel: Option<&'a str>,
    pub now: DateTime<Utc>,
}

/// What is known of the customer.
#[derive(Clone, Copy, Debug)]
pub struct InHands<'a> {
    pub issuances: &'a [IssuanceFact],
    /// Open promotions that the customer has claimed, even if the claim was revoked.
    pub claimed: &'a [PromotionId],
    /// The counters of the customer, of everybody and of the issuances.
    pub used: &'a [Used],
}

/// A promotion that a customer has.
#[derive(Clone, Debug)]
pub struct Usable {
    /// Its index in the rule set.
    pub promotion: PromotionIndex,
    /// The issuance that makes it usable, or waits for its activation; `None`: there is none.
    pub issuance: Option<IssuanceId>,
    pub status: OfferStatus,
    /// When its schedule opens; `None`: it is open.
    pub opens_at: Option<DateTime<Utc>>,
    /// Its limits with counters, and what is left of each; `None` where each code has its own counter.
    pub left: Vec<(CountedLimit, Option<i64>)>,
}

/// What has to be looked up before [`usable`] can be called.
pub fn usable_needs(rules: &RuleSet, asking: &Asking<'_>) -> Needs {
    let mut needs = Needs::default();
    let zone = rules.counting_zone();
    for (_, compiled) in live(rules, *asking) {
        let owners = limits::shared_owners(Some(asking.customer));
        needs.counters.extend(limits::bounds(compiled, zone, asking.now, owners));
        if compiled.promotion.terms.asks_for_issuance() {
            needs.issuances.push(compiled.promotion.id);
        }
    }
    needs
}

/// The promotions that the customer has, in order of creation. Each comes with the newest of its issuances that is
/// usable, else with the newest that waits for its activation.
pub fn usable(rules: &RuleSet, asking: &Asking<'_>, in_hands: &InHands<'_>) -> Vec<Usable> {
    let mut usable = Vec::new();
    for (promotion, compiled) in live(rules, *asking) {
        let ways = ways(compiled, asking, in_hands);
        let mut offers = ways.into_iter().filter_map(|way| {
            let opens_at = opening(rules, compiled, asking, way.until)?;
            let status = match opens_at {
                _ if way.waits => OfferStatus::Claimable,
                None => OfferStatus::Usable,
                Some(_) => OfferStatus::Later,
            };
            let left = left(rules, compiled, asking, way.issuance, in_hands.used)?;
            Some(Usable { promotion, issuance: way.issuance, status, opens_at, left })
        });
        usable.extend(offers.next());
    }
    usable
}

/// Which of a customer's codes of these promotions are used up follows from these counters.
pub fn code_counters(
    rules: &RuleSet,
    codes: impl Iterator<Item = (PromotionId, CodeId)>,
    now: DateTime<Utc>,
) -> Vec<Bound> {
    let zone = rules.counting_zone();
    let bounds = codes.filter_map(|(promotion, code)| {
        let compiled = rules.compiled(rules.index_of(promotion)?);
        Some(limits::bounds(compiled, zone, now, [Owner::Code(code)].into_iter()))
    });
    bounds.flatten().collect()
}

/// One way in which a customer could use a promotion.
struct Way {
    issuance: Option<IssuanceId>,
    /// Whether it has to be activated first.
    waits: bool,
    until: DateTime<Utc>,
}

/// The ways to use a promotion, the best one first: what needs no activation, then the newest.
fn ways(compiled: &Compiled, asking: &Asking<'_>, in_hands: &InHands<'_>) -> Vec<Way> {
    let terms = &compiled.promotion.terms;
    let open = |waits| vec![Way { issuance: None, waits, until: compiled.ends_at }];
    if !terms.asks_for_issuance() {
        return open(false);
    }
    let own = issuances::of_promotion(compiled, in_hands.issuances, asking.now);
    let mut own: Vec<&IssuanceFact> = own.collect();
    let is_claimed = in_hands.claimed.contains(&compiled.promotion.id);
    if own.is_empty() && !terms.needs_issuance() && !is_claimed {
        return open(true);
    }
    let waits = |own: &IssuanceFact| terms.activation_required && !own.is_activated;
    own.sort_by_key(|own| (!waits(own), own.unlocked_at, own.issuance_id));
    let way = |own: &IssuanceFact| Way {
        issuance: Some(own.issuance_id),
        waits: waits(own),
        until: own.use_until.map_or(compiled.ends_at, |end| end.min(compiled.ends_at)),
    };
    own.into_iter().rev().map(way).collect()
}

/// When the schedule opens: `Some(None)` if it is open, `None` if it does not open before `until`.
fn opening(
    rules: &RuleSet,
    compiled: &Compiled,
    asking: &Asking<'_>,
    until: DateTime<Utc>,
) -> Option<Option<DateTime<Utc>>> {
    let Some(schedule) = &compiled.promotion.terms.schedule else { return Some(None) };
    let zone = asking.store.and_then(|store| store.timezone).unwrap_or(rules.settings().timezone);
    if calendar::is_open(schedule, zone, asking.now) {
        return Some(None);
    }
    calendar::opens_at(schedule, zone, asking.now, until).map(Some)
}

fn live<'r>(
    rules: &'r RuleSet,
    asking: Asking<'r>,
) -> impl Iterator<Item = (PromotionIndex, &'r Compiled)> {
    let is_live = move |own: &Compiled| {
        let scope = &own.promotion.terms.scope;
        own.promotion.status == Status::Active
            && own.is_current(asking.now)
            && (asking.store.is_none() || has_store(scope, asking.store))
            && (asking.channel.is_none() || has_channel(scope, asking.channel))
    };
    rules.indexed().filter(move |(_, own)| is_live(own))
}

/// What is left of each limit; `None` if one is used up.
fn left(
    rules: &RuleSet,
    compiled: &Compiled,
    asking: &Asking<'_>,
    issuance: Option<IssuanceId>,
    used: &[Used],
) -> Option<Vec<(CountedLimit, Option<i64>)>> {
    let owners = limits::shared_owners(Some(asking.customer)).chain(issuance.map(Owner::Issuance));
    let bounds = limits::bounds(compiled, rules.counting_zone(), asking.now, owners);
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
