//! Stores: JSON, CSV, one by one and in bulk.

use reqwest::Method;
use serde_json::json;
use support::harness::{Answer, Service, cart};

pub async fn csv(service: &Service, path: &str, key: &str, text: &str) -> Answer {
    let body = Some(text.to_owned());
    service.send(Method::PUT, path, key, body, &[("content-type", "text/csv; charset=utf-8")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_are_put_in_bulk_all_or_nothing() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let put = csv(
        &service,
        "/v1/stores",
        admin,
        "code,concept,zones,timezone\nA,mega,south|metro,\nB,,,Asia/Dubai\n",
    );
    assert_eq!(put.await.expect(200).body["count"], 2);
    let bulk = json!([{"code": "B", "concept": "mini"}, {"code": "C", "zones": ["north"]}]);
    service.put("/v1/stores", admin, bulk).await.expect(200);
    let listed = service.get("/v1/stores", &tenant.viewer).await.expect(200).body;
    let expected = json!([
        {"code": "A", "concept": "mega", "zones": ["south", "metro"], "timezone": null},
        {"code": "B", "concept": "mini", "zones": [], "timezone": null},
        {"code": "C", "concept": null, "zones": ["north"], "timezone": null},
    ]);
    assert_eq!(listed["items"], expected);
    let bad = json!([{"code": "D"}, {"code": "E", "timezone": "Nowhere"}, {"code": "D"}]);
    service.put("/v1/stores", admin, bad).await.expect_code(422, "invalid");
    service.get("/v1/stores/D", admin).await.expect_code(404, "not_found");
    let refused = csv(&service, "/v1/stores", admin, "code,timezone\nD,Nowhere\n").await;
    let faults = refused.expect_code(422, "invalid").faults();
    assert_eq!(faults, [("/lines/2".to_owned(), "malformed".to_owned())]);
    service.delete("/v1/stores/A", admin).await.expect(204);
    service.delete("/v1/stores/A", admin).await.expect_code(404, "not_found");
    let mut request = cart();
    request["store"] = "A".into();
    let refused = service.post("/v1/evaluate-cart", &tenant.pos, request).await;
    let faults = refused.expect_code(422, "invalid").faults();
    assert_eq!(faults, [("/store".to_owned(), "unknown_reference".to_owned())]);
}
