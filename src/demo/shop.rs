//! The demo's tenant: the demo finds or creates it, gives it new keys, and adds what is missing.

use axum::http::header;
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::client::{CallError, Client, text};

/// The tenant's name, by which a later run finds it.
pub const TENANT: &str = "Marigold Bazaar";
/// The shop's time zone.
pub const ZONE: Tz = Tz::Asia__Kolkata;
/// The promotion that the last printed line adds.
pub const ONE_MORE: &str = r#"{"name": "Sarees: ₹1,500 off", "type": "pos", "status": "active", "starts_at": "2026-01-01T00:00:00+05:30", "ends_at": "2036-01-01T00:00:00+05:30", "benefit": {"type": "amount_off", "value": "1500", "target": {"type": "items", "select": {"include": [{"field": "category", "op": "in", "values": ["Sarees"]}]}}}}"#;
/// Its name, by which a later run knows that it was added.
pub const ONE_MORE_NAME: &str = "Sarees: ₹1,500 off";
/// Most entries of a page of a list.
const PAGE: usize = 200;

/// The keys of one run.
pub struct Keys {
    pub admin: String,
    pub pos: String,
}

/// The shop as it was found or made.
pub struct Shop {
    pub keys: Keys,
    /// Whether somebody has added the promotion that the demo proposes.
    pub was_extended: bool,
}

/// Loads the shop, even if an earlier run was interrupted, and creates keys. A `fresh` shop is a new tenant.
pub async fn load(
    client: &Client,
    operator_key: &str,
    shop: &Value,
    fresh: bool,
) -> Result<Shop, CallError> {
    let tenant = if fresh { None } else { find(client, operator_key).await? };
    let tenant = match tenant {
        Some(tenant) => tenant,
        None => make(client, operator_key).await?,
    };
    let keys = Keys {
        admin: key(client, operator_key, &tenant, "admin").await?,
        pos: key(client, operator_key, &tenant, "pos").await?,
    };
    settings(client, &keys.admin, &shop["settings"]).await?;
    client.put("/v1/stores", &keys.admin, None, &shop["stores"]).await?;
    for (name, skus) in members(&shop["product_lists"]) {
        let path = format!("/v1/product-lists/{name}");
        client.put(&path, &keys.admin, None, &json!({ "skus": skus })).await?;
    }
    let was_extended = promotions(client, &keys.admin, shop).await?;
    Ok(Shop { keys, was_extended })
}

/// The shop that was made last.
async fn find(client: &Client, operator_key: &str) -> Result<Option<String>, CallError> {
    let tenants = all(client, "/v1/tenants", operator_key).await?;
    let shops = tenants.iter().filter(|tenant| tenant["name"] == TENANT);
    // Ids are UUIDs of version 7: they begin with the time.
    let newest = shops.max_by_key(|tenant| tenant["id"].as_str());
    newest.map(|tenant| text(tenant, "GET /v1/tenants", "id")).transpose()
}

async fn make(client: &Client, operator_key: &str) -> Result<String, CallError> {
    let tenant = json!({ "name": TENANT, "currency": "INR", "timezone": ZONE.name() });
    let made = client.post("/v1/tenants", operator_key, &tenant).await?;
    text(&made, "POST /v1/tenants", "id")
}

async fn key(
    client: &Client,
    operator_key: &str,
    tenant: &str,
    role: &str,
) -> Result<String, CallError> {
    let path = format!("/v1/tenants/{tenant}/keys");
    let made = client.post(&path, operator_key, &json!({ "role": role, "label": "demo" })).await?;
    text(&made, "POST /v1/tenants/{id}/keys", "key")
}

/// Replaces the settings of a new tenant. Settings that somebody has changed stay.
async fn settings(client: &Client, admin: &str, settings: &Value) -> Result<(), CallError> {
    let now = client.get("/v1/settings", admin).await?;
    if now.body["version"] == 1 {
        let version = now.headers.get(header::ETAG).and_then(|version| version.to_str().ok());
        client.put("/v1/settings", admin, version, settings).await?;
    }
    Ok(())
}

/// Creates the promotions whose names are missing, and adds the codes of every promotion. Returns whether the proposed
/// promotion is there.
async fn promotions(client: &Client, admin: &str, shop: &Value) -> Result<bool, CallError> {
    let there = all(client, "/v1/promotions", admin).await?;
    for promotion in shop["promotions"].as_array().into_iter().flatten() {
        let name = promotion["name"].as_str().unwrap_or_default();
        let found = there.iter().find(|found| found["name"] == name);
        let id = match found {
            Some(found) => text(found, "GET /v1/promotions", "id")?,
            None => {
                let mut promotion = promotion.clone();
                promotion["status"] = json!("active");
                let made = client.post("/v1/promotions", admin, &promotion).await?;
                text(&made, "POST /v1/promotions", "id")?
            }
        };
        let codes = &shop["codes"][name];
        if codes.is_array() {
            let path = format!("/v1/promotions/{id}/codes");
            client.post(&path, admin, &json!({ "codes": codes })).await?;
        }
    }
    Ok(there.iter().any(|found| found["name"] == ONE_MORE_NAME))
}

/// The id of a promotion of this name, if there is one.
pub async fn find_promotion(
    client: &Client,
    admin: &str,
    name: &Value,
) -> Result<Option<String>, CallError> {
    let there = all(client, "/v1/promotions", admin).await?;
    let found = there.iter().find(|found| found["name"] == *name);
    found.map(|found| text(found, "GET /v1/promotions", "id")).transpose()
}

/// Every entry of a list, page by page.
async fn all(client: &Client, path: &str, key: &str) -> Result<Vec<Value>, CallError> {
    let mut found = Vec::new();
    let mut next = format!("{path}?limit={PAGE}");
    loop {
        let mut page = client.get(&next, key).await?.body;
        if let Value::Array(items) = page["items"].take() {
            found.extend(items);
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}?limit={PAGE}&cursor={cursor}"),
            None => return Ok(found),
        }
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}
