//! The vocabulary: names that were imported or seen in carts, together with those of promotions (spec 15.4).
//!
//! A search reads the names of one field of one tenant, which are bounded. Names that are kept elsewhere, those of stores
//! and settings, are given by the caller.

use chrono::{DateTime, Utc};

use super::page::one_more;
use super::statements::column;
use super::{OperatorTx, Page, Result, TenantTx};
use crate::domain::id::PromotionId;
use crate::domain::vocabulary::{Name, NameField, NameSource};

/// Names in one statement.
const CHUNK: usize = 2_000;

/// Which names are listed.
#[derive(Clone, Debug)]
pub struct NameFilter {
    pub field: NameField,
    /// Only values of this key.
    pub key: Option<String>,
    /// Only names that contain this text, in lower case, themselves or in their titles.
    pub folded: Option<String>,
}

/// A listed name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedName {
    pub value: String,
    pub title: Option<String>,
    pub source: NameSource,
    /// When it was last seen in a cart or imported.
    pub last_seen: Option<DateTime<Utc>>,
}

/// Lists names in the order of their values, after the value `after`. `given` are names that are kept elsewhere: those that
/// match the filter, at least the first ones after `after`.
pub async fn list(
    tx: &mut TenantTx,
    filter: &NameFilter,
    given: &[(String, NameSource)],
    after: Option<&str>,
    limit: u16,
) -> Result<Page<ListedName, String>> {
    // Only a plan for the actual values uses the order of the index where nothing is searched for.
    tx.run(sqlx::query!("set local plan_cache_mode = force_custom_plan")).await?;
    // Of several sources the last one in the alphabet is told: stores, promotions, redemptions, import.
    let rows = tx.all(sqlx::query_as!(
        ListedName,
        r#"select value as "value!", max(title) as title, max(source) as "source!: NameSource",
                  max(last_seen) as last_seen
             from ((select value, max(title) as title, max(source) as source, max(last_seen) as last_seen
                      from vocabulary
                     where tenant_id = $1 and field = $2 and ($3::text is null or key = $3)
                       and ($4::text is null or value > $4)
                       and ($5::text is null or strpos(folded, $5) > 0 or strpos(title_folded, $5) > 0)
                     group by value
                     order by value
                     limit $8)
                   union all
                   (select distinct value, null::text, 'promotions', null::timestamptz
                      from promotion_name
                     where tenant_id = $1 and field = $2 and ($3::text is null or key = $3)
                       and ($4::text is null or value > $4)
                       and ($5::text is null or strpos(folded, $5) > 0)
                     order by value
                     limit $8)
                   union all
                   select value collate "C", null, source collate "C", null
                     from unnest($6::text[], $7::text[]) as given (value, source)) as found
            group by value
            order by value
            limit $8"#,
        tx.id(),
        filter.field as _,
        filter.key.as_deref(),
        after,
        filter.folded.as_deref(),
        &column(given, |(value, _)| value.as_str()) as _,
        &column(given, |(_, source)| *source) as _,
        one_more(limit),
    ))
    .await?;
    Ok(Page::cut(rows, limit, |row| row.value.clone()))
}

/// How many names there are of each field that has any, together with those that are kept elsewhere.
pub async fn counts(tx: &mut TenantTx, given: &[Name]) -> Result<Vec<(NameField, i64)>> {
    let rows = sqlx::query!(
        r#"select field as "field!: NameField", count(*) as "count!"
             from (select field, key, value from vocabulary where tenant_id = $1
                   union
                   select field, key, value from promotion_name where tenant_id = $1
                   union
                   select field collate "C", key collate "C", value collate "C"
                     from unnest($2::text[], $3::text[], $4::text[]) as given (field, key, value)) as found
            group by field"#,
        tx.id(),
        &column(given, |name| name.field) as _,
        &column(given, |name| name.key.as_str()) as _,
        &column(given, |name| name.value.as_str()) as _,
    )
    .map(|row| (row.field, row.count));
    tx.all(rows).await
}

/// For these names, in lower case: the names that differ from them by case at most, and which of their fields have any
/// name. What only the promotion `but` uses does not count.
pub async fn known(
    tx: &mut TenantTx,
    used: &[(NameField, String)],
    but: PromotionId,
) -> Result<Vec<(NameField, Option<String>)>> {
    let (fields, folded) =
        (column(used, |(field, _)| *field), column(used, |(_, folded)| folded.as_str()));
    let rows = sqlx::query!(
        r#"select used.field as "field!: NameField", own.value as "value?"
             from (select distinct * from unnest($2::text[], $3::text[]) as given (field, folded)) as used
            cross join lateral (
                select value from vocabulary
                 where tenant_id = $1 and field = used.field and folded = used.folded
                union
                select value from promotion_name
                 where tenant_id = $1 and field = used.field and folded = used.folded and promotion_id <> $4) as own
           union all
           select used.field, null
             from (select distinct unnest($2::text[]) as field) as used
            where exists (select from vocabulary where tenant_id = $1 and field = used.field)
               or exists (select from promotion_name
                           where tenant_id = $1 and field = used.field and promotion_id <> $4)"#,
        tx.id(),
        &fields as _,
        &folded as _,
        but.uuid(),
    )
    .map(|row| (row.field, row.value));
    tx.all(rows).await
}

/// Adds names, or notes when they were seen again. A name that was imported and is seen comes from redemptions; a title
/// replaces an older one. Returns the fields that have new names.
pub async fn put(
    tx: &mut TenantTx,
    source: NameSource,
    names: &[(Name, DateTime<Utc>)],
) -> Result<Vec<NameField>> {
    let mut fields = Vec::new();
    for chunk in names.chunks(CHUNK) {
        let new = sqlx::query_scalar!(
            r#"with put as (
                 insert into vocabulary as own
                        (tenant_id, field, key, value, folded, title, title_folded, source, last_seen)
                 select $1, new.field, new.key, new.value, new.folded, new.title, new.title_folded, $9, new.seen
                   from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                               $8::timestamptz[])
                        as new (field, key, value, folded, title, title_folded, seen)
                  order by new.field collate "C", new.value collate "C", new.key collate "C"
                 on conflict (tenant_id, field, value, key) do update
                    set title = coalesce(excluded.title, own.title),
                        title_folded = case when excluded.title is null then own.title_folded
                                            else excluded.title_folded end,
                        source = greatest(own.source, excluded.source),
                        last_seen = greatest(own.last_seen, excluded.last_seen)
                 returning field, xmax = 0 as is_new)
               select distinct field as "field!: NameField" from put where is_new"#,
            tx.id(),
            &column(chunk, |(name, _)| name.field) as _,
            &column(chunk, |(name, _)| name.key.as_str()) as _,
            &column(chunk, |(name, _)| name.value.as_str()) as _,
            &column(chunk, |(name, _)| name.value.to_lowercase()),
            &column(chunk, |(name, _)| name.title.as_deref()) as _,
            &column(chunk, |(name, _)| {
                name.title.as_ref().map(|title| title.to_lowercase()).unwrap_or_default()
            }),
            &column(chunk, |(_, seen)| *seen),
            source as _,
        );
        fields.extend(tx.values(new).await?);
    }
    fields.sort_unstable();
    fields.dedup();
    Ok(fields)
}

/// Removes the names of a field that were not seen for longest, so that at most `most` stay.
pub async fn prune(tx: &mut TenantTx, field: NameField) -> Result<()> {
    tx.run(sqlx::query!(
        "with old as (
             select value, key from vocabulary
              where tenant_id = $1 and field = $2
              order by last_seen, value, key
              limit (select greatest(count(*) - $3, 0) from vocabulary where tenant_id = $1 and field = $2))
         delete from vocabulary as own
          using old
          where own.tenant_id = $1 and own.field = $2 and own.value = old.value and own.key = old.key",
        tx.id(),
        field as _,
        i64::try_from(field.most()).unwrap_or(i64::MAX),
    ))
    .await
}

/// Removes the names of a field, those of one key if it is given. Returns how many.
pub async fn forget(tx: &mut TenantTx, field: NameField, key: Option<&str>) -> Result<u64> {
    let gone = tx
        .written(sqlx::query!(
            "delete from vocabulary where tenant_id = $1 and field = $2 and ($3::text is null or key = $3)",
            tx.id(),
            field as _,
            key,
        ))
        .await?;
    tx.run(sqlx::query!(
        "update tenant set names_forgotten_at = clock_timestamp() where tenant_id = $1",
        tx.id(),
    ))
    .await?;
    Ok(gone)
}

/// Removes the names that are or have this text.
pub async fn forget_text(tx: &mut TenantTx, text: &str) -> Result<()> {
    tx.run(sqlx::query!(
        "delete from vocabulary where tenant_id = $1 and (value = $2 or key = $2 or title = $2)",
        tx.id(),
        text,
    ))
    .await
}

/// When names of any tenant were last forgotten.
pub async fn forgotten(tx: &mut OperatorTx) -> Result<Option<DateTime<Utc>>> {
    tx.own().await?.value(sqlx::query_scalar!("select max(names_forgotten_at) from tenant")).await
}
