//! Webhooks: made, refused, delivered in order by whoever is there, given up, sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use promotion_engine::app::AppOptions;
use promotion_engine::service::webhooks::address::Targets;
use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{Service, Tenant, cart, random_id, ten_percent};
use support::receiver::{Manner, Receiver, signature};

fn anywhere(options: &mut AppOptions) {
    options.webhook_targets = Targets::Any;
}

async fn put(service: &Service, tenant: &Tenant, url: &str, events: Value) -> String {
    let body = json!({"url": url, "events": events});
    let made = service.put("/v1/webhooks/crm", &tenant.admin, body).await;
    let made = made.expect(201).body;
    made["secret"].as_str().expect("a secret").to_owned()
}

async fn sell(service: &Service, tenant: &Tenant) -> String {
    let body = json!({"transaction_id": random_id(), "request": cart()});
    let made = service.post("/v1/redemptions", &tenant.pos, body).await;
    made.expect(201).id()
}

/// The page of what was given up, once it is so long.
async fn dead(service: &Service, tenant: &Tenant, count: usize) -> Vec<Value> {
    for _ in 0..300 {
        let path = "/v1/webhooks/crm/dead";
        let page = service.get(path, &tenant.viewer).await.expect(200).body;
        let items = page["items"].as_array().unwrap().clone();
        if items.len() == count {
            return items;
        }
        if count > 0 {
            service.move_clock(3 * 60 * 60);
        }
        // Longer than the pause between two looks for what is due.
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    panic!("{count} are never given up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_made_shown_replaced_and_deleted() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let path = "/v1/webhooks/crm";
    service.get(path, admin).await.expect_code(404, "not_found");
    let body = json!({"url": "https://crm.example/hooks", "events": ["redemption.committed"]});
    let made = service.put(path, admin, body.clone()).await.expect(201);
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), "whsec_".len() + 44);
    let read = service.get(path, &tenant.viewer).await.expect(200);
    assert_eq!(read.body["name"], "crm");
    assert_eq!(read.body["url"], "https://crm.example/hooks");
    assert_eq!(read.body["events"], json!(["redemption.committed"]));
    service.put(path, admin, body.clone()).await.expect(200);
    let mut other = body.clone();
    other["events"] = json!(["promotion.ended", "promotion.paused"]);
    other["name"] = "crm".into();
    let replaced = service.put(path, admin, other).await.expect(200);
    assert_eq!(replaced.body["secret"], Value::Null);
    let listed = service.get("/v1/webhooks", &tenant.viewer).await.expect(200);
    assert_eq!(listed.body["items"][0]["events"].as_array().unwrap().len(), 2);
    service.delete(path, admin).await.expect(204);
    service.delete(path, admin).await.expect_code(404, "not_found");
    for route in ["dead", "resend"] {
        let path = format!("{path}/{route}");
        let answer = if route == "dead" {
            service.get(&path, admin).await
        } else {
            service.post(&path, admin, json!({})).await
        };
        answer.expect_code(404, "not_found");
    }
    let again = service.put(path, admin, body).await.expect(201);
    assert_ne!(again.body["secret"], secret.as_str());
    let trail = service.get("/v1/audit?subject=webhook:crm", admin).await.expect(200);
    let actions: Vec<&str> = trail.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["created", "deleted", "replaced", "created"]);
    for text in [&read.text, &listed.text, &replaced.text, &trail.text] {
        assert!(!text.contains("whsec_") && !text.contains(&secret[6..]), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_webhook_is_refused() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let faults = async |body: Value| {
        let answer = service.put("/v1/webhooks/crm", admin, body).await;
        answer.expect_code(422, "invalid").faults()
    };
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(
        faults(json!({"secret": "x"})).await,
        [
            fault("/url", "required"),
            fault("/events", "required"),
            fault("/secret", "unknown_field")
        ]
    );
    let good = "https://crm.example/";
    for (events, expected) in [
        (json!([]), fault("/events", "required")),
        (json!(["sale"]), fault("/events/0", "malformed")),
        (json!(["promotion.ended", "promotion.ended"]), fault("/events/1", "not_unique")),
    ] {
        let body = json!({"url": good, "events": events});
        assert_eq!(faults(body).await, [expected]);
    }
    for url in [
        "crm",
        "http://crm.example/",
        "https://user:word@crm.example/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fd00::1]/",
    ] {
        let body = json!({"url": url, "events": ["promotion.ended"]});
        assert_eq!(faults(body).await, [fault("/url", "malformed")], "{url}");
    }
    let long = format!("https://crm.example/{}", "x".repeat(2_000));
    let body = json!({"url": long, "events": ["promotion.ended"]});
    assert_eq!(faults(body).await, [fault("/url", "too_long")]);
    let body = json!({"name": "erp", "url": good, "events": ["promotion.ended"]});
    assert_eq!(faults(body).await, [fault("/name", "unsupported_combination")]);
    let body = json!({"url": good, "events": ["promotion.ended"]});
    let puts = (0..24).map(async |number| {
        let path = format!("/v1/webhooks/W{number}");
        service.put(&path, admin, body.clone()).await.status
    });
    let statuses = futures_util::future::join_all(puts).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 20);
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 4);
    for body in [json!({"events": []}), json!({"events": ["x"]}), json!({"all": 1})] {
        let name = statuses.iter().position(|status| *status == 201).unwrap();
        let path = format!("/v1/webhooks/W{name}/resend");
        service.post(&path, admin, body).await.expect_code(422, "invalid");
    }
}

/// The events of a tenant by their ids.
async fn told(service: &Service, tenant: &Tenant) -> BTreeMap<String, Value> {
    let (mut events, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let path = format!("/v1/events?limit=200{cursor}");
        let page = service.get(&path, &tenant.admin).await.expect(200).body;
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap());
        let items = page["items"].as_array().unwrap();
        for event in items {
            events.insert(event["id"].as_str().unwrap().to_owned(), event.clone());
        }
        if items.len() < 200 {
            return events;
        }
    }
}

/// While the former secret signs, receivers that know either of the two take what comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_changed_without_a_gap() {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, anywhere).await;
    let tenant = service.tenant().await;
    let receiver = Receiver::start().await;
    let events = json!(["redemption.committed"]);
    let first = put(&service, &tenant, &receiver.url(), events).await;
    let path = "/v1/webhooks/crm/secret";
    let rotate = async |body: Value| {
        let rotated = service.post(path, &tenant.admin, body).await.expect(200).body;
        let until = rotated["former_secret_until"].clone();
        (rotated["secret"].as_str().expect("a secret").to_owned(), until)
    };
    // What comes after a sale, and whether the receiver believed it.
    let arrives = async |secret: &str| {
        receiver.trust(secret);
        let (before, forged) = (receiver.messages().len(), receiver.forged());
        sell(&service, &tenant).await;
        for _ in 0..300 {
            if receiver.forged() > forged {
                return false;
            }
            if receiver.messages().len() > before {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("nothing comes");
    };
    let (second, until) = rotate(json!({})).await;
    assert_ne!(second, first);
    let shown = service.get("/v1/webhooks/crm", &tenant.viewer).await.expect(200);
    assert_eq!(shown.body["former_secret_until"], until);
    assert!(!shown.text.contains("whsec_"), "{}", shown.text);
    assert!(arrives(&first).await && arrives(&second).await);
    // As if the answer with the second one had been lost.
    let (third, _) = rotate(json!({"keep_hours": 1})).await;
    assert!(arrives(&first).await && arrives(&third).await);
    service.move_clock(61 * 60);
    assert!(arrives(&third).await && !arrives(&first).await);
    // Now the third is the one that is kept.
    let (fourth, _) = rotate(json!({"keep_hours": 168})).await;
    service.move_clock(60 * 60);
    assert!(arrives(&third).await && arrives(&fourth).await && !arrives(&second).await);
    let (fifth, until) = rotate(json!({"keep_hours": 0})).await;
    assert_eq!(until, Value::Null);
    service.move_clock(60 * 60);
    assert!(arrives(&fifth).await && !arrives(&fourth).await);

    let refused = service.post(path, &tenant.admin, json!({"keep_hours": 169})).await;
    let fault = ("/keep_hours".to_owned(), "out_of_range".to_owned());
    assert_eq!(refused.expect_code(422, "invalid").faults(), [fault]);
    let unknown = service.post("/v1/webhooks/erp/secret", &tenant.admin, json!({})).await;
    unknown.expect_code(404, "not_found");
    let trail = service.get("/v1/audit?subject=webhook:crm", &tenant.admin).await.expect(200);
    let items = trail.body["items"].as_array().unwrap();
    let rotations = items.iter().filter(|item| item["action"] == "secret_rotated");
    let kept: Vec<&Value> = rotations.map(|item| &item["after"]["keep_hours"]).collect();
    assert_eq!(kept, [0, 168, 1, 24]);
    assert!(!trail.text.contains("whsec_"), "{}", trail.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_arrives_in_the_order_of_its_subject_whoever_dies() {
    let database = TestDatabase::new().await;
    let mut service = Service::on(&database, anywhere).await;
    let tenant = service.tenant().await;
    let receiver = Receiver::start().await;
    receiver.behave(Manner::Moody);
    let events = json!([
        "promotion.activated",
        "promotion.paused",
        "redemption.committed",
        "redemption.returned"
    ]);
    receiver.trust(&put(&service, &tenant, &receiver.url(), events).await);
    let promotion = service.promotion(&tenant.admin, ten_percent("P")).await;
    for _ in 0..25 {
        let sale = sell(&service, &tenant).await;
        for number in 0..2 {
            let path = format!("/v1/redemptions/{sale}/returns");
            let back =
                json!({"return_id": number.to_string(), "lines": [{"id": "1", "quantity": "0.1"}]});
            service.post(&path, &tenant.pos, back).await.expect(200);
        }
    }
    for status in ["paused", "active", "paused", "active"] {
        let path = format!("/v1/promotions/{promotion}/status");
        let body = json!({"status": status});
        service.post(&path, &tenant.admin, body).await.expect(200);
    }
    let all = told(&service, &tenant).await;
    assert_eq!(all.len(), 25 * 3 + 5);
    let taken = || -> BTreeSet<String> {
        let messages = receiver.messages();
        let taken = messages.into_iter().filter(|message| message.taken);
        taken.map(|message| message.id).collect()
    };
    let mut offset = chrono::TimeDelta::zero();
    for round in 0.. {
        assert!(round < 500, "{} of {} arrive", taken().len(), all.len());
        if taken().len() == all.len() {
            break;
        }
        // Pauses grow with each attempt, and none of them may use up the day.
        let step = if round < 100 { 20 } else { 200 };
        offset += chrono::TimeDelta::seconds(step);
        service.clock.set_offset(offset);
        // Long enough for a busy machine to try what is due.
        tokio::time::sleep(Duration::from_millis(120)).await;
        if round % 12 == 11 {
            // Stopped in the middle of what it sends, and another one takes over.
            let next = Service::on(&database, anywhere).await;
            next.clock.set_offset(offset);
            service.app.stop().await;
            service = next;
        }
    }
    assert_eq!(receiver.forged(), 0);
    let subject = |event: &Value| {
        let data = &event["data"];
        let id = data["redemption_id"].as_str();
        id.or(data["promotion_id"].as_str()).unwrap().to_owned()
    };
    let mut arrived: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for message in receiver.messages() {
        assert_eq!(all[&message.id], message.event);
        let number = message.event["sequence"].as_i64().unwrap();
        let of_subject = arrived.entry(subject(&message.event)).or_default();
        // Nothing is even tried before all that was before it has arrived.
        let earlier = all
            .values()
            .filter(|event| subject(event) == subject(&message.event))
            .filter_map(|event| event["sequence"].as_i64())
            .filter(|own| *own < number);
        for own in earlier {
            assert!(of_subject.contains(&own), "{number} before {own}");
        }
        if message.taken {
            of_subject.push(number);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_day_does_not_bring_is_listed_and_sent_again() {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, anywhere).await;
    let tenant = service.tenant().await;
    let receiver = Receiver::start().await;
    let events = json!(["redemption.committed"]);
    receiver.trust(&put(&service, &tenant, &receiver.url(), events).await);
    // A redirect is not followed.
    receiver.behave(Manner::Answer(302));
    let sales = [sell(&service, &tenant).await, sell(&service, &tenant).await];
    let given_up = dead(&service, &tenant, 2).await;
    for (item, sale) in given_up.iter().zip(&sales) {
        assert_eq!(item["event"]["data"]["redemption_id"], sale.as_str());
        assert_eq!(item["fault"], "answered 302");
        assert!(item["attempts"].as_i64().unwrap() >= 3, "{item}");
    }
    let tried = receiver.messages().len();
    service.move_clock(7 * 60 * 60);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(receiver.messages().len(), tried, "what is dead rests");
    receiver.behave(Manner::Take);
    let path = "/v1/webhooks/crm/resend";
    let first = json!({"events": [given_up[0]["event"]["id"], random_id()]});
    let again = service.post(path, &tenant.admin, first).await.expect(200);
    assert_eq!(again.body["count"], 1);
    dead(&service, &tenant, 1).await;
    let again = service.post(path, &tenant.admin, json!({})).await.expect(200);
    assert_eq!(again.body["count"], 1);
    for _ in 0..100 {
        if receiver.messages().len() == tried + 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let arrived: BTreeSet<String> = receiver.messages()[tried..]
        .iter()
        .filter(|message| message.taken)
        .map(|message| message.event["data"]["redemption_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(arrived, BTreeSet::from(sales));
    assert_eq!(dead(&service, &tenant, 0).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_to_this_machine_is_never_connected_to() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let receiver = Receiver::start().await;
    let url = format!("https://localhost:{}/hooks?shop=1", receiver.address.port());
    put(&service, &tenant, &url, json!(["redemption.committed"])).await;
    sell(&service, &tenant).await;
    let given_up = dead(&service, &tenant, 1).await;
    assert_eq!(given_up[0]["fault"], "leads to an address that is not public");
    assert!(receiver.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_allowed_once_is_refused_when_it_is_no_more() {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, anywhere).await;
    let tenant = service.tenant().await;
    let receiver = Receiver::start().await;
    put(&service, &tenant, &receiver.url(), json!(["redemption.committed"])).await;
    service.app.stop().await;
    let service = Service::on(&database, |_| {}).await;
    sell(&service, &tenant).await;
    let given_up = dead(&service, &tenant, 1).await;
    assert_eq!(given_up[0]["fault"], "the URL must begin with https://");
    assert!(receiver.messages().is_empty());
}

#[test]
fn the_scheme_of_signatures_is_the_one_that_others_write() {
    // Of its documentation.
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let signed = r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
    assert_eq!(signature(secret, signed), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
