//! What promotions gave and took back, in buckets of the tenant's calendar, and how far their limits are used now.

use std::collections::BTreeMap;

use chrono::{
    DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc,
};
use chrono_tz::Tz;
use uuid::Uuid;

use super::{Service, ServiceError, settings, usage};
use crate::db::stats::{StatsFilter, StatsRow, StepRow};
use crate::db::{self, TenantTx};
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::local_time::instant;
use crate::domain::promotion::{Promotion, Status};
use crate::domain::usage::Usage;
use crate::stored;
use crate::wire::faults::FaultCode;

/// The start of the year 0, in seconds since 1970.
const YEAR_ZERO: i64 = -62_167_219_200;
/// Most buckets that one question may span, empty ones included.
pub const MAX_BUCKETS: usize = 1_000;
/// Most rows of one answer, and most promotions.
pub const MAX_ENTRIES: usize = 10_000;

/// How long a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    Hour,
    Day,
    /// A week, from Monday.
    Week,
    Month,
}

impl Bucket {
    /// The period before the end if the question has no `from`.
    const fn usual_span(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::days(7),
            Self::Day => TimeDelta::days(90),
            Self::Week => TimeDelta::days(52 * 7),
            Self::Month => TimeDelta::days(3 * 365),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Subject {
    Promotion(PromotionId),
    Campaign(String),
    Everything,
}

#[derive(Clone, Debug)]
pub struct Question {
    pub subject: Subject,
    pub bucket: Bucket,
    /// The start, included. Without it, the period is the bucket's usual span before the end.
    pub from: Option<DateTime<Utc>>,
    /// The end, excluded. Without it, the period ends now.
    pub to: Option<DateTime<Utc>>,
}

#[derive(Debug)]
pub struct Stats {
    /// The tenant's time zone, which defines the buckets.
    pub zone: Tz,
    /// The least number of decimals of amounts.
    pub precision: u32,
    pub from: DateTime<Utc>,
    /// The start of each bucket. A row's bucket number counts from 1.
    pub starts: Vec<DateTime<Utc>>,
    pub promotions: Vec<PromotionStats>,
    /// The totals of all promotions; `None` if nothing happened.
    pub total: Option<StatsRow>,
}

/// What one promotion gave and took back.
#[derive(Debug)]
pub struct PromotionStats {
    pub promotion: Promotion,
    /// Buckets that are not empty, in order.
    pub buckets: Vec<StatsRow>,
    /// The totals of all buckets; `None` if nothing happened.
    pub total: Option<StatsRow>,
    /// The steps of its benefit that sales reached, in order; `None` if it has no steps.
    pub steps: Option<Vec<StepRow>>,
    /// How far its limits are used now.
    pub usage: Usage,
}

impl Service {
    /// Counts sales and returns, from one snapshot of the database.
    pub async fn stats(&self, tenant: TenantId, question: Question) -> Result<Stats, ServiceError> {
        let offset = self.clock().offset();
        let counted = self.db().snapshot(tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                count(tx, offset, question).await
            })
        });
        counted.await
    }
}

async fn count(
    tx: &mut TenantTx,
    offset: TimeDelta,
    question: Question,
) -> Result<Stats, ServiceError> {
    let rows = match &question.subject {
        Subject::Promotion(id) => {
            let row = db::promotions::get(tx, *id).await?;
            vec![row.ok_or(ServiceError::NotFound)?]
        }
        Subject::Campaign(campaign) => db::stats::promotions(tx, Some(campaign)).await?,
        Subject::Everything => db::stats::promotions(tx, None).await?,
    };
    let (settings, _) = settings::read(tx).await?;
    let now = db::redemptions::now(tx).await?;
    let now = now.checked_add_signed(offset).unwrap_or(now);
    let (from, starts) = period(&question, settings.timezone, now)?;
    let most = i64::try_from(MAX_ENTRIES).unwrap_or(i64::MAX);
    let filter = StatsFilter {
        promotions: rows.iter().map(|row| row.promotion_id).collect(),
        from,
        to: question.to,
        starts,
        limit: most.saturating_add(1),
    };
    let mut total = None;
    let mut found: BTreeMap<Uuid, (Option<StatsRow>, Vec<StatsRow>)> = BTreeMap::new();
    let counted = db::stats::count(tx, &filter).await?;
    let is_cut = counted.len() > MAX_ENTRIES;
    for row in counted {
        match (row.promotion_id, row.bucket) {
            (None, _) => total = Some(row).filter(|row| row.redemptions + row.returns > 0),
            (Some(id), None) => found.entry(id).or_default().0 = Some(row),
            (Some(id), Some(_)) => found.entry(id).or_default().1.push(row),
        }
    }
    let shown = rows.iter().filter(|row| {
        let is_asked_for = match question.subject {
            Subject::Promotion(_) => true,
            Subject::Campaign(_) => row.status != Status::Archived,
            Subject::Everything => false,
        };
        is_asked_for || found.contains_key(&row.promotion_id)
    });
    let promotions: Vec<Promotion> = shown.map(stored::promotion).collect::<Result<_, _>>()?;
    if is_cut || promotions.len() > MAX_ENTRIES {
        let message = format!(
            "the answer has more than {MAX_ENTRIES} entries: ask for a shorter time or a longer bucket"
        );
        return Err(ServiceError::fault("/bucket", FaultCode::TooMany, message));
    }
    let usages = usage::of(tx, offset, &promotions).await?;
    let mut steps: BTreeMap<Uuid, Vec<StepRow>> = BTreeMap::new();
    if promotions.iter().any(|own| own.terms.steps.is_some()) {
        for row in db::stats::steps(tx, &filter).await? {
            steps.entry(row.promotion_id).or_default().push(row);
        }
    }
    let promotions = promotions.into_iter().zip(usages);
    let promotions = promotions.map(|(promotion, usage)| {
        let id = promotion.id.uuid();
        let (total, buckets) = found.remove(&id).unwrap_or_default();
        let steps = promotion.terms.steps.is_some().then(|| steps.remove(&id).unwrap_or_default());
        PromotionStats { promotion, buckets, total, steps, usage }
    });
    Ok(Stats {
        zone: settings.timezone,
        precision: settings.rounding.precision(),
        from,
        promotions: promotions.collect(),
        starts: filter.starts,
        total,
    })
}

/// The start of the period, and the start of each bucket.
fn period(
    question: &Question,
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, Vec<DateTime<Utc>>), ServiceError> {
    let until = question.to.map_or(now, |to| to.min(now));
    let usual = || {
        let from = until.checked_sub_signed(question.bucket.usual_span())?;
        // RFC 3339 cannot write earlier years.
        Some(from.max(DateTime::from_timestamp(YEAR_ZERO, 0)?))
    };
    let from = question.from.or_else(usual).unwrap_or(until);
    if question.to.is_some_and(|to| to <= from) {
        return Err(ServiceError::fault("/to", FaultCode::NotAfter, "must be after from"));
    }
    let starts = starts(question.bucket, zone, from, until.max(from)).ok_or_else(|| {
        let message = format!("the time has more than {MAX_BUCKETS} of them");
        ServiceError::fault("/bucket", FaultCode::TooMany, message)
    })?;
    Ok((from, starts))
}

/// The start of each bucket, from the one that contains `from` to the one that contains `until`. `None` if they are too
/// many.
fn starts(
    bucket: Bucket,
    zone: Tz,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<Vec<DateTime<Utc>>> {
    let mut starts = vec![start_of(bucket, zone, from)?];
    loop {
        let last = *starts.last()?;
        let next = following(bucket, zone, last)?;
        if next > until {
            return Some(starts);
        }
        if starts.len() >= MAX_BUCKETS {
            return None;
        }
        starts.push(next);
    }
}

/// The start of the bucket that contains an instant.
fn start_of(bucket: Bucket, zone: Tz, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let local = at.with_timezone(&zone);
    let day = local.date_naive();
    let first = match bucket {
        Bucket::Hour => {
            // Go back to the full hour by elapsed time, so that an hour that occurs twice is two buckets.
            let within = local.minute() * 60 + local.second();
            let within = TimeDelta::seconds(i64::from(within))
                .checked_add(&TimeDelta::nanoseconds(i64::from(local.nanosecond())))?;
            return at.checked_sub_signed(within);
        }
        Bucket::Day => day,
        Bucket::Week => {
            let since = u64::from(day.weekday().num_days_from_monday());
            day.checked_sub_days(Days::new(since))?
        }
        Bucket::Month => day.with_day(1)?,
    };
    midnight(first, zone)
}

/// The start of the bucket after the one that starts at `start`. It is always later than `start`, even where the
/// calendar skips a day.
fn following(bucket: Bucket, zone: Tz, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if bucket == Bucket::Hour {
        let next = start.checked_add_signed(Duration::hours(1))?;
        let aligned = start_of(bucket, zone, next)?;
        return Some(if aligned > start { aligned } else { next });
    }
    let mut day = start.with_timezone(&zone).date_naive();
    loop {
        day = match bucket {
            Bucket::Hour | Bucket::Day => day.checked_add_days(Days::new(1))?,
            Bucket::Week => day.checked_add_days(Days::new(7))?,
            Bucket::Month => day.checked_add_months(Months::new(1))?,
        };
        let next = midnight(day, zone)?;
        if next > start {
            return Some(next);
        }
    }
}

fn midnight(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    instant(day.and_time(NaiveTime::MIN), zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn check(bucket: Bucket, zone: Tz, from: &str, until: &str, expected: &[&str]) {
        let found = starts(bucket, zone, at(from), at(until)).unwrap();
        let found: Vec<String> =
            found.iter().map(|start| start.with_timezone(&zone).to_rfc3339()).collect();
        assert_eq!(found, expected, "{bucket:?} from {from} until {until}");
    }

    #[test]
    fn buckets_are_those_of_the_calendar() {
        let berlin = chrono_tz::Europe::Berlin;
        let kolkata = chrono_tz::Asia::Kolkata;
        check(
            Bucket::Day,
            kolkata,
            "2026-06-01T20:00:00Z",
            "2026-06-02T18:30:00Z",
            &["2026-06-02T00:00:00+05:30", "2026-06-03T00:00:00+05:30"],
        );
        check(
            Bucket::Week,
            kolkata,
            "2026-06-03T00:00:00+05:30",
            "2026-06-08T00:00:00+05:30",
            &["2026-06-01T00:00:00+05:30", "2026-06-08T00:00:00+05:30"],
        );
        check(
            Bucket::Month,
            berlin,
            "2026-02-28T12:00:00+01:00",
            "2026-04-01T00:00:00+02:00",
            &[
                "2026-02-01T00:00:00+01:00",
                "2026-03-01T00:00:00+01:00",
                "2026-04-01T00:00:00+02:00",
            ],
        );
        // The hour from two o'clock occurs twice when the clock goes back, and never when it goes forward.
        check(
            Bucket::Hour,
            berlin,
            "2026-10-25T02:30:00+02:00",
            "2026-10-25T03:00:00+01:00",
            &[
                "2026-10-25T02:00:00+02:00",
                "2026-10-25T02:00:00+01:00",
                "2026-10-25T03:00:00+01:00",
            ],
        );
        check(
            Bucket::Hour,
            berlin,
            "2026-03-29T01:59:59.5+01:00",
            "2026-03-29T03:00:00+02:00",
            &["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"],
        );
        // Samoa skipped December 30, 2011.
        check(
            Bucket::Day,
            chrono_tz::Pacific::Apia,
            "2011-12-29T12:00:00-10:00",
            "2011-12-31T12:00:00+14:00",
            &["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"],
        );
    }

    #[test]
    fn buckets_are_bounded() {
        let (from, until) = (at("2020-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"));
        assert!(starts(Bucket::Day, chrono_tz::UTC, from, until).is_none());
        let weeks = starts(Bucket::Week, chrono_tz::UTC, from, until).unwrap();
        assert!(weeks.windows(2).all(|pair| pair[0] < pair[1]));
        // A time zone whose daylight saving is half an hour.
        let half = chrono_tz::Australia::Lord_Howe;
        let hours =
            starts(Bucket::Hour, half, at("2026-04-01T00:00:00Z"), at("2026-04-09T00:00:00Z"));
        assert!(hours.unwrap().windows(2).all(|pair| pair[0] < pair[1]));
    }
}
