//! Tenants and keys: made, listed, suspended, revoked.

use reqwest::Method;
use serde_json::json;
use support::harness::{OPERATOR, Service, cart, random_id};

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_and_a_suspended_tenant_are_refused_at_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let (id, key) = service.key(&tenant.admin, "pos").await;
    service.post("/v1/evaluate-cart", &key, cart()).await.expect(200);
    service.delete(&format!("/v1/keys/{id}"), &tenant.admin).await.expect(204);
    service.post("/v1/evaluate-cart", &key, cart()).await.expect_code(401, "unauthorized");
    service.post("/v1/evaluate-cart", &tenant.pos, cart()).await.expect(200);

    let path = format!("/v1/tenants/{}", tenant.id);
    let suspend = |suspended: bool| json!({"suspended": suspended}).to_string();
    service.call(Method::PATCH, &path, OPERATOR, Some(suspend(true))).await.expect(200);
    service
        .post("/v1/evaluate-cart", &tenant.pos, cart())
        .await
        .expect_code(403, "tenant_suspended");
    service.get("/v1/settings", &tenant.admin).await.expect_code(403, "tenant_suspended");
    service.call(Method::PATCH, &path, OPERATOR, Some(suspend(false))).await.expect(200);
    service.post("/v1/evaluate-cart", &tenant.pos, cart()).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_shown_once_and_listed_without_their_text() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let path = format!("/v1/tenants/{}/keys", tenant.id);
    let made = service
        .post(&path, OPERATOR, json!({"role": "viewer", "label": "audit"}))
        .await
        .expect(201);
    let key = made.body["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("pe_viewer_"));
    let listed = service.get("/v1/keys?limit=200", &key).await.expect(200);
    assert!(!listed.text.contains("pe_"), "{}", listed.text);
    let items = listed.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 5);
    assert!(items.iter().any(|item| item["id"] == made.id() && item["label"] == "audit"));
    service.delete(&format!("{path}/{}", made.id()), OPERATOR).await.expect(204);
    service.get("/v1/keys", &key).await.expect_code(401, "unauthorized");
    service
        .delete(&format!("{path}/{}", random_id()), OPERATOR)
        .await
        .expect_code(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_tenant_is_reported_at_once() {
    let (_database, service) = Service::start().await;
    let body = json!({"name": "", "currency": "rupees", "timezone": "Mars/Olympus", "plan": 1});
    let refused = service.post("/v1/tenants", OPERATOR, body).await.expect_code(422, "invalid");
    let pointers: Vec<_> = refused.faults().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/name", "/currency", "/timezone", "/plan"]);
    let refused = service.post("/v1/keys", OPERATOR, json!({})).await;
    refused.expect_code(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_listed_page_by_page() {
    let (_database, service) = Service::start().await;
    let mut made = Vec::new();
    for name in ["A", "B", "C"] {
        let body = json!({"name": name, "currency": "INR", "timezone": "UTC"});
        made.push(service.post("/v1/tenants", OPERATOR, body).await.expect(201).id());
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page =
            service.get(&format!("/v1/tenants?limit=2{cursor}"), OPERATOR).await.expect(200).body;
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, made);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_operator_key_management_is_closed() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let closed = Service::on(&database, |options| options.operator_key = None).await;
    for key in ["", OPERATOR, &tenant.admin] {
        closed.get("/v1/tenants", key).await.expect_code(403, "forbidden");
    }
    closed.post("/v1/evaluate-cart", &tenant.pos, cart()).await.expect(200);
}
