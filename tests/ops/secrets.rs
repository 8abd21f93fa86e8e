//! A shop's whole life, done and not refused: what the service writes of it at its most talkative names no key, no secret of a
//! webhook, no code and nothing of customers (P21), not even when it panics or its database fails.

use std::io::Write;
use std::panic;
use std::time::Duration;

use chrono::TimeDelta;
use promotion_engine::config::{LogConfig, LogFormat};
use promotion_engine::service::webhooks::address::Targets;
use promotion_engine::telemetry::{Traces, dispatch};
use reqwest::Method;
use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{Answer, OPERATOR, Service, Tenant, cart, ten_percent, with_codes};
use support::receiver::Receiver;
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;
use tracing_subscriber::EnvFilter;

use crate::telemetry::{Log, all_keys};

const CUSTOMER: &str = "canary-customer-51ab";
const HEIR: &str = "canary-heir-51ab";
const UNLUCKY: &str = "canary-unlucky-51ab";
const ATTRIBUTE: &str = "canary-attribute-51ab";
const VOUCHER: &str = "CANARY-VOUCHER-51AB";
const URL_TOKEN: &str = "canary-token-51ab";
const CODES: [&str; 4] =
    ["CANARYCODE1-51AB", "CANARYCODE2-51AB", "CANARYCSV-51AB", "CANARYGONE-51AB"];
/// How the codes that the service makes begin.
const PREFIX: &str = "CANARYMADE-";

/// A shop at work, and what nobody may learn of it.
struct Shop<'s> {
    service: &'s Service,
    tenant: Tenant,
    secrets: Vec<String>,
}

/// Customer's cart with codes and a gift voucher.
fn basket(customer: &str) -> Value {
    let mut body = cart();
    body["cart"]["codes"] = json!([CODES[0], CODES[1].to_lowercase()]);
    body["cart"]["gift_vouchers"] = json!([VOUCHER]);
    body["customer"] = json!({"id": customer, "attributes": {"phone": ATTRIBUTE}});
    body["explain"] = "all".into();
    body
}

impl Shop<'_> {
    async fn does(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: Value,
        status: u16,
    ) -> Answer {
        let body = (!body.is_null()).then(|| body.to_string());
        let answer = self.service.call(method, path, key, body).await;
        answer.expect(status)
    }

    async fn posts(&self, path: &str, key: &str, body: Value, status: u16) -> Answer {
        self.does(Method::POST, path, key, body, status).await
    }

    async fn admin(&self, path: &str, body: Value, status: u16) -> Answer {
        self.posts(path, &self.tenant.admin, body, status).await
    }

    async fn pos(&self, path: &str, body: Value, status: u16) -> Answer {
        self.posts(path, &self.tenant.pos, body, status).await
    }

    async fn puts(&self, path: &str, body: Value, status: u16) -> Answer {
        let key = &self.tenant.admin;
        self.does(Method::PUT, path, key, body, status).await
    }

    async fn reads(&self, path: &str, key: &str) -> Answer {
        self.service.get(path, key).await.expect(200)
    }

    async fn deletes(&self, path: &str) {
        let gone = self.service.delete(path, &self.tenant.admin).await;
        assert!((200..300).contains(&gone.status), "{}", gone.text);
    }

    /// The operator makes, lists, bounds and suspends tenants, and makes and revokes their keys.
    async fn is_operated(&mut self) {
        let keys = format!("/v1/tenants/{}/keys", self.tenant.id);
        let made = self.posts(&keys, OPERATOR, json!({"role": "admin"}), 201);
        let made = made.await;
        let key = made.body["key"].as_str().unwrap().to_owned();
        self.reads("/v1/settings", &key).await;
        let path = format!("{keys}/{}", made.id());
        self.service.delete(&path, OPERATOR).await.expect(204);
        let revoked = self.service.get("/v1/settings", &key).await;
        revoked.expect(401);
        self.secrets.push(key);
        self.reads("/v1/tenants", OPERATOR).await;
        let path = format!("/v1/tenants/{}", self.tenant.id);
        for body in
            [json!({"suspended": true}), json!({"suspended": false, "max_active_promotions": 300})]
        {
            let patched = self.does(Method::PATCH, &path, OPERATOR, body, 200);
            patched.await;
        }
        let (id, key) = self.service.key(&self.tenant.admin, "viewer").await;
        self.reads("/v1/keys", &key).await;
        self.deletes(&format!("/v1/keys/{id}")).await;
        self.secrets.push(key);
    }

    /// Two webhooks, of which one cannot be reached: its address has a token, as addresses do.
    async fn is_listened_to(&mut self) -> Receiver {
        let receiver = Receiver::start().await;
        let events = json!(["redemption.committed", "issuance.unlocked"]);
        let deaf =
            format!("http://{URL_TOKEN}:{URL_TOKEN}@127.0.0.1:9/{URL_TOKEN}?key={URL_TOKEN}");
        let deaf = self.service.put(
            "/v1/webhooks/deaf",
            &self.tenant.admin,
            json!({"url": deaf, "events": events}),
        );
        // Some addresses are refused: then without what is refused.
        if deaf.await.status != 201 {
            let url = format!("http://127.0.0.1:9/{URL_TOKEN}?key={URL_TOKEN}");
            let body = json!({"url": url, "events": events});
            let made = self.puts("/v1/webhooks/deaf", body, 201).await;
            self.note(&made, "secret");
        }
        let body = json!({"url": receiver.url(), "events": events});
        let made = self.puts("/v1/webhooks/heard", body, 201).await;
        self.note(&made, "secret");
        receiver.trust(made.body["secret"].as_str().unwrap());
        let rotated = self.admin("/v1/webhooks/heard/secret", json!({}), 200).await;
        self.note(&rotated, "secret");
        receiver
    }

    fn note(&mut self, answer: &Answer, field: &str) {
        let secret = answer.body[field].as_str().expect("a secret");
        self.secrets.push(secret.to_owned());
    }

    /// Codes are sent as JSON and as CSV, made, listed, exported and deleted.
    async fn has_codes(&mut self) {
        let admin = self.tenant.admin.clone();
        let coded = self.service.promotion(&admin, with_codes("Coded")).await;
        let path = format!("/v1/promotions/{coded}/codes");
        let sent = json!({"codes": [CODES[0], CODES[1], CODES[3]]});
        self.admin(&path, sent, 201).await;
        let csv = [("content-type", "text/csv")];
        let text = Some(format!("code\n{}\n", CODES[2]));
        let sent = self.service.send(Method::POST, &path, &admin, text, &csv);
        sent.await.expect(201);
        let generate = json!({"count": 50, "length": 20, "prefix": PREFIX});
        let body = json!({"generate": generate, "batch": "B-1"});
        self.admin(&path, body, 201).await;
        self.reads(&path, &self.tenant.viewer).await;
        let csv = [("accept", "text/csv")];
        let exported = self.service.send(Method::GET, &path, &admin, None, &csv);
        let exported = exported.await.expect(200).text;
        assert!(exported.contains(PREFIX) && exported.contains(CODES[2]));
        self.deletes(&format!("{path}/{}", CODES[3])).await;
        let other = self.service.promotion(&admin, with_codes("Other")).await;
        let taken = json!({"codes": [CODES[0]]});
        let path = format!("/v1/promotions/{other}/codes");
        self.admin(&path, taken, 409).await;
    }

    /// Carts are priced, sold, held, replaced, committed, cancelled, returned, and looked for.
    async fn sells(&self) {
        let mut limited = ten_percent("Limited");
        limited["limits"] = json!({"customer": {"times": {"max": 30}}});
        self.admin("/v1/promotions", limited, 201).await;
        let priced = self.pos("/v1/evaluate-cart", basket(CUSTOMER), 200).await;
        assert_eq!(priced.body["codes"][0]["status"], "applied");
        for (number, step) in ["returns", "commit", "cancel"].into_iter().enumerate() {
            let id = format!("sale-{number}");
            let body =
                json!({"transaction_id": id, "request": basket(CUSTOMER), "hold": number > 0});
            let mut made = self.pos("/v1/redemptions", body.clone(), 201).await;
            self.pos("/v1/redemptions", body.clone(), 200).await;
            if step == "commit" {
                let mut other = body.clone();
                other["request"]["cart"]["codes"] = json!([CODES[2]]);
                self.pos("/v1/redemptions", other.clone(), 409).await;
                other["replaces"] = made.id().into();
                made = self.pos("/v1/redemptions", other, 201).await;
            }
            let path = format!("/v1/redemptions/{}/{step}", made.id());
            let lines = json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]});
            let body = if step == "returns" { lines } else { json!({}) };
            self.pos(&path, body, 200).await;
            self.reads(&format!("/v1/redemptions/{}", made.id()), &self.tenant.viewer).await;
        }
        for query in [
            format!("customer_id={CUSTOMER}"),
            format!("code={}", CODES[0]),
            "transaction_id=sale-1".to_owned(),
        ] {
            let path = format!("/v1/redemptions?{query}");
            let found = self.reads(&path, &self.tenant.pos).await;
            assert_ne!(found.body["items"], json!([]), "{query}");
        }
    }

    /// Promotions are issued, earned, claimed, activated and revoked.
    async fn gives(&self) {
        let milestone = json!({"measure": "spend", "targets": [{"name": "T", "value": "50"}]});
        self.puts("/v1/milestones/spender", milestone, 200).await;
        let mut reward = ten_percent("Reward");
        reward["type"] = "rewards".into();
        reward["activation_required"] = true.into();
        let reward = self.service.promotion(&self.tenant.admin, reward).await;
        let mut earned = ten_percent("Earned");
        earned["type"] = "loyalty_earning".into();
        earned["earning"] =
            json!({"trigger": "milestone", "milestone": {"name": "spender", "target": "T"}});
        self.admin("/v1/promotions", earned, 201).await;
        let mut open = ten_percent("Open");
        open["activation_required"] = true.into();
        let open = self.service.promotion(&self.tenant.admin, open).await;
        let issuer = &self.tenant.issuer;
        let body = json!({"promotion_id": reward, "customer_id": CUSTOMER, "source_id": "S"});
        let issued = self.posts("/v1/issuances", issuer, body, 201).await.id();
        let body =
            json!({"promotion_id": reward, "customer_ids": [CUSTOMER, HEIR], "source_id": "B"});
        self.posts("/v1/issuances/bulk", issuer, body, 200).await;
        let path = format!("/v1/issuances/{issued}");
        self.reads(&path, &self.tenant.pos).await;
        self.pos(&format!("{path}/activate"), json!({}), 200).await;
        self.admin(&format!("{path}/revoke"), json!({}), 200).await;
        let path = format!("/v1/promotions/{open}/activations");
        self.pos(&path, json!({"customer_id": CUSTOMER}), 201).await;
        let mut bought = basket(CUSTOMER);
        bought["id"] = "A-1".into();
        bought["type"] = "transaction".into();
        bought.as_object_mut().unwrap().remove("explain");
        let done = self.pos("/v1/activities", bought, 200).await;
        assert_eq!(done.body["unlocked"].as_array().unwrap().len(), 1);
        let body = json!({"id": "A-2", "type": "registration", "customer": {"id": CUSTOMER}});
        self.pos("/v1/activities", body, 200).await;
        let path = format!("/v1/customers/{CUSTOMER}/promotions");
        self.reads(&path, &self.tenant.pos).await;
        let path = format!("/v1/issuances?customer_id={CUSTOMER}");
        let found = self.reads(&path, &self.tenant.viewer).await;
        assert_ne!(found.body["items"], json!([]));
    }

    /// A customer becomes another, and is forgotten.
    async fn forgets(&self) {
        let path = format!("/v1/customers/{CUSTOMER}/merge");
        self.admin(&path, json!({"into": HEIR}), 204).await;
        self.deletes(&format!("/v1/customers/{HEIR}")).await;
    }

    /// Both webhooks are tried, and all that admins read is read.
    async fn is_watched(&self, receiver: &Receiver) {
        for _ in 0..400 {
            let metrics = self.service.app.service().metrics();
            let failed = promotion_engine::metrics::Attempt::Failed;
            let has_failed = metrics.webhook_attempts.get(failed).is_some_and(|own| own.get() > 0);
            if has_failed && receiver.messages().len() > 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(receiver.messages().len() > 2, "nothing was delivered");
        for path in [
            "/v1/webhooks",
            "/v1/webhooks/deaf",
            "/v1/webhooks/deaf/dead",
            "/v1/events",
            "/v1/audit",
            "/v1/stats",
            "/v1/promotions",
        ] {
            self.reads(path, &self.tenant.viewer).await;
        }
        self.admin("/v1/webhooks/deaf/resend", json!({}), 200).await;
        self.deletes("/v1/webhooks/deaf").await;
    }

    /// A statement fails whose error names the whole row, in a redemption and in a handler.
    async fn meets_a_bad_database(&self, database: &TestDatabase) {
        let mut owner = database.owner_connection().await;
        for table in ["redemption", "issuance"] {
            // Without all of the name: the log has this statement too.
            let unlucky = format!(
                "alter table {table} add constraint canary check (customer_id not like '%-unlucky-%')"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(unlucky)).execute(&mut owner).await.unwrap();
        }
        let body = json!({"transaction_id": "unlucky", "request": basket(UNLUCKY)});
        self.pos("/v1/redemptions", body, 500).await;
        let found = self.reads("/v1/promotions?q=Reward", &self.tenant.admin).await;
        let reward = found.body["items"][0]["id"].clone();
        let body = json!({"promotion_id": reward, "customer_id": UNLUCKY, "source_id": "S"});
        self.posts("/v1/issuances", &self.tenant.issuer, body, 500).await;
    }

    /// A clock that only tests can set is so far away that no time can be told: handlers and the writer of redemptions panic.
    async fn panics(&self) {
        self.service.clock.set_offset(TimeDelta::MAX);
        let body = json!({"id": "A-3", "type": "registration", "customer": {"id": CUSTOMER}});
        self.pos("/v1/activities", body, 500).await;
        let body = json!({"transaction_id": "late", "request": basket(CUSTOMER)});
        self.pos("/v1/redemptions", body, 503).await;
        self.service.clock.set_offset(TimeDelta::zero());
    }
}

/// What is written of such a life in this format.
async fn nothing_secret_is_written(format: LogFormat) {
    let log = Log::default();
    let (own, config) = (log.clone(), LogConfig { log_format: Some(format) });
    let filter = EnvFilter::new("debug,promotion_engine=trace");
    let written = dispatch(config, filter, move || own.clone(), &Traces::NONE);
    // Where there is one subscriber only, `tracing` keeps for all threads what the first to pass a span or an event says of
    // it, and the threads of other tests have no subscriber: of two it asks both.
    let _second = Dispatch::new(NoSubscriber::default());
    // Of this thread alone, which is the runtime's only one.
    let _guard = tracing::dispatcher::set_default(&written);
    // What a panic says goes to the standard error besides.
    let (own, before) = (log.clone(), panic::take_hook());
    let thread = std::thread::current().id();
    panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == thread {
            let _ = writeln!(own.clone(), "{panic}");
        }
        before(panic);
    }));

    let database = TestDatabase::new().await;
    let service = Service::on(&database, |options| options.webhook_targets = Targets::Any).await;
    let tenant = service.tenant().await;
    let mut shop = Shop { service: &service, tenant, secrets: Vec::new() };
    let receiver = shop.is_listened_to().await;
    shop.is_operated().await;
    shop.has_codes().await;
    shop.sells().await;
    shop.gives().await;
    shop.is_watched(&receiver).await;
    shop.meets_a_bad_database(&database).await;
    shop.panics().await;
    shop.forgets().await;
    let metrics = service.get("/metrics", "").await.expect(200).text;
    let text = log.text();
    // What must be there, or nothing was looked at.
    for said in [
        "answered",
        "the database failed",
        "a handler panicked",
        "a group of redemptions was not committed",
        "overflowed",
        "rules.version",
        &shop.tenant.id,
    ] {
        assert!(text.contains(said), "{said} is not in the log");
    }
    let keys = all_keys(&shop.tenant);
    let known = [CUSTOMER, HEIR, UNLUCKY, ATTRIBUTE, VOUCHER, URL_TOKEN, PREFIX];
    let own = shop.secrets.iter().map(String::as_str);
    for secret in keys.into_iter().chain(known).chain(CODES).chain(own) {
        // Of a key only what is secret in it, and a code in any case of its letters.
        let secret = secret.rsplit('_').next().unwrap_or(secret).to_lowercase();
        for (what, text) in [("the log", &text), ("metrics", &metrics)] {
            let lines = text.lines().filter(|line| line.to_lowercase().contains(&secret));
            let lines: Vec<&str> = lines.take(5).collect();
            assert!(lines.is_empty(), "{what} has {secret}: {}", lines.join("\n"));
        }
    }
}

#[tokio::test]
async fn nothing_secret_is_in_json_lines() {
    nothing_secret_is_written(LogFormat::Json).await;
}

#[tokio::test]
async fn nothing_secret_is_in_pretty_lines() {
    nothing_secret_is_written(LogFormat::Pretty).await;
}
