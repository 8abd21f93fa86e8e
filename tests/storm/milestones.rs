//! Milestones under many at once: no step is lost, and each target unlocks once a window.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;
use support::TestDatabase;

use crate::checker;
use crate::earning::{bought, open, together};
use crate::scale::{Dice, pick};
use crate::shop::{self, Shop};

const CLIENTS: usize = 64;

/// A milestone of bought units, and for each target a promotion: their ids.
async fn milestone(shop: &Shop, name: &str, targets: &[u64]) -> Vec<String> {
    let named: Vec<_> = targets
        .iter()
        .map(|target| json!({"name": format!("T{target}"), "value": target.to_string()}))
        .collect();
    let body = json!({"measure": "quantity", "targets": named});
    let path = format!("/v1/milestones/{name}");
    shop.ask(Method::PUT, &path, Some(&body)).await.expect(200);
    let mut promotions = Vec::new();
    for target in targets {
        let mut body = shop::ten_off(&format!("{name} {target}"), json!({}));
        body["type"] = "loyalty_earning".into();
        let target = json!({"name": name, "target": format!("T{target}")});
        body["earning"] = json!({"trigger": "milestone", "milestone": target});
        promotions.push(shop.promotion(&body).await);
    }
    promotions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_is_exact_and_each_target_unlocks_once() {
    let mut dice = Dice::new("progress_is_exact_and_each_target_unlocks_once");
    let database = TestDatabase::new().await;
    let (_instances, shop, till) = open(&database).await;
    // Neighbors, so that one transaction crosses two of them.
    let mut targets: Vec<u64> = vec![1, 2, 50, 51, 52, 120, 121];
    let promotions = milestone(&shop, "M", &targets).await;
    targets.push(u64::MAX);
    for round in 0..pick(2, 20) {
        let customer = format!("C-{round}");
        let quantities: Vec<u64> = (0..CLIENTS * pick(1, 4)).map(|_| 1 + dice.below(5)).collect();
        // Each twice: what is sent again moves nothing.
        let mut bodies: Vec<_> = quantities
            .iter()
            .enumerate()
            .flat_map(|(number, quantity)| {
                let body = bought(&format!("A-{round}-{number}"), &customer, *quantity);
                [body.clone(), body]
            })
            .collect();
        dice.shuffle(&mut bodies);
        let mut seen = BTreeMap::new();
        for answer in together(&shop, "/v1/activities", bodies).await {
            let answer = answer.expect(200);
            let progress = answer.body["milestones"][0]["progress"].as_str();
            let progress: u64 = progress.expect("progress").parse().expect("a count");
            let unlocked = answer.body["unlocked"].as_array().expect("issuances");
            let unlocked: Vec<String> = unlocked
                .iter()
                .map(|own| own["promotion_id"].as_str().expect("an id").to_owned())
                .collect();
            let known = seen.insert(progress, unlocked.clone());
            assert!(known.is_none_or(|known| known == unlocked), "{progress}");
        }
        assert_eq!(seen.len(), quantities.len());
        let sum: u64 = quantities.iter().sum();
        let mut steps: Vec<u64> = Vec::new();
        let mut before = 0;
        for (progress, unlocked) in &seen {
            // Exactly the targets that lie between the last progress and this one.
            let crossed = targets
                .iter()
                .zip(&promotions)
                .filter(|(target, _)| (before + 1..=*progress).contains(*target));
            let mut crossed: Vec<&String> = crossed.map(|(_, promotion)| promotion).collect();
            let mut unlocked: Vec<&String> = unlocked.iter().collect();
            crossed.sort();
            unlocked.sort();
            assert_eq!(unlocked, crossed, "from {before} to {progress}");
            steps.push(progress - before);
            before = *progress;
        }
        assert_eq!(before, sum);
        let mut quantities = quantities;
        quantities.sort_unstable();
        steps.sort_unstable();
        assert_eq!(steps, quantities);
    }
    checker::check_all(&database.owner(), &till.book).await;
}

/// Activities and returns of the same sales at the same time, each sale of one unit: what is left counts, in any order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn returns_lower_what_activities_raise_in_any_order() {
    let mut dice = Dice::new("returns_lower_what_activities_raise_in_any_order");
    let database = TestDatabase::new().await;
    let (_instances, shop, till) = open(&database).await;
    milestone(&shop, "M", &[3]).await;
    let sales = pick(40, 400);
    let mut clients = Vec::new();
    for number in 0..sales {
        let transaction = shop::transaction();
        let body = shop::redemption(&transaction, &shop::cart_of("C", 3), false);
        let sold = till.redeem(&body).await.expect(201);
        let mut deed = bought(&format!("A-{number}"), "C", 3);
        deed["transaction_id"] = transaction.as_str().into();
        let back = json!({"return_id": "R", "lines": [{"id": "1", "quantity": "2"}]});
        for actor in 0..2 {
            let (till, deed, back, id) = (till.clone(), deed.clone(), back.clone(), sold.id());
            let pause = std::time::Duration::from_micros(dice.below(3_000));
            clients.push(tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                let done = match actor {
                    0 => {
                        let call = till.call("/v1/activities", &deed);
                        till.front.until_answered(&call).await
                    }
                    _ => till.bring_back(&id, &back).await,
                };
                done.expect(200);
            }));
        }
    }
    for client in clients {
        client.await.expect("a client");
    }
    let last = bought("last", "C", 1);
    let last = together(&shop, "/v1/activities", vec![last]).await;
    let progress = &last[0].body["milestones"][0]["progress"];
    assert_eq!(progress, (sales + 1).to_string().as_str());
    checker::check_all(&database.owner(), &till.book).await;
}
