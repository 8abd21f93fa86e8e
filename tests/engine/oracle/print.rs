//! The evaluation result as JSON (8).

use super::document::{World, text};
use super::gates::{Presented, presented_codes, unlocking_code};
use super::number::{Exact, amount, plain};
use super::strategy::Verdict;
use num_traits::Zero;
use serde_json::{Map, Value, json};

/// Prints a verdict.
pub fn result(world: &World<'_>, verdict: &Verdict, suggestions: Value) -> Value {
    let mut result = json!({
        "currency": world.currency,
        "optimality": optimality(world, verdict),
        "totals": totals(world, verdict),
        "lines": lines(world, verdict),
        "applied": applied(world, verdict),
        "free_items": free_items(world, verdict),
        "codes": codes(world, verdict),
        "suggestions": suggestions,
    });
    // "`none` leaves `not_applied` out."
    if world.explain_all {
        result["not_applied"] = not_applied(world, verdict);
    }
    result
}

/// What was tried is everything there is.
fn optimality(world: &World<'_>, verdict: &Verdict) -> Value {
    let total = amount(&verdict.state.discount(), world.settings.precision);
    let is_known = verdict.alternatives.is_some();
    if is_known { json!({"proven": true, "upper_bound": total}) } else { Value::Null }
}

/// "discount = item_discount + cart_discount + shipping_discount; payable = gross + tax + charges + shipping
/// − discount."
fn totals(world: &World<'_>, verdict: &Verdict) -> Value {
    let gross: Exact = world.lines.iter().map(|line| line.gross()).sum();
    let tax: Exact = world.lines.iter().map(|line| &line.tax).sum();
    let charges: Exact = world.lines.iter().map(|line| &line.charges).sum();
    let shipping = world.shipping.clone().unwrap_or_else(Exact::zero);
    let state = &verdict.state;
    let item_discount: Exact = state.lines.iter().map(|line| &line.item_discount).sum();
    let cart_discount: Exact = state.lines.iter().map(|line| &line.cart_discount).sum();
    let discount = state.discount();
    let payable = &gross + &tax + &charges + &shipping - &discount;
    let print = |number: &Exact| amount(number, world.settings.precision);
    json!({
        "gross": print(&gross),
        "item_discount": print(&item_discount),
        "cart_discount": print(&cart_discount),
        "shipping": print(&shipping),
        "shipping_discount": print(&state.shipping_discount),
        "discount": print(&discount),
        "tax": print(&tax),
        "charges": print(&charges),
        "payable": print(&payable),
    })
}

/// "A line's `discount` holds item- and cart-level allocations (allocations of 0 are left out), its `payable`
/// is gross + tax + charges − discount."
fn lines(world: &World<'_>, verdict: &Verdict) -> Value {
    let print = |number: &Exact| amount(number, world.settings.precision);
    let line_result = |(place, line): (usize, &super::document::Line<'_>)| {
        let state = &verdict.state.lines[place];
        let discount = &state.item_discount + &state.cart_discount;
        let mut allocations = Vec::new();
        for (promotion, gift) in &verdict.applied {
            for (at, quantity, amount) in &gift.allocations {
                if *at == place && !amount.is_zero() {
                    allocations.push(json!({
                        "promotion_id": world.promotions[*promotion].id,
                        "quantity": plain(quantity),
                        "amount": print(amount),
                    }));
                }
            }
        }
        json!({
            "id": line.id,
            "sku": line.sku,
            "quantity": plain(&line.quantity),
            "gross": print(&line.gross()),
            "discount": print(&discount),
            "payable": print(&(line.gross() + &line.tax + &line.charges - &discount)),
            "allocations": allocations,
        })
    };
    world.lines.iter().enumerate().map(line_result).collect()
}

/// "`applied` is in order of application."
fn applied(world: &World<'_>, verdict: &Verdict) -> Value {
    let entry = |(place, gift): &(usize, super::benefits::Gift)| {
        let promotion = &world.promotions[*place];
        json!({
            "promotion_id": promotion.id,
            "name": promotion.name,
            "type": promotion.kind,
            "level": promotion.benefit.level,
            "step": gift.step,
            "times": gift.times,
            "discount": amount(&gift.discount, world.settings.precision),
            "points": plain(&gift.points),
            // A draft shares the codes of the promotion that it replaces, whatever its own type.
            "code": unlocking_code(world, promotion),
            "issuance_id": null,
            "message": text(promotion.json, "message").unwrap_or_default(),
        })
    };
    verdict.applied.iter().map(entry).collect()
}

/// Units of a `free_product` that are not in the cart, "for the POS to add and evaluate again" (7.4).
fn free_items(world: &World<'_>, verdict: &Verdict) -> Value {
    let given = verdict.applied.iter().filter(|(_, gift)| !gift.free_items.is_zero());
    given
        .map(|(place, gift)| {
            let promotion = &world.promotions[*place];
            json!({
                "promotion_id": promotion.id,
                "name": promotion.name,
                "sku": promotion.benefit.product,
                "quantity": plain(&gift.free_items),
            })
        })
        .collect()
}

/// The codes of the cart, in its order, each with its status.
fn codes(world: &World<'_>, verdict: &Verdict) -> Value {
    let entry = |(code, presented): (&str, Presented)| match presented {
        Presented::Unknown => json!({"code": code, "status": "unknown", "facts": {}}),
        Presented::Duplicate => json!({"code": code, "status": "duplicate", "facts": {}}),
        Presented::AlreadyUnlocked => {
            json!({"code": code, "status": "not_applied", "reason": "already_unlocked", "facts": {}})
        }
        Presented::OfAnotherCustomer => {
            json!({"code": code, "status": "not_applied", "reason": "code_of_another_customer", "facts": {}})
        }
        Presented::Unlocks(promotion) => match verdict.refused.get(&promotion) {
            None => json!({"code": code, "status": "applied"}),
            Some(refusal) => {
                json!({
                    "code": code,
                    "status": "not_applied",
                    "reason": refusal.reason,
                    "facts": refusal.facts,
                })
            }
        },
    };
    presented_codes(world).into_iter().map(entry).collect()
}

/// "`all` lists every active or paused promotion of the tenant that did not apply."
fn not_applied(world: &World<'_>, verdict: &Verdict) -> Value {
    let entry = |(place, refusal): (&usize, &super::benefits::Refusal)| {
        let promotion = &world.promotions[*place];
        let mut entry = Map::new();
        entry.insert("promotion_id".to_owned(), json!(promotion.id));
        entry.insert("name".to_owned(), json!(promotion.name));
        entry.insert("reason".to_owned(), json!(refusal.reason));
        entry.insert("facts".to_owned(), refusal.facts.clone());
        if refusal.reason == "conditions_not_met" {
            let leaves = refusal.unmet.iter().map(|leaf| leaf.json.clone());
            entry.insert("unmet".to_owned(), leaves.collect());
        }
        // "Under `optimal`, `better_deal_taken` has `alternative_discount` beside it."
        if let Some(with) =
            verdict.alternatives.as_ref().filter(|_| refusal.reason == "better_deal_taken")
        {
            let best = with.get(place).map(|total| amount(total, world.settings.precision));
            entry.insert("alternative_discount".to_owned(), json!(best));
        }
        Value::Object(entry)
    };
    verdict.refused.iter().map(entry).collect()
}
