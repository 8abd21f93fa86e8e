//! The ends of issuances: which are due, across tenants; how far the job has gone through each promotion's issuances;
//! and which events were written (spec 12).
//!
//! An issuance ends at its own end or at its promotion's end, whichever comes first. So issuances that are sorted by
//! their own ends, those without one last, also end in this order, at any end of the promotion. Reminders some days
//! before the end are due in the same order.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::promotions::PromotionRow;
use super::{OperatorTx, Result, TenantTx};
use crate::domain::id::{PromotionId, TenantId};

/// Which event about an issuance's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// The reminder, some days before the end.
    Expiring,
    /// The expiry, at the end.
    Expired,
}

impl Watch {
    const fn name(self) -> &'static str {
        match self {
            Self::Expiring => "expiring",
            Self::Expired => "expired",
        }
    }
}

/// Promotions of all tenants for which an event about an issuance's end is due, or that have ended themselves, in the
/// order of their ends. An end that was due less than `settled_ms` ago is left to a later round.
pub async fn due(
    tx: &mut OperatorTx,
    watch: Watch,
    offset_ms: i64,
    settled_ms: i64,
    limit: i64,
) -> Result<Vec<(TenantId, PromotionId)>> {
    let moved_ms = offset_ms.saturating_sub(settled_ms);
    match watch {
        Watch::Expired => due_ends(tx, moved_ms, limit).await,
        Watch::Expiring => due_reminders(tx, moved_ms, limit).await,
    }
}

async fn due_ends(
    tx: &mut OperatorTx,
    moved_ms: i64,
    limit: i64,
) -> Result<Vec<(TenantId, PromotionId)>> {
    let due = sqlx::query!(
        "select own.tenant_id, own.promotion_id
           from promotion as own
          cross join lateral (select statement_timestamp() + $1::bigint * interval '1 millisecond' as now) as clock
           left join issuance_watch as place
             on place.tenant_id = own.tenant_id and place.promotion_id = own.promotion_id
            and place.what = 'expired' and place.ends_at = own.ends_at
          where own.status <> 'draft' and own.expired_for is distinct from own.ends_at
            and (own.ends_at <= clock.now
                 or (select issuance.until from issuance
                      where issuance.tenant_id = own.tenant_id and issuance.promotion_id = own.promotion_id
                        and revoked_at is null
                        and (issuance.until, issuance.issuance_id)
                            > (case when place.until is null then '-infinity' else place.until end,
                               case when place.until is null then own.promotion_id else place.issuance_id end)
                      order by issuance.until, issuance.issuance_id
                      limit 1) <= clock.now)
          order by own.ends_at
          limit $2",
        moved_ms,
        limit,
    )
    .map(|row| (TenantId::new(row.tenant_id), PromotionId::new(row.promotion_id)));
    tx.own().await?.all(due).await
}

async fn due_reminders(
    tx: &mut OperatorTx,
    moved_ms: i64,
    limit: i64,
) -> Result<Vec<(TenantId, PromotionId)>> {
    let due = sqlx::query!(
        "select own.tenant_id, own.promotion_id
           from promotion as own
          cross join lateral (select statement_timestamp() + $1::bigint * interval '1 millisecond' as now) as clock
          cross join lateral (select clock.now + own.remind_days * interval '24 hours' as horizon) as look
           left join issuance_watch as place
             on place.tenant_id = own.tenant_id and place.promotion_id = own.promotion_id
            and place.what = 'expiring' and place.ends_at = own.ends_at and place.days_before = own.remind_days
          where own.status = 'active' and own.remind_days is not null and own.ends_at > clock.now
            and place.is_done is not true
            and (own.ends_at <= look.horizon
                 or (select issuance.until from issuance
                      where issuance.tenant_id = own.tenant_id and issuance.promotion_id = own.promotion_id
                        and revoked_at is null
                        and (issuance.until, issuance.issuance_id)
                            > (case when place.until is null then '-infinity' else place.until end,
                               case when place.until is null then own.promotion_id else place.issuance_id end)
                      order by issuance.until, issuance.issuance_id
                      limit 1) <= look.horizon)
          order by own.ends_at
          limit $2",
        moved_ms,
        limit,
    )
    .map(|row| (TenantId::new(row.tenant_id), PromotionId::new(row.promotion_id)));
    tx.own().await?.all(due).await
}

/// Tenants with issuances that were used up and then got something back.
pub async fn given_back_tenants(tx: &mut OperatorTx) -> Result<Vec<TenantId>> {
    let query =
        sqlx::query_scalar!("select distinct tenant_id from limit_counter where was_used_up");
    let rows = tx.own().await?.values(query).await?;
    Ok(rows.into_iter().map(TenantId::new).collect())
}

/// Locks a promotion to the end of the transaction, so that no one else goes through its issuances or moves its end.
/// `None` if another transaction has it locked.
pub async fn try_lock(tx: &mut TenantTx, promotion: PromotionId) -> Result<Option<PromotionRow>> {
    tx.optional(sqlx::query_as!(
        PromotionRow,
        r#"select promotion_id, status as "status: _", version, document::text as "document!", created_at, updated_at
             from promotion
            where tenant_id = $1 and promotion_id = $2
              for no key update skip locked"#,
        tx.id(),
        promotion.uuid(),
    ))
    .await
}

/// The next issuances, at most `limit`, of a locked promotion for which an event may be due at `now`. If the
/// promotion's end or the days before it have changed, this starts again at the first issuance.
pub async fn next(
    tx: &mut TenantTx,
    promotion: PromotionId,
    watch: Watch,
    days_before: i32,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Uuid>> {
    tx.run(sqlx::query!(
        "insert into issuance_watch as own (tenant_id, promotion_id, what, ends_at, days_before)
         select tenant_id, promotion_id, $3, ends_at, $4 from promotion where tenant_id = $1 and promotion_id = $2
         on conflict (tenant_id, promotion_id, what) do update
            set ends_at = excluded.ends_at, days_before = excluded.days_before, until = default,
                issuance_id = default, is_done = default
          where own.ends_at <> excluded.ends_at or own.days_before <> excluded.days_before",
        tx.id(),
        promotion.uuid(),
        watch.name(),
        days_before,
    ))
    .await?;
    tx.values(sqlx::query_scalar!(
        "select found.issuance_id
           from issuance_watch as place
          cross join lateral (select $4::timestamptz + place.days_before * interval '24 hours' as horizon) as look
          cross join lateral (
                select issuance.issuance_id, issuance.until from issuance
                 where tenant_id = $1 and promotion_id = $2 and revoked_at is null
                   and (issuance.until, issuance.issuance_id) > (place.until, place.issuance_id)
                 order by issuance.until, issuance.issuance_id
                 limit $5) as found
          where place.tenant_id = $1 and place.promotion_id = $2 and place.what = $3
            and (place.ends_at <= look.horizon or found.until <= look.horizon)
          order by found.until, found.issuance_id",
        tx.id(),
        promotion.uuid(),
        watch.name(),
        now,
        limit,
    ))
    .await
}

/// Saves the position: the last issuance that was gone through.
pub async fn advance(
    tx: &mut TenantTx,
    promotion: PromotionId,
    watch: Watch,
    last: Uuid,
) -> Result<()> {
    tx.run(sqlx::query!(
        "update issuance_watch as own set until = issuance.until, issuance_id = $4
           from issuance
          where own.tenant_id = $1 and own.promotion_id = $2 and own.what = $3
            and issuance.tenant_id = $1 and issuance.issuance_id = $4",
        tx.id(),
        promotion.uuid(),
        watch.name(),
        last,
    ))
    .await
}

/// Notes that all issuances of a promotion were gone through for its present end.
pub async fn finish(tx: &mut TenantTx, promotion: PromotionId, watch: Watch) -> Result<()> {
    match watch {
        Watch::Expiring => {
            tx.run(sqlx::query!(
                "update issuance_watch set is_done = true
                  where tenant_id = $1 and promotion_id = $2 and what = 'expiring'",
                tx.id(),
                promotion.uuid(),
            ))
            .await?;
        }
        Watch::Expired => {
            // Neither saved position of the promotion is needed after this.
            tx.run(sqlx::query!(
                "update promotion set expired_for = ends_at where tenant_id = $1 and promotion_id = $2",
                tx.id(),
                promotion.uuid(),
            ))
            .await?;
        }
    }
    Ok(())
}

/// At most `limit` issuances that were used up and then got something back.
pub async fn given_back(tx: &mut TenantTx, limit: i64) -> Result<Vec<Uuid>> {
    tx.values(sqlx::query_scalar!(
        r#"select distinct owner::uuid as "issuance_id!" from limit_counter
            where tenant_id = $1 and was_used_up
            limit $2"#,
        tx.id(),
        limit,
    ))
    .await
}

/// Notes that these locked issuances are examined after they got something back. Their counters stay locked, so that
/// what the transaction reads of them later stays true.
pub async fn note_given_back(tx: &mut TenantTx, issuances: &[Uuid]) -> Result<()> {
    tx.run(sqlx::query!(
        "with found as (
             select promotion_id, subject, owner, measure, window_no from limit_counter
              where tenant_id = $1 and was_used_up and owner = any ($2::uuid[]::text[])
              order by promotion_id, subject, owner, measure, window_no
                for no key update)
         update limit_counter as own set was_used_up = false
           from found
          where own.tenant_id = $1 and own.promotion_id = found.promotion_id and own.subject = found.subject
            and own.owner = found.owner and own.measure = found.measure and own.window_no = found.window_no",
        tx.id(),
        issuances,
    ))
    .await
}

/// Locks these issuances to the end of the transaction, against changes and use.
pub async fn lock(tx: &mut TenantTx, issuances: &[Uuid]) -> Result<()> {
    tx.lock(sqlx::query!(
        "select issuance_id from issuance where tenant_id = $1 and issuance_id = any ($2::uuid[])
          order by issuance_id
            for no key update",
        tx.id(),
        issuances,
    ))
    .await
}

/// Notes that these locked issuances have expired at these ends. Returns those for which no event was written for this
/// end yet.
pub async fn note_expired(
    tx: &mut TenantTx,
    issuances: &[Uuid],
    ends: &[DateTime<Utc>],
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    tx.values(sqlx::query_scalar!(
        "update issuance as own set expired_at = $4
           from unnest($2::uuid[], $3::timestamptz[]) as new (issuance_id, ends_at)
          where own.tenant_id = $1 and own.issuance_id = new.issuance_id
            and (own.expired_at is null or own.expired_at < new.ends_at)
         returning own.issuance_id",
        tx.id(),
        issuances,
        ends,
        now,
    ))
    .await
}

/// Notes reminders of these ends for these locked issuances. Returns those without a reminder of this end so far.
pub async fn note_reminded(
    tx: &mut TenantTx,
    issuances: &[Uuid],
    ends: &[DateTime<Utc>],
) -> Result<Vec<Uuid>> {
    tx.values(sqlx::query_scalar!(
        "update issuance as own set reminded_for = new.ends_at
           from unnest($2::uuid[], $3::timestamptz[]) as new (issuance_id, ends_at)
          where own.tenant_id = $1 and own.issuance_id = new.issuance_id
            and own.reminded_for is distinct from new.ends_at
         returning own.issuance_id",
        tx.id(),
        issuances,
        ends,
    ))
    .await
}
