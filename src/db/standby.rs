//! Whether a commit waits for a standby. Only then what was acknowledged survives the loss of the server.

use sqlx::PgConnection;

use super::error::{DbError, NotReady, Result};

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
    pub(super) fn reason(self) -> &'static str {
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

/// Fails unless commits wait for a standby that is streaming. The transaction must be the owner's.
pub(super) async fn required(owner: &mut PgConnection) -> Result<()> {
    let found: String = sqlx::query_scalar(
        "select case
                    when current_setting('synchronous_standby_names') = '' then 'unset'
                    when current_setting('synchronous_commit') in ('off', 'local') then 'local'
                    when exists (select from pg_stat_replication
                                  where state = 'streaming' and sync_state in ('sync', 'quorum')) then 'streaming'
                    when exists (select from pg_stat_replication where state is null) then 'hidden'
                    else 'gone' end",
    )
    .fetch_one(owner)
    .await?;
    let why = match found.as_str() {
        "streaming" => return Ok(()),
        "unset" => NoStandby::Unset,
        "local" => NoStandby::Local,
        "hidden" => NoStandby::Hidden,
        _ => NoStandby::Gone,
    };
    Err(DbError::NotReady(NotReady::NoStandby(why)))
}
