//! Claims over HTTP: what customers must activate before they can use it (spec 11).

use serde_json::json;
use support::harness::{Service, cart, random_id, ten_percent};

use crate::issuances::{act, evaluate, issue, redeem, reward, state};

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_for_a_claim_is_claimed_first() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let mut body = reward("P", json!({"earn": {"transactions": 1}}));
    body["activation_required"] = true.into();
    let promotion = service.promotion(admin, body).await;
    let id = issue(&service, &tenant, &promotion, "S").await.expect(201).id();
    let priced = evaluate(&service, &tenant).await;
    assert_eq!(priced["not_applied"][0]["reason"], "not_activated");
    let first = act(&service, &tenant.pos, &id, "activate").await.expect(200);
    assert_eq!(first.body["state"], "activated");
    let again = act(&service, &tenant.issuer, &id, "activate").await.expect(200);
    assert_eq!(first.text, again.text);
    let held = redeem(&service, &tenant, true).await;
    assert_eq!(held["result"]["applied"][0]["issuance_id"], id.as_str());
    assert_eq!(state(&service, &tenant, &id).await, "used_up");
    service.move_clock(301);
    let path = format!("/v1/redemptions/{}/cancel", held["id"].as_str().unwrap());
    service.post(&path, &tenant.pos, json!({})).await.expect(200);
    assert_eq!(state(&service, &tenant, &id).await, "activated");
    act(&service, admin, &id, "revoke").await.expect(200);
    let again = act(&service, admin, &id, "revoke").await.expect(200);
    assert_eq!(again.body["state"], "revoked");
    act(&service, &tenant.pos, &id, "activate").await.expect_code(409, "not_activatable");
    // One that nobody has to claim, and an open one that nobody has to.
    let plain = service.promotion(admin, reward("Plain", json!({}))).await;
    let plain = issue(&service, &tenant, &plain, "S").await.expect(201).id();
    act(&service, &tenant.pos, &plain, "activate").await.expect_code(409, "not_activatable");
    act(&service, admin, &plain, "revoke").await.expect(200);
    let claim = async |promotion: &str| {
        let path = format!("/v1/promotions/{promotion}/activations");
        let body = json!({"customer_id": "C"});
        service.post(&path, &tenant.pos, body).await
    };
    let plain = service.promotion(admin, ten_percent("Open to all")).await;
    claim(&plain).await.expect_code(409, "not_activatable");
    claim(&promotion).await.expect_code(409, "not_activatable");
    claim(&random_id()).await.expect_code(404, "not_found");
    let path = format!("/v1/promotions/{plain}/status");
    let body = json!({"status": "archived"});
    service.post(&path, admin, body).await.expect(200);
    let mut open = ten_percent("Open");
    open["activation_required"] = true.into();
    let open = service.promotion(admin, open).await;
    assert_eq!(evaluate(&service, &tenant).await["totals"]["discount"], "0.00");
    let claimed = claim(&open).await.expect(201);
    assert_eq!(claimed.body["state"], "activated");
    assert_eq!(claimed.body["source"], "activation");
    assert_eq!(claim(&open).await.expect(200).text, claimed.text);
    let priced = evaluate(&service, &tenant).await;
    assert_eq!(priced["applied"][0]["issuance_id"], claimed.body["id"]);
    let mut nobody = cart();
    nobody["explain"] = "all".into();
    let nobody = service.post("/v1/evaluate-cart", &tenant.pos, nobody).await.expect(200);
    let reasons = nobody.body["not_applied"].as_array().unwrap();
    assert!(reasons.iter().all(|own| own["reason"] == "customer_required"));
}
