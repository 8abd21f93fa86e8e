//! The worked carts, each in a fresh tenant, over HTTP.

use serde_json::{Value, json};
use support::expect;
use support::harness::Service;

#[tokio::test(flavor = "multi_thread")]
async fn every_worked_cart_comes_to_its_expected_prices() {
    let (_database, service) = Service::start().await;
    let (mut failures, mut checked) = (Vec::new(), 0);
    for case in expect::cases() {
        checked += 1;
        let result = price(&service, &case).await;
        failures.extend(expect::check(&case, &result).err());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(checked > 150, "only {checked} cases were checked");
}

/// Publishes what the case names and prices its cart: the result, or the problem of whatever is refused first.
async fn price(service: &Service, case: &Value) -> Value {
    let text =
        |name: &str, default: &str| case["settings"][name].as_str().unwrap_or(default).to_owned();
    let tenant =
        service.tenant_in(&text("currency", "INR"), &text("timezone", "Asia/Kolkata")).await;
    let admin = &tenant.admin;
    for (name, skus) in case["product_lists"].as_object().into_iter().flatten() {
        let path = format!("/v1/product-lists/{name}");
        service.put(&path, admin, json!({"skus": skus})).await.expect(200);
    }
    if case["settings"].is_object() {
        let path = "/v1/settings";
        let replaced = service.replace(path, admin, "\"1\"", case["settings"].clone()).await;
        if replaced.status != 200 {
            return nested("settings", replaced.body);
        }
    }
    if case["stores"].is_array() {
        service.put("/v1/stores", admin, case["stores"].clone()).await.expect(200);
    }
    for (place, promotion) in case["promotions"].as_array().into_iter().flatten().enumerate() {
        let mut promotion = promotion.clone();
        let members = promotion.as_object_mut().unwrap();
        members.remove("id");
        members.remove("created_at");
        let status = members.remove("status").unwrap_or_else(|| json!("active"));
        if matches!(status.as_str(), Some("active" | "paused")) {
            members.insert("status".to_owned(), json!("active"));
        }
        let made = service.post("/v1/promotions", admin, promotion.clone()).await;
        if made.status != 201 {
            return nested(&format!("promotions/{place}"), made.body);
        }
        let id = made.id();
        let codes = &case["codes"][promotion["name"].as_str().unwrap()];
        if codes.is_array() {
            let path = format!("/v1/promotions/{id}/codes");
            service.post(&path, admin, json!({"codes": codes})).await.expect(201);
        }
        if matches!(status.as_str(), Some("paused" | "archived")) {
            let path = format!("/v1/promotions/{id}/status");
            service.post(&path, admin, json!({"status": status})).await.expect(200);
        }
    }
    let mut request = case["request"].clone();
    request["explain"] = "all".into();
    let priced = service.post("/v1/evaluate-cart", admin, request).await;
    if priced.status == 200 { priced.body } else { nested("request", priced.body) }
}

/// The problem of a part as a problem of the whole document, as cases have it.
fn nested(part: &str, mut problem: Value) -> Value {
    for fault in problem["errors"].as_array_mut().into_iter().flatten() {
        fault["pointer"] = format!("/{part}{}", fault["pointer"].as_str().unwrap()).into();
    }
    problem
}
