//! What a tenant takes of memory: bounds on stores and lists, what a change loads, who makes room, and what has ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use promotion_engine::domain::id::TenantId;
use promotion_engine::engine::RuleSet;
use reqwest::Method;
use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{OPERATOR, Service, Tenant, cart, random_id, ten_percent, with_codes};

use crate::promotions::join_all;

async fn bound(service: &Service, tenant: &Tenant, bounds: Value) {
    let path = format!("/v1/tenants/{}", tenant.id);
    let changed =
        service.call(Method::PATCH, &path, OPERATOR, Some(bounds.to_string())).await.expect(200);
    for (name, value) in bounds.as_object().expect("bounds") {
        assert_eq!(&changed.body[name], value);
    }
}

async fn put_list(service: &Service, tenant: &Tenant, name: &str, skus: usize) -> u16 {
    let skus: Vec<String> = (0..skus).map(|own| format!("SKU-{own}")).collect();
    let path = format!("/v1/product-lists/{name}");
    let answer = service.put(&path, &tenant.admin, json!({"skus": skus}));
    let answer = answer.await;
    if answer.status != 200 {
        answer.expect_code(409, "too_many");
        return 409;
    }
    200
}

fn store(code: &str) -> Value {
    json!({"code": code, "concept": null, "zones": ["z"], "timezone": null})
}

/// Ten percent off what is on a list.
fn of_list(name: &str, list: &str) -> Value {
    let mut body = ten_percent(name);
    body["benefit"]["target"] = json!({"type": "items", "select": {"include": [
        {"field": "sku", "op": "in_list", "list": list}]}});
    body
}

async fn rules(service: &Service, tenant: &Tenant) -> Arc<RuleSet> {
    let id = TenantId::new(tenant.id.parse().unwrap());
    let cache = service.app.service().cache();
    cache.rules(id).await.expect("the rules")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_made_with_the_bounds_of_the_contract() {
    let (_database, service) = Service::start().await;
    service.tenant().await;
    let tenants = service.get("/v1/tenants", OPERATOR).await.expect(200);
    let tenant = &tenants.body["items"][0];
    assert_eq!(tenant["max_stores"], 100_000);
    assert_eq!(tenant["max_product_lists"], 1_000);
    assert_eq!(tenant["max_product_list_entries"], 2_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bound_of_stores_holds_whoever_writes_at_once() {
    let (database, service) = Service::start().await;
    let other = Service::on(&database, |_| {}).await;
    let tenant = service.tenant().await;
    bound(&service, &tenant, json!({"max_stores": 3})).await;
    let put = async |number: usize| {
        let on = if number.is_multiple_of(2) { &service } else { &other };
        let code = format!("S{number}");
        let path = format!("/v1/stores/{code}");
        on.put(&path, &tenant.admin, store(&code)).await
    };
    let mut made = 0;
    for answer in join_all((0..8).map(put).collect()).await {
        if answer.status == 200 {
            made += 1;
        } else {
            answer.expect_code(409, "too_many");
        }
    }
    assert_eq!(made, 3);
    let listed = service.get("/v1/stores", &tenant.admin).await.expect(200);
    let items = listed.body["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 3);
    // All or nothing; what is there can be replaced, also beyond a bound that was lowered.
    let code = items[0]["code"].as_str().unwrap();
    let both = json!([store(code), store("one more")]);
    let refused = service.put("/v1/stores", &tenant.admin, both).await;
    refused.expect_code(409, "too_many");
    bound(&service, &tenant, json!({"max_stores": 1})).await;
    let again = json!([store(code)]);
    service.put("/v1/stores", &tenant.admin, again).await.expect(200);
    bound(&service, &tenant, json!({"max_stores": 4})).await;
    let more = json!([store("one more")]);
    service.put("/v1/stores", &tenant.admin, more).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bounds_of_lists_hold_whoever_writes_at_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let bounds = json!({"max_product_lists": 3, "max_product_list_entries": 100});
    bound(&service, &tenant, bounds).await;
    let names: Vec<String> = (0..8).map(|own| format!("L{own}")).collect();
    let puts = names.iter().map(|name| put_list(&service, &tenant, name, 10));
    let made = join_all(puts.collect()).await;
    assert_eq!(made.iter().filter(|status| **status == 200).count(), 3);
    let there: Vec<&String> = names
        .iter()
        .zip(&made)
        .filter(|(_, status)| **status == 200)
        .map(|(name, _)| name)
        .collect();
    // 30 SKUs, and room for 70 more: of three that want 40 each, one gets them.
    let grows = there.iter().map(|name| put_list(&service, &tenant, name, 50));
    let grown = join_all(grows.collect()).await;
    assert_eq!(grown.iter().filter(|status| **status == 200).count(), 1);
    // What does not grow may stay, also beyond a bound that was lowered.
    bound(&service, &tenant, json!({"max_product_list_entries": 5})).await;
    assert_eq!(put_list(&service, &tenant, there[0], 10).await, 200);
    assert_eq!(put_list(&service, &tenant, there[0], 51).await, 409);
}

/// After the first load nothing may read SKUs or stores any more: whatever tries is refused by the database.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_promotion_reads_neither_lists_nor_stores_again() {
    const SKUS: usize = 200_000;
    let (database, service) = Service::start().await;
    let other = Service::on(&database, |_| {}).await;
    let tenant = service.tenant().await;
    let id = TenantId::new(tenant.id.parse().unwrap());
    for number in 0..5 {
        // As many as a list may have, written where no body has to be sent.
        let statement = format!(
            "insert into product_list (tenant_id, name, skus)
             select '{}', 'L{number}', array_agg('TEE-{number}-' || own) || '{{TEE}}'
               from generate_series(2, {SKUS}) as own",
            tenant.id
        );
        as_owner(&database, &statement).await;
        let body = of_list(&format!("P{number}"), &format!("L{number}"));
        service.promotion(&tenant.admin, body).await;
    }
    let path = "/v1/stores/S";
    service.put(path, &tenant.admin, store("S")).await.expect(200);
    // The first load takes as long as it takes.
    for instance in [&service, &other] {
        let cache = instance.app.service().cache();
        cache.rules(id).await.expect("the rules");
        assert_eq!(instance.discount(&tenant.pos).await, "10.00");
    }
    as_owner(
        &database,
        "revoke select on product_list, store from promotion_engine_service;
         grant select (tenant_id, name, size, revision) on product_list to promotion_engine_service",
    )
    .await;
    let mut twenty = ten_percent("twenty");
    twenty["benefit"]["value"] = "20".into();
    twenty["stacking"] = json!({"exclusive": true});
    let begun = Instant::now();
    service.promotion(&tenant.admin, twenty).await;
    assert_eq!(service.discount(&tenant.pos).await, "20.00");
    let until = Duration::from_secs(1);
    while other.discount(&tenant.pos).await != "20.00" {
        assert!(begun.elapsed() < until, "not seen within a second");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut at_store = cart();
    at_store["store"] = "S".into();
    let found = service.post("/v1/evaluate-cart", &tenant.pos, at_store);
    found.await.expect(200);
    // A list that has changed is read: the rules are not to be had before that is done.
    let statement = format!(
        "update product_list set skus = '{{}}' where name = 'L1'; \
         update tenant set rules_version = rules_version + 1 where tenant_id = '{}'",
        tenant.id
    );
    as_owner(&database, &statement).await;
    let id = TenantId::new(tenant.id.parse().unwrap());
    service.app.service().cache().rules_changed(id, i64::MAX - 1);
    let refused = service.app.service().cache().rules(id).await;
    assert!(refused.is_err(), "the list was not read");
}

async fn as_owner(database: &TestDatabase, statement: &str) {
    let mut connection = database.owner_connection().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))
        .execute(&mut connection)
        .await
        .expect("a statement of the owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_and_a_store_that_change_are_loaded_anew() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let path = "/v1/product-lists/L";
    let put = async |skus: Value| {
        let done = service.put(path, admin, json!({"skus": skus})).await;
        done.expect(200);
    };
    put(json!(["TEE"])).await;
    service.promotion(admin, of_list("P", "L")).await;
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    put(json!(["CAP"])).await;
    assert_eq!(service.discount(&tenant.pos).await, "0.00");
    put(json!(["CAP", "TEE"])).await;
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    let mut at_store = cart();
    at_store["store"] = "S".into();
    let evaluate = async || {
        let body = at_store.clone();
        service.post("/v1/evaluate-cart", &tenant.pos, body).await
    };
    evaluate().await.expect_code(422, "invalid");
    let stored = service.put("/v1/stores/S", admin, store("S")).await;
    stored.expect(200);
    evaluate().await.expect(200);
    service.delete("/v1/stores/S", admin).await.expect(204);
    evaluate().await.expect_code(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_rested_longest_makes_room_by_bytes() {
    const MOST: usize = 800_000;
    let (database, one) = Service::start().await;
    let small = Service::on(&database, |options| options.cache_bytes = MOST).await;
    let cache = small.app.service().cache();
    let mut tenants = Vec::new();
    for number in 0..4 {
        let tenant = one.tenant().await;
        let skus = if number == 3 { 100_000 } else { 10_000 };
        assert_eq!(put_list(&one, &tenant, "L", skus).await, 200);
        one.promotion(&tenant.admin, of_list("P", "L")).await;
        tenants.push(tenant);
    }
    for tenant in &tenants[..3] {
        small.discount(&tenant.pos).await;
    }
    let first = Arc::downgrade(&rules(&small, &tenants[0]).await);
    let third = Arc::downgrade(&rules(&small, &tenants[2]).await);
    let all = cache.bytes();
    assert!((400_000..MOST).contains(&all), "{all}");
    // One that takes more than there is works, and the others are gone with all that they held, though their keys are
    // still known.
    assert_eq!(small.discount(&tenants[3].pos).await, "0.00");
    assert_eq!(cache.len(), 1);
    assert!(cache.bytes() > MOST);
    assert!(first.upgrade().is_none() && third.upgrade().is_none());
    // And it makes room in its turn.
    for tenant in &tenants[..3] {
        assert_eq!(small.discount(&tenant.pos).await, "0.00");
    }
    assert_eq!(cache.bytes(), all);
    assert_eq!(cache.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_long_ago_is_told_and_priced_as_before() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let ends_at = Utc::now() - TimeDelta::days(100);
    let during = ends_at - TimeDelta::days(1);
    let past = |mut body: Value| {
        body["ends_at"] = ends_at.to_rfc3339().into();
        body
    };
    let list = json!({"skus": ["TEE"]});
    let put = service.put("/v1/product-lists/L", admin, list).await;
    put.expect(200);
    let automatic = service.promotion(admin, past(of_list("automatic", "L"))).await;
    let paused = service.promotion(admin, past(ten_percent("paused"))).await;
    let path = format!("/v1/promotions/{paused}/status");
    let pause = service.post(&path, admin, json!({"status": "paused"})).await;
    pause.expect(200);
    let mut coded = past(with_codes("coded"));
    coded["limits"] = json!({"code": {"times": {"max": 1}}});
    coded["status"] = "active".into();
    let coded = service.promotion(admin, coded).await;
    let path = format!("/v1/promotions/{coded}/codes");
    let codes = json!({"codes": ["ONE", "TWO"]});
    let made = service.post(&path, admin, codes).await;
    assert!(made.status < 300, "{}", made.text);
    let mut request = cart();
    request["cart"]["codes"] = json!(["ONE"]);

    // A sale of that time, by the clock of that time: it uses the code up.
    service.set_clock(during);
    let sale = json!({"transaction_id": random_id(), "request": request});
    let sold = service.post("/v1/redemptions", &tenant.pos, sale).await;
    assert_eq!(sold.expect(201).body["result"]["totals"]["discount"], "19.00");
    service.clock.set_offset(TimeDelta::zero());

    // Both codes are known today: one is used up, and the promotion of the other has ended.
    request["cart"]["codes"] = json!(["ONE", "TWO", "NONE"]);
    request["explain"] = "all".into();
    let evaluate = async |request: &Value, key: &str| {
        let answer = service.post("/v1/evaluate-cart", key, request.clone());
        answer.await.expect(200).body
    };
    let today = evaluate(&request, &tenant.pos).await;
    assert_eq!(today["totals"]["discount"], "0.00");
    assert_eq!(today["codes"][0]["status"], "exhausted");
    assert_eq!(today["codes"][1]["status"], "not_applied");
    assert_eq!(today["codes"][1]["reason"], "ended");
    assert_eq!(today["codes"][2]["status"], "unknown");
    let reasons: Vec<_> = today["not_applied"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| (&own["promotion_id"], &own["name"], &own["reason"]))
        .map(|(id, name, reason)| [id, name, reason].map(|own| own.as_str().unwrap().to_owned()))
        .collect();
    let expected = [
        [automatic.as_str(), "automatic", "ended"],
        [paused.as_str(), "paused", "paused"],
        [coded.as_str(), "coded", "ended"],
    ];
    assert_eq!(reasons, expected);
    // It takes part in no evaluation of today, and its list is not in memory.
    let rules = rules(&service, &tenant).await;
    assert!(rules.is_whole_at(Utc::now() - TimeDelta::days(7)));
    assert!(!rules.is_whole_at(during));

    // An admin prices as of that time what was priced then.
    request["at"] = during.to_rfc3339().into();
    request["cart"]["codes"] = json!(["TWO"]);
    let then = evaluate(&request, admin).await;
    assert_eq!(then["totals"]["discount"], "19.00");
    assert_eq!(then["ruleset_version"], today["ruleset_version"]);
    let reasons = then["not_applied"].as_array().unwrap();
    assert_eq!(reasons.len(), 1);
    assert_eq!(reasons[0]["reason"], "paused");
}
