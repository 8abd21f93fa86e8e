//! The audit trail: one entry for each change.

use serde_json::{Value, json};
use support::harness::{Service, ten_percent};

#[tokio::test(flavor = "multi_thread")]
async fn every_change_leaves_one_entry_and_a_refusal_none() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let count = || async {
        let listed = service.get("/v1/audit?limit=200", &tenant.viewer).await.expect(200).body;
        listed["items"].as_array().unwrap().len()
    };
    let mut entries = count().await;
    let id = service.promotion(admin, ten_percent("P")).await;
    let path = format!("/v1/promotions/{id}");
    let mut grew = async |what: &str| {
        entries += 1;
        assert_eq!(count().await, entries, "{what}");
    };
    grew("a promotion").await;
    service.replace(&path, admin, "\"1\"", ten_percent("Q")).await.expect(200);
    grew("a replacement").await;
    service.replace("/v1/settings", admin, "\"1\"", json!({})).await.expect(200);
    grew("settings").await;
    service.put("/v1/stores/A", admin, json!({})).await.expect(200);
    grew("a store").await;
    service.delete("/v1/stores/A", admin).await.expect(204);
    grew("a deleted store").await;
    service.put("/v1/product-lists/L", admin, json!({"skus": ["A"]})).await.expect(200);
    grew("a list").await;
    service.delete(&path, admin).await.expect(204);
    grew("an archived promotion").await;
    service.post("/v1/promotions", admin, json!({})).await.expect_code(422, "invalid");
    service.delete(&path, admin).await.expect(204);
    assert_eq!(count().await, entries, "nothing has changed");

    let subject = format!("/v1/audit?subject=promotion:{id}");
    let trail = service.get(&subject, admin).await.expect(200).body;
    let actions: Vec<&Value> =
        trail["items"].as_array().unwrap().iter().map(|item| &item["action"]).collect();
    assert_eq!(actions, ["archived", "replaced", "created"]);
    let replaced = &trail["items"][1];
    assert_eq!(replaced["before"]["promotion"]["name"], "P");
    assert_eq!(replaced["after"]["promotion"]["name"], "Q");
    let future =
        service.get("/v1/audit?from=2099-01-01T00:00:00%2B05:30", admin).await.expect(200).body;
    assert_eq!(future["items"], json!([]));
    service.get("/v1/audit?from=yesterday", admin).await.expect_code(422, "invalid");
}
