//! The service's own database dies: the service is not ready, starts it again, and has lost nothing that it acknowledged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;

use crate::checker;
use crate::client::Call;
use crate::process::Processes;
use crate::scale::{Dice, pick};
use crate::service_killed::{Load, replay};
use crate::shop::Shop;
use crate::till::{Book, Till};

/// How long the service may take until it has its database again, recovery included, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(45);

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The number of the database's server.
fn server(home: &Path) -> String {
    let text = fs::read_to_string(home.join("cluster/postmaster.pid")).expect("a pid file");
    text.lines().next().unwrap_or_default().to_owned()
}

fn owner(home: &Path) -> PgConnectOptions {
    let password = fs::read_to_string(home.join("password")).expect("the password");
    PgConnectOptions::new_without_pgpass()
        .socket(home)
        .port(5432)
        .username("promotion_engine")
        .password(password.trim())
        .database("promotion_engine")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_embedded_database_is_killed() {
    let mut dice = Dice::new("nothing_acknowledged_is_lost_when_the_embedded_database_is_killed");
    let name = format!("pe-own-{}-{:08x}", std::process::id(), rand::random::<u32>());
    let folder = Folder(std::env::temp_dir().join(name));
    fs::create_dir(&folder.0).expect("a folder");
    let mut processes = Processes::with_its_own(&folder.0).await;
    let home = fs::canonicalize(folder.0.join("data/postgres")).expect("the cluster");
    let shop = Shop::open(&processes.front).await;
    let book = Arc::new(Book::default());
    let load = Load::start(&shop, &book, 16, &mut dice).await;
    let mut slowest = Duration::ZERO;
    for _ in 0..pick(2, 20) {
        let before = book.len();
        let waited = Instant::now();
        while book.len() < before + 20 && waited.elapsed() < Duration::from_secs(10) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let killed = Command::new("kill").args(["-9", &server(&home)]).status();
        assert!(killed.is_ok_and(|status| status.success()), "kill -9");
        let begun = Instant::now();
        let mut statuses = Vec::new();
        while statuses.last() != Some(&200) || !statuses.contains(&503) {
            assert!(begun.elapsed() < PATIENCE, "{statuses:?}\n{}", processes.log(0));
            let answer = processes.front.once(&Call::get("/readyz", "")).await;
            statuses.push(answer.expect("the service lives").status);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        slowest = slowest.max(begun.elapsed());
    }
    let sales = load.stop().await;
    checker::check_all(&owner(&home), &book).await;
    let replays = replay(&Till::new(&shop, &book), pick(100, 2_000)).await;
    checker::check_all(&owner(&home), &book).await;
    processes.terminate(0);
    processes.ended(0, Duration::from_secs(45)).await;
    assert!(!home.join("cluster/postmaster.pid").exists(), "the database was stopped");
    println!("{sales} sales, {replays} replays equal, ready again after {slowest:?} at most");
}
