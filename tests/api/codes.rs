//! Codes: imported, listed, masked for viewers, deleted, looked up.

use serde_json::{Value, json};

use crate::harness::{Service, cart, ten_percent, with_codes};

async fn status(service: &Service, key: &str, code: &str) -> Value {
    let mut request = cart();
    request["cart"]["codes"] = json!([code]);
    service
        .post("/v1/evaluate-cart", key, request)
        .await
        .expect(200)
        .body["codes"][0]["status"]
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_unlock_their_promotion_whatever_their_case() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let path = format!(
        "/v1/promotions/{}/codes",
        service.promotion(admin, with_codes("P")).await
    );
    let made = service
        .post(&path, admin, json!({"codes": ["Save10", "SAVE20"]}))
        .await
        .expect(201)
        .body;
    assert_eq!((&made["count"], &made["created"]), (&json!(2), &json!(2)));
    let again = service
        .post(&path, admin, json!({"codes": ["SAVE10", "SAVE30"]}))
        .await
        .expect(201)
        .body;
    assert_eq!(again["created"], 1);
    assert_eq!(status(&service, &tenant.pos, "save10").await, "applied");
    assert_eq!(status(&service, &tenant.pos, "!").await, "unknown");
    let listed = service.get(&path, admin).await.expect(200).body;
    assert_eq!(listed["items"][0]["code"], "Save10");
    let masked = service.get(&path, &tenant.viewer).await.expect(200);
    assert_eq!(masked.body["items"][0]["code"], "…e10");
    assert!(!masked.text.contains("Save10"));
    let audit = service.get("/v1/audit", &tenant.viewer).await.expect(200);
    assert!(
        !audit.text.to_uppercase().contains("SAVE10"),
        "{}",
        audit.text
    );
    assert!(
        service
            .get("/v1/audit", admin)
            .await
            .text
            .contains("Save10")
    );
    service
        .delete(&format!("{path}/save10"), admin)
        .await
        .expect(204);
    service
        .delete(&format!("{path}/save10"), admin)
        .await
        .expect_code(404, "not_found");
    assert_eq!(status(&service, &tenant.pos, "save10").await, "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_promotion_is_taken_and_nothing_is_imported() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let first = service.promotion(admin, with_codes("A")).await;
    let second = format!(
        "/v1/promotions/{}/codes",
        service.promotion(admin, with_codes("B")).await
    );
    let path = format!("/v1/promotions/{first}/codes");
    service
        .post(&path, admin, json!({"codes": ["ONE"]}))
        .await
        .expect(201);
    let refused = service
        .post(&second, admin, json!({"codes": ["TWO", "one"]}))
        .await;
    refused.expect_code(409, "code_taken");
    assert_eq!(status(&service, &tenant.pos, "TWO").await, "unknown");
    service
        .delete(&format!("/v1/promotions/{first}"), admin)
        .await
        .expect(204);
    service
        .post(&second, admin, json!({"codes": ["TWO", "one"]}))
        .await
        .expect(201);
    assert_eq!(status(&service, &tenant.pos, "ONE").await, "applied");
    service
        .post(&path, admin, json!({"codes": ["THREE"]}))
        .await
        .expect_code(409, "archived");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_code_is_refused_with_its_place() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let path = format!(
        "/v1/promotions/{}/codes",
        service.promotion(admin, with_codes("P")).await
    );
    let body = json!({"codes": ["OK1", "x", "-ab", "ok1", 7], "expires_at": "soon"});
    let refused = service
        .post(&path, admin, body)
        .await
        .expect_code(422, "invalid");
    assert!(
        refused
            .faults()
            .contains(&("/codes/1".to_owned(), "malformed".to_owned()))
    );
    assert!(
        refused
            .faults()
            .contains(&("/expires_at".to_owned(), "malformed".to_owned()))
    );
    let automatic = format!(
        "/v1/promotions/{}/codes",
        service.promotion(admin, ten_percent("Q")).await
    );
    service
        .post(&automatic, admin, json!({"codes": ["OK1"]}))
        .await
        .expect_code(422, "invalid");
    let expired = json!({"codes": ["OLD"], "expires_at": "2020-01-01T00:00:00Z"});
    service.post(&path, admin, expired).await.expect(201);
    assert_eq!(status(&service, &tenant.pos, "OLD").await, "expired");
}
