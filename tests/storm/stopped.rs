//! An instance that stops in the middle of a redemption, as a machine does that is frozen, holds up the others for two
//! seconds at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::checker;
use crate::client::Call;
use crate::cluster::Cluster;
use crate::process::Processes;
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

/// Two seconds until the database ends what rests, and as much again for a busy machine and the pause between attempts.
const HELD_UP: Duration = Duration::from_secs(4);
/// Who has waited for so long has met a lock.
const MET: Duration = Duration::from_millis(900);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_stops_in_a_redemption_holds_others_up_for_two_seconds() {
    let cluster = Cluster::start().await;
    let processes = Processes::start(&cluster, 2).await;
    let shop = Shop::open(&processes.front).await;
    let limits = json!({"promotion": {"times": {"max": 1_000_000}}});
    let promotion = shop.promotion(&shop::ten_off("hot", limits)).await;
    let book = Arc::new(Book::default());
    let till_at = |number: usize| {
        let mut till = Till::new(&shop, &book);
        till.front = processes.front.only(number);
        till
    };
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..16)
        .map(|_| {
            let (till, stop) = (till_at(0), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let body = shop::redemption(&shop::transaction(), &shop::cart(1), false);
                    till.redeem(&body).await.expect_made();
                }
            })
        })
        .collect();
    let other = till_at(1);
    let (mut met, mut slowest) = (0, Duration::ZERO);
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        processes.stop(0);
        let begun = Instant::now();
        let body = shop::redemption(&shop::transaction(), &shop::cart(1), false);
        other.redeem(&body).await.expect_made();
        let waited = begun.elapsed();
        processes.go_on(0);
        slowest = slowest.max(waited);
        assert!(waited < HELD_UP, "held up for {waited:?}");
        if waited > MET {
            met += 1;
        }
        if met == 2 {
            break;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("a client");
    }
    assert!(met > 0, "it was never stopped in the middle of a redemption");
    checker::check_all(&cluster.owner(), &book).await;
    let used = checker::used(&cluster.owner(), &promotion, "promotion", "times").await;
    let ready = other.front.once(&Call::get("/readyz", "")).await;
    assert_eq!(ready.expect("an answer").status, 200);
    println!("{used} used, stopped in a redemption {met} times, held up for {slowest:?} at most");
}
