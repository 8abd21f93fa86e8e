//! Why a promotion did not apply, in one English sentence for a shopper (spec 15.8): one match over reasons and facts.

use chrono::{DateTime, Utc};

use super::context::Context;
use crate::domain::amount::Money;
use crate::domain::evaluation::{CodeVerdict, NotApplied};
use crate::domain::limit::{LimitSubject, Measure};
use crate::domain::promotion::{Audience, Members, ProgramTest};
use crate::domain::reason::{
    Opening, Outside, PromotionIndex, ReachedLimit, Reason, ScopePart, Values,
};

mod conditions;
mod items;
mod words;

use words::{Clock, and, capital, or};

/// Why a promotion did not apply.
pub(super) fn of(own: &NotApplied, context: &Context<'_>) -> String {
    let clock = Clock { zone: context.zone(), now: context.now };
    let name = |by: &PromotionIndex| format!("“{}”", context.promotion(*by).terms.name);
    match &own.reason {
        Reason::Paused => "This offer is paused".to_owned(),
        Reason::NotStarted { starts_at } => format!("Starts {}", clock.moment(starts_at.to_utc())),
        Reason::Ended { ended_at } => format!("Ended {}", clock.end(ended_at.to_utc())),
        Reason::OutsideSchedule(next) => schedule(next.as_ref(), &clock),
        Reason::CurrencyMismatch(currency) => format!("Only for prices in {currency}"),
        Reason::OutOfScope(own) => scope(own),
        Reason::NotInAudience(own) => audience(own),
        Reason::CustomerRequired => ONLY_IDENTIFIED.to_owned(),
        Reason::CodeNotPresented => "Only with a valid code".to_owned(),
        Reason::NotIssued { expired_at: Some(at) } => format!("Yours expired {}", clock.end(*at)),
        Reason::NotIssued { expired_at: None } => {
            "Only for customers who have received it".to_owned()
        }
        Reason::NotActivated => "Activate it first".to_owned(),
        Reason::LimitReached(own) => limit(own, &clock, context.precision),
        Reason::ConditionsNotMet(unmet) => {
            let promotion = context.promotion(own.promotion);
            let missing = conditions::missing(&promotion.terms, unmet, context.precision);
            missing.map_or_else(|| "This cart is excluded".to_owned(), |own| capital(&own))
        }
        Reason::NoEligibleItems(Some(wanted)) => {
            format!("Discounts items{}; the cart has too few of them", items::which(wanted, true))
        }
        Reason::NoEligibleItems(None) => "The cart has too few items for it".to_owned(),
        Reason::UnitsTaken(by) => format!("{} already discounts the items", name(by)),
        Reason::Incompatible(by) => format!("Does not go together with {}", name(by)),
        Reason::NoBenefit { floor: true } => "The items cannot be sold for less".to_owned(),
        Reason::NoBenefit { floor: false } => "It would take nothing off this cart".to_owned(),
        Reason::AnotherCartPromotionApplied(by) => {
            format!("Only one offer on the whole cart is possible, and {} applies", name(by))
        }
        Reason::CartPromotionAppliedFirst(by) => {
            format!("{} has already lowered the price of the cart", name(by))
        }
        Reason::ExclusiveApplied(by) => format!("{} applies alone", name(by)),
        Reason::ExclusivePassedOver => "It applies alone, and another offer went first".to_owned(),
        Reason::StoppedByEarlier(by) => format!("{} allows no further offer", name(by)),
        Reason::BetterDealTaken | Reason::OutdoneBy(_) => {
            "You save at least as much with what applies".to_owned()
        }
    }
}

/// Why a code did not apply; `None`: it did.
pub(super) fn of_code(verdict: &CodeVerdict, context: &Context<'_>) -> Option<String> {
    let says = match verdict {
        CodeVerdict::Applied => return None,
        CodeVerdict::NotApplied(own) => return Some(of(own, context)),
        CodeVerdict::AlreadyUnlocked => "Another code has unlocked this offer",
        CodeVerdict::OfAnotherCustomer => "This code belongs to another customer",
        CodeVerdict::Unknown => "This code is not known",
        CodeVerdict::Expired => "This code has expired",
        CodeVerdict::Exhausted => "This code is used up",
        CodeVerdict::Duplicate => "This code has been entered twice",
    };
    Some(says.to_owned())
}

const ONLY_IDENTIFIED: &str = "Only for customers who identify themselves";

fn schedule(next: Option<&Opening>, clock: &Clock) -> String {
    let Some(next) = next else {
        return "Does not open again".to_owned();
    };
    let opens = format!("opens again {}", clock.moment(next.opens_at));
    match next.closes_at.and_then(|closes_at| clock.hours(next.opens_at, closes_at)) {
        Some(hours) => format!("{hours}; {opens}"),
        None => capital(&opens),
    }
}

fn scope(own: &Outside) -> String {
    let Values { first, has_more } = &own.wanted;
    let (where_, one, several) = match own.failed {
        ScopePart::Store => ("in the", "store", "stores"),
        ScopePart::Concept => ("in stores of the", "concept", "concepts"),
        ScopePart::Zone => ("in the", "zone", "zones"),
        ScopePart::Channel => ("through the", "channel", "channels"),
    };
    let noun = if first.len() == 1 { one } else { several };
    format!("Only {where_} {noun} {}", and(first, *has_more))
}

fn audience(audience: &Audience) -> String {
    let groups = match audience.groups.as_slice() {
        [] => None,
        [only] => Some(format!("the group {only}")),
        several => Some(format!("one of the groups {}", or(several, false))),
    };
    let members = match &audience.members {
        Members::All | Members::Identified => None,
        Members::Loyalty(programs) if programs.is_empty() => {
            Some("members of a loyalty programme".to_owned())
        }
        Members::Loyalty(programs) => {
            let programs: Vec<String> = programs.iter().map(members_of).collect();
            Some(or(&programs, false))
        }
    };
    match (members, groups) {
        (None, None) => ONLY_IDENTIFIED.to_owned(),
        (None, Some(groups)) => format!("Only for customers in {groups}"),
        (Some(members), None) => format!("Only for {members}"),
        (Some(members), Some(groups)) => format!("Only for {members} who are in {groups}"),
    }
}

/// As “gold or silver members of main with prime”.
fn members_of(own: &ProgramTest) -> String {
    let members = match own.tiers.as_slice() {
        [] => format!("members of {}", own.program),
        tiers => format!("{} members of {}", or(tiers, false), own.program),
    };
    match own.supplementary.as_slice() {
        [] => members,
        several => format!("{members} with {}", or(several, false)),
    }
}

fn limit(own: &ReachedLimit, clock: &Clock, precision: u32) -> String {
    let ReachedLimit { limit, used, refreshes_at } = own;
    let maximum = limit.maximum;
    let by = match limit.name.subject {
        LimitSubject::Earn => "You have used yours",
        LimitSubject::Customer => "You have used it",
        LimitSubject::Promotion => "It has been used",
        LimitSubject::Code => "The code has been used",
    };
    let says = match limit.name.measure {
        Measure::Times if maximum == 1 => format!("{by} already"),
        Measure::Times => format!("{by} {used} of {maximum} times"),
        Measure::Transactions if maximum == 1 => format!("{by} in a purchase already"),
        Measure::Transactions => format!("{by} in {used} of {maximum} purchases"),
        Measure::Discount => {
            let amount = |scaled| Money::from_scaled(scaled).print(precision);
            let of = match limit.name.subject {
                LimitSubject::Earn => "Yours has given you",
                LimitSubject::Customer => "It has given you",
                LimitSubject::Promotion => "It has given",
                LimitSubject::Code => "The code has given",
            };
            format!("{of} {} of {}", amount(*used), amount(maximum))
        }
    };
    let again = |at: DateTime<Utc>| format!("{says}; again from {}", clock.day(at));
    refreshes_at.map_or_else(|| says.clone(), again)
}
