//! Shops whose carts are made to take as long as they can, inside all bounds (spec 14).

use serde_json::{Value, json};
use support::harness::{Service, Tenant, ten_percent};

/// So many promotions of this kind have carts that reach the bound of steps.
pub const TOO_MANY: usize = 10;
/// So many have carts that are priced, but take longer than a redemption may while others wait for its locks.
pub const MANY: usize = 6;

/// A tenant with so many stacked promotions. Each takes off a share of what is left of one unit of every few, so that the
/// digits of what is left double again and again. A search of so many milliseconds makes all of it last longer.
pub async fn tenant(service: &Service, promotions: usize, search_ms: u8) -> Tenant {
    let tenant = service.tenant().await;
    let settings = service.get("/v1/settings", &tenant.admin).await.expect(200);
    let mut wanted = settings.body.clone();
    wanted["unit_stacking"] = json!({"enabled": true});
    wanted["percentage_base"] = "net".into();
    if search_ms > 0 {
        wanted["strategy"] = "optimal".into();
        wanted["optimal"] = json!({"budget_ms": search_ms});
    }
    let tag = settings.header("etag").to_owned();
    let put = service.replace("/v1/settings", &tenant.admin, &tag, wanted);
    put.await.expect(200);
    for number in 0..promotions {
        service.promotion(&tenant.admin, promotion(number)).await;
    }
    tenant
}

fn promotion(number: usize) -> Value {
    let mut body = ten_percent(&format!("P{number}"));
    body["sequence"] = number.into();
    body["benefit"] = json!({
        "type": "percentage_off", "value": format!("{}.7", number % 9 + 3),
        "repeat": {"per": "quantity", "every": (number % 5 + 2).to_string()},
        "target": {"type": "items", "within": "application"},
    });
    body
}

/// Two lines of a thousand units.
pub fn cart() -> Value {
    let line = |id: &str, price: &str| json!({"id": id, "sku": id, "quantity": "1000", "unit_price": price, "tax": "0.0301"});
    json!({"cart": {"lines": [line("1", "97.31"), line("2", "89.03")]}})
}

/// The cart as it is sent, over HTTP/1.
pub fn request(tenant: &Tenant) -> String {
    let body = cart().to_string();
    format!(
        "POST /v1/evaluate-cart HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        tenant.pos,
        body.len()
    )
}
