//! Codes: what is presented to unlock a code-linked promotion. Compared in upper case.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{DbError, Page, TenantTx, one_more};
use crate::domain::id::PromotionId;

/// A code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// Its id: a code that is deleted and made anew is another one.
    pub code_id: Uuid,
    /// The code as it was made.
    pub code: String,
    /// When it stops working, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A code that was looked up, and the state of its promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCode {
    /// The code in upper case.
    pub code_key: String,
    /// Its id.
    pub code_id: Uuid,
    /// The code as it was made.
    pub code: String,
    /// When it stops working, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// Its promotion.
    pub promotion_id: Uuid,
    /// `draft`, `active`, `paused` or `archived`.
    pub promotion_status: String,
}

/// Gives codes to a promotion, all or none, and returns how many are new.
///
/// A code that the promotion already has is left as it is; one that an archived promotion had becomes a new code of
/// this one; others are `CodesTaken`. The caller has locked the promotion, so that it is not archived meanwhile.
pub async fn insert(
    tx: &mut TenantTx,
    promotion: PromotionId,
    codes: &[String],
    expires_at: Option<DateTime<Utc>>,
) -> Result<u64, DbError> {
    let keys: Vec<String> = codes.iter().map(|code| code.to_ascii_uppercase()).collect();
    let ids: Vec<Uuid> = codes.iter().map(|_| Uuid::now_v7()).collect();
    // In the order of the keys, so that two imports cannot wait for each other.
    let made = sqlx::query!(
        "insert into code (tenant_id, code_key, code_id, promotion_id, code, expires_at)
         select distinct on (new.code_key collate \"C\") $1, new.code_key, new.code_id, $2, new.code, $6
           from unnest($3::text[], $4::uuid[], $5::text[]) as new (code_key, code_id, code)
          order by new.code_key collate \"C\"
         on conflict (tenant_id, code_key) do update
            set code_id = excluded.code_id, promotion_id = excluded.promotion_id, code = excluded.code,
                expires_at = excluded.expires_at, created_at = now()
          where code.promotion_id <> excluded.promotion_id
            and exists (
                select from promotion
                 where promotion.tenant_id = code.tenant_id and promotion.promotion_id = code.promotion_id
                   and promotion.status = 'archived')",
        tx.id(),
        promotion.uuid(),
        &keys,
        &ids,
        codes,
        expires_at,
    )
    .execute(tx.connection())
    .await?
    .rows_affected();
    let taken = sqlx::query_scalar!(
        r#"select new.code as "code!"
             from unnest($3::text[], $4::text[]) with ordinality as new (code_key, code, place)
             join code on code.tenant_id = $1 and code.code_key = new.code_key
            where code.promotion_id <> $2
            order by new.place"#,
        tx.id(),
        promotion.uuid(),
        &keys,
        codes,
    )
    .fetch_all(tx.connection())
    .await?;
    if taken.is_empty() {
        Ok(made)
    } else {
        Err(DbError::CodesTaken(taken))
    }
}

/// Lists a promotion's codes in the order of their upper case, after the code `after`.
pub async fn list(
    tx: &mut TenantTx,
    promotion: PromotionId,
    after: Option<&str>,
    limit: u16,
) -> Result<Page<CodeRow, String>, DbError> {
    let rows = sqlx::query_as!(
        CodeRow,
        "select code_id, code, expires_at, created_at
           from code
          where tenant_id = $1 and promotion_id = $2 and ($3::text is null or code_key > $3)
          order by code_key
          limit $4",
        tx.id(),
        promotion.uuid(),
        after.map(str::to_ascii_uppercase),
        one_more(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(Page::cut(rows, limit, |row| row.code.to_ascii_uppercase()))
}

/// Deletes a promotion's code and returns what it was; none when the promotion has no such code.
pub async fn delete(
    tx: &mut TenantTx,
    promotion: PromotionId,
    code: &str,
) -> Result<Option<CodeRow>, DbError> {
    let row = sqlx::query_as!(
        CodeRow,
        "delete from code where tenant_id = $1 and code_key = $2 and promotion_id = $3
         returning code_id, code, expires_at, created_at",
        tx.id(),
        code.to_ascii_uppercase(),
        promotion.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row)
}

/// Looks up what a cart presents, in one statement. Unknown codes are missing from the answer, whose order means
/// nothing.
pub async fn find(tx: &mut TenantTx, codes: &[String]) -> Result<Vec<FoundCode>, DbError> {
    let keys: Vec<String> = codes.iter().map(|code| code.to_ascii_uppercase()).collect();
    let rows = sqlx::query_as!(
        FoundCode,
        "select code.code_key, code.code_id, code.code, code.expires_at, code.promotion_id,
                promotion.status as promotion_status
           from code
           join promotion on promotion.tenant_id = code.tenant_id
                         and promotion.promotion_id = code.promotion_id
          where code.tenant_id = $1 and code.code_key = any ($2::text[])",
        tx.id(),
        &keys,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}
