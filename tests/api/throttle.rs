//! How much of an instance one tenant may take: its rates, its share of what is in flight, its guesses at codes.

use std::time::{Duration, Instant};

use promotion_engine::domain::id::TenantId;
use promotion_engine::domain::role::Role;
use promotion_engine::service::api_key::mint;
use reqwest::Method;
use serde_json::{Value, json};
use support::harness::{Answer, OPERATOR, Service, Tenant, cart, random_id, with_codes};
use tokio::task::JoinSet;

async fn patch(service: &Service, tenant: &Tenant, body: Value) -> Answer {
    let path = format!("/v1/tenants/{}", tenant.id);
    service.call(Method::PATCH, &path, OPERATOR, Some(body.to_string())).await
}

async fn evaluate(service: &Service, key: &str) -> Answer {
    service.post("/v1/evaluate-cart", key, cart()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_that_the_operator_sets_is_kept_by_every_instance() {
    let (database, one) = Service::start().await;
    let other = Service::on(&database, |_| {}).await;
    let (tenant, neighbor) = (one.tenant().await, one.tenant().await);
    for service in [&one, &other] {
        for _ in 0..10 {
            evaluate(service, &tenant.pos).await.expect(200);
        }
    }
    let rates = json!({"evaluate": {"per_second": 1, "burst": 3}});
    let patched = patch(&one, &tenant, json!({"rate_limits": rates})).await.expect(200);
    let shown = json!({"evaluate": {"per_second": 1, "burst": 3}, "redeem": null, "admin": null});
    assert_eq!(patched.body["rate_limits"], shown);
    // At once here, within a second there.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for service in [&one, &other] {
        let begun = Instant::now();
        let mut answered = 0;
        let refused = loop {
            let answer = evaluate(service, &tenant.pos).await;
            if answer.status != 200 {
                break answer.expect_code(429, "too_many_requests");
            }
            answered += 1;
            let most = 3 + begun.elapsed().as_secs();
            assert!(answered <= most, "{answered} within {:?}", begun.elapsed());
        };
        assert_eq!(refused.header("retry-after"), "1");
        // Other work and other tenants have rates of their own.
        service.get("/v1/settings", &tenant.admin).await.expect(200);
        let body = json!({"transaction_id": random_id(), "request": cart()});
        service.post("/v1/redemptions", &tenant.pos, body).await.expect(201);
        evaluate(service, &neighbor.pos).await.expect(200);
    }
    // What is left out is without bound, and what was not named stays.
    patch(&one, &tenant, json!({"rate_limits": {}})).await.expect(200);
    for _ in 0..20 {
        evaluate(&one, &tenant.pos).await.expect(200);
    }
    let both =
        json!({"redeem": {"per_second": 1, "burst": 1}, "admin": {"per_second": 1, "burst": 1}});
    patch(&one, &tenant, json!({"rate_limits": both})).await.expect(200);
    let renamed = patch(&one, &tenant, json!({"name": "Other"})).await.expect(200);
    assert_eq!(renamed.body["rate_limits"]["redeem"], json!({"per_second": 1, "burst": 1}));
    let redeem = async || {
        let body = json!({"transaction_id": random_id(), "request": cart()});
        one.post("/v1/redemptions", &tenant.pos, body).await
    };
    redeem().await.expect(201);
    redeem().await.expect_code(429, "too_many_requests");
    one.get("/v1/settings", &tenant.admin).await.expect(200);
    one.get("/v1/settings", &tenant.admin).await.expect_code(429, "too_many_requests");
    evaluate(&one, &tenant.pos).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_rate_is_reported() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let rates = json!({"evaluate": {"per_second": 0, "burst": 1}, "redeem": {"per_second": 5}, "other": null});
    let refused = patch(&service, &tenant, json!({"rate_limits": rates})).await;
    let faults = refused.expect_code(422, "invalid").faults();
    let pointers: Vec<&str> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        pointers,
        ["/rate_limits/evaluate/per_second", "/rate_limits/redeem/burst", "/rate_limits/other"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_a_share_of_what_is_in_flight_and_another_the_rest() {
    let (database, _) = Service::start().await;
    let small = Service::on(&database, |options| {
        options.bounds.in_flight = 8;
        options.bounds.in_flight_of_tenant = 2;
        options.timeouts.delay = Duration::from_millis(600);
    })
    .await;
    let (noisy, quiet) = (small.tenant().await, small.tenant().await);
    let mut asked = JoinSet::new();
    let client = reqwest::Client::new();
    for _ in 0..6 {
        let url = format!("http://{}/v1/evaluate-cart", small.address());
        let request = client.post(url).bearer_auth(&noisy.pos);
        let request = request.header("content-type", "application/json").body(cart().to_string());
        asked.spawn(async move {
            let answer = request.send().await.unwrap();
            let retry = answer.headers().contains_key("retry-after");
            (answer.status().as_u16(), retry)
        });
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    evaluate(&small, &quiet.pos).await.expect(200);
    let mut answers = asked.join_all().await;
    answers.sort_unstable();
    let refused = (503, true);
    assert_eq!(answers, [(200, false), (200, false), refused, refused, refused, refused]);
    evaluate(&small, &noisy.pos).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_at_codes_is_stopped_and_who_has_one_is_not() {
    let (database, _) = Service::start().await;
    let service = Service::on(&database, |options| options.unknown_codes = 10).await;
    let (tenant, neighbor) = (service.tenant().await, service.tenant().await);
    let with = |codes: &[&str]| {
        let mut request = cart();
        request["cart"]["codes"] = json!(codes);
        request
    };
    for shop in [&tenant, &neighbor] {
        let promotion = service.promotion(&shop.admin, with_codes("P")).await;
        let path = format!("/v1/promotions/{promotion}/codes");
        service.post(&path, &shop.admin, json!({"codes": ["SAVE10"]})).await.expect(201);
    }
    let price = async |shop: &Tenant, codes: &[&str]| {
        service.post("/v1/evaluate-cart", &shop.pos, with(codes)).await
    };
    let redeem = async |codes: &[&str]| {
        let body = json!({"transaction_id": random_id(), "request": with(codes)});
        service.post("/v1/redemptions", &tenant.pos, body).await
    };
    // A minute may end in the middle of this: then it is done once more.
    for _ in 0..3 {
        for _ in 0..40 {
            price(&tenant, &["SAVE10"]).await.expect(200);
        }
        redeem(&["SAVE10", "NOBODYS"]).await.expect(201);
        for guess in 0..8 {
            price(&tenant, &[&format!("GUESS{guess}")]).await.expect(200);
        }
        redeem(&["NOBODYS"]).await.expect(201);
        let refused = price(&tenant, &["GUESS"]).await;
        if refused.status == 200 {
            continue;
        }
        let refused = refused.expect_code(429, "too_many_requests");
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        // Even one that is right tells nothing now, in either way; carts without codes go on, and so do others.
        price(&tenant, &["SAVE10"]).await.expect_code(429, "too_many_requests");
        redeem(&["SAVE10"]).await.expect_code(429, "too_many_requests");
        price(&tenant, &[]).await.expect(200);
        price(&neighbor, &["SAVE10"]).await.expect(200);
        return;
    }
    panic!("never refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_guesses_at_once_are_no_more_guesses() {
    let (database, _) = Service::start().await;
    let service = Service::on(&database, |options| {
        options.unknown_codes = 10;
        options.timeouts.evaluate = Duration::from_secs(20);
    })
    .await;
    let tenant = service.tenant().await;
    let url = format!("http://{}/v1/evaluate-cart", service.address());
    let client = reqwest::Client::new();
    let mut asked = JoinSet::new();
    for guess in 0..200 {
        let mut body = cart();
        body["cart"]["codes"] = json!([format!("GUESS{guess}")]);
        let request = client.post(&url).bearer_auth(&tenant.pos);
        let request = request.header("content-type", "application/json").body(body.to_string());
        asked.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let answers = asked.join_all().await;
    let looked_up = answers.iter().filter(|status| **status == 200).count();
    // Twice as many where a minute has ended in between.
    assert!((1..=20).contains(&looked_up), "{looked_up}");
    assert!(answers.iter().all(|status| matches!(status, 200 | 429)), "{answers:?}");
}

/// Carts that are presented all at once, each with a key: the statuses and bodies of the answers.
fn at_once(service: &Service, keys: impl Iterator<Item = String>) -> JoinSet<(u16, String)> {
    let url = format!("http://{}/v1/evaluate-cart", service.address());
    let client = reqwest::Client::new();
    let mut asked = JoinSet::new();
    for key in keys {
        let request = client
            .post(&url)
            .bearer_auth(key)
            .header("content-type", "application/json")
            .body(cart().to_string());
        asked.spawn(async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        });
    }
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_makes_keys_up_takes_no_room_from_those_who_are_known() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    evaluate(&service, &tenant.pos).await.expect(200);
    // Nobody has seen this one yet, nor those that are made up, and their look-ups wait.
    let (_, unseen) = service.key(&tenant.admin, "pos").await;
    let made_up = || mint(tenant.id.parse().map(TenantId::new).unwrap(), Role::Pos).text;
    evaluate(&service, &tenant.pos).await.expect(200);
    let mut owner = database.owner_connection().await;
    sqlx::raw_sql("begin; lock table api_key in access exclusive mode")
        .execute(&mut owner)
        .await
        .unwrap();
    let mut asked = at_once(&service, (0..200).map(|_| made_up()));
    let (_, first) = asked.join_next().await.unwrap().unwrap();
    assert!(first.contains("\"overloaded\""), "{first}");
    evaluate(&service, &tenant.pos).await.expect(200);
    sqlx::raw_sql("rollback").execute(&mut owner).await.unwrap();
    let answers = asked.join_all().await;
    let refused = answers.iter().filter(|(_, text)| text.contains("\"overloaded\"")).count();
    assert!(refused >= 100, "{refused}");
    evaluate(&service, &unseen).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_all_tills_present_at_once_is_looked_up_once() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut owner = database.owner_connection().await;
    sqlx::raw_sql("begin; lock table api_key in access exclusive mode")
        .execute(&mut owner)
        .await
        .unwrap();
    let asked = at_once(&service, (0..200).map(|_| tenant.pos.clone()));
    // All of them wait for it before it is answered.
    tokio::time::sleep(Duration::from_millis(300)).await;
    sqlx::raw_sql("rollback").execute(&mut owner).await.unwrap();
    let answers = asked.join_all().await;
    let refused = answers.iter().find(|(status, _)| *status != 200);
    assert!(refused.is_none(), "{refused:?}");
}
