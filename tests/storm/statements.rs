//! P20: whichever statement of a redemption, a merge or a deletion fails, the state is unchanged or complete, and asking again completes it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};
use support::TestDatabase;

use crate::checker;
use crate::client::{Answer, Call};
use crate::hold_races::{expires_in, is_open};
use crate::instance;
use crate::proxy::{Proxy, When};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

/// No endpoint has as many statements.
pub const MOST: u64 = 80;

/// Everything that a redemption could leave half done, in figures.
const STATE: &str = "
    select array[
        (select count(*) from redemption), (select count(*) from redemption where state = 'held'),
        (select count(*) from redemption where state = 'committed'),
        (select count(*) from redemption where state = 'cancelled'),
        (select count(*) from redemption where state = 'expired'),
        (select count(*) from redemption where state = 'replaced'),
        (select count(*) from redemption where restored_at is not null),
        (select count(*) from redemption_key), (select count(*) from redemption_key where cancelled_at is not null),
        (select count(*) from hold), (select count(*) from redemption_promotion), (select count(*) from redemption_use),
        (select coalesce(sum(amount), 0)::bigint from redemption_use),
        (select coalesce(sum(given_back), 0)::bigint from redemption_use),
        (select count(*) from limit_counter), (select coalesce(sum(used), 0)::bigint from limit_counter),
        (select count(*) from redemption_return), (select count(*) from redemption_return_promotion),
        (select count(*) from outbox) + (select count(*) from event), (select count(*) from limit_reached),
        (select coalesce(sum(quantity), 0)::bigint from redemption_returned_line),
        (select coalesce(sum(refunded * 10000), 0)::bigint from redemption_returned_line),
        (select count(*) from redemption where customer_id like 'M-%'),
        (select count(*) from redemption where request like '%\"M-%'),
        (select count(*) from redemption_use where owner like 'M-%'),
        (select coalesce(sum(used), 0)::bigint from limit_counter where owner like 'M-%'),
        (select coalesce(sum(used), 0)::bigint from limit_counter where owner = 'C-1')]";

/// What a till may ask for, and what must be there before.
#[derive(Clone, Copy, Debug)]
enum Request {
    Sale,
    Hold,
    Anew,
    Replace,
    Commit,
    Cancel,
    CancelUnseen,
    ReturnSome,
    ReturnAll,
    Merge,
    Delete,
}

const REQUESTS: [Request; 11] = [
    Request::Sale,
    Request::Hold,
    Request::Anew,
    Request::Replace,
    Request::Commit,
    Request::Cancel,
    Request::CancelUnseen,
    Request::ReturnSome,
    Request::ReturnAll,
    Request::Merge,
    Request::Delete,
];

impl Request {
    /// Makes what must be there before, and returns the call.
    async fn prepare(self, till: &Till, admin: &str) -> Call {
        let transaction = shop::transaction();
        let cart = shop::cart_of("C-1", 2);
        let body = |hold| shop::redemption(&transaction, &cart, hold);
        let path = |id: &str, what: &str| format!("/v1/redemptions/{id}/{what}");
        let bare = |path: String| {
            let mut call = till.call(path, &Value::Null);
            call.body = None;
            call
        };
        let back =
            |quantity| json!({"return_id": "R-1", "lines": [{"id": "1", "quantity": quantity}]});
        match self {
            Self::Sale => till.call("/v1/redemptions", &body(false)),
            Self::Hold => till.call("/v1/redemptions", &body(true)),
            Self::Anew => {
                let held = till.redeem(&body(true)).await.expect_made();
                till.cancel(&held).await.expect(200);
                till.call("/v1/redemptions", &body(true))
            }
            Self::Replace => {
                let held = till.redeem(&body(true)).await.expect_made();
                let mut other = shop::redemption(&transaction, &shop::cart_of("C-1", 3), true);
                other["replaces"] = held.into();
                till.call("/v1/redemptions", &other)
            }
            Self::Commit => {
                let held = till.redeem(&body(true)).await.expect_made();
                bare(path(&held, "commit"))
            }
            Self::Cancel => {
                let held = till.redeem(&body(true)).await.expect_made();
                bare(path(&held, "cancel"))
            }
            Self::CancelUnseen => bare(path(&shop::tx(&transaction), "cancel")),
            Self::ReturnSome => {
                let sold = till.redeem(&body(false)).await.expect_made();
                till.call(path(&sold, "returns"), &back("1"))
            }
            Self::ReturnAll => {
                let sold = till.redeem(&body(false)).await.expect_made();
                till.call(path(&sold, "returns"), &back("2"))
            }
            Self::Merge | Self::Delete => {
                let customer = format!("M-{transaction}");
                let held = shop::redemption(&transaction, &shop::cart_of(&customer, 2), false);
                till.redeem(&held).await.expect_made();
                let path = format!("/v1/customers/{customer}");
                match self {
                    Self::Delete => Call::new(Method::DELETE, path, admin, None),
                    _ => Call::post(format!("{path}/merge"), admin, &json!({"into": "C-1"})),
                }
            }
        }
    }
}

async fn state(owner: &mut PgConnection) -> Vec<i64> {
    settled(owner, STATE).await
}

/// The figures, once no transaction of the service is left from before.
pub async fn settled(owner: &mut PgConnection, figures: &str) -> Vec<i64> {
    for _ in 0..1_000 {
        let busy: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
                and xact_start is not null",
        )
        .fetch_one(&mut *owner)
        .await
        .expect("who is connected");
        if busy == 0 {
            return sqlx::query_scalar(AssertSqlSafe(figures.to_owned()))
                .fetch_one(owner)
                .await
                .expect("figures");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("a transaction of the service does not end");
}

pub fn difference(before: &[i64], after: &[i64]) -> Vec<i64> {
    after.iter().zip(before).map(|(after, before)| after - before).collect()
}

struct Stage {
    till: Till,
    admin: String,
    proxy: Proxy,
    owner: PgConnection,
}

impl Stage {
    /// What the request changes when nothing fails.
    async fn whole(&mut self, request: Request) -> Vec<i64> {
        let call = request.prepare(&self.till, &self.admin).await;
        let before = state(&mut self.owner).await;
        let answer = self.till.front.until_answered(&call).await;
        assert!(matches!(answer.status, 200 | 201 | 204), "{request:?}: {}", answer.text);
        note(&self.till, &call, &answer);
        let change = difference(&before, &state(&mut self.owner).await);
        assert!(change.iter().any(|figure| *figure != 0), "{request:?} changes nothing");
        change
    }

    /// Fails the n-th statement; whether there was one.
    async fn fail(&mut self, request: Request, n: u64, when: When, whole: &[i64]) -> bool {
        let place = format!("{request:?}, statement {n}, cut {when:?}");
        let call = request.prepare(&self.till, &self.admin).await;
        let before = state(&mut self.owner).await;
        self.proxy.fail_at(n, when);
        let answer = self.till.front.once(&call).await;
        let failed = self.proxy.has_failed();
        self.proxy.fair();
        let change = difference(&before, &state(&mut self.owner).await);
        let unchanged = change.iter().all(|figure| *figure == 0);
        assert!(unchanged || change == whole, "{place}: half done: {change:?} of {whole:?}");
        let told = answer.unwrap_or_else(|error| panic!("{place}: no answer: {error}"));
        match told.status {
            200 | 201 | 204 => assert!(!unchanged, "{place}: acknowledged and not done"),
            503 if told.code() != "outcome_unknown" => {
                assert!(unchanged, "{place}: done after {}", told.text);
            }
            503 => {}
            _ => panic!("{place}: {}", told.text),
        }
        let again = self.till.front.until_answered(&call).await;
        assert!(matches!(again.status, 200 | 201 | 204), "{place}, asked again: {}", again.text);
        note(&self.till, &call, &again);
        let change = difference(&before, &state(&mut self.owner).await);
        assert_eq!(change, whole, "{place}, asked again");
        failed
    }
}

fn note(till: &Till, call: &Call, answer: &Answer) {
    if call.path == "/v1/redemptions" {
        till.note(call, answer);
    }
}

async fn stage(database: &TestDatabase) -> (Vec<instance::Instance>, Stage) {
    let proxy = Proxy::start(&database.owner()).await;
    let (instances, front) = instance::start(&proxy.connect(&database.owner()), 1).await;
    let shop = Shop::open(&front).await;
    let limits = json!({"promotion": {"times": {"max": 100_000}, "discount": {"max": "1000000"}},
                        "customer": {"transactions": {"max": 100_000}}});
    shop.promotion(&shop::ten_off("P", limits)).await;
    let till = Till::new(&shop, &Arc::new(Book::default()));
    // The counters are there from here on, so that each request changes the same figures.
    let first = shop::redemption(&shop::transaction(), &shop::cart_of("C-1", 1), false);
    till.redeem(&first).await.expect(201);
    let owner = database.owner_connection().await;
    let admin = shop.admin;
    let stage = Stage { till, admin, proxy, owner };
    (instances, stage)
}

async fn every_statement(when: When) {
    let database = TestDatabase::new().await;
    let (_instances, mut stage) = stage(&database).await;
    for request in REQUESTS {
        let whole = stage.whole(request).await;
        let mut n = 1;
        while stage.fail(request, n, when, &whole).await {
            n += 1;
            assert!(n < MOST, "{request:?} never runs clean");
        }
        println!("{request:?}: clean after {} failures, cut {when:?}", n - 1);
    }
    checker::check(&database.owner(), &stage.till.book).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_never_arrives_leaves_nothing_half_done() {
    every_statement(When::Before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_whose_answer_is_lost_leaves_nothing_half_done() {
    every_statement(When::After).await;
}

/// The job that ends holds fails at any statement, and ends them all the same, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_given_back_whichever_statement_of_its_end_fails() {
    let database = TestDatabase::new().await;
    let (_instances, mut stage) = stage(&database).await;
    for n in 1..=12_u64 {
        let when = if n % 2 == 0 { When::Before } else { When::After };
        let body = shop::redemption(&shop::transaction(), &shop::cart_of("C-1", 2), true);
        let held = stage.till.redeem(&body).await.expect(201).id();
        let before = state(&mut stage.owner).await;
        stage.proxy.fail_at(n.div_ceil(2), when);
        expires_in(&database.owner(), &held, 0).await;
        let mut looks = 0;
        while is_open(&database.owner(), &held).await {
            looks += 1;
            assert!(looks < 1_000, "the hold is not given back: failure {n}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stage.proxy.fair();
        let change = difference(&before, &state(&mut stage.owner).await);
        // One hold less, one expired one more, two applications less.
        assert_eq!((change[1], change[4], change[9]), (-1, 1, -1), "failure {n}: {change:?}");
        assert_eq!(change[15], -(2 + 200_000 + 1), "failure {n}: {change:?}");
        stage.till.commit(&held).await.expect_code(409, "hold_expired");
    }
    checker::check(&database.owner(), &stage.till.book).await;
}
