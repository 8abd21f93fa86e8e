//! The components of closed sets. Each type is imported under the name of its component, and no two names collide.

use chrono::Weekday;

use super::schema::Titled;
use crate::domain::activity::MilestoneMeasure;
use crate::domain::benefit::{
    From as UnitsFrom, Level as DiscountLevel, Pick as PickOrder, PriceBase, Same as SameWithin,
    Spread as AmountPer, StepMeasure, Within as PickWithin,
};
use crate::domain::cart::Explain;
use crate::domain::evaluation::ReasonCode;
use crate::domain::event::EventType;
use crate::domain::finding::{FindingCode, Severity as FindingSeverity};
use crate::domain::issuance::{ActivityType, IssuanceSource, IssuanceState, MessageChannel};
use crate::domain::limit::RefreshUnit;
use crate::domain::promotion::{PromotionType, State as PromotionState, Status as LifecycleStatus};
use crate::domain::redemption::RedemptionState;
use crate::domain::role::Role as KeyRole;
use crate::domain::rounding::RoundingMode;
use crate::domain::selector::{Match as MatchMode, NumberOperator};
use crate::domain::settings::{
    EvaluationOrder, PercentageBase, QualifyingItems, RankingCriterion, Strategy,
};
use crate::domain::suggestion::SuggestionKind;
use crate::wire::audience::Type as AudienceType;
use crate::wire::custom_field::Type as CustomFieldType;
use crate::wire::issuance::{ExpiryType, TriggerType as EarningTrigger};
use crate::wire::selector::{Field as LineField, Operator};

macro_rules! titled {
    ($($type:ident,)+) => {$(
        impl Titled for $type {
            const TITLE: &'static str = stringify!($type);
        }
    )+};
}

titled! {
    ActivityType, AmountPer, AudienceType, CustomFieldType, DiscountLevel, EarningTrigger,
    EvaluationOrder, EventType, ExpiryType, Explain, FindingCode, FindingSeverity, IssuanceSource, IssuanceState, KeyRole,
    LifecycleStatus, LineField, MatchMode, MessageChannel, MilestoneMeasure, NumberOperator,
    Operator, PercentageBase, PickOrder, PickWithin, PriceBase, PromotionState, PromotionType,
    QualifyingItems, RankingCriterion, ReasonCode, RedemptionState, RefreshUnit, RoundingMode,
    SameWithin, StepMeasure, Strategy, SuggestionKind, UnitsFrom, Weekday,
}
