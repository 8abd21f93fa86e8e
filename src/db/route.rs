//! How a connection leads to the server: directly, or through a pooler, and how that pools.
//!
//! A pooler answers like a server. It is told apart by what it cannot pass on: a setting that the client sends with its
//! first message, and the one process of the server that serves a client as long as it is connected.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, Row};
use tokio::time::timeout;

use super::error::{DbError, Result};
use super::first_connection;

/// A setting of nobody's. PostgreSQL takes it, and a pooler refuses it or drops it.
const PROBE: &str = "promotion_engine.probe";
/// How often it is tried to be handed to another process of the server. A busy pooler may by chance give the same.
const ROUNDS: usize = 8;
/// How long a pooler may take to give a process of the server.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Direct,
    /// A pooler gives each client a process of the server for as long as it is connected.
    BySession,
    /// A pooler gives each transaction a process of the server.
    ByTransaction,
}

/// Finds the way, and returns a connection that leads there. Refuses poolers through which the service cannot work.
pub(super) async fn find(connect: &PgConnectOptions) -> Result<(Route, PgConnection)> {
    match connect.clone().options([(PROBE, "direct")]).connect().await {
        Ok(mut connection) => {
            let question = "select current_setting('promotion_engine.probe', true)";
            let answer = sqlx::raw_sql(question).fetch_one(&mut connection).await?;
            if answer.try_get::<Option<String>, _>(0)?.as_deref() == Some("direct") {
                return Ok((Route::Direct, connection));
            }
            connection.close().await?;
        }
        // Whoever does not know the setting refuses it.
        Err(error) if has_state(&error, &["08P01", "0A000"]) => {}
        Err(error) => return Err(first_connection::refused(connect, &error)),
    }
    let mut own = connect.connect().await?;
    let mut other = connect.connect().await?;
    let Ok(route) = timeout(PATIENCE, tell_apart(&mut own, &mut other)).await else {
        return Err(refused("gives too few connections to the server: give it more"));
    };
    let route = route?;
    let _ = other.close().await;
    Ok((route, own))
}

/// Whether one of two clients is handed to another process of the server while the other holds one.
async fn tell_apart(own: &mut PgConnection, other: &mut PgConnection) -> Result<Route> {
    for _ in 0..ROUNDS {
        // A pooler that takes its processes in turn shows it here, one that takes the last one below.
        let (first, before) = (process(own).await?, process(own).await?);
        if let Err(error) = sqlx::raw_sql("begin").execute(&mut *other).await {
            return Err(refused(&format!(
                "pools by statement ({error}): let it pool by transaction or by session"
            )));
        }
        let others = sqlx::raw_sql("select pg_backend_pid()").fetch_one(&mut *other).await?;
        let others: i32 = others.try_get(0)?;
        let after = process(own).await;
        sqlx::raw_sql("rollback").execute(&mut *other).await?;
        if after? != before || others == before || first != before {
            return Ok(Route::ByTransaction);
        }
    }
    Ok(Route::BySession)
}

/// The process of the server that answers, by a statement that is prepared once and has a name.
async fn process(connection: &mut PgConnection) -> Result<i32> {
    sqlx::query_scalar("select pg_backend_pid()").fetch_one(connection).await.map_err(|error| {
        // It does not exist, or somebody else's has its name.
        if has_state(&error, &["26000", "42P05"]) {
            refused(
                "pools by transaction and forgets prepared statements. PgBouncer keeps them from version 1.21 on, \
                 with max_prepared_statements = 200: update it, or let it pool by session",
            )
        } else {
            error.into()
        }
    })
}

fn has_state(error: &sqlx::Error, states: &[&str]) -> bool {
    let state = error.as_database_error().and_then(|reported| reported.code());
    state.is_some_and(|state| states.contains(&state.as_ref()))
}

fn refused(what: &str) -> DbError {
    DbError::Setup(format!("DATABASE_URL leads through a pooler that {what}"))
}
