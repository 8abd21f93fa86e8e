//! The pool of connections, and its life: it is opened, checked and closed.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::error::{DbError, NotReady, Result};
use super::fair_queue::FairQueue;
use super::health::Health;
use super::migrate::{self, ATTEMPTS};
use super::options::DbOptions;
use super::route::{self, Route};
use super::session::{Opening, reading_owner};
use super::standby;

/// A connection that was idle for longer than this is pinged before use.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// How long open transactions may still run when the service stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait for the rollback when a connection is released.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// The database, as the layers above use it. Clones share one pool.
#[derive(Clone, Debug)]
pub struct Db {
    pub(super) pool: PgPool,
    pub(super) tasks: TaskTracker,
    pub(super) queue: FairQueue,
    /// The connection of [`Db::ready`].
    watching: Arc<Mutex<Option<PgConnection>>>,
    pub(super) health: Health,
    pub(super) options: DbOptions,
    pub(super) opening: Opening,
    route: Route,
}

impl Db {
    /// Connects to a migrated database, and refuses one whose settings or roles are unsafe.
    pub async fn open(options: DbOptions) -> Result<Self> {
        let mut attempts = ATTEMPTS;
        let (route, opening) = loop {
            match Self::survey(&options).await {
                Err(error) if error.is_confused() && attempts > 0 => attempts -= 1,
                done => break done?,
            }
        };
        match (route, &options.listen) {
            (Route::Direct, _) => {}
            (Route::BySession, _) => {
                tracing::info!("DATABASE_URL leads through a pooler that pools by session");
            }
            (Route::ByTransaction, Some(_)) => tracing::info!(
                "DATABASE_URL leads through a pooler that pools by transaction, DATABASE_LISTEN_URL hears of changes"
            ),
            (Route::ByTransaction, None) => tracing::warn!(
                "DATABASE_URL leads through a pooler that pools by transaction, through which nothing is heard of \
                 changes: they are found by asking twice a second. Set DATABASE_LISTEN_URL to a direct connection"
            ),
        }
        let pool = PgPoolOptions::new()
            .max_connections(options.pool_size)
            .acquire_timeout(options.timeouts.acquire)
            .test_before_acquire(false)
            .before_acquire(|connection, rested| {
                Box::pin(async move {
                    if rested.idle_for > TRUSTED_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            // sqlx 0.9.0 can return a connection on which a cancelled begin has succeeded (transact-rs/sqlx #4385):
            // sqlx believes that no transaction is open, so only an unconditional rollback ends it. Where none is open, a
            // rollback alone would make the server warn.
            .after_release(|connection, _| {
                Box::pin(async move {
                    let rollback = sqlx::raw_sql("begin; rollback").execute(connection);
                    match tokio::time::timeout(RELEASE_TIMEOUT, rollback).await {
                        Ok(done) => done.map(|_| true),
                        // The server does not answer. On an error the pool drops the connection without a round trip.
                        Err(_) => Err(sqlx::Error::PoolTimedOut),
                    }
                })
            })
            .connect_with(options.connect.clone())
            .await?;
        Ok(Self {
            pool,
            tasks: TaskTracker::new(),
            queue: FairQueue::new(options.pool_size),
            watching: Arc::default(),
            health: Health::new(),
            options,
            opening,
            route,
        })
    }

    /// Finds the way to the server, and how transactions begin there.
    async fn survey(options: &DbOptions) -> Result<(Route, Opening)> {
        let (route, mut connection) = route::find(&options.connect).await?;
        let mut owner = connection.begin_with(reading_owner()).await?;
        migrate::refuse_unsafe(&mut owner, options).await?;
        if options.require_standby {
            standby::required(&mut owner).await.map_err(|error| match error {
                DbError::NotReady(why) => DbError::Setup(format!(
                    "REQUIRE_SYNCHRONOUS_STANDBY is set, and {}",
                    why.reason()
                )),
                other => other,
            })?;
            tracing::info!("commits wait for a standby that is streaming");
        }
        let opening = Opening::read(&mut owner, options.timeouts).await?;
        owner.rollback().await?;
        connection.close().await?;
        Ok((route, opening))
    }

    /// What lies between the pool and the server.
    pub fn route(&self) -> Route {
        self.route
    }

    /// Whether nothing can be heard of changes, because the only way leads through a pooler that pools by transaction.
    pub fn is_deaf(&self) -> bool {
        self.route == Route::ByTransaction && self.options.listen.is_none()
    }

    /// [`NotReady::Failing`] if a statement met such a fault a moment ago. This does not ask the database.
    pub fn failing(&self) -> Option<NotReady> {
        self.health.is_failing().then_some(NotReady::Failing)
    }

    /// Whether the database answers, has every migration of this release, can be written to, and waits for a standby if
    /// it must. The check has a connection of its own, which belongs to the runtime that checks first. A caller that
    /// stops waiting loses this connection, and the next check opens a new one.
    pub async fn ready(&self) -> Result<()> {
        let mut watching = self.watching.lock().await;
        if let Some(mut connection) = watching.take() {
            let ready = self.check(&mut connection).await;
            if matches!(ready, Ok(()) | Err(DbError::SchemaOutdated { .. } | DbError::NotReady(_)))
            {
                *watching = Some(connection);
                return ready;
            }
            // The server may have restarted since the last check.
        }
        let mut connection = self.options.connect.connect().await?;
        let ready = self.check(&mut connection).await;
        *watching = Some(connection);
        ready
    }

    async fn check(&self, connection: &mut PgConnection) -> Result<()> {
        let mut tx = connection.begin_with(AssertSqlSafe(self.opening.check())).await?;
        let mut ready = migrate::ready(&mut tx).await;
        if self.options.require_standby && ready.is_ok() {
            sqlx::raw_sql("set local role none").execute(&mut *tx).await?;
            ready = standby::required(&mut tx).await;
        }
        tx.rollback().await?;
        let why = match &ready {
            Ok(()) | Err(DbError::SchemaOutdated { .. }) => None,
            Err(DbError::NotReady(why)) => Some(*why),
            Err(_) => return ready,
        };
        let is_read_only = matches!(why, Some(NotReady::Recovering | NotReady::ReadOnly));
        self.opening.note_read_only(is_read_only);
        self.health.note_standby(matches!(why, Some(NotReady::NoStandby(_))));
        ready
    }

    /// Whether commits must wait for a standby and none was streaming when this was last checked.
    pub fn lacks_standby(&self) -> bool {
        self.health.lacks_standby()
    }

    /// Stops: begins no more transactions, waits for the running ones, and closes every connection. Both waits are
    /// bounded: the server rolls back open transactions when the process is gone.
    pub async fn close(&self) {
        self.tasks.close();
        if timeout(CLOSE_TIMEOUT, self.tasks.wait()).await.is_err() {
            let open = self.tasks.len();
            tracing::warn!(open, "some transactions did not end in time");
        }
        drop(self.watching.lock().await.take());
        if timeout(RELEASE_TIMEOUT, self.pool.close()).await.is_err() {
            tracing::warn!("some connections to the database could not be closed in time");
        }
    }

    /// How many connections are open, and how many of them are idle: for metrics.
    pub fn connections(&self) -> Connections {
        Connections {
            open: self.pool.size(),
            idle: self.pool.num_idle(),
            most: self.options.pool_size,
        }
    }
}

/// The state of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Open connections, busy or idle.
    pub open: u32,
    pub idle: usize,
    /// Most connections that the pool opens.
    pub most: u32,
}
