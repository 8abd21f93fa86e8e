//! Returns over HTTP: refunds that add up, limits that get back what was taken, and nothing twice (spec 9).

use serde_json::{Value, json};
use support::harness::{Service, Tenant, random_id, ten_percent};

/// Three units at 10 and one at 0.01, with shipping.
fn order(transaction: &str) -> Value {
    json!({"transaction_id": transaction, "request": {
        "customer": {"id": "C-1"},
        "cart": {
            "lines": [
                {"id": "a", "sku": "A", "quantity": "3", "unit_price": "10"},
                {"id": "b", "sku": "B", "quantity": "1", "unit_price": "0.01", "tax": "0.005"},
            ],
            "shipping": {"amount": "5"},
        },
    }})
}

async fn promotion(service: &Service, tenant: &Tenant, name: &str, change: Value) -> String {
    let mut body = ten_percent(name);
    let members = change.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    service.promotion(&tenant.admin, body).await
}

async fn redeem(service: &Service, tenant: &Tenant, transaction: &str) -> Value {
    let body = order(transaction);
    let made = service.post("/v1/redemptions", &tenant.pos, body).await;
    made.expect(201).body
}

fn back(return_id: &str, lines: &[(&str, &str)]) -> Value {
    let lines: Vec<Value> =
        lines.iter().map(|(id, quantity)| json!({"id": id, "quantity": quantity})).collect();
    json!({"return_id": return_id, "lines": lines})
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_are_differences_and_the_last_unit_closes_the_line() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let tenth = json!({"benefit": {"type": "amount_off", "value": "1"}});
    let promotion = promotion(&service, &tenant, "One off", tenth).await;
    redeem(&service, &tenant, "T-1").await;
    // 1.00 off 30.01 + 0.01: 1.00 of it falls on the first line, whose payable is 29.00.
    let path = "/v1/redemptions/tx:T-1/returns";
    let post = async |body: Value| service.post(path, &tenant.pos, body).await;
    let first = post(back("R-1", &[("a", "1")])).await.expect(200);
    assert_eq!(first.body["refund"], "9.67");
    assert_eq!(first.body["complete"], false);
    let given = json!([{"promotion_id": promotion, "discount": "0.33", "points": "0"}]);
    assert_eq!(first.body["promotions"], given);
    let again = post(back("R-1", &[("a", "1.000")])).await.expect(200);
    assert_eq!(again.text, first.text);
    post(back("R-1", &[("a", "2")])).await.expect_code(409, "return_id_reused");
    post(back("R-2", &[("a", "2.001")])).await.expect_code(409, "return_exceeds_purchase");
    let second = post(back("R-2", &[("a", "1")])).await.expect(200);
    assert_eq!(second.body["refund"], "9.66");
    let third = post(back("R-3", &[("a", "1"), ("b", "1")])).await.expect(200);
    let lines = &third.body["lines"];
    assert_eq!((&lines[0]["refund"], &lines[1]["refund"]), (&json!("9.67"), &json!("0.015")));
    assert_eq!(third.body["refund"], "9.685");
    assert_eq!(third.body["complete"], true);
    post(back("R-4", &[("b", "1")])).await.expect_code(409, "return_exceeds_purchase");
    let read = service.get("/v1/redemptions/tx:T-1", &tenant.pos).await.expect(200);
    let returns = read.body["returns"].as_array().unwrap();
    assert_eq!(returns.len(), 3);
    assert_eq!(returns[0], first.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_get_back_what_was_taken() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let limits =
        json!({"customer": {"times": {"max": 1}}, "promotion": {"discount": {"max": "3.00"}}});
    promotion(&service, &tenant, "P", json!({"limits": limits})).await;
    let shipping = json!({"benefit": {"type": "amount_off", "value": "2", "target": {"type": "shipping"}},
        "limits": {"customer": {"times": {"max": 1}}}});
    promotion(&service, &tenant, "Shipping", shipping).await;
    let discounts = async |transaction: &str| {
        let made = redeem(&service, &tenant, transaction).await;
        let totals = made["result"]["totals"].clone();
        (totals["cart_discount"].clone(), totals["shipping_discount"].clone())
    };
    assert_eq!(discounts("T-1").await, (json!("3.00"), json!("2.00")));
    assert_eq!(discounts("T-2").await, (json!("0.00"), json!("0.00")));
    let path = "/v1/redemptions/tx:T-1/returns";
    let body = back("R-1", &[("a", "2")]);
    service.post(path, &tenant.pos, body).await.expect(200);
    // Two thirds of the discount are back, but the customer has used the promotion.
    assert_eq!(discounts("T-3").await.0, json!("0.00"));
    let body = back("R-2", &[("a", "1"), ("b", "1")]);
    service.post(path, &tenant.pos, body).await.expect(200);
    assert_eq!(discounts("T-4").await, (json!("3.00"), json!("0.00")));
    // Where the settings say so, nothing comes back.
    let settings = service.get("/v1/settings", &tenant.admin).await.expect(200);
    let mut document = settings.body.clone();
    document["restore_limits_on_return"] = false.into();
    service
        .replace("/v1/settings", &tenant.admin, settings.header("etag"), document)
        .await
        .expect(200);
    let body = back("R-1", &[("a", "3"), ("b", "1")]);
    service.post("/v1/redemptions/tx:T-4/returns", &tenant.pos, body).await.expect(200);
    assert_eq!(discounts("T-5").await.0, json!("0.00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn points_are_taken_back_in_proportion_to_the_gross() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let points = json!({"benefit": {"type": "award_points", "value": "10"}});
    promotion(&service, &tenant, "Points", points).await;
    redeem(&service, &tenant, "T-1").await;
    let path = "/v1/redemptions/tx:T-1/returns";
    let mut taken = Vec::new();
    for (number, line) in [("a", "1"), ("a", "2"), ("b", "1")].into_iter().enumerate() {
        let body = back(&format!("R-{number}"), &[line]);
        let done = service.post(path, &tenant.pos, body).await.expect(200).body;
        taken.push(done["promotions"][0]["points"].as_str().unwrap_or("0").to_owned());
    }
    assert_eq!(taken, ["3.33", "6.67", "0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_return_is_refused_and_records_nothing() {
    let (_database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let made = redeem(&service, &tenant, "T-1").await;
    let id = made["id"].as_str().unwrap();
    let path = format!("/v1/redemptions/{id}/returns");
    for (body, pointer, code) in [
        (json!({}), "/return_id", "required"),
        (json!({"return_id": "R", "lines": []}), "/lines", "required"),
        (back("R", &[("a", "0")]), "/lines/0/quantity", "out_of_range"),
        (back("R", &[("a", "1.0001")]), "/lines/0/quantity", "too_precise"),
        (back("R", &[("a", "1"), ("a", "1")]), "/lines/1/id", "not_unique"),
        (back("R", &[("a", "1"), ("z", "1")]), "/lines/1/id", "unknown_reference"),
    ] {
        let refused = service.post(&path, &tenant.pos, body.clone()).await;
        let faults = refused.expect_code(422, "invalid").faults();
        assert!(
            faults.iter().any(|fault| fault.0 == pointer && fault.1 == code),
            "{body}: {faults:?}"
        );
    }
    let whole = back("R", &[("a", "3"), ("b", "1")]);
    for (key, path) in [
        (&other.pos, path.clone()),
        (&tenant.pos, format!("/v1/redemptions/{}/returns", random_id())),
        (&tenant.pos, "/v1/redemptions/tx:T-9/returns".to_owned()),
    ] {
        let refused = service.post(&path, key, whole.clone()).await;
        refused.expect_code(404, "not_found");
    }
    let read = service.get(&format!("/v1/redemptions/{id}"), &tenant.pos).await.expect(200);
    assert_eq!(read.body["returns"], json!([]));
    assert_eq!(service.post(&path, &tenant.pos, whole).await.expect(200).body["complete"], true);
}
