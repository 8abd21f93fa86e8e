//! Codes looked up by themselves, and generations of codes.

use super::codes::{BatchCursor, CodeStanding, ListedBatch, ListedCode};
use super::page::one_more;
use super::{Page, Result, TenantTx};
use crate::domain::id::PromotionId;

/// Looks up a code with its use; `None` if no promotion has it.
pub async fn find(tx: &mut TenantTx, code: &str) -> Result<Option<CodeStanding>> {
    let found = sqlx::query!(
        r#"select code.code_id, code.promotion_id, code.code, code.customer_id, code.expires_at, code.created_at,
                  code.batch, given.used as "used!"
             from code
            cross join lateral (
                select count(*) as used
                  from redemption_promotion
                  join redemption on redemption.tenant_id = redemption_promotion.tenant_id
                                 and redemption.redemption_id = redemption_promotion.redemption_id
                 where redemption_promotion.tenant_id = $1
                   and redemption_promotion.code_key = code.code_key
                   and redemption_promotion.code_id = code.code_id
                   and redemption.state in ('held', 'committed') and redemption.restored_at is null
            ) as given
            where code.tenant_id = $1 and code.code_key = $2"#,
        tx.id(),
        code.to_ascii_uppercase(),
    );
    let found = found.map(|row| CodeStanding {
        listed: ListedCode {
            code: row.code,
            customer_id: row.customer_id,
            expires_at: row.expires_at,
            created_at: row.created_at,
            batch: row.batch,
            used: row.used,
        },
        code_id: row.code_id,
        promotion_id: row.promotion_id,
    });
    tx.optional(found).await
}

/// Lists the generations of a promotion's codes, newest first, after the place `after`.
pub async fn batches(
    tx: &mut TenantTx,
    promotion: PromotionId,
    after: Option<&BatchCursor>,
    limit: u16,
) -> Result<Page<ListedBatch, BatchCursor>> {
    // Used codes are found by the redemptions: most codes are never used.
    let query = sqlx::query_as!(
        ListedBatch,
        r#"with listed as (
               select batch, created_at from code_batch
                where tenant_id = $1 and promotion_id = $2
                  and ($3::timestamptz is null or (created_at, batch) < ($3, $4))
                order by created_at desc, batch desc
                limit $5),
           sold as (
               select code.batch, count(distinct code.code_id) as codes
                 from redemption_promotion
                 join redemption on redemption.tenant_id = $1
                                and redemption.redemption_id = redemption_promotion.redemption_id
                 join code on code.tenant_id = $1 and code.code_key = redemption_promotion.code_key
                          and code.code_id = redemption_promotion.code_id
                where redemption_promotion.tenant_id = $1 and redemption_promotion.promotion_id = $2
                  and redemption.state in ('held', 'committed') and redemption.restored_at is null
                  and code.batch in (select batch from listed)
                group by code.batch)
           select listed.batch, own.codes as "codes!", coalesce(sold.codes, 0) as "used!", listed.created_at
             from listed
            cross join lateral (
                select count(*) as codes from code
                 where code.tenant_id = $1 and code.promotion_id = $2 and code.batch = listed.batch) as own
             left join sold on sold.batch = listed.batch
            order by listed.created_at desc, listed.batch desc"#,
        tx.id(),
        promotion.uuid(),
        after.map(|place| place.created_at),
        after.map(|place| place.batch.as_str()),
        one_more(limit),
    );
    Ok(Page::cut(tx.all(query).await?, limit, |row| BatchCursor {
        created_at: row.created_at,
        batch: row.batch.clone(),
    }))
}
