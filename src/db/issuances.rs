//! Issuances: promotions in customers' hands, and how often each customer was given each promotion (spec 11).
//!
//! Locks are taken in one order: the customer's rows of `customer_promotion`, issuances in the order of their ids, then
//! counters.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::page::one_more;
use super::statements::{column, raced_unless};
use super::{Page, Result, TenantTx};
use crate::domain::id::{IssuanceId, PromotionId};
use crate::domain::issuance::{Issuance, IssuanceSource, IssuanceState};

/// How often one customer was ever given a promotion. The counts never shrink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hand {
    pub promotion_id: Uuid,
    pub customer_id: String,
    pub issued: i32,
    pub unlocked: i32,
}

/// What is added to a hand's counts, and the bounds of the sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandChange {
    pub promotion_id: Uuid,
    pub customer_id: String,
    pub issued: i32,
    pub unlocked: i32,
    pub most_issued: i32,
    pub most_unlocked: i32,
}

/// An issuance to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIssuance {
    pub issuance_id: Uuid,
    pub promotion_id: Uuid,
    pub customer_id: String,
    pub source: IssuanceSource,
    /// The caller's id of the source.
    pub source_id: Option<String>,
    pub issued_at: DateTime<Utc>,
    /// When it became usable.
    pub unlocked_at: Option<DateTime<Utc>>,
    /// The transaction in which it cannot be used.
    pub unlocked_in: Option<String>,
    /// When the customer claimed it.
    pub activated_at: Option<DateTime<Utc>>,
    pub use_until: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Default)]
pub struct IssuanceFilter {
    pub ids: Option<Vec<Uuid>>,
    pub customer_id: Option<String>,
    pub promotion_id: Option<Uuid>,
    pub state: Option<IssuanceState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuanceCursor {
    pub issued_at: DateTime<Utc>,
    pub issuance_id: Uuid,
}

/// Locks the counts of these customers and promotions to the end of the transaction, and returns them. Missing rows are
/// made.
pub async fn lock_hands(tx: &mut TenantTx, hands: &[(Uuid, String)]) -> Result<Vec<Hand>> {
    tx.all(sqlx::query_as!(
        Hand,
        "insert into customer_promotion as own (tenant_id, promotion_id, customer_id)
         select $1, promotion_id, customer_id from unnest($2::uuid[], $3::text[]) as new (promotion_id, customer_id)
          order by promotion_id, customer_id collate \"C\"
         on conflict (tenant_id, promotion_id, customer_id) do update set issued = own.issued
         returning promotion_id, customer_id, issued, unlocked",
        tx.id(),
        &column(hands, |(promotion, _)| *promotion),
        &column(hands, |(_, customer)| customer.as_str()) as _,
    ))
    .await
}

/// Adds to the counts of hands that the caller has locked and checked. As a second check, a sum beyond its bound writes
/// no row and results in `Raced`.
pub async fn add_to_hands(tx: &mut TenantTx, changes: &[HandChange]) -> Result<()> {
    let written = tx.written(sqlx::query!(
        "update customer_promotion as own
            set issued = own.issued + new.issued, unlocked = own.unlocked + new.unlocked
           from unnest($2::uuid[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[])
                as new (promotion_id, customer_id, issued, unlocked, most_issued, most_unlocked)
          where own.tenant_id = $1 and own.promotion_id = new.promotion_id and own.customer_id = new.customer_id
            and (new.issued = 0 or own.issued + new.issued <= new.most_issued)
            and (new.unlocked = 0 or own.unlocked + new.unlocked <= new.most_unlocked)",
        tx.id(),
        &column(changes, |own| own.promotion_id),
        &column(changes, |own| own.customer_id.as_str()) as _,
        &column(changes, |own| own.issued),
        &column(changes, |own| own.unlocked),
        &column(changes, |own| own.most_issued),
        &column(changes, |own| own.most_unlocked),
    ))
    .await?;
    raced_unless(written, changes.len())
}

pub async fn insert(tx: &mut TenantTx, new: &[NewIssuance]) -> Result<()> {
    tx.run(sqlx::query!(
        "insert into issuance (tenant_id, issuance_id, promotion_id, customer_id, source, source_id, issued_at,
                unlocked_at, unlocked_in, activated_at, use_until)
         select $1, * from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                $8::timestamptz[], $9::text[], $10::timestamptz[], $11::timestamptz[])",
        tx.id(),
        &column(new, |own| own.issuance_id),
        &column(new, |own| own.promotion_id),
        &column(new, |own| own.customer_id.as_str()) as _,
        &column(new, |own| own.source) as _,
        &column(new, |own| own.source_id.as_deref()) as _,
        &column(new, |own| own.issued_at),
        &column(new, |own| own.unlocked_at) as _,
        &column(new, |own| own.unlocked_in.as_deref()) as _,
        &column(new, |own| own.activated_at) as _,
        &column(new, |own| own.use_until) as _,
    ))
    .await
}

/// Finds the issuances of the promotion that these customers were given under this source id. Returns customer, source
/// and issuance. First it looks for what was issued to this customer id, even if the issuance belongs to another
/// customer now; then for what the customer has now.
pub async fn by_source(
    tx: &mut TenantTx,
    promotion: Uuid,
    customers: &[String],
    source_id: &str,
) -> Result<Vec<(String, IssuanceSource, Uuid)>> {
    let rows = sqlx::query!(
        r#"select wanted.customer_id as "customer_id!", own.source as "source!: IssuanceSource", own.issuance_id as "issuance_id!"
             from unnest($3::text[]) as wanted (customer_id)
            cross join lateral (
                select 1 as place, source, issuance_id from issuance
                 where tenant_id = $1 and promotion_id = $2 and source_id = $4 and issued_to <> ''
                   and issued_to = sha256(convert_to(wanted.customer_id, 'UTF8'))
                union all
                select case issued_to when '' then 2 else 3 end, source, issuance_id from issuance
                 where tenant_id = $1 and promotion_id = $2 and source_id = $4 and customer_id = wanted.customer_id
                 order by place, issuance_id
                 limit 1) as own"#,
        tx.id(),
        promotion,
        customers,
        source_id,
    )
    .map(|row| (row.customer_id, row.source, row.issuance_id));
    tx.all(rows).await
}

/// The customer's claim of an open promotion, if any. A merged customer may have several claims: a claim that is not
/// revoked comes before revoked ones.
pub async fn activation(
    tx: &mut TenantTx,
    promotion: Uuid,
    customer: &str,
) -> Result<Option<Uuid>> {
    tx.optional_value(sqlx::query_scalar!(
        "select issuance_id from issuance
          where tenant_id = $1 and promotion_id = $2 and customer_id = $3 and source = 'activation'
          order by revoked_at is not null, issued_to <> '', issued_at, issuance_id
          limit 1",
        tx.id(),
        promotion,
        customer,
    ))
    .await
}

/// Which of these open promotions the customer has claimed, even if the claim was revoked.
pub async fn claimed(tx: &mut TenantTx, customer: &str, promotions: &[Uuid]) -> Result<Vec<Uuid>> {
    tx.values(sqlx::query_scalar!(
        "select distinct promotion_id from issuance
          where tenant_id = $1 and customer_id = $2 and promotion_id = any ($3::uuid[]) and source = 'activation'",
        tx.id(),
        customer,
        promotions,
    ))
    .await
}

/// An issuance that waits to be unlocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub issuance_id: Uuid,
    pub promotion_id: Uuid,
    pub issued_at: DateTime<Utc>,
}

/// The customer's issuances of these promotions that are not unlocked yet, in the order in which they were issued.
pub async fn waiting(
    tx: &mut TenantTx,
    customer: &str,
    promotions: &[Uuid],
) -> Result<Vec<Waiting>> {
    tx.all(sqlx::query_as!(
        Waiting,
        "select issuance_id, promotion_id, issued_at from issuance
          where tenant_id = $1 and customer_id = $2 and promotion_id = any ($3::uuid[])
            and unlocked_at is null and revoked_at is null
          order by issued_at, issuance_id",
        tx.id(),
        customer,
        promotions,
    ))
    .await
}

/// The unlocking of an existing issuance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlock {
    pub issuance_id: Uuid,
    pub use_until: Option<DateTime<Utc>>,
}

/// Unlocks issuances. `Raced` if one of them was revoked or unlocked meanwhile.
pub async fn unlock(
    tx: &mut TenantTx,
    unlocks: &[Unlock],
    now: DateTime<Utc>,
    transaction: Option<&str>,
) -> Result<()> {
    let written = tx
        .written(sqlx::query!(
        "update issuance as own set unlocked_at = $4, use_until = new.use_until, unlocked_in = $5
           from unnest($2::uuid[], $3::timestamptz[]) as new (issuance_id, use_until)
          where own.tenant_id = $1 and own.issuance_id = new.issuance_id
            and own.unlocked_at is null and own.revoked_at is null",
        tx.id(),
        &column(unlocks, |own| own.issuance_id),
        &column(unlocks, |own| own.use_until) as _,
        now,
        transaction,
    ))
        .await?;
    raced_unless(written, unlocks.len())
}

/// Lists issuances in their states at `now`, newest first, after the place `after`.
pub async fn list(
    tx: &mut TenantTx,
    filter: &IssuanceFilter,
    now: DateTime<Utc>,
    after: Option<IssuanceCursor>,
    limit: u16,
) -> Result<Page<Issuance, IssuanceCursor>> {
    let rows = read(tx, filter, now, after, one_more(limit)).await?;
    Ok(Page::cut(rows, limit, |own| IssuanceCursor {
        issued_at: own.issued_at,
        issuance_id: own.id.uuid(),
    }))
}

/// Reads these issuances in their states at `now`.
pub async fn get(tx: &mut TenantTx, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Issuance>> {
    let filter = IssuanceFilter { ids: Some(ids.to_vec()), ..IssuanceFilter::default() };
    read(tx, &filter, now, None, i64::MAX).await
}

/// Whether an issuance is used up follows from its counters. A used-up issuance never counts as expired, unless
/// something is given back to it.
async fn read(
    tx: &mut TenantTx,
    filter: &IssuanceFilter,
    now: DateTime<Utc>,
    after: Option<IssuanceCursor>,
    limit: i64,
) -> Result<Vec<Issuance>> {
    // Each set of filters has an index of its own. Only a plan for the actual values finds it.
    tx.run(sqlx::query!("set local plan_cache_mode = force_custom_plan")).await?;
    let standing = sqlx::query!(
        r#"select issuance_id as "issuance_id!", promotion_id as "promotion_id!", customer_id as "customer_id!",
                  state as "state!: IssuanceState", source as "source!: IssuanceSource", source_id, issued_at as "issued_at!", unlocked_at,
                  activated_at, expires_at as "expires_at!"
             from (select issuance.*, least(use_until, promotion.ends_at) as expires_at,
                          case when revoked_at is not null then 'revoked'
                               when exists (select from limit_counter
                                             where limit_counter.tenant_id = $1
                                               and limit_counter.promotion_id = issuance.promotion_id
                                               and subject = 'earn' and owner = issuance_id::text
                                               and used >= maximum) then 'used_up'
                               when least(use_until, promotion.ends_at) <= $6 then 'expired'
                               when activated_at is not null then 'activated'
                               when unlocked_at is not null then 'unlocked'
                               else 'issued'
                          end as state
                     from issuance
                     join promotion on promotion.tenant_id = $1 and promotion.promotion_id = issuance.promotion_id
                    where issuance.tenant_id = $1
                      and ($2::uuid[] is null or issuance_id = any ($2::uuid[]))
                      and ($3::text is null or customer_id = $3)
                      and ($4::uuid is null or issuance.promotion_id = $4)
                      and ($7::timestamptz is null or (issued_at, issuance_id) < ($7, $8))) as standing
            where $5::text is null or state = $5
            order by issued_at desc, issuance_id desc
            limit $9"#,
        tx.id(),
        filter.ids.as_deref() as Option<&[Uuid]>,
        filter.customer_id,
        filter.promotion_id,
        filter.state as _,
        now,
        after.map(|after| after.issued_at),
        after.map(|after| after.issuance_id),
        limit,
    )
    .map(|row| Issuance {
        id: IssuanceId::new(row.issuance_id),
        promotion_id: PromotionId::new(row.promotion_id),
        customer_id: row.customer_id,
        state: row.state,
        issued_at: row.issued_at,
        unlocked_at: row.unlocked_at,
        activated_at: row.activated_at,
        expires_at: row.expires_at,
        source: row.source,
        source_id: row.source_id,
    });
    tx.all(standing).await
}

/// Locks an issuance to the end of the transaction; false if it does not exist.
pub async fn lock(tx: &mut TenantTx, issuance: Uuid) -> Result<bool> {
    let found = tx.optional(sqlx::query!(
        "select issuance_id from issuance where tenant_id = $1 and issuance_id = $2 for no key update",
        tx.id(),
        issuance,
    ))
    .await?;
    Ok(found.is_some())
}

/// Notes that the customer claims an issuance, which the caller has locked.
pub async fn activate(tx: &mut TenantTx, issuance: Uuid, now: DateTime<Utc>) -> Result<()> {
    tx.run(sqlx::query!(
        "update issuance set activated_at = $3 where tenant_id = $1 and issuance_id = $2",
        tx.id(),
        issuance,
        now,
    ))
    .await
}

/// Revokes an issuance, which the caller has locked.
pub async fn revoke(tx: &mut TenantTx, issuance: Uuid, now: DateTime<Utc>) -> Result<()> {
    tx.run(sqlx::query!(
        "update issuance set revoked_at = $3 where tenant_id = $1 and issuance_id = $2 and revoked_at is null",
        tx.id(),
        issuance,
        now,
    ))
    .await
}
