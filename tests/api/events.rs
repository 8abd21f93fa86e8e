//! What happens is told once, in order, to whoever reads on from a cursor.

use std::time::Duration;

use promotion_engine::jobs::events::forget_round;
use serde_json::{Value, json};
use support::harness::{Service, Tenant, cart, random_id, ten_percent};

/// All events of the tenant, page by page.
pub async fn all(service: &Service, key: &str) -> Vec<Value> {
    let (mut events, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/events?limit=3{cursor}");
        let page = service.get(&path, key).await.expect(200).body;
        let items = page["items"].as_array().unwrap().clone();
        let next = page["next_cursor"].as_str().expect("a cursor at the end too");
        cursor = format!("&cursor={next}");
        let is_last = items.len() < 3;
        events.extend(items);
        if is_last {
            return events;
        }
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

async fn redeem(service: &Service, tenant: &Tenant, transaction: &str, more: Value) -> String {
    let mut body = json!({"transaction_id": transaction, "request": cart()});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let made = service.post("/v1/redemptions", &tenant.pos, body).await;
    made.expect(201).id()
}

/// Waits for what a job does.
async fn eventually(service: &Service, key: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    for _ in 0..120 {
        let events = all(service, key).await;
        if wanted(&events) {
            return events;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:?}", all(service, key).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn promotions_tell_of_their_moves() {
    let (_database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let admin = &tenant.admin;
    let empty = service.get("/v1/events", admin).await.expect(200).body;
    assert_eq!(empty["items"], json!([]));
    let cursor = empty["next_cursor"].as_str().unwrap();
    let id = service.promotion(admin, ten_percent("P")).await;
    let mut draft = ten_percent("D");
    draft["status"] = "draft".into();
    let draft = service.promotion(admin, draft).await;
    let path = format!("/v1/promotions/{id}/status");
    for status in ["paused", "paused", "active", "archived"] {
        let body = json!({"status": status});
        service.post(&path, admin, body).await.expect(200);
    }
    let path = format!("/v1/promotions/{draft}");
    service.replace(&path, admin, "\"1\"", ten_percent("D")).await.expect(200);
    service.replace(&path, admin, "\"2\"", ten_percent("E")).await.expect(200);
    let events = all(&service, &tenant.viewer).await;
    let expected = [
        "promotion.activated",
        "promotion.paused",
        "promotion.activated",
        "promotion.archived",
        "promotion.activated",
    ];
    assert_eq!(types(&events), expected);
    for (number, event) in (1..).zip(&events) {
        assert_eq!(event["sequence"], number);
    }
    assert_eq!(events[0]["data"]["promotion_id"], id);
    assert_eq!(events[0]["data"]["name"], "P");
    assert_eq!(events[4]["data"]["promotion_id"], draft);
    // From the end of an empty log on.
    let path = format!("/v1/events?cursor={cursor}");
    let later = service.get(&path, admin).await.expect(200).body;
    assert_eq!(later["items"], json!(events));
    assert!(all(&service, &other.admin).await.is_empty());
    for query in ["limit=0", "limit=201", "cursor=zz", "cursor=6e31", "type=x"] {
        let path = format!("/v1/events?{query}");
        service.get(&path, admin).await.expect_code(422, "invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redemptions_tell_what_becomes_of_them() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let promotion = service.promotion(&tenant.admin, ten_percent("P")).await;
    let hold = json!({"hold": true});
    let sale = redeem(&service, &tenant, "T-1", json!({})).await;
    let held = redeem(&service, &tenant, "T-2", hold.clone()).await;
    let act = async |path: String, body: Value| {
        service.post(&path, &tenant.pos, body).await.expect(200);
    };
    for _ in 0..2 {
        act(format!("/v1/redemptions/{held}/commit"), json!({})).await;
    }
    let lost = redeem(&service, &tenant, "T-3", hold.clone()).await;
    for _ in 0..2 {
        act(format!("/v1/redemptions/{lost}/cancel"), json!({})).await;
    }
    act("/v1/redemptions/tx:never/cancel".to_owned(), json!({})).await;
    let old = redeem(&service, &tenant, "T-4", hold.clone()).await;
    let mut other = cart();
    other["cart"]["lines"][0]["quantity"] = "2".into();
    let more = json!({"request": other, "replaces": old});
    let new = redeem(&service, &tenant, "T-4", more).await;
    let back = json!({"return_id": "R-1", "lines": [{"id": "1", "quantity": "1"}]});
    for _ in 0..2 {
        act(format!("/v1/redemptions/{sale}/returns"), back.clone()).await;
    }
    let lapsed = redeem(&service, &tenant, "T-5", hold).await;
    service.move_clock(301);
    let events = eventually(&service, &tenant.admin, |events| events.len() >= 8).await;
    let told: Vec<(&str, &str, &str)> = events
        .iter()
        .map(|event| {
            let data = &event["data"];
            let cause = data["cause"].as_str().unwrap_or_default();
            let id = data["redemption_id"].as_str().unwrap_or_default();
            (event["type"].as_str().unwrap(), id, cause)
        })
        .collect();
    let expected = [
        ("promotion.activated", "", ""),
        ("redemption.committed", sale.as_str(), ""),
        ("redemption.committed", held.as_str(), ""),
        ("redemption.cancelled", lost.as_str(), "cancelled"),
        ("redemption.cancelled", old.as_str(), "replaced"),
        ("redemption.committed", new.as_str(), ""),
        ("redemption.returned", sale.as_str(), ""),
        ("redemption.cancelled", lapsed.as_str(), "expired"),
    ];
    assert_eq!(told, expected);
    let gift = json!([{"promotion_id": promotion, "times": 1, "discount": "10.00", "points": "0"}]);
    for place in [1, 2] {
        assert_eq!(events[place]["data"]["discount"], "10.00");
        assert_eq!(events[place]["data"]["promotions"], gift);
    }
    assert_eq!(events[2]["data"]["transaction_id"], "T-2");
    assert_eq!(events[6]["data"]["return"]["return_id"], "R-1");
    assert_eq!(events[6]["data"]["return"]["refund"], "90.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_exhausted_once_in_a_window() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut body = ten_percent("P");
    body["limits"] =
        json!({"promotion": {"times": {"max": 2, "refresh": {"every": 1, "unit": "day"}}}});
    let promotion = service.promotion(&tenant.admin, body).await;
    let budget = |events: &[Value]| {
        let of = events.iter().filter(|event| event["type"] == "promotion.budget_exhausted");
        of.cloned().collect::<Vec<_>>()
    };
    redeem(&service, &tenant, "T-1", json!({})).await;
    assert!(budget(&all(&service, &tenant.admin).await).is_empty());
    // Holds count, and what is given back and taken again is no news.
    for number in 2..5 {
        let id = format!("T-{number}");
        let held = redeem(&service, &tenant, &id, json!({"hold": true})).await;
        let path = format!("/v1/redemptions/{held}/cancel");
        service.post(&path, &tenant.pos, json!({})).await.expect(200);
    }
    let told = budget(&all(&service, &tenant.admin).await);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["data"]["promotion_id"], promotion);
    assert_eq!(told[0]["data"]["limit"], "promotion.times");
    assert_eq!(told[0]["data"]["maximum"], 2);
    service.move_clock(24 * 60 * 60);
    for number in 5..9 {
        redeem(&service, &tenant, &format!("T-{number}"), json!({})).await;
    }
    let told = budget(&all(&service, &tenant.admin).await);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_ne!(told[0]["data"]["window"], told[1]["data"]["window"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_ends_once_whoever_was_there() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut body = ten_percent("P");
    let end = service.clock.now() + chrono::TimeDelta::hours(1);
    body["ends_at"] = json!(end.to_rfc3339());
    let promotion = service.promotion(&tenant.admin, body.clone()).await;
    body["name"] = "Draft".into();
    body["status"] = "draft".into();
    service.promotion(&tenant.admin, body).await;
    service.app.stop().await;
    // Down while it ended, and then there are two.
    let late = |options: &mut promotion_engine::app::AppOptions| {
        options.clock.set_offset(chrono::TimeDelta::hours(30));
    };
    let service = Service::on(&database, late).await;
    let _second = Service::on(&database, late).await;
    let events = eventually(&service, &tenant.admin, |events| events.len() >= 2).await;
    assert_eq!(types(&events), ["promotion.activated", "promotion.ended"]);
    assert_eq!(events[1]["data"]["promotion_id"], promotion);
    // It goes on, and ends once more.
    let path = format!("/v1/promotions/{promotion}");
    let mut longer = ten_percent("P");
    let end = service.clock.now() + chrono::TimeDelta::hours(1);
    longer["ends_at"] = json!(end.to_rfc3339());
    service.replace(&path, &tenant.admin, "\"1\"", longer).await.expect(200);
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(all(&service, &tenant.admin).await.len(), 2);
    service.move_clock(2 * 60 * 60);
    let events = eventually(&service, &tenant.admin, |events| events.len() >= 3).await;
    assert_eq!(types(&events[2..]), ["promotion.ended"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_kept_for_ninety_days() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    service.promotion(&tenant.admin, ten_percent("P")).await;
    assert_eq!(all(&service, &tenant.admin).await.len(), 1);
    service.move_clock(90 * 24 * 60 * 60 - 60);
    forget_round(service.app.service()).await.unwrap();
    assert_eq!(all(&service, &tenant.admin).await.len(), 1);
    service.move_clock(120);
    service.promotion(&tenant.admin, ten_percent("Q")).await;
    forget_round(service.app.service()).await.unwrap();
    let events = all(&service, &tenant.admin).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["sequence"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_polls_sees_every_sale_of_many_tills() {
    const TILLS: usize = 8;
    const SALES: usize = 15;
    let (database, service) = Service::start().await;
    let second = Service::on(&database, |_| {}).await;
    let tenant = service.tenant().await;
    service.promotion(&tenant.admin, ten_percent("P")).await;
    let till = async |number: usize| {
        let own = if number.is_multiple_of(2) { &service } else { &second };
        let mut sold = Vec::new();
        for _ in 0..SALES {
            sold.push(redeem(own, &tenant, &random_id(), json!({})).await);
        }
        sold
    };
    let reader = async {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        while seen.len() < TILLS * SALES + 1 {
            let path = format!("/v1/events?limit=5{cursor}");
            let page = second.get(&path, &tenant.viewer).await.expect(200).body;
            cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap());
            seen.extend(page["items"].as_array().unwrap().clone());
        }
        seen
    };
    let tills = futures_util::future::join_all((0..TILLS).map(till));
    let both = async { tokio::join!(tills, reader) };
    let (sold, seen) = tokio::time::timeout(Duration::from_secs(60), both)
        .await
        .expect("the reader sees them all");
    for (number, event) in (1..).zip(&seen) {
        assert_eq!(event["sequence"], number);
    }
    let mut told: Vec<String> = seen[1..]
        .iter()
        .map(|event| event["data"]["redemption_id"].as_str().unwrap().to_owned())
        .collect();
    let mut sold: Vec<String> = sold.into_iter().flatten().collect();
    told.sort();
    sold.sort();
    assert_eq!(told, sold);
}
