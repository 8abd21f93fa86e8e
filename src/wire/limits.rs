//! Limits: how often and how much, and which type of promotion may have which (spec 5.5).

use super::body::*;
use super::faults::{FaultCode, Faults, Path};
use crate::domain::amount::Money;
use crate::domain::limit::{
    CartLimits, EarnLimits, Limit, Limits, Refresh, RefreshUnit, SubjectLimits,
};
use crate::domain::promotion::PromotionType;

/// Most issues of one promotion to one customer.
const MAX_ISSUES: i64 = 50;
/// Most calendar units of one window (the spec's bound on days).
const MAX_WINDOW: i64 = 3_650;

body! {
    /// How often and how much. Every part is optional; what a type may not have is 422 `limit_not_supported`.
    Limits "Limits" {
        /// Goes with `loyalty`, `loyalty_earning` and `rewards`.
        issue_per_customer as "issue": unless_empty(part::<IssueLimit>()),
        /// Goes with `loyalty_earning` and `rewards`.
        earn: unless_empty(part::<EarnLimits>()),
        /// Goes with all types.
        cart: unless_empty(part::<CartLimits>()),
        /// Of one customer. Goes with all types but `code_linked`.
        customer: unless_empty(part::<SubjectLimits>()),
        /// Of all customers together. Goes with `pos` and `loyalty`.
        promotion: unless_empty(part::<SubjectLimits>()),
        /// Of one code. Goes with `code_linked`.
        code: unless_empty(part::<SubjectLimits>()),
    }
}

body! {
    struct IssueLimit "" as Option<u32> {
        /// Issues to one customer, for good.
        per_customer: absent(integer(1..=MAX_ISSUES)) => *limit,
    } print |limit| read |object, faults| { per_customer }
}

body! {
    EarnLimits "" {
        /// Issuances that one customer unlocks, for good.
        per_customer: absent(COUNT),
        /// Applications of one unlocked issuance.
        times: absent(COUNT),
        /// Transactions of one unlocked issuance.
        transactions: absent(COUNT),
        /// Discount by one unlocked issuance, in the promotion's currency: over 0.
        discount: absent(POSITIVE_AMOUNT),
    }
}

body! {
    CartLimits "" {
        /// Applications on one cart.
        times: absent(COUNT),
        /// Discount on one cart, in the promotion's currency: over 0. It is cut to this.
        discount: absent(POSITIVE_AMOUNT),
    }
}

body! {
    /// Limits that are counted.
    SubjectLimits "SubjectLimits" {
        /// Applications.
        times: absent(part::<Limit<u32>>()),
        /// Transactions.
        transactions: absent(part::<Limit<u32>>()),
        /// Discount, in the promotion's currency: over 0. It is cut to what is left.
        discount: absent(part::<Limit<Money>>()),
    }
}

body! {
    Limit<u32> "" {
        /// The limit.
        max: required(COUNT),
        /// When the count starts anew; null: never.
        refresh: optional(part::<Refresh>()),
    }
}

body! {
    Limit<Money> "" {
        /// The limit.
        max: required(POSITIVE_AMOUNT),
        /// When the count starts anew; null: never.
        refresh: optional(part::<Refresh>()),
    }
}

body! {
    /// Windows in which a count starts anew.
    Refresh "Refresh" {
        /// How many calendar units at a time.
        every: required(integer(1..=MAX_WINDOW)),
        /// Calendar days, weeks from Monday, or months, in the tenant's time zone.
        unit: required(choice::<RefreshUnit>()),
    }
}

/// The table of spec 5.5, for the limits at this place. A part that holds no limit asks for nothing.
pub fn refuse_unsupported(
    limits: &Limits,
    kind: PromotionType,
    path: &Path<'_>,
    faults: &mut Faults,
) {
    use PromotionType::{CodeLinked, Loyalty, LoyaltyEarning, Pos, Rewards};
    let kinds_of_limits: [(&str, bool, &[PromotionType]); 5] = [
        ("issue", limits.issue_per_customer.is_some(), &[Loyalty, LoyaltyEarning, Rewards]),
        ("earn", limits.earn != EarnLimits::default(), &[LoyaltyEarning, Rewards]),
        ("customer", !limits.customer.is_empty(), &[Pos, Loyalty, LoyaltyEarning, Rewards]),
        ("promotion", !limits.promotion.is_empty(), &[Pos, Loyalty]),
        ("code", !limits.code.is_empty(), &[CodeLinked]),
    ];
    for (name, present, kinds) in kinds_of_limits {
        if present && !kinds.contains(&kind) {
            let message = "promotions of this type do not have this limit";
            faults.add(&path.key(name), FaultCode::LimitNotSupported, message);
        }
    }
}
