//! Settings: replaced whole, under their version, and locked once something has been live.

use serde_json::{Value, json};
use support::harness::{Service, ten_percent};

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_needs_the_present_version() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let read = service.get("/v1/settings", admin).await.expect(200);
    assert_eq!((read.header("etag"), &read.body["currency"]), ("\"1\"", &json!("INR")));
    service.put("/v1/settings", admin, json!({})).await.expect_code(428, "if_match_required");
    for stale in ["\"2\"", "\"x\"", "W/\"1\"", ""] {
        service
            .replace("/v1/settings", admin, stale, json!({}))
            .await
            .expect_code(412, "stale_version");
    }
    let mut body = read.body;
    body["rounding"] = json!({"mode": "down", "precision": 0});
    let replaced = service.replace("/v1/settings", admin, "\"1\"", body).await.expect(200);
    assert_eq!((replaced.header("etag"), &replaced.body["version"]), ("\"2\"", &json!(2)));
    assert_eq!(replaced.body["rounding"]["mode"], "down");
    let replaced = service.replace("/v1/settings", admin, "\"2\"", json!({})).await.expect(200);
    assert_eq!(replaced.body["rounding"]["mode"], "half_up", "what is left out takes its default");
    let refused =
        service.replace("/v1/settings", admin, "\"3\"", json!({"hold_seconds": 1, "x": 1})).await;
    assert_eq!(refused.expect_code(422, "invalid").faults().len(), 2);
    let twice = json!({"custom_fields": [{"key": "a", "type": "text"}, {"key": "a", "type": "x"}]});
    let refused = service.replace("/v1/settings", admin, "\"3\"", twice).await;
    let faults = refused.expect_code(422, "invalid").faults();
    let pointers: Vec<&str> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/custom_fields/1/type", "/custom_fields/1/key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn currency_and_zone_are_fixed_once_a_promotion_has_been_live() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let moved = json!({"currency": "EUR", "timezone": "Europe/Paris"});
    service.replace("/v1/settings", admin, "\"1\"", moved.clone()).await.expect(200);
    service.promotion(admin, ten_percent("P")).await;
    let back = json!({"currency": "INR", "timezone": "Asia/Kolkata"});
    let refused = service.replace("/v1/settings", admin, "\"2\"", back).await;
    let faults = refused.expect_code(409, "locked_after_live").faults();
    assert_eq!(
        faults.iter().map(|fault| fault.0.as_str()).collect::<Vec<_>>(),
        ["/currency", "/timezone"]
    );
    service.replace("/v1/settings", admin, "\"2\"", moved).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_does_not_exist_is_named_with_its_place() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let selector = json!({"include": [{"field": "sku", "op": "in_list", "list": "gone"}]});
    let body =
        json!({"multiple_promotions_per_line": {"enabled": true, "exclude": selector.clone()}});
    let refused = service.replace("/v1/settings", &tenant.admin, "\"1\"", body).await;
    let faults = refused.expect_code(422, "invalid").faults();
    let pointer = "/multiple_promotions_per_line/exclude/include/0/list";
    assert_eq!(faults, [(pointer.to_owned(), "unknown_reference".to_owned())]);
    // Beside other faults, too: all are reported at once.
    let body = json!({
        "multiple_promotions_per_line": {"enabled": true, "exclude": selector}, "hold_seconds": 1
    });
    let refused = service.replace("/v1/settings", &tenant.admin, "\"1\"", body).await;
    let faults = refused.expect_code(422, "invalid").faults();
    let hold = ("/hold_seconds".to_owned(), "out_of_range".to_owned());
    assert_eq!(faults, [hold, (pointer.to_owned(), "unknown_reference".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_the_largest_discount_is_given() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    service.promotion(admin, ten_percent("P")).await;
    let mut settings = service.get("/v1/settings", admin).await.expect(200).body;
    assert_eq!(settings.get("max_discount_percent"), Some(&Value::Null));
    settings["max_discount_percent"] = "7.25".into();
    let replaced = service.replace("/v1/settings", admin, "\"1\"", settings).await.expect(200);
    assert_eq!(replaced.body["max_discount_percent"], "7.25");
    let read = service.get("/v1/settings", &tenant.viewer).await.expect(200);
    assert_eq!(read.body, replaced.body);
    assert_eq!(service.discount(&tenant.pos).await, "7.25");
    for refused in ["0", "101"] {
        let body = json!({"max_discount_percent": refused});
        let refused = service.replace("/v1/settings", admin, "\"2\"", body).await;
        let fault = ("/max_discount_percent".to_owned(), "out_of_range".to_owned());
        assert_eq!(refused.expect_code(422, "invalid").faults(), [fault]);
    }
    service.replace("/v1/settings", admin, "\"2\"", json!({})).await.expect(200);
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
}
