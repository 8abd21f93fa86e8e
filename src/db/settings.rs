//! A tenant's settings: one document, which is replaced as a whole.

use chrono::{DateTime, Utc};

use super::{DbError, Result, TenantTx};
use crate::domain::settings::Settings;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsRow {
    /// Grows by one with each replacement.
    pub version: i64,
    pub document: String,
    pub updated_at: DateTime<Utc>,
}

/// Reads the settings. `None` only if the tenant does not exist.
pub async fn get(tx: &mut TenantTx) -> Result<Option<SettingsRow>> {
    tx.optional(sqlx::query_as!(
        SettingsRow,
        r#"select version, document::text as "document!", updated_at from settings where tenant_id = $1"#,
        tx.id(),
    ))
    .await
}

/// Replaces the settings if they are at version `expected`, otherwise `Stale`. `lists` are the product lists that they
/// name, without duplicates; `Missing` if one does not exist. Currency and time zone are also copied to the tenant's
/// row. The caller bumps the version of the rules.
pub async fn replace(
    tx: &mut TenantTx,
    expected: i64,
    settings: &Settings,
    document: &str,
    lists: &[String],
) -> Result<SettingsRow> {
    let row = tx.optional(sqlx::query_as!(
        SettingsRow,
        r#"update settings set document = $3::text::jsonb, version = version + 1, updated_at = now()
            where tenant_id = $1 and version = $2
           returning version, document::text as "document!", updated_at"#,
        tx.id(),
        expected,
        document,
    ))
    .await?
    .ok_or(DbError::Stale)?;
    tx.run(sqlx::query!(
        "delete from settings_product_list where tenant_id = $1 and list_name <> all ($2::text[])",
        tx.id(),
        lists,
    ))
    .await?;
    tx.run(sqlx::query!(
        "insert into settings_product_list (tenant_id, list_name)
         select $1, named.list_name from unnest($2::text[]) as named (list_name) order by named.list_name
         on conflict (tenant_id, list_name) do nothing",
        tx.id(),
        lists,
    ))
    .await?;
    tx.run(sqlx::query!(
        "update tenant set currency = $2, timezone = $3
          where tenant_id = $1 and (currency, timezone) is distinct from ($2, $3)",
        tx.id(),
        settings.currency.as_str(),
        settings.timezone.name(),
    ))
    .await?;
    Ok(row)
}
