//! Product lists: named sets of SKUs, to which promotions and settings refer.

use chrono::{DateTime, Utc};

use super::{DbError, Page, TenantTx, one_more};

/// A product list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductListRow {
    /// Its name.
    pub name: String,
    /// Its SKUs, in the order in which they were sent.
    pub skus: Vec<String>,
    /// When it was last put.
    pub updated_at: DateTime<Utc>,
}

/// A product list without its SKUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductListSummary {
    /// Its name.
    pub name: String,
    /// How many SKUs it has.
    pub size: i32,
    /// When it was last put.
    pub updated_at: DateTime<Utc>,
}

/// Adds or replaces a list. The caller bumps the version of the rules.
pub async fn put(
    tx: &mut TenantTx,
    name: &str,
    skus: &[String],
) -> Result<ProductListSummary, DbError> {
    let row = sqlx::query_as!(
        ProductListSummary,
        r#"insert into product_list (tenant_id, name, skus) values ($1, $2, $3)
           on conflict (tenant_id, name) do update set skus = excluded.skus, updated_at = now()
           returning name, size as "size!", updated_at"#,
        tx.id(),
        name,
        skus,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(row)
}

/// Reads one list.
pub async fn get(tx: &mut TenantTx, name: &str) -> Result<Option<ProductListRow>, DbError> {
    let row = sqlx::query_as!(
        ProductListRow,
        "select name, skus, updated_at from product_list where tenant_id = $1 and name = $2",
        tx.id(),
        name,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row)
}

/// Deletes a list and returns what it was, without the SKUs; none when there was none; `InUse` while a promotion that
/// is not archived, or the settings, name it. The caller bumps the version of the rules.
pub async fn delete(tx: &mut TenantTx, name: &str) -> Result<Option<ProductListSummary>, DbError> {
    sqlx::query_as!(
        ProductListSummary,
        r#"delete from product_list where tenant_id = $1 and name = $2
           returning name, size as "size!", updated_at"#,
        tx.id(),
        name,
    )
    .fetch_optional(tx.connection())
    .await
    .map_err(|error| DbError::from(error).in_use())
}

/// Lists the lists in the order of their names, after the name `after`.
pub async fn list(
    tx: &mut TenantTx,
    after: Option<&str>,
    limit: u16,
) -> Result<Page<ProductListSummary, String>, DbError> {
    let rows = sqlx::query_as!(
        ProductListSummary,
        r#"select name, size as "size!", updated_at
             from product_list
            where tenant_id = $1 and ($2::text is null or name > $2)
            order by name
            limit $3"#,
        tx.id(),
        after,
        one_more(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(Page::cut(rows, limit, |row| row.name.clone()))
}

/// Reads every list with its SKUs, for the rule set.
pub async fn all(tx: &mut TenantTx) -> Result<Vec<ProductListRow>, DbError> {
    let rows = sqlx::query_as!(
        ProductListRow,
        "select name, skus, updated_at from product_list where tenant_id = $1 order by name",
        tx.id(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// Which of these names no list has, in the order in which they were given.
pub async fn missing(tx: &mut TenantTx, names: &[String]) -> Result<Vec<String>, DbError> {
    let missing = sqlx::query_scalar!(
        r#"select named.name as "name!"
             from unnest($2::text[]) with ordinality as named (name, place)
            where not exists (
                select from product_list
                 where product_list.tenant_id = $1 and product_list.name = named.name)
            order by named.place"#,
        tx.id(),
        names,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(missing)
}
