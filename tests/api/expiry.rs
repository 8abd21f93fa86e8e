//! Issuances that expire, and reminders before: told once, whoever looks, whatever has become of them (spec 11, 12).

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use promotion_engine::jobs::issuances::round;
use serde_json::{Value, json};
use support::harness::{Service, Tenant, cart, random_id, ten_percent};

use crate::events::all;

const DAY: i64 = 86_400;
/// Longer than what is due waits for whoever was at it just before.
const SETTLED: i64 = 11;

/// A reward that reminds three days before its end.
fn reward(name: &str, ends_at: DateTime<Utc>, expiry: Value) -> Value {
    let mut body = ten_percent(name);
    body["type"] = "rewards".into();
    body["ends_at"] = written(ends_at).into();
    body["expiry"] = expiry;
    body["communication"] = json!({"expiry_reminder": {"days_before": 3, "messages": [message()]}});
    body
}

fn message() -> Value {
    json!({"channel": "sms", "template": "hurry"})
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn after_days(days: u32) -> Value {
    json!({"type": "after_days", "days": days})
}

fn with_promotion() -> Value {
    json!({"type": "with_promotion"})
}

/// A shop whose clock tests move, and what is told of its issuances.
struct Shop {
    service: Service,
    tenant: Tenant,
    begun: DateTime<Utc>,
}

impl Shop {
    async fn of(service: Service) -> Self {
        let tenant = service.tenant().await;
        // To the second, so that days later is days later to the millisecond.
        let begun = DateTime::from_timestamp(Utc::now().timestamp(), 0).unwrap();
        Self { service, tenant, begun }
    }

    fn day(&self, day: i64) -> DateTime<Utc> {
        self.begun + TimeDelta::days(day)
    }

    /// Moves the clock to so many seconds after the beginning of a day.
    fn go_to(&self, day: i64, seconds: i64) {
        self.service.set_clock(self.day(day) + TimeDelta::seconds(seconds));
    }

    async fn promotion(&self, body: Value) -> String {
        self.service.promotion(&self.tenant.admin, body).await
    }

    async fn issue(&self, promotion: &str, customer: &str) -> String {
        let body = json!({"promotion_id": promotion, "customer_id": customer, "source_id": "S"});
        let made = self.service.post("/v1/issuances", &self.tenant.issuer, body).await;
        made.expect(201).id()
    }

    async fn replace(&self, promotion: &str, body: Value) {
        let path = format!("/v1/promotions/{promotion}");
        let now = self.service.get(&path, &self.tenant.admin).await.expect(200);
        let tag = now.header("etag").to_owned();
        let replaced = self.service.replace(&path, &self.tenant.admin, &tag, body).await;
        replaced.expect(200);
    }

    async fn status(&self, promotion: &str, status: &str) {
        let path = format!("/v1/promotions/{promotion}/status");
        let body = json!({"status": status});
        let moved = self.service.post(&path, &self.tenant.admin, body).await;
        moved.expect(200);
    }

    async fn post(&self, path: String, body: Value) -> Value {
        let answer = self.service.post(&path, &self.tenant.admin, body).await;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        answer.body
    }

    async fn redeem(&self, customer: &str, hold: bool) -> String {
        let mut request = cart();
        request["customer"] = json!({"id": customer});
        let body = json!({"transaction_id": random_id(), "request": request, "hold": hold});
        let sold = self.post("/v1/redemptions".to_owned(), body).await;
        assert_eq!(sold["result"]["totals"]["discount"], "10.00");
        sold["id"].as_str().unwrap().to_owned()
    }

    async fn take_back(&self, redemption: &str) {
        let path = format!("/v1/redemptions/{redemption}/returns");
        let back = json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]});
        self.post(path, back).await;
    }

    /// What was told of the ends of issuances, once all that is due was: the types, in order.
    async fn told(&self, issuance: &str) -> Vec<String> {
        let told = self.events(issuance).await;
        let types = told.iter().map(|event| event["type"].as_str().unwrap());
        types.map(|own| own.replace("issuance.", "")).collect()
    }

    async fn events(&self, issuance: &str) -> Vec<Value> {
        // Twice, since the instance's own job may be in the middle of it.
        for _ in 0..2 {
            round(self.service.app.service()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut events = all(&self.service, &self.tenant.admin).await;
        events.retain(|event| {
            let is_end =
                matches!(event["type"].as_str(), Some("issuance.expiring" | "issuance.expired"));
            is_end && event["data"]["issuance_id"] == issuance
        });
        events
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_and_the_end_are_told_once() {
    let (database, service) = Service::start().await;
    let second = Service::on(&database, |_| {}).await;
    let shop = Shop::of(service).await;
    let promotion = shop.promotion(reward("P", shop.day(90), after_days(10))).await;
    let id = shop.issue(&promotion, "C").await;
    // A moment of the first day: the days run from then on.
    let path = format!("/v1/issuances/{id}");
    let read = async || {
        let read = shop.service.get(&path, &shop.tenant.pos).await;
        read.expect(200).body
    };
    let issued = read().await;
    shop.go_to(6, DAY - 1);
    assert!(shop.told(&id).await.is_empty());
    shop.go_to(7, 60);
    let told = shop.events(&id).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["type"], "issuance.expiring");
    let data = json!({"issuance_id": id, "promotion_id": promotion, "customer_id": "C",
                      "source": "manual", "source_id": "S", "state": "unlocked",
                      "expires_at": issued["expires_at"], "messages": [message()]});
    assert_eq!(told[0]["data"], data);
    second.clock.set_offset(shop.service.clock.offset());
    round(second.app.service()).await.unwrap();
    shop.go_to(9, DAY - 1);
    assert_eq!(shop.told(&id).await, ["expiring"]);
    shop.go_to(10, 60);
    second.clock.set_offset(shop.service.clock.offset());
    let both = tokio::join!(round(second.app.service()), shop.told(&id));
    both.0.unwrap();
    let told = shop.events(&id).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1]["type"], "issuance.expired");
    assert_eq!(told[1]["occurred_at"], issued["expires_at"]);
    let data = json!({"issuance_id": id, "promotion_id": promotion, "customer_id": "C",
                      "source": "manual", "source_id": "S", "unlocked_at": issued["unlocked_at"],
                      "expires_at": issued["expires_at"]});
    assert_eq!(told[1]["data"], data);
    assert_eq!(read().await["state"], "expired");
    shop.go_to(100, 0);
    assert_eq!(shop.told(&id).await, ["expiring", "expired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_follows_an_end_that_is_moved() {
    let (_database, service) = Service::start().await;
    let shop = Shop::of(service).await;
    let with = |end: i64| reward("With", shop.day(end), with_promotion());
    let capped = |end: i64| reward("Capped", shop.day(end), after_days(20));
    let (long, short) = (shop.promotion(with(10)).await, shop.promotion(capped(10)).await);
    let (long_id, short_id) = (shop.issue(&long, "C").await, shop.issue(&short, "C").await);
    let told = async || (shop.told(&long_id).await, shop.told(&short_id).await);
    let both = |list: &[&str]| {
        let list: Vec<String> = list.iter().map(|own| (*own).to_owned()).collect();
        (list.clone(), list)
    };
    shop.go_to(7, -1);
    assert_eq!(told().await, both(&[]));
    shop.go_to(7, SETTLED);
    assert_eq!(told().await, both(&["expiring"]));
    // What was said of the end is no longer so: it is said again, before the new one.
    shop.replace(&long, with(15)).await;
    shop.replace(&short, capped(15)).await;
    shop.go_to(12, -1);
    assert_eq!(told().await, both(&["expiring"]));
    shop.go_to(12, SETTLED);
    assert_eq!(told().await, both(&["expiring", "expiring"]));
    // And it comes sooner.
    shop.replace(&long, with(13)).await;
    shop.replace(&short, capped(13)).await;
    assert_eq!(told().await, both(&["expiring"; 3]));
    shop.go_to(13, SETTLED);
    let until = ["expiring", "expiring", "expiring", "expired"];
    assert_eq!(told().await, both(&until));
    // After the end a new life, which is the own end of the one.
    shop.go_to(14, 0);
    shop.replace(&long, with(40)).await;
    shop.replace(&short, capped(40)).await;
    assert_eq!(told().await, both(&until));
    let again = ["expiring", "expiring", "expiring", "expired", "expiring", "expired"];
    for (day, of_long, of_short) in [(17, 4, 5), (20, 4, 6), (37, 5, 6), (40, 6, 6)] {
        shop.go_to(day, 60);
        let (long, short) = told().await;
        assert_eq!(long, again[..of_long]);
        assert_eq!(short, again[..of_short]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_end_is_told_of_once() {
    let (_database, service) = Service::start().await;
    let shop = Shop::of(service).await;
    let body = |end: i64| reward("P", shop.day(end), after_days(12));
    let promotion = shop.promotion(body(10)).await;
    let id = shop.issue(&promotion, "C").await;
    shop.go_to(10, SETTLED);
    assert_eq!(shop.told(&id).await, ["expired"]);
    // An end that lies before the one that was told is none.
    shop.replace(&promotion, body(9)).await;
    assert_eq!(shop.told(&id).await, ["expired"]);
    // Its own end is another one than was told, though it lies behind by now.
    shop.go_to(13, 0);
    shop.replace(&promotion, body(30)).await;
    assert_eq!(shop.told(&id).await, ["expired", "expired"]);
    shop.go_to(30, SETTLED);
    assert_eq!(shop.told(&id).await, ["expired", "expired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_reminded_of_what_cannot_be_used_or_came_too_late() {
    let (_database, service) = Service::start().await;
    let shop = Shop::of(service).await;
    let plain = shop.promotion(reward("Plain", shop.day(10), with_promotion())).await;
    let paused = shop.promotion(reward("Paused", shop.day(10), with_promotion())).await;
    let archived = shop.promotion(reward("Archived", shop.day(10), with_promotion())).await;
    let brief = shop.promotion(reward("Brief", shop.day(10), after_days(2))).await;
    let mut body = reward("Earned", shop.day(10), with_promotion());
    body["type"] = "loyalty_earning".into();
    body["earning"] = json!({"trigger": "activity", "activity": "transaction"});
    let earned = shop.promotion(body).await;
    let mut body = reward("Claimed", shop.day(10), with_promotion());
    body["activation_required"] = true.into();
    let claimed = shop.promotion(body).await;
    let mut body = ten_percent("Open");
    body["activation_required"] = true.into();
    body["ends_at"] = written(shop.day(10)).into();
    let open = shop.promotion(body).await;

    let waiting = shop.issue(&earned, "C").await;
    let hanging = shop.issue(&paused, "C").await;
    let gone = shop.issue(&archived, "C").await;
    let brief = shop.issue(&brief, "C").await;
    let unclaimed = shop.issue(&claimed, "C").await;
    let taken = shop.issue(&plain, "taken").await;
    let path = format!("/v1/promotions/{open}/activations");
    let claim = shop.post(path, json!({"customer_id": "C"})).await;
    let claim = claim["id"].as_str().unwrap();
    shop.post(format!("/v1/issuances/{taken}/revoke"), json!({})).await;
    shop.status(&paused, "paused").await;
    shop.status(&archived, "archived").await;
    shop.go_to(7, SETTLED);
    let late = shop.issue(&plain, "late").await;
    assert_eq!(shop.told(&unclaimed).await, ["expiring"]);
    for id in [&waiting, &hanging, &gone, &late, &taken] {
        assert!(shop.told(id).await.is_empty());
    }
    // Two days of use are over, of which a reminder would have come before they began.
    assert_eq!(shop.told(&brief).await, ["expired"]);
    shop.go_to(8, 0);
    shop.status(&paused, "active").await;
    assert_eq!(shop.told(&hanging).await, ["expiring"]);
    shop.status(&paused, "paused").await;
    shop.go_to(10, SETTLED);
    // Everything ends, earned or not, usable or not; but what was taken back.
    for (id, told) in [
        (waiting.as_str(), vec!["expired"]),
        (&hanging, vec!["expiring", "expired"]),
        (&gone, vec!["expired"]),
        (&unclaimed, vec!["expiring", "expired"]),
        (&late, vec!["expired"]),
        (claim, vec!["expired"]),
        (&taken, vec![]),
    ] {
        assert_eq!(shop.told(id).await, told);
    }
    let told = shop.events(&waiting).await;
    assert_eq!(told[0]["data"]["unlocked_at"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_up_has_no_end_until_something_is_given_back() {
    let (_database, service) = Service::start().await;
    let shop = Shop::of(service).await;
    let mut body = reward("P", shop.day(10), with_promotion());
    body["limits"] = json!({"earn": {"transactions": 1}});
    let promotion = shop.promotion(body).await;
    let mut ids = BTreeMap::new();
    for customer in ["early", "soon", "late", "held"] {
        ids.insert(customer, shop.issue(&promotion, customer).await);
    }
    let told = async |customer: &str| shop.told(&ids[customer]).await;
    let early = shop.redeem("early", false).await;
    let soon = shop.redeem("soon", false).await;
    let late = shop.redeem("late", false).await;
    shop.go_to(6, 0);
    shop.take_back(&early).await;
    shop.go_to(7, SETTLED);
    assert_eq!(told("early").await, ["expiring"]);
    assert!(told("soon").await.is_empty());
    // After its reminder was due and before its end it is there again.
    shop.take_back(&soon).await;
    assert_eq!(told("soon").await, ["expiring"]);
    // Used up once more, and given back: that was said.
    let again = shop.redeem("soon", false).await;
    shop.take_back(&again).await;
    assert_eq!(told("soon").await, ["expiring"]);
    shop.go_to(10, -100);
    assert_eq!(told("held").await, ["expiring"]);
    shop.redeem("held", true).await;
    shop.go_to(10, SETTLED);
    assert_eq!(told("early").await, ["expiring", "expired"]);
    assert_eq!(told("soon").await, ["expiring", "expired"]);
    assert!(told("late").await.is_empty());
    assert_eq!(told("held").await, ["expiring"]);
    // The hold lapses, and what it held has expired meanwhile.
    shop.go_to(10, 250);
    for _ in 0..100 {
        if told("held").await.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(told("held").await, ["expiring", "expired"]);
    shop.go_to(20, 0);
    shop.take_back(&late).await;
    assert_eq!(told("late").await, ["expired"]);
    assert_eq!(told("early").await, ["expiring", "expired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_were_due_while_nobody_ran_are_told_once_each() {
    const CUSTOMERS: usize = 1_300;
    let (database, service) = Service::start().await;
    let shop = Shop::of(service).await;
    let mut promotions = Vec::new();
    for (name, expiry) in [("A", after_days(5)), ("B", with_promotion())] {
        let body = reward(name, shop.day(8), expiry);
        let promotion = shop.promotion(body).await;
        let customers: Vec<String> = (0..CUSTOMERS).map(|number| format!("C-{number}")).collect();
        let body = json!({"promotion_id": promotion, "source_id": "S", "customer_ids": customers});
        shop.post("/v1/issuances/bulk".to_owned(), body).await;
        promotions.push(promotion);
    }
    let tenant = shop.tenant.clone();
    let reminder_day = shop.day(5) + TimeDelta::seconds(SETTLED) - Utc::now();
    let end_day = shop.day(9) - Utc::now();
    shop.service.app.stop().await;
    // Two at once, which come back on the day of the second one's reminder, and then when all is over.
    for (offset, expected) in [(reminder_day, [1, 0, 1]), (end_day, [1, 1, 1])] {
        let late =
            |options: &mut promotion_engine::app::AppOptions| options.clock.set_offset(offset);
        let (one, two) = tokio::join!(Service::on(&database, late), Service::on(&database, late));
        let rounds = tokio::join!(round(one.app.service()), round(two.app.service()));
        rounds.0.unwrap();
        rounds.1.unwrap();
        let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut each: BTreeMap<(String, String), usize> = BTreeMap::new();
        let total = CUSTOMERS * expected.iter().sum::<usize>();
        for _ in 0..200 {
            counts.clear();
            each.clear();
            let mut cursor = String::new();
            loop {
                let path = format!("/v1/events?limit=200{cursor}");
                let page = one.get(&path, &tenant.admin).await.expect(200).body;
                let items = page["items"].as_array().unwrap();
                for event in items {
                    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                    let what = text(&event["type"]);
                    if matches!(what.as_str(), "issuance.expiring" | "issuance.expired") {
                        let data = &event["data"];
                        let of = (text(&data["promotion_id"]), what.clone());
                        *counts.entry(of).or_default() += 1;
                        *each.entry((text(&data["issuance_id"]), what)).or_default() += 1;
                    }
                }
                cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap());
                if items.len() < 200 {
                    break;
                }
            }
            if counts.values().sum::<usize>() >= total {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let count = |promotion: usize, what: &str| {
            let of = (promotions[promotion].clone(), what.to_owned());
            counts.get(&of).copied().unwrap_or(0) / CUSTOMERS
        };
        let told = [
            count(0, "issuance.expired"),
            count(1, "issuance.expired"),
            count(1, "issuance.expiring"),
        ];
        assert_eq!(told, expected);
        assert!(each.values().all(|count| *count == 1), "{counts:?}");
        assert_eq!(counts.values().sum::<usize>(), total, "{counts:?}");
        one.app.stop().await;
        two.app.stop().await;
    }
}
