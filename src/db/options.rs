//! How the pool and its connections are set up.

use std::fmt;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use super::error::{DbError, Result};
use super::first_connection;

/// The role of every pooled connection. It owns nothing and cannot bypass row-level security.
pub const SERVICE_ROLE: &str = "promotion_engine_service";
/// The role of work across tenants. It sees the table of tenants, and in a few other tables the columns by which jobs
/// search.
pub const OPERATOR_ROLE: &str = "promotion_engine_operator";

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
    pub(super) fn on_connect(&self) -> String {
        format!(
            "set role {SERVICE_ROLE}; set client_min_messages = 'error'; set statement_timeout = {}; \
             set lock_timeout = {}; set idle_in_transaction_session_timeout = {}",
            self.statement.as_millis(),
            self.lock.as_millis(),
            self.rest().as_millis(),
        )
    }

    pub(super) fn rest(&self) -> Duration {
        self.idle_in_transaction.min(Self::LONGEST_REST)
    }

    /// How long a whole transaction may take. This is well above what the server allows for its few statements.
    pub(super) fn patience(&self) -> Duration {
        self.statement * 5 / 2
    }

    /// How long a whole transaction of a bulk request may take.
    pub(super) fn bulk_patience(&self) -> Duration {
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
        first_connection::refuse_other_schemes(url)?;
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
