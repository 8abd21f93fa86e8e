//! API keys. Only their hashes are stored, each within its tenant.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::page::one_more;
use super::{Page, Result, TenantTx};
use crate::domain::id::KeyId;
use crate::domain::rate::RateLimits;
use crate::domain::role::Role;

/// A listed key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    pub key_id: Uuid,
    pub role: Role,
    pub label: String,
    /// Its last three characters.
    pub hint: String,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last seen, to about a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A key to be stored.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub key: KeyId,
    pub role: Role,
    pub label: String,
    /// SHA-256 of the whole key.
    pub hash: [u8; 32],
    /// Its last three characters.
    pub hint: String,
}

/// A valid key that was presented, with the state of its tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundKey {
    pub key_id: Uuid,
    pub role: Role,
    /// When it was last seen, to about a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    pub suspended: bool,
    pub rate_limits: Json<RateLimits>,
    /// The version of the tenant's keys at which this was read.
    pub keys_version: i64,
    /// Seals the cursors of the tenant's lists.
    pub cursor_key: Vec<u8>,
}

/// Stores a key. The caller bumps the version of the keys.
pub async fn insert(tx: &mut TenantTx, new: &NewKey) -> Result<KeyRow> {
    tx.one(sqlx::query_as!(
        KeyRow,
        r#"insert into api_key (tenant_id, key_id, role, label, hash, hint) values ($1, $2, $3, $4, $5, $6)
         returning key_id, role as "role: _", label, hint, created_at, revoked_at, last_used_at"#,
        tx.id(),
        new.key.uuid(),
        new.role as _,
        new.label,
        new.hash.as_slice(),
        new.hint,
    ))
    .await
}

/// Lists the keys in the order of their ids, including revoked ones.
pub async fn list(
    tx: &mut TenantTx,
    after: Option<KeyId>,
    limit: u16,
) -> Result<Page<KeyRow, KeyId>> {
    let query = sqlx::query_as!(
        KeyRow,
        r#"select key_id, role as "role: _", label, hint, created_at, revoked_at, last_used_at
           from api_key
          where tenant_id = $1 and ($2::uuid is null or key_id > $2)
          order by key_id
          limit $3"#,
        tx.id(),
        after.map(KeyId::uuid),
        one_more(limit),
    );
    Ok(Page::cut(tx.all(query).await?, limit, |row| KeyId::new(row.key_id)))
}

/// Revokes a key. A key that was revoked before keeps its time. `None` if the key does not exist. The caller bumps the
/// version of the keys.
pub async fn revoke(tx: &mut TenantTx, key: KeyId) -> Result<Option<KeyRow>> {
    tx.optional(sqlx::query_as!(
        KeyRow,
        r#"update api_key set revoked_at = coalesce(revoked_at, now())
          where tenant_id = $1 and key_id = $2
         returning key_id, role as "role: _", label, hint, created_at, revoked_at, last_used_at"#,
        tx.id(),
        key.uuid(),
    ))
    .await
}

/// Finds the key with this hash unless it is revoked.
pub async fn find(tx: &mut TenantTx, hash: &[u8; 32]) -> Result<Option<FoundKey>> {
    tx.optional(sqlx::query_as!(
        FoundKey,
        r#"select api_key.key_id, api_key.role as "role: _", api_key.last_used_at, tenant.suspended,
             tenant.rate_limits as "rate_limits: _", tenant.keys_version, tenant.cursor_key
           from api_key join tenant on tenant.tenant_id = api_key.tenant_id
          where api_key.tenant_id = $1 and api_key.hash = $2 and api_key.revoked_at is null"#,
        tx.id(),
        hash.as_slice(),
    ))
    .await
}

/// Notes that a key was used, at most once a minute, to save writes.
pub async fn touch(tx: &mut TenantTx, key: KeyId) -> Result<()> {
    tx.run(sqlx::query!(
        "update api_key set last_used_at = now()
          where tenant_id = $1 and key_id = $2
            and (last_used_at is null or last_used_at < now() - interval '1 minute')",
        tx.id(),
        key.uuid(),
    ))
    .await
}
