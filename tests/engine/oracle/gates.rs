//! Gates (7.2) and the codes on the cart (10): what is judged before conditions.

use super::document::{Promotion, World, at, field, flag, list, text};
use super::schedule::is_open;
use serde_json::Value;

/// The first gate that fails: "status, dates, schedule, currency, scope, audience, customer present, code
/// presented, issuance, activation, limits not used up". Nothing is used, so that no limit is used up.
pub fn failing_gate(world: &World<'_>, promotion: &Promotion<'_>) -> Option<&'static str> {
    let json = promotion.json;
    let kind = promotion.kind;
    let currency = text(json, "currency").unwrap_or(world.settings.currency);
    let is_identified = world.customer_id().is_some();
    let needs_issuance = matches!(kind, "loyalty_earning" | "rewards")
        || at(json, &["limits", "issue"]).is_some() && kind == "loyalty";
    let needs_activation = flag(json, "activation_required", false);
    let needs_customer = kind == "loyalty"
        || needs_issuance
        || needs_activation
        || at(json, &["limits", "customer"]).is_some();
    if promotion.status == "paused" {
        Some("paused")
    } else if world.now < promotion.starts_at {
        Some("not_started")
    } else if world.now >= promotion.ends_at {
        Some("ended")
    } else if !is_open(world, field(json, "schedule")) {
        Some("outside_schedule")
    } else if currency != world.currency {
        Some("currency_mismatch")
    } else if !in_scope(world, json) {
        Some("out_of_scope")
    } else if kind == "loyalty" && !is_identified {
        // "A promotion of type `loyalty` needs a customer (`customer_required`) and then a membership
        // (`not_in_audience`), whatever its audience."
        Some("customer_required")
    } else if !in_audience(world, json) {
        Some("not_in_audience")
    } else if needs_customer && !is_identified {
        Some("customer_required")
    } else if kind == "loyalty" && memberships(world).is_empty() {
        Some("not_in_audience")
    } else if kind == "code_linked" && unlocking_code(world, promotion).is_none() {
        Some("code_not_presented")
    } else if needs_issuance {
        Some("not_issued")
    } else if needs_activation {
        Some("not_activated")
    } else {
        None
    }
}

/// "Each non-empty list must contain the cart's store code, its store's concept, one of its store's zones,
/// or the cart's channel; empty lists do not restrict" (5.2).
fn in_scope(world: &World<'_>, json: &Value) -> bool {
    failing_scope(world, json).is_none()
}

/// The first part of the scope that does not fit: its name, what it wants, and what there is.
pub fn failing_scope<'a>(
    world: &World<'_>,
    json: &'a Value,
) -> Option<(&'static str, &'a [Value], Vec<Value>)> {
    let scope = field(json, "scope")?;
    let of_store = |name: &str| world.store.and_then(|store| field(store, name)).cloned();
    let zones = world.store.map_or(&[][..], |store| list(store, "zones"));
    let parts = [
        ("store", "stores", of_store("code").into_iter().collect()),
        ("concept", "concepts", of_store("concept").into_iter().collect()),
        ("zone", "zones", zones.to_vec()),
        ("channel", "channels", world.channel.map(Value::from).into_iter().collect()),
    ];
    let fails = |(_, name, actual): &(&str, &str, Vec<Value>)| {
        let wanted = list(scope, name);
        !wanted.is_empty() && !wanted.iter().any(|it| actual.contains(it))
    };
    let (part, name, actual) = parts.into_iter().find(fails)?;
    Some((part, list(scope, name), actual))
}

/// The customer's memberships: "whoever is not identified" has none.
fn memberships<'a>(world: &World<'a>) -> &'a [Value] {
    match (world.customer, world.customer_id()) {
        (Some(customer), Some(_)) => list(customer, "loyalty"),
        _ => &[],
    }
}

/// "`loyalty` needs a customer with at least one membership; with `programs`, a membership in one of them,
/// and in it one of `tiers` (if any are named) and one of `supplementary` (if any are named). `groups`: the
/// customer must be in one of them" (5.2).
fn in_audience(world: &World<'_>, json: &Value) -> bool {
    let Some(audience) = field(json, "audience") else {
        return true;
    };
    let members = memberships(world);
    // "Any customer with an id."
    if text(audience, "type") == Some("identified") && world.customer_id().is_none() {
        return false;
    }
    if text(audience, "type") == Some("loyalty") {
        let programs = list(audience, "programs");
        let is_in = |membership: &Value| programs.iter().any(|it| is_member(it, membership));
        let is_member_of_one = members.iter().any(is_in);
        if members.is_empty() || !(programs.is_empty() || is_member_of_one) {
            return false;
        }
    }
    let groups = list(audience, "groups");
    let own = match (world.customer, world.customer_id()) {
        (Some(customer), Some(_)) => list(customer, "groups"),
        _ => &[],
    };
    groups.is_empty() || own.iter().any(|group| groups.contains(group))
}

fn is_member(program: &Value, membership: &Value) -> bool {
    let tiers = list(program, "tiers");
    let supplementary = list(program, "supplementary");
    let own_tier = field(membership, "tier");
    let own_supplementary = list(membership, "supplementary");
    text(program, "program") == text(membership, "program")
        && (tiers.is_empty() || own_tier.is_some_and(|tier| tiers.contains(tier)))
        && (supplementary.is_empty()
            || own_supplementary.iter().any(|it| supplementary.contains(it)))
}

/// "A promotion is segmented when its audience is anything but `{"type": "all"}` without groups" (5.2).
pub fn is_segmented(promotion: &Promotion<'_>) -> bool {
    field(promotion.json, "audience").is_some_and(|audience| {
        matches!(text(audience, "type"), Some("loyalty" | "identified"))
            || !list(audience, "groups").is_empty()
    })
}

/// What became of one code on the cart.
pub enum Presented {
    Unknown,
    Duplicate,
    AlreadyUnlocked,
    /// "A code that is bound to another customer unlocks nothing."
    OfAnotherCustomer,
    /// It unlocks this promotion.
    Unlocks(usize),
}

/// The codes of the cart in their order. "Two codes of one promotion unlock it once (the first in the cart
/// that is usable)"; `unknown` is "also of a draft or archived promotion"; codes are "compared without
/// regard to case" (10).
pub fn presented_codes<'a>(world: &World<'a>) -> Vec<(&'a str, Presented)> {
    let codes: Vec<&str> = list(world.cart, "codes").iter().filter_map(Value::as_str).collect();
    let mut unlocked: Vec<usize> = Vec::new();
    let mut found = Vec::new();
    for (place, code) in codes.iter().enumerate() {
        let is_same = |other: &&str| other.eq_ignore_ascii_case(code);
        let verdict = if codes[..place].iter().any(is_same) {
            Presented::Duplicate
        } else {
            match owner_of(world, code) {
                None => Presented::Unknown,
                // It "goes before `expired`, `exhausted` and `already_unlocked`" (8).
                Some((_, Some(bound_to))) if world.customer_id() != Some(bound_to) => {
                    Presented::OfAnotherCustomer
                }
                Some((owner, _)) if unlocked.contains(&owner) => Presented::AlreadyUnlocked,
                Some((owner, _)) => {
                    unlocked.push(owner);
                    Presented::Unlocks(owner)
                }
            }
        };
        found.push((*code, verdict));
    }
    found
}

/// The promotion that has this code, and the customer to whom the code is bound.
fn owner_of<'a>(world: &World<'a>, code: &str) -> Option<(usize, Option<&'a str>)> {
    let is_public = |promotion: &&Promotion<'_>| !matches!(promotion.status, "draft" | "archived");
    let of_promotion = |promotion: &Promotion<'a>| {
        let mut codes = list(promotion.json, "codes").iter().map(|json| match json {
            Value::String(own) => (own.as_str(), None),
            bound => (text(bound, "code").expect("a code"), text(bound, "customer_id")),
        });
        let own = codes.find(|(own, _)| own.eq_ignore_ascii_case(code));
        own.map(|(_, bound_to)| (promotion.index, bound_to))
    };
    world.promotions.iter().filter(is_public).find_map(of_promotion)
}

/// The code on the cart that unlocks the promotion, as it was presented.
pub fn unlocking_code<'a>(world: &World<'a>, promotion: &Promotion<'_>) -> Option<&'a str> {
    let codes = presented_codes(world).into_iter();
    let unlocks =
        |verdict: &Presented| matches!(verdict, Presented::Unlocks(it) if *it == promotion.index);
    codes.filter(|(_, verdict)| unlocks(verdict)).map(|(code, _)| code).next()
}
