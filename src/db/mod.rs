//! PostgreSQL: the only SQL of the service.
//!
//! Reading order: [`Db`] is the pool; `transaction` binds a transaction to its tenant, and `statements` runs what is
//! asked in it; then one module an aggregate, each a set of functions over such a transaction. Names of closed sets
//! arrive as the domain's enums; documents are JSON text, which `stored` reads. `migrate` makes the schema and its
//! roles, `embedded` provides a server where none is configured.

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
mod health;
mod names;
mod page;
mod statements;
mod transaction;
mod turns;

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
pub mod in_hand;
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
pub mod usage;
pub mod webhooks;

pub use error::{DbError, Key, NotReady, Reference};
pub use migrate::migrate;
pub use page::{MAX_PAGE, Page};
pub use transaction::{OperatorTx, TenantTx, Work};

use health::Health;
use page::{Filling, one_more};
use statements::{column, raced_unless};
use turns::Turns;

/// What comes of a statement.
pub type Result<T, E = DbError> = std::result::Result<T, E>;

/// The role of every working connection: owns nothing, cannot bypass row-level security.
pub const SERVICE_ROLE: &str = "promotion_engine_service";
/// The role of what crosses tenants: it sees the table of tenants, and of few others what jobs search by.
pub const OPERATOR_ROLE: &str = "promotion_engine_operator";

/// An idle connection is tried before use when it has rested for longer than this.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// How long transactions may go on when the service stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the rollback of a release is waited for.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the database may take.
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
    /// How long an open transaction may rest: one that loads, or a bulk request's. Others at most
    /// [`LONGEST_REST`](Self::LONGEST_REST).
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
    /// How long a transaction may rest that others wait for: the locks of an instance that was stopped in the middle of
    /// a redemption hold up the same counters everywhere.
    pub const LONGEST_REST: Duration = Duration::from_secs(2);

    /// What every new connection is told. Messages below errors are kept off the wire: the rollback of each release,
    /// for one, warns that there is nothing to roll back.
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

    /// How long a whole transaction may take: well above what the server allows its few statements.
    fn patience(&self) -> Duration {
        self.statement * 5 / 2
    }

    /// The same of a bulk request.
    fn bulk_patience(&self) -> Duration {
        self.bulk_statement * 4
    }
}

/// How the pool is set up.
#[derive(Clone)]
pub struct DbOptions {
    /// Where the database is, and as whom.
    pub connect: PgConnectOptions,
    /// Most connections that work at the same time.
    pub pool_size: u32,
    /// How long it may take.
    pub timeouts: DbTimeouts,
    /// Whether the pool refuses a server that may lose what it has committed.
    pub durability: Durability,
}

impl DbOptions {
    /// The usual figures: ten connections, a durable server.
    pub fn new(connect: PgConnectOptions) -> Self {
        Self { connect, pool_size: 10, timeouts: DbTimeouts::default(), durability: Durability::On }
    }

    /// Reads a `postgres://` URL; `sslmode` and the other parameters of libpq's URLs are understood.
    pub fn from_url(url: &str) -> Result<Self> {
        let connect = url
            .parse::<PgConnectOptions>()
            .map_err(|fault| DbError::Setup(format!("DATABASE_URL cannot be read: {fault}")))?;
        Ok(Self::new(connect))
    }
}

/// Without the password, which sqlx's own text would show.
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

/// Whether committed means written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// As PostgreSQL promises it.
    On,
    /// Faster and unsafe: for tests, whose data nobody misses.
    Off,
}

/// The database, as the layers above hold it. Clones share one pool.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    tasks: TaskTracker,
    turns: Turns,
    /// What the database is watched by.
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
            // it believes that no transaction is open, so that only an unconditional rollback ends it.
            .after_release(|connection, _| {
                Box::pin(async move {
                    let rollback = sqlx::raw_sql("rollback").execute(connection);
                    match tokio::time::timeout(RELEASE_TIMEOUT, rollback).await {
                        Ok(done) => done.map(|_| true),
                        // Nobody is there. An error is what makes the pool drop it without asking first.
                        Err(_) => Err(sqlx::Error::PoolTimedOut),
                    }
                })
            })
            .connect_with(options.connect.clone())
            .await?;
        Ok(Self {
            pool,
            tasks: TaskTracker::new(),
            turns: Turns::new(options.pool_size),
            watching: Arc::default(),
            health: Health::new(),
            options,
        })
    }

    /// [`NotReady::Failing`] if a statement met such a fault a moment ago. The database is not asked.
    pub fn failing(&self) -> Option<NotReady> {
        self.health.is_failing().then_some(NotReady::Failing)
    }

    /// Whether the database answers, has every migration of this release, and can be written to. Asked over a connection
    /// of its own, which belongs to the runtime that asks first; whoever stops waiting costs the connection.
    pub async fn ready(&self) -> Result<()> {
        let mut watching = self.watching.lock().await;
        if let Some(mut connection) = watching.take() {
            let ready = migrate::ready(&mut connection).await;
            if matches!(ready, Ok(()) | Err(DbError::SchemaOutdated { .. } | DbError::NotReady(_)))
            {
                *watching = Some(connection);
                return ready;
            }
            // The server may have been started again since.
        }
        let mut connection = self.options.connect.clone().connect().await?;
        tell(&mut connection, self.options.timeouts.on_connect().into()).await?;
        let ready = migrate::ready(&mut connection).await;
        *watching = Some(connection);
        ready
    }

    /// Stops: begins no more transactions, waits for those that run, closes every connection. Neither is waited for
    /// without end: the server rolls back what is open when the process has gone.
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

    /// How many connections there are, and how many of them rest: for metrics.
    pub fn connections(&self) -> Connections {
        Connections {
            open: self.pool.size(),
            idle: self.pool.num_idle(),
            most: self.options.pool_size,
        }
    }
}

/// Tells a new connection what holds for it: a text of ours, whose only variable parts are numbers.
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
    /// Open connections, at work or not.
    pub open: u32,
    pub idle: usize,
    /// Most connections that are ever open.
    pub most: u32,
}
