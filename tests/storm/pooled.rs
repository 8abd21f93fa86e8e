//! P26: behind a pooler that pools by transaction nothing acknowledged is lost, nothing counts twice, no answer is
//! unknown, and changes of rules are seen. Here through the stand-in, and through a real PgBouncer where `PGBOUNCER`
//! names one (`.ci/pooler`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use promotion_engine::db::DbOptions;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use support::pooler::{Mode, Pooler};
use support::{TestDatabase, options};

use crate::checker;
use crate::client::Call;
use crate::instance::{self, Instance};
use crate::scale::{Dice, pick};
use crate::service_killed::{Load, replay};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

/// What others leave on a connection, among it tables that have the names of ours.
const STRANGERS: &str = "
    create temp table redemption (id int); create temp table limit_counter (id int); create temp table promotion (id int);
    listen promotion_engine_rules;
    set search_path = pg_catalog; set default_transaction_isolation = serializable;
    set default_transaction_read_only = on; set statement_timeout = 300; set lock_timeout = 1;
    set idle_in_transaction_session_timeout = 50; set synchronous_commit = off; set row_security = off;
    set standard_conforming_strings = off; set timezone = 'Pacific/Chatham'; set datestyle = 'German, DMY';
    set app.tenant = '0190d1c4-0000-7000-8000-000000000000'; set role promotion_engine_operator";

/// Two instances that reach a database through a pooler: the first listens directly, the other asks.
pub async fn storm(name: &str, owner: &PgConnectOptions, through: &PgConnectOptions) {
    let mut dice = Dice::new(name);
    let mut listening: DbOptions = options(through);
    listening.listen = Some(owner.clone());
    let instances =
        [Instance::with(listening, |_| {}).await, Instance::with(options(through), |_| {}).await];
    let front = instance::front(&instances).await;
    for (number, polls) in [(0, false), (1, true)] {
        let only = front.only(number);
        let ready = only.once(&Call::get("/readyz", "")).await.expect("an answer").expect(200);
        let said = ready.body["reason"].as_str().unwrap_or_default();
        assert_eq!(said.contains("asking twice a second"), polls, "{said}");
        let metrics = only.once(&Call::get("/metrics", "")).await.expect("an answer").expect(200);
        for (metric, is_so) in [("listening", !polls), ("polled", polls)] {
            let line = format!("promotion_engine_rules_{metric} {}\n", u8::from(is_so));
            assert!(metrics.text.contains(&line), "{line}");
        }
    }
    let shop = Shop::open(&front).await;
    let book = Arc::new(Book::default());
    let load = Load::start(&shop, &book, 64, &mut dice).await;
    let (promotion, limit) = (load.promotion.clone(), load.limit);
    let benefit = json!({"type": "amount_off", "value": "1", "target": {"type": "cart"}});
    let mut many = shop::promotion("many", benefit, json!({}));
    many["conditions"] = json!({"type": "total_quantity", "op": "gte", "value": "9"});
    let many = shop.promotion(&many).await;
    let (begun, time) = (Instant::now(), pick(Duration::from_secs(4), Duration::from_secs(60)));
    let (mut changes, mut slowest) = (0, Duration::ZERO);
    while begun.elapsed() < time {
        // Each change is made by one instance, and both have to see it.
        changes += 1;
        let applies = changes % 2 == 0;
        let value = if applies { "9" } else { "10" };
        let path = format!("/v1/promotions/{many}");
        let changed = shop.change(&path, |body| body["conditions"]["value"] = value.into()).await;
        changed.expect(200);
        let changed = Instant::now();
        for number in 0..instances.len() {
            slowest = slowest.max(sees(&shop, number, &many, applies, changed).await);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let sales = load.stop().await;
    let ledger = checker::check_all(owner, &book).await;
    let used = checker::used(owner, &promotion, "promotion", "times").await;
    assert!(used <= limit);
    let unknown = front.counts.unknown.load(Ordering::Relaxed);
    assert_eq!(unknown, 0, "{}", front.counts);
    let replays = replay(&Till::new(&shop, &book), pick(200, 5_000)).await;
    checker::check_all(owner, &book).await;
    println!(
        "{sales} sales, {} redemptions ({} committed), {used} of {limit} used, {replays} replays equal, {changes} changes \
         seen after {slowest:?} at most; {}",
        ledger.len(),
        ledger.count("committed"),
        front.counts
    );
    for instance in instances {
        instance.app.stop().await;
    }
}

/// Waits until an instance prices by a change; returns how long that took since then.
async fn sees(
    shop: &Shop,
    number: usize,
    promotion: &str,
    applies: bool,
    since: Instant,
) -> Duration {
    let call = Call::post("/v1/evaluate-cart", &shop.pos, &shop::cart_of("C-looks", 9));
    let only = shop.front.only(number);
    loop {
        let answer = only.until_answered(&call).await.expect(200);
        let applied = answer.body["applied"].as_array().expect("what applied");
        if applied.iter().any(|own| own["promotion_id"] == promotion) == applies {
            return since.elapsed();
        }
        let waited = since.elapsed();
        assert!(waited < Duration::from_secs(20), "{applies}: {}", answer.text);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_behind_a_pooler_whose_connections_strangers_have_left() {
    let database = TestDatabase::new().await;
    let pooler = Pooler::start(&database.owner(), Mode::Transaction, 8, STRANGERS);
    let name = "nothing_is_lost_behind_a_pooler_whose_connections_strangers_have_left";
    storm(name, &database.owner(), &pooler.connect()).await;
    println!("connections to the server were handed on {} times", pooler.handed_on());
    assert!(pooler.handed_on() > 500, "{}", pooler.handed_on());
}

/// A promotion's money does not depend on the way: the same carts, directly and through the pooler.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_the_same_behind_a_pooler() {
    let database = TestDatabase::new().await;
    let pooler = Pooler::start(&database.owner(), Mode::Transaction, 4, STRANGERS);
    let instances = [
        Instance::start(&database.owner(), |_| {}).await,
        Instance::start(&pooler.connect(), |_| {}).await,
    ];
    let front = instance::front(&instances).await;
    let shop = Shop::open(&front.only(0)).await;
    let limits = json!({"code": {"transactions": {"max": 3}}});
    let promotion = shop.promotion(&shop::ten_off_with_codes("P", limits)).await;
    shop.codes(&promotion, &["ONE", "TWO"]).await;
    for path in [
        "/v1/promotions",
        "/v1/stores",
        "/v1/product-lists",
        "/v1/settings",
        "/v1/keys",
        "/v1/audit",
        "/v1/events",
        "/v1/redemptions",
        "/v1/stats?from=2026-01-01T00:00:00Z",
    ] {
        let ask = |number: usize| {
            let (front, admin) = (front.only(number), shop.admin.clone());
            async move { front.until_answered(&Call::get(path, &admin)).await }
        };
        let (direct, pooled) = (ask(0).await, ask(1).await);
        assert_eq!((direct.status, direct.text), (pooled.status, pooled.text), "{path}");
    }
}
