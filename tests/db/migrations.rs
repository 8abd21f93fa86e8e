//! Migrations and the roles that they need, on a cluster that has neither.

use promotion_engine::db::embedded::{Embedded, EmbeddedOptions};
use promotion_engine::db::{self, Db, DbError, DbOptions, Durability};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use support::TestDatabase;
use tokio::task::JoinSet;

/// A cluster of the test's own: the roles of the others' are made already.
async fn cluster() -> (Embedded, PgConnection) {
    let name = format!("pe-migrations-{}-{:04x}", std::process::id(), rand::random::<u16>());
    let mut options = EmbeddedOptions::new(std::env::temp_dir().join(name));
    options.durability = Durability::Off;
    options.ends_with_process = true;
    let embedded = Embedded::start(&options).await.unwrap();
    let owner = embedded.connect_options().connect().await.unwrap();
    (embedded, owner)
}

async fn run(connection: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn databases_of_one_cluster_can_be_migrated_at_the_same_time() {
    let (embedded, mut owner) = cluster().await;
    let mut migrations = JoinSet::new();
    for number in 0..6 {
        run(&mut owner, format!("create database d{number}")).await;
    }
    for number in 0..6 {
        // Each twice: two instances of the service that start together.
        for _ in 0..2 {
            let connect = embedded.connect_options().database(&format!("d{number}"));
            migrations.spawn(async move { db::migrate(&connect).await });
        }
    }
    for done in migrations.join_all().await {
        done.unwrap();
    }
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn an_owner_who_may_not_make_roles_is_told_the_sql() {
    let (embedded, mut admin) = cluster().await;
    run(&mut admin, "create role \"The Owner\" login password 'p'".to_owned()).await;
    run(&mut admin, "create database d owner \"The Owner\"".to_owned()).await;
    let connect = embedded.connect_options().database("d").username("The Owner").password("p");
    let Err(DbError::Setup(text)) = db::migrate(&connect).await else { panic!("migrated") };
    let (_, sql) = text.split_once(":\n").unwrap();
    assert!(sql.contains("to \"The Owner\""), "{text}");
    run(&mut admin, sql.to_owned()).await;
    db::migrate(&connect).await.unwrap();
    let mut options = DbOptions::new(connect);
    options.durability = Durability::Off;
    let db = Db::open(options).await.unwrap();
    db.ready().await.unwrap();
    db.close().await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn an_owner_who_may_make_roles_needs_nobody() {
    let (embedded, mut admin) = cluster().await;
    run(&mut admin, "create role maker login createrole password 'p'".to_owned()).await;
    run(&mut admin, "create database d owner maker".to_owned()).await;
    let connect = embedded.connect_options().database("d").username("maker").password("p");
    // Without migrations there is nothing to work with.
    let mut options = DbOptions::new(connect.clone());
    options.durability = Durability::Off;
    assert!(matches!(Db::open(options.clone()).await, Err(DbError::Setup(_))));
    db::migrate(&connect).await.unwrap();
    Db::open(options).await.unwrap().close().await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_role_that_could_get_around_the_seals_is_refused() {
    let (embedded, mut admin) = cluster().await;
    db::migrate(&embedded.connect_options()).await.unwrap();
    let mut options = DbOptions::new(embedded.connect_options());
    options.durability = Durability::Off;
    for (unsafe_way, back) in [
        (
            "alter role promotion_engine_service bypassrls",
            "alter role promotion_engine_service nobypassrls",
        ),
        (
            "grant pg_read_all_data to promotion_engine_operator",
            "revoke pg_read_all_data from promotion_engine_operator",
        ),
        ("create table t (); alter table t owner to promotion_engine_service", "drop table t"),
    ] {
        run(&mut admin, unsafe_way.to_owned()).await;
        assert!(matches!(Db::open(options.clone()).await, Err(DbError::Setup(_))), "{unsafe_way}");
        run(&mut admin, back.to_owned()).await;
    }
    Db::open(options).await.unwrap().close().await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_schema_that_lacks_a_migration_is_not_ready() {
    let database = TestDatabase::new().await;
    run(&mut database.owner_connection().await, "delete from _sqlx_migrations".to_owned()).await;
    assert!(matches!(database.db().ready().await, Err(DbError::SchemaOutdated { .. })));
}
