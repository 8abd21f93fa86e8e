//! Dry runs and findings: what is told before and after a promotion is written.

use reqwest::Method;
use serde_json::{Value, json};

use crate::audit_coverage::fingerprint;
use support::harness::{Answer, OPERATOR, Service, Tenant, random_id, ten_percent};

const DRY: &str = "/v1/promotions?dry_run=true";

/// The codes and pointers of the findings of an answer.
fn found(answer: &Answer) -> Vec<(&str, &str)> {
    let findings = answer.body["findings"].as_array().expect("findings");
    findings.iter().map(|own| (text(&own["code"]), text(&own["pointer"]))).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Ten percent off with another value, so that it is like no other.
fn percent(name: &str, value: &str) -> Value {
    let mut body = ten_percent(name);
    body["benefit"]["value"] = value.into();
    body
}

async fn replace(service: &Service, tenant: &Tenant, path: &str, tag: &str, body: Value) -> Answer {
    service.replace(path, &tenant.admin, tag, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_would_be_and_writes_nothing() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let id = service.promotion(admin, ten_percent("P")).await;
    let path = format!("/v1/promotions/{id}");
    let stored = service.get(&path, admin).await.expect(200).body;
    let mut owner = database.owner_connection().await;
    // Events that were told before may be numbered at any time.
    service.get("/v1/events", admin).await.expect(200);
    let before = fingerprint(&mut owner).await;

    let would_be = service.post(DRY, admin, percent("Q", "60")).await.expect(200);
    assert_eq!(would_be.header("etag"), "");
    assert_eq!((&would_be.body["state"], &would_be.body["version"]), (&json!("live"), &json!(1)));
    assert_eq!(found(&would_be), [("no_limit", "/limits"), ("overlaps", "/benefit/target")]);
    assert_eq!(would_be.body["findings"][1]["promotion_id"], json!(id));
    service.get(&format!("/v1/promotions/{}", would_be.id()), admin).await.expect(404);

    let dry = format!("{path}?dry_run=true");
    let mut body = ten_percent("P");
    body["message"] = "Only {shortfall} more".into();
    let would_be = replace(&service, &tenant, &dry, "\"1\"", body).await.expect(200);
    assert_eq!(would_be.header("etag"), "");
    assert_eq!((&would_be.body["id"], &would_be.body["version"]), (&json!(id), &json!(2)));
    assert_eq!(found(&would_be), [("placeholder", "/message")]);
    let mut body = ten_percent("P");
    body["status"] = "archived".into();
    let would_be = replace(&service, &tenant, &dry, "*", body).await.expect(200);
    assert_eq!(would_be.body["state"], "archived");

    assert_eq!(fingerprint(&mut owner).await, before);
    assert_eq!(service.get(&path, admin).await.expect(200).body, stored);
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_refuses_what_a_real_one_refuses() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let bound = json!({"max_active_promotions": 1}).to_string();
    let of_tenant = format!("/v1/tenants/{}", tenant.id);
    service.call(Method::PATCH, &of_tenant, OPERATOR, Some(bound)).await.expect(200);
    let path = format!("/v1/promotions/{}", service.promotion(admin, ten_percent("P")).await);
    let dry = format!("{path}?dry_run=true");
    let mut owner = database.owner_connection().await;
    // Events that were told before may be numbered at any time.
    service.get("/v1/events", admin).await.expect(200);
    let before = fingerprint(&mut owner).await;

    let mut draft = ten_percent("P");
    draft["status"] = "draft".into();
    service.post(DRY, admin, draft.clone()).await.expect_code(409, "name_taken");
    service.post(DRY, admin, ten_percent("Q")).await.expect_code(409, "active_promotion_limit");
    let mut of_list = draft.clone();
    of_list["benefit"]["target"] = json!({"type": "cart", "select": {"include": [{"field": "sku", "op": "in_list", "list": "L"}]}});
    let refused = service.post(DRY, admin, of_list).await.expect_code(422, "invalid");
    assert_eq!(refused.faults()[0].1, "unknown_reference");
    service.post(DRY, admin, json!({"name": "Q"})).await.expect_code(422, "invalid");
    service.post(DRY, &tenant.viewer, draft).await.expect_code(403, "forbidden");

    service.put(&dry, admin, ten_percent("P")).await.expect_code(428, "if_match_required");
    let stale = replace(&service, &tenant, &dry, "\"7\"", ten_percent("P")).await;
    stale.expect_code(412, "stale_version");
    let locked = replace(&service, &tenant, &dry, "*", percent("P", "11")).await;
    locked.expect_code(409, "locked_after_live");
    let nowhere = format!("/v1/promotions/{}?dry_run=true", random_id());
    let missing = replace(&service, &tenant, &nowhere, "*", ten_percent("P")).await;
    missing.expect_code(404, "not_found");
    assert_eq!(fingerprint(&mut owner).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_asked_for_by_true_and_false_alone() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    for query in
        ["dry_run=yes", "dry_run=", "dry_run=true&dry_run=true", "dry=true", "x=1&dry_run=true"]
    {
        let path = format!("/v1/promotions?{query}");
        service.post(&path, admin, ten_percent("P")).await.expect_code(422, "invalid");
    }
    let made = service.post("/v1/promotions?dry_run=false", admin, ten_percent("P")).await;
    assert_eq!(made.expect(201).header("etag"), "\"1\"");
    let path = format!("/v1/promotions/{}", random_id());
    let query = format!("{path}?dry_run=1");
    replace(&service, &tenant, &query, "*", ten_percent("P")).await.expect_code(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_answered_with_its_findings() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    service.put("/v1/stores/BLR-1", admin, json!({"zones": ["south"]})).await.expect(200);
    let first = service.promotion(admin, percent("P", "5")).await;
    let mut body = percent("Q", "5");
    body["scope"] = json!({"stores": ["blr-1"], "zones": ["south", "north"], "channels": ["web"]});
    let made = service.post("/v1/promotions", admin, body.clone()).await.expect(201);
    assert_eq!(made.header("etag"), "\"1\"");
    let expected = [
        ("unknown_name", "/scope/stores/0"),
        ("unknown_name", "/scope/zones/1"),
        ("overlaps", "/benefit/target"),
    ];
    assert_eq!(found(&made), expected);
    let message = text(&made.body["findings"][0]["message"]);
    assert!(message.contains("\"BLR-1\", which differs by case alone"), "{message}");
    assert_eq!(made.body["findings"][2]["promotion_id"], json!(first));

    let path = format!("/v1/promotions/{}", made.id());
    let of = format!("{path}/findings");
    for key in [admin, &tenant.viewer] {
        assert_eq!(
            service.get(&of, key).await.expect(200).body,
            json!({"findings": made.body["findings"]})
        );
    }
    service.get(&of, &tenant.pos).await.expect_code(403, "forbidden");
    service.get(&format!("{of}?x=1"), admin).await.expect_code(422, "invalid");
    let nowhere = format!("/v1/promotions/{}/findings", random_id());
    service.get(&nowhere, admin).await.expect_code(404, "not_found");

    // What was read is sent back: the same is found. Then one thing is set right.
    let again = replace(&service, &tenant, &path, "\"1\"", made.body.clone()).await.expect(200);
    assert_eq!(again.body["findings"], made.body["findings"]);
    body["scope"]["stores"] = json!(["BLR-1"]);
    let better = replace(&service, &tenant, &path, "\"2\"", body).await.expect(200);
    assert_eq!(found(&better), expected[1..]);
    // What the other does is seen at once.
    service.delete(&format!("/v1/promotions/{first}"), admin).await.expect(204);
    assert_eq!(found(&service.get(&of, admin).await.expect(200)), expected[1..2]);
}
