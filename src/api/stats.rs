//! What promotions gave and got back over time, and what is left of their limits (spec 3).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use chrono_tz::Tz;
use utoipa::IntoParams;

use super::auth::Reader;
use super::extract::{Id, Query, choice};
use super::openapi::{Choice, Reading};
use super::problem::ApiError;
use super::{Api, edge, schema};
use crate::db::stats::StatsRow;
use crate::domain::amount::{DECIMALS, write_scaled};
use crate::domain::id::PromotionId;
use crate::domain::names::Named;
use crate::service::promotions::exists;
use crate::service::stats::{Bucket, PromotionStats, Question, Stats, Subject};
use crate::wire;
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

type Buckets = Choice<Bucket>;

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
    responses(
        (status = 200, description = "The statistics.", body = schema::PromotionStats),
        Reading))]
pub async fn of_promotion(
    State(api): State<Api>,
    reader: Reader,
    Id(promotion): Id<PromotionId>,
    mut query: Query,
) -> Result<Response, ApiError> {
    let subject = Subject::Promotion(promotion);
    let question = read(&mut query, subject);
    let finished = query.finish();
    let is_there = api
        .service()
        .db()
        .tenant(reader.tenant(), move |tx| Box::pin(async move { exists(tx, promotion).await }));
    api.admin_read(is_there).await?;
    finished?;
    let stats = answered(&api, &reader, question.clone()).await?;
    let mut writer = Writer::with_capacity(1_024);
    writer.object(|writer| {
        if let Some(own) = stats.promotions.first() {
            print_promotion(writer, own);
            print_period(writer, &question, &stats);
            print_stats(writer, own, &stats);
        }
    });
    Ok(edge::json(StatusCode::OK, writer.finish()))
}

/// What the promotions of a campaign, or all, gave and got back, by buckets of time
///
/// `promotions` has an entry as of one promotion for each, newest first: those with something in the time that is asked
/// for, and of a `campaign` besides all that are not archived. `total` is of all of them; a sale on which two of them
/// applied is one redemption there. An answer of more than 10,000 buckets is refused (422).
#[utoipa::path(get, path = "/v1/stats", operation_id = "read_stats", tag = "stats",
    security(("key" = ["admin", "viewer"])),
    params(CampaignParams, PeriodParams),
    responses(
        (status = 200, description = "The statistics.", body = schema::Stats),
        Reading))]
pub async fn all(
    State(api): State<Api>,
    reader: Reader,
    mut query: Query,
) -> Result<Response, ApiError> {
    let campaign = query.text("campaign");
    let subject = campaign.clone().map_or(Subject::Everything, Subject::Campaign);
    let question = read(&mut query, subject);
    query.finish()?;
    let stats = answered(&api, &reader, question.clone()).await?;
    let mut writer = Writer::with_capacity(4_096);
    writer.object(|writer| {
        let campaign = campaign.as_deref();
        writer.key("campaign").option(campaign, Writer::text);
        print_period(writer, &question, &stats);
        writer.key("promotions").list(&stats.promotions, |writer, own| {
            writer.object(|writer| {
                print_promotion(writer, own);
                print_stats(writer, own, &stats);
            });
        });
        let total = stats.total.as_ref();
        writer.key("total").object(|writer| {
            print_counts(writer, total, stats.precision);
        });
    });
    Ok(edge::json(StatusCode::OK, writer.finish()))
}

async fn answered(api: &Api, reader: &Reader, question: Question) -> Result<Stats, ApiError> {
    let counted = api.service().stats(reader.tenant(), question);
    api.bulk_read(counted).await
}

fn read(query: &mut Query, subject: Subject) -> Question {
    let from = query.time("from");
    let to = query.time("to");
    let bucket = choice::<Bucket>(query, "bucket");
    Question { subject, bucket: bucket.unwrap_or(Bucket::Day), from, to }
}

fn print_period(writer: &mut Writer, question: &Question, stats: &Stats) {
    writer.key("bucket").name(question.bucket);
    writer.key("timezone").text(stats.zone.name());
    writer.key("from").plain(local(stats.from, stats.zone));
    let to = question.to.map(|to| local(to, stats.zone));
    writer.key("to").option(to, |writer, time| writer.plain(time));
}

fn print_promotion(writer: &mut Writer, own: &PromotionStats) {
    let terms = &own.promotion.terms;
    writer.key("promotion_id").plain(own.promotion.id);
    writer.key("name").text(&terms.name);
    let campaign = terms.campaign.as_deref();
    writer.key("campaign").option(campaign, Writer::text);
}

fn print_stats(writer: &mut Writer, own: &PromotionStats, stats: &Stats) {
    writer.key("buckets").list(&own.buckets, |writer, row| {
        writer.object(|writer| {
            let place = row.bucket.and_then(|bucket| usize::try_from(bucket).ok());
            let start = place.and_then(|place| stats.starts.get(place.checked_sub(1)?));
            let start = start.map(|start| local(*start, stats.zone));
            writer.key("starts_at").option(start, |writer, start| writer.plain(start));
            print_counts(writer, Some(row), stats.precision);
        });
    });
    writer.key("total").object(|writer| {
        print_counts(writer, own.total.as_ref(), stats.precision);
    });
    wire::usage::print(writer.key("limits"), &own.usage);
}

fn print_counts(writer: &mut Writer, row: Option<&StatsRow>, precision: u32) {
    let count = |writer: &mut Writer, of: fn(&StatsRow) -> i64| {
        writer.integer(row.map_or(0, of));
    };
    let amount = |writer: &mut Writer, of: fn(&StatsRow) -> &str| {
        writer.plain(money(row.map_or("0", of), precision));
    };
    let decimal = |writer: &mut Writer, of: fn(&StatsRow) -> &str| {
        writer.plain(row.map_or("0", of));
    };
    count(writer.key("redemptions"), |row| row.redemptions);
    count(writer.key("times"), |row| row.times);
    amount(writer.key("discount"), |row| &row.discount);
    decimal(writer.key("points"), |row| &row.points);
    writer.key("returns").object(|writer| {
        count(writer.key("count"), |row| row.returns);
        amount(writer.key("discount"), |row| &row.discount_back);
        decimal(writer.key("points"), |row| &row.points_back);
    });
}

/// An amount from its digits in ten-thousandths.
fn money(digits: &str, precision: u32) -> String {
    let mut text = String::with_capacity(24);
    // Sums of 64-bit amounts fit 128 bits; writing to a string does not fail.
    let scaled = digits.parse::<i128>().unwrap_or_default();
    let _ = write_scaled(&mut text, scaled, DECIMALS, precision);
    text
}

/// An instant on the tenant's clocks; in UTC where those show a year that RFC 3339 cannot write.
fn local(instant: DateTime<Utc>, zone: Tz) -> String {
    let local = instant.with_timezone(&zone);
    if (0..=9999).contains(&local.year()) {
        local.to_rfc3339_opts(SecondsFormat::AutoSi, false)
    } else {
        instant.to_rfc3339_opts(SecondsFormat::AutoSi, false)
    }
}
