//! Webhooks whose receivers fail or stall: their own deliveries wait, nobody else's, and everything arrives in the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use promotion_engine::app::AppOptions;
use promotion_engine::service::webhooks::address::Targets;
use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{Service, Tenant, cart, random_id};
use support::receiver::{Manner, Receiver};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Shorter than the fifteen seconds that an attempt may take: nobody waited for one.
const AT_ONCE: Duration = Duration::from_secs(10);

fn anywhere(options: &mut AppOptions) {
    options.webhook_targets = Targets::Any;
}

/// A receiver that takes connections, reads, and never answers.
struct Silent {
    url: String,
    /// How many are open.
    open: Arc<AtomicUsize>,
}

impl Silent {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let open = Arc::new(AtomicUsize::new(0));
        let own = Arc::clone(&open);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let open = Arc::clone(&own);
                open.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let mut chunk = [0; 4096];
                    while stream.read(&mut chunk).await.is_ok_and(|read| read > 0) {}
                    open.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Self { url, open }
    }

    fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

async fn put(service: &Service, tenant: &Tenant, name: &str, url: &str) -> String {
    let body = json!({"url": url, "events": ["redemption.committed"]});
    let path = format!("/v1/webhooks/{name}");
    let made = service.put(&path, &tenant.admin, body).await.expect(201);
    made.body["secret"].as_str().expect("a secret").to_owned()
}

async fn sell(service: &Service, tenant: &Tenant, count: usize) {
    for _ in 0..count {
        let body = json!({"transaction_id": random_id(), "request": cart()});
        let made = service.post("/v1/redemptions", &tenant.pos, body).await;
        made.expect(201);
    }
}

/// Webhooks of this name have failed so often that they rest for ten minutes the next time: longer than a test takes.
async fn have_failed(database: &TestDatabase, name: &str) {
    sqlx::query("update webhook set failures = 8 where name = $1")
        .bind(name)
        .execute(&mut database.owner_connection().await)
        .await
        .unwrap();
}

async fn until_it_rests(database: &TestDatabase, name: &str) {
    let mut owner = database.owner_connection().await;
    let rests = "select exists (select from webhook where name = $1 and rests_until is not null)";
    while !sqlx::query_scalar::<_, bool>(rests).bind(name).fetch_one(&mut owner).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn taken(receiver: &Receiver) -> usize {
    let messages = receiver.messages();
    messages.iter().filter(|message| message.taken).count()
}

/// Waits until so many have arrived; how long that took.
async fn arrived(receiver: &Receiver, count: usize, within: Duration) -> Duration {
    let begun = Instant::now();
    while taken(receiver) < count {
        let elapsed = begun.elapsed();
        assert!(elapsed < within, "{} of {count} arrive", taken(receiver));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_that_never_answer_hold_up_nobody_else() {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, anywhere).await;
    let silent = Silent::start().await;
    for _ in 0..4 {
        let tenant = service.tenant().await;
        for number in 0..20 {
            put(&service, &tenant, &format!("W{number}"), &silent.url).await;
        }
        sell(&service, &tenant, 10).await;
    }
    let begun = Instant::now();
    while silent.open() < 4 * 4 {
        assert!(begun.elapsed() < PATIENCE, "{}", silent.open());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let other = service.tenant().await;
    let receiver = Receiver::start().await;
    receiver.trust(&put(&service, &other, "crm", &receiver.url()).await);
    // Again and again, for longer than an attempt may take.
    let mut slowest = Duration::ZERO;
    for round in 1..=9 {
        sell(&service, &other, 1).await;
        slowest = slowest.max(arrived(&receiver, round, AT_ONCE).await);
        assert!(silent.open() <= 4 * 4 * 8, "{} sockets", silent.open());
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    println!("the slowest of the other's deliveries took {slowest:?}");
    // Whoever has stalled is known for it by now.
    let mut owner = database.owner_connection().await;
    let failing: i64 = sqlx::query_scalar("select count(*) from webhook where failures > 0")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert!(failing > 0);
}

/// What was given up, as its events' ids and attempts.
async fn dead(service: &Service, tenant: &Tenant) -> Vec<Value> {
    let page = service.get("/v1/webhooks/crm/dead", &tenant.viewer).await;
    page.expect(200).body["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_fails_rests_as_a_whole_and_everything_arrives_afterwards() {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, anywhere).await;
    let tenant = service.tenant().await;
    let (failing, well) = (Receiver::start().await, Receiver::start().await);
    failing.behave(Manner::Answer(500));
    failing.trust(&put(&service, &tenant, "crm", &failing.url()).await);
    well.trust(&put(&service, &tenant, "till", &well.url()).await);
    have_failed(&database, "crm").await;
    sell(&service, &tenant, 1).await;
    arrived(&well, 1, PATIENCE).await;
    until_it_rests(&database, "crm").await;
    // What comes now waits, at this webhook alone.
    sell(&service, &tenant, 3).await;
    arrived(&well, 4, PATIENCE).await;
    assert_eq!(failing.messages().len(), 1, "its other deliveries wait");
    failing.behave(Manner::Take);
    service.move_clock(15 * 60);
    arrived(&failing, 4, PATIENCE).await;
    assert_eq!(taken(&well), 4);
    // It has forgotten that it failed.
    sell(&service, &tenant, 1).await;
    arrived(&failing, 5, PATIENCE).await;
    assert_eq!(dead(&service, &tenant).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_day_at_a_failing_webhook_is_given_up_too() {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, anywhere).await;
    let tenant = service.tenant().await;
    let receiver = Receiver::start().await;
    receiver.behave(Manner::HangUp);
    receiver.trust(&put(&service, &tenant, "crm", &receiver.url()).await);
    have_failed(&database, "crm").await;
    sell(&service, &tenant, 1).await;
    until_it_rests(&database, "crm").await;
    // More than are tried at once, and none of them while it rests.
    sell(&service, &tenant, 20).await;
    service.get("/v1/events", &tenant.admin).await.expect(200);
    service.move_clock(25 * 60 * 60);
    let begun = Instant::now();
    // Eight are tried now for the first time; what else has waited for a day is given up with them.
    while dead(&service, &tenant).await.len() < 21 - 8 {
        assert!(begun.elapsed() < PATIENCE, "none is given up");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(dead(&service, &tenant).await.len(), 21 - 8);
    // What was given up is sent again, and its webhook rests no longer.
    receiver.behave(Manner::Take);
    let path = "/v1/webhooks/crm/resend";
    let again = service.post(path, &tenant.admin, json!({})).await;
    assert_eq!(again.expect(200).body["count"], 21 - 8);
    arrived(&receiver, 21 - 8, PATIENCE).await;
}
