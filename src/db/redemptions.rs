//! The ledger: redemptions, what each applied promotion gave, and what that took from the counters.
//!
//! Locks are taken in one order: keys, redemptions, issuances, counters.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::statements::column;
use super::{DbError, Result, TenantTx};
use crate::domain::benefit::Level;
use crate::domain::counter::{Bound, CounterKey, Owner, Use};
use crate::domain::id::{PromotionId, RedemptionId};
use crate::domain::limit::{LimitSubject, Measure};
use crate::domain::redemption::RedemptionState;

/// The rules' version and the time, as a transaction reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub rules: i64,
    /// The database's clock, which is the clock of redemptions.
    pub now: DateTime<Utc>,
}

/// A redemption to be recorded.
#[derive(Clone, Debug)]
pub struct NewRedemption {
    pub redemption_id: Uuid,
    /// The caller's id. The transaction has claimed the key of this id.
    pub transaction_id: String,
    /// The customer, if known.
    pub customer_id: Option<String>,
    pub evaluated_at: DateTime<Utc>,
    /// The end of a hold; `None` if the redemption is committed at once.
    pub expires_at: Option<DateTime<Utc>>,
    pub ruleset_version: i64,
    /// SHA-256 of the canonical body.
    pub body_hash: [u8; 32],
    /// The total discount, in ten-thousandths.
    pub discount: i64,
    /// The printed request, as JSON text.
    pub request: String,
    /// The printed result, as JSON text.
    pub result: String,
    /// In order of application.
    pub promotions: Vec<NewGift>,
    pub uses: Vec<Use>,
}

/// What an applied promotion gave, and what unlocked it.
#[derive(Clone, Debug)]
pub struct NewGift {
    pub given: GiftRow,
    pub level: Level,
    /// The step that its benefit reached, if it has steps.
    pub step: Option<i16>,
    /// The code that unlocked it: its id, and the code in upper case.
    pub code: Option<(Uuid, String)>,
    pub issuance_id: Option<Uuid>,
}

/// A hold's use of a counter: the amount that it has taken and not given back.
#[derive(Clone, Debug)]
pub struct HeldUse {
    pub redemption_id: Uuid,
    pub own: Use,
}

/// Reads the rules' present version and the present time.
pub async fn moment(tx: &mut TenantTx) -> Result<Option<Moment>> {
    tx.optional(sqlx::query_as!(
        Moment,
        r#"select rules_version as rules, clock_timestamp() as "now!" from tenant where tenant_id = $1"#,
        tx.id(),
    ))
    .await
}

/// Reads what these redemptions have taken from counters and not given back.
pub async fn uses(tx: &mut TenantTx, redemptions: &[Uuid]) -> Result<Vec<HeldUse>> {
    let rows = tx.all(sqlx::query!(
        r#"select own.redemption_id, promotion_id, subject as "subject: LimitSubject", owner,
                  measure as "measure: Measure", window_no,
                  own.amount - own.given_back as "amount!", counter.maximum
             from redemption_use as own
             join limit_counter as counter using (tenant_id, promotion_id, subject, owner, measure, window_no)
            where tenant_id = $1 and own.redemption_id = any ($2::uuid[])"#,
        tx.id(),
        redemptions,
    ))
    .await?;
    let held = rows.into_iter().map(|row| {
        let owner = Owner::named(row.subject, &row.owner);
        let owner =
            owner.ok_or_else(|| DbError::Unreadable("whose use a counter counts".to_owned()))?;
        let counter = CounterKey {
            promotion_id: PromotionId::new(row.promotion_id),
            owner,
            measure: row.measure,
            window: row.window_no,
        };
        let bound = Bound { counter, maximum: row.maximum };
        let own = Use { bound, amount: row.amount };
        Ok(HeldUse { redemption_id: row.redemption_id, own })
    });
    held.collect()
}

/// Notes that these redemptions have given back all that they took. The counters are written separately.
pub async fn note_given_back(tx: &mut TenantTx, redemptions: &[Uuid]) -> Result<()> {
    tx.run(sqlx::query!(
        "update redemption_use set given_back = amount
          where tenant_id = $1 and redemption_id = any ($2::uuid[])",
        tx.id(),
        redemptions,
    ))
    .await
}

/// Records redemptions with their promotions, uses and holds, in one statement. The counters are written separately.
pub async fn record(tx: &mut TenantTx, new: &[NewRedemption]) -> Result<()> {
    let gifts = || new.iter().flat_map(|own| own.promotions.iter().map(move |gift| (own, gift)));
    let places = new.iter().flat_map(|own| (0_i16..).take(own.promotions.len()));
    let uses = || new.iter().flat_map(|own| own.uses.iter().map(move |taken| (own, taken)));
    let state = |own: &NewRedemption| match own.expires_at {
        Some(_) => RedemptionState::Held,
        None => RedemptionState::Committed,
    };
    tx.run(sqlx::query!(
        "with redeemed as (
             insert into redemption (tenant_id, redemption_id, transaction_id, state, customer_id, evaluated_at,
                    expires_at, settled_at, ruleset_version, body_hash, discount, request, result)
             select $1, redemption_id, transaction_id, state, customer_id, evaluated_at, expires_at,
                    case state when 'committed' then evaluated_at end, ruleset_version, body_hash, discount,
                    request, result
               from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
                    $8::bigint[], $9::bytea[], $10::bigint[], $11::text[], $12::text[])
                    as new (redemption_id, transaction_id, state, customer_id, evaluated_at, expires_at,
                    ruleset_version, body_hash, discount, request, result)),
         held as (
             insert into hold (tenant_id, redemption_id, expires_at)
             select $1, redemption_id, expires_at
               from unnest($2::uuid[], $7::timestamptz[]) as new (redemption_id, expires_at)
              where expires_at is not null),
         given as (
             insert into redemption_promotion (tenant_id, redemption_id, promotion_id, place, evaluated_at, level,
                    times, discount, points, code_id, code_key, issuance_id, step)
             select $1, redemption_id, promotion_id, place, evaluated_at, level, times, discount, points::numeric,
                    code_id, code_key, issuance_id, step
               from unnest($13::uuid[], $14::uuid[], $15::smallint[], $16::timestamptz[], $17::text[],
                    $18::bigint[], $19::bigint[], $20::text[], $21::uuid[], $22::text[], $30::uuid[],
                    $31::smallint[])
                    as new (redemption_id, promotion_id, place, evaluated_at, level, times, discount, points,
                    code_id, code_key, issuance_id, step))
         insert into redemption_use (tenant_id, redemption_id, promotion_id, subject, owner, measure, window_no,
                amount)
         select $1, * from unnest($23::uuid[], $24::uuid[], $25::text[], $26::text[], $27::text[], $28::int[],
                $29::bigint[])",
        tx.id(),
        &column(new, |own| own.redemption_id),
        &column(new, |own| own.transaction_id.as_str()) as _,
        &column(new, state) as _,
        &column(new, |own| own.customer_id.as_deref()) as _,
        &column(new, |own| own.evaluated_at),
        &column(new, |own| own.expires_at) as _,
        &column(new, |own| own.ruleset_version),
        &column(new, |own| own.body_hash.as_slice()) as _,
        &column(new, |own| own.discount),
        &column(new, |own| own.request.as_str()) as _,
        &column(new, |own| own.result.as_str()) as _,
        &column(gifts(), |(own, _)| own.redemption_id),
        &column(gifts(), |(_, gift)| gift.given.promotion_id),
        &places.collect::<Vec<i16>>(),
        &column(gifts(), |(own, _)| own.evaluated_at),
        &column(gifts(), |(_, gift)| gift.level) as _,
        &column(gifts(), |(_, gift)| gift.given.times),
        &column(gifts(), |(_, gift)| gift.given.discount),
        &column(gifts(), |(_, gift)| gift.given.points.as_str()) as _,
        &column(gifts(), |(_, gift)| gift.code.as_ref().map(|code| code.0)) as _,
        &column(gifts(), |(_, gift)| gift.code.as_ref().map(|code| code.1.as_str())) as _,
        &column(uses(), |(own, _)| own.redemption_id),
        &column(uses(), |(_, taken)| taken.bound.counter.promotion_id.uuid()),
        &column(uses(), |(_, taken)| taken.bound.counter.owner.subject()) as _,
        &column(uses(), |(_, taken)| taken.bound.counter.owner.name()) as _,
        &column(uses(), |(_, taken)| taken.bound.counter.measure) as _,
        &column(uses(), |(_, taken)| taken.bound.counter.window),
        &column(uses(), |(_, taken)| taken.amount),
        &column(gifts(), |(_, gift)| gift.issuance_id) as _,
        &column(gifts(), |(_, gift)| gift.step) as _,
    ))
    .await
}

/// A redemption as it was recorded.
#[derive(Clone, Debug)]
pub struct RedemptionRow {
    pub redemption_id: Uuid,
    pub transaction_id: String,
    pub state: RedemptionState,
    pub evaluated_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was committed or ended.
    pub settled_at: Option<DateTime<Utc>>,
    /// When everything had been returned and the limits got back what the redemption had used.
    pub restored_at: Option<DateTime<Utc>>,
    pub ruleset_version: i64,
    /// The printed request, as JSON text.
    pub request: String,
    /// The printed result, as JSON text.
    pub result: String,
}

pub async fn get(tx: &mut TenantTx, redemption: RedemptionId) -> Result<Option<RedemptionRow>> {
    tx.optional(sqlx::query_as!(
        RedemptionRow,
        r#"select redemption_id, transaction_id, state as "state: _", evaluated_at, expires_at, settled_at, restored_at,
                ruleset_version, request, result
           from redemption
          where tenant_id = $1 and redemption_id = $2"#,
        tx.id(),
        redemption.uuid(),
    ))
    .await
}

/// Reads a redemption and locks it to the end of the transaction.
pub async fn lock(tx: &mut TenantTx, redemption: RedemptionId) -> Result<Option<RedemptionRow>> {
    tx.optional(sqlx::query_as!(
        RedemptionRow,
        r#"select redemption_id, transaction_id, state as "state: _", evaluated_at, expires_at, settled_at, restored_at,
                ruleset_version, request, result
           from redemption
          where tenant_id = $1 and redemption_id = $2
            for no key update"#,
        tx.id(),
        redemption.uuid(),
    ))
    .await
}

/// The printed requests of these redemptions.
pub async fn requests(tx: &mut TenantTx, redemptions: &[Uuid]) -> Result<Vec<String>> {
    tx.values(sqlx::query_scalar!(
        "select request from redemption where tenant_id = $1 and redemption_id = any ($2::uuid[])",
        tx.id(),
        redemptions,
    ))
    .await
}

/// What an applied promotion gave.
#[derive(Clone, Debug)]
pub struct GiftRow {
    pub promotion_id: Uuid,
    /// How often its benefit applied.
    pub times: i64,
    /// What it took off, in ten-thousandths.
    pub discount: i64,
    /// The points that it awarded, as decimal text.
    pub points: String,
}

/// Reads what a redemption's promotions gave, in the order of application.
pub async fn gifts(tx: &mut TenantTx, redemption: RedemptionId) -> Result<Vec<GiftRow>> {
    tx.all(sqlx::query_as!(
        GiftRow,
        r#"select promotion_id, times, discount, points::text as "points!" from redemption_promotion
            where tenant_id = $1 and redemption_id = $2
            order by place"#,
        tx.id(),
        redemption.uuid(),
    ))
    .await
}

/// The present time of the database's clock, not the transaction's start.
pub async fn now(tx: &mut TenantTx) -> Result<DateTime<Utc>> {
    tx.value(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#)).await
}
