//! P2: nothing acknowledged is lost and nothing counts twice when the service dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinHandle;

use crate::checker;
use crate::cluster::Cluster;
use crate::process::Processes;
use crate::scale::{Dice, pick};
use crate::shop::{self, Shop};
use crate::till::{Book, State, Till};

/// What tills do as long as something else is being destroyed.
pub struct Load {
    pub promotion: String,
    pub limit: i64,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<u64>>,
}

impl Load {
    /// So many clients, each redeeming, holding, committing, cancelling, asking again.
    pub async fn start(shop: &Shop, book: &Arc<Book>, count: usize, dice: &mut Dice) -> Self {
        let limit = pick(400, 4_000);
        let limits = json!({"promotion": {"times": {"max": limit}, "discount": {"max": "1000000"}},
                            "customer": {"transactions": {"max": 1_000_000}}});
        let promotion = shop.promotion(&shop::ten_off("scarce", limits)).await;
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..count)
            .map(|_| {
                let (till, stop, dice) = (Till::new(shop, book), Arc::clone(&stop), dice.fork());
                tokio::spawn(client(till, stop, dice))
            })
            .collect();
        Self { promotion, limit, stop, clients }
    }

    /// Lets every client end what it has begun; returns how many sales there were.
    pub async fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        let mut sales = 0;
        for client in self.clients {
            sales += client.await.expect("a client");
        }
        sales
    }
}

async fn client(till: Till, stop: Arc<AtomicBool>, mut dice: Dice) -> u64 {
    let mut sales = 0;
    while !stop.load(Ordering::Relaxed) {
        let transaction = shop::transaction();
        let customer = format!("C-{}", dice.below(5));
        let request = shop::cart_of(&customer, 1 + dice.below(2));
        let hold = dice.percent(50);
        let body = shop::redemption(&transaction, &request, hold);
        if dice.percent(3) {
            // A till that gives up when it is told that nothing was done.
            if let Some(answer) = till.redeem_once(&body).await
                && answer.status == 503
                && matches!(answer.code(), "overloaded" | "unavailable")
            {
                continue;
            }
        }
        let made = till.redeem(&body).await;
        assert!(matches!(made.status, 200 | 201), "{}", made.text);
        sales += 1;
        let id = if dice.percent(50) { made.id() } else { shop::tx(&transaction) };
        if hold && dice.percent(40) {
            till.cancel(&id).await.expect(200);
        } else if hold && dice.percent(70) {
            let body = json!({"transaction_id": transaction, "request": shop::cart_of(&customer, 3),
                              "replaces": made.id()});
            let replaced = till.redeem(&body).await;
            assert!(matches!(replaced.status, 200 | 201), "{}", replaced.text);
            assert_ne!(replaced.id(), made.id());
            till.book.settle(&till.tenant, &made.id(), State::Ended);
        } else if hold {
            till.commit(&id).await.expect(200);
        } else if dice.percent(20) {
            let again = till.redeem(&body).await.expect(200);
            assert_eq!((again.id(), again.result()), (made.id(), made.result()));
        }
    }
    sales
}

/// Everything that was acknowledged, asked for again: the same id, the same bytes, no further use.
pub async fn replay(till: &Till, most: usize) -> usize {
    let mut all = till.book.all();
    all.retain(|told| told.state == State::Committed);
    all.sort_by(|one, other| one.transaction.cmp(&other.transaction));
    let step = all.len().div_ceil(most).max(1);
    let mut count = 0;
    for told in all.iter().step_by(step) {
        let mut call = till.call("/v1/redemptions", &json!(null));
        call.body = Some(told.body.clone());
        let again = till.front.until_answered(&call).await.expect(200);
        assert_eq!(again.id(), told.id);
        assert_eq!(again.result(), told.result);
        count += 1;
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_instances_are_killed() {
    let mut dice = Dice::new("nothing_acknowledged_is_lost_when_instances_are_killed");
    let cluster = Cluster::start().await;
    let mut processes = Processes::start(&cluster, 2).await;
    let shop = Shop::open(&processes.front).await;
    let book = Arc::new(Book::default());
    let load = Load::start(&shop, &book, 64, &mut dice).await;
    let (promotion, limit) = (load.promotion.clone(), load.limit);
    let (begun, time) = (Instant::now(), pick(Duration::from_secs(6), Duration::from_secs(80)));
    let mut kills = 0;
    let mut slowest = Duration::ZERO;
    while begun.elapsed() < time {
        // Some work must be under way before it is struck.
        let before = book.len();
        let waited = Instant::now();
        let some = 1 + usize::try_from(dice.below(60)).unwrap();
        while book.len() < before + some && waited.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let number = usize::try_from(dice.below(2)).unwrap();
        processes.kill(number);
        // Now and then both are gone.
        if dice.percent(20) {
            processes.kill(1 - number);
            slowest = slowest.max(processes.restart(1 - number).await);
            kills += 1;
        }
        slowest = slowest.max(processes.restart(number).await);
        kills += 1;
    }
    let sales = load.stop().await;
    let ledger = checker::check_all(&cluster.owner(), &book).await;
    let used = checker::used(&cluster.owner(), &promotion, "promotion", "times").await;
    assert!(used <= limit);
    for number in 0..processes.count() {
        processes.kill(number);
        processes.restart(number).await;
    }
    let till = Till::new(&shop, &book);
    let replays = replay(&till, pick(200, 5_000)).await;
    assert_eq!(checker::used(&cluster.owner(), &promotion, "promotion", "times").await, used);
    checker::check_all(&cluster.owner(), &book).await;
    println!(
        "{kills} kills, {sales} sales, {} redemptions ({} committed, {} cancelled, {} replaced), {used} of {limit} \
         used, {replays} replays equal, slowest restart {slowest:?}; {}",
        ledger.len(),
        ledger.count("committed"),
        ledger.count("cancelled"),
        ledger.count("replaced"),
        processes.front.counts
    );
}
