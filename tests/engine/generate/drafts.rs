//! Drafts on a cart, added to a document: new promotions, others instead of stored ones, and stored ones left out.

use super::dice::Dice;
use super::{promotion, suggestions, terms};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// Most codes on a cart (14).
const MOST_CODES: usize = 20;

/// Adds at most two new promotions, and changes or leaves out some of those that are there.
pub fn add(dice: &mut Dice, document: &mut Value) {
    let stored = document["promotions"].as_array_mut().expect("promotions");
    for (place, own) in stored.iter_mut().enumerate() {
        // They fall, so that an order by id is not the order of the list.
        own["id"] = json!(Uuid::from_u128(900 - place as u128));
    }
    let mut with = fresh(dice, document);
    let stored = document["promotions"].as_array_mut().expect("promotions");
    for draft in &mut with {
        if dice.chance(60) {
            draft["status"] = dice.text(&["draft", "draft", "paused", "archived", "active"]);
        }
    }
    let new = usize::try_from(dice.below(3)).expect("a small number");
    let mut others = with.split_off(new).into_iter();
    let mut without = Vec::new();
    for own in stored.iter_mut() {
        if dice.chance(20) {
            without.push(own["id"].clone());
        } else if dice.chance(35)
            && let Some(other) = others.next()
        {
            with.push(instead(dice, own, other));
            if dice.chance(50) {
                own["status"] = dice.text(&["draft", "draft", "archived", "paused"]);
            }
        }
    }
    dice.shuffle(&mut with);
    add_codes(dice, document, &mut with);
    if !with.is_empty() || dice.chance(50) {
        document["request"]["with"] = json!(with);
    }
    if !without.is_empty() || dice.chance(50) {
        document["request"]["without"] = json!(without);
    }
}

/// Five promotions, perhaps with newer terms and suggestions.
fn fresh(dice: &mut Dice, document: &Value) -> Vec<Value> {
    let at = document["request"]["at"].as_str().expect("a time");
    let at: DateTime<Utc> = at.parse().expect("a time");
    let gated = dice.chance(55);
    let of = |place| {
        let mut own = promotion::promotion(dice, place, at, gated);
        own["name"] = json!(format!("Draft {place}"));
        own
    };
    let promotions: Vec<Value> = (0..5).map(of).collect();
    let mut other =
        json!({"promotions": promotions, "settings": {}, "request": document["request"]});
    if dice.chance(65) {
        terms::add(dice, &mut other);
    }
    if dice.chance(40) {
        suggestions::add(dice, &mut other);
    }
    other["promotions"].as_array().expect("promotions").clone()
}

/// A promotion instead of a stored one: another, or the same with another benefit.
fn instead(dice: &mut Dice, stored: &Value, mut draft: Value) -> Value {
    if dice.chance(50) {
        let changed = draft;
        draft = stored.clone();
        let members = draft.as_object_mut().expect("a promotion");
        for member in ["benefit", "conditions", "status", "stacking"] {
            members.remove(member);
            members.extend(changed.get(member).map(|own| (member.to_owned(), own.clone())));
        }
    } else if dice.chance(50) {
        draft["name"] = stored["name"].clone();
    }
    draft["id"] = stored["id"].clone();
    draft
}

/// Gives new drafts codes, some of which are stored ones, and presents them. Some new drafts are named as stored ones are.
fn add_codes(dice: &mut Dice, document: &mut Value, with: &mut [Value]) {
    let stored = document["codes"].as_object().into_iter().flatten();
    let stored = stored.filter_map(|(_, own)| own.as_array()).flatten();
    let stored = stored.map(|own| own.get("code").unwrap_or(own));
    let mut known: Vec<Value> = stored.cloned().collect();
    let names = super::names(document);
    let cart = &mut document["request"]["cart"];
    let mut presented = cart["codes"].as_array().cloned().unwrap_or_default();
    let is_new = |draft: &&mut Value| draft["id"].is_null();
    for (place, draft) in with.iter_mut().filter(is_new).enumerate() {
        if dice.chance(15) {
            draft["name"] = dice.one(&names);
        }
        // Codes are the more likely, the fewer promotions have them.
        if draft["type"] == "pos" && dice.chance(30) {
            draft["type"] = json!("code_linked");
            draft["limits"] = json!({});
        }
        if draft["type"] != "code_linked" || dice.chance(10) {
            continue;
        }
        let own = json!(format!("DRAFT-{place}"));
        known.push(own.clone());
        draft["codes"] =
            if dice.chance(60) { json!([own, dice.one(&known)]) } else { json!([own]) };
        if dice.chance(70) {
            presented.push(if dice.chance(30) { json!(format!("draft-{place}")) } else { own });
        }
    }
    presented.truncate(MOST_CODES);
    if !presented.is_empty() {
        cart["codes"] = json!(presented);
    }
}
