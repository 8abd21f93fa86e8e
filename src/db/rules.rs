//! The versions by which caches notice changes, and the channel that notifies them at once.
//!
//! The authority is the version in the tenant's row, which the transaction of the change bumps. A notification only
//! shortens the delay. It is lost if an instance does not listen at that moment, so instances poll the versions too.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Db, DbError, NotReady, OperatorTx, Reference, Result, TenantTx};
use crate::domain::id::TenantId;

/// The name of the channel. The payload is the tenant's id, or a word by which a new listener is tried.
const CHANNEL: &str = "promotion_engine_rules";
/// How long a new listener may take to hear what was notified.
const HEARING: Duration = Duration::from_secs(2);

/// The versions of a tenant's rules and keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Grows with every change of settings, stores, lists and promotions.
    pub rules: i64,
    /// Grows with every change of keys, and with every change that the operator makes.
    pub keys: i64,
}

/// Bumps the version of the tenant's rules, notifies all instances, and returns the new version. Locks the tenant's row
/// to the end of the transaction.
pub async fn bump_rules(tx: &mut TenantTx) -> Result<i64> {
    let version = tx.optional_value(sqlx::query_scalar!(
        "update tenant set rules_version = rules_version + 1 where tenant_id = $1 returning rules_version",
        tx.id(),
    ))
    .await?;
    announce(tx, version).await
}

/// Bumps the version of the tenant's keys, notifies all instances, and returns the new version. Locks the tenant's row
/// to the end of the transaction.
pub async fn bump_keys(tx: &mut TenantTx) -> Result<i64> {
    let version = tx.optional_value(sqlx::query_scalar!(
        "update tenant set keys_version = keys_version + 1 where tenant_id = $1 returning keys_version",
        tx.id(),
    ))
    .await?;
    announce(tx, version).await
}

/// Notifies every instance that the tenant's version has changed. `version` is `None` if the tenant has no row.
async fn announce(tx: &mut TenantTx, version: Option<i64>) -> Result<i64> {
    let version = version.ok_or(DbError::Missing(Reference::Tenant))?;
    let tenant = tx.tenant();
    notify(tx, tenant).await?;
    Ok(version)
}

/// Sends the notification. The server delivers it at the commit.
pub(super) async fn notify(tx: &mut TenantTx, tenant: TenantId) -> Result<()> {
    say(tx, &tenant.to_string()).await
}

async fn say(tx: &mut TenantTx, payload: &str) -> Result<()> {
    tx.run(sqlx::query!("select pg_notify($1, $2)", CHANNEL, payload)).await
}

/// The versions that loaded rules are cached under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current {
    pub rules: i64,
    pub keys: i64,
    /// Changes with each change of stores.
    pub stores_revision: Uuid,
    pub now: DateTime<Utc>,
}

/// Reads the versions of the transaction's tenant.
pub async fn current(tx: &mut TenantTx) -> Result<Option<Current>> {
    tx.optional(sqlx::query_as!(
        Current,
        r#"select rules_version as rules, keys_version as keys, stores_revision, now() as "now!"
             from tenant where tenant_id = $1"#,
        tx.id(),
    ))
    .await
}

/// Reads the versions of many tenants in one statement. The result lacks tenants that do not exist.
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

/// A connection that receives the notifications of changed tenants.
///
/// Listen before you load, so that a change in between is received. After an error the listener is unusable, and every
/// cached entry may be stale: open a new listener, then check all versions.
#[derive(Debug)]
pub struct RuleListener {
    listener: PgListener,
}

impl Db {
    /// Opens a connection outside the pool, listens, and returns once it has heard what a connection of the pool
    /// notified. Otherwise notifications could be sent to another server, or to whoever a pooler hands them.
    pub async fn listen(&self) -> Result<RuleListener> {
        let connect = self.options.listen.as_ref().unwrap_or(&self.options.connect);
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(self.options.timeouts.acquire)
            .connect_lazy_with(connect.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        // It must not reconnect by itself, because notifications in between would be lost without notice.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        let mut listener = RuleListener { listener };
        let word = format!("heard {}", Uuid::now_v7());
        let said = word.clone();
        self.operator(move |tx| Box::pin(async move { say(tx.own().await?, &said).await })).await?;
        match timeout(HEARING, async {
            while listener.payload().await? != word {}
            Ok(())
        })
        .await
        {
            Ok(heard) => heard.map(|()| listener),
            Err(_) => Err(DbError::NotReady(NotReady::Unheard)),
        }
    }
}

impl RuleListener {
    /// Waits for the next tenant whose rules or keys have changed.
    pub async fn next(&mut self) -> Result<TenantId> {
        loop {
            // Any role that may connect may notify. A payload that is not an id is ignored.
            if let Ok(tenant) = self.payload().await?.parse::<Uuid>() {
                return Ok(TenantId::new(tenant));
            }
        }
    }

    async fn payload(&mut self) -> Result<String> {
        match self.listener.try_recv().await? {
            Some(heard) => Ok(heard.payload().to_owned()),
            None => {
                let lost = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
                Err(DbError::Unavailable(sqlx::Error::Io(lost)))
            }
        }
    }
}
