//! Settings (spec 4): whole for `PUT`, partial for `evaluate`; what is left out takes its default.

use super::custom_field;
use super::decode::{MAX_INTEGER, Object, Value};
use super::faults::{FaultCode, Faults};
use super::selector::{self, ListReference};
use super::write::Writer;
use crate::domain::names::Named;
use crate::domain::rounding::Rounding;
use crate::domain::settings::{MultiplePerLine, RankingCriterion, Settings, UnitStacking};

/// Most milliseconds of a search for the best price.
pub(crate) const MAX_BUDGET_MS: i64 = 200;
/// How long a hold may reserve, in seconds.
pub(crate) const HOLD_SECONDS: std::ops::RangeInclusive<i64> = 10..=86_400;
/// Most decimals of a discount.
pub(crate) const MAX_PRECISION: i64 = 4;

/// Whether a body may have the fields that `GET` adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Computed {
    /// They are ignored (`PUT`).
    Ignored,
    /// They are unknown fields (`evaluate`).
    Unknown,
}

/// Reads settings over `defaults`, those of the tenant's currency and zone. Product lists that they
/// name are added to `lists`.
pub fn parse(
    value: Value<'_, '_>,
    defaults: Settings,
    computed: Computed,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Settings> {
    let mut object = value.object(faults)?;
    if computed == Computed::Ignored {
        for name in ["version", "created_at", "updated_at"] {
            object.ignore(name, faults);
        }
    }
    let base = defaults;
    let currency = object.or("currency", base.currency, faults, |v, f| v.currency(f));
    let timezone = object.or("timezone", base.timezone, faults, |v, f| v.zone(f));
    let evaluation_order = choice(&mut object, "evaluation_order", base.evaluation_order, faults);
    let strategy = choice(&mut object, "strategy", base.strategy, faults);
    let per_line = base.multiple_promotions_per_line;
    let multiple_promotions_per_line =
        object.or("multiple_promotions_per_line", per_line.clone(), faults, |v, f| {
            multiple_per_line(v, per_line, lists, f)
        });
    let stacking = base.unit_stacking;
    let unit_stacking =
        object.or("unit_stacking", stacking, faults, |v, f| parse_unit_stacking(v, stacking, f));
    let several = base.multiple_cart_promotions;
    let multiple_cart_promotions =
        boolean(&mut object, "multiple_cart_promotions", several, faults);
    let percentage_base = choice(&mut object, "percentage_base", base.percentage_base, faults);
    let qualifying_items = choice(&mut object, "qualifying_items", base.qualifying_items, faults);
    let ranking = object.or("ranking", base.ranking, faults, parse_ranking);
    let rounding =
        object.or("rounding", base.rounding, faults, |v, f| parse_rounding(v, base.rounding, f));
    let budget = base.optimal_budget_ms;
    let optimal_budget_ms = object.or("optimal", budget, faults, |value, faults| {
        let mut object = value.object(faults)?;
        let budget = object.or("budget_ms", budget, faults, |v, f| v.integer(1..=MAX_BUDGET_MS, f));
        object.finish(faults)?;
        budget
    });
    let hold_seconds =
        object.or("hold_seconds", base.hold_seconds, faults, |v, f| v.integer(HOLD_SECONDS, f));
    let restore = base.restore_limits_on_return;
    let restore_limits_on_return =
        boolean(&mut object, "restore_limits_on_return", restore, faults);
    let custom_fields = object.or("custom_fields", base.custom_fields, faults, custom_field::parse);
    object.finish(faults)?;
    Some(Settings {
        currency: currency?,
        timezone: timezone?,
        evaluation_order: evaluation_order?,
        strategy: strategy?,
        multiple_promotions_per_line: multiple_promotions_per_line?,
        unit_stacking: unit_stacking?,
        multiple_cart_promotions: multiple_cart_promotions?,
        percentage_base: percentage_base?,
        qualifying_items: qualifying_items?,
        ranking: ranking?,
        rounding: rounding?,
        optimal_budget_ms: optimal_budget_ms?,
        hold_seconds: hold_seconds?,
        restore_limits_on_return: restore_limits_on_return?,
        custom_fields: custom_fields?,
    })
}

fn choice<T: Named>(
    object: &mut Object<'_, '_>,
    name: &str,
    default: T,
    faults: &mut Faults,
) -> Option<T> {
    object.or(name, default, faults, |v, f| v.choice(f))
}

fn boolean(
    object: &mut Object<'_, '_>,
    name: &str,
    default: bool,
    faults: &mut Faults,
) -> Option<bool> {
    object.or(name, default, faults, |v, f| v.boolean(f))
}

fn multiple_per_line(
    value: Value<'_, '_>,
    base: MultiplePerLine,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<MultiplePerLine> {
    let mut object = value.object(faults)?;
    let enabled = boolean(&mut object, "enabled", base.enabled, faults);
    let exclude = object.or("exclude", base.exclude, faults, |value, faults| {
        selector::parse(value, lists, faults).map(Some)
    });
    object.finish(faults)?;
    Some(MultiplePerLine { enabled: enabled?, exclude: exclude? })
}

fn parse_unit_stacking(
    value: Value<'_, '_>,
    base: UnitStacking,
    faults: &mut Faults,
) -> Option<UnitStacking> {
    let mut object = value.object(faults)?;
    let enabled = boolean(&mut object, "enabled", base.enabled, faults);
    let max_promotions = object.or("max_promotions", base.max_promotions, faults, |v, f| {
        v.integer(1..=MAX_INTEGER, f).map(Some)
    });
    object.finish(faults)?;
    Some(UnitStacking { enabled: enabled?, max_promotions: max_promotions? })
}

fn parse_ranking(value: Value<'_, '_>, faults: &mut Faults) -> Option<Vec<RankingCriterion>> {
    let most = RankingCriterion::ALL.len();
    let ranking: Vec<RankingCriterion> = value.list(0..=most, faults, |v, f| v.choice(f))?;
    for (index, criterion) in ranking.iter().enumerate() {
        if ranking.iter().take(index).any(|before| before == criterion) {
            let path = value.path().index(index);
            faults.add(&path, FaultCode::NotUnique, "is there twice");
        }
    }
    Some(ranking)
}

fn parse_rounding(value: Value<'_, '_>, base: Rounding, faults: &mut Faults) -> Option<Rounding> {
    let mut object = value.object(faults)?;
    let mode = choice(&mut object, "mode", base.mode, faults);
    let precision: Option<Option<u8>> =
        object.optional("precision", faults, |v, f| v.integer(0..=MAX_PRECISION, f));
    object.finish(faults)?;
    match precision? {
        Some(precision) => Rounding::new(mode?, precision),
        None => {
            let mut rounding = base;
            rounding.mode = mode?;
            Some(rounding)
        }
    }
}

/// Prints settings as they are answered, with their version.
pub fn print(writer: &mut Writer, settings: &Settings, version: i64) {
    writer.object(|writer| {
        print_members(writer, settings);
        writer.key("version").integer(version);
    });
}

/// The document that is stored; [`parse`] reads it back.
pub fn stored(settings: &Settings) -> String {
    let mut writer = Writer::with_capacity(1_024);
    writer.object(|writer| print_members(writer, settings));
    writer.finish()
}

fn print_members(writer: &mut Writer, settings: &Settings) {
    writer.key("currency").plain(settings.currency);
    writer.key("timezone").text(settings.timezone.name());
    writer.key("evaluation_order").name(settings.evaluation_order);
    writer.key("strategy").name(settings.strategy);
    writer.key("multiple_promotions_per_line").object(|writer| {
        let per_line = &settings.multiple_promotions_per_line;
        writer.key("enabled").boolean(per_line.enabled);
        let exclude = per_line.exclude.as_ref();
        writer.key("exclude").option(exclude, selector::print);
    });
    writer.key("unit_stacking").object(|writer| {
        writer.key("enabled").boolean(settings.unit_stacking.enabled);
        let most = settings.unit_stacking.max_promotions;
        writer.key("max_promotions").option(most, Writer::integer);
    });
    writer.key("multiple_cart_promotions").boolean(settings.multiple_cart_promotions);
    writer.key("percentage_base").name(settings.percentage_base);
    writer.key("qualifying_items").name(settings.qualifying_items);
    let ranking = settings.ranking.iter().copied();
    writer.key("ranking").list(ranking, Writer::name);
    writer.key("rounding").object(|writer| {
        writer.key("mode").name(settings.rounding.mode);
        writer.key("precision").integer(settings.rounding.precision());
    });
    writer.key("optimal").object(|writer| {
        writer.key("budget_ms").integer(settings.optimal_budget_ms);
    });
    writer.key("hold_seconds").integer(settings.hold_seconds);
    writer.key("restore_limits_on_return").boolean(settings.restore_limits_on_return);
    custom_field::print(writer.key("custom_fields"), &settings.custom_fields);
}
