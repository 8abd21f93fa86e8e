//! Milestones over HTTP: made, moved by activities, reached once a window, lowered by returns (spec 11).

use serde_json::{Value, json};
use support::harness::{Service, Tenant, cart, random_id, ten_percent};

use crate::promotions::join_all;

const DAY: i64 = 86_400;

async fn put(service: &Service, tenant: &Tenant, name: &str, body: Value) -> Value {
    let path = format!("/v1/milestones/{name}");
    let put = service.put(&path, &tenant.admin, body).await;
    put.expect(200).body
}

/// Ten percent off the cart for whoever comes to a target.
async fn earned_by(service: &Service, tenant: &Tenant, milestone: &str, target: &str) -> String {
    let mut body = ten_percent(&format!("{milestone} {target}"));
    body["type"] = "loyalty_earning".into();
    body["earning"] = json!({"trigger": "milestone",
                             "milestone": {"name": milestone, "target": target}});
    service.promotion(&tenant.admin, body).await
}

fn bought(id: &str, quantity: &str) -> Value {
    let mut body = json!({"id": id, "type": "transaction", "customer": {"id": "C"},
                          "cart": cart()["cart"]});
    body["cart"]["lines"][0]["quantity"] = quantity.into();
    body
}

async fn post(service: &Service, tenant: &Tenant, body: Value) -> Value {
    let answer = service.post("/v1/activities", &tenant.pos, body).await;
    answer.expect(200).body
}

fn progress(answer: &Value) -> &str {
    answer["milestones"][0]["progress"].as_str().unwrap_or("none")
}

fn unlocked(answer: &Value) -> usize {
    answer["unlocked"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn milestones_are_kept_while_promotions_name_them() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let body = json!({"measure": "spend", "targets": [{"name": "T1", "value": "50"}, {"name": "T2", "value": 100}]});
    let made = put(&service, &tenant, "Spender", body.clone()).await;
    assert_eq!(made["targets"][1], json!({"name": "T2", "value": "100"}));
    assert_eq!((&made["of"], &made["window"]), (&Value::Null, &Value::Null));
    let read = service.get("/v1/milestones/Spender", &tenant.viewer).await;
    let read = read.expect(200).body;
    assert_eq!(read, made);
    put(&service, &tenant, "Spender", read).await;
    let promotion = earned_by(&service, &tenant, "Spender", "T1").await;
    service.delete("/v1/milestones/Spender", admin).await.expect_code(409, "in_use");
    let fewer = json!({"measure": "spend", "targets": [{"name": "T2", "value": "100"}]});
    service.put("/v1/milestones/Spender", admin, fewer).await.expect_code(409, "in_use");
    for (milestone, target, pointer) in [
        ("Spender", "T9", "/earning/milestone/target"),
        ("Nobody", "T1", "/earning/milestone/name"),
    ] {
        let mut body = ten_percent("other");
        body["type"] = "loyalty_earning".into();
        body["earning"] = json!({"trigger": "milestone",
                                 "milestone": {"name": milestone, "target": target}});
        let refused = service.post("/v1/promotions", admin, body).await.expect(422);
        let fault = (pointer.to_owned(), "unknown_reference".to_owned());
        assert_eq!(refused.faults(), [fault]);
    }
    let path = format!("/v1/promotions/{promotion}");
    service.delete(&path, admin).await.expect(204);
    service.delete("/v1/milestones/Spender", admin).await.expect(204);
    service.delete("/v1/milestones/Spender", admin).await.expect(404);
    let list = json!({"skus": ["TEE"]});
    service.put("/v1/product-lists/tees", admin, list).await.expect(200);
    let body = json!({"measure": "visits", "targets": [{"name": "T", "value": "1"}],
                      "of": {"include": [{"field": "sku", "op": "in_list", "list": "tees"}]}});
    put(&service, &tenant, "Tees", body).await;
    service.delete("/v1/product-lists/tees", admin).await.expect_code(409, "in_use");
    let body = json!({"measure": "miles", "window": {"every": 0, "unit": "day"}, "targets": [], "more": 1});
    let refused = service.put("/v1/milestones/X", admin, body).await.expect(422);
    let pointers: Vec<String> = refused.faults().into_iter().map(|own| own.0).collect();
    assert_eq!(pointers, ["/measure", "/window/every", "/targets", "/more"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_target_is_unlocked_once_a_window() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let body = json!({"measure": "quantity", "window": {"every": 1, "unit": "day"},
                      "of": {"include": [{"field": "sku", "op": "eq", "value": "TEE"}]},
                      "targets": [{"name": "T1", "value": "3"}, {"name": "T2", "value": "5"}]});
    put(&service, &tenant, "Tees", body).await;
    earned_by(&service, &tenant, "Tees", "T1").await;
    earned_by(&service, &tenant, "Tees", "T2").await;
    let first = post(&service, &tenant, bought("A-1", "2")).await;
    assert_eq!((progress(&first), unlocked(&first)), ("2", 0));
    assert_eq!(first["milestones"][1], json!({"name": "Tees", "target": "T2", "progress": "2"}));
    let second = post(&service, &tenant, bought("A-2", "1.5")).await;
    assert_eq!((progress(&second), unlocked(&second)), ("3.5", 1));
    assert_eq!(second["unlocked"][0]["source"], "milestone");
    let mut other = bought("A-3", "9");
    other["cart"]["lines"][0]["sku"] = "CAP".into();
    let other = post(&service, &tenant, other).await;
    assert_eq!((progress(&other), unlocked(&other)), ("none", 0));
    let fourth = post(&service, &tenant, bought("A-4", "4")).await;
    assert_eq!((progress(&fourth), unlocked(&fourth)), ("7.5", 1));
    let again = post(&service, &tenant, bought("A-4", "4")).await;
    assert_eq!(again, fourth);
    // Another customer, and another day, begin anew.
    let mut stranger = bought("A-5", "2");
    stranger["customer"]["id"] = "D".into();
    assert_eq!(progress(&post(&service, &tenant, stranger).await), "2");
    service.move_clock(DAY);
    let next = post(&service, &tenant, bought("A-6", "6")).await;
    assert_eq!((progress(&next), unlocked(&next)), ("6", 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn spend_is_what_was_paid_and_returns_lower_it() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    service.promotion(&tenant.admin, ten_percent("P")).await;
    let body = json!({"measure": "spend", "targets": [{"name": "T", "value": "150"}]});
    put(&service, &tenant, "Spender", body).await;
    let body = json!({"measure": "visits", "targets": [{"name": "T", "value": "9"}]});
    put(&service, &tenant, "Visitor", body).await;
    earned_by(&service, &tenant, "Spender", "T").await;
    let mut request = cart();
    request["cart"]["lines"][0]["quantity"] = "3".into();
    let body = json!({"transaction_id": "T-1", "request": request});
    service.post("/v1/redemptions", &tenant.pos, body).await.expect(201);
    let back = async |id: &str, quantity: &str| {
        let body = json!({"return_id": id, "lines": [{"id": "1", "quantity": quantity}]});
        let path = "/v1/redemptions/tx:T-1/returns";
        service.post(path, &tenant.pos, body).await.expect(200);
    };
    // What came back before does not count either.
    back("R-1", "1").await;
    let mut sale = bought("A-1", "3");
    sale["transaction_id"] = "T-1".into();
    let first = post(&service, &tenant, sale).await;
    assert_eq!((progress(&first), unlocked(&first)), ("180", 1));
    assert_eq!(first["milestones"][1]["progress"], "1");
    back("R-2", "1").await;
    let next = post(&service, &tenant, bought("A-2", "0.1")).await;
    assert_eq!((progress(&next), unlocked(&next)), ("100", 0));
    // The last unit takes back the visit, and the rest of what was spent.
    back("R-3", "1").await;
    let next = post(&service, &tenant, bought("A-3", "0.1")).await;
    assert_eq!(progress(&next), "20");
    assert_eq!(next["milestones"][1]["progress"], "2");
    // What was unlocked stays, and a target is not reached twice.
    let next = post(&service, &tenant, bought("A-4", "9")).await;
    assert_eq!((progress(&next), unlocked(&next)), ("920", 0));
    // Money of another currency is not spent in this one.
    let mut euros = bought("A-5", "9");
    euros["cart"]["currency"] = "EUR".into();
    let next = post(&service, &tenant, euros).await;
    assert_eq!(next["milestones"][0]["name"], "Visitor");
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_exact_under_many_at_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let body = json!({"measure": "quantity", "targets": [{"name": "T", "value": "64"}]});
    put(&service, &tenant, "M", body).await;
    earned_by(&service, &tenant, "M", "T").await;
    let many = (0..64).map(|_| post(&service, &tenant, bought(&random_id(), "1")));
    let many = join_all(many.collect()).await;
    assert_eq!(many.iter().map(unlocked).sum::<usize>(), 1);
    let mut seen: Vec<u32> = many.iter().map(|own| progress(own).parse().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=64).collect::<Vec<u32>>());
}
