//! P23: every event reaches every webhook that wants it, in the order of its subject, under one id and signed, while
//! the instances that deliver are killed at random.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::{ConnectOptions, Connection};
use support::receiver::{Manner, Message, Receiver};

use crate::cluster::Cluster;
use crate::process::Processes;
use crate::scale::{Dice, pick};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

/// How long everything may take to arrive once nobody is killed any more.
const PATIENCE: Duration = Duration::from_secs(90);

/// A receiver that is often out of order, and its webhook.
async fn receiver(shop: &Shop, name: &str) -> Receiver {
    let receiver = Receiver::start().await;
    receiver.behave(Manner::Moody);
    let events =
        ["redemption.committed", "redemption.returned", "promotion.activated", "promotion.paused"];
    let body = json!({"url": receiver.url(), "events": events});
    // Replaced where the answer to the first was lost: there is nothing to be told yet. The secret is shown once.
    let path = format!("/v1/webhooks/{name}");
    let made = shop.ask(Method::PUT, &path, Some(&body)).await.expect(201);
    receiver.trust(made.body["secret"].as_str().expect("a secret"));
    receiver
}

/// Time passes for deliveries: what a killed instance had claimed, and what has failed, is due sooner.
async fn pass(owner: &mut PgConnection, seconds: i32) {
    sqlx::query(
        "update webhook_delivery as own set next_attempt_at = own.next_attempt_at - make_interval(secs => $1)
           from (select tenant_id, sequence, webhook_id from webhook_delivery
                  where dead_at is null for update skip locked) as idle
          where own.tenant_id = idle.tenant_id and own.sequence = idle.sequence
            and own.webhook_id = idle.webhook_id",
    )
    .bind(f64::from(seconds))
    .execute(&mut *owner)
    .await
    .expect("time that passes");
    // And whoever rests rests for so much less.
    sqlx::query(
        "update webhook as own set rests_until = own.rests_until - make_interval(secs => $1)
           from (select tenant_id, webhook_id from webhook
                  where rests_until is not null for update skip locked) as idle
          where own.tenant_id = idle.tenant_id and own.webhook_id = idle.webhook_id",
    )
    .bind(f64::from(seconds))
    .execute(owner)
    .await
    .expect("time that passes");
}

/// All that was told to readers of the log, by id.
async fn log(shop: &Shop) -> BTreeMap<String, Value> {
    let (mut events, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let path = format!("/v1/events?limit=200{cursor}");
        let page = shop.ask(Method::GET, &path, None).await.expect(200).body;
        cursor = format!("&cursor={}", page["next_cursor"].as_str().expect("a cursor"));
        let items = page["items"].as_array().expect("events");
        for event in items {
            events.insert(event["id"].as_str().expect("an id").to_owned(), event.clone());
        }
        if items.len() < 200 {
            return events;
        }
    }
}

fn subject(event: &Value) -> String {
    let data = &event["data"];
    let id = data["redemption_id"].as_str().or(data["promotion_id"].as_str());
    id.expect("a subject").to_owned()
}

fn sequence(event: &Value) -> i64 {
    event["sequence"].as_i64().expect("a number")
}

/// What came to one receiver, against the log.
fn check(messages: &[Message], all: &BTreeMap<String, Value>) -> usize {
    let mut of_subject: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for event in all.values() {
        of_subject.entry(subject(event)).or_default().insert(sequence(event));
    }
    let mut arrived: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for message in messages {
        assert_eq!(all[&message.id], message.event, "an event has one id and one form");
        let (own, number) = (subject(&message.event), sequence(&message.event));
        let arrived = arrived.entry(own.clone()).or_default();
        // Nothing is even tried before all that was before it has arrived.
        let missing: Vec<&i64> =
            of_subject[&own].range(..number).filter(|earlier| !arrived.contains(earlier)).collect();
        assert!(missing.is_empty(), "{number} came before {missing:?} of {own}");
        if message.taken {
            arrived.insert(number);
        }
    }
    assert_eq!(arrived, of_subject, "every event arrives");
    messages.len()
}

/// Sells and brings back, in parts, until it is told to stop.
async fn sell(till: Till, stop: Arc<AtomicBool>, mut dice: Dice) {
    while !stop.load(Ordering::Relaxed) {
        let body = shop::redemption(&shop::transaction(), &shop::cart(4), false);
        let sold = till.redeem(&body).await.expect_made();
        for number in 0..dice.below(3) {
            let back =
                json!({"return_id": number.to_string(), "lines": [{"id": "1", "quantity": "1"}]});
            till.bring_back(&sold, &back).await.expect(200);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_arrives_in_order_whichever_instance_is_killed() {
    let mut dice = Dice::new("every_event_arrives_in_order_whichever_instance_is_killed");
    let cluster = Cluster::start().await;
    let mut processes = Processes::start(&cluster, 3).await;
    let shop = Shop::open(&processes.front).await;
    let receivers = [receiver(&shop, "crm").await, receiver(&shop, "till").await];
    let promotion = shop.promotion(&shop::ten_off("P", json!({}))).await;
    let book = Arc::new(Book::default());
    let stop = Arc::new(AtomicBool::new(false));
    let tills: Vec<_> = (0..4)
        .map(|_| tokio::spawn(sell(Till::new(&shop, &book), Arc::clone(&stop), dice.fork())))
        .collect();
    let mut owner = cluster.owner().connect().await.expect("a connection as the owner");
    let (begun, time) = (Instant::now(), pick(Duration::from_secs(6), Duration::from_secs(60)));
    let mut kills = 0;
    while begun.elapsed() < time {
        // Something must be on its way when it strikes.
        let before: usize = receivers.iter().map(|own| own.messages().len()).sum();
        let waited = Instant::now();
        let some = 1 + usize::try_from(dice.below(20)).expect("a number");
        let under_way =
            || receivers.iter().map(|own| own.messages().len()).sum::<usize>() >= before + some;
        while !under_way() && waited.elapsed() < Duration::from_secs(2) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let number = usize::try_from(dice.below(3)).expect("a number");
        processes.kill(number);
        kills += 1;
        pass(&mut owner, 60).await;
        shop.set_status(&promotion, if kills % 2 == 1 { "paused" } else { "active" }).await;
        processes.restart(number).await;
    }
    stop.store(true, Ordering::Relaxed);
    for till in tills {
        till.await.expect("a till");
    }
    let waited = Instant::now();
    loop {
        // Whoever reads publishes, so that nothing is left without a number.
        let all = log(&shop).await;
        let left: i64 = sqlx::query_scalar("select count(*) from webhook_delivery")
            .fetch_one(&mut owner)
            .await
            .expect("a count");
        if left == 0 {
            let messages: Vec<_> = receivers.iter().map(Receiver::messages).collect();
            let counts: Vec<usize> = messages.iter().map(|own| check(own, &all)).collect();
            for receiver in &receivers {
                assert_eq!(receiver.forged(), 0, "every message is signed");
            }
            println!("{kills} kills, {} events, sent {counts:?} times", all.len());
            break;
        }
        assert!(waited.elapsed() < PATIENCE, "{left} do not arrive");
        pass(&mut owner, 600).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    owner.close().await.expect("a closed connection");
}
