//! How often and how much a promotion may give: subject × measure × window (spec 5.5, 9).

use super::amount::Money;

/// All limits of a promotion. Which type of promotion may have which limit is checked when a body is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Most issues to one customer. This limit has no window.
    pub issue_per_customer: Option<u32>,
    /// How often one customer may unlock it, and how much one unlocked issuance can be used.
    pub earn: EarnLimits,
    pub cart: CartLimits,
    pub customer: SubjectLimits,
    pub promotion: SubjectLimits,
    pub code: SubjectLimits,
}

/// A limit whose uses a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedLimit {
    pub name: LimitName,
    /// The largest allowed value: a count, or an amount of money in ten-thousandths.
    pub maximum: i64,
    /// When the count starts anew; `None`: never.
    pub refresh: Option<Refresh>,
}

impl Limits {
    /// The limits whose uses counters count. They are ordered by subject (earn, customer, promotion, code), then by
    /// measure (times, transactions, discount) (spec 7.2).
    pub fn counted(&self) -> impl Iterator<Item = CountedLimit> {
        let earn = SubjectLimits {
            times: self.earn.times.map(Limit::for_good),
            transactions: self.earn.transactions.map(Limit::for_good),
            discount: self.earn.discount.map(Limit::for_good),
        };
        [
            (LimitSubject::Earn, earn),
            (LimitSubject::Customer, self.customer),
            (LimitSubject::Promotion, self.promotion),
            (LimitSubject::Code, self.code),
        ]
        .into_iter()
        .flat_map(|(subject, limits)| limits.counted(subject))
        .flatten()
    }
}

/// `limits.earn`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EarnLimits {
    /// Most unlocks by one customer. This limit has no window.
    pub per_customer: Option<u32>,
    /// Most applications of one issuance.
    pub times: Option<u32>,
    /// Most carts that one issuance can be used for.
    pub transactions: Option<u32>,
    /// Most discount that one issuance gives.
    pub discount: Option<Money>,
}

/// `limits.cart`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CartLimits {
    pub times: Option<u32>,
    pub discount: Option<Money>,
}

/// The limits of one subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubjectLimits {
    pub times: Option<Limit<u32>>,
    pub transactions: Option<Limit<u32>>,
    pub discount: Option<Limit<Money>>,
}

impl SubjectLimits {
    /// Whether there is no limit.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn counted(self, subject: LimitSubject) -> [Option<CountedLimit>; 3] {
        let counted = |measure, maximum, refresh| CountedLimit {
            name: LimitName { subject, measure },
            maximum,
            refresh,
        };
        let count = |measure, limit: Option<Limit<u32>>| {
            limit.map(|own| counted(measure, i64::from(own.max), own.refresh))
        };
        [
            count(Measure::Times, self.times),
            count(Measure::Transactions, self.transactions),
            self.discount.map(|own| counted(Measure::Discount, own.max.scaled(), own.refresh)),
        ]
    }
}

/// A bound, and when its count starts anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit<T> {
    pub max: T,
    /// `None`: never.
    pub refresh: Option<Refresh>,
}

impl<T> Limit<T> {
    /// A bound whose count never starts anew.
    const fn for_good(max: T) -> Self {
        Self { max, refresh: None }
    }
}

/// The windows of a limit: so many calendar units in the tenant's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// How many units make a window.
    pub every: u32,
    pub unit: RefreshUnit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshUnit {
    Day,
    Week,
    Month,
}

/// Whose use is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitSubject {
    Earn,
    Customer,
    Promotion,
    Code,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    Times,
    Transactions,
    Discount,
}

/// The name of a limit, as `customer.times`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitName {
    pub subject: LimitSubject,
    pub measure: Measure,
}
