//! Counters: how much of a limit is gone, for one owner in one window (spec 9).

use uuid::Uuid;

use super::id::{CodeId, IssuanceId, PromotionId};
use super::limit::{LimitName, LimitSubject, Measure};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CounterKey {
    pub promotion_id: PromotionId,
    /// Whose use is counted.
    pub owner: Owner,
    pub measure: Measure,
    pub window: i32,
}

impl CounterKey {
    /// The limit that this counter counts for.
    pub fn limit(&self) -> LimitName {
        LimitName { subject: self.owner.subject(), measure: self.measure }
    }
}

/// Whose use is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// One issuance.
    Issuance(IssuanceId),
    /// One customer.
    Customer(String),
    Everybody,
    /// One code.
    Code(CodeId),
}

impl Owner {
    /// The subject of the limits that this owner has counters for.
    pub const fn subject(&self) -> LimitSubject {
        match self {
            Self::Issuance(_) => LimitSubject::Earn,
            Self::Customer(_) => LimitSubject::Customer,
            Self::Everybody => LimitSubject::Promotion,
            Self::Code(_) => LimitSubject::Code,
        }
    }

    /// The owner's id as text; empty for everybody.
    pub fn name(&self) -> String {
        match self {
            Self::Issuance(id) => id.to_string(),
            Self::Customer(id) => id.clone(),
            Self::Everybody => String::new(),
            Self::Code(id) => id.to_string(),
        }
    }

    /// The owner with this subject and name; `None` if the subject cannot have such a name.
    pub fn named(subject: LimitSubject, name: &str) -> Option<Self> {
        let uuid = || Uuid::try_parse(name).ok();
        match subject {
            LimitSubject::Earn => uuid().map(IssuanceId::new).map(Self::Issuance),
            LimitSubject::Customer => Some(Self::Customer(name.to_owned())),
            LimitSubject::Promotion => name.is_empty().then_some(Self::Everybody),
            LimitSubject::Code => uuid().map(CodeId::new).map(Self::Code),
        }
    }
}

/// How much is gone of a counter, holds included: a count, or an amount of money in ten-thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    pub counter: CounterKey,
    pub amount: i64,
}

/// A counter that limits a cart, and its bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    pub counter: CounterKey,
    /// The largest allowed value.
    pub maximum: i64,
}

/// What a redemption takes from a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The counter, and its bound.
    pub bound: Bound,
    /// How much is taken; over 0.
    pub amount: i64,
}
