//! The schema is ready to be spread by tenant: what the service asks names the tenant at every table that it touches.
//!
//! Each statement is planned without its values, as the owner, whom row-level security does not bind: whatever
//! condition stands at a table then is the statement's own. Scans of whole tables and joins by hash are switched off, so
//! that conditions stand where the rows are read.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};
use support::TestDatabase;

/// Statements of the operator's role, which cross tenants; and what each of them is for.
const CROSSING: &[(&str, &str)] = &[
    ("from hold", "jobs: tenants with a hold that has lapsed"),
    ("from limit_counter", "jobs: tenants whose issuances were given something back"),
    ("from outbox", "jobs: tenants with events to be numbered"),
    ("from promotion", "jobs: promotions that have ended"),
    ("from webhook", "jobs: webhooks that do not rest"),
    ("from webhook_delivery", "jobs: webhooks with something due"),
    ("from tenant", "the operator's list, and jobs that go through all tenants"),
];
/// The one table of ours that is no tenant's: the migrations that have run.
const OF_NOBODY: &str = "_sqlx_migrations";

/// The statements of a source that are not checked when they are compiled.
fn unchecked(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in ["sqlx::query(", "sqlx::query_scalar(", "sqlx::query_as("] {
        for rest in source.split(call).skip(1) {
            let Some(text) = rest.trim_start().strip_prefix('"') else {
                continue;
            };
            let text = text.split('"').next().unwrap_or_default();
            let is_ours = ["insert ", "update ", "delete ", "select "];
            if is_ours.iter().any(|word| text.starts_with(word)) {
                found.push(text.replace("\\\n", ""));
            }
        }
    }
    found
}

/// Every statement that is checked when it is compiled, and every other one that stands whole in the code.
fn statements() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(root.join(".sqlx")).expect("the statements") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a statement");
        let statement: Value = serde_json::from_str(&text).expect("JSON");
        found.insert(statement["query"].as_str().expect("a query").to_owned());
    }
    // A setting is of no table.
    found.retain(|statement| !statement.starts_with("set "));
    for entry in fs::read_dir(root.join("src/db")).expect("the sources") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).expect("a source");
            found.extend(unchecked(&text));
        }
    }
    assert!(found.len() > 100, "{} statements", found.len());
    found
}

/// The nodes of a plan that read or write a table, with all that is written about them.
fn nodes(plan: &Value, found: &mut Vec<(String, String)>) {
    if let Some(table) = plan["Relation Name"].as_str()
        && plan["Node Type"] != "ModifyTable"
    {
        let conditions: String = ["Index Cond", "Recheck Cond", "Filter", "TID Cond"]
            .iter()
            .filter_map(|name| plan[*name].as_str())
            .collect();
        // Of a bitmap the index stands one node below.
        let below = plan["Plans"].to_string();
        found.push((table.to_owned(), conditions + &below));
    }
    for plan in plan["Plans"].as_array().into_iter().flatten() {
        nodes(plan, found);
    }
}

/// How the statement would be carried out, whatever its values are. Plans are asked for without values, so that
/// `plan_cache_mode` has to be `force_generic_plan`.
pub async fn plan(connection: &mut PgConnection, statement: &str) -> Result<Value, sqlx::Error> {
    run(connection, format!("prepare own as {statement}")).await?;
    let plan = explain(connection).await;
    run(connection, "deallocate own".to_owned()).await?;
    plan
}

async fn explain(connection: &mut PgConnection) -> Result<Value, sqlx::Error> {
    let count: i32 = sqlx::query_scalar(
        "select coalesce(cardinality(parameter_types), 0) from pg_prepared_statements where name = 'own'",
    )
    .fetch_one(&mut *connection)
    .await?;
    let nothing: Vec<&str> = (0..count).map(|_| "null").collect();
    let arguments = if count == 0 { String::new() } else { format!("({})", nothing.join(", ")) };
    let explain = format!("explain (format json) execute own{arguments}");
    sqlx::query_scalar(AssertSqlSafe(explain)).persistent(false).fetch_one(&mut *connection).await
}

async fn run(connection: &mut PgConnection, text: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await?;
    Ok(())
}

#[tokio::test]
async fn every_statement_names_the_tenant_at_every_table() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner_connection().await;
    sqlx::raw_sql(
        "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off;
         set enable_mergejoin = off; set enable_bitmapscan = off; set enable_material = off; set enable_memoize = off",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let (mut faults, mut crossing, mut touched) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for statement in statements() {
        // Every statement of this release fits the schema.
        let plan = plan(&mut owner, &statement).await;
        let plan = plan.unwrap_or_else(|error| panic!("{error}: {statement}"));
        let mut read = Vec::new();
        nodes(&plan[0]["Plan"], &mut read);
        for (table, conditions) in read {
            if conditions.contains("tenant_id") || table == OF_NOBODY || table.starts_with("pg_") {
                touched.insert(table);
                continue;
            }
            let folded = statement.split_whitespace().collect::<Vec<_>>().join(" ");
            let known = CROSSING.iter().find(|(text, _)| *text == format!("from {table}"));
            match known {
                Some((text, _)) if folded.contains(text) => {
                    crossing.insert(format!("{table}: {folded}"));
                }
                _ => faults.push(format!("{table} in: {folded}")),
            }
        }
        let inserts = statement.trim_start().starts_with("insert into");
        assert!(!inserts || statement.contains("tenant_id"), "{statement}");
    }
    assert!(faults.is_empty(), "without the tenant:\n{}", faults.join("\n"));
    println!("crossing tenants:\n{}", crossing.iter().cloned().collect::<Vec<_>>().join("\n"));
    assert!(touched.len() > 20, "{touched:?}");
}
