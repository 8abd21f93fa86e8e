//! Prices for shop windows (spec 15.5).

use serde_json::{Value, json};
use support::harness::{OPERATOR, Service, Tenant, cart, random_id, ten_percent};

use crate::hostile;

const PATH: &str = "/v1/price-products";

fn product(id: &str, sku: &str, price: &str) -> Value {
    json!({"id": id, "sku": sku, "unit_price": price})
}

/// A promotion on items of one SKU.
fn on(name: &str, sku: &str, change: &Value) -> Value {
    let mut body = ten_percent(name);
    let of = json!({"include": [{"field": "sku", "op": "eq", "value": sku}]});
    body["benefit"] =
        json!({"type": "percentage_off", "value": "10", "target": {"type": "items", "select": of}});
    for (name, value) in change.as_object().expect("members") {
        body[name] = value.clone();
    }
    body
}

async fn price(service: &Service, tenant: &Tenant, body: Value) -> Value {
    service.post(PATH, &tenant.pos, body).await.expect(200).body
}

#[tokio::test(flavor = "multi_thread")]
async fn each_product_has_its_price_and_the_promotions_about_it() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let tee =
        service.promotion(&tenant.admin, on("Tees", "TEE", &json!({"message": "10 % off"}))).await;
    let cup =
        service.promotion(&tenant.admin, on("Cups", "CUP", &json!({"type": "code_linked"}))).await;
    service.promotion(&tenant.admin, ten_percent("The cart")).await;
    let mut two = product("3", "TEE", "80.5");
    two["quantity"] = "2".into();
    let body = json!({"products": [product("1", "TEE", "100"), product("2", "CUP", "20"), two, product("4", "X", "1.2345")]});
    let found = price(&service, &tenant, body).await;
    assert_eq!(found["currency"], "INR");
    assert!(found["evaluated_at"].is_string() && found["ruleset_version"].is_i64(), "{found}");
    let tees = |discount: &str| json!([{"promotion_id": tee, "name": "Tees", "message": "10 % off", "applies": true, "discount": discount}]);
    let expected = json!([
        {"id": "1", "sku": "TEE", "gross": "100.00", "discount": "10.00", "price": "90.00", "promotions": tees("10.00")},
        {"id": "2", "sku": "CUP", "gross": "20.00", "discount": "0.00", "price": "20.00", "promotions": [
            {"promotion_id": cup, "name": "Cups", "message": "", "applies": false, "discount": "0.00"}]},
        {"id": "3", "sku": "TEE", "gross": "161.00", "discount": "16.10", "price": "144.90", "promotions": tees("16.10")},
        {"id": "4", "sku": "X", "gross": "1.2345", "discount": "0.00", "price": "1.2345", "promotions": []},
    ]);
    assert_eq!(found["products"], expected, "{found:#}");
    // Admins may ask too, in another currency; the tenant's promotions are not for it.
    let body = json!({"products": [product("1", "TEE", "100")], "currency": "EUR"});
    let found = service.post(PATH, &tenant.admin, body).await.expect(200).body;
    assert_eq!(
        (&found["currency"], &found["products"][0]["promotions"]),
        (&json!("EUR"), &json!([]))
    );
}

/// Where, to whom, and how much is left: everything that a cart is judged by, but its other lines.
#[tokio::test(flavor = "multi_thread")]
async fn stores_customers_limits_and_issuances_count() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    service.put("/v1/stores/S-1", admin, json!({})).await.expect(200);
    let made =
        |name: &'static str, change: Value| service.promotion(admin, on(name, "TEE", &change));
    made("Store", json!({"scope": {"stores": ["S-1"]}})).await;
    made("Group", json!({"audience": {"type": "all", "groups": ["staff"]}})).await;
    let once = json!({"customer": {"times": {"max": 1}}});
    made("Once", json!({"limits": once})).await;
    let reward = json!({"type": "rewards", "earning": {"trigger": "direct"}});
    let reward = made("Reward", reward).await;
    let shown = async |change: Value| {
        let mut body = json!({"products": [product("1", "TEE", "100")]});
        for (name, value) in change.as_object().expect("members") {
            body[name] = value.clone();
        }
        let found = price(&service, &tenant, body).await;
        let shown = found["products"][0]["promotions"].as_array().expect("a list").iter();
        let shown =
            shown.map(|own| format!("{} {}", own["name"].as_str().unwrap(), own["applies"]));
        let mut shown: Vec<String> = shown.collect();
        shown.sort();
        shown.join(", ")
    };
    assert_eq!(shown(json!({})).await, "");
    assert_eq!(shown(json!({"store": "S-1"})).await, "Store true");
    let customer = |id: &str| json!({"id": id, "groups": ["staff"]});
    // Each unit is claimed once: one of the two applies.
    assert_eq!(
        shown(json!({"customer": customer("C")})).await,
        "Group true, Once false, Reward false"
    );
    let issue = json!({"promotion_id": reward, "customer_id": "C", "source_id": "S"});
    service.post("/v1/issuances", &tenant.issuer, issue).await.expect(201);
    let without_groups = json!({"customer": {"id": "C"}});
    assert_eq!(shown(without_groups.clone()).await, "Once false, Reward true");
    let mut sold = cart();
    sold["customer"] = json!({"id": "D"});
    let sale = json!({"transaction_id": random_id(), "request": sold});
    service.post("/v1/redemptions", &tenant.pos, sale).await.expect(201);
    assert_eq!(shown(json!({"customer": {"id": "D"}})).await, "Reward false");
    service
        .post(PATH, &tenant.pos, json!({"products": [product("1", "A", "1")], "store": "S-2"}))
        .await
        .expect_code(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_at_its_place() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let all = |count: usize| -> Vec<Value> {
        (0..count).map(|own| product(&own.to_string(), "A", "1")).collect()
    };
    let mut dear = product("1", "A", "1000000000");
    dear["quantity"] = "1001".into();
    let mut null = product("1", "A", "1");
    null["quantity"] = Value::Null;
    let mut none = product("1", "A", "1");
    none["quantity"] = "0".into();
    let table = [
        (json!({}), vec![("/products", "required")]),
        (json!({"products": []}), vec![("/products", "required")]),
        (json!({"products": all(201)}), vec![("/products", "too_many")]),
        (
            json!({"products": [{"id": "1"}]}),
            vec![("/products/0/sku", "required"), ("/products/0/unit_price", "required")],
        ),
        (
            json!({"products": [product("1", "A", "1"), product("1", "B", "1")]}),
            vec![("/products/1/id", "not_unique")],
        ),
        (json!({"products": [none]}), vec![("/products/0/quantity", "out_of_range")]),
        (json!({"products": [dear]}), vec![("/products/0/quantity", "out_of_range")]),
        (json!({"products": all(1), "at": "2026-01-01T00:00:00Z"}), vec![("/at", "unknown_field")]),
        (json!({"products": all(1), "codes": []}), vec![("/codes", "unknown_field")]),
        (json!({"products": all(1), "store": "S"}), vec![("/store", "unknown_reference")]),
    ];
    for (body, expected) in table {
        let refused =
            service.post(PATH, &tenant.pos, body.clone()).await.expect_code(422, "invalid");
        let expected: Vec<_> = expected
            .iter()
            .map(|(place, code)| ((*place).to_owned(), (*code).to_owned()))
            .collect();
        assert_eq!(refused.faults(), expected, "{body}");
    }
    let body = json!({"products": all(199).into_iter().chain([null]).map(|mut own| {
        if own["quantity"].is_null() && own.get("quantity").is_some() {
            own["id"] = "last".into();
        }
        own
    }).collect::<Vec<_>>()});
    let found = price(&service, &tenant, body).await;
    assert_eq!(found["products"].as_array().map(Vec::len), Some(200));
}

/// The bound on work and the tenant's rates are those of evaluations.
#[tokio::test(flavor = "multi_thread")]
async fn work_and_rates_are_bounded_as_for_carts() {
    let (_database, service) = Service::start().await;
    let tenant = hostile::tenant(&service, hostile::TOO_MANY, 0).await;
    let heavy: Vec<Value> = (0..50)
        .map(|own| {
            let mut product = product(&own.to_string(), "1", "97.31");
            (product["quantity"], product["tax"]) = ("1000".into(), "0.0301".into());
            product
        })
        .collect();
    let refused = service.post(PATH, &tenant.pos, json!({"products": heavy})).await;
    assert!(!refused.expect_code(422, "too_complex").faults().is_empty());
    let path = format!("/v1/tenants/{}", tenant.id);
    let rate = json!({"rate_limits": {"evaluate": {"per_second": 1, "burst": 1}}});
    service.call(reqwest::Method::PATCH, &path, OPERATOR, Some(rate.to_string())).await.expect(200);
    let body = json!({"products": [product("1", "A", "1")]});
    // All at once, so that no second passes between them where they are slow.
    let many = (0..20).map(|_| service.post(PATH, &tenant.pos, body.clone()));
    let answers = futures_util::future::join_all(many).await;
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert!(refused > 10, "{refused}");
}
