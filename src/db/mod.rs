//! PostgreSQL: the only SQL of the service.
//!
//! Reading order: [`Db`] is the pool. `transaction` binds a transaction to its tenant, and `statements` runs the
//! statements in it. Then comes one module for each aggregate: functions over such a transaction. Names of closed sets
//! arrive as the domain's enums; documents are JSON text, which `stored` reads. `migrate` makes the schema and its
//! roles. `embedded` provides a server where none is configured.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, PgPool};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

mod error;
mod fair_queue;
mod health;
mod names;
mod page;
mod statements;
mod transaction;

pub mod activities;
pub mod audit;
pub mod backlog;
pub mod codes;
pub mod counters;
pub mod customers;
pub mod deliveries;
pub mod embedded;
pub mod events;
pub mod holds;
pub mod issuance_ends;
pub mod issuances;
pub mod keys;
pub mod migrate;
pub mod milestones;
pub mod outbox;
pub mod product_lists;
pub mod promotion_ends;
pub mod promotion_history;
pub mod promotions;
pub mod reconcile;
pub mod redemption_keys;
pub mod redemption_list;
pub mod redemptions;
pub mod returns;
pub mod rules;
pub mod settings;
pub mod stats;
pub mod stores;
pub mod tenants;
pub mod usable_issuances;
pub mod usage;
pub mod webhooks;

pub use error::{DbError, Key, NotReady, Reference};
pub use migrate::migrate;
pub use page::{MAX_PAGE, Page};
pub use transaction::{OperatorTx, TenantTx, Work};

use fair_queue::FairQueue;
use health::Health;
use page::{Filling, one_more};
use statements::{column, raced_unless};

/// The result of a statement.
pub type Result<T, E = DbError> = std::result::Result<T, E>;

/// The role of every pooled connection. It owns nothing and cannot bypass row-level security.
pub const SERVICE_ROLE: &str = "promotion_engine_service";
/// The role of work across tenants. It sees the table of tenants, and in a few other tables the columns by which jobs
/// search.
pub const OPERATOR_ROLE: &str = "promotion_engine_operator";

/// A connection that was idle for longer than this is pinged before use.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// How long open transactions may still run when the service stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait for the rollback when a connection is released.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// The bounds of time for the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DbTimeouts {
    /// How long a transaction waits for its connection.
    pub acquire: Duration,
    /// How long a statement waits for a lock.
    pub lock: Duration,
    /// How long a statement may take.
    pub statement: Duration,
    /// How long a statement of a bulk request may take.
    pub bulk_statement: Duration,
    /// How long an open transaction may be idle if it loads or belongs to a bulk request. Others may be idle for at
    /// most [`LONGEST_REST`](Self::LONGEST_REST).
    pub idle_in_transaction: Duration,
}

impl Default for DbTimeouts {
    fn default() -> Self {
        Self {
            acquire: Duration::from_millis(500),
            lock: Duration::from_secs(1),
            statement: Duration::from_secs(2),
            bulk_statement: Duration::from_secs(30),
            idle_in_transaction: Duration::from_secs(10),
        }
    }
}

impl DbTimeouts {
    /// How long a transaction with locks may be idle. If an instance stops in the middle of a redemption, its locks
    /// hold up the same counters on every other instance.
    pub const LONGEST_REST: Duration = Duration::from_secs(2);

    /// The settings of every new connection. The server sends no messages below errors: each rollback on release, for
    /// example, would warn that no transaction is open.
    fn on_connect(&self) -> String {
        format!(
            "set role {SERVICE_ROLE}; set client_min_messages = 'error'; set statement_timeout = {}; \
             set lock_timeout = {}; set idle_in_transaction_session_timeout = {}",
            self.statement.as_millis(),
            self.lock.as_millis(),
            self.rest().as_millis(),
        )
    }

    fn rest(&self) -> Duration {
        self.idle_in_transaction.min(Self::LONGEST_REST)
    }

    /// How long a whole transaction may take. This is well above what the server allows for its few statements.
    fn patience(&self) -> Duration {
        self.statement * 5 / 2
    }

    /// How long a whole transaction of a bulk request may take.
    fn bulk_patience(&self) -> Duration {
        self.bulk_statement * 4
    }
}

/// How the pool is set up.
#[derive(Clone)]
pub struct DbOptions {
    /// The address of the database, and the user.
    pub connect: PgConnectOptions,
    /// Most connections that the pool opens.
    pub pool_size: u32,
    pub timeouts: DbTimeouts,
    /// Whether `open` refuses a server that may lose committed data.
    pub durability: Durability,
}

impl DbOptions {
    /// The defaults: ten connections, and a durable server.
    pub fn new(connect: PgConnectOptions) -> Self {
        Self { connect, pool_size: 10, timeouts: DbTimeouts::default(), durability: Durability::On }
    }

    /// Reads a `postgres://` URL with `sslmode` and the other parameters of libpq's URLs.
    pub fn from_url(url: &str) -> Result<Self> {
        let connect = url
            .parse::<PgConnectOptions>()
            .map_err(|fault| DbError::Setup(format!("DATABASE_URL cannot be read: {fault}")))?;
        Ok(Self::new(connect))
    }
}

/// Omits the password, which sqlx's own `Debug` would show.
impl fmt::Debug for DbOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DbOptions")
            .field("pool_size", &self.pool_size)
            .field("timeouts", &self.timeouts)
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}

/// Whether a committed transaction is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A commit waits until its data are on disk.
    On,
    /// Faster and unsafe: for tests, whose data may be lost.
    Off,
}

/// The database, as the layers above use it. Clones share one pool.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    tasks: TaskTracker,
    queue: FairQueue,
    /// The connection of [`Db::ready`].
    watching: Arc<Mutex<Option<PgConnection>>>,
    health: Health,
    options: DbOptions,
}

impl Db {
    /// Connects to a migrated database, and refuses one whose settings or roles are unsafe.
    pub async fn open(options: DbOptions) -> Result<Self> {
        migrate::refuse_unsafe(&options).await?;
        let on_connect: Arc<str> = options.timeouts.on_connect().into();
        let pool = PgPoolOptions::new()
            .max_connections(options.pool_size)
            .acquire_timeout(options.timeouts.acquire)
            .test_before_acquire(false)
            .before_acquire(|connection, rested| {
                Box::pin(async move {
                    if rested.idle_for > TRUSTED_IDLE {
                        sqlx::Connection::ping(connection).await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(move |connection, _| tell(connection, Arc::clone(&on_connect)))
            // sqlx 0.9.0 can return a connection on which a cancelled begin has succeeded (transact-rs/sqlx #4385):
            // sqlx believes that no transaction is open, so only an unconditional rollback ends it.
            .after_release(|connection, _| {
                Box::pin(async move {
                    let rollback = sqlx::raw_sql("rollback").execute(connection);
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
        })
    }

    /// [`NotReady::Failing`] if a statement met such a fault a moment ago. This does not ask the database.
    pub fn failing(&self) -> Option<NotReady> {
        self.health.is_failing().then_some(NotReady::Failing)
    }

    /// Whether the database answers, has every migration of this release, and can be written to. The check has a
    /// connection of its own, which belongs to the runtime that checks first. A caller that stops waiting loses this
    /// connection, and the next check opens a new one.
    pub async fn ready(&self) -> Result<()> {
        let mut watching = self.watching.lock().await;
        if let Some(mut connection) = watching.take() {
            let ready = migrate::ready(&mut connection).await;
            if matches!(ready, Ok(()) | Err(DbError::SchemaOutdated { .. } | DbError::NotReady(_)))
            {
                *watching = Some(connection);
                return ready;
            }
            // The server may have restarted since the last check.
        }
        let mut connection = self.options.connect.clone().connect().await?;
        tell(&mut connection, self.options.timeouts.on_connect().into()).await?;
        let ready = migrate::ready(&mut connection).await;
        *watching = Some(connection);
        ready
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

/// Applies the settings to a new connection. The text is ours, and its only variable parts are numbers.
fn tell(
    connection: &mut PgConnection,
    text: Arc<str>,
) -> Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + '_>> {
    Box::pin(async move {
        sqlx::raw_sql(AssertSqlSafe(text.to_string())).execute(connection).await?;
        Ok(())
    })
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
