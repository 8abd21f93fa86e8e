//! What is turned away, what is too much for a tenant and what takes too long, each in its own counter and in no other.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use promotion_engine::app::AppOptions;
use promotion_engine::domain::id::TenantId;
use promotion_engine::domain::role::Role;
use promotion_engine::service::api_key::mint;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{Answer, OPERATOR, Service, Tenant, cart, random_id};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The families that are watched: nothing of them may rise but what is expected.
const WATCHED: [&str; 4] = [
    "promotion_engine_requests_shed_total",
    "promotion_engine_requests_rate_limited_total",
    "promotion_engine_timeouts_total",
    "promotion_engine_panics_total",
];

/// What the watched counters say, by series.
fn read(text: &str) -> BTreeMap<String, u64> {
    let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
    let watched = lines.filter(|(series, _)| WATCHED.iter().any(|name| series.starts_with(name)));
    watched
        .map(|(series, count)| {
            let series = series.trim_start_matches("promotion_engine_");
            (series.to_owned(), count.parse().expect("a count"))
        })
        .collect()
}

async fn counted(service: &Service) -> BTreeMap<String, u64> {
    read(&service.get("/metrics", "").await.expect(200).text)
}

/// The series that have risen, with by how much.
fn risen(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<(String, u64)> {
    assert_eq!(before.len(), 15, "every series is there from the start");
    let all = after.iter().map(|(series, now)| {
        let before = before.get(series).expect("a series that was there");
        (series.clone(), now - before)
    });
    all.filter(|(_, by)| *by > 0).collect()
}

/// Nothing but this has risen since, and by so much.
async fn only(service: &Service, before: &BTreeMap<String, u64>, series: &str, by: u64) {
    let risen = risen(before, &counted(service).await);
    assert_eq!(risen, [(series.to_owned(), by)]);
}

async fn small(change: impl FnOnce(&mut AppOptions)) -> (TestDatabase, Service, Tenant) {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, change).await;
    let tenant = service.tenant().await;
    (database, service, tenant)
}

/// So many evaluations at the same time: how many of them were answered with each status.
async fn at_once(service: &Service, keys: Vec<String>) -> BTreeMap<u16, u64> {
    let (client, mut asked) = (Client::new(), tokio::task::JoinSet::new());
    for key in keys {
        let url = format!("http://{}/v1/evaluate-cart", service.address());
        let request = client.post(url).bearer_auth(key);
        let request = request.header("content-type", "application/json");
        let request = request.body(cart().to_string());
        asked.spawn(async move { request.send().await.expect("an answer").status().as_u16() });
    }
    let mut answers = BTreeMap::new();
    for status in asked.join_all().await {
        *answers.entry(status).or_default() += 1;
    }
    answers
}

async fn redeem(service: &Service, key: &str, request: Value) -> Answer {
    let body = json!({"transaction_id": random_id(), "request": request});
    service.post("/v1/redemptions", key, body).await
}

/// The head of an evaluation whose body is to follow.
fn head(tenant: &Tenant) -> String {
    format!(
        "POST /v1/evaluate-cart HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        tenant.pos,
        cart().to_string().len()
    )
}

async fn connected(service: &Service, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream
}

/// Everything that comes until the connection is closed.
async fn until_closed(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let read = stream.read_to_end(&mut text);
    let _ = tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .expect("the connection is closed");
    String::from_utf8_lossy(&text).into_owned()
}

const IN_FLIGHT: &str = r#"requests_shed_total{reason="in_flight"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_those_in_flight_are_counted_as_shed() {
    for of_tenant in [2, 100] {
        let (_database, service, tenant) = small(|options| {
            options.bounds.in_flight = 5;
            options.bounds.in_flight_of_tenant = of_tenant;
            options.timeouts.delay = Duration::from_millis(800);
            options.timeouts.evaluate = Duration::from_secs(10);
        })
        .await;
        let before = counted(&service).await;
        let answers = at_once(&service, vec![tenant.pos.clone(); 9]).await;
        let room = of_tenant.min(5) as u64;
        assert_eq!(answers, [(200, room), (503, 9 - room)].into());
        only(&service, &before, IN_FLIGHT, 9 - room).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_beyond_those_that_are_looked_up_are_counted_as_shed() {
    let (database, service, tenant) = small(|_| {}).await;
    let before = counted(&service).await;
    let mut owner = database.owner_connection().await;
    sqlx::raw_sql("begin; lock table api_key in access exclusive mode")
        .execute(&mut owner)
        .await
        .unwrap();
    let id: TenantId = tenant.id.parse().map(TenantId::new).unwrap();
    let made_up = (0..100).map(|_| mint(id, Role::Pos).text).collect();
    let (answers, ()) = tokio::join!(at_once(&service, made_up), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        sqlx::raw_sql("rollback").execute(&mut owner).await.unwrap();
    });
    let refused = answers.get(&503).copied().unwrap_or_default();
    assert!((1..100).contains(&refused), "{answers:?}");
    only(&service, &before, IN_FLIGHT, refused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_too_large_are_counted_whoever_refuses_them() {
    let (_database, service, _) = small(|_| {}).await;
    let before = counted(&service).await;
    let long = "x".repeat(17 * 1024);
    let headers = [("x-long", long.as_str())];
    let refused = service.send(Method::GET, "/healthz", "", None, &headers);
    refused.await.expect_code(431, "header_too_large");
    let series = r#"requests_shed_total{reason="head"}"#;
    only(&service, &before, series, 1).await;
    let once = counted(&service).await;
    // So many that the edge never sees it.
    let huge = format!("GET /healthz HTTP/1.1\r\n{}\r\n", "x: 1\r\n".repeat(300));
    let answer = until_closed(connected(&service, &huge).await).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    // It is counted when its connection has ended, which the caller may see a little earlier.
    for _ in 0..500 {
        if counted(&service).await != once {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    only(&service, &before, series, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_outlasts_the_drain_and_what_comes_when_all_is_over_are_counted() {
    let (_database, service, tenant) = small(|options| {
        options.limits.drain = Duration::from_millis(200);
    })
    .await;
    let before = counted(&service).await;
    let mut late = connected(&service, &head(&tenant)).await;
    while service.app.service().metrics().requests.in_flight.get() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Nobody can ask for metrics any more: what they would say.
    let metrics = service.app.service().metrics().clone();
    service.app.stop().await;
    let drain = r#"timeouts_total{stage="drain"}"#.to_owned();
    let after = read(&metrics.print());
    assert_eq!(risen(&before, &after), [(drain, 1)]);
    // The tenant's rules have not been loaded yet, and nothing is loaded now.
    late.write_all(cart().to_string().as_bytes()).await.unwrap();
    let answer = until_closed(late).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("\"unavailable\""), "{answer}");
    let stopping = r#"requests_shed_total{reason="stopping"}"#.to_owned();
    assert_eq!(risen(&after, &read(&metrics.print())), [(stopping, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rate_of_a_tenant_has_a_counter_of_its_own() {
    let (_database, service, tenant) = small(|_| {}).await;
    let path = format!("/v1/tenants/{}", tenant.id);
    for kind in ["evaluate", "redeem", "admin"] {
        let limits = json!({"rate_limits": {kind: {"per_second": 1, "burst": 1}}});
        let set = service.call(Method::PATCH, &path, OPERATOR, Some(limits.to_string()));
        set.await.expect(200);
        let before = counted(&service).await;
        let mut refused = 0;
        for _ in 0..50 {
            let answer = match kind {
                "evaluate" => service.post("/v1/evaluate-cart", &tenant.pos, cart()).await,
                "redeem" => redeem(&service, &tenant.pos, cart()).await,
                _ => service.get("/v1/settings", &tenant.admin).await,
            };
            if answer.status == 429 {
                refused += 1;
                break;
            }
        }
        assert_eq!(refused, 1, "{kind} is never refused");
        let series = format!("requests_rate_limited_total{{kind=\"{kind}\"}}");
        only(&service, &before, &series, refused).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_codes_are_counted_wherever_they_are_made() {
    let (_database, service, tenant) = small(|options| options.unknown_codes = 1).await;
    let mut guesses = cart();
    guesses["cart"]["codes"] = json!(["GUESS1", "GUESS2"]);
    let before = counted(&service).await;
    let series = r#"requests_rate_limited_total{kind="code_guess"}"#;
    let priced = service.post("/v1/evaluate-cart", &tenant.pos, guesses.clone());
    priced.await.expect_code(429, "too_many_requests");
    only(&service, &before, series, 1).await;
    let refused = redeem(&service, &tenant.pos, guesses).await;
    refused.expect_code(429, "too_many_requests");
    only(&service, &before, series, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stage_that_takes_too_long_has_a_counter_of_its_own() {
    let (_database, service, tenant) = small(|options| {
        options.limits.header = Duration::from_millis(200);
        options.limits.watch_every = Duration::from_millis(20);
        options.timeouts.body = Duration::from_millis(200);
    })
    .await;
    for (bytes, answer, stage) in [
        ("GET /healthz HTTP/1.1\r\nhost:", "", "head"),
        (head(&tenant).as_str(), "HTTP/1.1 408", "body"),
    ] {
        let before = counted(&service).await;
        let text = until_closed(connected(&service, bytes).await).await;
        assert!(text.starts_with(answer), "{text}");
        assert!(!answer.is_empty() || text.is_empty(), "{text}");
        let series = format!("timeouts_total{{stage=\"{stage}\"}}");
        only(&service, &before, &series, 1).await;
    }
    let (_database, service, tenant) = small(|options| {
        options.timeouts.delay = Duration::from_millis(200);
        options.timeouts.evaluate = Duration::from_millis(50);
        options.timeouts.redeem = Duration::from_millis(50);
    })
    .await;
    let before = counted(&service).await;
    let priced = service.post("/v1/evaluate-cart", &tenant.pos, cart()).await;
    priced.expect_code(503, "unavailable");
    only(&service, &before, r#"timeouts_total{stage="read"}"#, 1).await;
    let before = counted(&service).await;
    let refused = redeem(&service, &tenant.pos, cart()).await;
    refused.expect_code(503, "outcome_unknown");
    only(&service, &before, r#"timeouts_total{stage="write"}"#, 1).await;
}

/// By a clock that only tests can set: it is so far away that no time can be told.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_one_answer_and_is_counted() {
    let (_database, service, tenant) = small(|_| {}).await;
    let sold = redeem(&service, &tenant.pos, cart()).await.expect(201).id();
    let path = format!("/v1/redemptions/{sold}/cancel");
    let series = "panics_total";
    let before = counted(&service).await;
    service.clock.set_offset(TimeDelta::MAX);
    let failed = service.post(&path, &tenant.pos, json!({})).await;
    let failed = failed.expect_code(500, "internal");
    assert!(!failed.text.contains("overflow"), "{}", failed.text);
    only(&service, &before, series, 1).await;
    // The writer of redemptions is another task: nobody knows what it did, and the next order has a new one.
    let order = json!({"transaction_id": "T", "request": cart()});
    let lost = service.post("/v1/redemptions", &tenant.pos, order.clone());
    lost.await.expect_code(503, "outcome_unknown");
    only(&service, &before, series, 2).await;
    service.clock.set_offset(TimeDelta::zero());
    let again = service.post("/v1/redemptions", &tenant.pos, order).await;
    again.expect(201);
    let refused = service.post(&path, &tenant.pos, json!({})).await;
    refused.expect_code(409, "already_committed");
    only(&service, &before, series, 2).await;
}
