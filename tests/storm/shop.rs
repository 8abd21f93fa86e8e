//! Tenants, and the bodies that are sent for them.

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Call, Front};
use crate::instance::OPERATOR;

/// A tenant in INR and Asia/Kolkata, with an admin's and a till's key.
#[derive(Clone)]
pub struct Shop {
    pub front: Front,
    pub id: String,
    pub admin: String,
    pub pos: String,
}

impl Shop {
    pub async fn open(front: &Front) -> Self {
        let body = json!({"name": "Shop", "currency": "INR", "timezone": "Asia/Kolkata"});
        let call = Call::post("/v1/tenants", OPERATOR, &body);
        let made = front.until_answered(&call).await.expect(201);
        let admin = made.body["admin_key"].as_str().expect("a key").to_owned();
        let body = json!({"role": "pos", "label": "till"});
        let call = Call::post("/v1/keys", &admin, &body);
        let key = front.until_answered(&call).await.expect(201);
        Self {
            front: front.clone(),
            id: made.id(),
            admin,
            pos: key.body["key"].as_str().expect("a key").to_owned(),
        }
    }

    /// Asks as admin.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let call = Call::new(method, path, &self.admin, body);
        self.front.until_answered(&call).await
    }

    /// Makes a promotion; returns its id.
    pub async fn promotion(&self, body: &Value) -> String {
        let made = self.ask(Method::POST, "/v1/promotions", Some(body)).await;
        made.expect(201).id()
    }

    pub async fn codes(&self, promotion: &str, codes: &[&str]) {
        let path = format!("/v1/promotions/{promotion}/codes");
        let made = self.ask(Method::POST, &path, Some(&json!({"codes": codes}))).await;
        assert!(matches!(made.status, 200 | 201), "{}", made.text);
    }

    /// `active`, `paused` or `archived`.
    pub async fn set_status(&self, promotion: &str, status: &str) {
        let path = format!("/v1/promotions/{promotion}/status");
        let body = json!({"status": status});
        self.ask(Method::POST, &path, Some(&body)).await.expect(200);
    }

    /// Changes what a promotion or the settings at `path` say.
    pub async fn change(&self, path: &str, change: impl Fn(&mut Value)) -> Answer {
        let stored = self.ask(Method::GET, path, None).await.expect(200);
        let mut body = stored.body.clone();
        change(&mut body);
        let mut call = Call::new(Method::PUT, path, &self.admin, Some(&body));
        call.if_match = stored.etag;
        self.front.until_answered(&call).await
    }
}

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A transaction's id that no other has.
pub fn transaction() -> String {
    format!("T-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A promotion that is live.
pub fn promotion(name: &str, benefit: Value, limits: Value) -> Value {
    json!({
        "name": name, "type": "pos", "status": "active",
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
        "benefit": benefit, "limits": limits,
    })
}

/// Ten off each unit: as many applications as units.
pub fn ten_off(name: &str, limits: Value) -> Value {
    let benefit = json!({
        "type": "amount_off", "value": "10", "target": {"type": "items"},
        "repeat": {"per": "quantity", "every": "1"},
    });
    promotion(name, benefit, limits)
}

/// The same, with codes.
pub fn ten_off_with_codes(name: &str, limits: Value) -> Value {
    let mut body = ten_off(name, limits);
    body["type"] = "code_linked".into();
    body
}

/// A cart of one line at 100, everything explained.
pub fn cart(quantity: u64) -> Value {
    let line =
        json!({"id": "1", "sku": "TEE", "quantity": quantity.to_string(), "unit_price": "100"});
    json!({"cart": {"lines": [line]}, "explain": "all"})
}

/// The same, of a customer.
pub fn cart_of(customer: &str, quantity: u64) -> Value {
    let mut request = cart(quantity);
    request["customer"] = json!({"id": customer});
    request
}

/// The same, with a code.
pub fn cart_with(code: &str, quantity: u64) -> Value {
    let mut request = cart(quantity);
    request["cart"]["codes"] = json!([code]);
    request
}

/// The body of a redemption.
pub fn redemption(transaction: &str, request: &Value, hold: bool) -> Value {
    json!({"transaction_id": transaction, "request": request, "hold": hold})
}

/// `{id}` for the till that knows only its own id.
pub fn tx(transaction: &str) -> String {
    let mut encoded = String::from("tx:");
    for byte in transaction.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
