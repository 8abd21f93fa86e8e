//! P4: nothing acknowledged is lost and nothing counts twice on a bad network between service and database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use support::TestDatabase;

use crate::checker;
use crate::instance;
use crate::proxy::{Proxy, Weather};
use crate::scale::{Dice, pick};
use crate::service_killed::{Load, replay};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_a_bad_network() {
    let mut dice = Dice::new("nothing_acknowledged_is_lost_on_a_bad_network");
    let database = TestDatabase::new().await;
    let proxy = Proxy::start(&database.owner()).await;
    let (_instances, front) = instance::start(&proxy.connect(&database.owner()), 2).await;
    let shop = Shop::open(&front).await;
    let book = Arc::new(Book::default());
    let load = Load::start(&shop, &book, 64, &mut dice).await;
    let (promotion, limit) = (load.promotion.clone(), load.limit);
    let (begun, time) = (Instant::now(), pick(Duration::from_secs(6), Duration::from_secs(80)));
    while begun.elapsed() < time {
        proxy.weather(Weather {
            delay: dice.below(60),
            longest: Duration::from_millis(80),
            cut_before: dice.below(8),
            cut_within: dice.below(8),
            cut_after: dice.below(8),
            swallow: dice.below(4),
            cut_commit: dice.below(150),
            dice: dice.fork(),
        });
        // The weather changes with the clock; nothing is waited for.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    proxy.fair();
    let sales = load.stop().await;
    let ledger = checker::check_all(&database.owner(), &book).await;
    let used = checker::used(&database.owner(), &promotion, "promotion", "times").await;
    assert!(used <= limit);
    let faults = proxy.faults();
    assert!(faults.cut_after > 0 && faults.cut_within > 0, "{faults:?}");
    let replays = replay(&Till::new(&shop, &book), pick(200, 5_000)).await;
    checker::check_all(&database.owner(), &book).await;
    println!(
        "{faults:?}; {sales} sales, {} redemptions ({} committed), {used} of {limit} used, {replays} replays equal; {}",
        ledger.len(),
        ledger.count("committed"),
        front.counts
    );
}

/// An instance behind the proxy, and a till of a shop whose promotion is never used up.
async fn open(database: &TestDatabase, proxy: &Proxy) -> (Vec<instance::Instance>, Till) {
    let (instances, front) = instance::start(&proxy.connect(&database.owner()), 1).await;
    let shop = Shop::open(&front).await;
    let limits = serde_json::json!({"promotion": {"times": {"max": 1_000_000}}});
    shop.promotion(&shop::ten_off("P", limits)).await;
    (instances, Till::new(&shop, &Arc::new(Book::default())))
}

/// A firewall that has forgotten the connections: nothing comes back, and nothing says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_lead_nowhere_do_not_stop_the_service() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::start(&database.owner()).await;
    let (_instances, till) = open(&database, &proxy).await;
    // Every connection of the pool is used once, then the network forgets them all.
    let fill = |count: usize| {
        let till = till.clone();
        async move {
            let mut clients = Vec::new();
            for _ in 0..count {
                let till = till.clone();
                clients.push(tokio::spawn(async move {
                    let body = shop::redemption(&shop::transaction(), &shop::cart(1), true);
                    let held = till.redeem(&body).await.expect_made();
                    till.commit(&held).await.expect(200);
                }));
            }
            for client in clients {
                client.await.expect("a client");
            }
        }
    };
    fill(64).await;
    proxy.hole();
    let struck = Instant::now();
    fill(64).await;
    println!(
        "served again {:?} after the network forgot its connections; {:?}; {}",
        struck.elapsed(),
        proxy.faults(),
        till.front.counts
    );
    checker::check_all(&database.owner(), &till.book).await;
}

/// The answer to a commit arrives, and nothing after it does: neither locks nor a transaction are left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_forgotten_after_a_commit_leaves_no_transaction() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::start(&database.owner()).await;
    let (_instances, till) = open(&database, &proxy).await;
    proxy.hole_after_commit();
    let sale = shop::redemption(&shop::transaction(), &shop::cart(1), false);
    till.redeem(&sale).await.expect(201);
    while proxy.faults().swallowed == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    checker::check_all(&database.owner(), &till.book).await;
}
