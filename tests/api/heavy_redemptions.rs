//! P17: a redemption whose cart takes long is priced once without any lock before it is priced on locked counters; one that
//! takes too long for anybody is refused there, and holds up nobody.

use std::cell::Cell;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use support::TestDatabase;
use support::harness::{Answer, Service, Tenant, cart, random_id, ten_percent};

use crate::hostile::{self, MANY, TOO_MANY};
use crate::unread_answers::metric;

/// Every table that a redemption writes to before its answer.
const LOCK: &str = "lock table redemption_key, redemption, redemption_use, limit_counter, outbox \
                    in exclusive mode nowait";
/// How often an order may be answered before it was looked at: a machine that does other things too is slow.
const ATTEMPTS: usize = 20;

/// Whether the locks are kept until the order has its answer, or given back at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Locks {
    Kept,
    GivenBack,
}

/// An order that was found being priced while no transaction was open for it, and its answer.
struct Rehearsed {
    transaction: String,
    answer: Answer,
}

async fn shop(promotions: usize) -> (TestDatabase, Service, Tenant, String) {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, |options| {
        options.timeouts.redeem = Duration::from_secs(60);
    })
    .await;
    let tenant = hostile::tenant(&service, promotions, 0).await;
    let mut counted = ten_percent("counted");
    counted["sequence"] = 1_000.into();
    counted["limits"] = json!({"promotion": {"transactions": {"max": 1_000}}});
    let counted = service.promotion(&tenant.admin, counted).await;
    (database, service, tenant, counted)
}

/// Transactions of redemptions that have begun, and those that have ended.
async fn groups(service: &Service) -> (u64, u64) {
    let begun = metric(service, "redemption_group_size_count").await;
    let ended = metric(service, "redemption_group_duration_seconds_count").await;
    (begun, ended)
}

async fn redeem(service: &Service, tenant: &Tenant, transaction: &str, request: Value) -> Answer {
    let order = json!({"transaction_id": transaction, "request": request});
    service.post("/v1/redemptions", &tenant.pos, order).await
}

/// Redeems the hostile cart until the order is met where it is neither answered nor in a transaction, after the two in
/// which it turned out to take long. Everything that it could write to is locked then, and not by it.
async fn rehearse(
    service: &Service,
    tenant: &Tenant,
    owner: &mut PgConnection,
    locks: Locks,
) -> Rehearsed {
    for _ in 0..ATTEMPTS {
        let transaction = random_id();
        let (before, _) = groups(service).await;
        let is_answered = Cell::new(false);
        let mut is_met = false;
        let mut lock = owner.begin().await.expect("a transaction");
        let asked = async {
            let answer = redeem(service, tenant, &transaction, hostile::cart()).await;
            is_answered.set(true);
            answer
        };
        let look = async {
            while groups(service).await.1 < before + 2 && !is_answered.get() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let is_free = sqlx::query(LOCK).execute(&mut *lock).await.is_ok();
            is_met = is_free && groups(service).await.0 == before + 2 && !is_answered.get();
            if is_met && locks == Locks::Kept {
                return Some(lock);
            }
            lock.rollback().await.expect("a rollback");
            None
        };
        let (answer, lock) = tokio::join!(asked, look);
        if let Some(lock) = lock {
            lock.rollback().await.expect("a rollback");
        }
        if is_met {
            return Rehearsed { transaction, answer };
        }
    }
    panic!("no order was priced without locks");
}

/// How many rows there are of a transaction, and how often the promotion was used.
async fn written(owner: &mut PgConnection, transaction: &str, promotion: &str) -> (i64, i64, i64) {
    let rows = "select (select count(*) from redemption_key where transaction_id = $1),
                       (select count(*) from redemption where transaction_id = $1),
                       (select coalesce(sum(used), 0)::bigint from limit_counter where promotion_id = $2::uuid)";
    let counted = sqlx::query_as(rows).bind(transaction).bind(promotion);
    counted.fetch_one(owner).await.expect("counts")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heavy_cart_is_priced_once_without_locks_and_redeemed() {
    let (database, service, tenant, counted) = shop(MANY).await;
    let mut owner = database.owner_connection().await;
    let (groups_before, _) = groups(&service).await;
    let rehearsed = rehearse(&service, &tenant, &mut owner, Locks::GivenBack).await;
    let answer = rehearsed.answer.expect(201);
    let transaction = rehearsed.transaction;
    let redeemed = groups(&service).await.0 - groups_before;
    assert_eq!(redeemed % 3, 0, "two in which it took too long, and one in which it did not");
    let counts = written(&mut owner, &transaction, &counted).await;
    assert_eq!(counts, (1, 1, i64::try_from(redeemed / 3).unwrap()));
    // What is repeated is neither priced nor counted again.
    let again = redeem(&service, &tenant, &transaction, hostile::cart()).await;
    assert_eq!(again.expect(200).body["result"], answer.body["result"]);
    assert_eq!(written(&mut owner, &transaction, &counted).await, counts);
    let priced = service.post("/v1/evaluate-cart", &tenant.pos, hostile::cart());
    let totals = &priced.await.expect(200).body["totals"];
    assert_eq!(&answer.body["result"]["totals"], totals);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_that_is_too_complex_is_refused_while_others_hold_every_lock() {
    let (database, service, tenant, counted) = shop(TOO_MANY).await;
    // Its counter is there: others would wait for it.
    let first = redeem(&service, &tenant, &random_id(), cart()).await;
    first.expect(201);
    let mut owner = database.owner_connection().await;
    let rehearsed = rehearse(&service, &tenant, &mut owner, Locks::Kept).await;
    let refused = rehearsed.answer.expect_code(422, "too_complex");
    assert!(!refused.faults().is_empty(), "{}", refused.text);
    let counts = written(&mut owner, &rehearsed.transaction, &counted).await;
    assert_eq!(counts, (0, 0, 1));
    let counted = metric(&service, r#"redemptions_total{verdict="refused"}"#).await;
    assert!(counted > 0, "it is not counted");
    // The key is as good as new.
    let next = redeem(&service, &tenant, &rehearsed.transaction, cart()).await;
    next.expect(201);
}
