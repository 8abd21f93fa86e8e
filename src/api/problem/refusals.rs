//! What the state of things forbids: 409, each with its code.

use std::borrow::Cow;

use super::Problem;
use crate::service::Refusal;
use crate::wire::faults::{Fault, FaultCode, Path};

/// The stable code of a refusal.
pub fn code_of(refusal: &Refusal) -> &'static str {
    of_refusal(refusal).code
}

pub(super) fn of_refusal(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::NameTaken => {
            Problem::conflict("name_taken", "Another promotion that is not archived has this name.")
        }
        Refusal::ActivePromotionLimit(maximum) => Problem::conflict(
            "active_promotion_limit",
            format!("The tenant may have {maximum} promotions that are active and not ended."),
        ),
        Refusal::TooMany { what, maximum } => Problem::conflict(
            "too_many",
            format!("The tenant may have {maximum} {what}. Nothing was changed."),
        ),
        Refusal::LockedAfterLive(fields) => {
            let faults = fields.iter().map(|field| Fault {
                pointer: Path::Root.key(field).pointer(),
                code: FaultCode::UnsupportedCombination,
                message: Cow::Borrowed("cannot be changed any more"),
            });
            let detail =
                format!("Cannot be changed after having been live: {}.", fields.join(", "));
            Problem { faults: faults.collect(), ..Problem::conflict("locked_after_live", detail) }
        }
        Refusal::Archived => {
            Problem::conflict("archived", "The promotion is archived: nothing can be changed.")
        }
        Refusal::InvalidTransition { from, to } => Problem::conflict(
            "invalid_transition",
            format!("A promotion that is {from} cannot become {to}."),
        ),
        Refusal::InUse => Problem::conflict(
            "in_use",
            "Promotions that are not archived, milestones or the settings name it.",
        ),
        Refusal::BatchTaken => Problem::conflict(
            "name_taken",
            "Codes were generated under this batch by another request: the same one again answers the same.",
        ),
        Refusal::DiscountChanged(result) => Problem {
            result: Some(result.clone()),
            ..Problem::conflict(
                "discount_changed",
                "The cart comes to another discount than was expected. Nothing was recorded.",
            )
        },
        Refusal::TransactionIdReused => Problem::conflict(
            "transaction_id_reused",
            "The transaction id was used with another body.",
        ),
        Refusal::RedemptionCancelled => {
            Problem::conflict("redemption_cancelled", "The redemption was cancelled.")
        }
        Refusal::AlreadyCommitted => Problem::conflict(
            "already_committed",
            "The redemption is committed: what comes back is a return.",
        ),
        Refusal::HoldExpired => Problem::conflict(
            "hold_expired",
            "The hold has expired, and what it held is given back.",
        ),
        Refusal::HoldReplaced => {
            Problem::conflict("hold_replaced", "Another hold has taken the place of this one.")
        }
        Refusal::NotCommitted => {
            Problem::conflict("not_committed", "Only what is committed can be returned.")
        }
        Refusal::ReturnIdReused => {
            Problem::conflict("return_id_reused", "The return id was used with another body.")
        }
        Refusal::ReturnExceedsPurchase => Problem::conflict(
            "return_exceeds_purchase",
            "More would be back than was bought. Nothing was recorded.",
        ),
        Refusal::PromotionNotActive => Problem::conflict(
            "promotion_not_active",
            "Only a promotion that is live or scheduled can be issued.",
        ),
        Refusal::IssueLimitReached => Problem::conflict(
            "issue_limit_reached",
            "It was issued to this customer as often as it may be.",
        ),
        Refusal::EarnLimitReached => Problem::conflict(
            "earn_limit_reached",
            "This customer has unlocked it as often as it may.",
        ),
        Refusal::SourceIdReused => {
            Problem::conflict("source_id_reused", "The source id was used for something else.")
        }
        Refusal::NotActivatable => {
            Problem::conflict("not_activatable", "There is nothing here to be activated.")
        }
        Refusal::ActivityIdReused => {
            Problem::conflict("activity_id_reused", "The activity's id was used with another body.")
        }
        Refusal::CodesTaken(codes) => {
            let shown: Vec<&str> = codes.iter().take(10).map(String::as_str).collect();
            let more = if codes.len() > shown.len() { ", …" } else { "" };
            Problem::conflict(
                "code_taken",
                format!("Other promotions have these codes: {}{more}.", shown.join(", ")),
            )
        }
    }
}
