//! A customer's way through everything, from the first visit to the last day: what the shop earns its customers by, and
//! every number on the way.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use promotion_engine::app::AppOptions;
use promotion_engine::jobs::issuances::round;
use promotion_engine::service::webhooks::address::Targets;
use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{Service, Tenant, cart, ten_percent};
use support::receiver::Receiver;

struct Story {
    service: Service,
    tenant: Tenant,
    receiver: Receiver,
    issuance: String,
    /// What the receiver has got of it so far.
    heard: usize,
}

impl Story {
    /// The next that the shop's messenger hears of the issuance: its type, and its data.
    async fn hears(&mut self, event_type: &str) -> Value {
        for _ in 0..400 {
            round(self.service.app.service()).await.unwrap();
            let messages = self.receiver.messages();
            let own: Vec<_> = messages
                .iter()
                .filter(|message| message.taken)
                .filter(|message| message.event["data"]["issuance_id"] == self.issuance.as_str())
                .collect();
            assert!(own.len() <= self.heard + 1, "{own:?}");
            if let Some(message) = own.get(self.heard) {
                assert_eq!(message.event["type"], event_type);
                self.heard += 1;
                return message.event["data"].clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{event_type} is never heard of");
    }

    async fn state(&self) -> Value {
        let path = format!("/v1/issuances/{}", self.issuance);
        let read = self.service.get(&path, &self.tenant.pos).await;
        read.expect(200).body
    }

    /// What the customer could use now: how much is left of the reward's limits.
    async fn left(&self) -> Option<Value> {
        let path = "/v1/customers/Mira/promotions";
        let offers = self.service.get(path, &self.tenant.pos).await;
        let offers = offers.expect(200).body;
        let own = offers["items"].as_array().unwrap().iter();
        let own: Vec<&Value> =
            own.filter(|offer| offer["issuance"]["id"] == self.issuance.as_str()).collect();
        own.first().map(|offer| offer["limits"].clone())
    }

    /// A basket of so many tees at 100 each.
    async fn basket(&self, transaction: &str, quantity: u32) -> Value {
        let mut request = cart();
        request["customer"] = json!({"id": "Mira"});
        request["cart"]["lines"][0]["quantity"] = quantity.to_string().into();
        let body = json!({"transaction_id": transaction, "request": request});
        let sold = self.service.post("/v1/redemptions", &self.tenant.pos, body).await;
        sold.expect(201).body
    }

    fn days_after(&self, since: DateTime<Utc>, days: i64) {
        let at = since + TimeDelta::days(days) + TimeDelta::seconds(15);
        self.service.set_clock(at);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_registers_earns_uses_returns_and_forgets() {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, |options: &mut AppOptions| {
        options.webhook_targets = Targets::Any;
    })
    .await;
    let tenant = service.tenant().await;
    let receiver = Receiver::start().await;
    let events = ["unlocked", "activated", "used_up", "expiring", "expired"];
    let events = events.map(|event| format!("issuance.{event}"));
    let body = json!({"url": receiver.url(), "events": events});
    let hook = service.put("/v1/webhooks/messenger", &tenant.admin, body).await;
    receiver.trust(hook.expect(201).body["secret"].as_str().unwrap());

    // Whoever registers gets a quarter off two baskets, up to 60 in all, and has thirty days for it.
    let mut welcome = ten_percent("Welcome");
    welcome["type"] = "loyalty_earning".into();
    welcome["benefit"] = json!({"type": "percentage_off", "value": "25"});
    welcome["earning"] = json!({"trigger": "activity", "activity": "registration"});
    welcome["activation_required"] = true.into();
    welcome["limits"] = json!({"earn": {"per_customer": 1, "transactions": 2, "discount": "60"}});
    welcome["expiry"] = json!({"type": "after_days", "days": 30});
    let hello = json!({"channel": "email", "template": "welcome"});
    let hurry = json!({"channel": "push", "template": "last-days"});
    welcome["communication"] = json!({"on_earning": [hello],
                                      "expiry_reminder": {"days_before": 3, "messages": [hurry]}});
    let promotion = service.promotion(&tenant.admin, welcome).await;

    // Mira registers.
    let body = json!({"id": "web-1", "type": "registration", "customer": {"id": "Mira"}});
    let done = service.post("/v1/activities", &tenant.pos, body.clone()).await;
    let done = done.expect(200).body;
    let own = &done["unlocked"][0];
    assert_eq!(done["unlocked"].as_array().unwrap().len(), 1);
    assert_eq!(own["promotion_id"], promotion.as_str());
    assert_eq!(
        (own["state"].as_str(), own["source"].as_str()),
        (Some("unlocked"), Some("activity"))
    );
    let unlocked: DateTime<Utc> = own["unlocked_at"].as_str().unwrap().parse().unwrap();
    let expires: DateTime<Utc> = own["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires - unlocked, TimeDelta::days(30));
    let mut story = Story {
        issuance: own["id"].as_str().unwrap().to_owned(),
        service,
        tenant,
        receiver,
        heard: 0,
    };
    // Once is enough, however often the form is sent.
    let again = story.service.post("/v1/activities", &story.tenant.pos, body).await;
    assert_eq!(again.expect(200).body, done);

    // She is told.
    let data = story.hears("issuance.unlocked").await;
    assert_eq!(data["customer_id"], "Mira");
    assert_eq!(data["messages"], json!([hello]));
    assert_eq!(data["expires_at"], own["expires_at"]);

    // At the till it is worth nothing until she activates it, and it is not hers to see.
    let sold = story.basket("T-1", 1).await;
    assert_eq!(sold["result"]["totals"]["payable"], "100.00");
    let path = format!("/v1/issuances/{}/activate", story.issuance);
    let active = story.service.post(&path, &story.tenant.pos, json!({})).await;
    assert_eq!(active.expect(200).body["state"], "activated");
    story.hears("issuance.activated").await;
    let left = story.left().await.unwrap();
    assert_eq!(left["earn.transactions"], json!({"left": 2, "max": 2}));
    assert_eq!(left["earn.discount"], json!({"left": "60.00", "max": "60.00"}));

    // Two tees: 50 of 200.
    let sold = story.basket("T-2", 2).await;
    let totals = &sold["result"]["totals"];
    assert_eq!(
        (totals["discount"].as_str(), totals["payable"].as_str()),
        (Some("50.00"), Some("150.00"))
    );
    assert_eq!(sold["result"]["applied"][0]["issuance_id"], story.issuance.as_str());
    let left = story.left().await.unwrap();
    assert_eq!(left["earn.transactions"]["left"], 1);
    assert_eq!(left["earn.discount"]["left"], "10.00");

    // She brings one back: half of what she paid, and half of the discount can be had again.
    let back = json!({"return_id": "R-1", "lines": [{"id": "1", "quantity": "1"}]});
    let path = "/v1/redemptions/tx:T-2/returns";
    let back = story.service.post(path, &story.tenant.pos, back).await.expect(200).body;
    assert_eq!((back["refund"].as_str(), &back["complete"]), (Some("75.00"), &json!(false)));
    assert_eq!(back["promotions"][0]["discount"], "25.00");
    let left = story.left().await.unwrap();
    assert_eq!(left["earn.transactions"]["left"], 1);
    assert_eq!(left["earn.discount"]["left"], "35.00");

    // Three days before the end she is reminded, and not a day sooner.
    story.days_after(unlocked, 26);
    round(story.service.app.service()).await.unwrap();
    story.days_after(unlocked, 27);
    let data = story.hears("issuance.expiring").await;
    assert_eq!(data["messages"], json!([hurry]));
    assert_eq!(data["state"], "activated");
    assert_eq!(data["expires_at"], own["expires_at"]);
    assert_eq!(story.state().await["state"], "activated");

    // She lets the rest expire.
    story.days_after(unlocked, 30);
    let data = story.hears("issuance.expired").await;
    assert_eq!(data["unlocked_at"], own["unlocked_at"]);
    assert_eq!(story.state().await["state"], "expired");
    assert_eq!(story.left().await, None);
    let sold = story.basket("T-3", 1).await;
    assert_eq!(sold["result"]["totals"]["discount"], "0.00");

    // The other tee comes back too late to be of use: all that she paid, and nothing more.
    let back = json!({"return_id": "R-2", "lines": [{"id": "1", "quantity": "1"}]});
    let back = story.service.post(path, &story.tenant.pos, back).await.expect(200).body;
    assert_eq!((back["refund"].as_str(), &back["complete"]), (Some("75.00"), &json!(true)));
    round(story.service.app.service()).await.unwrap();
    assert_eq!(story.state().await["state"], "expired");
    assert_eq!(story.receiver.forged(), 0);

    // What the shop gave in all: 50 less what came back.
    let path = format!("/v1/promotions/{promotion}");
    let stored = story.service.get(&path, &story.tenant.admin).await.expect(200).body;
    assert_eq!(stored["usage"]["earn.transactions"]["max"], 2);
    let told = story.service.get("/v1/events?limit=200", &story.tenant.admin).await;
    let told = told.expect(200).body;
    let of: Vec<&str> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["data"]["issuance_id"] == story.issuance.as_str())
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        of,
        [
            "issuance.issued",
            "issuance.unlocked",
            "issuance.activated",
            "issuance.expiring",
            "issuance.expired"
        ]
    );
}
