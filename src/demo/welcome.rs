//! A customer of the demo who registers, earns a promotion by it, and uses it at the till.

use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{CallError, Client, text};
use super::shop::{Keys, find_promotion};
use super::{receipt, shop};

/// What the customer did and got, to be printed.
pub struct Story {
    pub name: String,
    /// When the issuance expires.
    pub expires_at: String,
    /// The printed receipt of the customer's purchase.
    pub receipt: String,
    /// The state of the issuance after the purchase.
    pub state: String,
}

/// Registers a new customer, and sells something to the customer.
pub async fn tell(client: &Client, keys: &Keys) -> Result<Story, CallError> {
    let promotion = promotion();
    if find_promotion(client, &keys.admin, &promotion["name"]).await?.is_none() {
        client.post("/v1/promotions", &keys.admin, &promotion).await?;
    }
    // Each run has a customer of its own, as each run has its own keys.
    let number = Uuid::new_v4().simple().to_string();
    let customer = json!({"id": format!("C-{number}")});
    let activity = json!({"id": format!("registration-{number}"), "type": "registration", "customer": customer});
    let done = client.post("/v1/activities", &keys.pos, &activity).await?;
    let call = "POST /v1/activities";
    let earned = &done["unlocked"][0];
    let issuance = text(earned, call, "id")?;
    let request = basket(&customer);
    let body = json!({"transaction_id": format!("demo-{number}"), "request": request});
    let sold = client.post("/v1/redemptions", &keys.pos, &body).await?;
    let path = format!("/v1/issuances/{issuance}");
    let after = client.get(&path, &keys.pos).await?.body;
    Ok(Story {
        name: text(&promotion, "demo", "name")?,
        expires_at: text(earned, call, "expires_at")?,
        receipt: receipt::print(shop::TENANT, shop::ZONE, &request, &sold["result"]),
        state: text(&after, "GET /v1/issuances/{id}", "state")?,
    })
}

/// ₹100 off for a customer who registers, once, within thirty days.
fn promotion() -> Value {
    json!({
        "name": "Welcome: ₹100 off over ₹500",
        "type": "loyalty_earning",
        "status": "active",
        "starts_at": "2026-01-01T00:00:00+05:30",
        "ends_at": "2036-01-01T00:00:00+05:30",
        "sequence": 310,
        "conditions": {"type": "cart_amount", "op": "gte", "value": "500"},
        "benefit": {"type": "amount_off", "value": "100", "target": {"type": "cart"}},
        "earning": {"trigger": "activity", "activity": "registration"},
        "expiry": {"type": "after_days", "days": 30},
        "limits": {"earn": {"per_customer": 1, "transactions": 1}},
        "communication": {
            "on_earning": [{"channel": "sms", "template": "welcome"}],
            "expiry_reminder": {"days_before": 3, "messages": [{"channel": "sms", "template": "last-days"}]},
        },
    })
}

/// A small basket that no other promotion of the shop applies to.
fn basket(customer: &Value) -> Value {
    json!({
        "cart": {"lines": [{
            "id": "1", "sku": "TOWEL-WHT", "quantity": "2", "unit_price": "399.00",
            "product": "TOWEL", "title": "Bath towel, white", "categories": ["Home", "Towels"],
        }]},
        "customer": customer,
        "store": "BLR-IND",
    })
}
