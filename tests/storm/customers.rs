//! Customers who are merged and deleted while they buy, bring back, earn and claim: counters stay what the ledger says,
//! sums stay, nothing is done twice, and no limit is exceeded afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use support::{TestDatabase, places};

use crate::checker;
use crate::client::{Answer, Call};
use crate::earning::{bought, earned, issue_of, open, reward};
use crate::scale::{Dice, pick};
use crate::shop::{self, Shop};
use crate::till::Till;

const CLIENTS: usize = 64;
const CUSTOMERS: u64 = 6;
/// A part of every customer's name, and of nothing else.
const MARK: &str = "storm-c";

fn name(number: u64) -> String {
    format!("{MARK}{number}")
}

/// What is promised to whoever buys.
#[derive(Clone)]
struct Promises {
    limited: String,
    reward: String,
    earned: String,
    open: String,
    coded: String,
}

/// What was sent and answered besides redemptions, to be sent again.
#[derive(Debug, Default)]
struct Said {
    issues: Vec<(Value, String)>,
    deeds: Vec<(Value, Answer)>,
}

async fn promises(shop: &Shop, limit: u64) -> Promises {
    let limits = json!({
        "customer": {"times": {"max": limit}, "discount": {"max": (limit * 8).to_string()}},
        "promotion": {"times": {"max": 1_000_000}, "discount": {"max": "10000000"}},
    });
    let limited = shop.promotion(&shop::ten_off("Limited", limits)).await;
    let limits = json!({"issue": {"per_customer": 20}, "earn": {"times": 2}});
    let reward = shop.promotion(&reward("Reward", limits)).await;
    let limits = json!({"earn": {"per_customer": 9, "transactions": 1}});
    let earned = shop.promotion(&earned("Earned", limits)).await;
    let mut open = shop::ten_off("Open", json!({}));
    open["activation_required"] = true.into();
    let open = shop.promotion(&open).await;
    let coded = shop.promotion(&shop::ten_off_with_codes("Coded", json!({}))).await;
    let body = json!({"measure": "quantity", "window": {"every": 1, "unit": "day"},
                      "targets": [{"name": "T", "value": "9"}]});
    let path = "/v1/milestones/M";
    shop.ask(Method::PUT, path, Some(&body)).await.expect(200);
    Promises { limited, reward, earned, open, coded }
}

async fn ask(till: &Till, key: &str, path: &str, body: &Value) -> Answer {
    till.front.until_answered(&Call::post(path, key, body)).await
}

/// One thing that a customer does.
async fn act(till: &Till, admin: &str, promises: &Promises, dice: &mut Dice, said: &mut Said) {
    let customer = name(dice.below(CUSTOMERS));
    let source = shop::transaction();
    match dice.below(10) {
        0 => {
            let body = issue_of(&promises.reward, &customer, &source);
            let issued = ask(till, admin, "/v1/issuances", &body).await;
            match issued.status {
                200 | 201 => said.issues.push((body, issued.id())),
                _ => assert_eq!(issued.code(), "issue_limit_reached", "{}", issued.text),
            }
        }
        1 => {
            let path = format!("/v1/promotions/{}/activations", promises.open);
            let claimed = ask(till, &till.key, &path, &json!({"customer_id": customer})).await;
            assert!(matches!(claimed.status, 200 | 201), "{}", claimed.text);
        }
        2 => {
            let deed = bought(&source, &customer, 1 + dice.below(3));
            let told = ask(till, &till.key, "/v1/activities", &deed).await;
            said.deeds.push((deed, told.expect(200)));
        }
        3 => {
            // Some name codes that are there already, whosever they are.
            let code = |number| json!({"code": format!("CODE-{number}"), "customer_id": customer});
            let codes: Vec<Value> = (0..5).map(|place| code(10 * place + dice.below(10))).collect();
            let path = format!("/v1/promotions/{}/codes", promises.coded);
            ask(till, admin, &path, &json!({"codes": codes})).await.expect(201);
            let mut request = shop::cart_of(&customer, 1);
            request["cart"]["codes"] = json!([codes[0]["code"]]);
            let body = shop::redemption(&shop::transaction(), &request, false);
            till.redeem(&body).await.expect_made();
        }
        _ => {
            let (transaction, hold) = (shop::transaction(), dice.percent(50));
            let request = shop::cart_of(&customer, 1 + dice.below(3));
            let body = shop::redemption(&transaction, &request, hold);
            let made = till.redeem(&body).await.expect_made();
            if hold && dice.percent(50) {
                till.cancel(&made).await.expect(200);
                return;
            }
            if hold {
                till.commit(&made).await.expect(200);
            }
            // The one who buys need not be the one who earns.
            let mut deed = bought(&source, &name(dice.below(CUSTOMERS)), 1);
            deed["transaction_id"] = transaction.as_str().into();
            let told = ask(till, &till.key, "/v1/activities", &deed).await;
            said.deeds.push((deed, told.expect(200)));
            if dice.percent(50) {
                let quantity = request["cart"]["lines"][0]["quantity"].clone();
                let lines = json!([{"id": "1", "quantity": quantity}]);
                let back = json!({"return_id": "R", "lines": lines});
                till.bring_back(&made, &back).await.expect(200);
            }
        }
    }
}

/// Merges and deletes until it is told to stop; how often.
async fn reshape(shop: Shop, mut dice: Dice, ends: Arc<AtomicBool>) -> (u32, u32) {
    let (mut merged, mut deleted) = (0, 0);
    while !ends.load(Ordering::Relaxed) {
        let (from, into) = (dice.below(CUSTOMERS), dice.below(CUSTOMERS));
        if from == into {
            let path = format!("/v1/customers/{}", name(from));
            shop.ask(Method::DELETE, &path, None).await.expect(204);
            deleted += 1;
        } else {
            let path = format!("/v1/customers/{}/merge", name(from));
            let body = json!({"into": name(into)});
            shop.ask(Method::POST, &path, Some(&body)).await.expect(204);
            merged += 1;
        }
        // Time to gather something anew.
        tokio::time::sleep(std::time::Duration::from_millis(20 + dice.below(60))).await;
    }
    (merged, deleted)
}

/// What all customers together have used of their limits is what the promotion has given.
async fn sums_agree(owner: &PgConnectOptions, promotion: &str) {
    for measure in ["times", "discount"] {
        let customers = checker::used(owner, promotion, "customer", measure).await;
        let all = checker::used(owner, promotion, "promotion", measure).await;
        assert_eq!(customers, all, "{measure}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merges_and_deletions_keep_every_sum() {
    let mut dice = Dice::new("merges_and_deletions_keep_every_sum");
    let database = TestDatabase::new().await;
    let (_instances, shop, till) = open(&database).await;
    let owner = database.owner();
    let limit = pick(20, 100);
    let promises = promises(&shop, limit).await;
    let ends = Arc::new(AtomicBool::new(false));
    let shapers = (0..3).map(|_| {
        let (shop, dice) = (shop.clone(), dice.fork());
        tokio::spawn(reshape(shop, dice, Arc::clone(&ends)))
    });
    let shapers: Vec<_> = shapers.collect();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (till, admin) = (till.clone(), shop.admin.clone());
        let (promises, mut dice) = (promises.clone(), dice.fork());
        clients.push(tokio::spawn(async move {
            let mut said = Said::default();
            for _ in 0..pick(6, 60) {
                act(&till, &admin, &promises, &mut dice, &mut said).await;
            }
            said
        }));
    }
    let mut said = Said::default();
    for client in clients {
        let more = client.await.expect("a client");
        said.issues.extend(more.issues);
        said.deeds.extend(more.deeds);
    }
    ends.store(true, Ordering::Relaxed);
    let (mut merged, mut deleted) = (0, 0);
    for shaper in shapers {
        let more = shaper.await.expect("merges");
        merged += more.0;
        deleted += more.1;
    }
    // Not that tills were told of everything: what is cancelled can begin anew by an attempt that comes late.
    let ledger = checker::check(&owner, &till.book).await;
    sums_agree(&owner, &promises.limited).await;

    // What is sent again has no second effect, whosever it has become.
    let before = state(&owner).await;
    for told in till.book.all() {
        if ledger.is_in(&shop.id, &told.id, &["held", "committed"]) {
            let body: Value = serde_json::from_str(&told.body).expect("a body");
            let again = till.redeem(&body).await.expect(200);
            assert_eq!((again.id(), again.result()), (told.id, told.result.as_str()));
        }
    }
    for (body, id) in &said.issues {
        let again = ask(&till, &shop.admin, "/v1/issuances", body).await;
        assert_eq!(&again.expect(200).id(), id);
    }
    for (body, told) in &said.deeds {
        let mut again = ask(&till, &till.key, "/v1/activities", body).await.body;
        let mut told = told.body.clone();
        for answer in [&mut again, &mut told] {
            for own in answer["unlocked"].as_array_mut().expect("issuances") {
                own.as_object_mut().expect("one").remove("customer_id");
            }
        }
        assert_eq!(again, told);
    }
    assert_eq!(state(&owner).await, before);

    // Whoever has used up a limit, by being merged or not, gets nothing more of it; the others what is left.
    for number in 1..CUSTOMERS {
        let path = format!("/v1/customers/{}/merge", name(number));
        let body = json!({"into": name(0)});
        shop.ask(Method::POST, &path, Some(&body)).await.expect(204);
    }
    // The other promotions stop first: a customer with many issuances would use those before the limit.
    for other in [&promises.reward, &promises.earned, &promises.open] {
        shop.set_status(other, "paused").await;
    }
    let rows = checker::counters(&owner, &promises.limited).await;
    let used = |measure: &str| {
        let own = rows.iter().find(|row| row.1 == name(0) && row.2 == measure);
        own.map_or(0, |row| u64::try_from(row.3).expect("no less than nothing"))
    };
    let times = limit.saturating_sub(used("times"));
    let discount = (limit * 8 * 10_000).saturating_sub(used("discount"));
    let left = times.min(discount.div_ceil(10 * 10_000));
    let mut given = 0;
    for _ in 0..limit {
        let body = shop::redemption(&shop::transaction(), &shop::cart_of(&name(0), 3), false);
        given += till.redeem(&body).await.expect(201).times(&promises.limited);
    }
    assert_eq!(given, left, "{rows:?}");
    checker::check(&owner, &till.book).await;
    sums_agree(&owner, &promises.limited).await;

    // At last nobody is known any more.
    for number in 0..CUSTOMERS {
        let path = format!("/v1/customers/{}", name(number));
        shop.ask(Method::DELETE, &path, None).await.expect(204);
    }
    let mut connection = owner.connect().await.expect("a connection as the owner");
    let found = places(&mut connection, &shop.id, MARK).await;
    assert_eq!(found, Vec::<String>::new());
    checker::check(&owner, &till.book).await;
    sums_agree(&owner, &promises.limited).await;
    println!(
        "{merged} merges and {deleted} deletions among {} redemptions, {} activities and {} issues; {given} given \
         to who was merged; {}",
        ledger.len(),
        said.deeds.len(),
        said.issues.len(),
        till.front.counts
    );
}

/// Everything that counts, without whose it is.
async fn state(owner: &PgConnectOptions) -> Vec<String> {
    let mut connection = owner.connect().await.expect("a connection as the owner");
    sqlx::query_scalar(
        "select format('redemptions %s', count(*)) from redemption
         union all select format('used %s', sum(used)) from limit_counter
         union all select format('issuances %s', count(*)) from issuance
         union all select format('issued %s, unlocked %s', sum(issued), sum(unlocked)) from customer_promotion
         union all select format('activities %s', count(*)) from activity
         union all select format('progress %s', sum(progress)) from milestone_progress
         union all select format('steps %s', count(*)) from milestone_step",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the state")
}
