//! A database that answers and cannot do its work: nothing of it is a fault of the service's, nothing is half done, and
//! whoever asks for readiness is told why.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgConnection;
use support::TestDatabase;
use support::harness::{Answer, Service, Tenant, cart, random_id, ten_percent};

/// How long the service may take to see that a fault is over.
const PATIENCE: Duration = Duration::from_secs(30);

async fn run(owner: &mut PgConnection, statements: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(owner).await.unwrap();
}

fn sale() -> Value {
    json!({"transaction_id": random_id(), "request": cart()})
}

async fn redeem(service: &Service, tenant: &Tenant, sale: &Value) -> Answer {
    service.post("/v1/redemptions", &tenant.pos, sale.clone()).await
}

#[track_caller]
fn expect_unavailable(answer: Answer, what: &str) {
    assert_eq!(answer.header("retry-after"), "1", "{what}: {}", answer.text);
    answer.expect_code(503, "unavailable");
}

async fn readiness(service: &Service) -> (u16, String) {
    let answer = service.get("/readyz", "").await;
    let reason = answer.body["reason"].as_str().unwrap_or_default();
    (answer.status, reason.to_owned())
}

async fn until(service: &Service, wanted: (u16, &str)) {
    let begun = Instant::now();
    loop {
        let (status, reason) = readiness(service).await;
        if (status, reason.as_str()) == wanted {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{status} {reason:?} for {wanted:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_cannot_do_is_503_and_no_fault_of_ours() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    service.promotion(&tenant.admin, ten_percent("P")).await;
    let mut owner = database.owner_connection().await;
    let body = ten_percent("Q");
    let failing = "the database lacks room or memory, or its disk fails";
    for (state, is_failing) in [
        ("53300", false),
        ("25006", false),
        ("57P01", false),
        ("57P02", false),
        ("57P03", false),
        ("53100", true),
        ("53200", true),
        ("58030", true),
    ] {
        run(
            &mut owner,
            format!(
                "create or replace function fail() returns trigger language plpgsql as $$
                 begin raise exception 'seeded' using errcode = '{state}'; end $$;
                 create or replace trigger fail before insert on redemption execute function fail();
                 create or replace trigger fail before insert on promotion execute function fail();"
            ),
        )
        .await;
        let unsold = sale();
        expect_unavailable(redeem(&service, &tenant, &unsold).await, state);
        let made = service.post("/v1/promotions", &tenant.admin, body.clone()).await;
        expect_unavailable(made, state);
        if is_failing {
            assert_eq!(readiness(&service).await, (503, failing.to_owned()), "{state}");
        } else {
            assert_eq!(readiness(&service).await.0, 200, "{state}");
        }
        run(
            &mut owner,
            "drop trigger fail on redemption; drop trigger fail on promotion".to_owned(),
        )
        .await;
        // Nothing was done, so that the same is done now.
        redeem(&service, &tenant, &unsold).await.expect(201);
        if is_failing {
            until(&service, (200, "")).await;
        }
    }
    service.post("/v1/promotions", &tenant.admin, body).await.expect(201);
}

/// What new transactions of the database may do; those that are open are ended.
async fn allow(database: &TestDatabase, setting: &str) {
    let mut owner = database.owner_connection().await;
    run(
        &mut owner,
        format!(
            "begin read write;
             do $$ begin execute format('alter database %I {setting}', current_database()); end $$;
             commit;
             select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid()"
        ),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_server_is_not_ready_refuses_writes_and_is_ready_afterwards() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    service.promotion(&tenant.admin, ten_percent("P")).await;
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    allow(&database, "set default_transaction_read_only = on").await;
    until(&service, (503, "the database is read-only")).await;
    let unsold = sale();
    expect_unavailable(redeem(&service, &tenant, &unsold).await, "a redemption");
    let made = service.post("/v1/promotions", &tenant.admin, ten_percent("Q")).await;
    expect_unavailable(made, "a promotion");
    assert_eq!(service.discount(&tenant.pos).await, "10.00", "carts are priced");
    allow(&database, "reset default_transaction_read_only").await;
    until(&service, (200, "")).await;
    redeem(&service, &tenant, &unsold).await.expect(201);
}
