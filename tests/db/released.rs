//! The release before this one goes on serving while this one migrates, and after it: its statements work on today's
//! schema, its rows outlive the migrations, and what it writes is taken.
//!
//! `released.json` has its migrations and statements; `.ci/sqlx --released` writes it anew with each release. What a
//! migration takes away all the same stands in [`EXCEPTIONS`], with the reason why nobody misses it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use promotion_engine::db::{self, OPERATOR_ROLE, SERVICE_ROLE};
use serde::Deserialize;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use support::{TestDatabase, copy};

use crate::sample::full_tenant;
use crate::tenant_in_statements;

/// What today's schema takes from what the release before had, or asks of it besides; and why that breaks nothing.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "promotion: policy of_the_operator for SELECT to {promotion_engine_operator} using ((status = 'active'::text) \
         AND (ended_for IS DISTINCT FROM ends_at)) with check ",
        "now it shows more, and what ends promotions has said itself which it wants",
    ),
    ("promotion_engine_service may update customer_promotion.customer_id", "no statement did it"),
    ("promotion_engine_service may update milestone_progress.customer_id", "no statement did it"),
    ("promotion_engine_service may update milestone_target.customer_id", "no statement did it"),
    (
        "CREATE UNIQUE INDEX issuance_source_key ON public.issuance USING btree (tenant_id, promotion_id, customer_id, \
         source, source_id, issued_to)",
        "weaker than it was, under the same name",
    ),
    (
        "CREATE UNIQUE INDEX issuance_origin_key ON public.issuance USING btree (tenant_id, promotion_id, issued_to, \
         source, source_id) WHERE (issued_to <> '\\x'::bytea)",
        "has nothing of what does not name issued_to",
    ),
    (
        "CREATE UNIQUE INDEX issuance_activation_key ON public.issuance USING btree (tenant_id, promotion_id, \
         customer_id) WHERE ((source = 'activation'::text) AND (issued_to = '\\x'::bytea))",
        "the same for what does not name issued_to",
    ),
    (
        "CREATE TRIGGER product_list_noted BEFORE INSERT OR UPDATE ON public.product_list FOR EACH ROW EXECUTE \
         FUNCTION note_product_list()",
        "notes another revision, refuses nothing",
    ),
    (
        "CREATE TRIGGER stores_added AFTER INSERT ON public.store REFERENCING NEW TABLE AS changed FOR EACH STATEMENT \
         EXECUTE FUNCTION note_stores()",
        "notes another revision in a row that the writer holds",
    ),
    (
        "CREATE TRIGGER stores_changed AFTER UPDATE ON public.store REFERENCING NEW TABLE AS changed FOR EACH STATEMENT \
         EXECUTE FUNCTION note_stores()",
        "notes another revision in a row that the writer holds",
    ),
    (
        "CREATE TRIGGER stores_deleted AFTER DELETE ON public.store REFERENCING OLD TABLE AS changed FOR EACH STATEMENT \
         EXECUTE FUNCTION note_stores()",
        "notes another revision in a row that the writer holds",
    ),
    (
        "CREATE TRIGGER promotion_words_noted AFTER INSERT OR UPDATE OF name_folded, document ON public.promotion FOR EACH \
         ROW EXECUTE FUNCTION note_promotion_words()",
        "notes words in a table of its own, refuses nothing",
    ),
];

/// The release before this one.
#[derive(Deserialize)]
struct Released {
    /// SHA-384 of each migration in hexadecimal digits, by its number.
    migrations: BTreeMap<i64, String>,
    statements: Vec<String>,
}

fn released() -> Released {
    let released: Released =
        serde_json::from_str(include_str!("released.json")).expect("what was released");
    assert!(released.statements.len() > 100);
    released
}

/// A database as the release before left it, and as this one makes it of an empty one.
struct Schemas {
    old: PgConnectOptions,
    new: TestDatabase,
}

impl Schemas {
    async fn new() -> Self {
        // The template's migrations have made the roles.
        let new = TestDatabase::new().await;
        let (old, _) = copy(false).await;
        let released = released();
        let migrations = sqlx::migrate!("./migrations")
            .iter()
            .filter(|migration| released.migrations.contains_key(&migration.version))
            .cloned()
            .collect();
        Migrator::with_migrations(migrations)
            .run_direct(None, &mut connection(&old).await, false)
            .await
            .expect("the migrations of the release before");
        Self { old, new }
    }
}

async fn connection(to: &PgConnectOptions) -> PgConnection {
    to.connect().await.expect("a connection as the owner")
}

async fn run(connection: &mut PgConnection, statement: String) {
    let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{error}: {statement}"));
}

async fn texts(connection: &mut PgConnection, query: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
        .fetch_all(connection)
        .await
        .unwrap_or_else(|error| panic!("{error}: {query}"))
}

#[test]
fn a_migration_that_was_released_is_never_changed() {
    let today: BTreeMap<i64, String> = sqlx::migrate!("./migrations")
        .iter()
        .map(|migration| {
            let mut digits = String::new();
            for byte in migration.checksum.iter() {
                write!(digits, "{byte:02x}").expect("a digit");
            }
            (migration.version, digits)
        })
        .collect();
    for (number, checksum) in released().migrations {
        assert_eq!(today.get(&number), Some(&checksum), "migration {number}");
    }
}

/// Each statement is planned in the roles in which the old schema lets it run. A plan needs all of what running it needs
/// but the values: tables, columns, their types, the role's rights, and the index behind each `on conflict`.
#[tokio::test]
async fn every_statement_of_the_release_before_works_on_this_schema() {
    let schemas = Schemas::new().await;
    let (mut old, mut new) = (connection(&schemas.old).await, schemas.new.owner_connection().await);
    for connection in [&mut old, &mut new] {
        run(connection, "set plan_cache_mode = force_generic_plan".to_owned()).await;
    }
    let mut statements = released().statements;
    // A setting is of no table.
    statements.retain(|statement| !statement.starts_with("set "));
    let (mut worked, mut faults) = (BTreeSet::new(), Vec::new());
    for role in [SERVICE_ROLE, OPERATOR_ROLE] {
        run(&mut old, format!("set role {role}")).await;
        run(&mut new, format!("set role {role}")).await;
        for statement in &statements {
            if tenant_in_statements::plan(&mut old, statement).await.is_err() {
                continue;
            }
            worked.insert(statement);
            if let Err(error) = tenant_in_statements::plan(&mut new, statement).await {
                faults.push(format!("{role}: {error}:\n{statement}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    let never: Vec<_> = statements.iter().filter(|statement| !worked.contains(statement)).collect();
    assert!(never.is_empty(), "on neither schema: {never:?}");
}

/// What the old schema has: each line must be there in the new one.
const HELD: &str = "
    select relname || ' is there' as line from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')
    union all
    select format('%s.%s: %s%s%s', relname, attname, format_type(atttypid, atttypmod),
                  case when attcollation <> 0 then ' collate ' || attcollation::regcollation end,
                  case when not attnotnull then ', may be null' end)
      from pg_attribute join pg_class on pg_class.oid = attrelid
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm') and attnum > 0 and not attisdropped
    union all
    select format('%s.%s: %s%s default %s', relname, attname, attgenerated, attidentity, pg_get_expr(adbin, adrelid))
      from pg_attribute join pg_class on pg_class.oid = attrelid
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and attnum > 0 and not attisdropped
    union all
    select format('function %s: %s', oid::regprocedure, prorettype::regtype) from pg_proc
     where pronamespace = 'public'::regnamespace
    union all
    select format('%s: policy %s for %s to %s using %s with check %s', tablename, policyname, cmd, roles, qual, with_check)
      from pg_policies where schemaname = 'public'
    union all
    select format('%s may %s %s', rolname, may, relname)
      from pg_class cross join pg_roles cross join unnest(array['select', 'insert', 'update', 'delete']) as may
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm') and relname <> '_sqlx_migrations'
       and rolname in ('promotion_engine_service', 'promotion_engine_operator')
       and may = 'delete' and has_table_privilege(rolname, pg_class.oid, may)
    union all
    select format('%s may %s %s.%s', rolname, may, relname, attname)
      from pg_class join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
     cross join pg_roles cross join unnest(array['select', 'insert', 'update']) as may
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
       and rolname in ('promotion_engine_service', 'promotion_engine_operator')
       and has_column_privilege(rolname, pg_class.oid, attnum, may)";

/// The end of each such line about a column.
const MUST_BE_GIVEN: &str = " must be given";

/// What a schema asks of whoever writes, with the tables and columns that it is about: no line about old tables and
/// columns may be new.
const ASKED: &str = "
    select relname::text, array[attname::text],
           format('%s.%s must be given', relname, attname)
      from pg_attribute join pg_class on pg_class.oid = attrelid
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and attnum > 0 and not attisdropped
       and attnotnull and not atthasdef and attidentity = ''
    union all
    select relname::text,
           array(select attname::text from pg_attribute where attrelid = conrelid and attnum = any (conkey)),
           format('%s: constraint %s %s', relname, conname, pg_get_constraintdef(pg_constraint.oid))
      from pg_constraint join pg_class on pg_class.oid = conrelid
     where relnamespace = 'public'::regnamespace and contype in ('c', 'f', 'p', 'u', 'x') and conparentid = 0
    union all
    select relname::text,
           array(select attname::text from pg_attribute where attrelid = indrelid and attnum = any (indkey)),
           pg_get_indexdef(indexrelid)
      from pg_index join pg_class on pg_class.oid = indrelid
     where relnamespace = 'public'::regnamespace and indisunique
       and not exists (select from pg_constraint where conindid = indexrelid)
    union all
    select relname::text, array[]::text[], pg_get_triggerdef(pg_trigger.oid)
      from pg_trigger join pg_class on pg_class.oid = tgrelid
     where relnamespace = 'public'::regnamespace and not tgisinternal";

/// Leaves out what [`EXCEPTIONS`] name, each of which must be there.
fn unexplained(mut faults: Vec<String>, used: &mut BTreeSet<&'static str>) -> Vec<String> {
    faults.retain(|fault| {
        let known = EXCEPTIONS.iter().find(|(line, _)| line == fault);
        used.extend(known.map(|(line, _)| *line));
        known.is_none()
    });
    faults
}

#[tokio::test]
async fn the_schema_takes_nothing_from_the_release_before_and_asks_nothing_new_of_it() {
    let schemas = Schemas::new().await;
    let (mut old, mut new) = (connection(&schemas.old).await, schemas.new.owner_connection().await);
    let mut used = BTreeSet::new();

    let kept: BTreeSet<String> = texts(&mut new, HELD).await.into_iter().collect();
    let mut held = texts(&mut old, HELD).await;
    assert!(held.len() > 500, "{} lines", held.len());
    held.retain(|line| !kept.contains(line));
    let mut faults = unexplained(held, &mut used);

    let columns: BTreeSet<String> = texts(
        &mut old,
        "select relname || '.' || attname from pg_attribute join pg_class on pg_class.oid = attrelid
          where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and attnum > 0 and not attisdropped",
    )
    .await
    .into_iter()
    .collect();
    let asked = async |connection: &mut PgConnection| -> Vec<(String, Vec<String>, String)> {
        sqlx::query_as(ASKED).fetch_all(connection).await.unwrap()
    };
    let before: BTreeSet<_> = asked(&mut old).await.into_iter().collect();
    assert!(before.len() > 100, "{} lines", before.len());
    let is_old = |table: &str, column: &str| columns.contains(&format!("{table}.{column}"));
    let mut more = Vec::new();
    for row in asked(&mut new).await {
        let (table, about, line) = &row;
        // Whatever is asked of a new table or of new columns alone is no concern of the release before; but that a
        // column is given is asked of everybody who writes to the table.
        let concerns = is_old(table, "tenant_id")
            && (line.ends_with(MUST_BE_GIVEN)
                || about.is_empty()
                || about.iter().any(|column| is_old(table, column)));
        if concerns && !before.contains(&row) {
            more.push(row.2);
        }
    }
    faults.extend(unexplained(more, &mut used));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let idle: Vec<_> = EXCEPTIONS.iter().filter(|(line, _)| !used.contains(line)).collect();
    assert!(idle.is_empty(), "exceptions from nothing: {idle:?}");
}

/// A table of the release before, with the columns that are written to.
type Table = (String, String);

/// What is in these columns, in an order of its own.
async fn rows(connection: &mut PgConnection, (table, columns): &Table) -> String {
    let read = format!(
        "select coalesce(jsonb_agg(line order by line::text), '[]')::text
           from (select to_jsonb(own) as line from (select {columns} from {table}) as own) as lines"
    );
    texts(connection, &read).await.remove(0)
}

/// As the release before does it: it names no other column.
async fn write(connection: &mut PgConnection, (table, columns): &Table, rows: &str) {
    let insert = format!(
        "insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, $1::jsonb)"
    );
    let done = sqlx::query(AssertSqlSafe(insert)).bind(rows).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{table}: {error}"));
}

#[tokio::test]
async fn rows_of_the_release_before_outlive_the_migrations_and_are_taken_after_them() {
    let schemas = Schemas::new().await;
    let mut old = connection(&schemas.old).await;
    let tables: Vec<Table> = sqlx::query_as(
        "select relname::text, string_agg(quote_ident(attname), ', ' order by attnum)
           from pg_class join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
          where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> '_sqlx_migrations'
            and attgenerated = ''
          group by relname order by relname",
    )
    .fetch_all(&mut old)
    .await
    .unwrap();
    assert!(tables.len() > 25, "{tables:?}");

    let sample = TestDatabase::new().await;
    full_tenant(&sample, "A").await;
    let mut sample = sample.owner_connection().await;
    let mut new = schemas.new.owner_connection().await;
    let mut written = Vec::new();
    for connection in [&mut old, &mut new] {
        // Tables come in the order of their names: foreign keys are compared by the catalogue.
        run(connection, "set session_replication_role = replica".to_owned()).await;
        for table in &tables {
            let rows = rows(&mut sample, table).await;
            assert_ne!(rows, "[]", "{table:?}");
            write(connection, table, &rows).await;
            written.push(rows);
        }
    }
    db::migrate(&schemas.old).await.unwrap();
    for connection in [&mut old, &mut new] {
        for (table, written) in tables.iter().zip(&written) {
            assert_eq!(&rows(connection, table).await, written, "{table:?}");
        }
    }
}
