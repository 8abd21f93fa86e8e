//! Promotions and their history. Each change of a promotion writes its history entry itself, in the same transaction.
//!
//! Locks are taken in one order, so that two changes cannot deadlock: the tenant's row first, by the bump of the rules'
//! version, then promotions.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::promotion_history::record;
use super::{DbError, Result, TenantTx};
use crate::domain::id::{KeyId, PromotionId};
use crate::domain::promotion::{Status, Terms};

/// A stored promotion. Its document contains its terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionRow {
    pub promotion_id: Uuid,
    pub status: Status,
    /// Grows by one with each change, including changes of status.
    pub version: i64,
    pub document: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A promotion to be stored.
#[derive(Clone, Debug)]
pub struct NewPromotion {
    pub promotion: PromotionId,
    /// Never `archived`.
    pub status: Status,
    pub terms: Terms,
    /// The same terms as a document.
    pub document: String,
    /// The product lists that the document names, without duplicates.
    pub product_lists: Vec<String>,
}

/// How many promotions count toward the tenant's bound, and the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveCount {
    /// Active and not ended.
    pub active: i64,
    /// The bound.
    pub maximum: i32,
}

/// Stores a new promotion. `Duplicate(PromotionName)`, or `Missing(ProductList)`. The caller bumps the version of the
/// rules.
pub async fn insert(
    tx: &mut TenantTx,
    new: &NewPromotion,
    key: Option<KeyId>,
) -> Result<PromotionRow> {
    let row = tx.one(sqlx::query_as!(
        PromotionRow,
        r#"insert into promotion (tenant_id, promotion_id, name, name_folded, type, status, campaign,
               starts_at, ends_at, document)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb)
           returning promotion_id, status as "status: _", version, document::text as "document!", created_at, updated_at"#,
        tx.id(),
        new.promotion.uuid(),
        new.terms.name,
        new.terms.name.to_lowercase(),
        new.terms.kind.promotion_type() as _,
        new.status as _,
        new.terms.campaign,
        new.terms.starts_at.to_utc(),
        new.terms.ends_at.to_utc(),
        new.document,
    ))
    .await?;
    use_lists(tx, new.promotion, &new.product_lists).await?;
    record(tx, new.promotion, key).await?;
    Ok(row)
}

/// Reads a promotion, archived or not.
pub async fn get(tx: &mut TenantTx, promotion: PromotionId) -> Result<Option<PromotionRow>> {
    tx.optional(sqlx::query_as!(
        PromotionRow,
        r#"select promotion_id, status as "status: _", version, document::text as "document!", created_at, updated_at
             from promotion
            where tenant_id = $1 and promotion_id = $2"#,
        tx.id(),
        promotion.uuid(),
    ))
    .await
}

/// When these promotions were created, archived ones included. Those that do not exist have no row.
pub async fn created(tx: &mut TenantTx, promotions: &[Uuid]) -> Result<Vec<(Uuid, DateTime<Utc>)>> {
    let rows = tx.all(sqlx::query!(
        "select promotion_id, created_at from promotion where tenant_id = $1 and promotion_id = any ($2::uuid[])",
        tx.id(),
        promotions,
    ));
    Ok(rows.await?.into_iter().map(|row| (row.promotion_id, row.created_at)).collect())
}

/// Reads a promotion and locks it to the end of the transaction.
pub async fn lock(tx: &mut TenantTx, promotion: PromotionId) -> Result<Option<PromotionRow>> {
    tx.optional(sqlx::query_as!(
        PromotionRow,
        r#"select promotion_id, status as "status: _", version, document::text as "document!", created_at, updated_at
             from promotion
            where tenant_id = $1 and promotion_id = $2
              for no key update"#,
        tx.id(),
        promotion.uuid(),
    ))
    .await
}

/// Replaces a promotion that is at version `expected` and not archived, else `Stale`. The caller bumps the version of
/// the rules.
pub async fn replace(
    tx: &mut TenantTx,
    expected: i64,
    new: &NewPromotion,
    key: Option<KeyId>,
) -> Result<PromotionRow> {
    let row = tx.optional(sqlx::query_as!(
        PromotionRow,
        r#"update promotion
              set name = $4, name_folded = $5, type = $6, status = $7, campaign = $8, starts_at = $9,
                  ends_at = $10, document = $11::text::jsonb, version = version + 1, updated_at = now()
            where tenant_id = $1 and promotion_id = $2 and version = $3 and status <> 'archived'
           returning promotion_id, status as "status: _", version, document::text as "document!", created_at, updated_at"#,
        tx.id(),
        new.promotion.uuid(),
        expected,
        new.terms.name,
        new.terms.name.to_lowercase(),
        new.terms.kind.promotion_type() as _,
        new.status as _,
        new.terms.campaign,
        new.terms.starts_at.to_utc(),
        new.terms.ends_at.to_utc(),
        new.document,
    ))
    .await?
    .ok_or(DbError::Stale)?;
    use_lists(tx, new.promotion, &new.product_lists).await?;
    record(tx, new.promotion, key).await?;
    Ok(row)
}

/// Sets the status of a promotion that is not archived; `None` if no such promotion exists. Archiving frees its name
/// and its product lists. The caller bumps the version of the rules.
pub async fn set_status(
    tx: &mut TenantTx,
    promotion: PromotionId,
    status: Status,
    key: Option<KeyId>,
) -> Result<Option<PromotionRow>> {
    let row = tx.optional(sqlx::query_as!(
        PromotionRow,
        r#"update promotion set status = $3, version = version + 1, updated_at = now()
            where tenant_id = $1 and promotion_id = $2 and status <> 'archived'
           returning promotion_id, status as "status: _", version, document::text as "document!", created_at, updated_at"#,
        tx.id(),
        promotion.uuid(),
        status as _,
    ))
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.status == Status::Archived {
        use_lists(tx, promotion, &[]).await?;
    }
    record(tx, promotion, key).await?;
    Ok(Some(row))
}

/// Reads the promotions of the rule set, oldest first: active and paused ones, without those that had ended by
/// `ended_by`, if given. A promotion with an unknown status could be in force, so it is not skipped: the result is
/// `Unreadable`.
pub async fn for_rules(
    tx: &mut TenantTx,
    ended_by: Option<DateTime<Utc>>,
) -> Result<Vec<PromotionRow>> {
    tx.all(sqlx::query_as!(
        PromotionRow,
        r#"select promotion_id, status as "status: _", version, document::text as "document!", created_at, updated_at
             from promotion
            where tenant_id = $1 and status not in ('draft', 'archived')
              and ($2::timestamptz is null or ends_at > $2)
            order by created_at, promotion_id"#,
        tx.id(),
        ended_by,
    ))
    .await
}

/// Counts the promotions other than `except` that are active and not ended at `now`. It locks the tenant's row to the
/// end of the transaction first, unless the bump of the rules' version has done so. So no other transaction counts
/// meanwhile, and the bound holds when several activate at the same time. `Missing(Tenant)` if the tenant does not
/// exist.
pub async fn count_active(
    tx: &mut TenantTx,
    except: PromotionId,
    now: DateTime<Utc>,
) -> Result<ActiveCount> {
    let maximum = tx
        .optional_value(sqlx::query_scalar!(
            "select max_active_promotions from tenant where tenant_id = $1 for no key update",
            tx.id(),
        ))
        .await?
        .ok_or(DbError::Missing(super::Reference::Tenant))?;
    // A separate statement, because it must see what was committed while this one waited for the lock.
    let active = tx
        .value(sqlx::query_scalar!(
            r#"select count(*) as "count!" from promotion
            where tenant_id = $1 and promotion_id <> $2 and status = 'active' and ends_at > $3"#,
            tx.id(),
            except.uuid(),
            now,
        ))
        .await?;
    Ok(ActiveCount { active, maximum })
}

/// Counts the promotions that are active and not ended at `now`.
pub async fn active(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<i64> {
    tx.value(sqlx::query_scalar!(
        r#"select count(*) as "count!" from promotion
            where tenant_id = $1 and status = 'active' and ends_at > $2"#,
        tx.id(),
        now,
    ))
    .await
}

/// Replaces the set of lists that the promotion uses.
async fn use_lists(tx: &mut TenantTx, promotion: PromotionId, lists: &[String]) -> Result<()> {
    tx.run(sqlx::query!(
        "delete from promotion_product_list
          where tenant_id = $1 and promotion_id = $2 and list_name <> all ($3::text[])",
        tx.id(),
        promotion.uuid(),
        lists,
    ))
    .await?;
    if lists.is_empty() {
        return Ok(());
    }
    tx.run(sqlx::query!(
        "insert into promotion_product_list (tenant_id, promotion_id, list_name)
         select $1, $2, named.list_name from unnest($3::text[]) as named (list_name) order by named.list_name
         on conflict (tenant_id, promotion_id, list_name) do nothing",
        tx.id(),
        promotion.uuid(),
        lists,
    ))
    .await
}
