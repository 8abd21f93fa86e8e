//! P6: one key, one effect, one answer.

use std::sync::Arc;

use serde_json::{Value, json};
use support::TestDatabase;

use crate::checker;
use crate::client::Answer;
use crate::instance::{self, Instance};
use crate::scale::{Dice, pick};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

const TWINS: usize = 64;

/// The same redemption, written in another way.
fn spelled(transaction: &str, way: u64) -> String {
    let plain = format!(
        r#"{{"transaction_id":"{transaction}","request":{{"cart":{{"lines":[{{"id":"1","sku":"TEE","quantity":"2","unit_price":"100"}}]}}}}}}"#
    );
    match way % 4 {
        0 => plain,
        1 => plain.replace(r#""quantity":"2""#, r#""quantity":2.000"#),
        2 => plain.replace(r#""unit_price":"100""#, r#""unit_price":"100.0000","tax":0,"tags":[]"#),
        _ => format!(
            r#"{{ "hold": false, "expected_discount": null, "request": {{"explain":"none","store":null,"cart":{{"codes":[],"lines":[{{"unit_price":100,"quantity":"2.0","sku":"TEE","id":"1"}}]}}}}, "transaction_id": "{transaction}" }}"#
        ),
    }
}

/// Sends all bodies at the same time, each until it is answered.
async fn together(till: &Till, bodies: Vec<String>) -> Vec<Answer> {
    let mut twins = Vec::new();
    for body in bodies {
        let till = till.clone();
        twins.push(tokio::spawn(async move {
            let mut call = till.call("/v1/redemptions", &Value::Null);
            call.body = Some(body);
            let answer = till.front.until_answered(&call).await;
            till.note(&call, &answer);
            answer
        }));
    }
    let mut answers = Vec::new();
    for twin in twins {
        answers.push(twin.await.expect("a twin"));
    }
    answers
}

/// Exactly one is new unless its answer was lost; all others say the same.
#[track_caller]
fn one_effect(answers: &[Answer]) -> (String, String) {
    let new = answers.iter().filter(|answer| answer.status == 201).count();
    let lost = answers.iter().any(|answer| answer.attempts > 1);
    assert!(new == 1 || (new == 0 && lost), "{new} new ones");
    let first = &answers[0];
    for answer in answers {
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        assert_eq!(answer.id(), first.id());
        assert_eq!(answer.result(), first.result());
        assert_eq!(answer.body["state"], first.body["state"]);
    }
    (first.id(), first.result().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_have_one_effect_and_one_answer() {
    let mut dice = Dice::new("twins_have_one_effect_and_one_answer");
    let database = TestDatabase::new().await;
    let (mut instances, front) = instance::start(&database.owner(), 2).await;
    let shop = Shop::open(&front).await;
    let other = Shop::open(&front).await;
    let limits =
        json!({"promotion": {"times": {"max": 1_000_000}, "discount": {"max": "1000000000"}}});
    let promotion = shop.promotion(&shop::ten_off("P", limits)).await;
    let book = Arc::new(Book::default());
    let (till, foreign) = (Till::new(&shop, &book), Till::new(&other, &book));
    let keys = pick(12, 120);
    let mut made = Vec::new();
    for _ in 0..keys {
        let transaction = shop::transaction();
        let bodies = (0..TWINS).map(|_| spelled(&transaction, dice.next())).collect();
        let (id, result) = one_effect(&together(&till, bodies).await);
        assert_eq!(till.look_up(&id).await.expect(200).times(&promotion), 2);
        // Another tenant's transaction of this name is another one, without the promotion.
        let theirs = together(&foreign, vec![spelled(&transaction, 0); 4]).await;
        let (their_id, _) = one_effect(&theirs);
        assert_ne!(their_id, id);
        assert_eq!(theirs[0].discount(), "0.00");
        till.look_up(&their_id).await.expect_code(404, "not_found");
        made.push((transaction, id, result));
    }
    assert_eq!(checker::used(&database.owner(), &promotion, "promotion", "times").await, 2 * keys);
    checker::check_all(&database.owner(), &book).await;

    // Neither what becomes of the promotion nor a restart changes what was answered.
    let path = format!("/v1/promotions/{promotion}");
    let changed = shop
        .change(&path, |body| {
            body["name"] = "another name".into();
            body["conditions"] = json!({"type": "cart_amount", "op": "gte", "value": "5000"});
        })
        .await;
    changed.expect(200);
    replay(&till, &made).await;
    shop.set_status(&promotion, "archived").await;
    replay(&till, &made).await;
    for instance in instances.drain(..) {
        instance.app.stop().await;
    }
    instances.push(Instance::start(&database.owner(), |_| {}).await);
    let mut after = till.clone();
    after.front = instance::front(&instances).await;
    replay(&after, &made).await;
    assert_eq!(checker::used(&database.owner(), &promotion, "promotion", "times").await, 2 * keys);
    checker::check_all(&database.owner(), &book).await;
    println!("{}", front.counts);
}

async fn replay(till: &Till, made: &[(String, String, String)]) {
    for (number, (transaction, id, result)) in (0..).zip(made) {
        let again = together(till, vec![spelled(transaction, number); 2]).await;
        for answer in again {
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!((&answer.id(), answer.result()), (id, result.as_str()));
            assert_eq!(answer.state(), "committed");
        }
        let by_name = till.look_up(&shop::tx(transaction)).await.expect(200);
        assert_eq!((&by_name.id(), by_name.result()), (id, result.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_different_bodies_under_one_key_one_wins() {
    let mut dice = Dice::new("of_different_bodies_under_one_key_one_wins");
    let database = TestDatabase::new().await;
    let (_instances, front) = instance::start(&database.owner(), 2).await;
    let shop = Shop::open(&front).await;
    let limits = json!({"promotion": {"transactions": {"max": 1_000_000}}});
    let promotion = shop.promotion(&shop::ten_off("P", limits)).await;
    let book = Arc::new(Book::default());
    let till = Till::new(&shop, &book);
    let keys = pick(8, 60);
    for _ in 0..keys {
        let transaction = shop::transaction();
        let mut bodies: Vec<String> = (0..TWINS as u64)
            .map(|twin| {
                let request = shop::cart(1 + twin % 4);
                shop::redemption(&transaction, &request, twin % 8 < 4).to_string()
            })
            .collect();
        dice.shuffle(&mut bodies);
        let answers = together(&till, bodies.clone()).await;
        let won: Vec<(&String, &Answer)> =
            bodies.iter().zip(&answers).filter(|(_, answer)| answer.status != 409).collect();
        let refused = answers.iter().filter(|answer| answer.status == 409);
        for answer in refused {
            assert_eq!(answer.code(), "transaction_id_reused", "{}", answer.text);
        }
        let winners: Vec<Answer> = won.iter().map(|(_, answer)| (*answer).clone()).collect();
        one_effect(&winners);
        assert_eq!(winners.len(), TWINS / 8, "one of eight bodies wins");
        for (body, _) in &won {
            assert_eq!(body, &won[0].0);
        }
    }
    let used = checker::used(&database.owner(), &promotion, "promotion", "transactions").await;
    assert_eq!(used, keys);
    checker::check_all(&database.owner(), &book).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_end_a_transaction_begins_anew_once() {
    let database = TestDatabase::new().await;
    let (_instances, front) = instance::start(&database.owner(), 2).await;
    let shop = Shop::open(&front).await;
    let limits = json!({"promotion": {"times": {"max": 1_000_000}}});
    let promotion = shop.promotion(&shop::ten_off("P", limits)).await;
    let book = Arc::new(Book::default());
    let till = Till::new(&shop, &book);
    let rounds = pick(6, 60);
    for _ in 0..rounds {
        let transaction = shop::transaction();
        let body = shop::redemption(&transaction, &shop::cart(1), true);
        let held = till.redeem(&body).await.expect(201);
        till.cancel(&held.id()).await.expect(200);
        // The same body too begins a new redemption: once, for all twins.
        let answers = together(&till, vec![body.to_string(); 16]).await;
        let (second, _) = one_effect(&answers);
        assert_ne!(second, held.id());
        assert_eq!(till.look_up(&shop::tx(&transaction)).await.id(), second);
        assert_eq!(till.look_up(&held.id()).await.state(), "cancelled");
        till.commit(&shop::tx(&transaction)).await.expect(200);
    }
    let used = checker::used(&database.owner(), &promotion, "promotion", "times").await;
    assert_eq!(used, rounds);
    checker::check_all(&database.owner(), &book).await;
}
