//! P3: nothing acknowledged is lost and nothing counts twice when the leader of a cluster fails and a standby takes its
//! place. `.ci/failover` makes the cluster and does to it what this test asks for; without it the test says that it is
//! skipped.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use promotion_engine::db;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;

use crate::checker;
use crate::process::Processes;
use crate::scale::Dice;
use crate::service_killed::{Load, replay};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

/// For how long nothing may be sold.
const BAR: Duration = Duration::from_secs(30);
/// When this test gives up.
const PATIENCE: Duration = Duration::from_secs(80);
/// How soon an instance says that it is ready, where sales go on already.
const READY: Duration = Duration::from_secs(10);
/// How many of the last ones of a promotion there are when the leader fails.
const LIMIT: i64 = 2_000;

/// Lets the script do this to the cluster, and waits until it has come about; returns what it says.
fn ask(program: &str, what: &str) -> String {
    let done = Command::new(program).arg(what).output().expect("the script");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{what}: {said}{}", String::from_utf8_lossy(&done.stderr));
    said.trim().to_owned()
}

/// Lets the leader fail and mends the cluster; returns the longest time in which nothing was sold, and what the script
/// said.
async fn fail_over(program: &str, how: &'static str, book: &Book) -> (Duration, String) {
    let program = program.to_owned();
    let script = tokio::task::spawn_blocking(move || {
        let said = ask(&program, how);
        ask(&program, "mend");
        said
    });
    let (mut sold, mut last, mut longest) = (book.len(), Instant::now(), Duration::ZERO);
    loop {
        let is_mended = script.is_finished();
        let now = book.len();
        if now > sold {
            longest = longest.max(last.elapsed());
            (sold, last) = (now, Instant::now());
            if is_mended {
                return (longest, script.await.expect("a mended cluster"));
            }
        }
        assert!(last.elapsed() < PATIENCE, "nothing was sold for {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_leader_fails() {
    let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let (Some(program), Some(folder), Some(url)) =
        (variable("FAILOVER"), variable("FAILOVER_FOLDER"), variable("FAILOVER_URL"))
    else {
        println!("skipped: there is no cluster, which .ci/failover makes");
        return;
    };
    let mut dice = Dice::new("nothing_acknowledged_is_lost_when_the_leader_fails");
    let owner: PgConnectOptions = url.parse().expect("FAILOVER_URL");
    db::migrate(&owner).await.expect("the migrations");
    let processes = Processes::on_cluster(url, Path::new(&folder), 2).await;
    let shop = Shop::open(&processes.front).await;
    let book = Arc::new(Book::default());
    let load = Load::start(&shop, &book, 64, &mut dice).await;
    let mut scarce = vec![(load.promotion.clone(), load.limit)];
    for (round, how) in ["kill", "kill", "kill", "cut", "kill", "kill"].into_iter().enumerate() {
        let limits = json!({"promotion": {"times": {"max": LIMIT}}});
        let body = shop::ten_off(&format!("scarce {round}"), limits);
        scarce.push((shop.promotion(&body).await, LIMIT));
        tokio::time::sleep(Duration::from_millis(500 + dice.below(1_000))).await;
        let before = book.len();
        let (pause, said) = fail_over(&program, how, &book).await;
        println!(
            "{how} {said}: nothing sold for {pause:.1?}, {} sold meanwhile; {}",
            book.len() - before,
            processes.front.counts
        );
        assert!(pause < BAR, "nothing was sold for {pause:?}");
        for number in 0..processes.count() {
            processes.front.ready(number, READY).await;
        }
    }
    let sales = load.stop().await;
    let ledger = checker::check_all(&owner, &book).await;
    let mut used = Vec::new();
    for (promotion, limit) in scarce {
        used.push(checker::used(&owner, &promotion, "promotion", "times").await);
        assert!(used.last().is_some_and(|used| *used <= limit), "{used:?} of {limit}");
    }
    let replays = replay(&Till::new(&shop, &book), 2_000).await;
    checker::check_all(&owner, &book).await;
    println!(
        "{sales} sales, {} redemptions ({} committed), used of each limit {used:?}, {replays} replays equal; {}",
        ledger.len(),
        ledger.count("committed"),
        processes.front.counts
    );
}
