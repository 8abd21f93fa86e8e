//! The schema and its roles: brought up to date by the owner of the database, before the service works in a role that
//! owns nothing.
//!
//! Roles belong to the cluster, not to a database: several databases of one cluster share them, and may be migrated at
//! the same time.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::{DbError, DbOptions, Durability, NotReady, OPERATOR_ROLE, Result, SERVICE_ROLE};

/// The oldest PostgreSQL that is understood, as `server_version_num` tells it.
const OLDEST: i32 = 140_000;
/// From here on membership and the right to take on a role are two things.
const SET_OPTION: i32 = 160_000;
/// How often the roles are looked at again when another database's migration was in the way.
const ROLE_ATTEMPTS: u32 = 50;

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("./migrations");
    // A newer release may have migrated already: this one goes on working beside it.
    migrator.set_ignore_missing(true);
    migrator
}

/// Makes the roles and runs the migrations that are missing, as the owner of the schema. Several processes may do so
/// at the same time: an advisory lock lets one go first.
pub async fn migrate(connect: &PgConnectOptions) -> Result<()> {
    let mut connection = connect.clone().connect().await?;
    let version = server_version(&mut connection).await?;
    if version < OLDEST {
        return Err(DbError::Setup(format!(
            "PostgreSQL 14 or newer is needed; this server's version number is {version}"
        )));
    }
    ensure_roles(&mut connection, version).await?;
    // Takes the lock as `run` does, whose generic connection would keep this future from being spawned.
    migrator().run_direct(None, &mut connection, false).await.map_err(DbError::Migrate)?;
    connection.close().await?;
    Ok(())
}

/// Fails unless every migration of this release has run, and new transactions may write.
pub(super) async fn ready(connection: &mut PgConnection) -> Result<()> {
    let state = sqlx::query!(
        r#"select pg_is_in_recovery() as "is_recovering!",
                  current_setting('default_transaction_read_only') = 'on' as "is_read_only!",
                  array(select version from _sqlx_migrations where success) as "applied!""#
    )
    .fetch_one(connection)
    .await?;
    if state.is_recovering {
        return Err(DbError::NotReady(NotReady::Recovering));
    }
    if state.is_read_only {
        return Err(DbError::NotReady(NotReady::ReadOnly));
    }
    let missing = migrator().iter().filter(|ours| !state.applied.contains(&ours.version)).count();
    if missing == 0 { Ok(()) } else { Err(DbError::SchemaOutdated { missing }) }
}

/// Refuses a server that forgets what it has committed, and working roles that could get around row-level security.
pub(super) async fn refuse_unsafe(options: &DbOptions) -> Result<()> {
    let mut connection = options.connect.clone().connect().await?;
    if options.durability == Durability::On {
        let off: Option<String> = sqlx::query_scalar(
            "select string_agg(name, ', ' order by name) from pg_settings
              where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'",
        )
        .fetch_one(&mut connection)
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
    .fetch_all(&mut connection)
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
    connection.close().await?;
    Ok(())
}

/// Whether whoever connects so is a superuser, whom neither grants nor row-level security bind.
pub async fn is_superuser(connect: &PgConnectOptions) -> Result<bool> {
    let mut connection = connect.clone().connect().await?;
    let question = "select rolsuper from pg_roles where rolname = session_user";
    let is_superuser = sqlx::query_scalar(question).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(is_superuser)
}

async fn server_version(connection: &mut PgConnection) -> Result<i32> {
    let version = sqlx::query_scalar("select current_setting('server_version_num')::integer")
        .fetch_one(connection)
        .await?;
    Ok(version)
}

/// Makes both roles and lets the owner take them on, where that is not so already.
async fn ensure_roles(connection: &mut PgConnection, version: i32) -> Result<()> {
    for _ in 0..ROLE_ATTEMPTS {
        let Some(remedy) = next_remedy(connection, version).await? else {
            return Ok(());
        };
        // The only variable parts are our own constants.
        let Err(error) = sqlx::raw_sql(AssertSqlSafe(remedy)).execute(&mut *connection).await
        else {
            continue;
        };
        match error.as_database_error().and_then(|reported| reported.code()).as_deref() {
            Some("42501") => return Err(not_allowed(connection, version).await?),
            // Another database's migration makes the same role or the same grant at this moment ("duplicate object",
            // "unique violation", "tuple concurrently updated"): look again.
            Some("42710" | "23505" | "XX000") => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            _ => return Err(error.into()),
        }
    }
    Err(DbError::Setup(format!("the roles {SERVICE_ROLE} and {OPERATOR_ROLE} could not be made")))
}

/// The SQL that makes what the owner lacks first.
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

/// The SQL with which somebody who may makes what the owner may not.
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
