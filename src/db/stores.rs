//! Stores: a tenant's shops.

use futures_util::{Stream, StreamExt, TryStreamExt};
use serde::Serialize;
use sqlx::types::Json;

use super::page::one_more;
use super::{DbError, Page, Reference, Result, TenantTx};
use crate::domain::store::Store;

/// A store as a row.
#[derive(Serialize)]
struct Row {
    code: String,
    /// Empty if the store has no concept.
    concept: String,
    zones: Vec<String>,
    /// The name of its time zone; `None` for the tenant's time zone.
    timezone: Option<String>,
}

impl From<&Store> for Row {
    fn from(store: &Store) -> Self {
        Self {
            code: store.code.clone(),
            concept: store.concept.clone().unwrap_or_default(),
            zones: store.zones.clone(),
            timezone: store.timezone.map(|zone| zone.name().to_owned()),
        }
    }
}

impl TryFrom<Row> for Store {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self> {
        let zone = |name: String| {
            let known = name.parse();
            known.map_err(|_| DbError::Unreadable(format!("there is no time zone {name:?}")))
        };
        Ok(Self {
            concept: (!row.concept.is_empty()).then_some(row.concept),
            timezone: row.timezone.map(zone).transpose()?,
            code: row.code,
            zones: row.zones,
        })
    }
}

fn stores(rows: Vec<Row>) -> Result<Vec<Store>> {
    rows.into_iter().map(Store::try_from).collect()
}

/// Adds or replaces stores, all or none. Codes must be unique. Rows are written in the order of their codes, so that
/// two bulk writes cannot deadlock. The caller bumps the version of the rules.
pub async fn put(tx: &mut TenantTx, stores: &[Store]) -> Result<()> {
    tx.run(sqlx::query!(
        "insert into store (tenant_id, code, concept, zones, timezone)
         select $1, new.code, new.concept, new.zones, new.timezone
           from jsonb_to_recordset($2) as new (code text, concept text, zones text[], timezone text)
          order by new.code collate \"C\"
         on conflict (tenant_id, code) do update
            set concept = excluded.concept, zones = excluded.zones, timezone = excluded.timezone,
                updated_at = now()",
        tx.id(),
        Json(stores.iter().map(Row::from).collect::<Vec<_>>()) as _,
    ))
    .await
}

pub async fn get(tx: &mut TenantTx, code: &str) -> Result<Option<Store>> {
    let row = tx
        .optional(sqlx::query_as!(
            Row,
            "select code, concept, zones, timezone from store where tenant_id = $1 and code = $2",
            tx.id(),
            code,
        ))
        .await?;
    row.map(Store::try_from).transpose()
}

/// Reads the existing ones of the named stores, before a bulk write, and locks them in the order of their codes.
pub async fn lock(tx: &mut TenantTx, codes: &[String]) -> Result<Vec<Store>> {
    let query = sqlx::query_as!(
        Row,
        "select code, concept, zones, timezone
           from store
          where tenant_id = $1 and code = any ($2::text[])
          order by code
            for update",
        tx.id(),
        codes,
    );
    stores(tx.all(query).await?)
}

/// Deletes a store and returns it; `None` if it does not exist. The caller bumps the version of the rules.
pub async fn delete(tx: &mut TenantTx, code: &str) -> Result<Option<Store>> {
    let row = tx
        .optional(sqlx::query_as!(
            Row,
            "delete from store where tenant_id = $1 and code = $2
         returning code, concept, zones, timezone",
            tx.id(),
            code,
        ))
        .await?;
    row.map(Store::try_from).transpose()
}

/// Whether a promotion that is not archived names the store in its scope, or in that of its earning. The caller has
/// bumped the version of the rules, so no other transaction writes promotions until this one ends.
pub async fn is_in_use(tx: &mut TenantTx, code: &str) -> Result<bool> {
    tx.value(sqlx::query_scalar!(
        r#"select exists (
               select from promotion_word
                 join promotion on promotion.tenant_id = $1 and promotion.promotion_id = promotion_word.promotion_id
                where promotion_word.tenant_id = $1 and promotion_word.kind in ('store', 'earning_store')
                  and promotion_word.word = $2 and promotion.status <> 'archived') as "is_in_use!""#,
        tx.id(),
        code,
    ))
    .await
}

/// Lists the stores in the order of their codes, after the code `after`.
pub async fn list(
    tx: &mut TenantTx,
    after: Option<&str>,
    limit: u16,
) -> Result<Page<Store, String>> {
    let query = sqlx::query_as!(
        Row,
        "select code, concept, zones, timezone
           from store
          where tenant_id = $1 and ($2::text is null or code > $2)
          order by code
          limit $3",
        tx.id(),
        after,
        one_more(limit),
    );
    Ok(Page::cut(stores(tx.all(query).await?)?, limit, |store| store.code.clone()))
}

/// How many stores a tenant has, and the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreCount {
    pub stores: i64,
    /// The bound.
    pub maximum: i32,
}

/// Counts the stores. The caller has bumped the version of the rules, so no other transaction writes the tenant's
/// stores until this one ends, and the bound holds. `Missing(Tenant)` if the tenant does not exist.
pub async fn count(tx: &mut TenantTx) -> Result<StoreCount> {
    let row = tx.optional(sqlx::query_as!(
        StoreCount,
        r#"select max_stores as maximum, (select count(*) from store where tenant_id = $1) as "stores!"
             from tenant
            where tenant_id = $1"#,
        tx.id(),
    ))
    .await?;
    row.ok_or(DbError::Missing(Reference::Tenant))
}

/// Streams every store, in the order of their codes.
pub fn read(tx: &mut TenantTx) -> impl Stream<Item = Result<Store>> + Send + '_ {
    let tenant = tx.id();
    sqlx::query_as!(
        Row,
        "select code, concept, zones, timezone from store where tenant_id = $1 order by code",
        tenant,
    )
    .fetch(tx.connection())
    .map(|row| row?.try_into())
}

/// Reads every store at once.
pub async fn all(tx: &mut TenantTx) -> Result<Vec<Store>> {
    read(tx).try_collect().await
}
