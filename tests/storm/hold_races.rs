//! P12, the races: commit, cancel, replace and expiry at the same moment have one winner, and everybody hears of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use support::TestDatabase;

use crate::checker;
use crate::client::Answer;
use crate::instance;
use crate::scale::{Dice, pick};
use crate::shop::{self, Shop};
use crate::till::{Book, State, Till};

/// Moves the end of a hold, as if its time had been shorter: nobody waits for ten seconds of each.
pub async fn expires_in(owner: &PgConnectOptions, id: &str, ms: i64) {
    let mut connection = owner.connect().await.expect("a connection as the owner");
    let mut tx = connection.begin().await.expect("a transaction");
    for table in [
        "update redemption set expires_at = clock_timestamp() + $2 * interval '1 ms'
          where redemption_id = $1::uuid and state = 'held'",
        "update hold set expires_at = r.expires_at from redemption r
          where r.redemption_id = $1::uuid and hold.redemption_id = r.redemption_id and $2 = $2",
    ] {
        sqlx::query(table).bind(id).bind(ms).execute(&mut *tx).await.expect("another end");
    }
    tx.commit().await.expect("a commit");
    connection.close().await.expect("a closed connection");
}

/// Whether nothing of what is held has been given back.
pub async fn is_open(owner: &PgConnectOptions, id: &str) -> bool {
    let mut connection = owner.connect().await.expect("a connection as the owner");
    let open =
        sqlx::query_scalar("select exists (select from hold where redemption_id = $1::uuid)")
            .bind(id)
            .fetch_one(&mut connection)
            .await
            .expect("an answer");
    connection.close().await.expect("a closed connection");
    open
}

async fn open(database: &TestDatabase) -> (Vec<instance::Instance>, Shop, String, Till) {
    let (instances, front) = instance::start(&database.owner(), 2).await;
    let shop = Shop::open(&front).await;
    let limits = json!({"promotion": {"times": {"max": 1_000}, "discount": {"max": "100000"}}});
    let promotion = shop.promotion(&shop::ten_off("P", limits)).await;
    let till = Till::new(&shop, &Arc::new(Book::default()));
    (instances, shop, promotion, till)
}

fn codes(answers: &[Answer]) -> Vec<(u16, String)> {
    let mut codes: Vec<(u16, String)> =
        answers.iter().map(|answer| (answer.status, answer.code().to_owned())).collect();
    codes.sort();
    codes.dedup();
    codes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commit_against_expiry_has_one_winner() {
    let mut dice = Dice::new("commit_against_expiry_has_one_winner");
    let database = TestDatabase::new().await;
    let (_instances, _shop, promotion, till) = open(&database).await;
    let rounds = pick(30, 400);
    let mut outcomes = Vec::new();
    while outcomes.len() < rounds {
        // Some at a time, so that the machine is busy.
        let mut rivals = Vec::new();
        for _ in 0..rounds.min(25) {
            let round = commits_around_expiry(till.clone(), database.owner(), dice.fork());
            rivals.push(tokio::spawn(round));
        }
        for rival in rivals {
            outcomes.push(rival.await.expect("a round"));
        }
    }
    let mut committed = 0;
    checker::check_all(&database.owner(), &till.book).await;
    for (held, answers) in &outcomes {
        let state = till.look_up(held).await.expect(200).state().to_owned();
        let expected = match state.as_str() {
            "committed" => (200, String::new()),
            _ => (409, "hold_expired".to_owned()),
        };
        assert_eq!(codes(answers), [expected], "{held} is {state}");
        committed += i64::from(state == "committed");
    }
    let used = checker::used(&database.owner(), &promotion, "promotion", "times").await;
    assert_eq!(used, committed);
    let count = outcomes.len();
    println!("{count} holds, {committed} committed, the others expired");
}

/// Holds, and commits six times around the moment at which the hold expires. Its id, and the answers.
async fn commits_around_expiry(
    till: Till,
    owner: PgConnectOptions,
    mut dice: Dice,
) -> (String, Vec<Answer>) {
    let body = shop::redemption(&shop::transaction(), &shop::cart(1), true);
    let held = till.redeem(&body).await.expect(201).id();
    let end = 60 + dice.below(900);
    expires_in(&owner, &held, i64::try_from(end).unwrap()).await;
    let expiry = Instant::now() + Duration::from_millis(end);
    let mut committers = Vec::new();
    for _ in 0..6 {
        let (till, held) = (till.clone(), held.clone());
        let at = expiry + Duration::from_micros(dice.below(30_000)) - Duration::from_millis(20);
        committers.push(tokio::spawn(async move {
            tokio::time::sleep_until(at.into()).await;
            till.commit(&held).await
        }));
    }
    let mut answers = Vec::new();
    for committer in committers {
        answers.push(committer.await.expect("a committer"));
    }
    (held, answers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commit_cancel_and_replace_have_one_winner() {
    let mut dice = Dice::new("commit_cancel_and_replace_have_one_winner");
    let database = TestDatabase::new().await;
    let (_instances, _shop, promotion, till) = open(&database).await;
    let rounds = pick(40, 500);
    let (mut won, mut used) = ([0, 0, 0], 0);
    for _ in 0..rounds {
        let transaction = shop::transaction();
        let body = shop::redemption(&transaction, &shop::cart(1), true);
        let held = till.redeem(&body).await.expect(201).id();
        let mut other = shop::redemption(&transaction, &shop::cart(2), false);
        other["replaces"] = held.as_str().into();
        let mut actors = Vec::new();
        for actor in 0..12 {
            let (till, held, other) = (till.clone(), held.clone(), other.clone());
            let pause = Duration::from_micros(dice.below(3_000));
            actors.push(tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                match actor % 3 {
                    0 => till.commit(&held).await,
                    1 => till.cancel(&held).await,
                    _ => till.redeem(&other).await,
                }
            }));
        }
        let mut answers = [Vec::new(), Vec::new(), Vec::new()];
        for (actor, task) in actors.into_iter().enumerate() {
            answers[actor % 3].push(task.await.expect("an actor"));
        }
        let [commits, cancels, replaces] = &answers;
        let state = till.look_up(&held).await.expect(200).state().to_owned();
        let refused = |code: &str| [(409, code.to_owned())];
        let ok = [(200, String::new())];
        match state.as_str() {
            "committed" => {
                assert_eq!(codes(commits), ok);
                assert_eq!(codes(cancels), refused("already_committed"));
                assert_eq!(codes(replaces), refused("transaction_id_reused"));
                used += 1;
                won[0] += 1;
            }
            "cancelled" => {
                assert_eq!(codes(commits), refused("redemption_cancelled"));
                assert_eq!(codes(cancels), ok);
                // What had been replaced is no hold any more: refused, or begun anew, for all alike.
                let made = replaces.iter().filter(|answer| answer.status != 409).count();
                used += if made > 0 { 2 } else { 0 };
                won[1] += 1;
            }
            "replaced" => {
                assert_eq!(codes(commits), refused("hold_replaced"));
                assert_eq!(codes(cancels), ok);
                assert!(replaces.iter().all(|answer| answer.status < 300), "{:?}", codes(replaces));
                till.book.settle(&till.tenant, &held, State::Ended);
                used += 2;
                won[2] += 1;
            }
            other => panic!("the hold is {other}"),
        }
        let now = checker::used(&database.owner(), &promotion, "promotion", "times").await;
        assert_eq!(now, used, "after a hold that is {state}");
        if used > 900 {
            break;
        }
    }
    checker::check_all(&database.owner(), &till.book).await;
    println!("won: commit {}, cancel {}, replace {}", won[0], won[1], won[2]);
}

/// Not shortened: ten seconds, and at most one more until what was held is there for others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_held_is_given_back_within_a_second_of_its_end() {
    let database = TestDatabase::new().await;
    let (_instances, front) = instance::start(&database.owner(), 2).await;
    let shop = Shop::open(&front).await;
    let settings = shop.change("/v1/settings", |body| body["hold_seconds"] = 10.into());
    settings.await.expect(200);
    let limits = json!({"promotion": {"transactions": {"max": 4}, "times": {"max": 8}}});
    let promotion = shop.promotion(&shop::ten_off("P", limits)).await;
    let till = Till::new(&shop, &Arc::new(Book::default()));
    let mut holds = Vec::new();
    for _ in 0..4 {
        let body = shop::redemption(&shop::transaction(), &shop::cart(2), true);
        let held = till.redeem(&body).await.expect(201);
        holds.push((held.id(), body));
    }
    let owner = database.owner();
    assert_eq!(checker::used(&owner, &promotion, "promotion", "times").await, 8);
    // Asking again does not prolong it.
    let before = till.redeem(&holds[3].1).await.expect(200);
    let ends: String = before.body["expires_at"].as_str().expect("an end").to_owned();
    till.commit(&holds[0].0).await.expect(200);
    till.cancel(&holds[1].0).await.expect(200);
    let late = latest_end(&owner).await;
    assert!(late < 10_500, "a hold of {late} ms");
    let begun = Instant::now();
    let mut left = Duration::MAX;
    while left == Duration::MAX {
        assert!(begun.elapsed() < Duration::from_secs(20), "nothing is given back");
        if checker::used(&owner, &promotion, "promotion", "times").await == 2 {
            left = begun.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let overdue = i64::try_from(left.as_millis()).unwrap() - late;
    println!("the last hold was given back {overdue} ms after its end");
    assert!(overdue < 1_500, "given back {overdue} ms after its end");
    for (id, _) in &holds[2..] {
        till.commit(id).await.expect_code(409, "hold_expired");
        till.cancel(id).await.expect(200);
        assert_eq!(till.look_up(id).await.expect(200).state(), "expired");
    }
    till.commit(&holds[0].0).await.expect(200);
    till.commit(&holds[1].0).await.expect_code(409, "redemption_cancelled");
    // What has expired begins anew under its transaction, with a time of its own.
    let anew = till.redeem(&holds[3].1).await.expect(201);
    assert_ne!(anew.id(), holds[3].0);
    assert_ne!(anew.body["expires_at"].as_str(), Some(ends.as_str()));
    assert_eq!(anew.times(&promotion), 2);
    checker::check_all(&owner, &till.book).await;
}

/// How many milliseconds the hold that lasts longest has left.
async fn latest_end(owner: &PgConnectOptions) -> i64 {
    let mut connection = owner.connect().await.expect("a connection as the owner");
    let left = sqlx::query_scalar(
        "select (extract(epoch from max(expires_at) - clock_timestamp()) * 1000)::bigint from hold",
    )
    .fetch_one(&mut connection)
    .await
    .expect("an end");
    connection.close().await.expect("a closed connection");
    left
}
