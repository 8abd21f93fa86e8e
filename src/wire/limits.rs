//! Limits of a promotion, and which types of promotion may have which limits (spec 5.5).

use super::body::*;
use super::faults::{FaultCode, Faults, Path};
use crate::domain::amount::Money;
use crate::domain::limit::{
    CartLimits, EarnLimits, Limit, Limits, Refresh, RefreshUnit, SubjectLimits,
};
use crate::domain::promotion::PromotionType;

/// Most issues of one promotion to one customer.
const MAX_ISSUES: i64 = 50;
/// Most calendar units of one window (the bound of the spec on days).
const MAX_WINDOW: i64 = 3_650;

body! {
    /// How often a promotion may be used, and how much it may give. Every part is optional. A limit that a type may not
    /// have is 422 `limit_not_supported`.
    Limits "Limits" {
        /// Limits of issues. Only for `loyalty`, `loyalty_earning` and `rewards`.
        issue_per_customer as "issue": unless_empty(part::<IssueLimit>()),
        /// Limits of earning, and of each unlocked issuance. Only for `loyalty_earning` and `rewards`.
        earn: unless_empty(part::<EarnLimits>()),
        /// Limits of one cart. For all types.
        cart: unless_empty(part::<CartLimits>()),
        /// Limits of each customer. For all types but `code_linked`.
        customer: unless_empty(part::<SubjectLimits>()),
        /// Limits of all customers together. Only for `pos` and `loyalty`.
        promotion: unless_empty(part::<SubjectLimits>()),
        /// Limits of each code. Only for `code_linked`.
        code: unless_empty(part::<SubjectLimits>()),
    }
}

body! {
    struct IssueLimit "" as Option<u32> {
        /// Most issues to one customer, over all time.
        per_customer: absent(integer(1..=MAX_ISSUES)) => *limit,
    } print |limit| read |object, faults| { per_customer }
}

body! {
    EarnLimits "" {
        /// Most issuances that one customer may unlock, over all time.
        per_customer: absent(COUNT),
        /// Most applications of one unlocked issuance.
        times: absent(COUNT),
        /// Most transactions with one unlocked issuance.
        transactions: absent(COUNT),
        /// Most discount by one unlocked issuance, in the promotion's currency: over 0.
        discount: absent(POSITIVE_AMOUNT),
    }
}

body! {
    CartLimits "" {
        /// Most applications on one cart.
        times: absent(COUNT),
        /// Most discount on one cart, in the promotion's currency: over 0. A larger discount is cut to it.
        discount: absent(POSITIVE_AMOUNT),
    }
}

body! {
    /// Limits whose use is counted.
    SubjectLimits "SubjectLimits" {
        /// Most applications.
        times: absent(part::<Limit<u32>>()),
        /// Most transactions.
        transactions: absent(part::<Limit<u32>>()),
        /// Most discount, in the promotion's currency: over 0. A larger discount is cut to what is left.
        discount: absent(part::<Limit<Money>>()),
    }
}

body! {
    Limit<u32> "" {
        /// The limit.
        max: required(COUNT),
        /// When the count starts again from 0; null: never.
        refresh: optional(part::<Refresh>()),
    }
}

body! {
    Limit<Money> "" {
        /// The limit.
        max: required(POSITIVE_AMOUNT),
        /// When the count starts again from 0; null: never.
        refresh: optional(part::<Refresh>()),
    }
}

body! {
    /// The windows of a count. In each window the count starts again from 0.
    Refresh "Refresh" {
        /// The number of calendar units of a window.
        every: required(integer(1..=MAX_WINDOW)),
        /// The calendar unit: days, weeks from Monday, or months, in the tenant's time zone.
        unit: required(choice::<RefreshUnit>()),
    }
}

/// Checks limits against the table of spec 5.5. A part without a limit is allowed for every type.
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
