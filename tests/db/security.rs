//! Tenants are sealed by the database itself: what the catalogue says of every table, and what the roles can do.

use promotion_engine::db::{Db, DbError, OPERATOR_ROLE, SERVICE_ROLE};
use sqlx::{AssertSqlSafe, PgConnection};
use support::{TestDatabase, options};

use crate::sample::full_tenant;

/// All that the operator's role can see. ARCHITECTURE.md says the same.
const OPERATOR_TABLES: [&str; 10] = [
    "backtest",
    "hold",
    "issuance",
    "issuance_watch",
    "limit_counter",
    "outbox",
    "promotion",
    "tenant",
    "webhook",
    "webhook_delivery",
];
/// What it can see of those that it does not see whole.
const OPERATOR_COLUMNS: [&str; 26] = [
    "backtest.leased_until",
    "backtest.state",
    "backtest.tenant_id",
    "issuance.issuance_id",
    "issuance.promotion_id",
    "issuance.revoked_at",
    "issuance.tenant_id",
    "issuance.until",
    "limit_counter.tenant_id",
    "limit_counter.was_used_up",
    "outbox.tenant_id",
    "promotion.ended_for",
    "promotion.ends_at",
    "promotion.expired_for",
    "promotion.promotion_id",
    "promotion.remind_days",
    "promotion.status",
    "promotion.tenant_id",
    "webhook.failures",
    "webhook.rests_until",
    "webhook.tenant_id",
    "webhook.webhook_id",
    "webhook_delivery.dead_at",
    "webhook_delivery.next_attempt_at",
    "webhook_delivery.tenant_id",
    "webhook_delivery.webhook_id",
];
/// What the service may only add to.
const APPEND_ONLY: [&str; 2] = ["audit", "promotion_version"];

/// Every table of ours; sqlx's list of migrations belongs to no tenant.
async fn tables(owner: &mut PgConnection) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
          where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
            and relname <> '_sqlx_migrations'
          order by 1",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    assert!(tables.len() >= 11, "{tables:?}");
    tables
}

async fn offenders(owner: &mut PgConnection, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(owner).await.unwrap()
}

#[tokio::test]
async fn every_table_forces_row_security_and_has_a_policy_for_the_service() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner_connection().await;
    let open = offenders(
        &mut owner,
        "select relname::text from pg_class
          where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
            and relname <> '_sqlx_migrations'
            and not (relkind = 'r' and relrowsecurity and relforcerowsecurity and exists (
                select from pg_policies
                 where schemaname = 'public' and tablename = relname
                   and roles = '{promotion_engine_service}' and cmd = 'ALL'
                   and qual = with_check and qual like '%app.tenant%'))",
    )
    .await;
    assert_eq!(open, Vec::<String>::new());
}

/// Five indexes are not unique and cross tenants: by them jobs find the backtests that wait, and the holds and the
/// promotions that have come to their end, or will.
#[tokio::test]
async fn every_key_and_foreign_key_begins_with_the_tenant() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner_connection().await;
    let unled = offenders(
        &mut owner,
        "select indexrelid::regclass::text
           from pg_index
           join pg_class on pg_class.oid = indrelid
           left join pg_attribute on attrelid = indrelid and attnum = indkey[0]
          where relnamespace = 'public'::regnamespace and relname <> '_sqlx_migrations'
            and attname is distinct from 'tenant_id' and (indisunique or indexrelid::regclass::text not in (
                'backtest_unfinished', 'hold_by_expiry', 'promotion_to_end', 'promotion_to_expire', 'promotion_to_remind'))
         union all
         select conname::text
           from pg_constraint
           join pg_attribute as own on own.attrelid = conrelid and own.attnum = conkey[1]
           join pg_attribute as other on other.attrelid = confrelid and other.attnum = confkey[1]
          where contype = 'f' and connamespace = 'public'::regnamespace
            and (own.attname <> 'tenant_id' or other.attname <> 'tenant_id')
         union all
         select relname::text from pg_class
          where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> '_sqlx_migrations'
            and not exists (select from pg_index where indrelid = pg_class.oid and indisprimary)",
    )
    .await;
    assert_eq!(unled, Vec::<String>::new());
}

#[tokio::test]
async fn the_working_roles_own_nothing_and_bypass_nothing() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner_connection().await;
    for role in [SERVICE_ROLE, OPERATOR_ROLE] {
        let harmless: bool = sqlx::query_scalar(
            "select not (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolcanlogin)
                    and not exists (select from pg_class where relowner = pg_roles.oid)
                    and not exists (select from pg_proc where proowner = pg_roles.oid)
                    and not exists (select from pg_auth_members where member = pg_roles.oid)
                    and not has_schema_privilege(oid, 'public', 'create')
               from pg_roles where rolname = $1",
        )
        .bind(role)
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert!(harmless, "{role}");
    }
}

#[tokio::test]
async fn the_operator_sees_exactly_the_listed_tables() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner_connection().await;
    let seen = offenders(
        &mut owner,
        "select relname::text from pg_class
          where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
            and (has_table_privilege('promotion_engine_operator', oid, 'select, insert, update, delete')
                 or has_any_column_privilege('promotion_engine_operator', oid, 'select, insert, update'))
          order by 1",
    )
    .await;
    assert_eq!(seen, OPERATOR_TABLES);
    let policies = offenders(
        &mut owner,
        "select tablename::text from pg_policies where roles @> '{promotion_engine_operator}' order by 1",
    )
    .await;
    assert_eq!(policies, OPERATOR_TABLES);
    let columns = offenders(
        &mut owner,
        "select relname || '.' || attname from pg_class
           join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
          where relnamespace = 'public'::regnamespace and relkind = 'r'
            and not has_table_privilege('promotion_engine_operator', pg_class.oid, 'select')
            and has_column_privilege('promotion_engine_operator', pg_class.oid, attnum, 'select')
          order by (relname || '.' || attname) collate \"C\"",
    )
    .await;
    assert_eq!(columns, OPERATOR_COLUMNS);
}

#[tokio::test]
async fn the_service_can_truncate_nothing_and_only_add_to_audit_and_history() {
    let database = TestDatabase::new().await;
    full_tenant(&database, "A").await;
    let mut owner = database.owner_connection().await;
    for table in tables(&mut owner).await {
        let excess: bool = sqlx::query_scalar(
            "select has_table_privilege('promotion_engine_service', $1, 'truncate, references, trigger')",
        )
        .bind(&table)
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert!(!excess, "{table}");
    }
    for table in APPEND_ONLY {
        let excess: bool = sqlx::query_scalar(
            "select has_table_privilege('promotion_engine_service', $1, 'update, delete')
                 or has_any_column_privilege('promotion_engine_service', $1, 'update')",
        )
        .bind(table)
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert!(!excess, "{table}");
    }
}

/// What a statement comes to in a transaction that is rolled back: its rows, or its SQLSTATE.
async fn attempt(
    connection: &mut PgConnection,
    tenant: &str,
    statement: &str,
) -> Result<u64, String> {
    let bind = format!("begin; set local app.tenant = '{tenant}'");
    sqlx::raw_sql(AssertSqlSafe(bind)).execute(&mut *connection).await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut *connection).await;
    sqlx::raw_sql("rollback").execute(&mut *connection).await.unwrap();
    match done {
        Ok(done) => Ok(done.rows_affected()),
        Err(error) => {
            Err(error.into_database_error().unwrap().code().unwrap_or_default().into_owned())
        }
    }
}

#[tokio::test]
async fn nothing_of_another_tenant_can_be_read_or_written() {
    let database = TestDatabase::new().await;
    let a = full_tenant(&database, "A").await.to_string();
    let b = full_tenant(&database, "B").await.to_string();
    let mut owner = database.owner_connection().await;
    let mut service = database.owner_connection().await;
    sqlx::raw_sql("set role promotion_engine_service").execute(&mut service).await.unwrap();
    for table in tables(&mut owner).await {
        let count = format!("select from {table} where tenant_id = '{b}'");
        assert!(attempt(&mut service, &b, &count).await.unwrap() >= 1, "B has no row in {table}");
        for stranger in [a.as_str(), ""] {
            assert_eq!(attempt(&mut service, stranger, &count).await, Ok(0), "{table} read");
            for (what, statement) in [
                (
                    "changed",
                    format!("update {table} set tenant_id = tenant_id where tenant_id = '{b}'"),
                ),
                ("taken", format!("update {table} set tenant_id = '{a}' where tenant_id = '{b}'")),
                ("deleted", format!("delete from {table} where tenant_id = '{b}'")),
                ("locked", format!("select from {table} where tenant_id = '{b}' for key share")),
            ] {
                let done = attempt(&mut service, stranger, &statement).await;
                let refused = Err("42501".to_owned());
                assert!(done == Ok(0) || done == refused, "{table} {what}: {done:?}");
            }
            let insert = copy_of_a_row(&mut owner, &table, &b).await;
            let done = attempt(&mut service, stranger, &insert).await;
            assert_eq!(done, Err("42501".to_owned()), "{table} written");
        }
    }
}

/// A statement that inserts again, word for word, what the tenant has in the table.
async fn copy_of_a_row(owner: &mut PgConnection, table: &str, tenant: &str) -> String {
    let columns: String = sqlx::query_scalar(
        "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
          where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
    )
    .bind(table)
    .fetch_one(&mut *owner)
    .await
    .unwrap();
    let row: String = sqlx::query_scalar(AssertSqlSafe(format!(
        "select quote_literal(to_jsonb(it)::text) from {table} as it where tenant_id = '{tenant}' limit 1"
    )))
    .fetch_one(&mut *owner)
    .await
    .unwrap();
    format!(
        "insert into {table} ({columns}) select {columns} from jsonb_populate_record(null::{table}, {row}::jsonb)"
    )
}

#[tokio::test]
async fn a_connection_outside_of_any_transaction_sees_nothing() {
    let database = TestDatabase::new().await;
    full_tenant(&database, "A").await;
    let mut owner = database.owner_connection().await;
    let tables = tables(&mut owner).await;
    sqlx::raw_sql("set role promotion_engine_service").execute(&mut owner).await.unwrap();
    for table in tables {
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&mut owner)
            .await
            .unwrap();
        assert_eq!(count, 0, "{table}");
    }
}

#[tokio::test]
async fn a_server_that_forgets_is_refused() {
    let database = TestDatabase::new().await;
    let mut strict = options(&database.owner());
    strict.durability = promotion_engine::db::Durability::On;
    if std::env::var_os("DATABASE_URL").is_some() {
        // That server may well be a durable one.
        return;
    }
    match Db::open(strict).await {
        Err(DbError::Setup(text)) => {
            for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
                assert!(text.contains(setting), "{text}");
            }
        }
        other => panic!("{other:?}"),
    }
    // What a database or a role sets counts as much as what the server does.
    let mut owner = database.owner_connection().await;
    let name: String = sqlx::query_scalar("select quote_ident(current_database())")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let set = format!("alter database {name} set synchronous_commit = on");
    sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut owner).await.unwrap();
    let mut strict = options(&database.owner());
    strict.durability = promotion_engine::db::Durability::On;
    match Db::open(strict).await {
        Err(DbError::Setup(text)) => assert!(!text.contains("synchronous_commit"), "{text}"),
        other => panic!("{other:?}"),
    }
}
