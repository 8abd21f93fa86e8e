//! The service through its port, on a database of the test's own.

use std::time::Duration;

use promotion_engine::app::{App, AppOptions, listen};
use promotion_engine::clock::Clock;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;

use crate::contract::{self, Exchange};
use crate::database::{TestDatabase, options};

pub const OPERATOR: &str = "operator-key-of-the-tests-0123456789";

/// An instance, and the database that it may share with others.
pub struct Service {
    pub app: App,
    pub clock: Clock,
    http: Client,
    /// For health, readiness and metrics: a connection that asks for these first stays with the front.
    probes: Client,
    base: String,
}

/// A tenant with a key of each role.
#[derive(Clone)]
pub struct Tenant {
    pub id: String,
    pub admin: String,
    pub pos: String,
    pub issuer: String,
    pub viewer: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Answer {
    /// The stable code of a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Pointer and code of each fault, in order.
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|fault| (text(&fault["pointer"]), text(&fault["code"]))).collect()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        if status >= 400 {
            assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
            assert_eq!(self.body["status"], status);
            assert_eq!(self.body["request_id"], self.header("x-request-id"));
        }
        self
    }

    #[track_caller]
    pub fn expect_code(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.code(), code, "{}", answer.text);
        answer
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").to_owned()
    }
}

impl Service {
    /// A service with an operator on a fresh database.
    pub async fn start() -> (TestDatabase, Self) {
        let database = TestDatabase::new().await;
        let service = Self::on(&database, |_| {}).await;
        (database, service)
    }

    /// One more instance on this database.
    pub async fn on(database: &TestDatabase, change: impl FnOnce(&mut AppOptions)) -> Self {
        Self::at(&database.owner(), change).await
    }

    /// An instance on the migrated database to which these options lead.
    pub async fn at(database: &PgConnectOptions, change: impl FnOnce(&mut AppOptions)) -> Self {
        let clock = Clock::default();
        let mut app_options = AppOptions {
            operator_key: Some(OPERATOR.to_owned()),
            clock: clock.clone(),
            ..AppOptions::default()
        };
        change(&mut app_options);
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.expect("a port");
        let app = App::start(listener, options(database), app_options)
            .await
            .expect("a service that starts");
        let base = format!("http://{}", app.address());
        // Another dependency of the tree has switched TLS on, which the client wants to see set up though it never uses it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = || {
            Client::builder()
                .timeout(Duration::from_secs(30))
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap()
        };
        let (http, probes) = (client(), client());
        let service = Self { app, clock, http, probes, base };
        for _ in 0..100 {
            if service.call(Method::GET, "/readyz", "", None).await.status == 200 {
                return service;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the service does not become ready");
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.app.address()
    }

    /// A tenant in INR and Asia/Kolkata.
    pub async fn tenant(&self) -> Tenant {
        self.tenant_in("INR", "Asia/Kolkata").await
    }

    pub async fn tenant_in(&self, currency: &str, timezone: &str) -> Tenant {
        let body = json!({"name": "Shop", "currency": currency, "timezone": timezone});
        let made = self.post("/v1/tenants", OPERATOR, body).await.expect(201);
        let admin = made.body["admin_key"].as_str().expect("a key").to_owned();
        let pos = self.key(&admin, "pos").await.1;
        let issuer = self.key(&admin, "issuer").await.1;
        let viewer = self.key(&admin, "viewer").await.1;
        Tenant { id: made.id(), admin, pos, issuer, viewer }
    }

    /// A new key of the admin's tenant: its id and its text.
    pub async fn key(&self, admin: &str, role: &str) -> (String, String) {
        let body = json!({"role": role, "label": role});
        let made = self.post("/v1/keys", admin, body).await.expect(201);
        (made.id(), made.body["key"].as_str().expect("a key").to_owned())
    }

    pub async fn get(&self, path: &str, key: &str) -> Answer {
        self.call(Method::GET, path, key, None).await
    }

    pub async fn delete(&self, path: &str, key: &str) -> Answer {
        self.call(Method::DELETE, path, key, None).await
    }

    pub async fn post(&self, path: &str, key: &str, body: Value) -> Answer {
        self.call(Method::POST, path, key, Some(body.to_string())).await
    }

    pub async fn put(&self, path: &str, key: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, key, Some(body.to_string())).await
    }

    pub async fn replace(&self, path: &str, key: &str, tag: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, key, Some(body.to_string()), &[("if-match", tag)]).await
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: Option<String>,
    ) -> Answer {
        self.send(method, path, key, body, &[]).await
    }

    /// A request; a body is JSON unless a header says otherwise.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut all = HeaderMap::new();
        if !key.is_empty() {
            all.insert("authorization", HeaderValue::from_str(&format!("Bearer {key}")).unwrap());
        }
        if body.is_some() {
            all.insert("content-type", HeaderValue::from_static("application/json"));
        }
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            all.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let is_probe = ["/healthz", "/readyz", "/metrics"].contains(&path);
        let client = if is_probe { &self.probes } else { &self.http };
        let mut request =
            client.request(method.clone(), format!("{}{path}", self.base)).headers(all.clone());
        if let Some(body) = body.clone() {
            request = request.body(body);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a whole answer");
        let media = all.get("content-type").map_or("", |media| media.to_str().unwrap_or_default());
        contract::check(&Exchange {
            method: method.as_str(),
            target: path,
            media,
            body: body.as_deref(),
            status,
            headers: &headers,
            text: &text,
        });
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, text, body }
    }

    /// Moves the clock of the instance on.
    pub fn move_clock(&self, seconds: i64) {
        let offset = self.clock.offset() + chrono::TimeDelta::seconds(seconds);
        self.clock.set_offset(offset);
    }

    /// Moves the clock of the instance to an instant.
    pub fn set_clock(&self, at: chrono::DateTime<chrono::Utc>) {
        // The clock moves by whole milliseconds: up, so that it is never before.
        let up = chrono::TimeDelta::milliseconds(1);
        self.clock.set_offset(at - chrono::Utc::now() + up);
    }

    /// A promotion that is made; its id.
    pub async fn promotion(&self, admin: &str, body: Value) -> String {
        self.post("/v1/promotions", admin, body).await.expect(201).id()
    }

    /// The discount of a cart of one line of 100.
    pub async fn discount(&self, key: &str) -> String {
        let answer = self.post("/v1/evaluate-cart", key, cart()).await.expect(200);
        answer.body["totals"]["discount"].as_str().expect("a discount").to_owned()
    }
}

/// A cart of one line of 100.
pub fn cart() -> Value {
    json!({"cart": {"lines": [{"id": "1", "sku": "TEE", "quantity": "1", "unit_price": "100"}]}})
}

/// Ten percent off the cart, live.
pub fn ten_percent(name: &str) -> Value {
    json!({
        "name": name, "type": "pos", "status": "active",
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
        "benefit": {"type": "percentage_off", "value": "10"},
    })
}

/// Ten percent off carts from 100 on, and twenty from 200 on.
pub fn stepped(name: &str) -> Value {
    let mut body = ten_percent(name);
    let values = json!([{"from": "100", "value": "10"}, {"from": "200", "value": "20"}]);
    let steps = json!({"measure": "amount", "values": values});
    body["benefit"] = json!({"type": "percentage_off", "steps": steps});
    body
}

/// A draft of a promotion with codes.
pub fn with_codes(name: &str) -> Value {
    let mut body = ten_percent(name);
    body["type"] = "code_linked".into();
    body
}

pub fn random_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
