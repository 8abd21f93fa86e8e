//! Gates: the tests before conditions. The first gate that fails is the reason (spec 7.2).

use chrono::{DateTime, Utc};

use crate::domain::cart::Request;
use crate::domain::customer::{Customer, Membership};
use crate::domain::evaluation::{PromotionIndex, Reason, ReasonCode};
use crate::domain::promotion::{Audience, Kind, Members, ProgramTest, Promotion, Scope, Status};
use crate::domain::store::Store;

use super::calendar;
use super::case::{Case, Inputs};
use super::compiled::Compiled;
use super::issuances::{self, InHand};
use super::limits::{self, Left, Presented};
use super::ruleset::RuleSet;

/// The steps that the gates of a promotion take if no list has to be searched.
const STEPS_A_PROMOTION: usize = 8;

/// What is known of a promotion that passed the gates.
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
    pub(crate) fn unused(compiled: &Compiled) -> Self {
        let left = Left::of_cart(&compiled.promotion.terms.limits);
        Self { left, code: None, issuance: None }
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
) -> Result<(), ReasonCode> {
    use ReasonCode::{
        CodeNotPresented, CurrencyMismatch, CustomerRequired, Ended, NotStarted, OutOfScope,
        OutsideSchedule, Paused,
    };
    let promotion = &compiled.promotion;
    let terms = &promotion.terms;
    let settings = rules.settings();
    let gate = |open: bool, reason: ReasonCode| if open { Ok(()) } else { Err(reason) };
    gate(promotion.status == Status::Active, Paused)?;
    gate(compiled.starts_at <= now, NotStarted)?;
    gate(now < compiled.ends_at, Ended)?;
    let zone = store.and_then(|store| store.timezone).unwrap_or(settings.timezone);
    let open = terms.schedule.as_ref().is_none_or(|own| calendar::is_open(own, zone, now));
    gate(open, OutsideSchedule)?;
    let own = terms.currency.unwrap_or(settings.currency);
    gate(own == request.cart.currency.unwrap_or(settings.currency), CurrencyMismatch)?;
    gate(in_scope(&terms.scope, store, request), OutOfScope)?;
    audience(promotion, request.customer.as_ref())?;
    let needs_customer = terms.activation_required
        || !terms.limits.customer.is_empty()
        || match terms.kind {
            Kind::Pos | Kind::CodeLinked => false,
            Kind::Loyalty | Kind::LoyaltyEarning { .. } | Kind::Rewards { .. } => true,
        };
    gate(!needs_customer || identified(request.customer.as_ref()).is_some(), CustomerRequired)?;
    gate(!matches!(terms.kind, Kind::CodeLinked) || has_code, CodeNotPresented)
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
        let used = |name| limits::used(&compiled.promotion, presented, used, name);
        Left::of(&terms.limits, used).map_err(Reason::LimitReached)
    };
    // If the code is used up, that is the reason, since the gate of the code comes before those of issuance and
    // activation.
    let code_id = code.map(|code| code.code_id);
    if code_id.is_some_and(|code| limits::is_exhausted(&compiled.promotion, code, used)) {
        left(Presented { code: code_id, issuance: None })?;
    }
    let issuance = issuances::choose(compiled, issuances, used, now);
    if terms.needs_issuance() && issuance.is_none() {
        return Err(Reason::Plain(ReasonCode::NotIssued));
    }
    if terms.activation_required && !issuance.is_some_and(|own| own.is_activated) {
        return Err(Reason::Plain(ReasonCode::NotActivated));
    }
    let presented = Presented { code: code_id, issuance: issuance.map(|own| own.issuance_id) };
    let left = if compiled.has_limits() { left(presented)? } else { Left::of_cart(&terms.limits) };
    Ok(Passed { left, code: code.map(|code| code.place), issuance })
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
    let allows = |list: &[String], own: Option<&str>| {
        list.is_empty() || own.is_some_and(|own| list.iter().any(|entry| entry == own))
    };
    let zones = store.map_or(&[][..], |store| &store.zones);
    allows(&scope.stores, store.map(|store| store.code.as_str()))
        && allows(&scope.concepts, store.and_then(|store| store.concept.as_deref()))
        && (scope.zones.is_empty() || zones.iter().any(|zone| scope.zones.contains(zone)))
        && allows(&scope.channels, request.channel.as_deref())
}

/// A promotion of type `loyalty` needs a customer first, then a membership, whatever its audience. Then the audience
/// decides, as for all other types (spec 5.2).
fn audience(promotion: &Promotion, customer: Option<&Customer<'_>>) -> Result<(), ReasonCode> {
    let customer = identified(customer);
    if matches!(promotion.terms.kind, Kind::Loyalty) {
        match customer {
            None => return Err(ReasonCode::CustomerRequired),
            Some(customer) if customer.loyalty.is_empty() => {
                return Err(ReasonCode::NotInAudience);
            }
            Some(_) => {}
        }
    }
    if in_audience(&promotion.terms.audience, customer) {
        Ok(())
    } else {
        Err(ReasonCode::NotInAudience)
    }
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
