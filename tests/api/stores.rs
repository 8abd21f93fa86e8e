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
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let faults = service.put("/v1/stores", admin, bad).await.expect_code(422, "invalid").faults();
    assert_eq!(faults, [fault("/1/timezone", "malformed"), fault("/2/code", "not_unique")]);
    service.get("/v1/stores/D", admin).await.expect_code(404, "not_found");
    let refused = csv(&service, "/v1/stores", admin, "code,timezone\nD,Nowhere\nD,\n").await;
    let faults = refused.expect_code(422, "invalid").faults();
    assert_eq!(faults, [fault("/lines/2", "malformed"), fault("/lines/3", "not_unique")]);
    service.delete("/v1/stores/A", admin).await.expect(204);
    service.delete("/v1/stores/A", admin).await.expect_code(404, "not_found");
    let mut request = cart();
    request["store"] = "A".into();
    let refused = service.post("/v1/evaluate-cart", &tenant.pos, request).await;
    let faults = refused.expect_code(422, "invalid").faults();
    assert_eq!(faults, [("/store".to_owned(), "unknown_reference".to_owned())]);
}
