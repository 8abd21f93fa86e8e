//! `unreachable`: another promotion always goes before, and lets nothing follow.

use std::cmp::Ordering;

use super::about::{About, other};
use crate::domain::benefit::{Benefit, From, ItemKind, Level, ShippingKind};
use crate::domain::finding::{Concern, Finding};
use crate::domain::promotion::{Audience, Kind, Members, Promotion, Scope, Terms};
use crate::domain::selector::Selector;
use crate::domain::settings::{EvaluationOrder, RankingCriterion, Settings, Strategy};
use crate::engine::ranking::{Dated, compare_dated};

/// The first promotion that applies to every cart to which this one could, before it, and lets nothing follow.
pub(super) fn unreachable(about: &About<'_>, others: &[&Promotion]) -> Option<Finding> {
    let own = about.promotion;
    if about.settings.strategy != Strategy::Ranked {
        return None;
    }
    let stops = |candidate: &&&Promotion| {
        lets_nothing_follow(candidate, own, about.settings)
            && always_applies(&candidate.terms, &own.terms, about.settings)
    };
    let first = others.iter().find(stops)?;
    Some(Finding { pointer: String::new(), concern: Concern::Unreachable(other(first)) })
}

/// Whether one goes before the other and keeps it from applying.
fn lets_nothing_follow(one: &Promotion, other: &Promotion, settings: &Settings) -> bool {
    let ranks_before = || ranks_before(one, other, settings);
    if one.terms.stacking.exclusive {
        return ranks_before();
    }
    let is_item_level = |own: &Promotion| own.terms.benefit.level() == Level::Item;
    !one.terms.stacking.allow_further
        && match (is_item_level(one), is_item_level(other)) {
            (true, true) | (false, false) => ranks_before(),
            (true, false) => settings.evaluation_order == EvaluationOrder::ItemsThenCart,
            (false, true) => settings.evaluation_order == EvaluationOrder::CartFirst,
        }
}

/// Whether one ranks before the other on every cart.
fn ranks_before(one: &Promotion, other: &Promotion, settings: &Settings) -> bool {
    // What depends on the cart or the customer, and what comes after it, decides nothing here.
    let is_fixed = |criterion: &&RankingCriterion| match criterion {
        RankingCriterion::MaximumDiscount => false,
        RankingCriterion::EarliestExpiry => !other.terms.needs_issuance(),
        RankingCriterion::Exclusive
        | RankingCriterion::Sequence
        | RankingCriterion::Segmented
        | RankingCriterion::Pos
        | RankingCriterion::Loyalty
        | RankingCriterion::LoyaltyEarning
        | RankingCriterion::Rewards
        | RankingCriterion::CodeLinked => true,
    };
    let fixed: Vec<RankingCriterion> =
        settings.ranking.iter().take_while(is_fixed).copied().collect();
    let dated = |promotion| Dated { promotion, expires_at: promotion.terms.ends_at.to_utc() };
    let order = compare_dated(&fixed, dated(one), dated(other), Default::default);
    order.then_with(|| {
        if fixed.len() == settings.ranking.len() {
            (one.created_at, one.id).cmp(&(other.created_at, other.id))
        } else {
            Ordering::Equal
        }
    }) == Ordering::Less
}

/// Whether a promotion applies wherever another one could.
fn always_applies(one: &Terms, other: &Terms, settings: &Settings) -> bool {
    let has_same_conditions = (&one.conditions, &one.steps) == (&other.conditions, &other.steps)
        || one.steps.is_none() && (one.conditions.is_none() || one.conditions == other.conditions);
    let currency = |terms: &Terms| terms.currency.unwrap_or(settings.currency);
    comes_by_itself(one, other)
        && one.starts_at <= other.starts_at
        && other.ends_at <= one.ends_at
        && (one.schedule.is_none() || one.schedule == other.schedule)
        && currency(one) == currency(other)
        && lets_in_all(&one.scope, &other.scope)
        && admits_all(&one.audience, &other.audience)
        && has_same_conditions
        && finds_units(&one.benefit, &other.benefit)
}

/// Whether a promotion comes without a code, an issuance or a claim, and never runs out.
fn comes_by_itself(one: &Terms, other: &Terms) -> bool {
    let is_automatic = match one.kind {
        Kind::Pos => true,
        Kind::Loyalty => matches!(other.kind, Kind::Loyalty),
        Kind::LoyaltyEarning { .. } | Kind::Rewards { .. } | Kind::CodeLinked => false,
    };
    is_automatic && !one.asks_for_issuance() && one.limits.counted().next().is_none()
}

fn lets_in_all(one: &Scope, other: &Scope) -> bool {
    let all = |one: &[String], other: &[String]| {
        one.is_empty() || !other.is_empty() && other.iter().all(|name| one.contains(name))
    };
    all(&one.stores, &other.stores)
        && all(&one.concepts, &other.concepts)
        && all(&one.zones, &other.zones)
        && all(&one.channels, &other.channels)
}

fn admits_all(one: &Audience, other: &Audience) -> bool {
    let members = match (&one.members, &other.members) {
        (Members::All, _) => true,
        (Members::Loyalty(tests), Members::Loyalty(_)) if tests.is_empty() => true,
        (Members::Identified | Members::Loyalty(_), _) => one.members == other.members,
    };
    let groups = one.groups.is_empty()
        || !other.groups.is_empty() && other.groups.iter().all(|own| one.groups.contains(own));
    members && groups
}

/// Whether a benefit has something to give wherever the other one has: it takes any units, or the same.
fn finds_units(one: &Benefit, other: &Benefit) -> bool {
    let is_any = |select: Option<&Selector>| select.is_none_or(|own| *own == Selector::EVERY_LINE);
    match (one, other) {
        (Benefit::Cart(own), _) if is_any(own.select.as_ref()) && own.repeat.is_none() => true,
        (Benefit::Cart(own), Benefit::Cart(it)) => {
            (&own.select, own.repeat) == (&it.select, it.repeat)
        }
        (Benefit::FreeProduct(own), _) if own.repeat.is_none() => true,
        (Benefit::FreeProduct(own), Benefit::FreeProduct(it)) => own.repeat == it.repeat,
        (Benefit::Items(own), _)
            if own.from == From::Matching
                && is_any(own.select.as_ref())
                && own.repeat.is_none()
                && takes_off_any_price(own.kind) =>
        {
            true
        }
        (Benefit::Items(own), Benefit::Items(it)) => {
            takes_off_any_price(own.kind)
                && (own.from, &own.select, own.same, own.within)
                    == (it.from, &it.select, it.same, it.within)
                && (own.repeat, own.quantity) == (it.repeat, it.quantity)
        }
        (Benefit::Shipping(own), Benefit::Shipping(it)) => {
            !matches!(own.kind, ShippingKind::FixedPrice(_)) && own.repeat == it.repeat
        }
        (
            Benefit::Cart(_) | Benefit::FreeProduct(_) | Benefit::Items(_) | Benefit::Shipping(_),
            Benefit::Cart(_) | Benefit::FreeProduct(_) | Benefit::Items(_) | Benefit::Shipping(_),
        ) => false,
    }
}

/// Whether it takes something off whatever the units cost.
const fn takes_off_any_price(kind: ItemKind) -> bool {
    match kind {
        ItemKind::PercentageOff { .. } | ItemKind::AmountOff { .. } => true,
        ItemKind::FixedPrice { .. } | ItemKind::BundlePrice { .. } => false,
    }
}
