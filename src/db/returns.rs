//! Returns of goods from redemptions.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::statements::column;
use super::{Result, TenantTx, counters};
use crate::domain::benefit::Level;
use crate::domain::id::RedemptionId;

#[derive(Clone, Debug)]
pub struct ReturnRow {
    /// SHA-256 of its canonical body.
    pub body_hash: Vec<u8>,
    pub answer: String,
}

/// What was returned of a line, in total.
#[derive(Clone, Debug)]
pub struct LineRow {
    pub line_id: String,
    /// The quantity, in thousandths.
    pub quantity: i64,
    /// The refund, as decimal text.
    pub refunded: String,
}

/// What was taken back of a promotion's discount and points.
#[derive(Clone, Debug)]
pub struct PromotionRow {
    pub promotion_id: Uuid,
    /// The discount, in ten-thousandths.
    pub discount: i64,
    /// The points, as decimal text.
    pub points: String,
}

/// A return to be recorded.
#[derive(Clone, Debug)]
pub struct NewReturn {
    pub redemption: RedemptionId,
    /// The caller's id, unique in the redemption.
    pub return_id: String,
    pub at: DateTime<Utc>,
    /// SHA-256 of the canonical body.
    pub body_hash: [u8; 32],
    pub answer: String,
    /// The totals of the lines that it names, this return included.
    pub lines: Vec<LineRow>,
    pub promotions: Vec<PromotionRow>,
}

/// The answers to the returns of a redemption, in the order of the returns.
pub async fn answers(tx: &mut TenantTx, redemption: RedemptionId) -> Result<Vec<String>> {
    tx.values(sqlx::query_scalar!(
        "select answer from redemption_return
          where tenant_id = $1 and redemption_id = $2
          order by at, return_id",
        tx.id(),
        redemption.uuid(),
    ))
    .await
}

pub async fn get(
    tx: &mut TenantTx,
    redemption: RedemptionId,
    return_id: &str,
) -> Result<Option<ReturnRow>> {
    tx.optional(sqlx::query_as!(
        ReturnRow,
        "select body_hash, answer from redemption_return
          where tenant_id = $1 and redemption_id = $2 and return_id = $3",
        tx.id(),
        redemption.uuid(),
        return_id,
    ))
    .await
}

/// Reads what was returned of each line.
pub async fn lines(tx: &mut TenantTx, redemption: RedemptionId) -> Result<Vec<LineRow>> {
    tx.all(sqlx::query_as!(
        LineRow,
        r#"select line_id, quantity, refunded::text as "refunded!" from redemption_returned_line
            where tenant_id = $1 and redemption_id = $2"#,
        tx.id(),
        redemption.uuid(),
    ))
    .await
}

/// Reads what was taken back from each promotion, in total.
pub async fn promotions(tx: &mut TenantTx, redemption: RedemptionId) -> Result<Vec<PromotionRow>> {
    tx.all(sqlx::query_as!(
        PromotionRow,
        r#"select promotion_id, sum(discount)::bigint as "discount!", sum(points)::text as "points!"
             from redemption_return_promotion
            where tenant_id = $1 and redemption_id = $2
            group by promotion_id"#,
        tx.id(),
        redemption.uuid(),
    ))
    .await
}

/// Records a return of a redemption that is locked.
pub async fn insert(tx: &mut TenantTx, new: &NewReturn) -> Result<()> {
    tx.run(sqlx::query!(
        "with returned as (
             insert into redemption_return (tenant_id, redemption_id, return_id, at, body_hash, answer)
             values ($1, $2, $3, $4, $5, $6)),
         back as (
             insert into redemption_returned_line (tenant_id, redemption_id, line_id, quantity, refunded)
             select $1, $2, line_id, quantity, refunded::numeric
               from unnest($7::text[], $8::bigint[], $9::text[]) as new (line_id, quantity, refunded)
             on conflict (tenant_id, redemption_id, line_id) do update
                set quantity = excluded.quantity, refunded = excluded.refunded)
         insert into redemption_return_promotion (tenant_id, redemption_id, return_id, promotion_id, at, discount,
                points)
         select $1, $2, $3, promotion_id, $4, discount, points::numeric
           from unnest($10::uuid[], $11::bigint[], $12::text[]) as new (promotion_id, discount, points)",
        tx.id(),
        new.redemption.uuid(),
        new.return_id,
        new.at,
        new.body_hash.as_slice(),
        new.answer,
        &column(&new.lines, |own| own.line_id.as_str()) as _,
        &column(&new.lines, |own| own.quantity),
        &column(&new.lines, |own| own.refunded.as_str()) as _,
        &column(&new.promotions, |own| own.promotion_id),
        &column(&new.promotions, |own| own.discount),
        &column(&new.promotions, |own| own.points.as_str()) as _,
    ))
    .await
}

/// Gives back to the `discount` limits what a return took back of each promotion's discount, but at most what the
/// redemption took from them.
pub async fn give_back_discounts(
    tx: &mut TenantTx,
    redemption: RedemptionId,
    promotions: &[PromotionRow],
) -> Result<()> {
    let ids: Vec<Uuid> = promotions.iter().map(|own| own.promotion_id).collect();
    counters::lock_taken(tx, &[redemption.uuid()], Some(&ids)).await?;
    tx.run(sqlx::query!(
        "with due as (
             select promotion_id, subject, owner, measure, window_no, least(new.discount, amount - given_back) as back
               from redemption_use
               join unnest($3::uuid[], $4::bigint[]) as new (promotion_id, discount) using (promotion_id)
              where tenant_id = $1 and redemption_id = $2 and measure = 'discount' and given_back < amount),
         given as (
             update redemption_use as own set given_back = own.given_back + due.back
               from due
              where own.tenant_id = $1 and own.redemption_id = $2 and own.promotion_id = due.promotion_id
                and own.subject = due.subject and own.measure = due.measure)
         update limit_counter as counter
            set used = counter.used - due.back,
                was_used_up = counter.was_used_up or counter.subject = 'earn' and counter.used >= counter.maximum
           from due
          where counter.tenant_id = $1 and counter.promotion_id = due.promotion_id
            and counter.subject = due.subject and counter.owner = due.owner
            and counter.measure = due.measure and counter.window_no = due.window_no",
        tx.id(),
        redemption.uuid(),
        &ids,
        &column(promotions, |own| own.discount),
    ))
    .await
}

/// Gives back everything that a redemption took from counters and has not given back yet, except for promotions with a
/// discount on shipping. Notes the time.
pub async fn restore(
    tx: &mut TenantTx,
    redemption: RedemptionId,
    now: DateTime<Utc>,
) -> Result<()> {
    let gifts = tx
        .all(sqlx::query!(
            r#"with restored as (
             update redemption set restored_at = $3 where tenant_id = $1 and redemption_id = $2)
         select promotion_id, level as "level: Level", discount from redemption_promotion
          where tenant_id = $1 and redemption_id = $2"#,
            tx.id(),
            redemption.uuid(),
            now,
        ))
        .await?;
    let given_back = gifts.iter().filter(|gift| match gift.level {
        Level::Item | Level::Cart => true,
        Level::Shipping => gift.discount == 0,
    });
    let promotions: Vec<Uuid> = given_back.map(|gift| gift.promotion_id).collect();
    counters::give_back(tx, &[redemption.uuid()], Some(&promotions)).await
}
