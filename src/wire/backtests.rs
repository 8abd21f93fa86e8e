//! Backtests: what is asked for, and what past redemptions would have come to (spec 15.3).

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::body::*;
use super::decode::Value;
use super::drafts::{self, DraftInput, MAX_WITHOUT};
use super::evaluation::PromotionName;
use super::faults::{FaultCode, Faults};
use super::settings::SettingsBody;
use super::write::Writer;
use crate::domain::backtest::{BacktestOrder, MAX_DAYS, MAX_REDEMPTIONS, USUAL_REDEMPTIONS};
use crate::domain::draft::MAX_DRAFTS;
use crate::domain::id::PromotionId;
use crate::domain::local_time::instant;
use crate::engine::{Arms, Comparison, Example, Given, RuleSet, Sums};

const REDEMPTIONS: Integer = integer(1..=MAX_REDEMPTIONS as i64);

/// Reads what is asked for.
pub fn parse(value: Value<'_, '_>, faults: &mut Faults) -> Option<BacktestOrder> {
    let mut object = value.object(faults)?;
    let name = object.required("name", faults, |value, faults| NAME.read(value, faults));
    let from = object.required("from", faults, |value, faults| INSTANT.read(value, faults));
    let to = object.required("to", faults, |value, faults| INSTANT.read(value, faults));
    let drafts = drafts::members(&mut object, faults);
    let most = object.or("max_redemptions", USUAL_REDEMPTIONS, faults, |value, faults| {
        REDEMPTIONS.read(value, faults)
    });
    if let (Some(from), Some(to)) = (from, to) {
        check_period(value, from, to, faults);
    }
    object.finish(faults)?;
    let drafts = drafts?.unwrap_or_default();
    let (name, from, to): (String, DateTime<Utc>, DateTime<Utc>) = (name?, from?, to?);
    Some(BacktestOrder { name, from, to, drafts, max_redemptions: most? })
}

fn check_period(body: Value<'_, '_>, from: DateTime<Utc>, to: DateTime<Utc>, faults: &mut Faults) {
    let place = body.path.key("to");
    if to <= from {
        faults.add(&place, FaultCode::NotAfter, "must be after from");
    } else if to - from > TimeDelta::days(MAX_DAYS) {
        let message = format!("must be at most {MAX_DAYS} days after from");
        faults.add(&place, FaultCode::OutOfRange, message);
    }
}

described! {
    /// What would past redemptions have come to under today's rules, and under these with changes?
    pub struct BacktestInput "" {
        /// A name to find it by. Names may repeat.
        name: required(NAME),
        /// The committed redemptions that were evaluated at this instant or later, ...
        from: required(INSTANT),
        /// ... and before this one: at most 400 days later.
        to: required(INSTANT),
        /// Promotions to add to today's rules, or to replace stored ones with.
        with: absent(list(part::<DraftInput>(), 0..=MAX_DRAFTS)),
        /// Stored promotions to leave out.
        without: absent(list(ID, 0..=MAX_WITHOUT)),
        /// Settings to replace. Those that are not named stay as they are.
        settings: absent(part::<SettingsBody>()),
        /// How many redemptions are priced at most. If there are more, every k-th one is, with the least k that
        /// suffices.
        max_redemptions: or(REDEMPTIONS, USUAL_REDEMPTIONS),
    }
}

/// What belongs to a comparison and is needed to print it.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub rules: &'a Arms<Arc<RuleSet>>,
    /// Of so many redemptions one was priced.
    pub every: u64,
}

impl Context<'_> {
    fn precision(&self) -> u32 {
        self.rules.baseline.settings().rounding.precision()
    }

    /// The instant at which a day begins.
    fn start(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        instant(midnight, self.rules.baseline.settings().timezone).unwrap_or(midnight.and_utc())
    }

    fn name(&self, id: PromotionId) -> &str {
        let known = self.rules.baseline.by_id(id).or_else(|| self.rules.changed.by_id(id));
        known.map_or("", |promotion| promotion.terms.name.as_str())
    }
}

/// Prints a result.
pub fn print(comparison: &Comparison, context: Context<'_>) -> String {
    let mut writer = Writer::with_capacity(4_096);
    ComparisonBody::print(&mut writer, &(comparison, context));
    writer.finish()
}

answer! {
    /// What past redemptions would have come to. Amounts are those of the carts, in their currencies.
    pub struct ComparisonBody "BacktestResult" as (&Comparison, Context<'_>) |(own, context)| {
        /// How many redemptions were priced.
        redemptions: required(SIZE) => count(own.redemptions),
        /// Of so many redemptions one was priced.
        sampled_every: required(SIZE) => count(context.every),
        /// Σ unit price × quantity.
        gross: required(DECIMAL) => (&own.gross, context.precision()),
        /// What was recorded.
        recorded: required(part::<RecordedBody>()) => (&own.recorded, context.precision()),
        /// Under today's rules.
        baseline: required(part::<SumsBody>()) => (&own.sums.baseline, context.precision()),
        /// Under today's rules with the changes.
        changed: required(part::<SumsBody>()) => (&own.sums.changed, context.precision()),
        /// Carts whose discount is larger with the changes.
        better: required(SIZE) => count(own.better),
        /// Carts whose discount is smaller with the changes.
        worse: required(SIZE) => count(own.worse),
        /// Carts whose discount is the same.
        same: required(SIZE) => count(own.same),
        /// The promotions that applied, in the order of their ids; new drafts last.
        promotions: required(every(part::<ComparedPromotionBody>())) => || {
            // Ids of drafts descend.
            let stored = own.promotions.iter().filter(|(id, _)| id.draft_place().is_none());
            let drafts = own.promotions.iter().rev().filter(|(id, _)| id.draft_place().is_some());
            stored.chain(drafts).map(|(id, given)| (*id, given, *context))
        },
        /// The days of the tenant's calendar with redemptions, in their order.
        days: required(every(part::<ComparedDayBody>())) => || {
            own.days.iter().map(|(day, sums)| (context.start(*day), sums, context.precision()))
        },
        /// At most 10 redemptions: those whose discounts differ most, the largest difference first.
        examples: required(every(part::<ExampleBody>())) =>
            || own.examples.iter().map(|example| (example, context.precision())),
    }
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

answer! {
    struct RecordedBody "" as (&Sums, u32) |(own, precision)| {
        /// The discount of all carts.
        discount: required(DECIMAL) => (&own.discount, *precision),
        /// How many carts had a discount.
        carts: required(SIZE) => count(own.carts),
    }
}

answer! {
    /// What carts came to.
    struct SumsBody "BacktestSums" as (&Sums, u32) |(own, precision)| {
        /// The discount of all carts.
        discount: required(DECIMAL) => (&own.discount, *precision),
        /// The points that were awarded.
        points: required(DECIMAL) => (&own.points, 0),
        /// How many carts had a discount.
        carts: required(SIZE) => count(own.carts),
    }
}

answer! {
    struct ComparedPromotionBody "" as (PromotionId, &Arms<Given>, Context<'_>)
        |(id, given, context)| {
        /// The promotion's id, or `draft:` and its place.
        promotion_id: required(PromotionName) => *id,
        /// The promotion's name.
        name: required(WORDS) => context.name(*id),
        /// What it gave under today's rules.
        baseline: required(part::<GivenBody>()) => (&given.baseline, context.precision()),
        /// What it gave with the changes.
        changed: required(part::<GivenBody>()) => (&given.changed, context.precision()),
    }
}

answer! {
    /// What a promotion gave.
    struct GivenBody "BacktestGiven" as (&Given, u32) |(own, precision)| {
        /// How often its benefit applied.
        times: required(SIZE) => own.times,
        sums: all_of::<SumsBody>() => &(&own.sums, *precision),
    }
}

answer! {
    struct ComparedDayBody "" as (DateTime<Utc>, &Arms<Sums>, u32) |(from, sums, precision)| {
        /// When the day begins.
        from: required(INSTANT) => *from,
        /// Under today's rules.
        baseline: required(part::<SumsBody>()) => (&sums.baseline, *precision),
        /// With the changes.
        changed: required(part::<SumsBody>()) => (&sums.changed, *precision),
    }
}

answer! {
    struct ExampleBody "" as (&Example, u32) |(own, precision)| {
        /// The caller's id of the transaction.
        transaction_id: required(WORDS) => own.transaction_id,
        /// The discount under today's rules.
        baseline: required(DECIMAL) => (own.discounts.baseline, *precision),
        /// The discount with the changes.
        changed: required(DECIMAL) => (own.discounts.changed, *precision),
    }
}
