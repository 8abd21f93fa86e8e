//! Customers over HTTP: merged, and what of that is refused (spec 3).

use promotion_engine::reconcile;
use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{Answer, Service, Tenant, cart, random_id, ten_percent};

use crate::issuances::{act, reward};

pub async fn merge(service: &Service, tenant: &Tenant, from: &str, into: &str) -> Answer {
    let path = format!("/v1/customers/{}/merge", encoded(from));
    service.post(&path, &tenant.admin, json!({"into": into})).await
}

pub async fn delete(service: &Service, tenant: &Tenant, customer: &str) -> Answer {
    let path = format!("/v1/customers/{}", encoded(customer));
    service.delete(&path, &tenant.admin).await
}

fn encoded(id: &str) -> String {
    id.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The sample cart of a customer.
fn of(customer: &str) -> Value {
    let mut request = cart();
    request["customer"] = json!({"id": customer});
    request["explain"] = "all".into();
    request
}

pub fn order(customer: &str, hold: bool) -> Value {
    json!({"transaction_id": random_id(), "request": of(customer), "hold": hold})
}

pub async fn redeem(service: &Service, tenant: &Tenant, body: &Value, status: u16) -> Value {
    let answer = service.post("/v1/redemptions", &tenant.pos, body.clone()).await;
    answer.expect(status).body
}

/// What a cart of the customer is given now.
async fn discount(service: &Service, tenant: &Tenant, customer: &str) -> String {
    let priced = service.post("/v1/evaluate-cart", &tenant.pos, of(customer)).await;
    let priced = priced.expect(200).body;
    priced["totals"]["discount"].as_str().unwrap().to_owned()
}

pub async fn issue(
    service: &Service,
    tenant: &Tenant,
    promotion: &str,
    customer: &str,
    source: &str,
) -> Answer {
    let body = json!({"promotion_id": promotion, "customer_id": customer, "source_id": source});
    service.post("/v1/issuances", &tenant.issuer, body).await
}

pub async fn claim(service: &Service, tenant: &Tenant, promotion: &str, customer: &str) -> Answer {
    let path = format!("/v1/promotions/{promotion}/activations");
    let body = json!({"customer_id": customer});
    service.post(&path, &tenant.pos, body).await
}

pub fn bought(id: &str, customer: &str, quantity: &str) -> Value {
    let mut body = json!({"id": id, "type": "transaction", "customer": {"id": customer},
                          "cart": cart()["cart"]});
    body["cart"]["lines"][0]["quantity"] = quantity.into();
    body
}

pub async fn record(service: &Service, tenant: &Tenant, body: Value) -> Answer {
    let answer = service.post("/v1/activities", &tenant.pos, body).await;
    answer.expect(200)
}

pub async fn reconciled(service: &Service) {
    let mut out = Vec::new();
    let found = reconcile::check(service.app.service().db(), &mut out).await;
    let told = String::from_utf8(out).expect("text");
    assert_eq!((found.expect("an answer"), told.as_str()), (0, ""));
}

pub async fn listed(service: &Service, tenant: &Tenant, path: &str) -> Vec<Value> {
    let listed = service.get(path, &tenant.admin).await.expect(200).body;
    listed["items"].as_array().unwrap().clone()
}

/// What is used of each limit of customers.
pub async fn used(database: &TestDatabase, promotion: &str) -> Vec<(String, i64, i64)> {
    sqlx::query_as(
        "select owner, used, maximum from limit_counter
          where promotion_id = $1::uuid and subject = 'customer' order by owner",
    )
    .bind(promotion)
    .fetch_all(&mut database.owner_connection().await)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_adds_what_both_have_used() {
    let (database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let mut limited = ten_percent("P");
    limited["limits"] = json!({"customer": {"times": {"max": 3}}});
    let promotion = service.promotion(&tenant.admin, limited.clone()).await;
    let foreign = service.promotion(&other.admin, limited).await;
    redeem(&service, &other, &order("C", false), 201).await;
    let (first, held) = (order("C", false), order("C", true));
    let sold = redeem(&service, &tenant, &first, 201).await;
    let hold = redeem(&service, &tenant, &held, 201).await;
    for _ in 0..2 {
        redeem(&service, &tenant, &order("D", false), 201).await;
    }
    merge(&service, &tenant, "C", "D").await.expect(204);
    // The sum is true: more than the limit, of which nothing is left.
    assert_eq!(used(&database, &promotion).await, [("D".to_owned(), 4, 4)]);
    assert_eq!(used(&database, &foreign).await, [("C".to_owned(), 1, 3)]);
    reconciled(&service).await;
    let refused = redeem(&service, &tenant, &order("D", false), 201).await;
    let reason = &refused["result"]["not_applied"][0];
    assert_eq!(
        (&reason["reason"], &reason["limit"]),
        (&json!("limit_reached"), &json!("customer.times"))
    );
    assert_eq!(discount(&service, &tenant, "D").await, "0.00");
    let path = "/v1/customers/D/promotions";
    assert_eq!(listed(&service, &tenant, path).await, Vec::<Value>::new());
    let path = "/v1/redemptions?customer_id=";
    let of =
        async |customer: &str| listed(&service, &tenant, &format!("{path}{customer}")).await.len();
    assert_eq!((of("C").await, of("D").await), (0, 5));
    // What was answered is answered again, and has no second effect.
    assert_eq!(redeem(&service, &tenant, &first, 200).await, sold);
    assert_eq!(redeem(&service, &tenant, &held, 200).await, hold);
    merge(&service, &tenant, "C", "D").await.expect(204);
    // What was held and what comes back is given back to the one who has it now.
    let path = format!("/v1/redemptions/{}/cancel", hold["id"].as_str().unwrap());
    service.post(&path, &tenant.pos, json!({})).await.expect(200);
    assert_eq!(used(&database, &promotion).await[0].1, 3);
    assert_eq!(discount(&service, &tenant, "D").await, "0.00");
    let path = format!("/v1/redemptions/{}/returns", sold["id"].as_str().unwrap());
    let body = json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]});
    service.post(&path, &tenant.pos, body).await.expect(200);
    assert_eq!(used(&database, &promotion).await[0].1, 2);
    assert_eq!(discount(&service, &tenant, "D").await, "10.00");
    redeem(&service, &tenant, &order("D", false), 201).await;
    assert_eq!(used(&database, &promotion).await, [("D".to_owned(), 3, 3)]);
    // Whoever comes by the old name is somebody new.
    assert_eq!(discount(&service, &tenant, "C").await, "10.00");
    reconciled(&service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_replaced_by_whoever_it_belongs_to_now() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut limited = ten_percent("P");
    limited["limits"] = json!({"customer": {"transactions": {"max": 1}}});
    let promotion = service.promotion(&tenant.admin, limited).await;
    let mut held = order("C", true);
    let hold = redeem(&service, &tenant, &held, 201).await;
    redeem(&service, &tenant, &order("D", false), 201).await;
    merge(&service, &tenant, "C", "D").await.expect(204);
    held["replaces"] = hold["id"].clone();
    held["request"] = of("D");
    let replaced = redeem(&service, &tenant, &held, 201).await;
    assert_eq!(replaced["result"]["totals"]["discount"], "0.00");
    assert_eq!(used(&database, &promotion).await, [("D".to_owned(), 1, 2)]);
    reconciled(&service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn issues_that_are_repeated_find_what_they_made() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let limits = json!({"issue": {"per_customer": 3}, "earn": {"transactions": 1}});
    let promotion = service.promotion(&tenant.admin, reward("P", limits)).await;
    let to = async |customer: &str, source: &str| {
        issue(&service, &tenant, &promotion, customer, source).await
    };
    let theirs = to("C", "S").await.expect(201).id();
    let own = to("D", "S").await.expect(201).id();
    let third = to("C", "S-3").await.expect(201).id();
    merge(&service, &tenant, "C", "D").await.expect(204);
    for (customer, source, id) in
        [("C", "S", &theirs), ("D", "S", &own), ("C", "S-3", &third), ("D", "S-3", &third)]
    {
        let again = to(customer, source).await.expect(200);
        assert_eq!(
            (&again.id(), &again.body["customer_id"]),
            (id, &json!("D")),
            "{customer} {source}"
        );
    }
    // Issues are added.
    to("D", "S-4").await.expect_code(409, "issue_limit_reached");
    to("C", "S-4").await.expect(201);
    let customers = ["C", "D", "E"];
    let body = json!({"promotion_id": promotion, "source_id": "S-3", "customer_ids": customers});
    let bulk = service.post("/v1/issuances/bulk", &tenant.issuer, body).await.expect(200);
    let verdicts = bulk.body["verdicts"].as_array().unwrap();
    let told: Vec<&str> = verdicts.iter().map(|own| own["verdict"].as_str().unwrap()).collect();
    assert_eq!(told, ["already_issued", "already_issued", "issued"]);
    assert_eq!(verdicts[0]["issuance"], verdicts[1]["issuance"]);
    // Each of the three serves one cart of the one customer.
    for left in [true, true, true, false] {
        let sold = redeem(&service, &tenant, &order("D", false), 201).await;
        assert_eq!(sold["result"]["applied"][0].is_object(), left);
    }
    reconciled(&service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_claims_one_stays() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let open = async |name: &str| {
        let mut open = ten_percent(name);
        open["activation_required"] = true.into();
        service.promotion(&tenant.admin, open).await
    };
    let (both, one, revoked) = (open("A").await, open("B").await, open("C").await);
    let claim =
        async |promotion: &str, customer: &str| claim(&service, &tenant, promotion, customer).await;
    let theirs = claim(&both, "C").await.expect(201).id();
    let own = claim(&both, "D").await.expect(201).id();
    let moved = claim(&one, "C").await.expect(201).id();
    let valid = claim(&revoked, "C").await.expect(201).id();
    let taken_back = claim(&revoked, "D").await.expect(201).id();
    act(&service, &tenant.admin, &taken_back, "revoke").await.expect(200);
    merge(&service, &tenant, "C", "D").await.expect(204);
    assert_eq!(claim(&both, "D").await.expect(200).id(), own);
    assert_eq!(claim(&one, "D").await.expect(200).id(), moved);
    assert_eq!(claim(&revoked, "D").await.expect(200).id(), valid);
    let path = "/v1/issuances?customer_id=D&state=revoked";
    let mut gone: Vec<Value> = listed(&service, &tenant, path).await;
    gone.iter_mut().for_each(|own| *own = own["id"].clone());
    gone.sort_by_key(Value::to_string);
    let mut expected = [json!(theirs), json!(taken_back)];
    expected.sort_by_key(Value::to_string);
    assert_eq!(gone, expected);
    let told = listed(&service, &tenant, "/v1/events?limit=200").await;
    let told = told
        .iter()
        .filter(|own| own["type"] == "issuance.revoked")
        .filter(|own| own["data"]["issuance_id"] == theirs.as_str());
    assert_eq!(told.count(), 1);
    let path = "/v1/customers/D/promotions";
    assert_eq!(listed(&service, &tenant, path).await.len(), 3);
    // The old name is somebody new, who may claim.
    claim(&both, "C").await.expect(201);
    merge(&service, &tenant, "C", "D").await.expect(204);
    assert_eq!(claim(&both, "D").await.expect(200).id(), own);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_added_and_each_target_counts_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let targets = json!([{"name": "T1", "value": "2"}, {"name": "T2", "value": "6"}]);
    let body = json!({"measure": "quantity", "targets": targets});
    let path = "/v1/milestones/M";
    service.put(path, &tenant.admin, body).await.expect(200);
    for target in ["T1", "T2"] {
        let mut body = ten_percent(target);
        body["type"] = "loyalty_earning".into();
        body["earning"] = json!({"trigger": "milestone",
                                 "milestone": {"name": "M", "target": target}});
        service.promotion(&tenant.admin, body).await;
    }
    let unlocked = |answer: &Answer| answer.body["unlocked"].as_array().unwrap().len();
    let progress = |answer: &Answer| answer.body["milestones"][0]["progress"].clone();
    let sold = order("C", false);
    redeem(&service, &tenant, &sold, 201).await;
    let mut theirs = bought("A-1", "C", "3");
    theirs["transaction_id"] = sold["transaction_id"].clone();
    let first = record(&service, &tenant, theirs.clone()).await;
    assert_eq!(unlocked(&first), 1);
    assert_eq!(unlocked(&record(&service, &tenant, bought("A-2", "D", "4")).await), 1);
    merge(&service, &tenant, "C", "D").await.expect(204);
    let path = "/v1/issuances?customer_id=D";
    assert_eq!(listed(&service, &tenant, path).await.len(), 2);
    let again = record(&service, &tenant, theirs).await;
    assert_eq!(again.text, first.text);
    // The next activity reaches what both together have come to.
    let next = record(&service, &tenant, bought("A-3", "D", "1")).await;
    assert_eq!((unlocked(&next), progress(&next)), (1, json!("8")));
    let path = format!("/v1/redemptions/tx:{}/returns", sold["transaction_id"].as_str().unwrap());
    let body = json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]});
    service.post(&path, &tenant.pos, body).await.expect(200);
    let next = record(&service, &tenant, bought("A-4", "D", "1")).await;
    assert_eq!((unlocked(&next), progress(&next)), (0, json!("8")));
    let anew = record(&service, &tenant, bought("A-5", "C", "1")).await;
    assert_eq!(progress(&anew), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_merged_is_refused() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let itself = merge(&service, &tenant, "C", "C").await.expect(422);
    let expected = [("/into".to_owned(), "unsupported_combination".to_owned())];
    assert_eq!(itself.faults(), expected);
    let path = "/v1/customers/C/merge";
    for (body, pointer, code) in [
        (json!({}), "/into", "required"),
        (json!({"into": 1}), "/into", "wrong_type"),
        (json!({"into": ""}), "/into", "required"),
        (json!({"into": "D", "from": "C"}), "/from", "unknown_field"),
    ] {
        let refused = service.post(path, &tenant.admin, body).await.expect(422);
        assert_eq!(refused.faults(), [(pointer.to_owned(), code.to_owned())]);
    }
    let refused = service.delete("/v1/customers/C?x=1", &tenant.admin).await;
    refused.expect(422);
    // Customers are whoever the caller says: one of whom nothing is known has nothing.
    merge(&service, &tenant, "C", "D").await.expect(204);
    delete(&service, &tenant, "C").await.expect(204);
    let trail = listed(&service, &tenant, "/v1/audit?subject=customer").await;
    let nothing = json!({"redemptions": 0, "activities": 0, "issuances": 0, "codes": 0});
    let told: Vec<_> =
        trail.iter().map(|own| (own["action"].as_str().unwrap(), &own["after"])).collect();
    assert_eq!(told, [("deleted", &nothing), ("merged", &nothing)]);
}
