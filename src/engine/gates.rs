//! Gates: the tests before conditions. The first gate that fails is the reason (spec 7.2).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::cart::Request;
use crate::domain::counter::Used;
use crate::domain::customer::{Customer, Membership};
use crate::domain::evaluation::PromotionIndex;
use crate::domain::limit::CountedLimit;
use crate::domain::promotion::{
    Audience, Kind, Members, ProgramTest, Promotion, Scope, Status, Terms,
};
use crate::domain::reason::{ReachedLimit, Reason, ScopePart};
use crate::domain::store::Store;

use super::calendar;
use super::case::{Case, Inputs};
use super::compiled::Compiled;
use super::inputs::IssuanceFact;
use super::issuances::{self, InHand};
use super::limits::{self, Left, Presented};
use super::ruleset::RuleSet;

/// The steps that the gates of a promotion take if no list has to be searched.
const STEPS_A_PROMOTION: usize = 8;

/// The gates that look at the request and the rules alone, in the order of spec 7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Paused,
    NotStarted,
    Ended,
    OutsideSchedule,
    CurrencyMismatch,
    OutOfScope,
    NotInAudience,
    CustomerRequired,
    CodeNotPresented,
}

/// What is known of a promotion that passed the gates.
#[derive(Clone, Copy)]
pub(crate) struct Passed {
    /// What is left of its limits.
    pub(crate) left: Left,
    /// The index of the code that unlocked it.
    pub(crate) code: Option<usize>,
    /// The issuance that unlocked it.
    pub(crate) issuance: Option<InHand>,
}

impl Passed {
    /// A promotion of whose limits nothing is used up, without code or issuance.
    pub(crate) fn unused(compiled: &Compiled) -> Option<Self> {
        let left = Left::of(&compiled.promotion.terms.limits, |_| 0).ok()?;
        Some(Self { left, code: None, issuance: None })
    }
}

/// Judges the gates up to the issuance: those that look at the request and the rules alone.
pub(crate) fn admit(
    compiled: &Compiled,
    rules: &RuleSet,
    request: &Request<'_>,
    store: Option<&Store>,
    has_code: bool,
    now: DateTime<Utc>,
) -> Result<(), Gate> {
    let promotion = &compiled.promotion;
    let terms = &promotion.terms;
    let settings = rules.settings();
    let gate = |open: bool, gate: Gate| if open { Ok(()) } else { Err(gate) };
    gate(promotion.status == Status::Active, Gate::Paused)?;
    gate(compiled.starts_at <= now, Gate::NotStarted)?;
    gate(now < compiled.ends_at, Gate::Ended)?;
    let zone = zone(rules, store);
    let open = terms.schedule.as_ref().is_none_or(|own| calendar::is_open(own, zone, now));
    gate(open, Gate::OutsideSchedule)?;
    let own = terms.currency.unwrap_or(settings.currency);
    gate(own == request.cart.currency.unwrap_or(settings.currency), Gate::CurrencyMismatch)?;
    gate(in_scope(&terms.scope, store, request), Gate::OutOfScope)?;
    audience(promotion, request.customer.as_ref())?;
    let needs_customer = terms.activation_required
        || !terms.limits.customer.is_empty()
        || match terms.kind {
            Kind::Pos | Kind::CodeLinked => false,
            Kind::Loyalty | Kind::LoyaltyEarning { .. } | Kind::Rewards { .. } => true,
        };
    gate(
        !needs_customer || identified(request.customer.as_ref()).is_some(),
        Gate::CustomerRequired,
    )?;
    gate(!matches!(terms.kind, Kind::CodeLinked) || has_code, Gate::CodeNotPresented)
}

/// The time zone of a schedule that names none, and of what a shopper is told.
pub(crate) fn zone(rules: &RuleSet, store: Option<&Store>) -> Tz {
    store.and_then(|store| store.timezone).unwrap_or(rules.settings().timezone)
}

/// Judges the other gates of an admitted promotion: those that look at the customer's issuances and at counters.
pub(crate) fn judge(
    case: &Case<'_>,
    index: PromotionIndex,
    compiled: &Compiled,
) -> Result<Passed, Reason> {
    let Inputs { codes, issuances, used, now, .. } = case.inputs;
    let code = codes.unlocking(case.rules, index, used);
    let terms = &compiled.promotion.terms;
    let left = |presented| {
        left(compiled, presented, used).map_err(|(limit, used)| {
            let zone = case.rules.counting_zone();
            let refreshes_at = || limits::refreshes_at(limit, compiled, zone, now);
            let refreshes_at = case.shows(code.is_some()).then(refreshes_at).flatten();
            Reason::LimitReached(Box::new(ReachedLimit { limit, used, refreshes_at }))
        })
    };
    // If the code is used up, that is the reason, since the gate of the code comes before those of issuance and
    // activation.
    let code_id = code.map(|code| code.code_id);
    if code_id.is_some_and(|code| limits::is_exhausted(&compiled.promotion, code, used)) {
        left(Presented { code: code_id, issuance: None })?;
    }
    let issuance = issuances::choose(compiled, issuances, used, now);
    match lacks(terms, issuance) {
        None => {}
        Some(Lacks::Issuance) => {
            let expired_at = issuances::expired_at(compiled, issuances, now);
            return Err(Reason::NotIssued { expired_at });
        }
        Some(Lacks::Activation) => return Err(Reason::NotActivated),
    }
    let presented = Presented { code: code_id, issuance: issuance.map(|own| own.issuance_id) };
    Ok(Passed { left: left(presented)?, code: code.map(|code| code.place), issuance })
}

/// Judges the limits of a promotion whose codes, issuances and activations do not matter (spec 15.5). `None` if one is
/// used up.
pub(crate) fn judge_limits(
    compiled: &Compiled,
    issuances: &[IssuanceFact],
    used: &[Used],
    now: DateTime<Utc>,
) -> Option<Passed> {
    let issuance = issuances::choose(compiled, issuances, used, now);
    let presented = Presented { code: None, issuance: issuance.map(|own| own.issuance_id) };
    Some(Passed { left: left(compiled, presented, used).ok()?, code: None, issuance })
}

/// What is missing to unlock a promotion by an issuance.
pub(crate) enum Lacks {
    Issuance,
    Activation,
}

pub(crate) fn lacks(terms: &Terms, issuance: Option<InHand>) -> Option<Lacks> {
    if terms.needs_issuance() && issuance.is_none() {
        return Some(Lacks::Issuance);
    }
    let activated = issuance.is_some_and(|own| own.is_activated);
    (terms.activation_required && !activated).then_some(Lacks::Activation)
}

/// What is left of the limits, or the one that is used up and how much of it is gone.
fn left(
    compiled: &Compiled,
    presented: Presented,
    used: &[Used],
) -> Result<Left, (CountedLimit, i64)> {
    let limits = &compiled.promotion.terms.limits;
    if compiled.has_limits() {
        Left::of(limits, |name| limits::used(&compiled.promotion, presented, used, name))
    } else {
        Ok(Left::of_cart(limits))
    }
}

/// The most steps that it takes to admit a promotion. Scopes and groups are searched one by one.
pub(crate) fn steps(compiled: &Compiled, request: &Request<'_>) -> usize {
    let groups = match &request.customer {
        Some(customer) => compiled.promotion.terms.audience.groups.len() * customer.groups.len(),
        None => 0,
    };
    STEPS_A_PROMOTION + compiled.places + groups
}

/// The customer, if it has an id.
fn identified<'c>(customer: Option<&'c Customer<'c>>) -> Option<&'c Customer<'c>> {
    customer.filter(|customer| customer.id.is_some())
}

/// Whether each list that is not empty contains what the request has (spec 5.2).
pub(crate) fn in_scope(scope: &Scope, store: Option<&Store>, request: &Request<'_>) -> bool {
    outside(scope, store, request).is_none()
}

/// The first part of a scope that the request is not in.
pub(crate) fn outside(
    scope: &Scope,
    store: Option<&Store>,
    request: &Request<'_>,
) -> Option<ScopePart> {
    let channel = request.channel.as_deref();
    outside_store(scope, store)
        .or_else(|| (!has_channel(scope, channel)).then_some(ScopePart::Channel))
}

/// Whether a scope contains a store, its concept and one of its zones.
pub(crate) fn has_store(scope: &Scope, store: Option<&Store>) -> bool {
    outside_store(scope, store).is_none()
}

fn outside_store(scope: &Scope, store: Option<&Store>) -> Option<ScopePart> {
    let zones = store.map_or(&[][..], |store| &store.zones);
    if !allows(&scope.stores, store.map(|store| store.code.as_str())) {
        Some(ScopePart::Store)
    } else if !allows(&scope.concepts, store.and_then(|store| store.concept.as_deref())) {
        Some(ScopePart::Concept)
    } else if !scope.zones.is_empty() && !zones.iter().any(|zone| scope.zones.contains(zone)) {
        Some(ScopePart::Zone)
    } else {
        None
    }
}

/// Whether a scope contains a channel.
pub(crate) fn has_channel(scope: &Scope, channel: Option<&str>) -> bool {
    allows(&scope.channels, channel)
}

fn allows(list: &[String], own: Option<&str>) -> bool {
    list.is_empty() || own.is_some_and(|own| list.iter().any(|entry| entry == own))
}

/// A promotion of type `loyalty` needs a customer first, then a membership, whatever its audience. Then the audience
/// decides, as for all other types (spec 5.2).
fn audience(promotion: &Promotion, customer: Option<&Customer<'_>>) -> Result<(), Gate> {
    let customer = identified(customer);
    if matches!(promotion.terms.kind, Kind::Loyalty) {
        match customer {
            None => return Err(Gate::CustomerRequired),
            Some(customer) if customer.loyalty.is_empty() => {
                return Err(Gate::NotInAudience);
            }
            Some(_) => {}
        }
    }
    if in_audience(&promotion.terms.audience, customer) { Ok(()) } else { Err(Gate::NotInAudience) }
}

fn in_audience(audience: &Audience, customer: Option<&Customer<'_>>) -> bool {
    if !audience.is_segmented() {
        return true;
    }
    let Some(customer) = customer else {
        return false;
    };
    let member = match &audience.members {
        Members::All | Members::Identified => true,
        Members::Loyalty(programs) => {
            let passes = |test: &ProgramTest| customer.loyalty.iter().any(|own| fits(test, own));
            !customer.loyalty.is_empty() && (programs.is_empty() || programs.iter().any(passes))
        }
    };
    let grouped = audience.groups.is_empty()
        || customer.groups.iter().any(|own| audience.groups.iter().any(|group| group == own));
    member && grouped
}

fn fits(test: &ProgramTest, own: &Membership<'_>) -> bool {
    let tier = own.tier.as_deref();
    own.program == test.program
        && (test.tiers.is_empty()
            || tier.is_some_and(|own| test.tiers.iter().any(|tier| tier == own)))
        && (test.supplementary.is_empty()
            || own.supplementary.iter().any(|own| test.supplementary.iter().any(|one| one == own)))
}
