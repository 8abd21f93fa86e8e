//! Statistics: what promotions gave over time, what was taken back, and what is left of their limits (spec 3).

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use chrono_tz::Tz;
use utoipa::IntoParams;

use super::{handler::*, schema};
use crate::db::stats::{StatsRow, StepRow};
use crate::domain::amount::{DECIMALS, write_scaled};
use crate::domain::id::PromotionId;
use crate::domain::names::Named;
use crate::service::stats::{Bucket, PromotionStats, Question, Stats, Subject};
use crate::wire;
use crate::wire::body::*;
use crate::wire::write::Writer;

impl Named for Bucket {
    const ALL: &'static [Self] = &[Self::Hour, Self::Day, Self::Week, Self::Month];

    fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl Titled for Bucket {
    const TITLE: &'static str = "BucketSize";
}

type Buckets = OneNamed<Bucket>;

/// The period, and its division into buckets.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `read` reads")]
pub struct PeriodParams {
    /// An RFC 3339 time: the start of the period, included. The default depends on the bucket: 7 days before `to` for
    /// hours, 90 days for days, 52 weeks for weeks, 3 years for months.
    #[param(format = DateTime)]
    from: Option<String>,
    /// An RFC 3339 time: the end of the period, excluded. The default is now.
    #[param(format = DateTime)]
    to: Option<String>,
    /// `hour`, `day`, `week` (from Monday) or `month` in the tenant's time zone; the default is `day`. At most 1,000
    /// buckets between `from` and `to`.
    #[param(inline)]
    bucket: Option<Buckets>,
}

/// The promotions to count.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `all` reads")]
pub struct CampaignParams {
    /// Only promotions of this campaign.
    #[param(max_length = 255)]
    campaign: Option<String>,
}

/// Read what a promotion gave and what was taken back, by buckets of time, and what is left of its limits now
///
/// `buckets` has the buckets that are not empty, in order. Committed sales count at their `evaluated_at`
/// (`redemptions`, `times`, `discount`, `points`), returns at their own time (`returns`: `count`, and the `discount`
/// and `points` that were taken back). `total` sums up all buckets. `limits` is the same as `usage` of the promotion.
#[utoipa::path(get, path = "/v1/promotions/{id}/stats", operation_id = "read_promotion_stats", tag = "stats",
    security(("key" = ["admin", "viewer"])),
    params(("id" = Uuid, Path, description = "The promotion."), PeriodParams),
    responses((status = 200, description = "The statistics.", body = schema::PromotionStats), Reading))]
pub async fn of_promotion(
    api: Api,
    reader: Caller<Reader>,
    PathId(promotion): PathId<PromotionId>,
    mut query: Query,
) -> Answered {
    let subject = Subject::Promotion(promotion);
    let question = read(&mut query, subject);
    let finished = query.finish();
    api.require_promotion(reader.tenant(), promotion).await?;
    finished?;
    let stats = answered(&api, &reader, question.clone()).await?;
    // The promotion exists, so the statistics contain it.
    let own = stats.promotions.first().ok_or(ApiError::NotFound)?;
    ok(PromotionStatsBody::document(&(own, &question, &stats)))
}

/// Read what the promotions of a campaign, or all promotions, gave and what was taken back, by buckets of time
///
/// `promotions` has one entry for each promotion, newest first, with the members of the statistics of one promotion. It
/// contains the promotions with at least one bucket in the period, and with `campaign` also every other promotion of
/// the campaign that is not archived. `total` sums up all promotions; a sale on which two of them applied counts there
/// as one redemption. An answer of more than 10,000 buckets is refused (422).
#[utoipa::path(get, path = "/v1/stats", operation_id = "read_stats", tag = "stats",
    security(("key" = ["admin", "viewer"])), params(CampaignParams, PeriodParams),
    responses((status = 200, description = "The statistics.", body = schema::Stats), Reading))]
pub async fn all(api: Api, reader: Caller<Reader>, mut query: Query) -> Answered {
    let campaign = query.text("campaign");
    let subject = campaign.clone().map_or(Subject::Everything, Subject::Campaign);
    let question = read(&mut query, subject);
    query.finish()?;
    let stats = answered(&api, &reader, question.clone()).await?;
    let told = (campaign.as_deref(), &question, &stats);
    ok(StatsBody::document(&told))
}

async fn answered(
    api: &Api,
    reader: &Caller<Reader>,
    question: Question,
) -> Result<Stats, ApiError> {
    let counted = api.service().stats(reader.tenant(), question);
    api.within(Deadline::BulkRead, counted).await
}

fn read(query: &mut Query, subject: Subject) -> Question {
    let from = query.time("from");
    let to = query.time("to");
    let bucket = query.choice("bucket");
    Question { subject, bucket: bucket.unwrap_or(Bucket::Day), from, to }
}

answer! {
    struct Back "" as (Option<&StatsRow>, u32) |(row, precision)| {
        /// The number of returns.
        count: required(SIZE) => row.map_or(0, |row| row.returns),
        /// The discount that was taken back, in the tenant's currency.
        discount: required(DECIMAL) => money(row.map_or("0", |row| &row.discount_back), *precision),
        /// The points that were taken back.
        points: required(DECIMAL) => row.map_or("0", |row| &row.points_back),
    }
}

answer! {
    /// What was given, and what was taken back.
    pub struct Totals "StatsTotals" as (Option<&StatsRow>, u32) |(row, precision)| {
        /// Committed sales on which the promotion applied.
        redemptions: required(SIZE) => row.map_or(0, |row| row.redemptions),
        /// How many times the promotion was given.
        times: required(SIZE) => row.map_or(0, |row| row.times),
        /// The discount that was given, in the tenant's currency.
        discount: required(DECIMAL) => money(row.map_or("0", |row| &row.discount), *precision),
        /// The points that were awarded.
        points: required(DECIMAL) => row.map_or("0", |row| &row.points),
        /// The returns.
        returns: required(part::<Back>()) => (*row, *precision),
    }
}

answer! {
    /// What was given and taken back in one bucket.
    pub struct Stretch "StatsPeriod" as (&StatsRow, &Stats) |(row, stats)| {
        /// When the bucket begins, in the tenant's time zone.
        starts_at: optional(by(TIME)) => start(row, stats).map(|start| at(start, stats.zone)),
        counts: all_of::<Totals>() => &(Some(*row), stats.precision),
    }
}

fn start(row: &StatsRow, stats: &Stats) -> Option<DateTime<Utc>> {
    let place = usize::try_from(row.bucket?).ok()?.checked_sub(1)?;
    stats.starts.get(place).copied()
}

answer! {
    struct Period "" as (&Question, &Stats) |(question, stats)| {
        /// The length of a bucket.
        bucket: required(choice::<Bucket>()) => question.bucket,
        /// The tenant's time zone, in which buckets begin.
        timezone: required(ZONE) => stats.zone,
        /// The start of the period, included.
        from: required(by(TIME)) => at(stats.from, stats.zone),
        /// The end of the period, excluded; null: now.
        to: optional(by(TIME)) => question.to.map(|to| at(to, stats.zone)),
    }
}

answer! {
    struct Head "" as PromotionStats |own| {
        /// The promotion's id.
        promotion_id: required(ID) => own.promotion.id.uuid(),
        /// Its name.
        name: required(WORDS) => own.promotion.terms.name,
        /// The promotion's campaign.
        campaign: optional(WORDS) => own.promotion.terms.campaign,
    }
}

answer! {
    struct Counted "" as (&PromotionStats, &Stats) |(own, stats)| {
        /// The buckets that are not empty, in order.
        buckets: required(every(part::<Stretch>())) => with(&own.buckets, stats),
        /// The sum of all buckets.
        total: required(part::<Totals>()) => (own.total.as_ref(), stats.precision),
        /// With steps: the steps that sales in the period reached, in order.
        steps: absent(every(part::<StepStats>())) =>
            own.steps.as_ref().map(|rows| || rows.iter().map(|row| (row, stats.precision))),
        /// The present use of the promotion's limits.
        limits: required(part::<wire::usage::UsageBody>()) => own.usage,
    }
}

answer! {
    /// Committed sales on which the benefit reached a step.
    struct StepStats "StepStats" as (&StepRow, u32) |(row, precision)| {
        /// The place of the step, from 0.
        step: required(SIZE) => i64::from(row.step),
        /// The number of sales.
        redemptions: required(SIZE) => row.redemptions,
        /// The discount that was given, in the tenant's currency.
        discount: required(DECIMAL) => money(&row.discount, *precision),
    }
}

/// Pairs each entry with the statistics that it belongs to.
fn with<'s, T>(own: &'s [T], stats: &'s Stats) -> Vec<(&'s T, &'s Stats)> {
    own.iter().map(|own| (own, stats)).collect()
}

answer! {
    /// What a promotion gave, and what was taken back.
    pub struct PromotionStatsBody "PromotionStats" as (&PromotionStats, &Question, &Stats)
        |(own, question, stats)| {
        head: all_of::<Head>() => *own,
        period: all_of::<Period>() => &(*question, *stats),
        counted: all_of::<Counted>() => &(*own, *stats),
    }
}

answer! {
    struct Entry "" as (&PromotionStats, &Stats) |(own, stats)| {
        head: all_of::<Head>() => *own,
        counted: all_of::<Counted>() => &(*own, *stats),
    }
}

answer! {
    /// What promotions gave, and what was taken back.
    pub struct StatsBody "Stats" as (Option<&str>, &Question, &Stats) |(campaign, question, stats)| {
        /// The campaign that was asked for.
        campaign: optional(WORDS) => *campaign,
        period: all_of::<Period>() => &(*question, *stats),
        /// The promotions, newest first.
        promotions: required(every(part::<Entry>())) => with(&stats.promotions, stats),
        /// The sum of all promotions. A sale on which two of them applied is one redemption.
        total: required(part::<Totals>()) => (stats.total.as_ref(), stats.precision),
    }
}

/// Prints an amount that is given in ten-thousandths.
fn money(digits: &str, precision: u32) -> String {
    let mut text = String::with_capacity(24);
    // Sums of 64-bit amounts fit in 128 bits. Writing to a string does not fail.
    let scaled = digits.parse::<i128>().unwrap_or_default();
    let _ = write_scaled(&mut text, scaled, DECIMALS, precision);
    text
}

/// Prints an instant in the tenant's time zone, or in UTC if the local year is one that RFC 3339 cannot write.
fn at(instant: DateTime<Utc>, zone: Tz) -> impl Fn(&mut Writer) {
    let local = instant.with_timezone(&zone);
    let text = if (0..=9999).contains(&local.year()) {
        local.to_rfc3339_opts(SecondsFormat::AutoSi, false)
    } else {
        instant.to_rfc3339_opts(SecondsFormat::AutoSi, false)
    };
    move |writer| writer.plain(&text)
}
