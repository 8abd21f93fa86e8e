//! Drafts on a cart (15.1): the promotions that a document comes to when its drafts stand where they belong.

use super::document::{list, text};
use serde_json::{Value, json};

/// The same document without drafts: every promotion has its id and its own `codes`, and the request has neither `with`
/// nor `without`.
pub fn settled(document: &Value) -> Value {
    let request = &document["request"];
    let (with, without) = (list(request, "with"), list(request, "without"));
    let is_new = |draft: &&Value| text(draft, "id").is_none();
    let mut promotions = Vec::new();
    for (place, stored) in list(document, "promotions").iter().enumerate() {
        let id = text(stored, "id").map_or_else(|| place.to_string(), str::to_owned);
        // "`without` leaves promotions out."
        if without.iter().any(|own| *own == id) {
            continue;
        }
        // "With an `id`, it replaces that promotion for this evaluation and shares its counters, codes and issuances."
        let draft = with.iter().find(|draft| text(draft, "id") == Some(&id));
        let mut promotion = draft.map_or_else(|| stored.clone(), taken_as_active);
        let codes = list(&document["codes"], text(stored, "name").expect("a name"));
        let is_left = |code: &&Value| !with.iter().filter(is_new).any(|own| has_code(own, code));
        promotion["codes"] = codes.iter().filter(is_left).cloned().collect();
        promotion["id"] = json!(id);
        promotions.push(promotion);
    }
    // They have been created after all others, in their order.
    for (place, draft) in with.iter().enumerate().filter(|(_, draft)| is_new(draft)) {
        let mut promotion = taken_as_active(draft);
        promotion["id"] = json!(format!("draft:{place}"));
        promotions.push(promotion);
    }
    let mut settled = document.clone();
    settled["promotions"] = Value::Array(promotions);
    for drafts in ["with", "without"] {
        settled["request"][drafts].take();
    }
    settled
}

/// "Each entry of `with` is taken as active, whatever its `status`."
fn taken_as_active(draft: &Value) -> Value {
    let mut promotion = draft.clone();
    promotion["status"] = json!("active");
    promotion
}

/// "It unlocks by any code that is listed in its own `codes`": such a code unlocks no stored promotion.
fn has_code(draft: &Value, code: &Value) -> bool {
    let code = text(code, "code").or(code.as_str()).expect("a code");
    let own = list(draft, "codes").iter().filter_map(Value::as_str);
    own.into_iter().any(|own| own.eq_ignore_ascii_case(code))
}
