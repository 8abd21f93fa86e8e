//! What promotions gave and got back over time, and what is left of their limits (spec 3).

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use chrono_tz::Tz;
use utoipa::IntoParams;

use super::{handler::*, schema};
use crate::db::stats::StatsRow;
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

/// Which time, and in which parts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `read` reads")]
pub struct PeriodParams {
    /// An RFC 3339 time: from then on. By default so long before `to`: 7 days in hours, 90 days in days, 52 weeks in
    /// weeks, 3 years in months.
    #[param(format = DateTime)]
    from: Option<String>,
    /// An RFC 3339 time: before then. By default until now.
    #[param(format = DateTime)]
    to: Option<String>,
    /// `hour`, `day`, `week` (from Monday) or `month` of the tenant's time zone; by default `day`. At most 1,000 of
    /// them between `from` and `to`.
    #[param(inline)]
    bucket: Option<Buckets>,
}

/// Which promotions.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `all` reads")]
pub struct CampaignParams {
    /// Only promotions of this campaign.
    #[param(max_length = 255)]
    campaign: Option<String>,
}

/// What a promotion gave and got back, by buckets of time, and what is left of its limits now
///
/// `buckets` has those with something in them, in order: committed sales by `evaluated_at` (`redemptions`, `times`,
/// `discount`, `points`), returns by their own time (`returns`: `count`, and the `discount` and `points` taken back).
/// `total` is all of them together. `limits` is as `usage` of the promotion.
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
    // The promotion is there, so that it is told of.
    let own = stats.promotions.first().ok_or(ApiError::NotFound)?;
    ok(PromotionStatsBody::document(&(own, &question, &stats)))
}

/// What the promotions of a campaign, or all, gave and got back, by buckets of time
///
/// `promotions` has an entry as of one promotion for each, newest first: those with something in the time that is asked
/// for, and of a `campaign` besides all that are not archived. `total` is of all of them; a sale on which two of them
/// applied is one redemption there. An answer of more than 10,000 buckets is refused (422).
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
    api.bulk_read(counted).await
}

fn read(query: &mut Query, subject: Subject) -> Question {
    let from = query.time("from");
    let to = query.time("to");
    let bucket = query.choice("bucket");
    Question { subject, bucket: bucket.unwrap_or(Bucket::Day), from, to }
}

answer! {
    struct Back "" as (Option<&StatsRow>, u32) |(row, precision)| {
        /// How many.
        count: required(SIZE) => row.map_or(0, |row| row.returns),
        /// Taken back, in the tenant's currency.
        discount: required(DECIMAL) => money(row.map_or("0", |row| &row.discount_back), *precision),
        /// Taken back.
        points: required(DECIMAL) => row.map_or("0", |row| &row.points_back),
    }
}

answer! {
    /// What was given, and what came back.
    pub struct Totals "StatsTotals" as (Option<&StatsRow>, u32) |(row, precision)| {
        /// Committed sales on which it applied.
        redemptions: required(SIZE) => row.map_or(0, |row| row.redemptions),
        /// How many times it was given.
        times: required(SIZE) => row.map_or(0, |row| row.times),
        /// Given, in the tenant's currency.
        discount: required(DECIMAL) => money(row.map_or("0", |row| &row.discount), *precision),
        /// Awarded.
        points: required(DECIMAL) => row.map_or("0", |row| &row.points),
        /// What came back.
        returns: required(part::<Back>()) => (*row, *precision),
    }
}

answer! {
    /// What was given and came back in a stretch of time.
    pub struct Stretch "StatsPeriod" as (&StatsRow, &Stats) |(row, stats)| {
        /// When it begins, on the tenant's clocks.
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
        /// How long each bucket is.
        bucket: required(choice::<Bucket>()) => question.bucket,
        /// The tenant's, on whose clocks buckets begin.
        timezone: required(ZONE) => stats.zone,
        /// Included.
        from: required(by(TIME)) => at(stats.from, stats.zone),
        /// Excluded; null: until now.
        to: optional(by(TIME)) => question.to.map(|to| at(to, stats.zone)),
    }
}

answer! {
    struct Head "" as PromotionStats |own| {
        /// Which.
        promotion_id: required(ID) => own.promotion.id.uuid(),
        /// Its name.
        name: required(WORDS) => own.promotion.terms.name,
        /// What it belongs to.
        campaign: optional(WORDS) => own.promotion.terms.campaign,
    }
}

answer! {
    struct Counted "" as (&PromotionStats, &Stats) |(own, stats)| {
        /// Those with something in them, in order.
        buckets: required(every(part::<Stretch>())) => with(&own.buckets, stats),
        /// All buckets together.
        total: required(part::<Totals>()) => (own.total.as_ref(), stats.precision),
        /// How far its limits are used now.
        limits: required(part::<wire::usage::UsageBody>()) => own.usage,
    }
}

/// Each of these with the answer of which it is a part.
fn with<'s, T>(own: &'s [T], stats: &'s Stats) -> Vec<(&'s T, &'s Stats)> {
    own.iter().map(|own| (own, stats)).collect()
}

answer! {
    /// What a promotion gave and got back.
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
    /// What promotions gave and got back.
    pub struct StatsBody "Stats" as (Option<&str>, &Question, &Stats) |(campaign, question, stats)| {
        /// The campaign that was asked for.
        campaign: optional(WORDS) => *campaign,
        period: all_of::<Period>() => &(*question, *stats),
        /// Newest first.
        promotions: required(every(part::<Entry>())) => with(&stats.promotions, stats),
        /// All of them; a sale on which two applied is one redemption.
        total: required(part::<Totals>()) => (stats.total.as_ref(), stats.precision),
    }
}

/// An amount from its digits in ten-thousandths.
fn money(digits: &str, precision: u32) -> String {
    let mut text = String::with_capacity(24);
    // Sums of 64-bit amounts fit 128 bits; writing to a string does not fail.
    let scaled = digits.parse::<i128>().unwrap_or_default();
    let _ = write_scaled(&mut text, scaled, DECIMALS, precision);
    text
}

/// Prints an instant on the tenant's clocks; in UTC where those show a year that RFC 3339 cannot write.
fn at(instant: DateTime<Utc>, zone: Tz) -> impl Fn(&mut Writer) {
    let local = instant.with_timezone(&zone);
    let text = if (0..=9999).contains(&local.year()) {
        local.to_rfc3339_opts(SecondsFormat::AutoSi, false)
    } else {
        instant.to_rfc3339_opts(SecondsFormat::AutoSi, false)
    };
    move |writer| writer.plain(&text)
}
