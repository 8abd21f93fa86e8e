//! Issuances over HTTP: issued, used, given back, expired, revoked; limits under many at once (spec 11).

use serde_json::{Value, json};
use support::harness::{Answer, Service, Tenant, cart, random_id, ten_percent};

use crate::promotions::join_all;

/// Ten percent off the cart for whoever has it in hand.
pub fn reward(name: &str, limits: Value) -> Value {
    let mut body = ten_percent(name);
    body["type"] = "rewards".into();
    body["limits"] = limits;
    body
}

pub async fn issue(service: &Service, tenant: &Tenant, promotion: &str, source: &str) -> Answer {
    let body = json!({"promotion_id": promotion, "customer_id": "C", "source_id": source});
    service.post("/v1/issuances", &tenant.issuer, body).await
}

/// The cart of customer C.
pub fn request() -> Value {
    let mut body = cart();
    body["customer"] = json!({"id": "C"});
    body["explain"] = "all".into();
    body
}

pub async fn evaluate(service: &Service, tenant: &Tenant) -> Value {
    let answer = service.post("/v1/evaluate-cart", &tenant.pos, request()).await;
    answer.expect(200).body
}

pub async fn redeem(service: &Service, tenant: &Tenant, hold: bool) -> Value {
    let body = json!({"transaction_id": random_id(), "request": request(), "hold": hold});
    let answer = service.post("/v1/redemptions", &tenant.pos, body).await;
    answer.expect(201).body
}

pub async fn state(service: &Service, tenant: &Tenant, id: &str) -> String {
    let path = format!("/v1/issuances/{id}");
    let read = service.get(&path, &tenant.viewer).await.expect(200).body;
    read["state"].as_str().unwrap().to_owned()
}

pub async fn act(service: &Service, key: &str, id: &str, action: &str) -> Answer {
    let path = format!("/v1/issuances/{id}/{action}");
    service.post(&path, key, json!({})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_id_issues_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let limits = json!({"issue": {"per_customer": 2}});
    let promotion = service.promotion(&tenant.admin, reward("P", limits)).await;
    let first = issue(&service, &tenant, &promotion, "S-1").await.expect(201);
    assert_eq!(first.body["state"], "unlocked");
    assert_eq!(first.body["source"], "manual");
    assert_eq!(first.body["source_id"], "S-1");
    assert_eq!(first.body["unlocked_at"], first.body["issued_at"]);
    assert_eq!(first.body["activated_at"], Value::Null);
    assert_eq!(first.body["expires_at"], "2099-01-01T00:00:00.000Z");
    let again = issue(&service, &tenant, &promotion, "S-1").await.expect(200);
    assert_eq!(first.text, again.text);
    issue(&service, &tenant, &promotion, "S-2").await.expect(201);
    issue(&service, &tenant, &promotion, "S-3").await.expect_code(409, "issue_limit_reached");
    // For good: what is taken back makes no room.
    act(&service, &tenant.admin, &first.id(), "revoke").await.expect(200);
    issue(&service, &tenant, &promotion, "S-3").await.expect_code(409, "issue_limit_reached");
    let known = issue(&service, &tenant, &promotion, "S-1").await.expect(200);
    assert_eq!(known.body["state"], "revoked");
    // In bulk each customer has its own verdict, and the same source id is the same issue.
    let body = json!({"promotion_id": promotion, "source_id": "S-1", "customer_ids": ["D", "C"]});
    let bulk = service.post("/v1/issuances/bulk", &tenant.issuer, body).await.expect(200);
    let verdicts = bulk.body["verdicts"].as_array().unwrap();
    assert_eq!(verdicts[0]["verdict"], "issued");
    assert_eq!(verdicts[0]["issuance"]["customer_id"], "D");
    assert_eq!(verdicts[1]["verdict"], "already_issued");
    assert_eq!(verdicts[1]["issuance"]["id"], first.body["id"]);
    let body = json!({"promotion_id": promotion, "source_id": "S-9", "customer_ids": ["D", "C"]});
    let bulk = service.post("/v1/issuances/bulk", &tenant.issuer, body).await.expect(200);
    assert_eq!(bulk.body["verdicts"][0]["verdict"], "issued");
    assert_eq!(bulk.body["verdicts"][1]["verdict"], "issue_limit_reached");
    assert_eq!(bulk.body["verdicts"][1]["issuance"], Value::Null);
    // Lists: by customer, promotion and state, in pages.
    let listed = async |query: &str| {
        let path = format!("/v1/issuances?{query}");
        service.get(&path, &tenant.pos).await.expect(200).body
    };
    let count = |body: &Value| body["items"].as_array().unwrap().len();
    assert_eq!(count(&listed("customer_id=C").await), 2);
    assert_eq!(count(&listed("customer_id=C&state=revoked").await), 1);
    let page = listed(&format!("promotion_id={promotion}&limit=3")).await;
    assert_eq!(count(&page), 3);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = listed(&format!("promotion_id={promotion}&limit=3&cursor={cursor}")).await;
    assert_eq!((count(&rest), &rest["next_cursor"]), (1, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_issued_is_refused() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let promotion = service.promotion(admin, reward("P", json!({}))).await;
    let status = async |status: &str| {
        let path = format!("/v1/promotions/{promotion}/status");
        let answer = service.post(&path, admin, json!({"status": status})).await;
        answer.expect(200);
    };
    issue(&service, &tenant, &promotion, "S").await.expect(201);
    status("paused").await;
    // The same answers the same, whatever has become of the promotion.
    issue(&service, &tenant, &promotion, "S").await.expect(200);
    issue(&service, &tenant, &promotion, "S-2").await.expect_code(409, "promotion_not_active");
    let mut scheduled = reward("Later", json!({}));
    scheduled["starts_at"] = "2098-01-01T00:00:00Z".into();
    let scheduled = service.promotion(admin, scheduled).await;
    issue(&service, &tenant, &scheduled, "S").await.expect(201);
    let mut draft = reward("Draft", json!({}));
    draft["status"] = "draft".into();
    let draft = service.promotion(admin, draft).await;
    issue(&service, &tenant, &draft, "S").await.expect_code(409, "promotion_not_active");
    let open = service.promotion(admin, ten_percent("Open")).await;
    for (promotion, code) in
        [(open.as_str(), "unsupported_combination"), (&random_id(), "unknown_reference")]
    {
        let refused = issue(&service, &tenant, promotion, "S").await.expect(422);
        assert_eq!(refused.faults(), [("/promotion_id".to_owned(), code.to_owned())]);
    }
    let body = json!({"promotion_id": scheduled, "customer_ids": ["A", "A"], "more": 1});
    let refused = service.post("/v1/issuances/bulk", &tenant.issuer, body).await.expect(422);
    let codes: Vec<String> = refused.faults().into_iter().map(|fault| fault.0).collect();
    assert_eq!(codes, ["/source_id", "/customer_ids/1", "/more"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_issuance_serves_one_cart_until_it_is_used_up() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let limits = json!({"earn": {"transactions": 1}});
    let promotion = service.promotion(&tenant.admin, reward("P", limits)).await;
    let priced = evaluate(&service, &tenant).await;
    assert_eq!(priced["not_applied"][0]["reason"], "not_issued");
    assert_eq!(priced["not_applied"][0]["facts"], json!({}));
    let first = issue(&service, &tenant, &promotion, "S-1").await.expect(201).id();
    let second = issue(&service, &tenant, &promotion, "S-2").await.expect(201).id();
    let priced = evaluate(&service, &tenant).await;
    assert_eq!(priced["totals"]["discount"], "10.00");
    assert_eq!(priced["applied"][0]["issuance_id"], first.as_str());
    let held = redeem(&service, &tenant, true).await;
    assert_eq!(held["result"]["applied"][0]["issuance_id"], first.as_str());
    assert_eq!(state(&service, &tenant, &first).await, "used_up");
    let sold = redeem(&service, &tenant, false).await;
    assert_eq!(sold["result"]["applied"][0]["issuance_id"], second.as_str());
    let late = redeem(&service, &tenant, false).await;
    assert_eq!(late["result"]["not_applied"][0]["reason"], "limit_reached");
    assert_eq!(late["result"]["not_applied"][0]["limit"], "earn.transactions");
    let priced = evaluate(&service, &tenant).await;
    assert_eq!(priced["not_applied"][0]["limit"], "earn.transactions");
    // What was held is given back, and so is what comes back.
    let path = format!("/v1/redemptions/{}/cancel", held["id"].as_str().unwrap());
    service.post(&path, &tenant.pos, json!({})).await.expect(200);
    assert_eq!(state(&service, &tenant, &first).await, "unlocked");
    let path = format!("/v1/redemptions/{}/returns", sold["id"].as_str().unwrap());
    let body = json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]});
    service.post(&path, &tenant.pos, body).await.expect(200);
    assert_eq!(state(&service, &tenant, &second).await, "unlocked");
    // A hold takes the place of another, and gives it back what it needs.
    let id = random_id();
    let mut body = json!({"transaction_id": id, "request": request(), "hold": true});
    let held = service.post("/v1/redemptions", &tenant.pos, body.clone()).await.expect(201);
    act(&service, &tenant.admin, &second, "revoke").await.expect(200);
    body["replaces"] = held.id().into();
    body["request"]["channel"] = "web".into();
    let next = service.post("/v1/redemptions", &tenant.pos, body).await.expect(201);
    let applied = &next.body["result"]["applied"][0];
    assert_eq!(applied["issuance_id"], first.as_str());
    // What is held is final, though the issuance is taken back.
    act(&service, &tenant.admin, &first, "revoke").await.expect(200);
    let path = format!("/v1/redemptions/{}/commit", next.id());
    service.post(&path, &tenant.pos, json!({})).await.expect(200);
    assert_eq!(state(&service, &tenant, &first).await, "revoked");
    let priced = evaluate(&service, &tenant).await;
    assert_eq!(priced["not_applied"][0]["reason"], "not_issued");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_expires_after_its_days_and_never_after_the_promotion() {
    const DAY: i64 = 86_400;
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut body = reward("P", json!({}));
    body["expiry"] = json!({"type": "after_days", "days": 10});
    let ends_at = |days| {
        let end = chrono::Utc::now() + chrono::TimeDelta::days(days);
        Value::from(end.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    };
    body["ends_at"] = ends_at(5);
    let promotion = service.promotion(&tenant.admin, body.clone()).await;
    let issued = issue(&service, &tenant, &promotion, "S").await.expect(201);
    assert_eq!(issued.body["expires_at"], body["ends_at"]);
    // The end moves, and the issuance's with it, up to its own.
    body["ends_at"] = ends_at(30);
    let path = format!("/v1/promotions/{promotion}");
    let current = service.get(&path, &tenant.admin).await.expect(200);
    let tag = current.header("etag").to_owned();
    service.replace(&path, &tenant.admin, &tag, body).await.expect(200);
    let id = issued.id();
    let path = format!("/v1/issuances/{id}");
    let read = service.get(&path, &tenant.pos).await.expect(200).body;
    let time =
        |value: &Value| chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap();
    let lasts = time(&read["expires_at"]) - time(&read["unlocked_at"]);
    assert_eq!(lasts, chrono::TimeDelta::days(10));
    service.move_clock(9 * DAY);
    assert_eq!(state(&service, &tenant, &id).await, "unlocked");
    assert_eq!(evaluate(&service, &tenant).await["totals"]["discount"], "10.00");
    service.move_clock(DAY);
    assert_eq!(state(&service, &tenant, &id).await, "expired");
    let priced = evaluate(&service, &tenant).await;
    assert_eq!(priced["not_applied"][0]["reason"], "not_issued");
    let sold = redeem(&service, &tenant, false).await;
    assert_eq!(sold["result"]["totals"]["discount"], "0.00");
    // Both say when it expired.
    for result in [&priced, &sold["result"]] {
        let facts = &result["not_applied"][0]["facts"];
        assert_eq!(time(&facts["expired_at"]), time(&read["expires_at"]), "{facts}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loyalty_promotion_with_issues_is_for_those_who_have_it() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut body = reward("P", json!({"issue": {"per_customer": 1}}));
    body["type"] = "loyalty".into();
    let promotion = service.promotion(&tenant.admin, body).await;
    let priced = async || {
        let mut body = request();
        body["customer"]["loyalty"] = json!([{"program": "main"}]);
        let answer = service.post("/v1/evaluate-cart", &tenant.pos, body).await;
        answer.expect(200).body
    };
    assert_eq!(priced().await["not_applied"][0]["reason"], "not_issued");
    let id = issue(&service, &tenant, &promotion, "S").await.expect(201);
    assert_eq!(priced().await["applied"][0]["issuance_id"], id.body["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_issues_and_of_uses_hold_under_many_at_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let limits =
        json!({"issue": {"per_customer": 10}, "earn": {"per_customer": 7, "transactions": 1}});
    let promotion = service.promotion(&tenant.admin, reward("P", limits)).await;
    let sources: Vec<String> = (0..64).map(|number| format!("S-{}", number % 32)).collect();
    let issues = sources.iter().map(|source| issue(&service, &tenant, &promotion, source));
    let answers = join_all(issues.collect()).await;
    let count = |status: u16| answers.iter().filter(|own| own.status == status).count();
    assert_eq!(count(201), 7);
    for answer in answers.iter().filter(|own| own.status > 201) {
        assert_eq!(answer.code(), "earn_limit_reached");
    }
    let path = "/v1/issuances?customer_id=C&limit=200";
    let listed = service.get(path, &tenant.pos).await.expect(200).body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 7);
    // Each serves one cart: 64 of them at once are served seven times.
    let sold = (0..64).map(|_| redeem(&service, &tenant, false));
    let sold = join_all(sold.collect()).await;
    let mut used: Vec<&str> =
        sold.iter().filter_map(|own| own["result"]["applied"][0]["issuance_id"].as_str()).collect();
    used.sort_unstable();
    used.dedup();
    assert_eq!(used.len(), 7);
    let applied = sold.iter().filter(|own| own["result"]["applied"][0].is_object());
    assert_eq!(applied.count(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_what_becomes_of_an_issuance() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let limits = json!({"earn": {"transactions": 1, "times": 1}});
    let mut body = reward("P", limits);
    body["activation_required"] = true.into();
    let message = json!({"channel": "sms", "template": "hello"});
    body["communication"] = json!({"on_earning": [message]});
    let promotion = service.promotion(&tenant.admin, body).await;
    let id = issue(&service, &tenant, &promotion, "S").await.expect(201).id();
    issue(&service, &tenant, &promotion, "S").await.expect(200);
    act(&service, &tenant.pos, &id, "activate").await.expect(200);
    act(&service, &tenant.pos, &id, "activate").await.expect(200);
    redeem(&service, &tenant, false).await;
    act(&service, &tenant.admin, &id, "revoke").await.expect(200);
    let path = "/v1/events?limit=200";
    let told = service.get(path, &tenant.admin).await.expect(200).body;
    let told = told["items"].as_array().unwrap().iter();
    let told: Vec<&Value> = told.filter(|own| own["data"]["issuance_id"] == id.as_str()).collect();
    let types: Vec<&str> = told.iter().map(|own| own["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        [
            "issuance.issued",
            "issuance.unlocked",
            "issuance.activated",
            "issuance.used_up",
            "issuance.revoked"
        ]
    );
    assert_eq!(told[1]["data"]["messages"], json!([message]));
}
