//! The errors of this layer.

use std::fmt;

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use thiserror::Error;

use super::health;
use super::names::UnknownName;

/// The result of a statement.
pub type Result<T, E = DbError> = std::result::Result<T, E>;

/// A refusal or a failure of the database. A violated constraint becomes an error with its meaning, not with its name.
#[derive(Debug, Error)]
pub enum DbError {
    /// Another row already has this key.
    #[error("{0} is already taken")]
    Duplicate(Key),
    /// What the row refers to does not exist.
    #[error("{0} does not exist")]
    Missing(Reference),
    /// The row is referred to and so cannot be deleted.
    #[error("still in use")]
    InUse,
    /// The row is no longer at the version that the caller expected, or it is gone.
    #[error("the version is stale")]
    Stale,
    /// These codes belong to other promotions that are not archived. They are spelled as the caller wrote them.
    #[error("{} codes belong to other promotions", .0.len())]
    CodesTaken(Vec<String>),
    /// The wait for a lock, or the whole statement, exceeded its time. Nothing was changed.
    #[error("the database took too long")]
    TooSlow(#[source] sqlx::Error),
    /// A deadlock or a serialization failure. Nothing was changed; the caller may run the whole transaction again.
    #[error("transactions stood in each other's way")]
    Conflict(#[source] sqlx::Error),
    /// Another transaction came between two statements. Nothing was changed; the caller may run the whole transaction
    /// again.
    #[error("somebody else was faster")]
    Raced,
    /// The database cannot be reached, no connection was free in time, or it cannot do its work: it is stopping,
    /// starting, read-only, or out of room or memory. Nothing was changed.
    #[error("the database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// The readiness check failed, for this reason.
    #[error("the database is not ready: {}", .0.reason())]
    NotReady(NotReady),
    /// A row has a value or a document that this release cannot read. A later release may have written it. Nothing was
    /// changed.
    #[error("{0}")]
    Unreadable(String),
    /// The commit was sent but not confirmed. It may or may not have happened.
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown(#[source] sqlx::Error),
    /// The service is stopping and begins no more transactions.
    #[error("the service is stopping")]
    Stopping,
    /// The schema lacks migrations of this release.
    #[error("the schema is not current: {missing} migrations are missing")]
    SchemaOutdated {
        /// How many of this release's migrations have not run.
        missing: usize,
    },
    /// The database's setup is unusable. The text says what to do.
    #[error("{0}")]
    Setup(String),
    #[error("the schema could not be migrated: {0}")]
    Migrate(#[source] MigrateError),
    /// Any other failure. It is a fault of the service.
    #[error("a statement failed: {0}")]
    Query(#[source] sqlx::Error),
}

/// Why a database that answers is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// It is a standby, or it is still recovering.
    Recovering,
    /// New transactions may not write.
    ReadOnly,
    /// A moment ago it had no disk space or no memory, or its disk failed.
    Failing,
    /// Commits do not wait for a standby, and must.
    NoStandby(NoStandby),
    /// The listener does not hear what is notified.
    Unheard,
}

impl NotReady {
    /// The reason as text, for the answer of the readiness check.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Recovering => "the database is recovering or a standby",
            Self::ReadOnly => "the database is read-only",
            Self::NoStandby(why) => why.reason(),
            Self::Unheard => {
                "what one connection notifies another does not hear: DATABASE_LISTEN_URL must lead directly to the database"
            }
            Self::Failing => "the database lacks room or memory, or its disk fails",
        }
    }
}

/// Why commits wait for no standby.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoStandby {
    Unset,
    /// Commits of the owner do not wait.
    Local,
    /// The owner may not see who is streaming.
    Hidden,
    Gone,
}

impl NoStandby {
    /// The reason as text, for the start and the readiness check.
    fn reason(self) -> &'static str {
        match self {
            Self::Unset => "commits wait for no standby: synchronous_standby_names is empty",
            Self::Local => "commits wait for no standby: synchronous_commit is off or local",
            Self::Hidden => {
                "whether a standby is streaming cannot be seen: grant pg_monitor to the user of DATABASE_URL"
            }
            Self::Gone => "no standby is streaming that commits wait for",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A promotion's name among those that are not archived.
    PromotionName,
    /// An API key's hash within its tenant.
    KeyHash,
    /// An id or a code that is the primary key of its table.
    Id,
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::PromotionName => "the promotion's name",
            Self::KeyHash => "the key's hash",
            Self::Id => "the id",
        })
    }
}

/// What a foreign key points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    Tenant,
    Promotion,
    ProductList,
    Settings,
    Key,
    /// The redemption, its key, or its return.
    Redemption,
    Milestone,
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tenant => "the tenant",
            Self::Promotion => "the promotion",
            Self::ProductList => "the product list",
            Self::Settings => "the settings",
            Self::Key => "the key",
            Self::Redemption => "the redemption",
            Self::Milestone => "the milestone",
        })
    }
}

/// The meaning of a violated constraint. A constraint's name has its table first, then what it demands. An unknown name
/// becomes `Query`, a fault of the service.
fn of_constraint(name: &str) -> Option<DbError> {
    Some(match name {
        "promotion_name_key" => DbError::Duplicate(Key::PromotionName),
        "api_key_hash_key" => DbError::Duplicate(Key::KeyHash),
        "code_id_key" | "event_id_key" | "webhook_name_key" => DbError::Duplicate(Key::Id),
        "limit_counter_used_check"
        | "issuance_source_key"
        | "issuance_origin_key"
        | "issuance_activation_key"
        | "milestone_name_key"
        | "backtest_running_key" => DbError::Raced,
        "redemption_key_fkey" | "redemption_return_promotion_return_fkey" => {
            DbError::Missing(Reference::Redemption)
        }
        "milestone_product_list_milestone_fkey" => DbError::Missing(Reference::Milestone),
        "settings_product_list_settings_fkey" => DbError::Missing(Reference::Settings),
        "promotion_version_key_fkey" | "audit_key_fkey" => DbError::Missing(Reference::Key),
        _ if name.ends_with("_pkey") => DbError::Duplicate(Key::Id),
        _ if name.ends_with("_redemption_fkey") => DbError::Missing(Reference::Redemption),
        _ if name.ends_with("_tenant_fkey") => DbError::Missing(Reference::Tenant),
        _ if name.ends_with("_promotion_fkey") => DbError::Missing(Reference::Promotion),
        _ if name.ends_with("_list_fkey") => DbError::Missing(Reference::ProductList),
        _ => return None,
    })
}

/// The meaning of an SQLSTATE that the server reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    TooSlow,
    Conflict,
    Unavailable,
    /// Unavailable, and other statements will fail too: the database's machine lacks a resource.
    Failing,
    Other,
}

/// The meaning of each SQLSTATE. A state that is missing here is a fault of the service.
fn of_state(state: &str) -> Failure {
    match state {
        // Cancelled by statement_timeout; lock not available within lock_timeout.
        "57014" | "55P03" => Failure::TooSlow,
        // A serialization failure; a deadlock.
        "40001" | "40P01" => Failure::Conflict,
        // Disk full; out of memory; a system or I/O error; a file that is missing or a duplicate.
        "53100" | "53200" | "58000" | "58030" | "58P01" | "58P02" => Failure::Failing,
        // Too many connections, or another bound of the server's configuration.
        "53000" | "53300" | "53400" => Failure::Unavailable,
        // Terminated; crashed; starting up or recovering; the database was dropped; idle for too long; a transaction
        // that took too long.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P04" => Failure::Unavailable,
        // Idle in a transaction for too long; read-only; unknown whether the statement was completed.
        "25P03" | "25006" | "40003" => Failure::Unavailable,
        // The connection is broken.
        state if state.starts_with("08") => Failure::Unavailable,
        _ => Failure::Other,
    }
}

fn of_report(error: &dyn DatabaseError) -> Failure {
    error.code().map_or(Failure::Other, |state| of_state(&state))
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(reported) => {
                if let Some(meant) = reported.constraint().and_then(of_constraint) {
                    return meant;
                }
                match of_report(reported.as_ref()) {
                    Failure::TooSlow => Self::TooSlow(error),
                    Failure::Conflict => Self::Conflict(error),
                    Failure::Unavailable => Self::Unavailable(error),
                    Failure::Failing => {
                        health::note_failing();
                        Self::Unavailable(error)
                    }
                    Failure::Other => Self::Query(error),
                }
            }
            sqlx::Error::ColumnDecode { index, source }
                if source.is::<UnknownName>() || source.is::<serde_json::Error>() =>
            {
                Self::Unreadable(format!("{index}: {source}"))
            }
            sqlx::Error::PoolClosed => Self::Stopping,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            _ => Self::Query(error),
        }
    }
}

impl DbError {
    /// Turns a violated reference into `InUse`. A delete violates the same constraint from the side of the row that is
    /// referred to.
    pub(super) fn in_use(self) -> Self {
        match self {
            Self::Missing(_) => Self::InUse,
            other => other,
        }
    }

    /// Whether the same transaction will probably succeed if the caller runs it again at once.
    pub fn is_momentary(&self) -> bool {
        matches!(self, Self::Raced | Self::Conflict(_))
    }

    /// Whether the connection is at fault. If nothing was sent yet, the caller may try another connection.
    pub(super) fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether the connection was sent something that nobody had asked for. Behind a pooler that is a notification for a
    /// client that had the server's connection before and still listens. Another connection may do.
    pub(super) fn is_confused(&self) -> bool {
        let (Self::Query(error) | Self::Migrate(MigrateError::Execute(error))) = self else {
            return false;
        };
        matches!(error, sqlx::Error::Protocol(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_server_has_its_meaning() {
        for (states, meaning) in [
            (&["57014", "55P03"][..], Failure::TooSlow),
            (&["40001", "40P01"], Failure::Conflict),
            (&["53100", "53200", "58000", "58030", "58P01"], Failure::Failing),
            (&["53300", "53400", "25006", "25P03"], Failure::Unavailable),
            (&["57P01", "57P02", "57P03", "57P04"], Failure::Unavailable),
            (&["08000", "08006", "08P01"], Failure::Unavailable),
            // Faults of the service: a wrong statement, a missing table or permission, a statement in a failed
            // transaction.
            (&["42601", "42P01", "42501", "23502", "22003", "25P02"], Failure::Other),
        ] {
            for state in states {
                assert_eq!(of_state(state), meaning, "{state}");
            }
        }
    }
}
