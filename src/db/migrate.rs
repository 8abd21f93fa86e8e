//! The schema and its roles. The owner of the database brings them up to date; the service itself works in a role that
//! owns nothing.
//!
//! Roles belong to the cluster, not to a database. Several databases of one cluster share them and may be migrated at
//! the same time.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::error::{DbError, NotReady, Result};
use super::first_connection;
use super::options::{DbOptions, Durability, OPERATOR_ROLE, SERVICE_ROLE};
use super::session::{reading_owner, writing_owner};

/// The oldest supported PostgreSQL, as in `server_version_num`.
const OLDEST: i32 = 140_000;
/// Since this version, membership in a role and the right to `set role` to it are separate.
const SET_OPTION: i32 = 160_000;
/// The advisory lock of migrations: any number that nobody else uses.
const LOCK: i64 = 7_126_034_552;
/// How often to begin again on another connection (see [`DbError::is_confused`]).
pub(super) const ATTEMPTS: u32 = 5;
/// How often to check the roles again after a conflict with another database's migration.
const ROLE_ATTEMPTS: u32 = 50;

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("./migrations");
    // A newer release may have migrated already. This release continues to work beside it.
    migrator.set_ignore_missing(true);
    // sqlx's own lock is a session's.
    migrator.set_locking(false);
    migrator
}

/// Makes the roles and runs missing migrations, as the owner of the schema. Several processes may do so at the same
/// time: a lock makes them take turns. Each migration has a transaction, and the lock ends with it, so that a pooler may
/// hand every one of them to another process of the server.
pub async fn migrate(connect: &PgConnectOptions) -> Result<()> {
    let mut attempts = ATTEMPTS;
    loop {
        match migrate_once(connect).await {
            Err(error) if error.is_confused() && attempts > 0 => attempts -= 1,
            done => return done,
        }
    }
}

async fn migrate_once(connect: &PgConnectOptions) -> Result<()> {
    let mut connection = first_connection::connect(connect).await?;
    let version = usable_server(&mut connection).await?;
    ensure_roles(&mut connection, version).await?;
    let migrator = migrator();
    for migration in migrator.iter() {
        let mut tx = connection.begin_with(writing_owner()).await?;
        sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *tx).await?;
        // `run` has a generic connection, with which this future could not be spawned.
        migrator
            .run_direct(Some(migration.version), &mut *tx, false)
            .await
            .map_err(DbError::Migrate)?;
        tx.commit().await?;
    }
    connection.close().await?;
    Ok(())
}

/// Makes the roles alone, for a restore.
pub async fn make_roles(connect: &PgConnectOptions) -> Result<()> {
    let mut connection = first_connection::connect(connect).await?;
    let version = usable_server(&mut connection).await?;
    ensure_roles(&mut connection, version).await?;
    connection.close().await?;
    Ok(())
}

/// The version of a server that is new enough and can be written to.
async fn usable_server(connection: &mut PgConnection) -> Result<i32> {
    let mut tx = connection.begin_with(reading_owner()).await?;
    let (version, is_recovering, is_read_only): (i32, bool, bool) = sqlx::query_as(
        "select current_setting('server_version_num')::integer, pg_is_in_recovery(),
                current_setting('default_transaction_read_only') = 'on'",
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.rollback().await?;
    if version < OLDEST {
        return Err(DbError::Setup(format!(
            "the server in DATABASE_URL is PostgreSQL {}, but 14 or newer is needed: upgrade it, or name another",
            version / 10_000
        )));
    }
    writable(is_recovering, is_read_only)?;
    Ok(version)
}

/// Fails unless every migration of this release has run, and new transactions may write. The transaction must have
/// begun with the server's own settings.
pub(super) async fn ready(connection: &mut PgConnection) -> Result<()> {
    let state = sqlx::query!(
        r#"select pg_is_in_recovery() as "is_recovering!",
                  current_setting('default_transaction_read_only') = 'on' as "is_read_only!",
                  array(select version from _sqlx_migrations where success) as "applied!""#
    )
    .fetch_one(connection)
    .await?;
    writable(state.is_recovering, state.is_read_only)?;
    let missing = migrator().iter().filter(|ours| !state.applied.contains(&ours.version)).count();
    if missing == 0 { Ok(()) } else { Err(DbError::SchemaOutdated { missing }) }
}

fn writable(is_recovering: bool, is_read_only: bool) -> Result<()> {
    if is_recovering {
        return Err(DbError::NotReady(NotReady::Recovering));
    }
    if is_read_only {
        return Err(DbError::NotReady(NotReady::ReadOnly));
    }
    Ok(())
}

/// Refuses a server that may lose committed data, and service roles that could bypass row-level security. The
/// transaction must be the owner's.
pub(super) async fn refuse_unsafe(owner: &mut PgConnection, options: &DbOptions) -> Result<()> {
    if options.durability == Durability::On {
        let off: Option<String> = sqlx::query_scalar(
            "select string_agg(name, ', ' order by name) from pg_settings
              where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'",
        )
        .fetch_one(&mut *owner)
        .await?;
        if let Some(off) = off {
            return Err(DbError::Setup(format!(
                "this PostgreSQL may lose what it has committed: turn on {off}"
            )));
        }
    }
    let roles: Vec<(String, bool)> = sqlx::query_as(
        "select rolname::text,
                rolsuper or rolbypassrls
                or exists (select from pg_class where relowner = pg_roles.oid)
                or exists (select from pg_auth_members where member = pg_roles.oid)
           from pg_roles
          where rolname in ($1, $2)",
    )
    .bind(SERVICE_ROLE)
    .bind(OPERATOR_ROLE)
    .fetch_all(owner)
    .await?;
    if let Some((role, _)) = roles.iter().find(|(_, is_unsafe)| *is_unsafe) {
        return Err(DbError::Setup(format!(
            "the role {role} must not be a superuser, bypass row-level security, own tables or be a member of \
             another role"
        )));
    }
    if roles.len() < 2 {
        return Err(DbError::Setup("the database is not migrated: run `migrate` first".to_owned()));
    }
    Ok(())
}

/// Whether this connection's user is a superuser, who bypasses grants and row-level security.
pub async fn is_superuser(connect: &PgConnectOptions) -> Result<bool> {
    let mut connection = connect.clone().connect().await?;
    let question = "select rolsuper from pg_roles where rolname = session_user";
    let is_superuser = sqlx::query_scalar(question).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(is_superuser)
}

/// Makes both roles if they are missing, and grants them to the owner if necessary.
async fn ensure_roles(connection: &mut PgConnection, version: i32) -> Result<()> {
    for _ in 0..ROLE_ATTEMPTS {
        let mut tx = connection.begin_with(writing_owner()).await?;
        let Some(remedy) = next_remedy(&mut tx, version).await? else {
            tx.rollback().await?;
            return Ok(());
        };
        // The only variable parts are constants of this crate.
        let done = sqlx::raw_sql(AssertSqlSafe(remedy)).execute(&mut *tx).await;
        let error = match done {
            Ok(_) => match tx.commit().await {
                Ok(()) => continue,
                Err(error) => error,
            },
            Err(error) => {
                tx.rollback().await?;
                error
            }
        };
        match error.as_database_error().and_then(|reported| reported.code()).as_deref() {
            Some("42501") => {
                let mut tx = connection.begin_with(writing_owner()).await?;
                return Err(not_allowed(&mut tx, version).await?);
            }
            // Another database's migration makes the same role or grant at this moment ("duplicate object", "unique
            // violation", "tuple concurrently updated"). Check again.
            Some("42710" | "23505" | "XX000") => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            _ => return Err(error.into()),
        }
    }
    Err(DbError::Setup(format!("the roles {SERVICE_ROLE} and {OPERATOR_ROLE} could not be made")))
}

/// The SQL for the first thing that is missing; `None` if nothing is.
async fn next_remedy(connection: &mut PgConnection, version: i32) -> Result<Option<String>> {
    for role in [SERVICE_ROLE, OPERATOR_ROLE] {
        if !is_there(connection, role).await? {
            return Ok(Some(create(role)));
        }
        let question = if version >= SET_OPTION {
            "select pg_has_role(current_user, $1::name, 'set')"
        } else {
            "select pg_has_role(current_user, $1::name, 'member')"
        };
        let may_take_on: bool =
            sqlx::query_scalar(question).bind(role).fetch_one(&mut *connection).await?;
        if !may_take_on {
            return Ok(Some(grant(role, "current_user", version)));
        }
    }
    Ok(None)
}

async fn is_there(connection: &mut PgConnection, role: &str) -> Result<bool> {
    let is_there = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(role)
        .fetch_one(connection)
        .await?;
    Ok(is_there)
}

fn create(role: &str) -> String {
    format!(
        "create role {role} nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
    )
}

fn grant(role: &str, owner: &str, version: i32) -> String {
    let set = if version >= SET_OPTION { " with inherit false, set true" } else { "" };
    format!("grant {role} to {owner}{set}")
}

/// The error with the SQL for an administrator, if the owner cannot make the roles.
async fn not_allowed(connection: &mut PgConnection, version: i32) -> Result<DbError> {
    let owner: String =
        sqlx::query_scalar("select quote_ident(current_user)").fetch_one(&mut *connection).await?;
    let mut text = format!(
        "{owner} may not make the roles in which the service works. Let an administrator of the cluster run, \
         leaving out what is already there:\n"
    );
    for role in [SERVICE_ROLE, OPERATOR_ROLE] {
        if !is_there(connection, role).await? {
            text.push_str(&format!("{};\n", create(role)));
        }
        text.push_str(&format!("{};\n", grant(role, &owner, version)));
    }
    Ok(DbError::Setup(text))
}
