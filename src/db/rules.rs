//! The versions by which caches notice changes, and the channel that tells them at once.
//!
//! The truth is the version in the tenant's row, bumped in the transaction of the change. A notification only shortens
//! the wait: it is lost when nobody listens, so the versions are polled besides.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgListener, PgPoolOptions};
use uuid::Uuid;

use super::{Db, DbError, OperatorTx, Reference, Result, TenantTx, tell};
use crate::domain::id::TenantId;

/// The channel; the payload is the tenant's id.
const CHANNEL: &str = "promotion_engine_rules";

/// How far a tenant's rules and keys have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Grows with every change of settings, stores, lists and promotions.
    pub rules: i64,
    /// Grows with every change of keys, and of what the operator sets.
    pub keys: i64,
}

/// Says that the tenant's rules have changed, and returns their new version. Locks the tenant's row, so it comes last
/// in a transaction.
pub async fn bump_rules(tx: &mut TenantTx) -> Result<i64> {
    let version = tx.optional_value(sqlx::query_scalar!(
        "update tenant set rules_version = rules_version + 1 where tenant_id = $1 returning rules_version",
        tx.id(),
    ))
    .await?;
    announce(tx, version).await
}

/// Says that the tenant's keys have changed, and returns their new version. Locks the tenant's row, so it comes last
/// in a transaction.
pub async fn bump_keys(tx: &mut TenantTx) -> Result<i64> {
    let version = tx.optional_value(sqlx::query_scalar!(
        "update tenant set keys_version = keys_version + 1 where tenant_id = $1 returning keys_version",
        tx.id(),
    ))
    .await?;
    announce(tx, version).await
}

/// Tells every instance of the version that a tenant's row has now; there is none without a row.
async fn announce(tx: &mut TenantTx, version: Option<i64>) -> Result<i64> {
    let version = version.ok_or(DbError::Missing(Reference::Tenant))?;
    let tenant = tx.tenant();
    notify(tx, tenant).await?;
    Ok(version)
}

/// Sends the notification, which leaves with the commit.
pub(super) async fn notify(tx: &mut TenantTx, tenant: TenantId) -> Result<()> {
    tx.run(sqlx::query!("select pg_notify($1, $2)", CHANNEL, tenant.to_string())).await
}

/// What is cached is cached under this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current {
    pub rules: i64,
    pub keys: i64,
    /// Another one after each change of stores.
    pub stores_revision: Uuid,
    pub now: DateTime<Utc>,
}

/// The versions of the transaction's own tenant: read first, before what is to be cached under them.
pub async fn current(tx: &mut TenantTx) -> Result<Option<Current>> {
    tx.optional(sqlx::query_as!(
        Current,
        r#"select rules_version as rules, keys_version as keys, stores_revision, now() as "now!"
             from tenant where tenant_id = $1"#,
        tx.id(),
    ))
    .await
}

/// The versions of many tenants in one statement: the poll. Tenants that do not exist are missing from the answer.
pub async fn poll(tx: &mut OperatorTx, tenants: &[TenantId]) -> Result<Vec<(TenantId, Versions)>> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.uuid()).collect();
    let found = sqlx::query!(
        "select tenant_id, rules_version, keys_version from tenant where tenant_id = any ($1::uuid[])",
        &ids,
    )
    .map(|row| {
        let versions = Versions { rules: row.rules_version, keys: row.keys_version };
        (TenantId::new(row.tenant_id), versions)
    });
    tx.own().await?.all(found).await
}

/// A connection that hears which tenants have changed.
///
/// Listen first, then load: what commits in between is heard. After an error the listener is spent, and everything
/// that is cached may be stale: listen anew, then check all versions.
#[derive(Debug)]
pub struct RuleListener {
    listener: PgListener,
}

impl Db {
    /// Opens a connection of its own, beside the pool, and listens.
    pub async fn listen(&self) -> Result<RuleListener> {
        let on_connect: Arc<str> = self.options.timeouts.on_connect().into();
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(self.options.timeouts.acquire)
            .after_connect(move |connection, _| tell(connection, Arc::clone(&on_connect)))
            .connect_lazy_with(self.options.connect.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        // It must not connect again by itself: what was sent meanwhile would be missed in silence.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        Ok(RuleListener { listener })
    }
}

impl RuleListener {
    /// Waits for the next tenant whose rules or keys have changed.
    pub async fn next(&mut self) -> Result<TenantId> {
        loop {
            let Some(heard) = self.listener.try_recv().await? else {
                let lost = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
                return Err(DbError::Unavailable(sqlx::Error::Io(lost)));
            };
            // Anybody who may connect may notify: what is not an id is not ours.
            if let Ok(tenant) = heard.payload().parse::<Uuid>() {
                return Ok(TenantId::new(tenant));
            }
        }
    }
}
