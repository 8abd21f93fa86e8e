//! What one customer could use now, over HTTP (spec 3).

use serde_json::{Value, json};
use support::harness::{Service, random_id, ten_percent};

use crate::issuances::{issue, request, reward, state};

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_sees_what_it_could_use_now() {
    let (_database, service) = Service::start().await;
    let (tenant, stranger) = (service.tenant().await, service.tenant().await);
    let admin = &tenant.admin;
    let mut open = ten_percent("Open");
    open["limits"] =
        json!({"customer": {"discount": {"max": "25"}}, "promotion": {"times": {"max": 9}}});
    open["scope"] = json!({"channels": ["web"]});
    service.promotion(admin, open).await;
    let limits = json!({"earn": {"transactions": 1}});
    let reward = service.promotion(admin, reward("Reward", limits)).await;
    let mut claimed = ten_percent("Claimed");
    claimed["activation_required"] = true.into();
    service.promotion(admin, claimed).await;
    let mut later = ten_percent("Later");
    later["starts_at"] = "2098-01-01T00:00:00Z".into();
    service.promotion(admin, later).await;
    let offers = async |key: &str, query: &str| {
        let path = format!("/v1/customers/C/promotions{query}");
        service.get(&path, key).await.expect(200).body
    };
    let names = |body: &Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap().iter();
        items.map(|own| own["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&offers(&tenant.pos, "").await), ["Open"]);
    let first = issue(&service, &tenant, &reward, "S-1").await.expect(201).id();
    issue(&service, &tenant, &reward, "S-2").await.expect(201);
    let mut web = request();
    web["channel"] = "web".into();
    let body = json!({"transaction_id": random_id(), "request": web});
    service.post("/v1/redemptions", &tenant.pos, body).await.expect(201);
    assert_eq!(state(&service, &tenant, &first).await, "used_up");
    let found = offers(&tenant.viewer, "").await;
    assert_eq!(names(&found), ["Open", "Reward"]);
    let limits = &found["items"][0]["limits"];
    assert_eq!(limits["customer.discount"], json!({"left": "15.00", "max": "25.00"}));
    assert_eq!(limits["promotion.times"], json!({"left": 8, "max": 9}));
    assert_eq!(found["items"][0]["scope"]["channels"], json!(["web"]));
    let own = &found["items"][1];
    assert_eq!(own["issuance"]["source_id"], "S-2");
    assert_eq!(own["limits"]["earn.transactions"]["left"], 1);
    let page = offers(&tenant.pos, "?limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = offers(&tenant.pos, &format!("?limit=1&cursor={cursor}")).await;
    assert_eq!((names(&page), names(&rest)), (vec!["Open".to_owned()], vec!["Reward".to_owned()]));
    assert_eq!(rest["next_cursor"], Value::Null);
    assert_eq!(names(&offers(&stranger.pos, "").await), Vec::<String>::new());
}
