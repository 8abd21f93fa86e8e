//! P1 and P6 of what customers have in hand: no limit of issues, of unlocks or of one issuance is exceeded, none is left
//! unused while somebody still wants it, and what is sent twice has one effect and one answer.

use std::sync::Arc;

use serde_json::{Value, json};
use support::TestDatabase;

use crate::checker;
use crate::client::{Answer, Call};
use crate::instance;
use crate::scale::{Dice, pick};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

const CLIENTS: usize = 64;

/// Ten off each unit, for whoever has it in hand.
pub fn reward(name: &str, limits: Value) -> Value {
    let mut body = shop::ten_off(name, limits);
    body["type"] = "rewards".into();
    body
}

/// The same, for whoever has bought something.
pub fn earned(name: &str, limits: Value) -> Value {
    let mut body = shop::ten_off(name, limits);
    body["type"] = "loyalty_earning".into();
    body["earning"] = json!({"trigger": "activity", "activity": "transaction"});
    body
}

/// The body of an activity: so many units bought.
pub fn bought(id: &str, customer: &str, quantity: u64) -> Value {
    json!({"id": id, "type": "transaction", "customer": {"id": customer},
           "cart": shop::cart(quantity)["cart"]})
}

/// The body of an issue.
pub fn issue_of(promotion: &str, customer: &str, source: &str) -> Value {
    json!({"promotion_id": promotion, "customer_id": customer, "source_id": source})
}

/// Sends all of these at the same time as admin, each until it is answered.
pub async fn together(shop: &Shop, path: &str, bodies: Vec<Value>) -> Vec<Answer> {
    let sent = bodies.into_iter().map(|body| {
        let (front, call) = (shop.front.clone(), Call::post(path, &shop.admin, &body));
        tokio::spawn(async move { front.until_answered(&call).await })
    });
    let mut answers = Vec::new();
    for answer in sent.collect::<Vec<_>>() {
        answers.push(answer.await.expect("a client"));
    }
    answers
}

/// As many clients as there are at a time.
async fn in_waves(shop: &Shop, path: &str, mut bodies: Vec<Value>, dice: &mut Dice) -> Vec<Answer> {
    dice.shuffle(&mut bodies);
    let mut answers = Vec::new();
    while !bodies.is_empty() {
        let wave = bodies.split_off(bodies.len().saturating_sub(CLIENTS));
        answers.extend(together(shop, path, wave).await);
    }
    answers
}

pub async fn open(database: &TestDatabase) -> (Vec<instance::Instance>, Shop, Till) {
    let (instances, front) = instance::start(&database.owner(), 2).await;
    let shop = Shop::open(&front).await;
    let till = Till::new(&shop, &Arc::new(Book::default()));
    (instances, shop, till)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_limit_of_issues_or_unlocks_is_exceeded() {
    let mut dice = Dice::new("no_limit_of_issues_or_unlocks_is_exceeded");
    let database = TestDatabase::new().await;
    let (_instances, shop, till) = open(&database).await;
    for limit in [1, pick(10, 100)] {
        for (part, code) in [("issue", "issue_limit_reached"), ("earn", "earn_limit_reached")] {
            let limits = json!({part: {"per_customer": limit}});
            let promotion = shop.promotion(&reward(&format!("{part} {limit}"), limits)).await;
            let mut bodies = Vec::new();
            for number in 0..(5 * limit).max(CLIENTS) {
                for customer in ["C-1", "C-2"] {
                    bodies.push(issue_of(&promotion, customer, &number.to_string()));
                }
            }
            let answers = in_waves(&shop, "/v1/issuances", bodies, &mut dice).await;
            for customer in ["C-1", "C-2"] {
                let own = |answer: &&Answer| answer.body["customer_id"] == customer;
                assert_eq!(answers.iter().filter(own).count(), limit, "{part} {limit}");
            }
            for refused in answers.iter().filter(|own| own.status > 201) {
                assert_eq!(refused.code(), code, "{}", refused.text);
            }
        }
        // By activities, each of which wants one more.
        let limits = json!({"earn": {"per_customer": limit}});
        let promotion = shop.promotion(&earned(&format!("earned {limit}"), limits)).await;
        let bodies = (0..(5 * limit).max(CLIENTS))
            .map(|number| bought(&format!("A-{limit}-{number}"), "C-1", 1));
        let answers = in_waves(&shop, "/v1/activities", bodies.collect(), &mut dice).await;
        let unlocked = answers
            .iter()
            .flat_map(|own| own.body["unlocked"].as_array().expect("what was unlocked"))
            .filter(|own| own["promotion_id"] == promotion.as_str());
        assert_eq!(unlocked.count(), limit, "earned {limit}");
        shop.set_status(&promotion, "archived").await;
    }
    checker::check_all(&database.owner(), &till.book).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_limit_of_one_issuance_is_exceeded() {
    let mut dice = Dice::new("no_limit_of_one_issuance_is_exceeded");
    let database = TestDatabase::new().await;
    let (_instances, shop, till) = open(&database).await;
    for measure in ["times", "transactions", "discount"] {
        for limit in [1_u64, pick(10, 200)] {
            // A discount ends in the middle of a grant, and what is left is still given.
            let max = match measure {
                "discount" => json!(format!("{}", limit * 10 + 5)),
                _ => json!(limit),
            };
            let limits = json!({"earn": {measure: max}});
            let promotion = shop.promotion(&reward(&format!("{measure} {limit}"), limits)).await;
            let body = issue_of(&promotion, "C", "S");
            let issued = together(&shop, "/v1/issuances", vec![body]).await;
            let issuance = issued[0].id();
            let wishes = (5 * limit).max(CLIENTS as u64);
            let mut clients = Vec::new();
            for client in 0..CLIENTS as u64 {
                let (till, mut dice) = (till.clone(), dice.fork());
                let own = wishes / CLIENTS as u64 + u64::from(client < wishes % CLIENTS as u64);
                clients.push(tokio::spawn(async move {
                    let mut answers = Vec::new();
                    for _ in 0..own {
                        let quantity = match measure {
                            "times" => 1 + dice.below(3),
                            _ => 1,
                        };
                        let request = shop::cart_of("C", quantity);
                        let hold = dice.percent(30);
                        let body = shop::redemption(&shop::transaction(), &request, hold);
                        answers.push(till.redeem(&body).await);
                    }
                    answers
                }));
            }
            let mut answers = Vec::new();
            for client in clients {
                answers.extend(client.await.expect("a client"));
            }
            // Whoever comes last gets what nobody took who came with less.
            let last = shop::redemption(&shop::transaction(), &shop::cart_of("C", 3), false);
            answers.push(till.redeem(&last).await);
            let (mut granted, mut holds) = (0, Vec::new());
            for answer in &answers {
                assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
                let times = answer.times(&promotion);
                if times == 0 {
                    let limit = format!("earn.{measure}");
                    let reason = Some(("limit_reached".to_owned(), limit));
                    assert_eq!(answer.reason(&promotion), reason, "{}", answer.text);
                    continue;
                }
                let applied = &answer.body["result"]["applied"][0];
                assert_eq!(applied["issuance_id"], issuance.as_str());
                granted += match measure {
                    "times" => times,
                    "transactions" => 1,
                    _ => answer.discount().replace('.', "").parse().expect("paise"),
                };
                if answer.state() == "held" {
                    holds.push(answer.id());
                }
            }
            let allowed = match measure {
                "discount" => limit * 1000 + 500,
                _ => limit,
            };
            assert_eq!(granted, allowed, "{measure} {limit}");
            let state = async || {
                let path = format!("/v1/issuances/{issuance}");
                let read = till.front.until_answered(&Call::get(path, &till.key)).await;
                read.expect(200).state().to_owned()
            };
            assert_eq!(state().await, "used_up");
            // What is given back can be used once more.
            if let Some(held) = holds.first() {
                till.cancel(held).await.expect(200);
                assert_eq!(state().await, "unlocked");
                let before = checker::used(&database.owner(), &promotion, "earn", measure).await;
                for _ in 0..2 {
                    let request = shop::cart_of("C", 3);
                    let body = shop::redemption(&shop::transaction(), &request, false);
                    till.redeem(&body).await.expect(201);
                }
                let after = checker::used(&database.owner(), &promotion, "earn", measure).await;
                assert!(after > before, "{measure} {limit}: {before}, {after}");
            }
            for row in checker::counters(&database.owner(), &promotion).await {
                assert_eq!(row.3, row.4, "{measure} {limit}: {row:?}");
            }
            shop.set_status(&promotion, "archived").await;
        }
    }
    checker::check_all(&database.owner(), &till.book).await;
}

/// One is new unless its answer was lost; all others say the same.
#[track_caller]
fn one_effect(answers: &[Answer]) -> String {
    let new = answers.iter().filter(|own| own.status == 201).count();
    let lost = answers.iter().any(|own| own.attempts > 1);
    assert!(new == 1 || (new == 0 && lost), "{new} new ones");
    for answer in answers {
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        assert_eq!(answer.text, answers[0].text);
    }
    answers[0].id()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_of_issues_and_claims_have_one_effect() {
    let database = TestDatabase::new().await;
    let (_instances, shop, till) = open(&database).await;
    let promotion = shop.promotion(&reward("Reward", json!({}))).await;
    for number in 0..pick(4, 40) {
        let source = format!("S-{number}");
        let twins = vec![issue_of(&promotion, "C", &source); CLIENTS];
        let id = one_effect(&together(&shop, "/v1/issuances", twins).await);
        // In bulk, with others, in another order.
        let bulk = (0..16).map(|way| {
            let mut customers: Vec<String> = (0..10).map(|own| format!("D-{own}")).collect();
            customers.push("C".to_owned());
            customers.rotate_left(way % 11);
            json!({"promotion_id": promotion, "source_id": source, "customer_ids": customers})
        });
        let bulk = together(&shop, "/v1/issuances/bulk", bulk.collect()).await;
        let lost = bulk.iter().any(|own| own.attempts > 1);
        let verdicts: Vec<&Value> = bulk
            .iter()
            .flat_map(|own| own.body["verdicts"].as_array().expect("verdicts"))
            .collect();
        let new = verdicts.iter().filter(|own| own["verdict"] == "issued");
        let new = new.count();
        assert!(new == 10 || (new < 10 && lost), "{new} new ones");
        let mut ids: Vec<String> =
            verdicts.iter().map(|own| own["issuance"]["id"].to_string()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 11);
        assert!(ids.contains(&format!("{id:?}")));
    }
    for number in 0..pick(4, 40) {
        let mut open = shop::ten_off(&format!("Open {number}"), json!({}));
        open["activation_required"] = true.into();
        let open = shop.promotion(&open).await;
        let path = format!("/v1/promotions/{open}/activations");
        let claims = vec![json!({"customer_id": "C"}); CLIENTS];
        one_effect(&together(&shop, &path, claims).await);
        shop.set_status(&open, "archived").await;
    }
    checker::check_all(&database.owner(), &till.book).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_of_activities_earn_once() {
    let database = TestDatabase::new().await;
    let (_instances, shop, till) = open(&database).await;
    let promotion = shop.promotion(&earned("Earned", json!({}))).await;
    let keys = pick(6, 60);
    for number in 0..keys {
        let id = format!("A-{number}");
        let twins = vec![bought(&id, "C", 1); CLIENTS];
        let answers = together(&shop, "/v1/activities", twins).await;
        let first = &answers[0];
        let unlocked = first.body["unlocked"].as_array().expect("what is unlocked");
        assert_eq!(unlocked.len(), 1, "{}", first.text);
        for answer in &answers {
            assert_eq!((answer.status, &answer.text), (200, &first.text));
        }
        let others = (2..10).map(|quantity| bought(&id, "C", quantity));
        for refused in together(&shop, "/v1/activities", others.collect()).await {
            refused.expect_code(409, "activity_id_reused");
        }
    }
    let path = format!("/v1/issuances?promotion_id={promotion}&limit=200");
    let call = Call::get(path, &till.key);
    let listed = till.front.until_answered(&call).await.expect(200);
    assert_eq!(listed.body["items"].as_array().expect("items").len(), keys);
    checker::check_all(&database.owner(), &till.book).await;
}
