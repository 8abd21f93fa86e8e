//! The list of redemptions, newest first.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::page::one_more;
use super::{Page, Result, TenantTx};
use crate::domain::redemption::RedemptionState;

#[derive(Clone, Debug, Default)]
pub struct RedemptionFilter {
    /// Only those with this transaction id.
    pub transaction_id: Option<String>,
    pub customer_id: Option<String>,
    /// Only those that this promotion applied to.
    pub promotion_id: Option<Uuid>,
    /// Only those in which this code, in upper case, unlocked a promotion.
    pub code_key: Option<String>,
    pub state: Option<RedemptionState>,
    /// Only those evaluated at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Only those evaluated before this instant.
    pub to: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedemptionCursor {
    pub evaluated_at: DateTime<Utc>,
    pub redemption_id: Uuid,
}

#[derive(Clone, Debug)]
pub struct ListedRow {
    pub redemption_id: Uuid,
    pub transaction_id: String,
    /// The present state. A hold that has lapsed is `expired`.
    pub state: RedemptionState,
    pub customer_id: Option<String>,
    pub evaluated_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was committed or ended.
    pub settled_at: Option<DateTime<Utc>>,
    pub ruleset_version: i64,
    /// The totals of its result, as JSON text.
    pub totals: String,
}

/// Lists redemptions in their states at `now`, newest first, after the place `after`.
pub async fn list(
    tx: &mut TenantTx,
    filter: &RedemptionFilter,
    now: DateTime<Utc>,
    after: Option<RedemptionCursor>,
    limit: u16,
) -> Result<Page<ListedRow, RedemptionCursor>> {
    // Each set of filters has an index of its own. Only a plan for the actual values finds it.
    tx.run(sqlx::query!("set local plan_cache_mode = force_custom_plan")).await?;
    let rows = if filter.promotion_id.is_some() || filter.code_key.is_some() {
        list_given(tx, filter, now, after, limit).await?
    } else {
        list_all(tx, filter, now, after, limit).await?
    };
    Ok(Page::cut(rows, limit, |row| RedemptionCursor {
        evaluated_at: row.evaluated_at,
        redemption_id: row.redemption_id,
    }))
}

async fn list_all(
    tx: &mut TenantTx,
    filter: &RedemptionFilter,
    now: DateTime<Utc>,
    after: Option<RedemptionCursor>,
    limit: u16,
) -> Result<Vec<ListedRow>> {
    tx.all(sqlx::query_as!(
        ListedRow,
        r#"select redemption_id, transaction_id, customer_id, evaluated_at, expires_at, settled_at, ruleset_version,
                  case when state = 'held' and expires_at <= $7 then 'expired' else state end as "state!: _",
                  (result::json -> 'totals')::text as "totals!"
             from redemption
            where tenant_id = $1
              and ($2::text is null or transaction_id = $2)
              and ($3::text is null or customer_id = $3)
              -- Each state is compared by itself: only then the planner finds the index of what is not committed, and
              -- knows how many rows have the state.
              and ($4::text is null
                   or $4 = 'held' and state = 'held' and expires_at > $7
                   or $4 = 'expired' and (state = 'expired' or state = 'held' and expires_at <= $7)
                   or $4 not in ('held', 'expired') and state = $4)
              and ($5::timestamptz is null or evaluated_at >= $5)
              and ($6::timestamptz is null or evaluated_at < $6)
              and ($8::timestamptz is null or (evaluated_at, redemption_id) < ($8, $9))
            order by evaluated_at desc, redemption_id desc
            limit $10"#,
        tx.id(),
        filter.transaction_id,
        filter.customer_id,
        filter.state as _,
        filter.from,
        filter.to,
        now,
        after.map(|after| after.evaluated_at),
        after.map(|after| after.redemption_id),
        one_more(limit),
    ))
    .await
}

/// Lists by promotion or code. What a promotion gave has an index in the order of the list, so that a page of a promotion
/// with millions of redemptions reads only its own rows. With a rare state the index of that state is shorter still.
async fn list_given(
    tx: &mut TenantTx,
    filter: &RedemptionFilter,
    now: DateTime<Utc>,
    after: Option<RedemptionCursor>,
    limit: u16,
) -> Result<Vec<ListedRow>> {
    tx.all(sqlx::query_as!(
        ListedRow,
        r#"select own.redemption_id, own.transaction_id, own.customer_id, own.evaluated_at, own.expires_at, own.settled_at,
                  own.ruleset_version,
                  case when own.state = 'held' and own.expires_at <= $9 then 'expired' else own.state end as "state!: _",
                  (own.result::json -> 'totals')::text as "totals!"
             from redemption_promotion as given
             join redemption as own on own.tenant_id = given.tenant_id and own.redemption_id = given.redemption_id
            where given.tenant_id = $1
              and ($2::text is null or own.transaction_id = $2)
              and ($3::text is null or own.customer_id = $3)
              and ($4::uuid is null or given.promotion_id = $4)
              and ($4::uuid is not null or given.code_key = $5)
              and ($4::uuid is null or $5::text is null
                   or exists (select from redemption_promotion as unlocked
                               where unlocked.tenant_id = $1 and unlocked.redemption_id = given.redemption_id
                                 and unlocked.code_key = $5))
              -- As in `list_all`.
              and ($6::text is null
                   or $6 = 'held' and own.state = 'held' and own.expires_at > $9
                   or $6 = 'expired' and (own.state = 'expired' or own.state = 'held' and own.expires_at <= $9)
                   or $6 not in ('held', 'expired') and own.state = $6)
              and ($7::timestamptz is null or given.evaluated_at >= $7)
              and ($8::timestamptz is null or given.evaluated_at < $8)
              and ($10::timestamptz is null or (given.evaluated_at, given.redemption_id) < ($10, $11))
            order by given.evaluated_at desc, given.redemption_id desc
            limit $12"#,
        tx.id(),
        filter.transaction_id,
        filter.customer_id,
        filter.promotion_id,
        filter.code_key,
        filter.state as _,
        filter.from,
        filter.to,
        now,
        after.map(|after| after.evaluated_at),
        after.map(|after| after.redemption_id),
        one_more(limit),
    ))
    .await
}
