//! What a later release has stored and this one does not know, after an upgrade that was rolled back. Whoever reads it is
//! answered 503, and nothing is done: nothing is redeemed twice, and nothing given back too little.

use serde_json::{Value, json};
use sqlx::PgConnection;
use support::TestDatabase;
use support::harness::{Answer, Service, Tenant, cart, random_id, ten_percent};

use crate::issuances::{issue, reward};

/// One statement after the other: a transaction that locks several tables could wait for a job that waits for it.
async fn run(owner: &mut PgConnection, statements: &str) {
    for statement in statements.split(';') {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        sqlx::raw_sql(statement).execute(&mut *owner).await.unwrap();
    }
}

async fn count(owner: &mut PgConnection, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(owner).await.unwrap()
}

const REDEMPTIONS: &str = "select count(*) from redemption";
const USED: &str = "select coalesce(sum(used), 0)::bigint from limit_counter";

#[track_caller]
fn expect_unavailable(answer: Answer) {
    let answer = answer.expect_code(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
}

/// An instance that starts after the upgrade was rolled back. One that was there before may still have the rules in memory.
async fn restarted(database: &TestDatabase) -> Service {
    Service::on(database, |_| {}).await
}

/// A hold of a promotion that may be used five times: what was sent, and the answer.
async fn hold(service: &Service, tenant: &Tenant) -> (Value, Answer) {
    let mut limited = ten_percent("P");
    limited["limits"] = json!({"promotion": {"times": {"max": 5}}});
    service.promotion(&tenant.admin, limited).await;
    let order = json!({"transaction_id": random_id(), "hold": true, "request": cart()});
    let held = service.post("/v1/redemptions", &tenant.pos, order.clone()).await.expect(201);
    (order, held)
}

#[tokio::test]
async fn a_redemption_in_an_unknown_state_is_neither_made_again_nor_ended() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let (order, held) = hold(&service, &tenant).await;
    let mut owner = database.owner_connection().await;
    run(
        &mut owner,
        "alter table redemption drop constraint redemption_state_check, drop constraint redemption_settled_check;
         update redemption set state = 'parked'",
    )
    .await;
    let path = format!("/v1/redemptions/{}", held.id());
    let mut instead = order.clone();
    instead["replaces"] = held.id().into();
    for body in [order.clone(), instead] {
        expect_unavailable(service.post("/v1/redemptions", &tenant.pos, body).await);
    }
    for end in ["commit", "cancel"] {
        let ended = service.post(&format!("{path}/{end}"), &tenant.pos, json!({})).await;
        expect_unavailable(ended);
    }
    expect_unavailable(service.get(&path, &tenant.pos).await);
    expect_unavailable(service.get("/v1/redemptions", &tenant.admin).await);
    assert_eq!(count(&mut owner, REDEMPTIONS).await, 1);
    assert_eq!(count(&mut owner, USED).await, 1);

    run(&mut owner, "update redemption set state = 'held'").await;
    let again = service.post("/v1/redemptions", &tenant.pos, order).await.expect(200);
    assert_eq!(again.text, held.text);
    service.post(&format!("{path}/cancel"), &tenant.pos, json!({})).await.expect(200);
    assert_eq!(count(&mut owner, USED).await, 0);
}

#[tokio::test]
async fn a_use_of_an_unknown_kind_is_not_dropped_when_its_hold_is_replaced() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let (mut order, held) = hold(&service, &tenant).await;
    order["replaces"] = held.id().into();
    order["request"]["cart"]["lines"][0]["quantity"] = "2".into();
    let mut owner = database.owner_connection().await;
    run(
        &mut owner,
        "alter table limit_counter drop constraint limit_counter_measure_check;
         alter table limit_counter drop constraint limit_counter_subject_check",
    )
    .await;
    for (column, known) in [("measure", "times"), ("subject", "promotion")] {
        let rename = |name: &str| {
            format!(
                "update limit_counter set {column} = '{name}'; update redemption_use set {column} = '{name}'"
            )
        };
        run(&mut owner, &rename("baskets")).await;
        let replaced = service.post("/v1/redemptions", &tenant.pos, order.clone()).await;
        expect_unavailable(replaced);
        assert_eq!(count(&mut owner, REDEMPTIONS).await, 1);
        run(&mut owner, &rename(known)).await;
    }
    service.post("/v1/redemptions", &tenant.pos, order).await.expect(201);
    assert_eq!(count(&mut owner, REDEMPTIONS).await, 2);
    assert_eq!(count(&mut owner, USED).await, 1);
}

#[tokio::test]
async fn unknown_types_sources_and_roles_are_503_until_they_are_known() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut owner = database.owner_connection().await;
    let promotion = service.promotion(&tenant.admin, reward("P", json!({}))).await;
    issue(&service, &tenant, &promotion, "s").await.expect(201);
    let (_, fresh) = service.key(&tenant.admin, "pos").await;
    run(
        &mut owner,
        r#"alter table promotion drop constraint promotion_type_check;
         alter table issuance drop constraint issuance_source_check;
         alter table api_key drop constraint api_key_role_check;
         update promotion set type = 'raffle', document = jsonb_set(document, '{type}', '"raffle"');
         update issuance set source = 'raffle';
         update api_key set role = 'auditor' where last_used_at is null and role = 'pos'"#,
    )
    .await;
    let service = restarted(&database).await;
    expect_unavailable(service.post("/v1/evaluate-cart", &fresh, cart()).await);
    expect_unavailable(service.get("/v1/issuances", &tenant.admin).await);
    expect_unavailable(service.get("/v1/promotions", &tenant.admin).await);
    expect_unavailable(service.get("/v1/keys", &tenant.admin).await);
    run(&mut owner, "update api_key set role = 'pos' where role = 'auditor'").await;
    expect_unavailable(service.post("/v1/evaluate-cart", &fresh, cart()).await);
    run(
        &mut owner,
        "update promotion set type = 'rewards', document = jsonb_set(document, '{type}', '\"rewards\"');
         update issuance set source = 'manual'",
    )
    .await;
    service.post("/v1/evaluate-cart", &fresh, cart()).await.expect(200);
    service.get("/v1/issuances", &tenant.admin).await.expect(200);
}

/// Neither in force nor out of it: prices without it could be wrong.
#[tokio::test]
async fn a_promotion_of_an_unknown_status_is_not_passed_over() {
    let (database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let promotion = service.promotion(&tenant.admin, ten_percent("P")).await;
    let mut long_ended = ten_percent("Long ended");
    long_ended["ends_at"] = "2020-02-01T00:00:00Z".into();
    service.promotion(&tenant.admin, long_ended).await;
    let mut owner = database.owner_connection().await;
    run(&mut owner, "alter table promotion drop constraint promotion_status_check").await;
    let service = restarted(&database).await;
    let order = json!({"transaction_id": random_id(), "request": cart()});
    let path = format!("/v1/promotions/{promotion}");
    for name in ["P", "Long ended"] {
        run(&mut owner, &format!("update promotion set status = 'trial' where name = '{name}'"))
            .await;
        expect_unavailable(service.post("/v1/evaluate-cart", &tenant.pos, cart()).await);
        expect_unavailable(service.post("/v1/redemptions", &tenant.pos, order.clone()).await);
        expect_unavailable(service.get("/v1/promotions", &tenant.admin).await);
        assert_eq!(service.discount(&other.pos).await, "0.00");
        if name == "P" {
            let paused = json!({"status": "paused"});
            let moved = service.post(&format!("{path}/status"), &tenant.admin, paused).await;
            expect_unavailable(moved);
            expect_unavailable(service.delete(&path, &tenant.admin).await);
        }
        run(&mut owner, "update promotion set status = 'active' where status = 'trial'").await;
    }
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    service.post("/v1/redemptions", &tenant.pos, order).await.expect(201);
    assert_eq!(count(&mut owner, REDEMPTIONS).await, 1);

    // What it was once is not known either, and may have been live.
    run(&mut owner, "update promotion_version set status = 'trial'").await;
    expect_unavailable(service.get(&format!("{path}/history"), &tenant.admin).await);
    let read = service.get(&path, &tenant.admin).await.expect(200);
    let mut replaced = ten_percent("P");
    replaced["benefit"]["value"] = "20".into();
    let answer = service.replace(&path, &tenant.admin, read.header("etag"), replaced).await;
    answer.expect_code(409, "locked_after_live");
}

#[tokio::test]
async fn what_an_unknown_level_took_is_not_given_back() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let (_, held) = hold(&service, &tenant).await;
    let path = format!("/v1/redemptions/{}", held.id());
    service.post(&format!("{path}/commit"), &tenant.pos, json!({})).await.expect(200);
    let mut owner = database.owner_connection().await;
    run(
        &mut owner,
        "alter table redemption_promotion drop constraint redemption_promotion_level_check;
         update redemption_promotion set level = 'basket'",
    )
    .await;
    let back = json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]});
    let path = format!("{path}/returns");
    expect_unavailable(service.post(&path, &tenant.pos, back.clone()).await);
    assert_eq!(count(&mut owner, "select count(*) from redemption_return").await, 0);
    assert_eq!(count(&mut owner, USED).await, 1);
    run(&mut owner, "update redemption_promotion set level = 'cart'").await;
    service.post(&path, &tenant.pos, back).await.expect(200);
    assert_eq!(count(&mut owner, USED).await, 0);
}

#[tokio::test]
async fn a_webhook_that_wants_events_of_an_unknown_type_stays_as_it_is() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let wish = json!({"url": "https://example.com/", "events": ["promotion.activated"]});
    service.put("/v1/webhooks/crm", &tenant.admin, wish.clone()).await.expect(201);
    let mut owner = database.owner_connection().await;
    run(&mut owner, "update webhook set events = '{promotion.cloned}'").await;
    expect_unavailable(service.get("/v1/webhooks", &tenant.admin).await);
    expect_unavailable(service.put("/v1/webhooks/crm", &tenant.admin, wish.clone()).await);
    expect_unavailable(service.delete("/v1/webhooks/crm", &tenant.admin).await);
    let kept = "select count(*) from webhook where events = '{promotion.cloned}'";
    assert_eq!(count(&mut owner, kept).await, 1);
    run(&mut owner, "update webhook set events = '{promotion.activated}'").await;
    service.put("/v1/webhooks/crm", &tenant.admin, wish).await.expect(200);
}

/// Documents hold names too: of settings, benefits, time zones, and kinds of work.
#[tokio::test]
async fn a_tenant_whose_documents_name_what_is_unknown_is_not_priced() {
    let (database, service) = Service::start().await;
    let restarted = restarted(&database).await;
    let mut owner = database.owner_connection().await;
    for change in [
        r#"settings set document = jsonb_set(document, '{strategy}', '"auction"')"#,
        r#"settings set document = jsonb_set(document, '{max_discount_percents}', '"5"')"#,
        r#"promotion set document = jsonb_set(document, '{benefit,type}', '"raffle"')"#,
        r#"promotion set document = jsonb_set(document, '{benefit,stairs}', '{}')"#,
        r#"promotion set document = jsonb_set(document, '{stacking,only_with}', '["tag"]')"#,
        r#"promotion set document = jsonb_set(document, '{audience,type}', '"newcomers"')"#,
        r#"milestone set document = jsonb_set(document, '{measure}', '"smiles"')"#,
        r#"tenant set rate_limits = '{"render": null}'"#,
        "store set timezone = 'Mars/Olympus'",
    ] {
        let tenant = service.tenant().await;
        service.promotion(&tenant.admin, ten_percent("P")).await;
        let store = json!({"timezone": "Asia/Kolkata"});
        service.put("/v1/stores/S", &tenant.admin, store).await.expect(200);
        let milestone = json!({"measure": "spend", "targets": [{"name": "T", "value": "1"}]});
        service.put("/v1/milestones/M", &tenant.admin, milestone).await.expect(200);
        run(&mut owner, &format!("update {change} where tenant_id = '{}'", tenant.id)).await;
        expect_unavailable(restarted.post("/v1/evaluate-cart", &tenant.pos, cart()).await);
    }
}
