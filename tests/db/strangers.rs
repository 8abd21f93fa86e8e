//! Poolers: what strangers leave on a connection does not matter, what pools how is told apart, and listening means
//! having heard.

use std::collections::BTreeMap;

use promotion_engine::db::rules;
use promotion_engine::db::stores;
use promotion_engine::db::tenants::{self, TenantPatch};
use promotion_engine::db::{self, Db, DbError, NotReady, Route};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use support::pooler::{Mode, Pooler};
use support::{TestDatabase, as_operator, copy, in_tx, options};

use crate::sample::{full_tenant, store};

/// What a session may hold that would change what our statements mean, how long they may take, or whether they last.
/// docs/OPERATING.md has the same list.
const STRANGERS: &str = "
    create temp table tenant (id int); create temp table store (id int); create temp table redemption (id int);
    create temp table _sqlx_migrations (id int);
    listen promotion_engine_rules;
    set search_path = pg_catalog;
    set default_transaction_isolation = serializable; set default_transaction_read_only = on;
    set default_transaction_deferrable = on;
    set statement_timeout = 200; set lock_timeout = 1; set idle_in_transaction_session_timeout = 200;
    set synchronous_commit = off; set row_security = off; set standard_conforming_strings = off;
    set timezone = 'Pacific/Chatham'; set datestyle = 'German, DMY'; set intervalstyle = sql_standard;
    set bytea_output = escape; set array_nulls = off; set transform_null_equals = on;
    set client_min_messages = debug1; set plan_cache_mode = force_generic_plan; set enable_indexscan = off;
    set app.tenant = '0190d1c4-0000-7000-8000-000000000000'; set role promotion_engine_operator";

/// What a transaction of ours has to find.
const NEEDED: [(&str, &str); 10] = [
    ("TimeZone", "UTC"),
    ("idle_in_transaction_session_timeout", "2s"),
    ("lock_timeout", "1s"),
    ("row_security", "on"),
    ("search_path", "public, pg_temp"),
    ("standard_conforming_strings", "on"),
    ("statement_timeout", "2s"),
    ("synchronous_commit", "local"),
    ("transaction_isolation", "read committed"),
    ("transaction_read_only", "off"),
];

async fn run(connection: &mut PgConnection, statements: &'static str) {
    sqlx::raw_sql(statements).execute(connection).await.unwrap();
}

/// A database that is reached through such connections, of which there are few.
async fn behind_strangers() -> (TestDatabase, Pooler) {
    let database = TestDatabase::new().await;
    // What is configured is kept, whatever the strangers set.
    run(
        &mut database.owner_connection().await,
        "do $$ begin execute format('alter database %I set synchronous_commit = local', current_database()); end $$",
    )
    .await;
    let pooler = Pooler::start(&database.owner(), Mode::Transaction, 4, STRANGERS);
    let mut through = options(&pooler.connect());
    through.listen = Some(database.owner());
    (database.reached_by(through).await, pooler)
}

#[tokio::test]
async fn transactions_find_their_own_settings_and_none_of_strangers() {
    let (database, pooler) = behind_strangers().await;
    let mut owner = database.owner_connection().await;
    run(
        &mut owner,
        "create table public.found (name text, setting text);
         create function public.note() returns trigger language plpgsql security definer as $$
         begin
             insert into public.found
             select name, pg_catalog.current_setting(name)
               from pg_catalog.unnest(array['TimeZone', 'idle_in_transaction_session_timeout', 'lock_timeout',
                    'row_security', 'search_path', 'standard_conforming_strings', 'statement_timeout',
                    'synchronous_commit', 'transaction_isolation', 'transaction_read_only', 'role', 'app.tenant']) as name;
             return null;
         end $$;
         create trigger note after insert on store for each row execute function public.note();
         create trigger note after update on tenant for each row execute function public.note();",
    )
    .await;
    let tenant = database.tenant("A").await;
    in_tx!(database, tenant, |tx| stores::put(tx, &[store("S1")]).await).unwrap();
    let mut found = found(&mut owner).await;
    assert_eq!(found.remove("role").unwrap(), "promotion_engine_service");
    assert_eq!(found.remove("app.tenant").unwrap(), tenant.to_string());
    assert_eq!(found, needed());
    let patch = TenantPatch { name: Some("B".to_owned()), ..TenantPatch::default() };
    as_operator!(database, |tx| tenants::patch(tx, tenant, &patch).await).unwrap();
    let mut found = self::found(&mut owner).await;
    assert_eq!(found.remove("role").unwrap(), "promotion_engine_operator");
    assert_eq!(found.remove("app.tenant").unwrap(), "");
    assert_eq!(found, needed());
    assert!(pooler.handed_on() > 0);
}

fn needed() -> BTreeMap<String, String> {
    NEEDED.iter().map(|(name, setting)| ((*name).to_owned(), (*setting).to_owned())).collect()
}

/// What was noted since this was last asked.
async fn found(owner: &mut PgConnection) -> BTreeMap<String, String> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("delete from public.found returning name, setting")
            .fetch_all(owner)
            .await
            .unwrap();
    assert!(rows.len() >= 12, "{rows:?}");
    rows.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_mean_the_same_where_strangers_have_been() {
    let (database, pooler) = behind_strangers().await;
    let mut all = tokio::task::JoinSet::new();
    let database = std::sync::Arc::new(database);
    for number in 0..12 {
        let database = std::sync::Arc::clone(&database);
        all.spawn(async move {
            let tenant = full_tenant(&database, &format!("T{number}")).await;
            // It may rest for longer than a stranger allows.
            in_tx!(database, tenant, |tx| {
                rules::bump_rules(tx).await?;
                tokio::time::sleep(std::time::Duration::from_millis(400)).await;
                stores::put(tx, &[store("S2")]).await
            })
            .unwrap();
            let seen = database.db().snapshot::<_, DbError, _>(tenant, |tx| {
                Box::pin(async move { stores::all(tx).await })
            });
            let codes: Vec<String> =
                seen.await.unwrap().into_iter().map(|store| store.code).collect();
            assert_eq!(codes, ["S1", "S2"]);
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
    database.db().ready().await.unwrap();
    let tenants = as_operator!(database, |tx| tenants::list(tx, None, 100).await).unwrap();
    assert_eq!(tenants.items.len(), 12);
    assert!(pooler.handed_on() > 20, "{}", pooler.handed_on());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_migrated_where_strangers_have_been() {
    let (owner, _name) = copy(false).await;
    let strangers =
        "set search_path = pg_catalog; set default_transaction_isolation = serializable;
        set default_transaction_read_only = on; set lock_timeout = 1; set statement_timeout = 200;
        set standard_conforming_strings = off";
    let pooler = Pooler::start(&owner, Mode::Transaction, 4, strangers);
    let connect = pooler.connect();
    // Two instances start together.
    let (one, other) = tokio::join!(db::migrate(&connect), db::migrate(&connect));
    one.unwrap();
    other.unwrap();
    let db = Db::open(options(&connect)).await.unwrap();
    db.ready().await.unwrap();
    assert_eq!(db.route(), Route::ByTransaction);
    db.close().await;
}

async fn route(connect: &PgConnectOptions) -> Result<Route, DbError> {
    let db = Db::open(options(connect)).await?;
    let route = db.route();
    db.close().await;
    Ok(route)
}

#[tokio::test(flavor = "multi_thread")]
async fn poolers_are_told_apart() {
    let database = TestDatabase::new().await;
    let owner = database.owner();
    assert_eq!(route(&owner).await.unwrap(), Route::Direct);
    for (mode, expected) in
        [(Mode::Session, Route::BySession), (Mode::Transaction, Route::ByTransaction)]
    {
        for most in [2, 5] {
            let pooler = Pooler::start(&owner, mode, most, "");
            assert_eq!(route(&pooler.connect()).await.unwrap(), expected, "{mode:?} {most}");
        }
    }
    for (mode, words) in
        [(Mode::Forgetful, "forgets prepared statements"), (Mode::Statement, "pools by statement")]
    {
        let pooler = Pooler::start(&owner, mode, 5, "");
        let refused = route(&pooler.connect()).await.unwrap_err();
        assert!(matches!(&refused, DbError::Setup(text) if text.contains(words)), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn listening_means_having_heard() {
    let database = TestDatabase::new().await;
    let pooler = Pooler::start(&database.owner(), Mode::Transaction, 4, "");
    let through = Db::open(options(&pooler.connect())).await.unwrap();
    assert!(through.is_deaf());
    let unheard = |listened: Result<_, DbError>| {
        matches!(listened.map(|_| ()), Err(DbError::NotReady(NotReady::Unheard)))
    };
    assert!(unheard(through.listen().await), "nobody hears through a pooler");
    through.close().await;
    // The wrong database, and the right one.
    let elsewhere = TestDatabase::new().await;
    for (listen, is_right) in [(elsewhere.owner(), false), (database.owner(), true)] {
        let mut through = options(&pooler.connect());
        through.listen = Some(listen);
        let db = Db::open(through).await.unwrap();
        assert!(!db.is_deaf());
        let listened = db.listen().await;
        if is_right {
            let mut listener = listened.unwrap();
            let tenant = database.tenant("A").await;
            in_tx!(database, tenant, |tx| rules::bump_rules(tx).await).unwrap();
            assert_eq!(listener.next().await.unwrap(), tenant);
        } else {
            assert!(unheard(listened));
        }
        db.close().await;
    }
}

#[tokio::test]
async fn a_server_whose_commits_wait_for_no_standby_is_refused_where_one_is_required() {
    let database = TestDatabase::new().await;
    let mut options = options(&database.owner());
    options.require_standby = true;
    let refused = Db::open(options).await.map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("synchronous_standby_names is empty"), "{refused}");
}
