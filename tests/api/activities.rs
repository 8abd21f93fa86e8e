//! Activities over HTTP: what is earned, once, within limits and in time (spec 11).

use serde_json::{Value, json};
use support::harness::{Answer, Service, Tenant, cart, random_id, ten_percent};

use crate::promotions::join_all;

const DAY: i64 = 86_400;

/// Ten percent off the cart for whoever has earned it.
fn earned(name: &str, earning: Value) -> Value {
    let mut body = ten_percent(name);
    body["type"] = "loyalty_earning".into();
    body["earning"] = earning;
    body
}

fn transaction(id: &str) -> Value {
    json!({"id": id, "type": "transaction", "customer": {"id": "C"}, "cart": cart()["cart"]})
}

async fn post(service: &Service, tenant: &Tenant, body: Value) -> Answer {
    service.post("/v1/activities", &tenant.pos, body).await
}

async fn unlocked(service: &Service, tenant: &Tenant, body: Value) -> Vec<Value> {
    let answer = post(service, tenant, body).await.expect(200);
    answer.body["unlocked"].as_array().unwrap().clone()
}

async fn issue(service: &Service, tenant: &Tenant, promotion: &str, source: &str) -> Answer {
    let body = json!({"promotion_id": promotion, "customer_id": "C", "source_id": source});
    service.post("/v1/issuances", &tenant.issuer, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_earns_what_its_rule_says_and_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    service.put("/v1/stores/S1", admin, json!({"concept": "outlet"})).await.expect(200);
    let rule = json!({
        "trigger": "activity", "activity": "transaction", "scope": {"concepts": ["outlet"]},
        "conditions": {"type": "cart_amount", "op": "gte", "value": "100"},
    });
    let promotion = service.promotion(admin, earned("P", rule)).await;
    let mut body = transaction("A-1");
    assert!(unlocked(&service, &tenant, body.clone()).await.is_empty());
    body["id"] = "A-2".into();
    body["store"] = "S1".into();
    let first = post(&service, &tenant, body.clone()).await.expect(200);
    let own = &first.body["unlocked"][0];
    assert_eq!(own["promotion_id"], promotion.as_str());
    assert_eq!((&own["state"], &own["source"]), (&json!("unlocked"), &json!("activity")));
    assert_eq!(own["source_id"], "A-2");
    // The same again answers the same; numbers are compared as numbers.
    body["cart"]["lines"][0]["unit_price"] = json!(100.0);
    let again = post(&service, &tenant, body.clone()).await.expect(200);
    assert_eq!(first.text, again.text);
    body["cart"]["lines"][0]["unit_price"] = "99".into();
    post(&service, &tenant, body.clone()).await.expect_code(409, "activity_id_reused");
    body["id"] = "A-3".into();
    assert!(unlocked(&service, &tenant, body.clone()).await.is_empty());
    body["store"] = "S9".into();
    body["id"] = "A-4".into();
    let refused = post(&service, &tenant, body).await.expect(422);
    assert_eq!(refused.faults(), [("/store".to_owned(), "unknown_reference".to_owned())]);
    let priced = service
        .post("/v1/evaluate-cart", &tenant.pos, {
            let mut body = cart();
            body["customer"] = json!({"id": "C"});
            body
        })
        .await
        .expect(200);
    assert_eq!(priced.body["applied"][0]["issuance_id"], own["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cart_every_condition_on_one_is_false() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let of = |conditions: Value| json!({"trigger": "activity", "activity": "registration", "conditions": conditions});
    let rules = [
        (json!(null), true),
        (json!({"type": "cart_amount", "op": "gte", "value": "0"}), false),
        (json!({"type": "item", "found": false}), false),
        (json!({"type": "channel", "op": "in", "values": ["web"]}), true),
        (json!({"type": "customer_attribute", "key": "city", "op": "eq", "value": "Pune"}), true),
        (
            json!({"type": "group", "is": false, "of": [{"type": "total_quantity", "op": "gte", "value": "0"}]}),
            true,
        ),
    ];
    let mut expected = 0;
    for (number, (conditions, earns)) in rules.into_iter().enumerate() {
        service.promotion(&tenant.admin, earned(&format!("P{number}"), of(conditions))).await;
        expected += usize::from(earns);
    }
    let body = json!({"id": "A", "type": "registration", "channel": "web",
                      "customer": {"id": "C", "attributes": {"city": "Pune"}}});
    assert_eq!(unlocked(&service, &tenant, body).await.len(), expected);
    let body = json!({"type": "transaction", "customer": {}, "at": "noon"});
    let refused = post(&service, &tenant, body).await.expect(422);
    let pointers: Vec<String> = refused.faults().into_iter().map(|own| own.0).collect();
    assert_eq!(pointers, ["/id", "/at", "/customer/id", "/cart"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_issued_first_is_earned_in_time() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let rule = json!({"trigger": "activity", "activity": "transaction", "requires_issue": true,
                      "earn_within_days": 3});
    let mut body = earned("P", rule);
    body["limits"] = json!({"earn": {"per_customer": 2}});
    body["expiry"] = json!({"type": "after_days", "days": 30});
    let promotion = service.promotion(&tenant.admin, body).await;
    assert!(unlocked(&service, &tenant, transaction("A-1")).await.is_empty());
    let old = issue(&service, &tenant, &promotion, "S-1").await.expect(201);
    assert_eq!(old.body["state"], "issued");
    service.move_clock(2 * DAY);
    let first = issue(&service, &tenant, &promotion, "S-2").await.expect(201);
    let own = unlocked(&service, &tenant, transaction("A-2")).await;
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["id"], old.id());
    assert_eq!(own[0]["source"], "manual");
    // The clock of an unlocked one begins then.
    let time =
        |value: &Value| chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap();
    let lasts = time(&own[0]["expires_at"]) - time(&own[0]["unlocked_at"]);
    assert_eq!(lasts, chrono::TimeDelta::days(30));
    service.move_clock(3 * DAY);
    assert!(unlocked(&service, &tenant, transaction("A-3")).await.is_empty());
    // Told late, it counts for when it was.
    let mut late = transaction("A-4");
    let at = chrono::Utc::now() + service.clock.offset() - chrono::TimeDelta::days(1);
    late["at"] = at.to_rfc3339().into();
    assert_eq!(unlocked(&service, &tenant, late.clone()).await[0]["id"], first.id());
    // Two unlocks are the limit of this customer, for good.
    issue(&service, &tenant, &promotion, "S-3").await.expect(201);
    assert!(unlocked(&service, &tenant, transaction("A-5")).await.is_empty());
    // The same again is answered when it lies long back.
    service.move_clock(30 * DAY);
    let again = post(&service, &tenant, late.clone()).await.expect(200);
    assert_eq!(again.body["unlocked"][0]["id"], first.id());
    for (days, id) in [(8, "A-6"), (-1, "A-7")] {
        let at = chrono::Utc::now() + service.clock.offset() - chrono::TimeDelta::days(days);
        late["id"] = id.into();
        late["at"] = at.to_rfc3339().into();
        let refused = post(&service, &tenant, late.clone()).await.expect(422);
        assert_eq!(refused.faults(), [("/at".to_owned(), "out_of_range".to_owned())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_transaction_unlocked_is_not_usable_in_it() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let rule = json!({"trigger": "activity", "activity": "transaction"});
    service.promotion(&tenant.admin, earned("P", rule)).await;
    let mut body = transaction("A");
    body["transaction_id"] = "T-1".into();
    assert_eq!(unlocked(&service, &tenant, body).await.len(), 1);
    let redeem = async |transaction: &str| {
        let mut request = cart();
        request["customer"] = json!({"id": "C"});
        let body = json!({"transaction_id": transaction, "request": request});
        let answer = service.post("/v1/redemptions", &tenant.pos, body).await;
        let totals = answer.expect(201).body["result"]["totals"].clone();
        totals["discount"].as_str().unwrap().to_owned()
    };
    assert_eq!(redeem("T-1").await, "0.00");
    assert_eq!(redeem("T-2").await, "10.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_earn_once_and_limits_hold_under_many_at_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let rule = json!({"trigger": "activity", "activity": "transaction"});
    let mut body = earned("P", rule);
    body["limits"] = json!({"earn": {"per_customer": 5}});
    service.promotion(&tenant.admin, body).await;
    let twins = (0..16).map(|_| post(&service, &tenant, transaction("A")));
    let twins = join_all(twins.collect()).await;
    for answer in &twins {
        assert_eq!((answer.status, &answer.text), (200, &twins[0].text));
    }
    assert_eq!(twins[0].body["unlocked"].as_array().unwrap().len(), 1);
    let many = (0..64).map(|_| unlocked(&service, &tenant, transaction(&random_id())));
    let many = join_all(many.collect()).await;
    assert_eq!(many.iter().flatten().count(), 4);
    let path = "/v1/issuances?customer_id=C";
    let listed = service.get(path, &tenant.pos).await.expect(200).body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 5);
}
