//! The vocabulary over HTTP: names of stores, promotions, carts and imports (spec 15.4).

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use support::harness::{Service, Tenant, cart, random_id, ten_percent};

/// The names of a field as they are listed.
async fn items(service: &Service, key: &str, query: &str) -> Vec<Value> {
    let path = format!("/v1/vocabulary?{query}");
    service.get(&path, key).await.expect(200).body["items"].as_array().unwrap().clone()
}

async fn values(service: &Service, key: &str, query: &str) -> Vec<String> {
    let items = items(service, key, query).await;
    items.iter().map(|own| own["value"].as_str().unwrap().to_owned()).collect()
}

/// The values of a field, each with its source.
async fn sources(service: &Service, tenant: &Tenant, field: &str) -> Vec<(String, String)> {
    let items = items(service, &tenant.viewer, &format!("field={field}")).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.iter().map(|own| (text(&own["value"]), text(&own["source"]))).collect()
}

fn pair(value: &str, source: &str) -> (String, String) {
    (value.to_owned(), source.to_owned())
}

async fn import(service: &Service, tenant: &Tenant, field: &str, names: &[&str]) {
    let names: Vec<Value> = names.iter().map(|name| json!({"value": name})).collect();
    let path = format!("/v1/vocabulary/{field}");
    let put = service.put(&path, &tenant.admin, json!({"values": names})).await.expect(200);
    assert_eq!(put.body, json!({"count": names.len()}));
}

/// A cart that uses every field of carts once.
fn telling_cart() -> Value {
    json!({
        "cart": {
            "lines": [{"id": "1", "sku": "TEE-RED", "quantity": "1", "unit_price": "100",
                "product": "TEE", "title": "Red tee", "product_group": "tops",
                "categories": ["Apparel", "T-Shirts"], "brand": "Acme", "tags": ["new"],
                "supplier": "S1", "attributes": {"color": "red"}, "variant": {"size": "M"}}],
            "shipping": {"method": "express", "amount": "0"},
            "tenders": [{"mode": "Card", "amount": "100"}],
            "gift_vouchers": ["GV-SECRET"], "codes": ["CODE-SECRET"],
        },
        "customer": {"id": "CUSTOMER-SECRET",
            "loyalty": [{"program": "main", "tier": "gold", "supplementary": ["prime"]}],
            "groups": ["staff"], "attributes": {"city": "Pune-SECRET"}},
        "channel": "web",
    })
}

async fn redeem(service: &Service, tenant: &Tenant, request: Value, hold: bool) -> String {
    let body = json!({"transaction_id": random_id(), "request": request, "hold": hold});
    service.post("/v1/redemptions", &tenant.pos, body).await.expect(201).id()
}

/// Waits until a field has names.
async fn appears(service: &Service, tenant: &Tenant, field: &str) {
    for _ in 0..300 {
        if !values(service, &tenant.viewer, &format!("field={field}")).await.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {field} appears");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_stores_settings_and_promotions_are_there_at_once() {
    let (_database, service) = Service::start().await;
    let (tenant, stranger) = (service.tenant().await, service.tenant().await);
    let admin = &tenant.admin;
    let store = json!({"concept": "Outlet", "zones": ["west", "metro"]});
    service.put("/v1/stores/BLR-1", admin, store).await.expect(200);
    let one =
        |field: &str, op: &str, values: Value| json!({"field": field, "op": op, "values": values});
    let settings = json!({"multiple_promotions_per_line": {"enabled": true, "exclude":
        {"include": [{"field": "tag", "op": "eq", "value": "final"}]}}});
    service.replace("/v1/settings", admin, "*", settings).await.expect(200);
    let mut body = ten_percent("P");
    // A draft counts too.
    body["status"] = "draft".into();
    body["campaign"] = "summer".into();
    body["scope"] = json!({"stores": ["BLR-1", "DEL-9"], "channels": ["app"]});
    body["audience"] = json!({"type": "loyalty", "groups": ["vip"],
        "programs": [{"program": "club", "tiers": ["gold"], "supplementary": ["plus"]}]});
    body["conditions"] = json!({"type": "group", "of": [
        {"type": "item", "of": {"include": [one("category", "in", json!(["Shoes", "Hats"])),
            {"field": "attribute", "key": "color", "op": "eq", "value": "red"}],
            "exclude": [one("brand", "not_in", json!(["Acme"])),
                {"field": "sku", "op": "contains", "value": "part"}]}},
        {"type": "payment_mode", "op": "in", "values": ["UPI"]},
        {"type": "gift_voucher", "values": ["GV-SECRET"]},
        {"type": "customer_attribute", "key": "age", "op": "gt", "value": "18"}]});
    let promotion = service.promotion(admin, body.clone()).await;
    let promoted = |value: &str| vec![pair(value, "promotions")];
    for (field, expected) in [
        ("store", vec![pair("BLR-1", "stores"), pair("DEL-9", "promotions")]),
        ("concept", vec![pair("Outlet", "stores")]),
        ("zone", vec![pair("metro", "stores"), pair("west", "stores")]),
        ("tag", promoted("final")),
        ("campaign", promoted("summer")),
        ("channel", promoted("app")),
        ("group", promoted("vip")),
        ("program", promoted("club")),
        ("tier", promoted("gold")),
        ("supplementary", promoted("plus")),
        ("category", vec![pair("Hats", "promotions"), pair("Shoes", "promotions")]),
        ("brand", promoted("Acme")),
        ("attribute_key", promoted("color")),
        ("attribute", promoted("red")),
        ("payment_mode", promoted("UPI")),
        ("customer_attribute_key", promoted("age")),
        ("sku", Vec::new()),
    ] {
        assert_eq!(sources(&service, &tenant, field).await, expected, "{field}");
    }
    assert_eq!(
        items(&service, admin, "field=brand").await,
        [json!({"value": "Acme",
        "title": null, "source": "promotions", "last_seen": null})]
    );
    let all = service.get("/v1/vocabulary", admin).await.expect(200).body;
    let counted = all["items"].as_array().unwrap();
    assert_eq!(counted.len(), 16);
    assert!(counted.contains(&json!({"field": "store", "values": 2})), "{all}");
    assert!(counted.contains(&json!({"field": "category", "values": 2})), "{all}");
    assert_eq!(all["next_cursor"], Value::Null);
    // What it no longer says is gone, and so is what an archived one said.
    body["conditions"] = Value::Null;
    let path = format!("/v1/promotions/{promotion}");
    service.replace(&path, admin, "*", body).await.expect(200);
    assert!(sources(&service, &tenant, "category").await.is_empty());
    assert_eq!(sources(&service, &tenant, "group").await, promoted("vip"));
    service.delete(&path, admin).await.expect(204);
    assert!(sources(&service, &tenant, "group").await.is_empty());
    assert_eq!(sources(&service, &tenant, "store").await, [pair("BLR-1", "stores")]);
    let theirs = service.get("/v1/vocabulary", &stranger.viewer).await.expect(200).body;
    assert_eq!(theirs["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_carts_follow_their_redemption() {
    let (_database, service) = Service::start().await;
    let (tenant, stranger) = (service.tenant().await, service.tenant().await);
    // Neither a price nor a hold is a sale.
    service.post("/v1/evaluate-cart", &tenant.pos, telling_cart()).await.expect(200);
    let mut held = telling_cart();
    held["cart"]["lines"][0]["brand"] = "Held".into();
    let hold = redeem(&service, &tenant, held, true).await;
    redeem(&service, &tenant, telling_cart(), false).await;
    appears(&service, &tenant, "sku").await;
    for (field, expected) in [
        ("sku", vec!["TEE-RED"]),
        ("product", vec!["TEE"]),
        ("category", vec!["Apparel", "T-Shirts"]),
        ("brand", vec!["Acme"]),
        ("tag", vec!["new"]),
        ("supplier", vec!["S1"]),
        ("product_group", vec!["tops"]),
        ("attribute_key", vec!["color"]),
        ("attribute", vec!["red"]),
        ("variant_key", vec!["size"]),
        ("variant", vec!["M"]),
        ("payment_mode", vec!["Card"]),
        ("shipping_method", vec!["express"]),
        ("channel", vec!["web"]),
        ("program", vec!["main"]),
        ("tier", vec!["gold"]),
        ("supplementary", vec!["prime"]),
        ("group", vec!["staff"]),
        ("customer_attribute_key", vec!["city"]),
        ("store", vec![]),
        ("campaign", vec![]),
    ] {
        let expected: Vec<_> = expected.iter().map(|own| pair(own, "redemptions")).collect();
        assert_eq!(sources(&service, &tenant, field).await, expected, "{field}");
    }
    let sku = &items(&service, &tenant.admin, "field=sku").await[0];
    assert_eq!(sku["title"], "Red tee");
    assert!(sku["last_seen"].is_string(), "{sku}");
    assert_eq!(values(&service, &tenant.admin, "field=variant&key=size").await, ["M"]);
    assert_eq!(values(&service, &tenant.admin, "field=variant&key=color").await, [""; 0]);
    let all = service.get("/v1/vocabulary", &tenant.admin).await.expect(200).text;
    assert!(!all.contains("SECRET"), "{all}");
    assert_eq!(values(&service, &stranger.admin, "field=sku").await, [""; 0]);
    // A hold is one when it is committed.
    let path = format!("/v1/redemptions/{hold}/commit");
    service.post(&path, &tenant.pos, json!({})).await.expect(200);
    for _ in 0..300 {
        if values(&service, &tenant.admin, "field=brand").await == ["Acme", "Held"] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the hold's brand does not appear");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_customer_is_kept() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut request = telling_cart();
    // Whatever field a till puts them into.
    request["cart"]["lines"][0]["tags"] = json!(["CUSTOMER-SECRET", "code-secret", "kept"]);
    request["cart"]["lines"][0]["attributes"] = json!({"voucher": "GV-SECRET"});
    request["customer"]["groups"] = json!(["CUSTOMER-SECRET"]);
    redeem(&service, &tenant, request, false).await;
    appears(&service, &tenant, "tag").await;
    assert_eq!(values(&service, &tenant.admin, "field=tag").await, ["kept"]);
    let mut owner = database.owner_connection().await;
    let mut secrets = async || -> i64 {
        sqlx::query_scalar(
            "select count(*) from vocabulary where to_jsonb(vocabulary)::text ilike '%secret%'",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap()
    };
    assert_eq!(secrets().await, 0);
    // What was imported under the customer's id goes with the customer.
    import(&service, &tenant, "group", &["CUSTOMER-SECRET", "staff"]).await;
    assert_eq!(secrets().await, 1);
    service.delete("/v1/customers/CUSTOMER-SECRET", &tenant.admin).await.expect(204);
    assert_eq!(secrets().await, 0);
    assert_eq!(values(&service, &tenant.admin, "field=group").await, ["staff"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_imported_searched_and_forgotten() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let put = async |path: &str, text: &str| {
        let path = format!("/v1/vocabulary/{path}");
        let headers = [("content-type", "text/csv")];
        service.send(Method::PUT, &path, admin, Some(text.to_owned()), &headers).await
    };
    let body = json!({"values": [{"value": "SHOE-1", "title": "Läufer"}, {"value": "shoe-2"},
        {"value": "HAT", "title": "A hat"}, {"value": "HAT", "title": null}]});
    let answer = service.put("/v1/vocabulary/sku", admin, body).await.expect(200).body;
    assert_eq!(answer, json!({"count": 3}));
    assert_eq!(put("sku", "title,Value\nBoot,BOOT-1\n,CAP\n").await.expect(200).body["count"], 2);
    assert_eq!(put("category", "Shoes\nHats\n").await.expect(200).body["count"], 2);
    let found = async |query: &str| values(&service, admin, query).await;
    assert_eq!(found("field=sku&q=sHo").await, ["SHOE-1", "shoe-2"]);
    assert_eq!(found("field=sku&q=O").await, ["BOOT-1", "SHOE-1", "shoe-2"]);
    // Titles are searched too, beyond ASCII.
    assert_eq!(found("field=sku&q=L%C3%84U").await, ["SHOE-1"]);
    assert_eq!(found("field=sku&q=%25").await, [""; 0]);
    assert_eq!(found("field=sku&q=").await.len(), 5);
    let cap = items(&service, admin, "field=sku&q=cap").await;
    assert_eq!((&cap[0]["title"], &cap[0]["source"]), (&Value::Null, &json!("import")));
    assert!(cap[0]["last_seen"].is_string());
    // Pages in order.
    let page = service.get("/v1/vocabulary?field=sku&limit=2", admin).await.expect(200).body;
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(page["items"][1]["value"], "CAP");
    assert_eq!(found(&format!("field=sku&cursor={cursor}")).await, ["HAT", "SHOE-1", "shoe-2"]);
    // A title stays where none is given, and is replaced where one is.
    assert_eq!(put("sku", "HAT\n").await.expect(200).body["count"], 1);
    assert_eq!(items(&service, admin, "field=sku&q=hat").await[0]["title"], "A hat");
    put("sku", "value,title\nHAT,\"A hat, black\"\n").await.expect(200);
    assert_eq!(items(&service, admin, "field=sku&q=BLACK").await[0]["title"], "A hat, black");
    // Attributes and variants under their keys.
    let one = json!({"values": [{"value": "red"}]});
    let path = "/v1/vocabulary/attribute";
    let refused = service.put(path, admin, one.clone()).await.expect_code(422, "invalid");
    assert_eq!(refused.body["errors"][0]["pointer"], "/key");
    for key in ["color", "trim"] {
        service.put(&format!("{path}?key={key}"), admin, one.clone()).await.expect(200);
    }
    assert_eq!(found("field=attribute").await, ["red"]);
    service.delete(&format!("{path}?key=trim"), admin).await.expect(204);
    assert_eq!(found("field=attribute&key=color").await, ["red"]);
    assert_eq!(found("field=attribute&key=trim").await, [""; 0]);
    // What is imported and seen is forgotten, and what promotions say stays.
    let mut body = ten_percent("P");
    body["conditions"] = json!({"type": "item", "of": {"include":
        [{"field": "category", "op": "eq", "value": "Shoes"}]}});
    service.promotion(admin, body).await;
    service.delete("/v1/vocabulary/category", admin).await.expect(204);
    assert_eq!(sources(&service, &tenant, "category").await, [pair("Shoes", "promotions")]);
    let mut sold = cart();
    sold["cart"]["lines"][0]["categories"] = json!(["Shoes", "Caps"]);
    redeem(&service, &tenant, sold.clone(), false).await;
    for _ in 0..300 {
        if found("field=category").await == ["Caps", "Shoes"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    service.delete("/v1/vocabulary/category", admin).await.expect(204);
    assert_eq!(found("field=category").await, ["Shoes"]);
    // What is sold again is seen again.
    redeem(&service, &tenant, sold, false).await;
    for _ in 0..300 {
        if found("field=category").await == ["Caps", "Shoes"] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a forgotten name is not seen again");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_not_seen_for_longest_make_room() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let names = |range: std::ops::Range<u32>| -> String {
        range.map(|number| format!("N{number:05}\n")).collect()
    };
    let put = async |text: String| {
        let headers = [("content-type", "text/csv")];
        let path = "/v1/vocabulary/category";
        service.send(Method::PUT, path, &tenant.admin, Some(text), &headers).await
    };
    put(names(0..10_001)).await.expect_code(422, "invalid");
    put(names(0..10_000)).await.expect(200);
    service.move_clock(60);
    // These are as new as what comes with them.
    put(names(0..10) + "X\nY\n").await.expect(200);
    let count = async || {
        let all = service.get("/v1/vocabulary", &tenant.admin).await.expect(200).body;
        all["items"][0]["values"].clone()
    };
    assert_eq!(count().await, 10_000);
    let found =
        async |q: &str| values(&service, &tenant.admin, &format!("field=category&q={q}")).await;
    assert_eq!(found("X").await, ["X"]);
    assert_eq!(found("n0000").await.len(), 10);
    assert_eq!(found("n0001").await.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_refused() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    for (query, pointer) in [
        ("field=customer", "/field"),
        ("field=sku&key=a", "/key"),
        ("key=a", "/key"),
        ("q=a", "/q"),
        ("field=sku&limit=0", "/limit"),
        ("x=1", "/x"),
    ] {
        let path = format!("/v1/vocabulary?{query}");
        let refused = service.get(&path, admin).await.expect_code(422, "invalid");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{query}");
    }
    let one = json!({"values": [{"value": "A"}]});
    for (path, body, status) in [
        ("customer", one.clone(), 404),
        ("sku?key=a", one.clone(), 422),
        ("sku?x=1", one.clone(), 422),
        ("sku", json!({"values": [{"value": ""}]}), 422),
        ("sku", json!({"values": [{"value": "A", "source": "import"}]}), 422),
        ("sku", json!({}), 422),
    ] {
        let path = format!("/v1/vocabulary/{path}");
        service.put(&path, admin, body).await.expect(status);
    }
    service.delete("/v1/vocabulary/code", admin).await.expect_code(404, "not_found");
    service.delete("/v1/vocabulary/sku?key=a", admin).await.expect_code(422, "invalid");
    service.put("/v1/vocabulary/sku", &tenant.viewer, one).await.expect_code(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_are_those_that_the_vocabulary_lacks() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let of = |name: &str, category: &str| {
        let mut body = ten_percent(name);
        body["conditions"] = json!({"type": "item", "of": {"include":
            [{"field": "category", "op": "eq", "value": category}]}});
        body
    };
    let unknown = |body: &Value| -> Vec<String> {
        let findings = body["findings"].as_array().unwrap().iter();
        let unknown = findings.filter(|own| own["code"] == "unknown_name");
        unknown.map(|own| own["message"].as_str().unwrap().to_owned()).collect()
    };
    // Nothing is known of categories but what the promotion itself says.
    let made = service.post("/v1/promotions", admin, of("A", "Shoes")).await.expect(201);
    assert_eq!(unknown(&made.body), [""; 0]);
    let path = format!("/v1/promotions/{}/findings", made.id());
    assert_eq!(unknown(&service.get(&path, admin).await.expect(200).body), [""; 0]);
    // Another promotion says something.
    let dry = "/v1/promotions?dry_run=true";
    let other = service.post(dry, admin, of("B", "shoes")).await.expect(200);
    let by_case = [
        "No category of the name \"shoes\" is known. There is \"Shoes\", which differs by case alone.",
    ];
    assert_eq!(unknown(&other.body), by_case);
    import(&service, &tenant, "category", &["shoes", "Hats"]).await;
    let other = service.post(dry, admin, of("B", "shoes")).await.expect(200);
    assert_eq!(unknown(&other.body), [""; 0]);
    // Now its own name is one that nobody else knows.
    let own = service.get(&path, admin).await.expect(200).body;
    assert_eq!(unknown(&own).len(), 1);
    import(&service, &tenant, "category", &["Shoes"]).await;
    assert_eq!(unknown(&service.get(&path, admin).await.expect(200).body), [""; 0]);
}
