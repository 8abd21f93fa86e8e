//! How the pool and its connections are set up.

use std::fmt;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use super::error::{DbError, Result};
use super::first_connection;

/// The role of every transaction. It owns nothing and cannot bypass row-level security.
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
    /// A direct connection to the same database, if `connect` leads through a pooler.
    pub listen: Option<PgConnectOptions>,
    /// Most connections that the pool opens.
    pub pool_size: u32,
    pub timeouts: DbTimeouts,
    /// Whether `open` refuses a server that may lose committed data.
    pub durability: Durability,
    /// Whether commits must wait for a standby.
    pub require_standby: bool,
}

impl DbOptions {
    /// The defaults: ten connections, and a durable server.
    pub fn new(connect: PgConnectOptions) -> Self {
        Self {
            // A pooler refuses to begin with this setting.
            connect: connect.extra_float_digits(None),
            listen: None,
            pool_size: 10,
            timeouts: DbTimeouts::default(),
            durability: Durability::On,
            require_standby: false,
        }
    }

    /// Reads a `postgres://` URL with `sslmode` and the other parameters of libpq's URLs.
    pub fn from_url(url: &str) -> Result<Self> {
        Ok(Self::new(read(url, "DATABASE_URL")?))
    }

    /// Listens for changes of rules over a connection of its own.
    pub fn listen_at(&mut self, url: &str) -> Result<()> {
        self.listen = Some(read(url, "DATABASE_LISTEN_URL")?);
        Ok(())
    }
}

fn read(url: &str, name: &str) -> Result<PgConnectOptions> {
    first_connection::refuse_other_schemes(url, name)?;
    url.parse().map_err(|fault| DbError::Setup(format!("{name} cannot be read: {fault}")))
}

/// Omits the password, which sqlx's own `Debug` would show.
impl fmt::Debug for DbOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DbOptions")
            .field("pool_size", &self.pool_size)
            .field("timeouts", &self.timeouts)
            .field("durability", &self.durability)
            .field("require_standby", &self.require_standby)
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
