//! What promotions gave and took back, by buckets of time.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::promotions::PromotionRow;
use super::{Result, TenantTx};

/// Sales and returns of one promotion in one bucket. Without a bucket it is the total of all buckets, without a
/// promotion the total of all promotions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatsRow {
    pub promotion_id: Option<Uuid>,
    /// The number of the bucket, from 1, in the order of their starts.
    pub bucket: Option<i32>,
    pub redemptions: i64,
    pub times: i64,
    /// In ten-thousandths, as decimal text, because a sum may exceed every integer type.
    pub discount: String,
    pub points: String,
    pub returns: i64,
    /// The discount that returns took back, in the form of `discount`.
    pub discount_back: String,
    /// The points that returns took back, in the form of `points`.
    pub points_back: String,
}

#[derive(Clone, Debug)]
pub struct StatsFilter {
    pub promotions: Vec<Uuid>,
    pub from: DateTime<Utc>,
    /// The end, excluded; `None` for no end.
    pub to: Option<DateTime<Utc>>,
    /// The starts of the buckets, in order. The first is not after `from`.
    pub starts: Vec<DateTime<Utc>>,
    pub limit: i64,
}

/// Counts sales by the time of evaluation, and returns by the time of the return. Empty buckets have no row.
///
/// What is not committed is left out, rather than what is committed looked up: then only the small index of the former is
/// read, and not every row of the ledger.
pub async fn count(tx: &mut TenantTx, filter: &StatsFilter) -> Result<Vec<StatsRow>> {
    tx.all(sqlx::query_as!(
        StatsRow,
        r#"with sold as not materialized (
                 select given.promotion_id, given.redemption_id, given.evaluated_at, given.times, given.discount, given.points
                   from redemption_promotion as given
                  where given.tenant_id = $1 and given.promotion_id = any ($2::uuid[])
                    and given.evaluated_at >= $3 and ($4::timestamptz is null or given.evaluated_at < $4)
                    and not exists (select from redemption as other
                                     where other.tenant_id = $1 and other.redemption_id = given.redemption_id
                                       and other.state <> 'committed')
             ), back as not materialized (
                 select promotion_id, redemption_id, return_id, at, discount, points
                   from redemption_return_promotion
                  where tenant_id = $1 and promotion_id = any ($2::uuid[])
                    and at >= $3 and ($4::timestamptz is null or at < $4)
             ), entry as (
                 select promotion_id, width_bucket(evaluated_at, $5::timestamptz[]) as bucket, count(*) as redemptions,
                        sum(times) as times, sum(discount) as discount, sum(points) as points,
                        0 as returns, 0 as discount_back, 0 as points_back
                   from sold group by 1, 2
                 union all
                 select promotion_id, width_bucket(at, $5::timestamptz[]), 0, 0, 0, 0, count(*), sum(discount), sum(points)
                   from back group by 1, 2
             )
             -- Several promotions of one sale, or of one return, count once in the total of all promotions.
             select promotion_id as "promotion_id?", bucket as "bucket?",
                    case when grouping(promotion_id) = 0 or cardinality($2) = 1 then coalesce(sum(redemptions), 0)
                         else (select count(*) from (select distinct redemption_id from sold) as own)
                    end::bigint as "redemptions!",
                    coalesce(sum(times), 0)::bigint as "times!",
                    trim_scale(coalesce(sum(discount), 0))::text as "discount!",
                    trim_scale(coalesce(sum(points), 0))::text as "points!",
                    case when grouping(promotion_id) = 0 or cardinality($2) = 1 then coalesce(sum(returns), 0)
                         else (select count(*) from (select distinct redemption_id, return_id from back) as own)
                    end::bigint as "returns!",
                    trim_scale(coalesce(sum(discount_back), 0))::text as "discount_back!",
                    trim_scale(coalesce(sum(points_back), 0))::text as "points_back!"
               from entry
              group by grouping sets ((promotion_id, bucket), (promotion_id), ())
              order by promotion_id nulls first, bucket nulls first
              limit $6"#,
        tx.id(),
        &filter.promotions,
        filter.from,
        filter.to,
        &filter.starts,
        filter.limit,
    ))
    .await
}

/// Sales on which a promotion's benefit reached a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    pub promotion_id: Uuid,
    /// The place of the step, from 0.
    pub step: i16,
    pub redemptions: i64,
    /// In the form of [`StatsRow::discount`].
    pub discount: String,
}

/// Counts sales by the step that a promotion's benefit reached. Steps that no sale reached have no row.
pub async fn steps(tx: &mut TenantTx, filter: &StatsFilter) -> Result<Vec<StepRow>> {
    tx.all(sqlx::query_as!(
        StepRow,
        r#"select given.promotion_id, given.step as "step!", count(*) as "redemptions!",
                  trim_scale(sum(given.discount))::text as "discount!"
             from redemption_promotion as given
            where given.tenant_id = $1 and given.promotion_id = any ($2::uuid[])
              and given.evaluated_at >= $3 and ($4::timestamptz is null or given.evaluated_at < $4)
              and given.step is not null
              and not exists (select from redemption as other
                               where other.tenant_id = $1 and other.redemption_id = given.redemption_id
                                 and other.state <> 'committed')
            group by given.promotion_id, given.step
            order by given.promotion_id, given.step"#,
        tx.id(),
        &filter.promotions,
        filter.from,
        filter.to,
    ))
    .await
}

/// Reads the promotions of a campaign, or all, newest first, including archived ones.
pub async fn promotions(tx: &mut TenantTx, campaign: Option<&str>) -> Result<Vec<PromotionRow>> {
    tx.all(sqlx::query_as!(
        PromotionRow,
        r#"select promotion_id, status as "status: _", version, document::text as "document!", created_at, updated_at
             from promotion
            where tenant_id = $1 and ($2::text is null or campaign = $2)
            order by created_at desc, promotion_id desc"#,
        tx.id(),
        campaign,
    ))
    .await
}
