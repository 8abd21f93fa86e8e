//! A limit that begins anew: a use belongs to the window in which its cart was priced, whatever happens to it later.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use promotion_engine::clock::Clock;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use support::TestDatabase;

use crate::checker;
use crate::instance::{self, Instance};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

/// What is used of a customer's limit, window by window.
async fn used(owner: &PgConnectOptions, promotion: &str, customer: &str) -> Vec<i64> {
    let mut connection = owner.connect().await.expect("a connection as the owner");
    let used = sqlx::query_scalar(
        "select used from limit_counter where promotion_id = $1::uuid and owner = $2 order by window_no",
    )
    .bind(promotion)
    .bind(customer)
    .fetch_all(&mut connection)
    .await
    .expect("the counters");
    connection.close().await.expect("a closed connection");
    used
}

/// The next midnight of Asia/Kolkata, five and a half hours before that of UTC.
fn midnight(now: DateTime<Utc>) -> DateTime<Utc> {
    let local = now + TimeDelta::minutes(330);
    let since = i64::from(local.time().num_seconds_from_midnight());
    now + TimeDelta::days(1) - TimeDelta::seconds(since)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_use_stays_in_its_window() {
    let database = TestDatabase::new().await;
    let owner = database.owner();
    let clock = Clock::default();
    let instances = [Instance::start(&owner, |options| options.clock = clock.clone()).await];
    let front = instance::front(&instances).await;
    let shop = Shop::open(&front).await;
    let limits = json!({"customer": {"times": {"max": 1, "refresh": {"every": 1, "unit": "day"}}}});
    let promotion = shop.promotion(&shop::ten_off("P", limits)).await;
    let till = Till::new(&shop, &Arc::new(Book::default()));
    let begin = async |customer: &str, hold: bool| {
        let body = shop::redemption(&shop::transaction(), &shop::cart_of(customer, 1), hold);
        (till.redeem(&body).await.expect(201), body)
    };
    let now = Utc::now();
    let midnight = midnight(now);
    clock.set_offset(midnight - TimeDelta::seconds(120) - now);
    let (held, body) = begin("C-1", true).await;
    let (given_up, _) = begin("C-2", true).await;
    assert_eq!((held.times(&promotion), given_up.times(&promotion)), (1, 1));
    assert_eq!(begin("C-1", false).await.0.times(&promotion), 0);

    clock.set_offset(midnight + TimeDelta::seconds(20) - now);
    assert_eq!(begin("C-1", false).await.0.times(&promotion), 1);
    assert_eq!(used(&owner, &promotion, "C-1").await, [1, 1]);
    // The old answer, and no new use.
    let again = till.redeem(&body).await.expect(200);
    assert_eq!((again.id(), again.result()), (held.id(), held.result()));
    till.commit(&held.id()).await.expect(200);
    assert_eq!(used(&owner, &promotion, "C-1").await, [1, 1]);
    // What is given back goes to the window that is over, and is of no use to the new one.
    till.cancel(&given_up.id()).await.expect(200);
    assert_eq!(used(&owner, &promotion, "C-2").await, [0]);
    assert_eq!(begin("C-2", false).await.0.times(&promotion), 1);
    assert_eq!(begin("C-2", false).await.0.times(&promotion), 0);
    assert_eq!(used(&owner, &promotion, "C-2").await, [0, 1]);
    let back = json!({"return_id": "R-1", "lines": [{"id": "1", "quantity": 1}]});
    till.bring_back(&held.id(), &back).await.expect(200);
    assert_eq!(used(&owner, &promotion, "C-1").await, [0, 1]);
    assert_eq!(begin("C-1", false).await.0.times(&promotion), 0);
    checker::check_all(&owner, &till.book).await;
}
