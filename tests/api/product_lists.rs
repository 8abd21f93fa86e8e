//! Product lists: JSON, CSV, their pages and their size.

use serde_json::{Value, json};
use support::harness::{Service, ten_percent};

use crate::stores::csv;

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_use_cannot_be_deleted_and_its_change_is_seen_at_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let mut body = ten_percent("Listed");
    let select = json!({"include": [{"field": "sku", "op": "in_list", "list": "tees"}]});
    body["benefit"]["target"] = json!({"type": "items", "select": select});
    let refused =
        service.post("/v1/promotions", admin, body.clone()).await.expect_code(422, "invalid");
    let pointer = "/benefit/target/select/include/0/list".to_owned();
    assert_eq!(refused.faults(), [(pointer, "unknown_reference".to_owned())]);
    csv(&service, "/v1/product-lists/tees", admin, "sku\nCAP\n").await.expect(200);
    let promotion = service.promotion(admin, body).await;
    assert_eq!(service.discount(&tenant.pos).await, "0.00");
    csv(&service, "/v1/product-lists/tees", admin, "CAP\nTEE\nTEE\n").await.expect(200);
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    let list = service.get("/v1/product-lists/tees", admin).await.expect(200).body;
    assert_eq!((&list["skus"], &list["size"]), (&json!(["CAP", "TEE"]), &json!(2)));
    service.delete("/v1/product-lists/tees", admin).await.expect_code(409, "in_use");
    service.delete(&format!("/v1/promotions/{promotion}"), admin).await.expect(204);
    service.delete("/v1/product-lists/tees", admin).await.expect(204);
    service.get("/v1/product-lists/tees", admin).await.expect_code(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_page_in_order_and_cursors_are_our_own() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    for name in ["c", "a", "b"] {
        let path = format!("/v1/product-lists/{name}");
        service.put(&path, &tenant.admin, json!({"skus": []})).await.expect(200);
    }
    let first = service.get("/v1/product-lists?limit=2", &tenant.viewer).await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("/v1/product-lists?limit=2&cursor={cursor}");
    let second = service.get(&path, &tenant.viewer).await.expect(200).body;
    let names = |page: &Value| -> Vec<String> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!((names(&first), names(&second)), (vec!["a".into(), "b".into()], vec!["c".into()]));
    assert!(second["next_cursor"].is_null());
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=garbage",
        "cursor=",
        "page=2",
        "limit=1&limit=2",
    ] {
        let path = format!("/v1/product-lists?{query}");
        service.get(&path, &tenant.viewer).await.expect_code(422, "invalid");
    }
    // Whatever a parameter is called, its fault stands at a JSON pointer.
    let refused = service
        .get("/v1/product-lists?a~b%2Fc=1", &tenant.viewer)
        .await
        .expect_code(422, "invalid");
    assert_eq!(refused.body["errors"][0]["pointer"], "/a~0b~1c");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_two_hundred_thousand_skus_is_taken_and_one_more_is_not() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let skus: String = (0..200_000).map(|number| format!("SKU-{number}\n")).collect();
    let put = csv(&service, "/v1/product-lists/all", &tenant.admin, &skus).await.expect(200);
    assert_eq!(put.body["size"], 200_000);
    let more = format!("{skus}ONE-MORE\n");
    csv(&service, "/v1/product-lists/all", &tenant.admin, &more).await.expect_code(422, "invalid");
}
