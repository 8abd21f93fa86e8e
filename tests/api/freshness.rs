//! Two instances on one database: what one changes the other sees within a second, even when nobody tells it.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::Row;
use support::TestDatabase;
use support::harness::{Service, Tenant, cart, random_id, ten_percent};

const GRACE: Duration = Duration::from_secs(1);

/// Changes a discount on one instance and waits for the other.
async fn seen_within_a_second(one: &Service, other: &Service, tenant: &Tenant) {
    let mut body = ten_percent("P");
    assert_eq!(other.discount(&tenant.pos).await, "0.00");
    body["message"] = "first".into();
    let id = one.promotion(&tenant.admin, body).await;
    waits_for(other, tenant, "10.00").await;
    one.delete(&format!("/v1/promotions/{id}"), &tenant.admin).await.expect(204);
    waits_for(other, tenant, "0.00").await;
}

async fn waits_for(service: &Service, tenant: &Tenant, discount: &str) {
    let begun = Instant::now();
    while service.discount(&tenant.pos).await != discount {
        assert!(begun.elapsed() < GRACE, "not seen within a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_reaches_the_other_instance_by_notification() {
    let (database, one) = Service::start().await;
    let other = Service::on(&database, |_| {}).await;
    let tenant = one.tenant().await;
    seen_within_a_second(&one, &other, &tenant).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_reaches_the_other_instance_without_notifications() {
    let (database, one) = Service::start().await;
    let other = Service::on(&database, |options| options.notifications = false).await;
    let tenant = one.tenant().await;
    seen_within_a_second(&one, &other, &tenant).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_reaches_the_other_instance_whose_listener_is_killed() {
    let (database, one) = Service::start().await;
    let other = Service::on(&database, |_| {}).await;
    let tenant = one.tenant().await;
    assert_eq!(other.discount(&tenant.pos).await, "0.00");
    assert!(kill_listeners(&database).await >= 2);
    seen_within_a_second(&one, &other, &tenant).await;
    for _ in 0..100 {
        if other.get("/readyz", "").await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the listener does not come back");
}

/// P15: one hears, one is deaf, one loses its listener again and again; evaluations follow within a second, and what is
/// redeemed meanwhile goes by the rules of now everywhere.
#[tokio::test(flavor = "multi_thread")]
async fn every_instance_sees_a_change_in_time_and_grants_nothing_before() {
    let (database, one) = Service::start().await;
    let deaf = Service::on(&database, |options| options.notifications = false).await;
    let cut = Service::on(&database, |_| {}).await;
    let tenant = one.tenant().await;
    let id = one.promotion(&tenant.admin, ten_percent("P")).await;
    let path = format!("/v1/promotions/{id}/status");
    let all = [&one, &deaf, &cut];
    for service in all {
        waits_for(service, &tenant, "10.00").await;
    }
    for round in 0..6 {
        kill_listeners(&database).await;
        let (status, discount) = match round % 2 {
            0 => ("paused", "0.00"),
            _ => ("active", "10.00"),
        };
        one.post(&path, &tenant.admin, json!({"status": status})).await.expect(200);
        let changed = Instant::now();
        for service in all {
            let body = json!({"transaction_id": random_id(), "request": cart()});
            let sold = service.post("/v1/redemptions", &tenant.pos, body).await.expect(201);
            assert_eq!(sold.body["result"]["totals"]["discount"], discount, "round {round}");
        }
        for service in all {
            while service.discount(&tenant.pos).await != discount {
                assert!(changed.elapsed() < GRACE, "not seen within a second");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// How many there were.
async fn kill_listeners(database: &TestDatabase) -> usize {
    let mut connection = database.owner_connection().await;
    let killed = sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and query ilike '%listen%'",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the listeners");
    assert!(killed.iter().all(|row| row.get::<bool, _>(0)));
    killed.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_reaches_the_other_instance() {
    let (database, one) = Service::start().await;
    let other = Service::on(&database, |_| {}).await;
    let tenant = one.tenant().await;
    let (id, key) = one.key(&tenant.admin, "pos").await;
    assert_eq!(other.discount(&key).await, "0.00");
    one.delete(&format!("/v1/keys/{id}"), &tenant.admin).await.expect(204);
    let begun = Instant::now();
    while other.post("/v1/evaluate-cart", &key, json!({})).await.status != 401 {
        assert!(begun.elapsed() < GRACE, "not seen within a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_tenants_than_fit_in_memory_are_served() {
    let (database, one) = Service::start().await;
    let small = Service::on(&database, |options| options.cache_bytes = 25_000).await;
    let mut tenants = Vec::new();
    for number in 0..4 {
        let tenant = one.tenant().await;
        if number % 2 == 1 {
            one.promotion(&tenant.admin, ten_percent("P")).await;
        }
        tenants.push(tenant);
    }
    for _ in 0..3 {
        for (number, tenant) in tenants.iter().enumerate() {
            let expected = if number % 2 == 1 { "10.00" } else { "0.00" };
            assert_eq!(small.discount(&tenant.pos).await, expected);
        }
        assert!(small.app.service().cache().len() <= 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn simultaneous_first_uses_load_once() {
    let (database, one) = Service::start().await;
    let other = Service::on(&database, |_| {}).await;
    let tenant = one.tenant().await;
    let cache = other.app.service().cache().clone();
    let id = promotion_engine::domain::id::TenantId::new(tenant.id.parse().unwrap());
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.rules(id).await.map(|rules| rules.version()) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().expect("the rules");
    }
    assert_eq!(cache.loads(), 1);
}
