//! P5: a hang-up harms nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use support::TestDatabase;

use crate::checker;
use crate::instance;
use crate::proxy::{Proxy, Weather};
use crate::scale::{Dice, pick};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

const CLIENTS: u64 = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hang_ups_harm_nobody() {
    let mut dice = Dice::new("hang_ups_harm_nobody");
    let database = TestDatabase::new().await;
    // Every statement is under way for a while, so that a hang-up meets it there.
    let proxy = Proxy::start(&database.owner()).await;
    let (_instances, front) = instance::start(&proxy.connect(&database.owner()), 2).await;
    let mut shops = Vec::new();
    for number in 1..=2 {
        let shop = Shop::open(&front).await;
        let limits = json!({"promotion": {"times": {"max": 1_000_000}}});
        let mut body = shop::ten_off("P", limits);
        // Each tenant its own amount: whose rules and rows were used shows in every answer.
        body["benefit"]["value"] = json!((number * 10).to_string());
        let promotion = shop.promotion(&body).await;
        shops.push((shop, promotion, format!("{}.00", number * 10)));
    }
    proxy.weather(Weather::slow(Duration::from_millis(6), dice.fork()));
    let book = Arc::new(Book::default());
    // Whole requests, and as many that are cut.
    let each = pick(2_000, 20_000) / CLIENTS;
    let (cut, whole) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (shops, book, mut dice) = (shops.clone(), Arc::clone(&book), dice.fork());
        let (cut, whole) = (Arc::clone(&cut), Arc::clone(&whole));
        clients.push(tokio::spawn(async move {
            for _ in 0..each {
                let (shop, promotion, discount) = dice.choose(&shops).clone();
                let till = Till::new(&shop, &book);
                let transaction = shop::transaction();
                let body = shop::redemption(&transaction, &shop::cart(1), dice.percent(50));
                let call = match dice.below(4) {
                    0 => till.call("/v1/evaluate-cart", &shop::cart_with("ANY", 1)),
                    1 => till.call(
                        format!("/v1/redemptions/{}/cancel", shop::tx(&transaction)),
                        &json!({}),
                    ),
                    _ => till.call("/v1/redemptions", &body),
                };
                let time = Duration::from_micros(dice.below(50_000));
                if tokio::time::timeout(time, till.front.once(&call)).await.is_err() {
                    cut.fetch_add(1, Ordering::Relaxed);
                }
                // A whole request of another transaction, perhaps on the connection that was cut last.
                let (shop, promotion, discount) = match dice.percent(50) {
                    true => (shop, promotion, discount),
                    false => dice.choose(&shops).clone(),
                };
                let other = Till::new(&shop, &book);
                let another = shop::redemption(&shop::transaction(), &shop::cart(1), false);
                let sold = other.redeem(&another).await;
                sold.expect_made();
                assert_eq!((sold.times(&promotion), sold.discount()), (1, discount.as_str()));
                whole.fetch_add(1, Ordering::Relaxed);
                // What became of the one that was cut shows when it is asked for again.
                if call.path == "/v1/redemptions" {
                    till.redeem(&body).await.expect_made();
                }
            }
        }));
    }
    for client in clients {
        client.await.expect("a client");
    }
    let till = Till::new(&shops[0].0, &book);
    for _ in 0..pick(6, 40) {
        leave_together(&till, &mut dice).await;
        let lingering = lingering(&database.owner()).await;
        assert!(lingering.is_empty(), "transactions that nobody ends: {lingering:#?}");
    }
    let ledger = checker::check_all(&database.owner(), &book).await;
    for (shop, promotion, _) in &shops {
        let used = checker::used(&database.owner(), promotion, "promotion", "times").await;
        let told = book.all().iter().filter(|told| told.tenant == shop.id).count();
        assert_eq!(usize::try_from(used).unwrap(), told);
    }
    let (cut, whole) = (cut.load(Ordering::Relaxed), whole.load(Ordering::Relaxed));
    assert!(cut > 0, "nothing was cut");
    println!("{cut} cut, {whole} whole, {} redemptions; {}", ledger.len(), front.counts);
}

/// Many ask for something that begins a transaction, and hang up at once.
async fn leave_together(till: &Till, dice: &mut Dice) {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (till, time) = (till.clone(), Duration::from_micros(dice.below(15_000)));
        clients.push(tokio::spawn(async move {
            let path = format!("/v1/redemptions/{}/cancel", shop::tx(&shop::transaction()));
            let call = till.call(path, &json!({}));
            let _ = tokio::time::timeout(time, till.front.once(&call)).await;
        }));
    }
    for client in clients {
        client.await.expect("a client");
    }
}

/// Transactions in which the server waits for a client that has long gone. Looked for until a service that ends what
/// it began would have ended it.
async fn lingering(owner: &PgConnectOptions) -> Vec<String> {
    let mut connection = owner.connect().await.expect("a connection as the owner");
    let begun = Instant::now();
    let mut found: Vec<String> = Vec::new();
    while found.is_empty() && begun.elapsed() < Duration::from_millis(700) {
        found = sqlx::query_scalar(
            "select format('%s for %s: %s', state, clock_timestamp() - state_change, query) from pg_stat_activity
              where datname = current_database() and state like 'idle in transaction%'
                and state_change < clock_timestamp() - interval '400 ms'",
        )
        .fetch_all(&mut connection)
        .await
        .expect("who is connected");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    connection.close().await.expect("a closed connection");
    found
}
