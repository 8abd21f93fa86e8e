//! Closed sets in columns: texts in the database, enums here.
//!
//! Reading a text that this release does not know fails ([`UnknownName`]). A later release may have written it before
//! it was rolled back. Guessing its meaning could redeem twice or give back too little.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};
use thiserror::Error;

use crate::domain::backtest::BacktestState;
use crate::domain::benefit::Level;
use crate::domain::event::EventType;
use crate::domain::issuance::{ActivityType, IssuanceSource, IssuanceState};
use crate::domain::limit::{LimitSubject, Measure};
use crate::domain::names::Named;
use crate::domain::promotion::{PromotionType, Status};
use crate::domain::redemption::RedemptionState;
use crate::domain::role::Role;
use crate::domain::vocabulary::{NameField, NameSource};

/// A text that is not the name of any value of its set.
#[derive(Debug, Error)]
#[error("{0:?} is not known to this release")]
pub struct UnknownName(String);

macro_rules! stored {
    ($($type:ty),+ $(,)?) => {$(
        impl Type<Postgres> for $type {
            fn type_info() -> PgTypeInfo {
                <str as Type<Postgres>>::type_info()
            }

            fn compatible(other: &PgTypeInfo) -> bool {
                <str as Type<Postgres>>::compatible(other)
            }
        }

        impl PgHasArrayType for $type {
            fn array_type_info() -> PgTypeInfo {
                <&str as PgHasArrayType>::array_type_info()
            }
        }

        impl Encode<'_, Postgres> for $type {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                <&str as Encode<Postgres>>::encode(self.name(), buffer)
            }
        }

        impl Decode<'_, Postgres> for $type {
            fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
                let name = <&str as Decode<Postgres>>::decode(value)?;
                Self::named(name).ok_or_else(|| UnknownName(name.to_owned()).into())
            }
        }
    )+};
}

stored! {
    ActivityType,
    BacktestState,
    EventType,
    IssuanceSource,
    IssuanceState,
    Level,
    LimitSubject,
    Measure,
    NameField,
    NameSource,
    PromotionType,
    RedemptionState,
    Role,
    Status,
}
