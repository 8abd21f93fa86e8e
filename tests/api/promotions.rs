//! Promotions: their versions, statuses, locks, names and bounds.

use reqwest::Method;
use serde_json::{Value, json};
use support::harness::{OPERATOR, Service, stepped, ten_percent};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_can_be_sent_back() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let id = service.promotion(admin, ten_percent("P")).await;
    let path = format!("/v1/promotions/{id}");
    let read = service.get(&path, &tenant.viewer).await.expect(200);
    assert_eq!((read.header("etag"), &read.body["state"]), ("\"1\"", &json!("live")));
    let mut body = read.body.clone();
    body["message"] = "Ten off".into();
    body["benefit"]["value"] = "10.000".into();
    service.put(&path, admin, body.clone()).await.expect_code(428, "if_match_required");
    service.replace(&path, admin, "\"7\"", body.clone()).await.expect_code(412, "stale_version");
    let replaced = service.replace(&path, admin, "\"1\"", body.clone()).await.expect(200);
    assert_eq!((replaced.header("etag"), &replaced.body["message"]), ("\"2\"", &json!("Ten off")));
    service.replace(&path, admin, "\"1\"", body).await.expect_code(412, "stale_version");
    let history = service.get(&format!("{path}/history"), admin).await.expect(200).body;
    let versions: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|item| item["version"].clone()).collect();
    assert_eq!(versions, [json!(2), json!(1)]);
    assert_eq!(history["items"][1]["promotion"]["message"], "");
    assert!(history["items"][1]["key_id"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn once_live_some_things_are_locked_by_value() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let path = format!("/v1/promotions/{}", service.promotion(admin, ten_percent("P")).await);
    for (field, value) in [
        ("benefit", json!({"type": "percentage_off", "value": "11"})),
        ("limits", json!({"cart": {"discount": "5"}})),
        ("type", json!("code_linked")),
        ("starts_at", json!("2020-01-02T00:00:00Z")),
    ] {
        let mut body = ten_percent("P");
        body[field] = value;
        let refused = service.replace(&path, admin, "\"1\"", body).await;
        assert_eq!(
            refused.expect_code(409, "locked_after_live").faults()[0].0,
            format!("/{field}")
        );
    }
    let mut body = ten_percent("Q");
    body["starts_at"] = "2020-01-01T05:30:00+05:30".into();
    body["ends_at"] = "2098-01-01T00:00:00Z".into();
    service.replace(&path, admin, "\"1\"", body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_read_as_they_were_written_and_locked_once_live() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let mut body = stepped("P");
    body["audience"] = json!({"type": "identified"});
    body["stacking"] = json!({"tags": ["sale"], "not_with": ["coupon", "sale"]});
    let path = format!("/v1/promotions/{}", service.promotion(admin, body).await);
    let read = service.get(&path, admin).await.expect(200).body;
    let values = json!([{"from": "100", "value": "10"}, {"from": "200", "value": "20"}]);
    let steps = json!({"measure": "amount", "of": null, "values": values});
    assert_eq!(read["benefit"]["steps"], steps);
    assert_eq!(read["benefit"].get("value"), None);
    assert_eq!(read["audience"], json!({"type": "identified", "groups": []}));
    let stacking = json!({"exclusive": false, "allow_further": true, "group": null,
                          "tags": ["sale"], "not_with": ["coupon", "sale"]});
    assert_eq!(read["stacking"], stacking);
    for (pointer, value) in [
        ("/values/0/from", json!("99")),
        ("/values/0/value", json!("9")),
        ("/values/1/from", json!("201")),
        ("/values/1/value", json!("21")),
        ("/values/1", json!({"from": "200", "value": "20.0001"})),
        ("/measure", json!("quantity")),
        ("/of", json!({})),
        (
            "",
            json!({"measure": "amount", "values": [values[0], values[1], {"from": 300, "value": 30}]}),
        ),
    ] {
        let mut other = read.clone();
        *other.pointer_mut(&format!("/benefit/steps{pointer}")).unwrap() = value;
        let refused = service.replace(&path, admin, "\"1\"", other).await;
        let faults = refused.expect_code(409, "locked_after_live").faults();
        assert_eq!(faults[0].0, "/benefit", "{pointer}");
    }
    let mut plain = read.clone();
    plain["benefit"] = ten_percent("P")["benefit"].clone();
    let refused = service.replace(&path, admin, "\"1\"", plain).await;
    refused.expect_code(409, "locked_after_live");
    // What was read can be sent back, also written otherwise; how it combines can be changed.
    let mut back = read.clone();
    back["benefit"]["steps"]["values"][0]["value"] = "10.000".into();
    back["stacking"]["not_with"] = json!([]);
    let replaced = service.replace(&path, admin, "\"1\"", back).await.expect(200).body;
    assert_eq!(replaced["benefit"], read["benefit"]);
    assert_eq!(replaced["stacking"]["not_with"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_move_as_the_spec_says() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let mut draft = ten_percent("P");
    draft["status"] = "draft".into();
    let id = service.promotion(admin, draft.clone()).await;
    let path = format!("/v1/promotions/{id}");
    let status = |status: &'static str| {
        let path = format!("{path}/status");
        let service = &service;
        async move { service.post(&path, admin, json!({"status": status})).await }
    };
    status("paused").await.expect_code(409, "invalid_transition");
    status("draft").await.expect_code(422, "invalid");
    assert_eq!(service.discount(&tenant.pos).await, "0.00");
    assert_eq!(status("active").await.expect(200).body["state"], "live");
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    assert_eq!(status("active").await.expect(200).body["version"], 2, "nothing has changed");
    assert_eq!(status("paused").await.expect(200).body["state"], "paused");
    assert_eq!(service.discount(&tenant.pos).await, "0.00");
    status("active").await.expect(200);
    service.post("/v1/promotions", admin, ten_percent("P")).await.expect_code(409, "name_taken");
    service.delete(&path, admin).await.expect(204);
    assert_eq!(service.discount(&tenant.pos).await, "0.00");
    status("active").await.expect_code(409, "archived");
    for tag in ["\"1\"", "\"5\""] {
        service.replace(&path, admin, tag, draft.clone()).await.expect_code(409, "archived");
    }
    service.promotion(admin, ten_percent("P")).await;
    let names = |query: &'static str| {
        let (service, viewer) = (&service, &tenant.viewer);
        async move {
            let listed =
                service.get(&format!("/v1/promotions{query}"), viewer).await.expect(200).body;
            listed["items"].as_array().unwrap().len()
        }
    };
    assert_eq!(names("").await, 1);
    assert_eq!(names("?state=archived").await, 1);
    assert_eq!(names("?state=live&type=pos&q=p").await, 1);
    assert_eq!(names("?state=draft").await, 0);
    assert_eq!(names("?campaign=none").await, 0);
    service.get("/v1/promotions?state=gone", admin).await.expect_code(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bound_of_active_promotions_holds_whoever_activates_at_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let body = json!({"max_active_promotions": 3}).to_string();
    let path = format!("/v1/tenants/{}", tenant.id);
    service.call(Method::PATCH, &path, OPERATOR, Some(body)).await.expect(200);
    let mut tasks = Vec::new();
    for number in 0..8 {
        tasks.push(service.post(
            "/v1/promotions",
            &tenant.admin,
            ten_percent(&format!("P{number}")),
        ));
    }
    let mut made = 0;
    let answers = join_all(tasks).await;
    for answer in answers {
        if answer.status == 201 {
            made += 1;
        } else {
            answer.expect_code(409, "active_promotion_limit");
        }
    }
    assert_eq!(made, 3);
    let mut ended = ten_percent("ended");
    ended["ends_at"] = "2021-01-01T00:00:00Z".into();
    service.promotion(&tenant.admin, ended).await;
}

/// Runs them all at once.
pub async fn join_all<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *done = Some(value),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_custom_field_must_be_there_before_activation() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let mut draft = ten_percent("P");
    draft["status"] = "draft".into();
    let path = format!("/v1/promotions/{}/status", service.promotion(admin, draft).await);
    let fields =
        json!([{"key": "cost_center", "label": "Cost centre", "type": "text", "required": true}]);
    service
        .replace("/v1/settings", admin, "\"1\"", json!({"custom_fields": fields}))
        .await
        .expect(200);
    let expected = [("/custom_fields/cost_center".to_owned(), "required".to_owned())];
    let refused = service.post(&path, admin, json!({"status": "active"})).await;
    assert_eq!(refused.expect_code(422, "invalid").faults(), expected);
    let refused = service.post("/v1/promotions", admin, ten_percent("Q")).await;
    assert_eq!(refused.expect_code(422, "invalid").faults(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn promotions_page_newest_first() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(service.promotion(&tenant.admin, ten_percent(&format!("P{number}"))).await);
    }
    made.reverse();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = service
            .get(&format!("/v1/promotions?limit=2{cursor}"), &tenant.admin)
            .await
            .expect(200)
            .body;
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item: &Value| item["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, made);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_path_is_judged_before_the_body_and_the_body_before_the_state() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let id = service.promotion(admin, ten_percent("P")).await;
    let nowhere = format!("/v1/promotions/{}", support::harness::random_id());
    service.put(&nowhere, admin, json!({"x": 1})).await.expect_code(404, "not_found");
    let path = format!("/v1/promotions/{id}");
    service.put(&path, admin, json!({"x": 1})).await.expect_code(422, "invalid");
    service.put(&path, &tenant.viewer, json!({"x": 1})).await.expect_code(403, "forbidden");
    let faulty = json!({"zz": 1});
    for path in [
        "/v1/promotions/ID/activations",
        "/v1/promotions/ID/status",
        "/v1/promotions/ID/codes",
        "/v1/redemptions/ID/commit",
        "/v1/redemptions/ID/cancel",
        "/v1/redemptions/ID/returns",
        "/v1/redemptions/tx:nobody/commit",
        "/v1/redemptions/tx:nobody/returns",
        "/v1/issuances/ID/activate",
        "/v1/issuances/ID/revoke",
        "/v1/webhooks/nobody/secret",
        "/v1/webhooks/nobody/resend",
    ] {
        let path = path.replace("ID", &support::harness::random_id());
        service.post(&path, admin, faulty.clone()).await.expect_code(404, "not_found");
    }
    // What is not known can be cancelled by its transaction.
    let path = "/v1/redemptions/tx:nobody/cancel";
    service.post(path, admin, faulty).await.expect_code(422, "invalid");
}
