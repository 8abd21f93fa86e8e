//! Product lists: named sets of SKUs, to which promotions, milestones and settings refer.

use chrono::{DateTime, Utc};
use futures_util::{Stream, TryStreamExt};
use uuid::Uuid;

use super::page::one_more;
use super::{DbError, Page, Reference, Result, TenantTx};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductListRow {
    pub name: String,
    /// Its SKUs, in the order in which they were sent.
    pub skus: Vec<String>,
    pub updated_at: DateTime<Utc>,
}

/// A product list without its SKUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductListSummary {
    pub name: String,
    pub size: i32,
    pub updated_at: DateTime<Utc>,
}

/// The revision of a list's content. It changes with each write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductListRevision {
    pub name: String,
    pub revision: Uuid,
}

/// How many lists a tenant has, how many SKUs are on them, and the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductListCount {
    pub lists: i64,
    /// SKUs on all of them.
    pub entries: i64,
    /// Most lists.
    pub max_lists: i32,
    /// Most SKUs on all lists.
    pub max_entries: i32,
}

/// Adds or replaces a list. The caller bumps the version of the rules.
pub async fn put(tx: &mut TenantTx, name: &str, skus: &[String]) -> Result<ProductListSummary> {
    tx.one(sqlx::query_as!(
        ProductListSummary,
        r#"insert into product_list (tenant_id, name, skus) values ($1, $2, $3)
           on conflict (tenant_id, name) do update set skus = excluded.skus, updated_at = now()
           returning name, size as "size!", updated_at"#,
        tx.id(),
        name,
        skus,
    ))
    .await
}

pub async fn get(tx: &mut TenantTx, name: &str) -> Result<Option<ProductListRow>> {
    tx.optional(sqlx::query_as!(
        ProductListRow,
        "select name, skus, updated_at from product_list where tenant_id = $1 and name = $2",
        tx.id(),
        name,
    ))
    .await
}

/// Deletes a list and returns it without the SKUs; `None` if it does not exist; `InUse` while a promotion that is not
/// archived, a milestone, or the settings name it. The caller bumps the version of the rules.
pub async fn delete(tx: &mut TenantTx, name: &str) -> Result<Option<ProductListSummary>> {
    tx.optional(sqlx::query_as!(
        ProductListSummary,
        r#"delete from product_list where tenant_id = $1 and name = $2
           returning name, size as "size!", updated_at"#,
        tx.id(),
        name,
    ))
    .await
    .map_err(DbError::in_use)
}

/// Lists the product lists in the order of their names, after the name `after`.
pub async fn list(
    tx: &mut TenantTx,
    after: Option<&str>,
    limit: u16,
) -> Result<Page<ProductListSummary, String>> {
    let query = sqlx::query_as!(
        ProductListSummary,
        r#"select name, size as "size!", updated_at
             from product_list
            where tenant_id = $1 and ($2::text is null or name > $2)
            order by name
            limit $3"#,
        tx.id(),
        after,
        one_more(limit),
    );
    Ok(Page::cut(tx.all(query).await?, limit, |row| row.name.clone()))
}

/// Counts the lists and their SKUs. The caller has bumped the version of the rules, so no other transaction writes the
/// tenant's lists until this one ends, and the bounds hold. `Missing(Tenant)` if the tenant does not exist.
pub async fn count(tx: &mut TenantTx) -> Result<ProductListCount> {
    let row = tx.optional(sqlx::query_as!(
        ProductListCount,
        r#"select max_product_lists as max_lists, max_product_list_entries as max_entries,
                  (select count(*) from product_list where tenant_id = $1) as "lists!",
                  (select coalesce(sum(size), 0) from product_list where tenant_id = $1) as "entries!"
             from tenant
            where tenant_id = $1"#,
        tx.id(),
    ))
    .await?;
    row.ok_or(DbError::Missing(Reference::Tenant))
}

/// Reads every list with its SKUs, in the order of their names: for an export.
pub async fn all(tx: &mut TenantTx) -> Result<Vec<ProductListRow>> {
    tx.all(sqlx::query_as!(
        ProductListRow,
        "select name, skus, updated_at from product_list where tenant_id = $1 order by name",
        tx.id(),
    ))
    .await
}

/// The revisions of the lists that the settings, milestones, or active and paused promotions name. Promotions that had
/// ended by `ended_by`, if given, are left out.
pub async fn named(
    tx: &mut TenantTx,
    ended_by: Option<DateTime<Utc>>,
) -> Result<Vec<ProductListRevision>> {
    tx.all(sqlx::query_as!(
        ProductListRevision,
        "select name, revision
           from product_list
          where tenant_id = $1 and name in (
              select list_name from settings_product_list where tenant_id = $1
               union
              select list_name from milestone_product_list where tenant_id = $1
               union
              select list_name
                from promotion_product_list as named
                join promotion using (tenant_id, promotion_id)
               where named.tenant_id = $1 and promotion.status in ('active', 'paused')
                 and ($2::timestamptz is null or promotion.ends_at > $2))
          order by name",
        tx.id(),
        ended_by,
    ))
    .await
}

/// Streams the named lists, because together they may be hundreds of megabytes.
pub fn read<'t>(
    tx: &'t mut TenantTx,
    names: &'t [String],
) -> impl Stream<Item = Result<ProductListRow>> + Send + 't {
    let tenant = tx.id();
    sqlx::query_as!(
        ProductListRow,
        "select name, skus, updated_at from product_list where tenant_id = $1 and name = any ($2::text[])",
        tenant,
        names,
    )
    .fetch(tx.connection())
    .map_err(DbError::from)
}

/// The names that no list has, in the given order.
pub async fn missing(tx: &mut TenantTx, names: &[String]) -> Result<Vec<String>> {
    tx.values(sqlx::query_scalar!(
        r#"select named.name as "name!"
             from unnest($2::text[]) with ordinality as named (name, place)
            where not exists (
                select from product_list
                 where product_list.tenant_id = $1 and product_list.name = named.name)
            order by named.place"#,
        tx.id(),
        names,
    ))
    .await
}
