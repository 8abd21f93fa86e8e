//! Pricing over HTTP: who may choose the time, which version was used, what is refused.

use std::time::Duration;

use serde_json::json;
use support::harness::{Service, cart, ten_percent};

use crate::stores::csv;

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_evaluate_as_if_at_another_time() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    service.promotion(&tenant.admin, ten_percent("P")).await;
    let mut request = cart();
    request["at"] = "2019-12-31T23:59:59.999Z".into();
    service
        .post("/v1/evaluate-cart", &tenant.pos, request.clone())
        .await
        .expect_code(403, "forbidden");
    request["explain"] = "all".into();
    let before = service.post("/v1/evaluate-cart", &tenant.admin, request).await.expect(200).body;
    assert_eq!(before["not_applied"][0]["reason"], "not_started");
    assert_eq!(before["evaluated_at"], "2019-12-31T23:59:59.999Z");
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_price_with_drafts_and_nothing_stays_of_them() {
    let (_database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let stored = service.promotion(&tenant.admin, ten_percent("P")).await;
    let foreign = service.promotion(&other.admin, ten_percent("P")).await;
    let mut half = ten_percent("P");
    half["benefit"]["value"] = "50".into();
    let with = |changes: serde_json::Value| {
        let mut request = cart();
        request.as_object_mut().unwrap().extend(changes.as_object().cloned().unwrap());
        service.post("/v1/evaluate-cart", &tenant.admin, request)
    };
    let discount = |answer: serde_json::Value| answer["totals"]["discount"].clone();
    let beside = with(json!({"with": [half.clone()]})).await.expect(200).body;
    assert_eq!(discount(beside.clone()), "60.00");
    assert_eq!(beside["applied"][0]["promotion_id"], "draft:0");
    assert_eq!(discount(with(json!({"without": [stored]})).await.expect(200).body), "0.00");
    let mut instead = half.clone();
    instead["id"] = json!(stored);
    assert_eq!(discount(with(json!({"with": [instead]})).await.expect(200).body), "50.00");
    half["id"] = json!(foreign);
    let refused = with(json!({"with": [half], "without": [foreign]})).await;
    let faults = refused.expect_code(422, "invalid").faults();
    let places: Vec<_> = faults.into_iter().map(|fault| (fault.0, fault.1)).collect();
    let expected = [
        ("/with/0/id", "unknown_reference"),
        ("/without/0", "unknown_reference"),
        ("/without/0", "not_unique"),
    ];
    assert_eq!(json!(places), json!(expected));
    // The role is judged first, whatever the members hold and whatever else is wrong.
    let long = json!([{"name": "x".repeat(100_000)}]);
    for (name, value) in [
        ("without", json!([])),
        ("without", json!("x")),
        ("with", json!([{"name": 1}])),
        ("with", json!(false)),
        ("with", long),
    ] {
        let mut request = cart();
        request[name] = value;
        request["colour"] = json!(1);
        let refused = service.post("/v1/evaluate-cart", &tenant.pos, request).await;
        refused.expect_code(403, "forbidden");
    }
    // Null counts as absent.
    let mut request = cart();
    request.as_object_mut().unwrap().extend([("with".to_owned(), json!(null))]);
    service.post("/v1/evaluate-cart", &tenant.pos, request).await.expect(200);
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_price_under_other_settings_and_nothing_stays_of_them() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    // Alone it goes first, and all others are left out. Together the others give more.
    let mut alone = ten_percent("Alone");
    alone["stacking"] = json!({"exclusive": true});
    service.promotion(&tenant.admin, alone).await;
    let mut third = ten_percent("A third");
    third["benefit"]["value"] = "33.333".into();
    service.promotion(&tenant.admin, third.clone()).await;
    let under = |changes: serde_json::Value| {
        let mut request = cart();
        request.as_object_mut().unwrap().extend(changes.as_object().cloned().unwrap());
        service.post("/v1/evaluate-cart", &tenant.admin, request)
    };
    let plain = under(json!({})).await.expect(200).body;
    let loads = service.app.service().cache().loads();
    for (changes, discount, optimality) in [
        (json!({"settings": {}}), "10.00", json!(null)),
        (json!({"settings": {"strategy": "ranked", "custom_fields": []}}), "10.00", json!(null)),
        (json!({"settings": {"strategy": "best_deal"}}), "33.33", json!(null)),
        // What is not named, or is null, stays as it is.
        (
            json!({"settings": {"strategy": null, "ranking": ["maximum_discount"], "rounding": {"mode": "up"}}}),
            "33.34",
            json!(null),
        ),
        (
            json!({"settings": {"strategy": "optimal", "optimal": {"budget_ms": 200}}}),
            "33.33",
            json!({"proven": true, "upper_bound": "33.33"}),
        ),
        (json!({"settings": {"max_discount_percent": "5"}}), "5.00", json!(null)),
        (json!({"settings": {"strategy": "best_deal"}, "with": [third]}), "66.66", json!(null)),
    ] {
        let priced = under(changes.clone()).await.expect(200).body;
        let told = (&priced["totals"]["discount"], &priced["optimality"]);
        assert_eq!(told, (&json!(discount), &optimality), "{changes}");
        assert_eq!(priced["ruleset_version"], plain["ruleset_version"], "{changes}");
    }
    let in_list = json!({"include": [{"field": "sku", "op": "in_list", "list": "L"}]});
    for (settings, expected) in [
        (
            json!({"strategy": "cheapest", "rounding": {"precision": 9}, "mode": "up"}),
            vec![
                ("/settings/strategy", "malformed"),
                ("/settings/rounding/precision", "out_of_range"),
                ("/settings/mode", "unknown_field"),
            ],
        ),
        (
            json!({"multiple_promotions_per_line": {"exclude": in_list}}),
            vec![(
                "/settings/multiple_promotions_per_line/exclude/include/0/list",
                "unknown_reference",
            )],
        ),
    ] {
        let refused = under(json!({"settings": settings})).await.expect_code(422, "invalid");
        let faults = refused.faults().into_iter().map(|fault| (fault.0, fault.1));
        assert_eq!(json!(faults.collect::<Vec<_>>()), json!(expected));
    }
    let by_pos = |settings: serde_json::Value| {
        let mut request = cart();
        request["settings"] = settings;
        service.post("/v1/evaluate-cart", &tenant.pos, request)
    };
    by_pos(json!({})).await.expect_code(403, "forbidden");
    // Null counts as absent.
    by_pos(json!(null)).await.expect(200);
    let stored = service.get("/v1/settings", &tenant.admin).await.expect(200).body;
    assert_eq!((&stored["strategy"], &stored["version"]), (&json!("ranked"), &json!(1)));
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    assert_eq!(service.app.service().cache().loads(), loads);
}

/// Of a line that the tenant excludes, one promotion may discount units.
#[tokio::test(flavor = "multi_thread")]
async fn settings_on_a_cart_keep_the_lines_that_the_tenant_excludes() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    csv(&service, "/v1/product-lists/tees", admin, "sku\nTEE\n").await.expect(200);
    let exclude = json!({"include": [{"field": "sku", "op": "in_list", "list": "tees"}]});
    let settings = json!({"multiple_promotions_per_line": {"enabled": true, "exclude": exclude}});
    service.replace("/v1/settings", admin, "\"1\"", settings).await.expect(200);
    for name in ["One", "Two"] {
        let mut own = ten_percent(name);
        own["benefit"]["target"] = json!({"type": "items", "quantity": "1"});
        service.promotion(admin, own).await;
    }
    for changes in [json!({}), json!({"settings": {}}), json!({"settings": {"hold_seconds": 60}})] {
        let mut request = cart();
        request["cart"]["lines"][0]["quantity"] = "2".into();
        request.as_object_mut().unwrap().extend(changes.as_object().cloned().unwrap());
        let priced = service.post("/v1/evaluate-cart", admin, request).await.expect(200).body;
        assert_eq!(priced["totals"]["discount"], "10.00", "{changes}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_of_a_cart_are_reported_at_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let line = |id: &str, quantity: &str| json!({"id": id, "sku": "A", "quantity": quantity, "unit_price": "1"});
    let body = json!({"cart": {"lines": [line("1", "0"), line("1", "1e3"), {}]}, "colour": 1});
    let refused =
        service.post("/v1/evaluate-cart", &tenant.pos, body).await.expect_code(422, "invalid");
    let pointers: Vec<_> = refused.faults().into_iter().map(|fault| fault.0).collect();
    for pointer in
        ["/cart/lines/0/quantity", "/cart/lines/1/quantity", "/cart/lines/2/sku", "/colour"]
    {
        assert!(pointers.contains(&pointer.to_owned()), "{pointer} in {pointers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_is_seen_by_the_next_evaluation_and_rules_load_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let version = || async {
        let priced = service.post("/v1/evaluate-cart", &tenant.pos, cart()).await.expect(200).body;
        (priced["ruleset_version"].as_i64().unwrap(), priced["totals"]["discount"].clone())
    };
    let (first, _) = version().await;
    for number in 1..=5 {
        service.promotion(&tenant.admin, ten_percent(&format!("P{number}"))).await;
        let (now, discount) = version().await;
        assert_eq!((now, discount), (first + number, json!(format!("{}.00", number * 10))));
    }
    let loads = service.app.service().cache().loads();
    let burst = (0..50).map(|_| service.post("/v1/evaluate-cart", &tenant.pos, cart()));
    for answer in burst {
        answer.await.expect(200);
    }
    assert_eq!(service.app.service().cache().loads(), loads);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_ends_by_the_clock_alone() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut body = ten_percent("P");
    body["ends_at"] = (chrono::Utc::now() + chrono::TimeDelta::hours(1)).to_rfc3339().into();
    service.promotion(&tenant.admin, body).await;
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    service.clock.set_offset(chrono::TimeDelta::hours(1));
    assert_eq!(service.discount(&tenant.pos).await, "0.00");
}

/// Ten conditions on the whole cart, judged for each of 500 SKUs: the evaluation ends at its bound and names the
/// promotions.
#[tokio::test(flavor = "multi_thread")]
async fn a_cart_that_takes_too_much_work_is_refused_and_says_why() {
    let (database, _) = Service::start().await;
    // The pool stands back before the other tests.
    let service = Service::on(&database, |options| {
        options.timeouts.evaluate = Duration::from_secs(30);
        options.timeouts.redeem = Duration::from_secs(30);
    })
    .await;
    let tenant = service.tenant().await;
    let mut ids = Vec::new();
    for number in 0..12 {
        let mut promotion = ten_percent(&format!("P{number}"));
        let leaf = json!({"type": "total_quantity", "op": "gte", "value": "1"});
        promotion["conditions"] = json!({"type": "group", "match": "all", "of": vec![leaf; 10]});
        promotion["benefit"] = json!({
            "type": "percentage_off", "value": "10", "same": "sku", "target": {"type": "items"},
        });
        ids.push(service.promotion(&tenant.admin, promotion).await);
    }
    let line = |number: usize| json!({"id": number.to_string(), "sku": number.to_string(), "quantity": "1", "unit_price": "9"});
    let lines: Vec<serde_json::Value> = (0..500).map(line).collect();
    let request = json!({"cart": {"lines": lines}});
    let refused = service
        .post("/v1/evaluate-cart", &tenant.pos, request.clone())
        .await
        .expect_code(422, "too_complex");
    let errors = refused.body["errors"].as_array().expect("errors").clone();
    assert!((1..=10).contains(&errors.len()), "{errors:?}");
    for error in &errors {
        assert_eq!(error["code"], "too_complex");
        let message = error["message"].as_str().expect("a message");
        let named = ids.iter().filter(|id| message.contains(id.as_str()));
        assert_eq!(named.count(), 1, "{message}");
    }
    let order = json!({"transaction_id": "T-1", "request": request});
    service.post("/v1/redemptions", &tenant.pos, order).await.expect_code(422, "too_complex");
}
