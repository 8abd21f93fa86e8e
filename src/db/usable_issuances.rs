//! The issuances of customers that a cart could use. Evaluations and redemptions look them up.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::counters::{Columns, used};
use super::statements::column;
use super::{Result, TenantTx};
use crate::domain::counter::{CounterKey, Used};

/// An issuance that a cart could use: it is unlocked, not revoked, and not past its own end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsableIssuance {
    pub issuance_id: Uuid,
    pub promotion_id: Uuid,
    pub customer_id: String,
    pub unlocked_at: DateTime<Utc>,
    /// The transaction in which it cannot be used.
    pub unlocked_in: Option<String>,
    /// Whether the customer has claimed it.
    pub is_activated: bool,
    pub use_until: Option<DateTime<Utc>>,
}

/// How much of one issuance's limits is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IssuanceUse {
    pub times: i64,
    pub transactions: i64,
    pub discount: i64,
}

/// Reads, in one statement, counters, and a customer's issuances of these promotions with their use. A used-up issuance
/// is left out unless it is the most recently unlocked one of its promotion. So if all issuances are used up, one
/// remains, and the caller can name the limit.
pub async fn look_up(
    tx: &mut TenantTx,
    counters: Vec<CounterKey>,
    customer: &str,
    promotions: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(Vec<Used>, Vec<(UsableIssuance, IssuanceUse)>)> {
    let columns = Columns::of(counters.iter());
    let rows = tx.all(sqlx::query!(
        r#"select wanted.place as "place?", counter.used as "used?", null::uuid as "issuance_id?",
                  null::uuid as "promotion_id?", null::timestamptz as "unlocked_at?", false as "is_activated!",
                  null::timestamptz as "use_until?", 0::bigint as "times!", 0::bigint as "transactions!",
                  0::bigint as "discount!"
             from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[]) with ordinality
                  as wanted (promotion_id, subject, owner, measure, window_no, place)
            cross join lateral (
                select used from limit_counter
                 where tenant_id = $1 and promotion_id = wanted.promotion_id and subject = wanted.subject
                   and owner = wanted.owner and measure = wanted.measure and window_no = wanted.window_no
                offset 0) as counter
           union all
           select null, null, issuance_id, own.promotion_id, unlocked_at, activated_at is not null, use_until,
                  coalesce(gone.times, 0), coalesce(gone.transactions, 0), coalesce(gone.discount, 0)
             from issuance as own
            cross join lateral (
                select max(used) filter (where measure = 'times') as times,
                       max(used) filter (where measure = 'transactions') as transactions,
                       max(used) filter (where measure = 'discount') as discount,
                       coalesce(bool_or(used >= maximum), false) as is_used_up
                  from limit_counter
                 where tenant_id = $1 and promotion_id = own.promotion_id and subject = 'earn'
                   and owner = own.issuance_id::text
                offset 0) as gone
            where own.tenant_id = $1 and own.customer_id = $7 and own.promotion_id = any ($8::uuid[])
              and unlocked_at is not null and revoked_at is null and (use_until is null or use_until > $9)
              and (not gone.is_used_up or own.issuance_id = (
                    select issuance_id from issuance as last
                     where last.tenant_id = $1 and last.customer_id = $7 and last.promotion_id = own.promotion_id
                       and last.unlocked_at is not null and last.revoked_at is null
                       and (last.use_until is null or last.use_until > $9)
                     order by last.unlocked_at desc, last.issuance_id desc
                     limit 1))"#,
        tx.id(),
        &columns.promotions,
        &columns.subjects as _,
        &columns.owners,
        &columns.measures as _,
        &columns.windows,
        customer,
        promotions,
        now,
    ))
    .await?;
    let (mut found, mut issuances) = (Vec::new(), Vec::new());
    for row in rows {
        if let (Some(place), Some(used)) = (row.place, row.used) {
            found.push((place, used));
        }
        if let (Some(issuance_id), Some(promotion_id), Some(unlocked_at)) =
            (row.issuance_id, row.promotion_id, row.unlocked_at)
        {
            let own = UsableIssuance {
                issuance_id,
                promotion_id,
                customer_id: customer.to_owned(),
                unlocked_at,
                unlocked_in: None,
                is_activated: row.is_activated,
                use_until: row.use_until,
            };
            let gone = IssuanceUse {
                times: row.times,
                transactions: row.transactions,
                discount: row.discount,
            };
            issuances.push((own, gone));
        }
    }
    Ok((used(counters, found.into_iter()), issuances))
}

/// Reads these customers' issuances of these promotions, in the order of their ids, and locks them against revocation
/// to the end of the transaction. A used-up issuance is left out unless it is the most recently unlocked one of its
/// promotion, or is in `freed`: the transaction itself gives something back to those.
pub async fn lock(
    tx: &mut TenantTx,
    wanted: &[(Uuid, String)],
    freed: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<UsableIssuance>> {
    tx.all(sqlx::query_as!(
        UsableIssuance,
        r#"select own.issuance_id, own.promotion_id, own.customer_id, own.unlocked_at as "unlocked_at!",
                  own.unlocked_in, own.activated_at is not null as "is_activated!", own.use_until
             from issuance as own
             join unnest($2::uuid[], $3::text[]) as wanted (promotion_id, customer_id)
               on own.promotion_id = wanted.promotion_id and own.customer_id = wanted.customer_id
            where own.tenant_id = $1 and own.unlocked_at is not null and own.revoked_at is null
              and (own.use_until is null or own.use_until > $5)
              and (own.issuance_id = any ($4::uuid[])
                   or not exists (
                      select from limit_counter
                       where tenant_id = $1 and promotion_id = own.promotion_id and subject = 'earn'
                         and owner = own.issuance_id::text and used >= maximum)
                   or own.issuance_id = (
                      select last.issuance_id from issuance as last
                       where last.tenant_id = $1 and last.customer_id = own.customer_id
                         and last.promotion_id = own.promotion_id and last.unlocked_at is not null
                         and last.revoked_at is null and (last.use_until is null or last.use_until > $5)
                       order by last.unlocked_at desc, last.issuance_id desc
                       limit 1))
            order by own.issuance_id
              for share of own"#,
        tx.id(),
        &column(wanted, |(promotion, _)| *promotion),
        &column(wanted, |(_, customer)| customer.as_str()) as _,
        freed,
        now,
    ))
    .await
}

/// Reads the last issuance that has expired of each of these promotions and customers. They explain why the promotion
/// does not apply.
pub async fn last_expired(
    tx: &mut TenantTx,
    wanted: &[(Uuid, String)],
    now: DateTime<Utc>,
) -> Result<Vec<UsableIssuance>> {
    tx.all(sqlx::query_as!(
        UsableIssuance,
        r#"select distinct on (own.promotion_id, own.customer_id)
                  own.issuance_id, own.promotion_id, own.customer_id, own.unlocked_at as "unlocked_at!",
                  own.unlocked_in, own.activated_at is not null as "is_activated!", own.use_until
             from issuance as own
             join unnest($2::uuid[], $3::text[]) as wanted (promotion_id, customer_id)
               on own.promotion_id = wanted.promotion_id and own.customer_id = wanted.customer_id
            where own.tenant_id = $1 and own.unlocked_at is not null and own.revoked_at is null
              and own.use_until <= $4
            order by own.promotion_id, own.customer_id, own.use_until desc, own.issuance_id"#,
        tx.id(),
        &column(wanted, |(promotion, _)| *promotion),
        &column(wanted, |(_, customer)| customer.as_str()) as _,
        now,
    ))
    .await
}
