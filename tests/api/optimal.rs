//! `strategy: optimal` over HTTP: prices, and redemptions that share limits.

use serde_json::{Value, json};
use support::harness::{Service, Tenant};

use crate::hostile;
use crate::promotions::join_all;
use crate::redemptions::reconciled;

/// Two lines of 40: "50 % off one" goes first in rank, and gives more when it goes last.
fn request() -> Value {
    let line =
        |id: &str, sku: &str| json!({"id": id, "sku": sku, "quantity": "1", "unit_price": "40"});
    json!({"cart": {"lines": [line("1", "A"), line("2", "B")]}})
}

fn promotion(name: &str, sequence: i64, benefit: Value, limits: Value) -> Value {
    json!({
        "name": name, "type": "pos", "status": "active", "sequence": sequence, "benefit": benefit,
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z", "limits": limits,
    })
}

/// A tenant that promises the best price; `limits` are of "40 off A".
async fn shop(service: &Service, limits: Value) -> Tenant {
    let tenant = service.tenant().await;
    let settings = json!({"strategy": "optimal", "optimal": {"budget_ms": 50}});
    let settings =
        service.replace("/v1/settings", &tenant.admin, "\"1\"", settings).await.expect(200);
    assert_eq!(settings.body["strategy"], "optimal");
    let half = json!({"type": "percentage_off", "value": "50",
        "target": {"type": "items", "quantity": "1", "pick": "cart_order"}});
    service.promotion(&tenant.admin, promotion("50% off one", 1, half, json!({}))).await;
    let only_a = json!({"include": [{"field": "sku", "op": "eq", "value": "A"}]});
    let forty =
        json!({"type": "amount_off", "value": "40", "target": {"type": "items", "select": only_a}});
    service.promotion(&tenant.admin, promotion("40 off A", 2, forty, limits)).await;
    tenant
}

fn order(transaction: &str) -> Value {
    json!({"transaction_id": transaction, "request": request()})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_price_is_given_with_its_proof() {
    let (_database, service) = Service::start().await;
    let tenant = shop(&service, json!({})).await;
    let ten = json!({"type": "amount_off", "value": "10", "target": {"type": "items"}});
    let passed_over =
        service.promotion(&tenant.admin, promotion("10 off", 0, ten, json!({}))).await;
    let mut request = request();
    request["explain"] = "all".into();
    let result = service.post("/v1/evaluate-cart", &tenant.pos, request).await.expect(200).body;
    assert_eq!(result["totals"]["discount"], "60.00");
    assert_eq!(result["optimality"], json!({"proven": true, "upper_bound": "60.00"}));
    let names: Vec<&Value> =
        result["applied"].as_array().unwrap().iter().map(|own| &own["name"]).collect();
    assert_eq!(names, ["40 off A", "50% off one"]);
    let expected = json!([{"promotion_id": passed_over, "name": "10 off", "reason": "better_deal_taken",
        "facts": {}, "explanation": "You save at least as much with what applies",
        "alternative_discount": "50.00"}]);
    assert_eq!(result["not_applied"], expected);
}

/// The search has the budget of the settings that the cart is priced under, whatever the tenant's are.
#[tokio::test(flavor = "multi_thread")]
async fn a_cart_under_other_settings_is_searched_for_as_long_as_they_say() {
    let (_database, service) = Service::start().await;
    let tenant = hostile::tenant(&service, 3, 1).await;
    let price = || service.post("/v1/evaluate-cart", &tenant.pos, hostile::cart());
    let short = price().await.expect(200).body;
    assert_eq!(short["optimality"]["proven"], false);
    let longer = json!({"budget_ms": 200});
    let mut request = hostile::cart();
    request["settings"] = json!({"optimal": longer.clone()});
    let tried = service.post("/v1/evaluate-cart", &tenant.admin, request).await.expect(200).body;
    assert_eq!(tried["optimality"]["proven"], true);
    assert_eq!(price().await.expect(200).body["optimality"], short["optimality"]);
    let mut own = service.get("/v1/settings", &tenant.admin).await.expect(200).body;
    own["optimal"] = longer;
    service.replace("/v1/settings", &tenant.admin, "\"2\"", own).await.expect(200);
    let set = price().await.expect(200).body;
    for part in ["totals", "applied", "lines", "optimality"] {
        assert_eq!(tried[part], set[part], "{part}");
    }
}

/// Of twenty at once, some get the promotion whole, one gets what is left of it, the others the best without it.
#[tokio::test(flavor = "multi_thread")]
async fn redemptions_that_come_together_share_a_limit_and_each_gets_the_best_of_what_is_left() {
    let (database, service) = Service::start().await;
    let tenant = shop(&service, json!({"promotion": {"discount": {"max": "150"}}})).await;
    let names: Vec<String> = (0..20).map(|number| format!("T-{number}")).collect();
    let orders = names.iter().map(|name| async {
        let answer = service.post("/v1/redemptions", &tenant.pos, order(name)).await.expect(201);
        assert_eq!(answer.body["result"]["optimality"]["proven"], true);
        answer.body["result"]["totals"]["discount"].as_str().unwrap().to_owned()
    });
    let mut given: Vec<String> = join_all(orders.collect()).await;
    given.sort();
    // 40 + 20 three times; then 30 are left of A's.
    let mut expected = vec!["60.00"; 3];
    expected.push("50.00");
    expected.resize(20, "20.00");
    expected.sort_unstable();
    assert_eq!(given, expected);
    reconciled(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_keeps_its_price_and_its_use_until_it_is_cancelled() {
    let (database, service) = Service::start().await;
    let tenant = shop(&service, json!({"promotion": {"times": {"max": 1}}})).await;
    let mut held = order("T-1");
    held["hold"] = true.into();
    let held = service.post("/v1/redemptions", &tenant.pos, held).await.expect(201).body;
    assert_eq!(held["result"]["totals"]["discount"], "60.00");
    let mut second = order("T-2");
    second["expected_discount"] = "60".into();
    let refused = service
        .post("/v1/redemptions", &tenant.pos, second.clone())
        .await
        .expect_code(409, "discount_changed");
    assert_eq!(refused.body["result"]["totals"]["discount"], "20.00");
    assert_eq!(
        refused.body["result"]["optimality"],
        json!({"proven": true, "upper_bound": "20.00"})
    );
    service.post("/v1/redemptions/tx:T-1/cancel", &tenant.pos, json!({})).await.expect(200);
    service.post("/v1/redemptions", &tenant.pos, second).await.expect(201);
    let third = service.post("/v1/redemptions", &tenant.pos, order("T-3")).await.expect(201).body;
    assert_eq!(third["result"]["totals"]["discount"], "20.00");
    reconciled(&database).await;
}
