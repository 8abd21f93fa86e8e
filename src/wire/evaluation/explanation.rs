//! Why a promotion did not apply, in one English sentence for a shopper (spec 15.8): one match over reasons and facts.

use chrono::{DateTime, Utc};

use super::context::Context;
use crate::domain::amount::Money;
use crate::domain::benefit::{Benefit, CartBenefit, CartKind};
use crate::domain::evaluation::{CodeVerdict, NotApplied};
use crate::domain::limit::{LimitSubject, Measure};
use crate::domain::promotion::{Kind, Members, ProgramTest, Terms};
use crate::domain::reason::{
    MAX_VALUES, Opening, Outside, PromotionIndex, ReachedLimit, Reason, ScopePart, Values, Wanted,
};

mod conditions;
mod items;
mod words;

pub(super) use conditions::payment;
pub(super) use items::spaced;
use words::{Clock, and, one_of};
pub(super) use words::{capital, or};

/// Why a promotion did not apply.
pub(super) fn of(own: &NotApplied, context: &Context<'_>) -> String {
    let clock = Clock { zone: context.zone(), now: context.now };
    let name = |by: &PromotionIndex| format!("“{}”", context.promotion(*by).terms.name);
    let terms = &context.promotion(own.promotion).terms;
    match &own.reason {
        Reason::Paused => "This offer is paused".to_owned(),
        Reason::NotStarted { starts_at } => format!("Starts {}", clock.moment(starts_at.to_utc())),
        Reason::Ended { ended_at } => format!("Ended {}", clock.end(ended_at.to_utc())),
        Reason::OutsideSchedule(next) => schedule(next.as_ref(), &clock),
        Reason::CurrencyMismatch(currency) => format!("Only for prices in {currency}"),
        Reason::OutOfScope(own) => scope(own),
        Reason::NotInAudience(_) => audience(terms),
        Reason::CustomerRequired => ONLY_IDENTIFIED.to_owned(),
        Reason::CodeNotPresented => "Only with a valid code".to_owned(),
        Reason::NotIssued { expired_at: Some(at) } => format!("Yours expired {}", clock.end(*at)),
        Reason::NotIssued { expired_at: None } => not_issued(&terms.kind).to_owned(),
        Reason::NotActivated => "Activate it first".to_owned(),
        Reason::LimitReached(own) => limit(own, &clock, context.precision),
        Reason::ConditionsNotMet(unmet) => {
            let missing = conditions::missing(terms, unmet, context.precision);
            missing.map_or_else(|| "This cart is excluded".to_owned(), |own| capital(&own))
        }
        Reason::NoEligibleItems(wanted) => no_items(&terms.benefit, wanted.as_deref()),
        Reason::UnitsTaken(by) => format!("{} already discounts the items", name(by)),
        Reason::Incompatible(by) => format!("Does not go together with {}", name(by)),
        Reason::NoBenefit { floor: true } => "The items cannot be sold for less".to_owned(),
        Reason::NoBenefit { floor: false } => no_benefit(&terms.benefit).to_owned(),
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

/// The facts have the first values of each list. The promotion itself tells whether there are more.
fn audience(terms: &Terms) -> String {
    let audience = &terms.audience;
    let groups = match audience.groups.as_slice() {
        [] => None,
        [only] => Some(format!("the group {only}")),
        several => Some(format!("one of the groups {}", one_of(several))),
    };
    let of_any = || Some("members of a loyalty programme".to_owned());
    let members = match &audience.members {
        Members::Loyalty(programs) if programs.is_empty() => of_any(),
        Members::Loyalty(programs) => {
            let more = (programs.len() > MAX_VALUES).then(|| "members of another".to_owned());
            let programs = programs.iter().take(MAX_VALUES).map(members_of).chain(more);
            Some(or(&programs.collect::<Vec<_>>(), false))
        }
        Members::All | Members::Identified if matches!(terms.kind, Kind::Loyalty) => of_any(),
        Members::All | Members::Identified => None,
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
    let program = &own.program;
    let members = match own.tiers.as_slice() {
        [] => format!("members of {program}"),
        tiers if tiers.len() > MAX_VALUES => {
            format!("members of {program} in one of the tiers {}", one_of(tiers))
        }
        tiers => format!("{} members of {program}", one_of(tiers)),
    };
    match own.supplementary.as_slice() {
        [] => members,
        several => format!("{members} with {}", one_of(several)),
    }
}

const fn not_issued(kind: &Kind) -> &'static str {
    match kind {
        Kind::LoyaltyEarning { .. } => "Only for customers who have earned it",
        Kind::Pos | Kind::Loyalty | Kind::Rewards { .. } | Kind::CodeLinked => {
            "Only for customers who have received it"
        }
    }
}

fn no_items(benefit: &Benefit, wanted: Option<&Wanted>) -> String {
    let gives = match benefit {
        Benefit::Shipping(_) => return "Discounts shipping; this cart is not shipped".to_owned(),
        Benefit::Cart(CartBenefit { kind: CartKind::AwardPoints(_), .. }) => "Gives points for",
        Benefit::Items(_) | Benefit::FreeProduct(_) | Benefit::Cart(_) => "Discounts",
    };
    match wanted {
        Some(wanted) => {
            let items = items::which(wanted, true);
            format!("{gives} items{items}; the cart has too few of them")
        }
        None => "The cart has too few items for it".to_owned(),
    }
}

const fn no_benefit(benefit: &Benefit) -> &'static str {
    match benefit {
        Benefit::Cart(CartBenefit { kind: CartKind::AwardPoints(_), .. }) => {
            "It would give no points for this cart"
        }
        Benefit::FreeProduct(_) => "It would give nothing free with this cart",
        Benefit::Shipping(_) => "It would take nothing off the shipping",
        Benefit::Items(_) | Benefit::Cart(_) => "It would take nothing off this cart",
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
            let saved = || format!("You have saved {} of {}", amount(*used), amount(maximum));
            match limit.name.subject {
                LimitSubject::Earn => format!("{} with yours", saved()),
                LimitSubject::Customer => format!("{} with it", saved()),
                LimitSubject::Promotion => format!("Its budget of {} is used up", amount(maximum)),
                LimitSubject::Code => {
                    format!("The budget of the code, {}, is used up", amount(maximum))
                }
            }
        }
    };
    let again = |at: DateTime<Utc>| format!("{says}; again from {}", clock.day(at));
    refreshes_at.map_or_else(|| says.clone(), again)
}
