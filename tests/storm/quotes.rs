//! P11: what was quoted is redeemed, or clearly refused; and no redemption is granted by rules or clocks that are out of
//! date.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use support::TestDatabase;

use crate::checker;
use crate::client::Answer;
use crate::instance::{self, Instance};
use crate::scale::{Dice, pick};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

/// Redeems what was quoted, and what is quoted instead, until it is had. How often it was refused.
async fn redeem_quoted(till: &Till, request: &serde_json::Value, hold: bool) -> (Answer, u32) {
    let mut quoted = till.evaluate(request).await.expect(200).discount().to_owned();
    let mut body = shop::redemption(&shop::transaction(), request, hold);
    for refused in 0..200 {
        body["expected_discount"] = quoted.as_str().into();
        let answer = till.redeem(&body).await;
        if answer.status != 409 {
            assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
            assert_eq!(answer.discount(), quoted, "{}", answer.text);
            return (answer, refused);
        }
        assert_eq!(answer.code(), "discount_changed", "{}", answer.text);
        let now = answer.discount().to_owned();
        assert_ne!(now, quoted, "{}", answer.text);
        // Nothing is recorded: the transaction is free, also for the other amount.
        let transaction = body["transaction_id"].as_str().expect("a text");
        let found = till.look_up(&shop::tx(transaction)).await;
        found.expect_code(404, "not_found");
        quoted = now;
    }
    panic!("what is quoted is never to be had");
}

/// Waits until an evaluation says so: instances learn of each other's changes within a second.
async fn is_quoted(till: &Till, request: &serde_json::Value, discount: &str) {
    let begun = Instant::now();
    loop {
        let quote = till.evaluate(request).await.expect(200);
        if quote.discount() == discount {
            return;
        }
        let waited = begun.elapsed();
        assert!(waited < Duration::from_secs(20), "not {discount} but {}", quote.discount());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_quoted_is_redeemed_or_refused_while_rules_change() {
    let mut dice = Dice::new("what_was_quoted_is_redeemed_or_refused_while_rules_change");
    let database = TestDatabase::new().await;
    let (_instances, front) = instance::start(&database.owner(), 2).await;
    let shop = Shop::open(&front).await;
    let toggled = shop.promotion(&shop::ten_off("toggled", json!({}))).await;
    let scarce = json!({"promotion": {"times": {"max": pick(150, 2_000)}}, "cart": {"times": 1}});
    shop.promotion(&shop::ten_off("scarce", scarce)).await;
    let mut edited = shop::promotion(
        "edited",
        json!({"type": "amount_off", "value": "5", "target": {"type": "cart"}}),
        json!({}),
    );
    edited["conditions"] = json!({"type": "total_quantity", "op": "gte", "value": "2"});
    let edited = shop.promotion(&edited).await;
    let stop = Arc::new(AtomicBool::new(false));
    let changing = {
        let (shop, stop, mut dice) = (shop.clone(), Arc::clone(&stop), dice.fork());
        tokio::spawn(async move {
            let (mut changes, mut is_active) = (0, true);
            while !stop.load(Ordering::Relaxed) {
                match dice.below(3) {
                    0 => {
                        is_active = !is_active;
                        let status = if is_active { "active" } else { "paused" };
                        shop.set_status(&toggled, status).await;
                    }
                    1 => {
                        let value = (1 + dice.below(4)).to_string();
                        let path = format!("/v1/promotions/{edited}");
                        let changed = shop
                            .change(&path, |body| {
                                body["conditions"]["value"] = value.as_str().into()
                            })
                            .await;
                        changed.expect(200);
                    }
                    _ => {
                        let name = format!("brief {changes}");
                        let benefit =
                            json!({"type": "amount_off", "value": "1", "target": {"type": "cart"}});
                        let brief =
                            shop.promotion(&shop::promotion(&name, benefit, json!({}))).await;
                        shop.set_status(&brief, "archived").await;
                    }
                }
                changes += 1;
            }
            changes
        })
    };
    let book = Arc::new(Book::default());
    let mut clients = Vec::new();
    for _ in 0..32 {
        let (till, mut dice) = (Till::new(&shop, &book), dice.fork());
        clients.push(tokio::spawn(async move {
            let mut refused = 0;
            for _ in 0..pick(12, 200) {
                let request = shop::cart(1 + dice.below(3));
                refused += redeem_quoted(&till, &request, dice.percent(20)).await.1;
            }
            refused
        }));
    }
    let mut refused = 0;
    for client in clients {
        refused += client.await.expect("a client");
    }
    stop.store(true, Ordering::Relaxed);
    let changes = changing.await.expect("the admin");
    checker::check_all(&database.owner(), &book).await;
    assert!(refused > 0, "nothing was ever refused: {changes} changes");
    println!(
        "{} redemptions, {refused} refused with the new amount, {changes} changes",
        book.len()
    );
}

/// An instance that hears of changes late evaluates by old rules for a moment, and never redeems by them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_instance_redeems_by_rules_that_are_out_of_date() {
    let database = TestDatabase::new().await;
    let mut instances = vec![Instance::start(&database.owner(), |_| {}).await];
    // This one hears nothing, and asks twice a second.
    instances
        .push(Instance::start(&database.owner(), |options| options.notifications = false).await);
    let front = instance::front_of(&instances, &[0]).await;
    let shop = Shop::open(&front.only(0)).await;
    let promotion = shop
        .promotion(&shop::ten_off("P", json!({"promotion": {"times": {"max": 100_000}}})))
        .await;
    let till = Till::new(&shop, &Arc::new(Book::default()));
    let mut deaf = till.clone();
    deaf.front = front.only(1);
    let mut stale = 0;
    for round in 0..pick(40, 400) {
        let is_active = round % 2 == 1;
        // The deaf one has the rules in memory.
        let before = deaf.evaluate(&shop::cart(1)).await.expect(200);
        shop.set_status(&promotion, if is_active { "active" } else { "paused" }).await;
        stale += i32::from(
            deaf.evaluate(&shop::cart(1)).await.times(&promotion) != u64::from(is_active),
        );
        let body = shop::redemption(&shop::transaction(), &shop::cart(1), round % 3 == 0);
        let sold = deaf.redeem(&body).await.expect(201);
        assert_eq!(sold.times(&promotion), u64::from(is_active), "{}", sold.text);
        // What was quoted before is refused.
        let mut body = shop::redemption(&shop::transaction(), &shop::cart(1), false);
        body["expected_discount"] = if is_active { "0.00" } else { "10.00" }.into();
        let refused = deaf.redeem(&body).await;
        if before.times(&promotion) != u64::from(is_active) {
            refused.expect_code(409, "discount_changed");
        }
    }
    checker::check_all(&database.owner(), &till.book).await;
    println!("{stale} evaluations by rules that had changed, no redemption");
}

/// Of those who were quoted the last use, one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_those_who_were_quoted_the_last_use_one_gets_it() {
    let database = TestDatabase::new().await;
    let (_instances, front) = instance::start(&database.owner(), 2).await;
    let shop = Shop::open(&front).await;
    let book = Arc::new(Book::default());
    for round in 0..pick(8, 100) {
        let limits = json!({"promotion": {"discount": {"max": "25"}}});
        let promotion = shop.promotion(&shop::ten_off(&format!("P{round}"), limits)).await;
        let till = Till::new(&shop, &book);
        is_quoted(&till, &shop::cart(2), "20.00").await;
        let mut clients = Vec::new();
        for _ in 0..8 {
            let till = till.clone();
            clients.push(tokio::spawn(async move {
                let mut body = shop::redemption(&shop::transaction(), &shop::cart(2), false);
                body["expected_discount"] = json!(20);
                till.redeem(&body).await
            }));
        }
        let mut had = 0;
        for client in clients {
            let answer = client.await.expect("a client");
            if answer.status == 409 {
                assert_eq!((answer.code(), answer.discount()), ("discount_changed", "5.00"));
            } else {
                assert_eq!(answer.expect(201).discount(), "20.00");
                had += 1;
            }
        }
        assert_eq!(had, 1);
        // The evaluation knows what is left.
        is_quoted(&till, &shop::cart(2), "5.00").await;
        shop.set_status(&promotion, "archived").await;
    }
    checker::check_all(&database.owner(), &book).await;
}

/// The database's clock decides, at the moment of the redemption.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redemptions_go_by_the_clock_of_the_database() {
    let database = TestDatabase::new().await;
    let (_instances, front) = instance::start(&database.owner(), 2).await;
    let shop = Shop::open(&front).await;
    let till = Till::new(&shop, &Arc::new(Book::default()));
    let now: DateTime<Utc> = sqlx::query_scalar("select clock_timestamp()")
        .fetch_one(&mut database.owner_connection().await)
        .await
        .expect("the database's time");
    let sold = till
        .redeem(&shop::redemption(&shop::transaction(), &shop::cart(1), false))
        .await
        .expect(201);
    let at = sold.body["result"]["evaluated_at"].as_str().expect("a time");
    let at: DateTime<Utc> = at.parse().expect("a time");
    assert!((at - now).abs() < TimeDelta::seconds(30), "{at} is not the database's time");
    let mut body = shop::redemption(&shop::transaction(), &shop::cart(1), false);
    body["request"]["at"] = now.to_rfc3339().into();
    till.redeem(&body).await.expect_code(422, "invalid");

    // The end of one promotion and the start of another come between quote and redemption.
    let mut brief = shop::ten_off("brief", json!({}));
    brief["ends_at"] = (Utc::now() + TimeDelta::milliseconds(3_000)).to_rfc3339().into();
    shop.promotion(&brief).await;
    let mut late = shop::promotion(
        "late",
        json!({"type": "amount_off", "value": "3", "target": {"type": "cart"}}),
        json!({}),
    );
    late["starts_at"] = (Utc::now() + TimeDelta::milliseconds(3_100)).to_rfc3339().into();
    shop.promotion(&late).await;
    is_quoted(&till, &shop::cart(1), "10.00").await;
    is_quoted(&till, &shop::cart(1), "3.00").await;
    let mut body = shop::redemption(&shop::transaction(), &shop::cart(1), false);
    body["expected_discount"] = "10.00".into();
    let refused = till.redeem(&body).await.expect_code(409, "discount_changed");
    assert_eq!(refused.discount(), "3.00");
    checker::check_all(&database.owner(), &till.book).await;
}
