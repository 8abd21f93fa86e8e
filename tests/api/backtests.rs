//! Backtests: what comes of them, and who works on them (spec 15.3).

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};
use support::harness::{Answer, Service, Tenant, cart, random_id, stepped, ten_percent};

const PATH: &str = "/v1/backtests";
/// How long a backtest of a few redemptions may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A backtest of the redemptions of these days.
fn backtest(change: &Value) -> Value {
    let day = chrono::TimeDelta::days(1);
    let now = chrono::Utc::now();
    let mut body = json!({"name": "B", "from": now - day, "to": now + day});
    for (name, value) in change.as_object().expect("members") {
        body[name] = value.clone();
    }
    body
}

async fn create(service: &Service, tenant: &Tenant, change: &Value) -> String {
    let made = service.post(PATH, &tenant.admin, backtest(change)).await.expect(202);
    assert_eq!(made.body["state"], "queued", "{}", made.text);
    made.id()
}

async fn read(service: &Service, tenant: &Tenant, id: &str) -> Answer {
    service.get(&format!("{PATH}/{id}"), &tenant.admin).await.expect(200)
}

/// Waits until it has ended, and tells it.
async fn ended(service: &Service, tenant: &Tenant, id: &str) -> Value {
    let begun = Instant::now();
    loop {
        let found = read(service, tenant, id).await.body;
        if !["queued", "running"].contains(&found["state"].as_str().unwrap()) {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn result(service: &Service, tenant: &Tenant, change: &Value) -> Value {
    let id = create(service, tenant, change).await;
    let found = ended(service, tenant, &id).await;
    assert_eq!(found["state"], "done", "{found:#}");
    found["result"].clone()
}

/// A cart of one line of a SKU.
fn of(sku: &str, price: &str) -> Value {
    json!({"cart": {"lines": [{"id": "1", "sku": sku, "quantity": "1", "unit_price": price}]}})
}

async fn redeem(service: &Service, tenant: &Tenant, request: Value) -> String {
    let transaction = random_id();
    let body = json!({"transaction_id": transaction, "request": request});
    service.post("/v1/redemptions", &tenant.pos, body).await.expect(201);
    transaction
}

async fn run(owner: &mut PgConnection, statements: String) {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(owner).await.unwrap();
}

/// Records the only redemption of a tenant so many times more, each a second before the last.
async fn repeat(owner: &mut PgConnection, tenant: &Tenant, times: u32) {
    let tenant = &tenant.id;
    run(
        owner,
        format!(
            "insert into redemption_key (tenant_id, transaction_id, redemption_id)
             select tenant_id, 'copy-' || n, gen_random_uuid()
               from redemption, generate_series(1, {times}) as n where tenant_id = '{tenant}';
             insert into redemption (tenant_id, redemption_id, transaction_id, state, evaluated_at, settled_at,
                    ruleset_version, body_hash, discount, request, result)
             select own.tenant_id, key.redemption_id, key.transaction_id, state,
                    evaluated_at - substr(key.transaction_id, 6)::int * interval '1 millisecond', settled_at,
                    ruleset_version, body_hash, discount, request, result
               from redemption as own join redemption_key as key using (tenant_id)
              where tenant_id = '{tenant}' and key.transaction_id like 'copy-%'"
        ),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_change_would_have_made_of_past_redemptions() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut few = ten_percent("Ten");
    few["limits"] = json!({"promotion": {"times": {"max": 2}}});
    let ten = service.promotion(&tenant.admin, few).await;
    let mut sold = Vec::new();
    for price in ["100", "200", "300"] {
        sold.push(redeem(&service, &tenant, of("A", price)).await);
    }
    // What is not committed does not count.
    let hold = json!({"transaction_id": random_id(), "request": cart(), "hold": true});
    service.post("/v1/redemptions", &tenant.pos, hold).await.expect(201);
    // Nothing of the limit is left now. It counts from nothing.
    let mut twenty = ten_percent("Twenty");
    twenty["benefit"]["value"] = "20".into();
    twenty["conditions"] = json!({"type": "cart_amount", "op": "gte", "value": "200"});
    let found = result(&service, &tenant, &json!({"with": [twenty], "without": [ten]})).await;
    let sums =
        |discount: &str, carts: u8| json!({"discount": discount, "points": "0", "carts": carts});
    let given = |times: u8, discount: &str, carts: u8| json!({"times": times, "discount": discount, "points": "0", "carts": carts});
    assert_eq!((&found["redemptions"], &found["sampled_every"]), (&json!(3), &json!(1)));
    assert_eq!(found["gross"], "600.00");
    assert_eq!(found["recorded"], json!({"discount": "30.00", "carts": 2}));
    assert_eq!((&found["baseline"], &found["changed"]), (&sums("30.00", 2), &sums("100.00", 2)));
    assert_eq!(
        (&found["better"], &found["worse"], &found["same"]),
        (&json!(2), &json!(1), &json!(0))
    );
    let promotions = json!([
        {"promotion_id": ten, "name": "Ten", "baseline": given(2, "30.00", 2), "changed": given(0, "0.00", 0)},
        {"promotion_id": "draft:0", "name": "Twenty", "baseline": given(0, "0.00", 0), "changed": given(2, "100.00", 2)},
    ]);
    assert_eq!(found["promotions"], promotions, "{found:#}");
    let days = found["days"].as_array().unwrap();
    assert!((1..=2).contains(&days.len()), "{days:?}");
    let example = |place: usize, baseline: &str, changed: &str| json!({"transaction_id": sold[place], "baseline": baseline, "changed": changed});
    let examples = json!([
        example(2, "0.00", "60.00"),
        example(1, "20.00", "40.00"),
        example(0, "10.00", "0.00")
    ]);
    assert_eq!(found["examples"], examples);
    // The settings that are named are replaced, the others stay.
    let settings = json!({"settings": {"rounding": {"mode": "down", "precision": 0}}, "without": [], "with": [
        {"id": ten, "name": "Ten", "type": "pos", "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
         "benefit": {"type": "percentage_off", "value": "0.75"}}]});
    let found = result(&service, &tenant, &settings).await;
    assert_eq!(found["changed"], sums("3.00", 2), "{found:#}");
    // Every second one, beginning with the first.
    let found = result(&service, &tenant, &json!({"max_redemptions": 2})).await;
    assert_eq!((&found["redemptions"], &found["sampled_every"]), (&json!(2), &json!(2)));
    assert_eq!(found["gross"], "400.00");
    // The same again gives the same, and other times nothing.
    let change = json!({"with": [stepped("Steps")]});
    let first = result(&service, &tenant, &change).await;
    assert_eq!(result(&service, &tenant, &change).await, first);
    let before = json!({"from": "2020-01-01T00:00:00Z", "to": "2020-06-01T00:00:00Z"});
    let found = result(&service, &tenant, &before).await;
    assert_eq!((&found["redemptions"], &found["days"]), (&json!(0), &json!([])));
}

/// Codes unlock what they unlock now; a reward applies where the redemption used an issuance of it.
#[tokio::test(flavor = "multi_thread")]
async fn codes_and_issuances_are_as_recorded() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let mut coded = ten_percent("Code");
    coded["type"] = "code_linked".into();
    let coded = service.promotion(admin, coded).await;
    let codes = format!("/v1/promotions/{coded}/codes");
    service.post(&codes, admin, json!({"codes": ["SAVE", "GONE"]})).await.expect(201);
    let mut reward = ten_percent("Reward");
    (reward["type"], reward["earning"]) = ("rewards".into(), json!({"trigger": "direct"}));
    reward["benefit"] = json!({"type": "amount_off", "value": "7"});
    let reward = service.promotion(admin, reward).await;
    let issue = json!({"promotion_id": reward, "customer_id": "C", "source_id": "S"});
    service.post("/v1/issuances", &tenant.issuer, issue).await.expect(201);
    for code in ["save", "GONE", "NEW"] {
        let mut request = of("A", "100");
        request["cart"]["codes"] = json!([code]);
        redeem(&service, &tenant, request).await;
    }
    let mut request = of("A", "100");
    request["customer"] = json!({"id": "C"});
    redeem(&service, &tenant, request).await;
    redeem(&service, &tenant, of("A", "100")).await;
    service.delete(&format!("{codes}/GONE"), admin).await.expect(204);
    let mut draft = ten_percent("Draft");
    (draft["type"], draft["codes"]) = ("code_linked".into(), json!(["new"]));
    draft["benefit"]["value"] = "50".into();
    let found = result(&service, &tenant, &json!({"with": [draft]})).await;
    assert_eq!(found["recorded"], json!({"discount": "27.00", "carts": 3}));
    assert_eq!(
        found["baseline"],
        json!({"discount": "17.00", "points": "0", "carts": 2}),
        "{found:#}"
    );
    assert_eq!(
        found["changed"],
        json!({"discount": "67.00", "points": "0", "carts": 3}),
        "{found:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_at_its_place() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut listed = ten_percent("Q");
    listed["conditions"] = json!({"type": "item", "of": {"include": [{"field": "sku", "op": "in_list", "list": "NONE"}]}});
    let table = [
        (json!({"name": null}), vec![("/name", "required")]),
        (json!({"from": null, "to": null}), vec![("/from", "required"), ("/to", "required")]),
        (
            json!({"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}),
            vec![("/to", "not_after")],
        ),
        (
            json!({"from": "2025-01-01T00:00:00Z", "to": "2026-02-05T00:00:01Z"}),
            vec![("/to", "out_of_range")],
        ),
        (json!({"max_redemptions": 0}), vec![("/max_redemptions", "out_of_range")]),
        (json!({"max_redemptions": 1_000_001}), vec![("/max_redemptions", "out_of_range")]),
        (
            json!({"settings": {"rounding": {"precision": 9}}}),
            vec![("/settings/rounding/precision", "out_of_range")],
        ),
        (json!({"settings": {"mode": "up"}}), vec![("/settings/mode", "unknown_field")]),
        (
            json!({"with": [{"name": "P"}], "other": 1}),
            vec![
                ("/with/0/type", "required"),
                ("/with/0/starts_at", "required"),
                ("/with/0/ends_at", "required"),
                ("/with/0/benefit", "required"),
                ("/other", "unknown_field"),
            ],
        ),
        (json!({"without": [random_id()]}), vec![("/without/0", "unknown_reference")]),
        (
            json!({"with": [listed]}),
            vec![("/with/0/conditions/of/include/0/list", "unknown_reference")],
        ),
    ];
    for (change, expected) in table {
        let refused = service.post(PATH, &tenant.admin, backtest(&change)).await;
        let refused = refused.expect_code(422, "invalid");
        let mut expected: Vec<_> = expected
            .iter()
            .map(|(place, code)| ((*place).to_owned(), (*code).to_owned()))
            .collect();
        let mut found = refused.faults();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{change}");
    }
    assert_eq!(service.get(PATH, &tenant.admin).await.expect(200).body["items"], json!([]));
    let longest = json!({"from": "2025-01-01T00:00:00Z", "to": "2026-02-05T00:00:00Z"});
    create(&service, &tenant, &longest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_are_kept_and_listed_newest_first() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut ids = Vec::new();
    for number in 0..103 {
        ids.push(create(&service, &tenant, &json!({"name": format!("B{number}")})).await);
    }
    ids.reverse();
    let mut listed: Vec<String> = Vec::new();
    let mut next = String::new();
    loop {
        let page =
            service.get(&format!("{PATH}?limit=40{next}"), &tenant.viewer).await.expect(200).body;
        for item in page["items"].as_array().unwrap() {
            listed.push(item["id"].as_str().unwrap().to_owned());
            assert!(item.get("result").is_none(), "{item}");
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(listed, ids[..100]);
    service.get(&format!("{PATH}/{}", ids[102]), &tenant.admin).await.expect(404);
}

/// A backtest that waits or runs is cancelled and stays; one that has ended is deleted.
#[tokio::test(flavor = "multi_thread")]
async fn deleting_cancels_and_then_removes() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    service.promotion(&tenant.admin, ten_percent("P")).await;
    redeem(&service, &tenant, cart()).await;
    let mut owner = database.owner_connection().await;
    // So many that an optimized build works on them for several seconds: how far it is, is written every two seconds.
    repeat(&mut owner, &tenant, 90_000).await;
    let running = create(&service, &tenant, &json!({})).await;
    let waiting = create(&service, &tenant, &json!({})).await;
    let begun = Instant::now();
    loop {
        let found = read(&service, &tenant, &running).await.body;
        if found["progress"]["done"].as_i64().unwrap() > 0 && found["state"] == "running" {
            assert_eq!(found["progress"]["total"], 90_001, "{found}");
            break;
        }
        assert!(found["state"] != "done" && begun.elapsed() < PATIENCE, "{found}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // One at a time.
    assert_eq!(read(&service, &tenant, &waiting).await.body["state"], "queued");
    for id in [&running, &waiting] {
        service.delete(&format!("{PATH}/{id}"), &tenant.admin).await.expect(204);
        let found = read(&service, &tenant, id).await.body;
        assert_eq!((&found["state"], &found["result"]), (&json!("cancelled"), &Value::Null));
        assert!(found["finished_at"].is_string(), "{found}");
    }
    // The worker lets go, and the next one has its turn.
    let short = json!({"max_redemptions": 10});
    let next = create(&service, &tenant, &short).await;
    assert_eq!(ended(&service, &tenant, &next).await["state"], "done");
    assert_eq!(read(&service, &tenant, &running).await.body["state"], "cancelled");
    for id in [&running, &next] {
        service.delete(&format!("{PATH}/{id}"), &tenant.admin).await.expect(204);
        service.get(&format!("{PATH}/{id}"), &tenant.admin).await.expect(404);
        service.delete(&format!("{PATH}/{id}"), &tenant.admin).await.expect(404);
    }
}

/// An instance that dies half-way leaves a lease. When it has run out, another instance begins the backtest anew, and
/// comes to what one instance alone comes to.
#[tokio::test(flavor = "multi_thread")]
async fn another_instance_takes_up_what_one_that_died_has_begun() {
    let (database, first) = Service::start().await;
    let tenant = first.tenant().await;
    let mut few = ten_percent("P");
    few["limits"] = json!({"promotion": {"times": {"max": 1_500}}});
    first.promotion(&tenant.admin, few).await;
    redeem(&first, &tenant, cart()).await;
    let mut owner = database.owner_connection().await;
    repeat(&mut owner, &tenant, 12_000).await;
    let alone = result(&first, &tenant, &json!({})).await;
    assert_eq!(alone["baseline"]["discount"], "15000.00", "{alone:#}");
    let id = create(&first, &tenant, &json!({})).await;
    let begun = Instant::now();
    while read(&first, &tenant, &id).await.body["state"] != "running" {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    first.app.stop().await;
    let second = Service::on(&database, |_| {}).await;
    let worker = "select worker::text from backtest where state = 'running'";
    let dead: String = sqlx::query_scalar(worker).fetch_one(&mut owner).await.unwrap();
    // As long as the lease lasts nobody else begins it.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let still: String = sqlx::query_scalar(worker).fetch_one(&mut owner).await.unwrap();
    assert_eq!(still, dead);
    run(&mut owner, "update backtest set leased_until = now() where state = 'running'".to_owned())
        .await;
    let found = ended(&second, &tenant, &id).await;
    assert_eq!(found["state"], "done", "{found:#}");
    assert_eq!(found["result"], alone);
    assert_eq!(found["progress"], json!({"done": 12_001, "total": 12_001}));
}

/// Whoever has lost the lease writes nothing, and what is begun in vain again and again has failed.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_lease_writes_nothing_and_too_many_attempts_fail() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    redeem(&service, &tenant, cart()).await;
    let mut owner = database.owner_connection().await;
    repeat(&mut owner, &tenant, 20_000).await;
    let id = create(&service, &tenant, &json!({})).await;
    let begun = Instant::now();
    while read(&service, &tenant, &id).await.body["state"] != "running" {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Another instance has taken it, as it seems, and has its lease for long.
    run(
        &mut owner,
        "update backtest set worker = gen_random_uuid(), leased_until = now() + interval '1 hour', done = 7".to_owned(),
    )
    .await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let found = read(&service, &tenant, &id).await.body;
    assert_eq!((&found["state"], &found["progress"]["done"]), (&json!("running"), &json!(7)));
    // That one dies too, for the tenth time.
    run(&mut owner, "update backtest set leased_until = now(), attempts = 10".to_owned()).await;
    let found = ended(&service, &tenant, &id).await;
    assert_eq!(found["state"], "failed", "{found:#}");
    assert_eq!(found["failure"], "it was interrupted 10 times");
}

/// What was there when it was asked for, and is gone when its turn comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_backtest_that_cannot_be_read_again_has_failed() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    redeem(&service, &tenant, cart()).await;
    let mut owner = database.owner_connection().await;
    repeat(&mut owner, &tenant, 20_000).await;
    let first = create(&service, &tenant, &json!({})).await;
    service.put("/v1/product-lists/L", &tenant.admin, json!({"skus": ["A"]})).await.expect(200);
    let mut listed = ten_percent("Q");
    listed["conditions"] = json!({"type": "item", "of": {"include": [{"field": "sku", "op": "in_list", "list": "L"}]}});
    let second = create(&service, &tenant, &json!({"with": [listed]})).await;
    service.delete("/v1/product-lists/L", &tenant.admin).await.expect(204);
    service.delete(&format!("{PATH}/{first}"), &tenant.admin).await.expect(204);
    let found = ended(&service, &tenant, &second).await;
    assert_eq!(found["state"], "failed", "{found:#}");
    assert_eq!(found["failure"], "/with/0/conditions/of/include/0/list: is no product list");
}
