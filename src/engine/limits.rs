//! What is left of a promotion's limits, and how it bounds an application (spec 7.2, 7.3, 9).

use crate::domain::amount::{Money, Number};
use crate::domain::id::PromotionId;
use crate::domain::limit::{LimitName, LimitSubject, Limits, Measure};

/// How much of a limit is gone, in the window of the evaluation's time, for the subject that this
/// request is about. A limit that is not named is unused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Of which promotion.
    pub promotion_id: PromotionId,
    /// Which limit.
    pub limit: LimitName,
    /// A count, or an amount of money.
    pub amount: Number,
}

/// What is left of the limits of one promotion for one cart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// The tightest of all `times` limits.
    pub(crate) times: Option<i64>,
    /// The tightest of all `discount` limits.
    pub(crate) discount: Option<Money>,
}

impl Left {
    /// What is left, or the first limit that is used up: in the order earn, customer, promotion,
    /// code; times, transactions, discount (spec 7.2).
    pub(crate) fn of(limits: &Limits, used: &[&Used]) -> Result<Self, LimitName> {
        let mut left = Self {
            times: limits.cart.times.map(i64::from),
            discount: limits.cart.discount,
        };
        for (name, maximum) in bounds(limits) {
            let Some(maximum) = maximum else { continue };
            let used = used
                .iter()
                .filter(|used| used.limit == name)
                .map(|used| used.amount);
            let rest = maximum.minus(used.sum());
            if !rest.is_positive() {
                return Err(name);
            }
            match name.measure {
                Measure::Times => {
                    let times = rest.scaled() / Number::ONE.scaled();
                    left.times = Some(left.times.map_or(times, |own| own.min(times)));
                }
                Measure::Transactions => {}
                Measure::Discount => {
                    let rest = Money::from_scaled(rest.scaled());
                    left.discount = Some(left.discount.map_or(rest, |own| own.min(rest)));
                }
            }
        }
        Ok(left)
    }
}

/// All limits that a use counts against, in the order in which they are named.
fn bounds(limits: &Limits) -> [(LimitName, Option<Number>); 12] {
    use LimitSubject::{Code, Customer, Earn, Promotion};
    let earn = limits.earn;
    let (customer, promotion, code) = (limits.customer, limits.promotion, limits.code);
    let count = |max: u32| Number::from_scaled(i64::from(max) * Number::ONE.scaled());
    let amount = |money: Money| Number::from_scaled(money.scaled());
    let three =
        |subject, times: Option<u32>, transactions: Option<u32>, discount: Option<Money>| {
            let name = |measure| LimitName { subject, measure };
            [
                (name(Measure::Times), times.map(count)),
                (name(Measure::Transactions), transactions.map(count)),
                (name(Measure::Discount), discount.map(amount)),
            ]
        };
    let subject = |subject, own: crate::domain::limit::SubjectLimits| {
        three(
            subject,
            own.times.map(|limit| limit.max),
            own.transactions.map(|limit| limit.max),
            own.discount.map(|limit| limit.max),
        )
    };
    let [a, b, c] = three(Earn, earn.times, earn.transactions, earn.discount);
    let [d, e, f] = subject(Customer, customer);
    let [g, h, i] = subject(Promotion, promotion);
    let [j, k, l] = subject(Code, code);
    [a, b, c, d, e, f, g, h, i, j, k, l]
}
