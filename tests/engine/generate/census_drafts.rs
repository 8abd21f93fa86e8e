//! What a run of random documents has reached with drafts on the cart.

use super::promotion_of;
use serde_json::Value;
use std::collections::BTreeMap;

/// What every run of some thousand documents reaches.
pub const REACHED_DRAFTS: &[&str] = &[
    "drafts under ranked",
    "drafts under best_deal",
    "draft left out",
    "draft left out that would apply",
    "draft new applied",
    "draft instead of active applied",
    "draft instead of paused applied",
    "draft instead of draft applied",
    "draft instead of archived applied",
    "draft whose status is draft applied",
    "draft whose status is paused applied",
    "draft whose status is archived applied",
    "draft at level item",
    "draft at level cart",
    "draft at level shipping",
    "draft of type pos",
    "draft of type loyalty",
    "draft of type code_linked",
    "draft exclusive",
    "draft with steps",
    "draft with limits",
    "draft with its own code",
    "draft with the code of another",
    "draft with the codes of what it replaces",
    "draft with a stored name",
    "draft suggested",
    "draft not_issued",
    "draft exclusive_applied",
    "draft stopped_by_earlier",
    "draft units_taken",
    "draft incompatible",
    "draft keeps out an incompatible one",
    "drafts applied together",
];

/// Counts what this result reached with drafts.
pub fn census_drafts(result: &Value, document: &Value, counts: &mut BTreeMap<String, u64>) {
    let mut count = |key: &str| *counts.entry(key.to_owned()).or_insert(0) += 1;
    let request = &document["request"];
    if request["with"].is_null() && request["without"].is_null() {
        return;
    }
    count(&format!(
        "drafts under {}",
        document["settings"]["strategy"].as_str().unwrap_or("ranked")
    ));
    count_left_out(document, &mut count);
    let mut together = 0;
    for applied in entries(&result["applied"]).filter(|own| is_draft(document, own)) {
        together += 1;
        count_applied(document, applied, &mut count);
    }
    if together > 1 {
        count("drafts applied together");
    }
    for _ in entries(&result["suggestions"]).filter(|own| is_draft(document, own)) {
        count("draft suggested");
    }
    for refused in entries(&result["not_applied"]) {
        let reason = refused["reason"].as_str().unwrap_or_default();
        if is_draft(document, refused) {
            count(&format!("draft {reason}"));
        } else if reason == "incompatible" && is_draft(document, &refused["facts"]["by"]) {
            count("draft keeps out an incompatible one");
        }
    }
}

fn entries(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn is_draft(document: &Value, entry: &Value) -> bool {
    let promotion = promotion_of(document, entry);
    entries(&document["request"]["with"]).any(|draft| std::ptr::eq(draft, promotion))
}

fn count_applied(document: &Value, applied: &Value, count: &mut impl FnMut(&str)) {
    let draft = promotion_of(document, applied);
    let word = |value: &Value| value.as_str().unwrap_or("active").to_owned();
    let stored = || entries(&document["promotions"]);
    let replaced = stored().find(|own| own["id"] == draft["id"]);
    match replaced {
        None => count("draft new applied"),
        Some(own) => count(&format!("draft instead of {} applied", word(&own["status"]))),
    }
    count(&format!("draft whose status is {} applied", word(&draft["status"])));
    count(&format!("draft at level {}", word(&applied["level"])));
    count(&format!("draft of type {}", word(&applied["type"])));
    if draft["stacking"]["exclusive"] == true {
        count("draft exclusive");
    }
    if draft["benefit"]["steps"].is_object() {
        count("draft with steps");
    }
    if draft["limits"].as_object().is_some_and(|limits| !limits.is_empty()) {
        count("draft with limits");
    }
    if replaced.is_none() && stored().any(|own| own["name"] == draft["name"]) {
        count("draft with a stored name");
    }
    if let Some(code) = applied["code"].as_str() {
        let is_own = code.to_ascii_uppercase().starts_with("DRAFT-");
        count(match replaced {
            Some(_) => "draft with the codes of what it replaces",
            None if is_own => "draft with its own code",
            None => "draft with the code of another",
        });
    }
}

/// What is left out, and what of it would apply to the cart if it were not.
fn count_left_out(document: &Value, count: &mut impl FnMut(&str)) {
    let without = &document["request"]["without"];
    if entries(without).next().is_none() {
        return;
    }
    count("draft left out");
    let mut all = document.clone();
    all["request"]["without"].take();
    let all = crate::evaluate(&all);
    let mut applied = entries(&all["applied"]);
    if applied.any(|own| entries(without).any(|id| *id == own["promotion_id"])) {
        count("draft left out that would apply");
    }
}
