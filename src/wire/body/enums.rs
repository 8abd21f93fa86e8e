//! The components of closed sets: a name for each that collides with none of the other components.

use serde_json::Value;

use super::schema::{Titled, one_name};
use crate::domain::activity::MilestoneMeasure;
use crate::domain::benefit::{From, Level, Pick, PriceBase, Same, Spread, Within};
use crate::domain::cart::Explain;
use crate::domain::evaluation::ReasonCode;
use crate::domain::event::EventType;
use crate::domain::issuance::{ActivityType, IssuanceSource, IssuanceState, MessageChannel};
use crate::domain::limit::RefreshUnit;
use crate::domain::names::Named;
use crate::domain::promotion::{PromotionType, State, Status};
use crate::domain::redemption::RedemptionState;
use crate::domain::role::Role;
use crate::domain::rounding::RoundingMode;
use crate::domain::schedule::Weekday;
use crate::domain::selector::{Match, NumberOperator};
use crate::domain::settings::{
    EvaluationOrder, PercentageBase, QualifyingItems, RankingCriterion, Strategy,
};
use crate::wire::audience::Type as AudienceType;
use crate::wire::custom_field::Type as CustomFieldType;
use crate::wire::issuance::{ExpiryType, TriggerType};
use crate::wire::selector::{Field, Operator};

macro_rules! enums {
    ($($type:ident = $title:literal,)+) => {
        $(impl Titled for $type {
            const TITLE: &'static str = $title;
        })+

        /// All of them, by name.
        pub fn enums() -> Vec<(&'static str, Value)> {
            vec![$(($title, of::<$type>())),+]
        }
    };
}

enums! {
    ActivityType = "ActivityType",
    AudienceType = "AudienceType",
    CustomFieldType = "CustomFieldType",
    EvaluationOrder = "EvaluationOrder",
    EventType = "EventType",
    ExpiryType = "ExpiryType",
    Explain = "Explain",
    Field = "LineField",
    From = "UnitsFrom",
    IssuanceSource = "IssuanceSource",
    IssuanceState = "IssuanceState",
    Level = "DiscountLevel",
    Match = "MatchMode",
    MessageChannel = "MessageChannel",
    MilestoneMeasure = "MilestoneMeasure",
    NumberOperator = "NumberOperator",
    Operator = "Operator",
    PercentageBase = "PercentageBase",
    PriceBase = "PriceBase",
    Spread = "AmountPer",
    Pick = "PickOrder",
    PromotionType = "PromotionType",
    QualifyingItems = "QualifyingItems",
    RankingCriterion = "RankingCriterion",
    ReasonCode = "ReasonCode",
    RedemptionState = "RedemptionState",
    RefreshUnit = "RefreshUnit",
    Role = "KeyRole",
    RoundingMode = "RoundingMode",
    Same = "SameWithin",
    State = "PromotionState",
    Status = "LifecycleStatus",
    Strategy = "Strategy",
    TriggerType = "EarningTrigger",
    Weekday = "Weekday",
    Within = "PickWithin",
}

fn of<T: Named>() -> Value {
    let names: Vec<&str> = T::ALL.iter().map(|value| value.name()).collect();
    one_name(&names)
}
