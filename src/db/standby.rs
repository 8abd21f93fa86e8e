//! Whether a commit waits for a standby. Only then what was acknowledged survives the loss of the server.

use sqlx::PgConnection;

use super::error::{DbError, NoStandby, NotReady, Result};

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
