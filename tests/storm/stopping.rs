//! P18: restarts lose nothing. Instances are asked to stop in the middle of work, one after the other, and nobody who
//! repeats a request is refused for good.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::checker;
use crate::client::Call;
use crate::cluster::Cluster;
use crate::process::Processes;
use crate::scale::{Dice, pick};
use crate::service_killed::{Load, replay};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

/// How soon an instance has ended that was asked to.
const END: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_are_restarted_in_turn_lose_nothing() {
    let mut dice = Dice::new("instances_that_are_restarted_in_turn_lose_nothing");
    let cluster = Cluster::start().await;
    let mut processes = Processes::start(&cluster, 2).await;
    let shop = Shop::open(&processes.front).await;
    let book = Arc::new(Book::default());
    let load = Load::start(&shop, &book, pick(16, 64), &mut dice).await;
    let (promotion, limit) = (load.promotion.clone(), load.limit);
    let mut slowest = Duration::ZERO;
    for round in 0..pick(4, 20) {
        // Some work must be under way.
        let (before, waited) = (book.len(), Instant::now());
        while book.len() < before + 20 && waited.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let number = round % 2;
        let only = processes.front.only(number);
        let begun = Instant::now();
        processes.terminate(number);
        // A load balancer learns of it while requests are still served.
        let (mut not_ready, mut served) = (false, false);
        loop {
            let Ok(ready) = only.once(&Call::get("/readyz", "")).await else {
                break;
            };
            assert!(ready.status == 503 || !not_ready, "ready again");
            not_ready |= ready.status == 503;
            if not_ready && !served {
                let call = Call::post("/v1/evaluate-cart", &shop.pos, &shop::cart(1));
                served = only.once(&call).await.is_ok_and(|answer| answer.status == 200);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(not_ready, "connections are refused before readiness says so");
        assert!(served, "nothing is served while readiness says that it will not be");
        processes.ended(number, END).await;
        slowest = slowest.max(begun.elapsed());
        processes.restart(number).await;
    }
    let sales = load.stop().await;
    let ledger = checker::check_all(&cluster.owner(), &book).await;
    let used = checker::used(&cluster.owner(), &promotion, "promotion", "times").await;
    assert!(used <= limit);
    // Whoever stops in order leaves nothing undecided.
    let counts = &processes.front.counts;
    assert_eq!(counts.unknown.load(Ordering::Relaxed), 0, "{counts}");
    let till = Till::new(&shop, &book);
    let replays = replay(&till, pick(100, 5_000)).await;
    println!(
        "{sales} sales, {} redemptions, {used} of {limit} used, {replays} replays equal, ended after {slowest:?} at \
         most; {counts}",
        ledger.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_begun_is_ended_and_what_hangs_is_not_waited_for() {
    let cluster = Cluster::start().await;
    let mut processes = Processes::start(&cluster, 1).await;
    let shop = Shop::open(&processes.front).await;
    // A caller who will never send the rest, and one who sends it after the stop has begun.
    let port = processes.front.port(0);
    let head = |length: usize| {
        format!(
            "POST /v1/evaluate-cart HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n",
            shop.pos
        )
    };
    let connect = || TcpStream::connect(("127.0.0.1", port));
    let mut hanging = connect().await.expect("a connection");
    hanging.write_all(head(100).as_bytes()).await.expect("a head");
    let body = shop::cart(1).to_string();
    let mut late = connect().await.expect("a connection");
    late.write_all(head(body.len()).as_bytes()).await.expect("a head");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    processes.terminate(0);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    late.write_all(body.as_bytes()).await.expect("a body");
    let mut answer = vec![0; 8192];
    let length = late.read(&mut answer).await.expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    processes.ended(0, END).await;
    println!("ended after {:?}", begun.elapsed());
}
