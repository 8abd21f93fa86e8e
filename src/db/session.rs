//! What every transaction sets for itself.
//!
//! Behind a pooler one connection to the server serves many clients in turn, and each finds the settings that others
//! have left. So no statement relies on a session: the message that begins a transaction sets all that matters, and only
//! to the end of that transaction. docs/OPERATING.md lists what a session may hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{AssertSqlSafe, PgConnection};

use super::error::Result;
use super::options::{DbTimeouts, OPERATOR_ROLE, SERVICE_ROLE};
use crate::domain::id::TenantId;

/// What a transaction of the owner sets: what the database and the user were configured with.
const OF_OWNER: &str = "unlisten *; set local role none; \
     set local search_path to default; set local statement_timeout to default; set local lock_timeout to default; \
     set local idle_in_transaction_session_timeout to default; set local synchronous_commit to default; \
     set local default_transaction_read_only to default; set local row_security to default; \
     set local standard_conforming_strings = on";
const READ: &str = "begin isolation level read committed; ";
const WRITE: &str = "begin isolation level read committed, read write; ";

/// A message that begins a transaction of the owner, which only reads.
pub(super) fn reading_owner() -> AssertSqlSafe<String> {
    AssertSqlSafe(READ.to_owned() + OF_OWNER)
}

/// A message that begins a transaction of the owner, which writes.
pub(super) fn writing_owner() -> AssertSqlSafe<String> {
    AssertSqlSafe(WRITE.to_owned() + OF_OWNER)
}

/// How the transactions of one pool begin. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    /// What is the same for all of them.
    settings: Arc<str>,
    timeouts: DbTimeouts,
    /// Whether the server is a standby, or was configured to be read-only.
    is_read_only: Arc<AtomicBool>,
}

impl Opening {
    /// Reads from a transaction of the owner where the tables are.
    pub(super) async fn read(owner: &mut PgConnection, timeouts: DbTimeouts) -> Result<Self> {
        let schemas: Vec<String> = sqlx::query_scalar(
            "select quote_ident(name) from unnest(current_schemas(false)) as name",
        )
        .fetch_all(owner)
        .await?;
        let settings = format!(
            // A table of this session's own would otherwise come before ours of the same name.
            "set local search_path = {}pg_temp; set local row_security = on; \
             set local synchronous_commit to default; set local standard_conforming_strings = on; \
             set local timezone = 'UTC'; set local statement_timeout = {}; set local lock_timeout = {}; \
             set local idle_in_transaction_session_timeout = {}",
            schemas.iter().map(|schema| format!("{schema}, ")).collect::<String>(),
            timeouts.statement.as_millis(),
            timeouts.lock.as_millis(),
            timeouts.rest().as_millis(),
        );
        Ok(Self { settings: settings.into(), timeouts, is_read_only: Arc::default() })
    }

    /// What follows [`Opening::begin`] in a transaction of one tenant.
    pub(super) fn of_tenant(&self, tenant: TenantId) -> String {
        self.of(SERVICE_ROLE, &tenant.to_string())
    }

    /// What follows [`Opening::begin`] in a transaction of the operator's role, which is bound to no tenant.
    pub(super) fn of_operator(&self) -> String {
        self.of(OPERATOR_ROLE, "")
    }

    fn of(&self, role: &str, tenant: &str) -> String {
        let settings = &self.settings;
        format!("unlisten *; set local role {role}; set local app.tenant = '{tenant}'; {settings}")
    }

    /// A whole message that begins a transaction on one snapshot of a tenant's rows.
    pub(super) fn snapshot(&self, tenant: TenantId) -> String {
        // It holds no locks that others wait for, and it may be idle while loaded rows are compiled.
        format!(
            "begin isolation level repeatable read, read only; {}; \
             set local idle_in_transaction_session_timeout = {}",
            self.of_tenant(tenant),
            self.timeouts.idle_in_transaction.as_millis(),
        )
    }

    /// A whole message that begins the transaction of the readiness check.
    pub(super) fn check(&self) -> String {
        format!(
            "{READ}set local default_transaction_read_only to default; {}",
            self.of(SERVICE_ROLE, ""),
        )
    }

    /// How a transaction that may write begins. Where the server itself is read-only, it must not ask to write: what it
    /// reads is read, and what it writes fails.
    pub(super) fn begin(&self) -> &'static str {
        if self.is_read_only.load(Ordering::Relaxed) { READ } else { WRITE }
    }

    /// Notes whether the server is read-only.
    pub(super) fn note_read_only(&self, is_read_only: bool) {
        self.is_read_only.store(is_read_only, Ordering::Relaxed);
    }
}
