//! Tenants. The operator creates and lists them, and sets their bounds.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::page::one_more;
use super::{OperatorTx, Page, Result, TenantTx, rules};
use crate::domain::id::TenantId;
use crate::domain::rate::RateLimits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRow {
    pub tenant_id: Uuid,
    /// Its name, which need not be unique.
    pub name: String,
    /// A copy of the currency in the settings.
    pub currency: String,
    /// A copy of the time zone in the settings.
    pub timezone: String,
    /// Whether its keys are refused.
    pub suspended: bool,
    /// Most promotions that are active and not ended.
    pub max_active_promotions: i32,
    pub max_stores: i32,
    pub max_product_lists: i32,
    /// Most SKUs on all lists together.
    pub max_product_list_entries: i32,
    pub rate_limits: Json<RateLimits>,
    /// Grows with every change of its rules.
    pub rules_version: i64,
    /// Grows with every change of its keys, its suspension and its rates.
    pub keys_version: i64,
    pub created_at: DateTime<Utc>,
}

/// A tenant to be created.
#[derive(Clone, Debug)]
pub struct NewTenant {
    pub tenant: TenantId,
    pub name: String,
    pub currency: String,
    pub timezone: String,
    /// The JSON text of its first settings.
    pub settings: String,
}

/// What the operator changes. `None` leaves a value unchanged.
#[derive(Clone, Debug, Default)]
pub struct TenantPatch {
    pub name: Option<String>,
    pub suspended: Option<bool>,
    pub max_active_promotions: Option<i32>,
    pub max_stores: Option<i32>,
    pub max_product_lists: Option<i32>,
    pub max_product_list_entries: Option<i32>,
    pub rate_limits: Option<RateLimits>,
}

/// Creates a tenant and its settings (version 1).
pub async fn create(tx: &mut OperatorTx, new: &NewTenant) -> Result<TenantRow> {
    let row = tx.own().await?.one(sqlx::query_as!(
        TenantRow,
        r#"insert into tenant (tenant_id, name, currency, timezone) values ($1, $2, $3, $4)
         returning tenant_id, name, currency, timezone, suspended, max_active_promotions,
             max_stores, max_product_lists, max_product_list_entries, rate_limits as "rate_limits: _", rules_version, keys_version, created_at"#,
        new.tenant.uuid(),
        new.name,
        new.currency,
        new.timezone,
    ))
    .await?;
    let tx = tx.of_tenant(new.tenant).await?;
    tx.run(sqlx::query!(
        "insert into settings (tenant_id, document) values ($1, $2::text::jsonb)",
        tx.id(),
        new.settings,
    ))
    .await?;
    Ok(row)
}

/// Lists all tenants in the order of their ids, after the id `after`.
pub async fn list(
    tx: &mut OperatorTx,
    after: Option<TenantId>,
    limit: u16,
) -> Result<Page<TenantRow, TenantId>> {
    let rows = tx.own().await?.all(sqlx::query_as!(
        TenantRow,
        r#"select tenant_id, name, currency, timezone, suspended, max_active_promotions,
             max_stores, max_product_lists, max_product_list_entries, rate_limits as "rate_limits: _", rules_version, keys_version, created_at
           from tenant
          where $1::uuid is null or tenant_id > $1
          order by tenant_id
          limit $2"#,
        after.map(TenantId::uuid),
        one_more(limit),
    ))
    .await?;
    Ok(Page::cut(rows, limit, |row| TenantId::new(row.tenant_id)))
}

/// Reads a tenant as the operator, and locks it to the end of the transaction.
pub async fn find(tx: &mut OperatorTx, tenant: TenantId) -> Result<Option<TenantRow>> {
    tx.own().await?.optional(sqlx::query_as!(
        TenantRow,
        r#"select tenant_id, name, currency, timezone, suspended, max_active_promotions,
             max_stores, max_product_lists, max_product_list_entries, rate_limits as "rate_limits: _", rules_version, keys_version, created_at
           from tenant
          where tenant_id = $1
            for no key update"#,
        tenant.uuid(),
    ))
    .await
}

/// Changes a tenant and notifies every instance; `None` if the tenant does not exist.
pub async fn patch(
    tx: &mut OperatorTx,
    tenant: TenantId,
    patch: &TenantPatch,
) -> Result<Option<TenantRow>> {
    let row = tx.own().await?.optional(sqlx::query_as!(
        TenantRow,
        r#"update tenant
            set name = coalesce($2, name),
                suspended = coalesce($3, suspended),
                max_active_promotions = coalesce($4, max_active_promotions),
                max_stores = coalesce($5, max_stores),
                max_product_lists = coalesce($6, max_product_lists),
                max_product_list_entries = coalesce($7, max_product_list_entries),
                rate_limits = coalesce($8::jsonb, rate_limits),
                keys_version = keys_version + 1
          where tenant_id = $1
         returning tenant_id, name, currency, timezone, suspended, max_active_promotions,
             max_stores, max_product_lists, max_product_list_entries, rate_limits as "rate_limits: _", rules_version, keys_version, created_at"#,
        tenant.uuid(),
        patch.name,
        patch.suspended,
        patch.max_active_promotions,
        patch.max_stores,
        patch.max_product_lists,
        patch.max_product_list_entries,
        patch.rate_limits.map(Json) as _,
    ))
    .await?;
    if row.is_some() {
        rules::notify(tx.own().await?, tenant).await?;
    }
    Ok(row)
}

/// Reads the tenant of the transaction; `None` if it does not exist.
pub async fn get(tx: &mut TenantTx) -> Result<Option<TenantRow>> {
    tx.optional(sqlx::query_as!(
        TenantRow,
        r#"select tenant_id, name, currency, timezone, suspended, max_active_promotions,
             max_stores, max_product_lists, max_product_list_entries, rate_limits as "rate_limits: _", rules_version, keys_version, created_at
           from tenant
          where tenant_id = $1"#,
        tx.id(),
    ))
    .await
}
