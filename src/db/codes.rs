//! Codes: the texts that customers present to unlock a code-linked promotion. They are compared in upper case.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::page::one_more;
use super::statements::column;
use super::{DbError, Page, Result, TenantTx};
use crate::domain::code::NewCode;
use crate::domain::id::PromotionId;
use crate::domain::promotion::Status;

/// Most codes of one statement. This bounds the memory and the length of statements.
const CHUNK: usize = 5_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// Its id. A code that is deleted and made again gets another id.
    pub code_id: Uuid,
    /// The code as its maker wrote it.
    pub code: String,
    pub customer_id: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// A code that was looked up, and the state of its promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCode {
    /// The code in upper case.
    pub code_key: String,
    pub code_id: Uuid,
    /// The code as its maker wrote it.
    pub code: String,
    pub customer_id: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub promotion_id: Uuid,
    /// `draft`, `active`, `paused` or `archived`.
    pub promotion_status: Status,
}

/// A listed code, with its use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCode {
    /// The code as its maker wrote it.
    pub code: String,
    pub customer_id: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub batch: Option<String>,
    /// How many redemptions used it: those that are held or committed, and not fully returned.
    pub used: i64,
}

/// Which codes of a promotion are listed.
#[derive(Clone, Debug, Default)]
pub struct CodeFilter {
    /// Those of one generation.
    pub batch: Option<String>,
    /// Those that some redemption uses, or those that none uses.
    pub used: Option<bool>,
    /// Those that are bound to a customer.
    pub customer_id: Option<String>,
}

/// A code, its use, and the promotion that has it.
#[derive(Clone, Debug)]
pub struct CodeStanding {
    pub listed: ListedCode,
    pub code_id: Uuid,
    pub promotion_id: Uuid,
}

/// A generation of codes, with what is there of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedBatch {
    pub batch: String,
    /// How many of its codes have not been deleted.
    pub codes: i64,
    /// How many of these some redemption uses.
    pub used: i64,
    pub created_at: DateTime<Utc>,
}

/// A place in a list of generations, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchCursor {
    pub created_at: DateTime<Utc>,
    pub batch: String,
}

/// A completed generation of codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRow {
    /// SHA-256 of the request.
    pub body_hash: Vec<u8>,
    pub count: i32,
}

/// Adds codes to a promotion, all or none, and returns how many are new.
///
/// A code that the promotion already has stays as it is, with its customer. A code of an archived promotion becomes a new code of this
/// one. Codes of other promotions result in `CodesTaken`. The caller has locked the promotion, so that it cannot be
/// archived meanwhile.
pub async fn insert(tx: &mut TenantTx, promotion: PromotionId, codes: &[NewCode]) -> Result<u64> {
    let mut ordered: Vec<(String, usize, &NewCode)> = codes
        .iter()
        .enumerate()
        .map(|(place, new)| (new.code.to_ascii_uppercase(), place, new))
        .collect();
    // In the order of the keys, so that two imports cannot deadlock.
    ordered.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
    let (mut made, mut taken) = (0, Vec::new());
    for chunk in ordered.chunks(CHUNK) {
        let keys: Vec<String> = chunk.iter().map(|(key, ..)| key.clone()).collect();
        made += insert_chunk(tx, promotion, &keys, chunk).await?;
        for key in owned_by_others(tx, promotion, &keys).await? {
            let of_key = chunk.iter().filter(|(own, ..)| *own == key);
            taken.extend(of_key.map(|(_, place, new)| (*place, new.code.clone())));
        }
    }
    if taken.is_empty() {
        return Ok(made);
    }
    taken.sort_unstable();
    Err(DbError::CodesTaken(taken.into_iter().map(|(_, code)| code).collect()))
}

async fn insert_chunk(
    tx: &mut TenantTx,
    promotion: PromotionId,
    keys: &[String],
    chunk: &[(String, usize, &NewCode)],
) -> Result<u64> {
    let made = tx.written(sqlx::query!(
        "insert into code (tenant_id, code_key, code_id, promotion_id, code, expires_at, customer_id)
         select distinct on (new.code_key collate \"C\") $1, new.code_key, new.code_id, $2, new.code, new.expires_at,
                new.customer_id
           from unnest($3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::text[])
                as new (code_key, code_id, code, expires_at, customer_id)
          order by new.code_key collate \"C\"
         on conflict (tenant_id, code_key) do update
            set code_id = excluded.code_id, promotion_id = excluded.promotion_id, code = excluded.code,
                expires_at = excluded.expires_at, customer_id = excluded.customer_id, batch = null,
                created_at = now()
          where code.promotion_id <> excluded.promotion_id
            and exists (
                select from promotion
                 where promotion.tenant_id = code.tenant_id and promotion.promotion_id = code.promotion_id
                   and promotion.status = 'archived')",
        tx.id(),
        promotion.uuid(),
        keys,
        &column(chunk, |_| Uuid::now_v7()),
        &column(chunk, |(.., new)| new.code.clone()),
        &column(chunk, |(.., new)| new.expires_at) as _,
        &column(chunk, |(.., new)| new.customer_id.as_deref()) as _,
    ))
    .await?;
    Ok(made)
}

async fn owned_by_others(
    tx: &mut TenantTx,
    promotion: PromotionId,
    keys: &[String],
) -> Result<Vec<String>> {
    tx.values(sqlx::query_scalar!(
        "select code_key from code
          where tenant_id = $1 and code_key = any ($3::text[]) and promotion_id <> $2",
        tx.id(),
        promotion.uuid(),
        keys,
    ))
    .await
}

/// Adds drawn codes, each perhaps with its customer, to a promotion, and returns those that are new. Codes that any
/// promotion already has are left as they are. `codes` has no duplicates. The caller has locked the promotion.
pub async fn insert_drawn(
    tx: &mut TenantTx,
    promotion: PromotionId,
    batch: &str,
    expires_at: Option<DateTime<Utc>>,
    codes: &[(String, Option<String>)],
) -> Result<Vec<String>> {
    let mut made = Vec::with_capacity(codes.len());
    for chunk in codes.chunks(CHUNK) {
        let query = sqlx::query_scalar!(
            "insert into code (tenant_id, code_key, code_id, promotion_id, code, expires_at, batch, customer_id)
             select $1, new.code_key, new.code_id, $2, new.code, $6, $7, new.customer_id
               from unnest($3::text[], $4::uuid[], $5::text[], $8::text[])
                    as new (code_key, code_id, code, customer_id)
              order by new.code_key collate \"C\"
             on conflict (tenant_id, code_key) do nothing
             returning code",
            tx.id(),
            promotion.uuid(),
            &column(chunk, |(code, _)| code.to_ascii_uppercase()),
            &column(chunk, |_| Uuid::now_v7()),
            &column(chunk, |(code, _)| code.as_str()) as _,
            expires_at,
            batch,
            &column(chunk, |(_, customer)| customer.as_deref()) as _,
        );
        made.extend(tx.values(query).await?);
    }
    Ok(made)
}

/// Reads the record of a generation.
pub async fn batch(
    tx: &mut TenantTx,
    promotion: PromotionId,
    batch: &str,
) -> Result<Option<BatchRow>> {
    tx.optional(sqlx::query_as!(
        BatchRow,
        "select body_hash, count from code_batch where tenant_id = $1 and promotion_id = $2 and batch = $3",
        tx.id(),
        promotion.uuid(),
        batch,
    ))
    .await
}

pub async fn insert_batch(
    tx: &mut TenantTx,
    promotion: PromotionId,
    batch: &str,
    body_hash: &[u8],
    count: i32,
) -> Result<()> {
    tx.run(sqlx::query!(
        "insert into code_batch (tenant_id, promotion_id, batch, body_hash, count) values ($1, $2, $3, $4, $5)",
        tx.id(),
        promotion.uuid(),
        batch,
        body_hash,
        count,
    ))
    .await
}

/// Lists a promotion's codes in the order of their upper case, after the code `after`.
pub async fn list(
    tx: &mut TenantTx,
    promotion: PromotionId,
    filter: &CodeFilter,
    after: Option<&str>,
    limit: u16,
) -> Result<Page<ListedCode, String>> {
    // Each set of filters has an index of its own. Only a plan for the actual values finds it.
    tx.run(sqlx::query!("set local plan_cache_mode = force_custom_plan")).await?;
    let after = after.map(str::to_ascii_uppercase);
    // Two statements, because used codes may be few, and are found by the redemptions of the promotion.
    macro_rules! listed {
        ($among:literal) => {
            sqlx::query_as!(
                ListedCode,
                r#"select code.code, code.customer_id, code.expires_at, code.created_at, code.batch, given.used as "used!"
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
                    where code.tenant_id = $1 and code.promotion_id = $2
                      and ($3::text is null or code.code_key > $3)
                      and ($5::text is null or code.batch = $5)
                      and ($6::text is null or code.customer_id = $6)
                      and ($7::boolean is null or (given.used > 0) = $7)"#
                    + $among
                    + r#"
                    order by code.code_key
                    limit $4"#,
                tx.id(),
                promotion.uuid(),
                after,
                one_more(limit),
                filter.batch.as_deref(),
                filter.customer_id.as_deref(),
                filter.used,
            )
        };
    }
    let rows = match filter.used {
        Some(true) => {
            tx.all(listed!(
                " and code.code_key in (
                          select sold.code_key from redemption_promotion as sold
                           where sold.tenant_id = $1 and sold.promotion_id = $2 and sold.code_key is not null
                             and ($3::text is null or sold.code_key > $3))"
            ))
            .await?
        }
        Some(false) | None => tx.all(listed!("")).await?,
    };
    Ok(Page::cut(rows, limit, |row| row.code.to_ascii_uppercase()))
}

/// Whether one of a promotion's codes is bound to a customer.
pub async fn any_bound(tx: &mut TenantTx, promotion: PromotionId) -> Result<bool> {
    // With an order, so that the index of bound codes is used, which is empty where no code is bound.
    let first = tx.optional_value(sqlx::query_scalar!(
        "select code_key from code
          where tenant_id = $1 and promotion_id = $2 and customer_id is not null
          order by code_key
          limit 1",
        tx.id(),
        promotion.uuid(),
    ));
    Ok(first.await?.is_some())
}

/// Lists the codes of one generation without their use, for the answer of that generation.
pub async fn of_batch(
    tx: &mut TenantTx,
    promotion: PromotionId,
    batch: &str,
    after: Option<&str>,
    limit: u16,
) -> Result<Page<NewCode, String>> {
    let query = sqlx::query_as!(
        NewCode,
        "select code, customer_id, expires_at from code
          where tenant_id = $1 and promotion_id = $2 and batch = $3 and ($4::text is null or code_key > $4)
          order by code_key
          limit $5",
        tx.id(),
        promotion.uuid(),
        batch,
        after.map(str::to_ascii_uppercase),
        one_more(limit),
    );
    Ok(Page::cut(tx.all(query).await?, limit, |row| row.code.to_ascii_uppercase()))
}

/// Lists a promotion's codes without their use, for an export of the rules.
pub async fn of_promotion(
    tx: &mut TenantTx,
    promotion: PromotionId,
    after: Option<&str>,
    limit: u16,
) -> Result<Page<NewCode, String>> {
    let query = sqlx::query_as!(
        NewCode,
        "select code, customer_id, expires_at from code
          where tenant_id = $1 and promotion_id = $2 and ($3::text is null or code_key > $3)
          order by code_key
          limit $4",
        tx.id(),
        promotion.uuid(),
        after.map(str::to_ascii_uppercase),
        one_more(limit),
    );
    Ok(Page::cut(tx.all(query).await?, limit, |row| row.code.to_ascii_uppercase()))
}

/// Deletes a promotion's code and returns it; `None` if the promotion has no such code.
pub async fn delete(
    tx: &mut TenantTx,
    promotion: PromotionId,
    code: &str,
) -> Result<Option<CodeRow>> {
    tx.optional(sqlx::query_as!(
        CodeRow,
        "delete from code where tenant_id = $1 and code_key = $2 and promotion_id = $3
         returning code_id, code, customer_id, expires_at, created_at",
        tx.id(),
        code.to_ascii_uppercase(),
        promotion.uuid(),
    ))
    .await
}

/// Looks up the codes of a cart in one statement. The result lacks unknown codes and has no defined order.
pub async fn find(tx: &mut TenantTx, codes: &[String]) -> Result<Vec<FoundCode>> {
    let keys: Vec<String> = codes.iter().map(|code| code.to_ascii_uppercase()).collect();
    tx.all(sqlx::query_as!(
        FoundCode,
        r#"select code.code_key, code.code_id, code.code, code.customer_id, code.expires_at, code.promotion_id,
                promotion.status as "promotion_status: _"
           from code
           join promotion on promotion.tenant_id = code.tenant_id
                         and promotion.promotion_id = code.promotion_id
          where code.tenant_id = $1 and code.code_key = any ($2::text[])"#,
        tx.id(),
        &keys,
    ))
    .await
}
