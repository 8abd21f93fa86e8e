//! P3: nothing acknowledged is lost and nothing counts twice when the database dies, and the service is ready again
//! within ten seconds of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::checker;
use crate::cluster::{Cluster, End};
use crate::process::Processes;
use crate::scale::{Dice, pick};
use crate::service_killed::{Load, replay};
use crate::shop::Shop;
use crate::till::{Book, Till};

/// How soon the service is ready after the database is.
const READY: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_database_is_killed() {
    let mut dice = Dice::new("nothing_acknowledged_is_lost_when_the_database_is_killed");
    let mut cluster = Cluster::start().await;
    let processes = Processes::start(&cluster, 2).await;
    let shop = Shop::open(&processes.front).await;
    let book = Arc::new(Book::default());
    let load = Load::start(&shop, &book, 64, &mut dice).await;
    let (promotion, limit) = (load.promotion.clone(), load.limit);
    let (begun, time) = (Instant::now(), pick(Duration::from_secs(7), Duration::from_secs(90)));
    let (mut ends, mut terminated) = ([0, 0], 0);
    let mut slowest = Duration::ZERO;
    let mut round = 0;
    while begun.elapsed() < time || round < 3 {
        let before = book.len();
        let waited = Instant::now();
        let some = 1 + usize::try_from(dice.below(100)).unwrap();
        while book.len() < before + some && waited.elapsed() < Duration::from_secs(10) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // Each way at least once.
        let way = if round < 3 { round } else { dice.below(3) };
        round += 1;
        if way == 2 {
            for _ in 0..5 {
                terminated += cluster.terminate(1 + i64::try_from(dice.below(20)).unwrap()).await;
            }
            continue;
        }
        let end = if way == 0 { End::Kill } else { End::Immediate };
        ends[usize::try_from(way).unwrap()] += 1;
        cluster.end(end);
        cluster.serve().await;
        for number in 0..processes.count() {
            slowest = slowest.max(processes.front.ready(number, READY).await);
        }
    }
    let sales = load.stop().await;
    let ledger = checker::check_all(&cluster.owner(), &book).await;
    let used = checker::used(&cluster.owner(), &promotion, "promotion", "times").await;
    assert!(used <= limit);
    let till = Till::new(&shop, &book);
    let replays = replay(&till, pick(200, 5_000)).await;
    checker::check_all(&cluster.owner(), &book).await;
    println!(
        "{} kills, {} immediate shutdowns, {terminated} connections terminated, {sales} sales, {} redemptions \
         ({} committed), {used} of {limit} used, {replays} replays equal, ready after {slowest:?} at most; {}",
        ends[0],
        ends[1],
        ledger.len(),
        ledger.count("committed"),
        processes.front.counts
    );
}
