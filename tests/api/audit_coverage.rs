//! P22: every change by an admin or the operator leaves exactly one row in the trail, in its own transaction; a refusal
//! none. Goes through the table of all routes, so that a new one is counted too.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgConnection};
use support::harness::{OPERATOR, Service, Tenant};

use crate::routes::{ROUTES, Route, Things, call};

/// What tills and their customers do is in the ledger and the outbox, not in the trail.
const OF_TILLS: &[&str] = &[
    "/v1/evaluate-cart",
    "/v1/price-products",
    "/v1/redemptions",
    "/v1/redemptions/{id}/commit",
    "/v1/redemptions/{id}/cancel",
    "/v1/redemptions/{id}/returns",
    "/v1/activities",
    "/v1/issuances/{id}/activate",
    "/v1/promotions/{id}/activations",
];
/// A tenant is made with its first key: two subjects, each with its row.
const TWO_ROWS: &[&str] = &["/v1/tenants"];
/// Nothing was given up, so that nothing is sent again: no change. (`webhooks` has one that is.)
const CHANGES_NOTHING: &[&str] = &["/v1/webhooks/{name}/resend"];
/// What is made, replaced or moved of promotions is in their history besides.
const IN_HISTORY: &[(&str, &str)] = &[
    ("post", "/v1/promotions"),
    ("put", "/v1/promotions/import"),
    ("put", "/v1/promotions/{id}"),
    ("delete", "/v1/promotions/{id}"),
    ("post", "/v1/promotions/{id}/status"),
    ("post", "/v1/promotions/status"),
];

fn changes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.method != "get" && !OF_TILLS.contains(&route.path))
}

/// What the route is called with. What is put under a name is new: the same again would change nothing.
async fn things_for(service: &Service, tenant: &Tenant, route: &Route, number: usize) -> Things {
    let mut things = Things::of(service, tenant, &format!("{number:03}")).await;
    if route.method == "put" {
        for name in [&mut things.store, &mut things.list, &mut things.webhook] {
            name.push_str("-new");
        }
    }
    things
}

fn key_for<'k>(route: &Route, tenant: &'k Tenant) -> &'k str {
    if route.allowed == "o" { OPERATOR } else { &tenant.admin }
}

async fn count(owner: &mut PgConnection, table: &'static str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
        .fetch_one(owner)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_leaves_exactly_one_row_in_its_own_transaction() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut owner = database.owner_connection().await;
    let mut counted = 0;
    for (number, route) in changes().enumerate() {
        let name = format!("{} {}", route.method, route.path);
        let things = things_for(&service, &tenant, route, number).await;
        let version = match route.path {
            "/v1/settings" => {
                service.get(route.path, &tenant.admin).await.body["version"].to_string()
            }
            _ => "1".to_owned(),
        };
        let before =
            (count(&mut owner, "audit").await, count(&mut owner, "promotion_version").await);
        let key = key_for(route, &tenant);
        let (status, body) = call(&service, route, &things, key, &version).await;
        assert!((200..300).contains(&status), "{name}: {status} {body}");
        let after =
            (count(&mut owner, "audit").await, count(&mut owner, "promotion_version").await);
        let rows = match route.path {
            path if TWO_ROWS.contains(&path) => 2,
            path if CHANGES_NOTHING.contains(&path) => 0,
            _ => 1,
        };
        assert_eq!(after.0 - before.0, rows, "{name}: rows of the trail");
        let in_history = IN_HISTORY.contains(&(route.method, route.path));
        assert_eq!(after.1 - before.1, i64::from(in_history), "{name}: rows of the history");
        if in_history {
            let same: bool = sqlx::query_scalar(
                "select (select xmin::text from audit order by at desc, audit_id desc limit 1)
                      = (select xmin::text from promotion_version order by at desc limit 1)",
            )
            .fetch_one(&mut owner)
            .await
            .unwrap();
            assert!(same, "{name}: one transaction");
        }
        // The same again with a role that may not: refused, and no row.
        let (status, _) = call(&service, route, &things, &tenant.viewer, &version).await;
        assert_eq!(status, 403, "{name}");
        assert_eq!(count(&mut owner, "audit").await, after.0, "{name}: a refusal");
        counted += 1;
    }
    assert!(counted >= 20, "{counted} changes");
}

/// All that the database has, but for what its own clocks and sequences say.
pub async fn fingerprint(owner: &mut PgConnection) -> BTreeMap<String, String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
          where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut *owner)
    .await
    .unwrap();
    let mut found = BTreeMap::new();
    for table in tables {
        // When a key was last seen is written by itself, whenever, and so are names of carts and how far a backtest is.
        let own = if table == "backtest" {
            "jsonb_build_object('id', backtest_id)"
        } else {
            "to_jsonb(own)"
        };
        let rows = format!(
            "select coalesce(md5(string_agg(({own} - 'last_used_at')::text, ' ' order by {own}::text)), '')
               from {table} as own
              where to_jsonb(own) ->> 'source' is distinct from 'redemptions'"
        );
        let digest: String =
            sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&mut *owner).await.unwrap();
        found.insert(table, digest);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_down_does_not_happen() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut owner = database.owner_connection().await;
    let writes = changes().filter(|route| !CHANGES_NOTHING.contains(&route.path));
    for (number, route) in writes.enumerate() {
        let name = format!("{} {}", route.method, route.path);
        sqlx::raw_sql("drop trigger if exists refuses on audit; drop function if exists refuses")
            .execute(&mut owner)
            .await
            .unwrap();
        let things = things_for(&service, &tenant, route, number).await;
        let version = match route.path {
            "/v1/settings" => {
                service.get(route.path, &tenant.admin).await.body["version"].to_string()
            }
            _ => "1".to_owned(),
        };
        sqlx::raw_sql(
            "create function refuses() returns trigger language plpgsql as
                 $$begin raise exception 'no row' using errcode = 'P0001'; end$$;
             create trigger refuses before insert on audit for each row execute function refuses();",
        )
        .execute(&mut owner)
        .await
        .unwrap();
        // Events that were told before may be numbered at any time.
        service.get("/v1/events", &tenant.admin).await.expect(200);
        let before = fingerprint(&mut owner).await;
        let (status, body) =
            call(&service, route, &things, key_for(route, &tenant), &version).await;
        assert_eq!(status, 500, "{name}: {body}");
        assert!(!body.to_string().contains("no row"), "{name}: {body}");
        assert_eq!(fingerprint(&mut owner).await, before, "{name} was done all the same");
    }
}
