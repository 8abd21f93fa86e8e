//! Settings (spec 4): complete for `PUT`, partial for `evaluate`. A field that is left out takes its default.

use super::body::*;
use super::custom_field::DEFINITIONS;
use super::decode::Value;
use super::faults::Faults;
use super::write::Writer;
use crate::domain::currency::Currency;
use crate::domain::names::Named;
use crate::domain::rounding::{Rounding, RoundingMode};
use crate::domain::selector::Selector;
use crate::domain::settings::{
    EvaluationOrder, MultiplePerLine, PercentageBase, QualifyingItems, RankingCriterion, Settings,
    SettingsChange, Strategy, UnitStacking,
};

/// Whether a body may have the fields that `GET` adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Computed {
    /// Those fields are ignored (`PUT`).
    Ignored,
    /// Those fields are unknown (`evaluate`).
    Unknown,
}

/// Reads settings. Currency and time zone default to those of `base`, the settings of the tenant.
pub fn parse(
    value: Value<'_, '_>,
    base: Settings,
    computed: Computed,
    faults: &mut Faults,
) -> Option<Settings> {
    let mut object = value.object(faults)?;
    if computed == Computed::Ignored {
        object.ignore(&["version", "created_at", "updated_at"], faults);
    }
    let settings: Option<Settings> = SettingsBody::members(&mut object, faults);
    let (has_currency, has_timezone) = (object.has("currency"), object.has("timezone"));
    object.finish(faults)?;
    let settings = settings?;
    Some(Settings {
        currency: if has_currency { settings.currency } else { base.currency },
        timezone: if has_timezone { settings.timezone } else { base.timezone },
        ..settings
    })
}

/// Reads settings of which only some are named.
pub fn replaced(value: Value<'_, '_>, faults: &mut Faults) -> Option<SettingsChange> {
    let mut object = value.object(faults)?;
    let to: Option<Settings> = SettingsBody::members(&mut object, faults);
    let mut copies: Vec<fn(&mut Settings, &Settings)> = Vec::new();
    macro_rules! copy {
        ($($name:literal: $field:ident,)+) => {
            $(if object.has($name) {
                copies.push(|own, to| own.$field = to.$field.clone());
            })+
        };
    }
    copy! {
        "currency": currency,
        "timezone": timezone,
        "evaluation_order": evaluation_order,
        "strategy": strategy,
        "multiple_promotions_per_line": multiple_promotions_per_line,
        "unit_stacking": unit_stacking,
        "multiple_cart_promotions": multiple_cart_promotions,
        "percentage_base": percentage_base,
        "qualifying_items": qualifying_items,
        "ranking": ranking,
        "rounding": rounding,
        "optimal": optimal_budget_ms,
        "hold_seconds": hold_seconds,
        "restore_limits_on_return": restore_limits_on_return,
        "max_discount_percent": max_discount_percent,
        "custom_fields": custom_fields,
    }
    object.finish(faults)?;
    Some(SettingsChange { to: to?, copies })
}

/// The document to store.
pub fn stored(settings: &Settings) -> String {
    let mut writer = Writer::for_storage();
    SettingsBody::print(&mut writer, settings);
    writer.finish()
}

answer! {
    /// How a tenant's carts are evaluated.
    pub struct SettingsAnswer "Settings" as (&Settings, i64) |(settings, version)| {
        settings: all_of::<SettingsBody>() => settings,
        /// The version, which grows with each change; also the `ETag`.
        version: computed(VERSION) => *version,
        created_at: ignored() => (),
        updated_at: ignored() => (),
    }
}

/// The defaults. Currency and time zone of the tenant are not known here.
fn defaults() -> Settings {
    Settings::defaults(Currency::NONE, chrono_tz::UTC)
}

body! {
    pub struct SettingsBody "" as Settings {
        /// The currency: three capital letters (ISO 4217). Default: the tenant's. It is fixed once a promotion has been
        /// live.
        currency: filled(CURRENCY) => Some(settings.currency),
        /// The time zone: a name of the IANA database. Default: the tenant's. It is fixed once a promotion has been
        /// live.
        timezone: filled(ZONE) => Some(settings.timezone),
        /// Whether item-level or cart-level promotions are applied first.
        evaluation_order: or(choice::<EvaluationOrder>(), EvaluationOrder::ItemsThenCart) =>
            settings.evaluation_order,
        /// How promotions combine.
        strategy: or(choice::<Strategy>(), Strategy::Ranked) => settings.strategy,
        multiple_promotions_per_line:
            or(part::<MultiplePerLine>(), defaults().multiple_promotions_per_line) =>
            settings.multiple_promotions_per_line,
        unit_stacking: or(part::<UnitStacking>(), defaults().unit_stacking) =>
            settings.unit_stacking,
        /// Whether more than one cart-level promotion may apply. Promotions that award points do not count.
        multiple_cart_promotions: or(BOOLEAN, true) => settings.multiple_cart_promotions,
        /// The amounts that percentages are taken of.
        percentage_base: or(choice::<PercentageBase>(), PercentageBase::Gross) =>
            settings.percentage_base,
        /// Whether units that met the condition of one promotion still count for the conditions of later promotions.
        qualifying_items: or(choice::<QualifyingItems>(), QualifyingItems::Shared) =>
            settings.qualifying_items,
        /// The criteria that rank promotions, most important first. Default: `exclusive`, `sequence`, `segmented`,
        /// `rewards`, `code_linked`, `earliest_expiry`, `maximum_discount`.
        ranking: or(
            distinct(choice::<RankingCriterion>(), 0..=RankingCriterion::ALL.len()),
            defaults().ranking
        ) => settings.ranking,
        rounding: or(part::<RoundingBody>(), Rounding::DEFAULT) => settings.rounding,
        optimal_budget_ms as "optimal": or(part::<OptimalBody>(), 20_u8) => settings.optimal_budget_ms,
        /// For how many seconds a hold reserves.
        hold_seconds: or(integer(10..=86_400), 300) => settings.hold_seconds,
        /// Whether returns give back to the limits what the redemption took.
        restore_limits_on_return: or(BOOLEAN, true) => settings.restore_limits_on_return,
        /// No unit is sold for less than its unit price less so many percent: over 0, at most 100, at most 4 decimals.
        /// Null: 100.
        max_discount_percent: recent(optional(PERCENTAGE)) => settings.max_discount_percent,
        /// The custom fields of promotions; each key once.
        custom_fields: or_empty(DEFINITIONS) => settings.custom_fields,
    } print |settings| read |object, faults| {
        let defaults = defaults();
        whole!(Settings {
            evaluation_order, strategy, multiple_promotions_per_line, unit_stacking,
            multiple_cart_promotions, percentage_base, qualifying_items, ranking, rounding,
            optimal_budget_ms, hold_seconds, restore_limits_on_return, max_discount_percent,
            custom_fields;
            currency: currency?.unwrap_or(defaults.currency),
            timezone: timezone?.unwrap_or(defaults.timezone),
        })
    }
}

body! {
    MultiplePerLine "" {
        /// Whether different promotions may discount different units of one line.
        enabled: or(BOOLEAN, true),
        /// Lines for which `enabled` counts as false.
        exclude: optional(part::<Selector>()),
    }
}

body! {
    UnitStacking "" {
        /// Whether several item-level promotions may claim the same unit.
        enabled: or(BOOLEAN, false),
        /// Most promotions that may claim one unit; null: no bound.
        max_promotions: optional(COUNT),
    }
}

body! {
    struct RoundingBody "" as Rounding {
        /// How discounts are rounded.
        mode: or(choice::<RoundingMode>(), Rounding::DEFAULT.mode) => rounding.mode,
        /// The number of decimals of discounts.
        precision: or(integer(0..=4), 2_u8) => rounding.precision(),
    } print |rounding| read |object, faults| { Rounding::new(mode?, precision?) }
}

body! {
    struct OptimalBody "" as u8 {
        /// Milliseconds that the search of the strategy `optimal` may take.
        budget_ms: or(integer(1..=200), 20) => *budget,
    } print |budget| read |object, faults| { budget_ms }
}
