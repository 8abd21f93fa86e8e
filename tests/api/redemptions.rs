//! Redemptions over HTTP: one key, one effect, one answer; the state table; limits; returns.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{Service, Tenant, cart, random_id, stepped, ten_percent, with_codes};

/// A redemption of the sample cart.
fn order(transaction: &str) -> Value {
    json!({"transaction_id": transaction, "request": cart()})
}

fn hold(transaction: &str) -> Value {
    let mut body = order(transaction);
    body["hold"] = true.into();
    body
}

fn limited(name: &str, limits: Value) -> Value {
    let mut body = ten_percent(name);
    body["limits"] = limits;
    body
}

async fn redeem(service: &Service, tenant: &Tenant, body: Value, status: u16) -> Value {
    let answer = service.post("/v1/redemptions", &tenant.pos, body).await;
    answer.expect(status).body
}

fn discount(redeemed: &Value) -> &Value {
    &redeemed["result"]["totals"]["discount"]
}

/// Every counter is what the ledger makes of it.
pub async fn reconciled(database: &TestDatabase) {
    let mut owner = database.owner_connection().await;
    let differences: i64 = sqlx::query_scalar(
        "select count(*) from limit_counter
           full join (select tenant_id, promotion_id, subject, owner, measure, window_no,
                             sum(amount - given_back) as recorded
                        from redemption_use group by 1, 2, 3, 4, 5, 6) as ledger
           using (tenant_id, promotion_id, subject, owner, measure, window_no)
          where used is distinct from recorded",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(differences, 0);
}

async fn act(service: &Service, tenant: &Tenant, id: &str, action: &str) -> (u16, String) {
    let path = format!("/v1/redemptions/{id}/{action}");
    let body = match action {
        "returns" => json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]}),
        _ => json!({}),
    };
    let answer = service.post(&path, &tenant.pos, body).await;
    let told = if answer.status == 200 {
        answer.body["state"].as_str().unwrap_or_default()
    } else {
        answer.code()
    };
    (answer.status, told.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_answers_the_same_and_another_is_refused() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    service.promotion(&tenant.admin, ten_percent("P")).await;
    let first = service.post("/v1/redemptions", &tenant.pos, order("T/1 ü")).await.expect(201);
    assert_eq!(first.body["state"], "committed");
    assert_eq!(discount(&first.body), "10.00");
    // The same, written otherwise: defaults filled in, numbers as numbers, keys in another order.
    let mut again = order("T/1 ü");
    again["hold"] = false.into();
    again["expected_discount"] = Value::Null;
    again["request"]["channel"] = Value::Null;
    again["request"]["cart"]["lines"][0]["tax"] = json!(0.0);
    let second = service.post("/v1/redemptions", &tenant.pos, again).await.expect(200);
    assert_eq!(first.text, second.text);
    let mut other = order("T/1 ü");
    other["request"]["channel"] = "web".into();
    service
        .post("/v1/redemptions", &tenant.pos, other)
        .await
        .expect_code(409, "transaction_id_reused");
    let path = "/v1/redemptions/tx:T%2F1%20%C3%BC";
    let read = service.get(path, &tenant.pos).await.expect(200).body;
    assert_eq!(read["id"], first.body["id"]);
    assert_eq!(read["result"], first.body["result"]);
    assert_eq!(read["request"]["cart"]["lines"][0]["sku"], cart()["cart"]["lines"][0]["sku"]);
    assert_eq!(read["ruleset_version"], first.body["result"]["ruleset_version"]);
    // Nothing is shared with another tenant.
    let other = service.tenant().await;
    service.get(path, &other.pos).await.expect(404);
    redeem(&service, &other, order("T/1 ü"), 201).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_that_was_reached_is_recorded_with_the_result() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let stepped = service.promotion(&tenant.admin, stepped("Steps")).await;
    service.promotion(&tenant.admin, ten_percent("Plain")).await;
    for (transaction, quantity, step) in [("T-1", "1", 0), ("T-2", "2", 1), ("T-3", "0.5", -1)] {
        let mut order = order(transaction);
        order["request"]["cart"]["lines"][0]["quantity"] = quantity.into();
        let made = service.post("/v1/redemptions", &tenant.pos, order.clone()).await.expect(201);
        let again = service.post("/v1/redemptions", &tenant.pos, order).await.expect(200);
        assert_eq!(again.text, made.text);
        let path = format!("/v1/redemptions/tx:{transaction}");
        let read = service.get(&path, &tenant.pos).await.expect(200).body;
        assert_eq!(read["result"], made.body["result"]);
        let applied = made.body["result"]["applied"].as_array().unwrap();
        let step_of = |name: &str| {
            let own = applied.iter().find(|own| own["name"] == name)?;
            Some(own.get("step").map(|step| step.as_i64().unwrap()))
        };
        assert_eq!(step_of("Steps"), (step >= 0).then_some(Some(step)), "{transaction}");
        assert_eq!(step_of("Plain"), Some(None), "{transaction}");
    }
    let mut owner = database.owner_connection().await;
    let recorded: Vec<(String, bool, Option<i16>)> = sqlx::query_as(
        "select transaction_id, promotion_id = $1::uuid, step
           from redemption join redemption_promotion using (tenant_id, redemption_id)
          order by 1, 2",
    )
    .bind(&stepped)
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let row = |transaction: &str, steps, step| (transaction.to_owned(), steps, step);
    let expected = [
        row("T-1", false, None),
        row("T-1", true, Some(0)),
        row("T-2", false, None),
        row("T-2", true, Some(1)),
        row("T-3", false, None),
    ];
    assert_eq!(recorded, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_what_became_of_redemptions() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    redeem(&service, &tenant, order("T-1"), 201).await;
    redeem(&service, &tenant, order("T-1"), 200).await;
    service.post("/v1/redemptions", &tenant.pos, hold("T-1")).await.expect(409);
    let text = service.get("/metrics", "").await.expect(200).text;
    for verdict in ["recorded", "replayed", "refused"] {
        let line = format!("promotion_engine_redemptions_total{{verdict=\"{verdict}\"}} 1\n");
        assert!(text.contains(&line), "{line} in {text}");
    }
    assert!(text.contains("promotion_engine_redemption_group_size_count 3\n"), "{text}");
    assert!(text.contains("promotion_engine_tenants_with_differences 0\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_discount_that_was_expected_or_nothing() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let limits = json!({"promotion": {"times": {"max": 1}}});
    service.promotion(&tenant.admin, limited("P", limits)).await;
    let mut body = order("T-1");
    body["expected_discount"] = "9.99".into();
    let refused = service
        .post("/v1/redemptions", &tenant.pos, body.clone())
        .await
        .expect_code(409, "discount_changed");
    assert_eq!(discount(&refused.body), "10.00");
    service.get("/v1/redemptions/tx:T-1", &tenant.pos).await.expect_code(404, "not_found");
    // Nothing was taken, and the id is free for any body.
    body["expected_discount"] = json!(10);
    assert_eq!(discount(&redeem(&service, &tenant, body, 201).await), "10.00");
    let mut late = order("T-2");
    late["request"]["explain"] = "all".into();
    let late = redeem(&service, &tenant, late, 201).await;
    assert_eq!(discount(&late), "0.00");
    assert_eq!(late["result"]["not_applied"][0]["reason"], "limit_reached");
    assert_eq!(late["result"]["not_applied"][0]["limit"], "promotion.times");
    assert_eq!(service.discount(&tenant.pos).await, "0.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_answers_every_move_as_the_table_says() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let limits = json!({"promotion": {"transactions": {"max": 4}}});
    service.promotion(&tenant.admin, limited("P", limits)).await;
    let made = async |name: &str, state: &str| {
        let first = redeem(&service, &tenant, hold(name), 201).await;
        let id = first["id"].as_str().unwrap().to_owned();
        match state {
            "held" => {}
            "committed" => assert_eq!(act(&service, &tenant, &id, "commit").await.0, 200),
            "cancelled" => assert_eq!(act(&service, &tenant, &id, "cancel").await.0, 200),
            "expired" => service.move_clock(301),
            "replaced" => {
                let mut next = hold(name);
                next["replaces"] = id.clone().into();
                next["request"]["channel"] = "web".into();
                let next = redeem(&service, &tenant, next, 201).await;
                assert_eq!(
                    act(&service, &tenant, next["id"].as_str().unwrap(), "cancel").await.0,
                    200
                );
            }
            other => panic!("{other}"),
        }
        id
    };
    let table = [
        ("held", "commit", (200, "committed")),
        ("held", "cancel", (200, "cancelled")),
        ("held", "returns", (409, "not_committed")),
        ("committed", "commit", (200, "committed")),
        ("committed", "cancel", (409, "already_committed")),
        ("committed", "returns", (200, "")),
        ("cancelled", "commit", (409, "redemption_cancelled")),
        ("cancelled", "cancel", (200, "cancelled")),
        ("cancelled", "returns", (409, "not_committed")),
        ("expired", "commit", (409, "hold_expired")),
        ("expired", "cancel", (200, "expired")),
        ("expired", "returns", (409, "not_committed")),
        ("replaced", "commit", (409, "hold_replaced")),
        ("replaced", "cancel", (200, "replaced")),
        ("replaced", "returns", (409, "not_committed")),
    ];
    for (number, (state, action, (status, told))) in table.into_iter().enumerate() {
        let id = made(&format!("T-{number}"), state).await;
        let answer = act(&service, &tenant, &id, action).await;
        assert_eq!(answer, (status, told.to_owned()), "{action} of {state}");
        // What it took is free again, if it was not committed.
        act(&service, &tenant, &id, "cancel").await;
    }
    // Four were committed, and one of them came back.
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    redeem(&service, &tenant, order("last"), 201).await;
    assert_eq!(service.discount(&tenant.pos).await, "0.00");
    reconciled(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_was_never_seen_is_not_redeemed_late() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    assert_eq!(act(&service, &tenant, "tx:T-1", "cancel").await, (200, "cancelled".to_owned()));
    assert_eq!(act(&service, &tenant, "tx:T-1", "cancel").await, (200, "cancelled".to_owned()));
    for action in ["commit", "returns"] {
        let (status, _) = act(&service, &tenant, "tx:T-1", action).await;
        assert_eq!(status, 409, "{action}");
        let (status, _) = act(&service, &tenant, &random_id(), action).await;
        assert_eq!(status, 404, "{action}");
    }
    let late = service.post("/v1/redemptions", &tenant.pos, order("T-1")).await;
    late.expect_code(409, "redemption_cancelled");
    service.move_clock(301);
    redeem(&service, &tenant, order("T-1"), 201).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_replaced_by_one_that_uses_what_it_held() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let limits = json!({"promotion": {"times": {"max": 1}}});
    service.promotion(&tenant.admin, limited("P", limits)).await;
    let first = redeem(&service, &tenant, hold("T-1"), 201).await;
    let mut next = order("T-1");
    next["replaces"] = first["id"].clone();
    next["expected_discount"] = "1".into();
    let refused = service.post("/v1/redemptions", &tenant.pos, next.clone()).await;
    refused.expect_code(409, "discount_changed");
    let old = service.get("/v1/redemptions/tx:T-1", &tenant.pos).await.expect(200);
    assert_eq!((&old.body["id"], &old.body["state"]), (&first["id"], &json!("held")));
    next["expected_discount"] = "10".into();
    let second = redeem(&service, &tenant, next.clone(), 201).await;
    assert_eq!((discount(&second), &second["state"]), (&json!("10.00"), &json!("committed")));
    assert_eq!(redeem(&service, &tenant, next, 200).await, second);
    let again = service.post("/v1/redemptions", &tenant.pos, hold("T-1")).await;
    again.expect_code(409, "transaction_id_reused");
    let mut unknown = hold("T-2");
    unknown["replaces"] = random_id().into();
    let refused = service.post("/v1/redemptions", &tenant.pos, unknown).await;
    let faults = refused.expect_code(422, "invalid").faults();
    assert_eq!(faults, [("/replaces".to_owned(), "unknown_reference".to_owned())]);
    reconciled(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lapsed_hold_gives_back_within_a_second_and_any_body_begins_anew() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let limits = json!({"customer": {"discount": {"max": "10"}}});
    service.promotion(&tenant.admin, limited("P", limits)).await;
    let with_customer = |mut body: Value| {
        body["request"]["customer"] = json!({"id": "C-1"});
        body
    };
    let first = redeem(&service, &tenant, with_customer(hold("T-1")), 201).await;
    let second = redeem(&service, &tenant, with_customer(hold("T-2")), 201).await;
    assert_eq!((discount(&first), discount(&second)), (&json!("10.00"), &json!("0.00")));
    service.move_clock(301);
    let again = redeem(&service, &tenant, with_customer(hold("T-1")), 201).await;
    assert_ne!(again["id"], first["id"]);
    assert_eq!(discount(&again), "10.00");
    service.move_clock(301);
    let priced = json!({"cart": cart()["cart"], "customer": {"id": "C-1"}});
    let left = async || {
        let priced = service.post("/v1/evaluate-cart", &tenant.pos, priced.clone()).await;
        priced.expect(200).body["totals"]["discount"].clone()
    };
    let begun = Instant::now();
    while left().await != "10.00" {
        assert!(begun.elapsed() < Duration::from_secs(10), "nothing was given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let third = redeem(&service, &tenant, with_customer(order("T-3")), 201).await;
    assert_eq!(discount(&third), "10.00");
    reconciled(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_used_up_one_by_one() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut body = with_codes("P");
    body["limits"] = json!({"code": {"times": {"max": 1}}});
    let promotion = service.promotion(&tenant.admin, body).await;
    let path = format!("/v1/promotions/{promotion}/codes");
    let codes = json!({"codes": ["ONE", "TWO"]});
    service.post(&path, &tenant.admin, codes).await.expect(201);
    let with = |transaction: &str, codes: Value| {
        let mut body = order(transaction);
        body["request"]["cart"]["codes"] = codes;
        body
    };
    let first = redeem(&service, &tenant, with("T-1", json!(["one"])), 201).await;
    assert_eq!(first["result"]["codes"][0]["status"], "applied");
    let second = redeem(&service, &tenant, with("T-2", json!(["ONE", "TWO"])), 201).await;
    assert_eq!(second["result"]["codes"][0]["status"], "exhausted");
    assert_eq!(second["result"]["applied"][0]["code"], "TWO");
    let mut third = with("T-3", json!(["TWO", "ONE"]));
    third["request"]["explain"] = "all".into();
    let third = redeem(&service, &tenant, third, 201).await;
    assert_eq!(third["result"]["codes"][0]["status"], "exhausted");
    assert_eq!(third["result"]["not_applied"][0]["reason"], "limit_reached");
    assert_eq!(third["result"]["not_applied"][0]["limit"], "code.times");
    // One that is deleted and made anew has a count of its own.
    service.delete(&format!("{path}/one"), &tenant.admin).await.expect(204);
    let codes = json!({"codes": ["ONE"]});
    service.post(&path, &tenant.admin, codes).await.expect(201);
    let fourth = redeem(&service, &tenant, with("T-4", json!(["ONE"])), 201).await;
    assert_eq!(fourth["result"]["codes"][0]["status"], "applied");
    reconciled(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bad_is_refused_and_nothing_is_recorded() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut body = order("T-1");
    body["request"]["at"] = "2026-01-01T00:00:00Z".into();
    body["request"]["cart"]["lines"][0]["quantity"] = "0".into();
    body["used"] = json!(1);
    body["expected_discount"] = "-1".into();
    for key in [&tenant.pos, &tenant.admin] {
        let refused = service.post("/v1/redemptions", key, body.clone()).await;
        let faults = refused.expect_code(422, "invalid").faults();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.0.as_str()).collect();
        for pointer in
            ["/request/at", "/request/cart/lines/0/quantity", "/used", "/expected_discount"]
        {
            assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
        }
    }
    let mut unknown = order("T-1");
    unknown["request"]["store"] = "NONE".into();
    let refused = service.post("/v1/redemptions", &tenant.pos, unknown).await;
    let faults = refused.expect_code(422, "invalid").faults();
    assert_eq!(faults, [("/request/store".to_owned(), "unknown_reference".to_owned())]);
    service.get("/v1/redemptions/tx:T-1", &tenant.pos).await.expect(404);
    let listed = service.get("/v1/redemptions", &tenant.pos).await.expect(200).body;
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_finds_by_everything_and_viewers_see_no_codes() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let promotion = service.promotion(&tenant.admin, with_codes("P")).await;
    let path = format!("/v1/promotions/{promotion}/codes");
    let codes = json!({"codes": ["SECRET1"]});
    service.post(&path, &tenant.admin, codes).await.expect(201);
    let mut body = hold("T-1");
    body["request"]["customer"] = json!({"id": "C-1"});
    body["request"]["cart"]["codes"] = json!(["secret1"]);
    let first = redeem(&service, &tenant, body, 201).await;
    redeem(&service, &tenant, order("T-2"), 201).await;
    let evaluated_at = first["result"]["evaluated_at"].as_str().unwrap();
    for (query, ids) in [
        (String::new(), vec!["T-2", "T-1"]),
        ("transaction_id=T-2".to_owned(), vec!["T-2"]),
        ("customer_id=C-1".to_owned(), vec!["T-1"]),
        (format!("promotion_id={promotion}"), vec!["T-1"]),
        ("code=Secret1".to_owned(), vec!["T-1"]),
        ("state=held".to_owned(), vec!["T-1"]),
        ("state=committed".to_owned(), vec!["T-2"]),
        ("state=cancelled".to_owned(), vec![]),
        (format!("to={evaluated_at}"), vec![]),
        (format!("from={evaluated_at}"), vec!["T-2", "T-1"]),
    ] {
        let path = format!("/v1/redemptions?{query}");
        let key = if query.starts_with("code=") {
            // Whether a code exists is not for viewers.
            service.get(&path, &tenant.viewer).await.expect_code(403, "forbidden");
            &tenant.pos
        } else {
            &tenant.viewer
        };
        let listed = service.get(&path, key).await.expect(200).body;
        let found: Vec<&str> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["transaction_id"].as_str().unwrap())
            .collect();
        assert_eq!(found, ids, "{query}");
    }
    let path = "/v1/redemptions?limit=1";
    let page = service.get(path, &tenant.pos).await.expect(200).body;
    let next = format!("{path}&cursor={}", page["next_cursor"].as_str().unwrap());
    let page = service.get(&next, &tenant.pos).await.expect(200).body;
    assert_eq!(page["items"][0]["transaction_id"], "T-1");
    assert_eq!(page["next_cursor"], Value::Null);
    for bad in [
        "state=nonsense",
        "promotion_id=x",
        "from=now",
        "colour=1",
        "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
    ] {
        let path = format!("/v1/redemptions?{bad}");
        service.get(&path, &tenant.pos).await.expect_code(422, "invalid");
    }
    let read = service.get("/v1/redemptions/tx:T-1", &tenant.viewer).await.expect(200);
    assert!(!read.text.to_lowercase().contains("secret1"), "{}", read.text);
    assert_eq!(read.body["result"]["codes"][0]["code"], "…et1");
    let read = service.get("/v1/redemptions/tx:T-1", &tenant.pos).await.expect(200);
    assert_eq!(read.body["request"]["cart"]["codes"], json!(["secret1"]));
}
