//! The errors of this layer.

use std::borrow::Cow;
use std::sync::Arc;

use super::pool::NotDone;
use crate::cache::{LoadError, NoRoom};
use crate::db::DbError;
use crate::engine::{RuleSet, Unfinished};
use crate::wire::faults::{FaultCode, Faults, too_complex};

/// Why a use case failed. It is cheap to clone, because a failed transaction fails every order in it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("there is no such thing")]
    NotFound,
    #[error("the version is stale")]
    Stale,
    #[error("the request is invalid")]
    Invalid(Faults),
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// The present state forbids it.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The database failed or refused, perhaps for every order of one transaction.
    #[error(transparent)]
    Db(Arc<DbError>),
    /// The task that worked on it has died. Its outcome is unknown.
    #[error("the work was broken off")]
    Lost,
    /// The evaluation would take more steps than it may (spec 14). The faults name the promotions that took most.
    #[error("the evaluation is too complex")]
    TooComplex(Faults),
    #[error("the evaluation was stopped")]
    Stopped,
    #[error("the evaluation panicked")]
    Panicked,
    /// The pool did not run it.
    #[error(transparent)]
    NotDone(#[from] NotDone),
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl From<DbError> for ServiceError {
    fn from(error: DbError) -> Self {
        Self::Db(Arc::new(error))
    }
}

impl ServiceError {
    /// The error of an evaluation by these rules that ended without a result.
    pub(crate) fn unfinished(rules: &RuleSet, why: &Unfinished) -> Self {
        match why {
            Unfinished::Stopped => Self::Stopped,
            Unfinished::TooComplex(costly) => Self::TooComplex(too_complex(rules, costly)),
        }
    }

    /// An error with one fault of the body, at a JSON pointer.
    pub(super) fn fault(
        pointer: impl Into<String>,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Invalid(Faults::one(pointer, code, message))
    }

    pub(super) fn of_db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the same transaction will probably succeed if it is run again at once.
    pub(super) fn is_momentary(&self) -> bool {
        self.of_db().is_some_and(DbError::is_momentary)
    }

    /// The stored value is not one that this release writes there.
    pub(crate) fn unreadable(what: &str) -> Self {
        DbError::Unreadable(format!("{what} is not what is written there")).into()
    }
}

/// What the present state forbids (the 409s of spec 13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another promotion that is not archived has the name.
    NameTaken,
    /// The tenant already has this many active promotions, which is its maximum.
    ActivePromotionLimit(i32),
    /// The tenant would have more stores, lists, or SKUs on its lists than this maximum.
    TooMany {
        what: &'static str,
        maximum: i32,
    },
    /// These fields are fixed once a promotion has been live.
    LockedAfterLive(Vec<&'static str>),
    Archived,
    /// The status cannot change this way.
    InvalidTransition {
        from: &'static str,
        to: &'static str,
    },
    InUse,
    /// Other codes were generated under this batch name before.
    BatchTaken,
    /// Other promotions have these codes.
    CodesTaken(Vec<String>),
    /// The cart's discount differs from the expected one. This is the result.
    DiscountChanged(String),
    /// The transaction id was used with another body.
    TransactionIdReused,
    RedemptionCancelled,
    AlreadyCommitted,
    HoldExpired,
    HoldReplaced,
    NotCommitted,
    /// The return id was used with another body.
    ReturnIdReused,
    /// More would come back than was bought.
    ReturnExceedsPurchase,
    /// The promotion is neither live nor scheduled.
    PromotionNotActive,
    /// The promotion was issued to the customer as often as it may be.
    IssueLimitReached,
    /// The promotion was unlocked for the customer as often as it may be.
    EarnLimitReached,
    /// The source id was used for something else.
    SourceIdReused,
    /// The customer cannot claim it.
    NotActivatable,
    /// The activity's id was used with another body.
    ActivityIdReused,
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Why a transaction that used a rule set failed.
pub(super) enum Undone {
    /// The rules have changed and are at this version now.
    RulesMoved(i64),
    Failed(ServiceError),
}

impl<E: Into<ServiceError>> From<E> for Undone {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
