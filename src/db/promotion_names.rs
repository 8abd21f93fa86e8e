//! The names in promotions, for the vocabulary (spec 15.4).

use super::promotions::PromotionRow;
use super::statements::column;
use super::{Result, TenantTx};
use crate::domain::id::PromotionId;
use crate::domain::vocabulary::Name;

/// Promotions with another version than the one whose names are stored, and locks them to the end of the transaction.
/// Those that somebody else has locked are left out.
pub async fn unnamed(tx: &mut TenantTx, limit: i64) -> Result<Vec<PromotionRow>> {
    tx.all(sqlx::query_as!(
        PromotionRow,
        r#"select promotion_id, status as "status: _", version, document::text as "document!", created_at, updated_at
             from promotion
            where tenant_id = $1 and named_version is distinct from version
            order by promotion_id
            limit $2
              for no key update skip locked"#,
        tx.id(),
        limit,
    ))
    .await
}

/// Writes the names of a promotion at a version.
pub async fn put(
    tx: &mut TenantTx,
    promotion: PromotionId,
    version: i64,
    names: &[Name],
) -> Result<()> {
    let fields = column(names, |name| name.field);
    let keys = column(names, |name| name.key.as_str());
    let values = column(names, |name| name.value.as_str());
    tx.run(sqlx::query!(
        "delete from promotion_name as own
          where tenant_id = $1 and promotion_id = $2 and not exists (
                select from unnest($3::text[], $4::text[], $5::text[]) as new (field, key, value)
                 where new.field = own.field and new.key = own.key and new.value = own.value)",
        tx.id(),
        promotion.uuid(),
        &fields as _,
        &keys as _,
        &values as _,
    ))
    .await?;
    if !names.is_empty() {
        tx.run(sqlx::query!(
            "insert into promotion_name (tenant_id, promotion_id, field, key, value, folded)
             select $1, $2, new.field, new.key, new.value, new.folded
               from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as new (field, key, value, folded)
             on conflict (tenant_id, field, value, key, promotion_id) do nothing",
            tx.id(),
            promotion.uuid(),
            &fields as _,
            &keys as _,
            &values as _,
            &column(names, |name| name.value.to_lowercase()),
        ))
        .await?;
    }
    tx.run(sqlx::query!(
        "update promotion set named_version = $3 where tenant_id = $1 and promotion_id = $2",
        tx.id(),
        promotion.uuid(),
        version,
    ))
    .await
}
