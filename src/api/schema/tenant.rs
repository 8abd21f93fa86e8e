//! Tenants, keys, stores, product lists and codes.

use serde_json::{Value, json};

use super::form::{
    Object, Side, anything, boolean, choice, currency, every, id, integer, list, nullable,
    one_name, plain, size, text, time, zone,
};
use crate::api::tenants;
use crate::domain::code::{MAX_GENERATED, MAX_LENGTH, MAX_RANDOM, MIN_LENGTH, MIN_RANDOM};
use crate::domain::role::Role;
use crate::domain::store::MAX_ZONES;
use crate::wire::code::MAX_CODES;
use crate::wire::decode::TextBound;
use crate::wire::product_list::MAX_SKUS;
use crate::wire::rate::MAX_RATE;
use crate::wire::store::MAX_STORES;

const REQUEST: Side = Side::Request;
const ANSWER: Side = Side::Answer;

/// The body that makes a tenant.
pub fn new_tenant() -> Value {
    REQUEST
        .object()
        .required("name", text(TextBound::NAME), "What people call it.")
        .required("currency", currency(), "Three capital letters (ISO 4217).")
        .required("timezone", zone(), "Of the IANA database.")
        .schema("A tenant to be made.")
}

/// The body that changes a tenant.
pub fn tenant_patch() -> Value {
    REQUEST
        .object()
        .absent("name", text(TextBound::NAME), "What people call it.")
        .absent("suspended", boolean(), "Whether its keys are refused (403 `tenant_suspended`).")
        .absent(
            "max_active_promotions",
            integer(1..=tenants::MAX_ACTIVE_PROMOTIONS),
            "How many promotions may be active and not ended.",
        )
        .absent("max_stores", integer(1..=tenants::MAX_STORES), "How many stores it may have.")
        .absent(
            "max_product_lists",
            integer(1..=tenants::MAX_PRODUCT_LISTS),
            "How many product lists it may have.",
        )
        .absent(
            "max_product_list_entries",
            integer(1..=tenants::MAX_PRODUCT_LIST_ENTRIES),
            "How many SKUs may be on all its product lists together.",
        )
        .absent(
            "rate_limits",
            rate_limits(REQUEST),
            "How much work it may ask an instance for; replaced whole.",
        )
        .schema("What is to be changed; what is left out stays.")
}

fn rate_limits(side: Side) -> Value {
    let rate = || {
        side.object()
            .required("per_second", integer(1..=MAX_RATE), "Requests a second.")
            .required("burst", integer(1..=MAX_RATE), "Requests at once.")
            .schema("A token bucket.")
    };
    side.object()
        .optional("evaluate", rate(), "Of carts that are priced.")
        .optional("redeem", rate(), "Of what tills write: redemptions with commit, cancel and returns, activities, activations.")
        .optional("admin", rate(), "Of everything else.")
        .schema("Rates, then 429. Null: without bound.")
}

fn members() -> Object {
    ANSWER
        .object()
        .required("id", id(), "The tenant's id.")
        .required("name", plain(), "What people call it.")
        .required("currency", currency(), "What it was made with.")
        .required("timezone", zone(), "What it was made with.")
        .required("suspended", boolean(), "Whether its keys are refused.")
        .required(
            "max_active_promotions",
            size(),
            "How many promotions may be active and not ended.",
        )
        .required("max_stores", size(), "How many stores it may have.")
        .required("max_product_lists", size(), "How many product lists it may have.")
        .required(
            "max_product_list_entries",
            size(),
            "How many SKUs may be on all its product lists together.",
        )
        .required("rate_limits", rate_limits(ANSWER), "How much work it may ask an instance for.")
        .required("created_at", time(), "When it was made.")
}

/// A tenant.
pub fn tenant() -> Value {
    members().schema("A tenant.")
}

/// A tenant that was just made.
pub fn made_tenant() -> Value {
    members()
        .required("admin_key", plain(), "Its first admin key, shown this once.")
        .schema("A tenant that was just made.")
}

/// The body that makes a key.
pub fn new_key() -> Value {
    REQUEST
        .object()
        .required("role", choice::<Role>(), "What it may do.")
        .or("label", text(TextBound::TEXT), "", "What people call it.")
        .schema("A key to be made.")
}

fn key_members() -> Object {
    ANSWER
        .object()
        .required("id", id(), "The key's id, which the audit trail names.")
        .required("role", choice::<Role>(), "What it may do.")
        .required("label", plain(), "What people call it.")
        .required("hint", plain(), "Enough of the key to know it by.")
        .required("created_at", time(), "When it was made.")
}

/// A key.
pub fn key() -> Value {
    key_members()
        .optional("revoked_at", time(), "When it was revoked.")
        .optional("last_used_at", time(), "When it was last used, about.")
        .schema("A key, without its secret.")
}

/// A key that was just made.
pub fn made_key() -> Value {
    key_members()
        .required("key", plain(), "The key, shown this once.")
        .schema("A key that was just made.")
}

fn store_members(object: Object) -> Object {
    object
        .optional("concept", text(TextBound::NAME), "What kind of store it is.")
        .or("zones", list(text(TextBound::NAME), 0..=MAX_ZONES), "", "Where it lies.")
        .optional("timezone", zone(), "Of the IANA database. Null: the tenant's.")
}

/// The body of a store.
pub fn new_store() -> Value {
    let object = REQUEST.object().absent("code", text(TextBound::NAME), "The code of the path.");
    store_members(object).schema("A store.")
}

/// The body of many stores.
pub fn new_stores() -> Value {
    let object =
        REQUEST.object().required("code", text(TextBound::NAME), "The store's code; each once.");
    list(store_members(object).schema("A store."), 0..=MAX_STORES)
}

/// A store.
pub fn store() -> Value {
    let object = ANSWER.object().required("code", plain(), "The store's code.");
    store_members(object).schema("A store.")
}

/// How many were put.
pub fn stored() -> Value {
    ANSWER.object().required("count", size(), "How many.").schema("")
}

/// The body of a product list.
pub fn new_product_list() -> Value {
    REQUEST
        .object()
        .absent("name", text(TextBound::NAME), "The name of the path.")
        .required(
            "skus",
            list(text(TextBound::NAME), 0..=MAX_SKUS),
            "Its SKUs; one that is there twice counts once.",
        )
        .schema("A product list.")
}

/// A product list without its SKUs.
pub fn product_list_summary() -> Value {
    ANSWER
        .object()
        .required("name", plain(), "The list's name.")
        .required("size", size(), "How many SKUs it has.")
        .required("updated_at", time(), "When it was last written.")
        .schema("A product list, without its SKUs.")
}

/// A product list.
pub fn product_list() -> Value {
    ANSWER
        .object()
        .required("name", plain(), "The list's name.")
        .required("skus", every(plain()), "Its SKUs, in the order given.")
        .required("size", size(), "How many they are.")
        .required("updated_at", time(), "When it was last written.")
        .schema("A product list.")
}

fn code_text() -> Value {
    let pattern = format!("^[A-Za-z0-9][A-Za-z0-9_-]{{{},{}}}$", MIN_LENGTH - 1, MAX_LENGTH - 1);
    json!({"type": "string", "pattern": pattern})
}

/// The body that gives a promotion codes.
pub fn new_codes() -> Value {
    let prefix = json!({"type": "string", "maxLength": MAX_LENGTH - MIN_RANDOM, "pattern": "^([A-Za-z0-9][A-Za-z0-9_-]*)?$"});
    let lengths = bound(MIN_RANDOM)..=bound(MAX_RANDOM);
    let generate = REQUEST
        .object()
        .required("count", integer(1..=i64::from(MAX_GENERATED)), "How many.")
        .or("prefix", prefix, "", "What each begins with. A whole code has at most 64 characters.")
        .required("length", integer(lengths), "How many random characters follow the prefix.")
        .schema("");
    REQUEST
        .object()
        .absent("codes", list(code_text(), 1..=MAX_CODES), "Codes by name: 3 to 64 letters, digits, `-` and `_`, beginning with a letter or digit; each once, whatever its case. Either this or `generate`.")
        .absent("generate", generate, "What is to be drawn at random, of letters and digits without I, L, O, U, 0 and 1.")
        .absent("batch", text(TextBound::NAME), "The name of what is drawn: the same again answers the same, and draws none. Goes with `generate`.")
        .absent("expires_at", time(), "When they stop working; null: with the promotion.")
        .schema("Codes by name, or to be drawn.")
}

fn bound(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// What became of new codes.
pub fn made_codes() -> Value {
    ANSWER
        .object()
        .required("count", size(), "How many were named, or drawn.")
        .required("created", size(), "How many of them are new; of codes that were drawn, all.")
        .absent("batch", plain(), "Of codes that were drawn: the name of the generation.")
        .absent("expires_at", nullable(time()), "Of codes that were drawn: when they stop working.")
        .absent("codes", every(plain()), "The codes that were drawn.")
        .schema("What became of codes.")
}

/// A code.
pub fn code() -> Value {
    ANSWER
        .object()
        .required("code", plain(), "The code; viewers see its last three characters.")
        .optional("expires_at", time(), "When it stops working; null: with the promotion.")
        .required(
            "used",
            size(),
            "Redemptions by it that are held or committed and not given back whole.",
        )
        .optional("batch", plain(), "The generation that drew it.")
        .required("created_at", time(), "When it was made.")
        .schema("A code.")
}

/// An entry of the audit trail.
pub fn audit_entry() -> Value {
    ANSWER
        .object()
        .required("id", id(), "The entry's id.")
        .required("at", time(), "When.")
        .optional("key_id", id(), "Who; null is the operator.")
        .required("subject", plain(), "What was changed, as `promotion:<id>`.")
        .required("action", plain(), "What was done to it.")
        .required(
            "before",
            anything("What it was before; null if nothing."),
            "What it was before; null if nothing.",
        )
        .required(
            "after",
            anything("What it was after; null if nothing."),
            "What it was after; null if nothing.",
        )
        .schema("A change.")
}

/// What health checks answer.
pub fn health() -> Value {
    ANSWER
        .object()
        .required("status", one_name(&["ok", "ready", "not_ready"]), "How it is.")
        .absent("reason", plain(), "Why it is not ready.")
        .schema("")
}

/// How many are sent again.
pub fn resent() -> Value {
    ANSWER.object().required("count", size(), "How many are sent again.").schema("")
}
