//! Refusals because of the present state: 409, each with its code.

use std::borrow::Cow;

use crate::service::Refusal;
use crate::wire::faults::{Fault, FaultCode, Path};

/// The stable code of a refusal.
pub fn code_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NameTaken | Refusal::BatchTaken => "name_taken",
        Refusal::ActivePromotionLimit(_) => "active_promotion_limit",
        Refusal::TooMany { .. } => "too_many",
        Refusal::LockedAfterLive(_) => "locked_after_live",
        Refusal::Archived => "archived",
        Refusal::InvalidTransition { .. } => "invalid_transition",
        Refusal::InUse => "in_use",
        Refusal::CodesTaken(_) => "code_taken",
        Refusal::DiscountChanged(_) => "discount_changed",
        Refusal::TransactionIdReused => "transaction_id_reused",
        Refusal::RedemptionCancelled => "redemption_cancelled",
        Refusal::AlreadyCommitted => "already_committed",
        Refusal::HoldExpired => "hold_expired",
        Refusal::HoldReplaced => "hold_replaced",
        Refusal::NotCommitted => "not_committed",
        Refusal::ReturnIdReused => "return_id_reused",
        Refusal::ReturnExceedsPurchase => "return_exceeds_purchase",
        Refusal::PromotionNotActive => "promotion_not_active",
        Refusal::IssueLimitReached => "issue_limit_reached",
        Refusal::EarnLimitReached => "earn_limit_reached",
        Refusal::SourceIdReused => "source_id_reused",
        Refusal::NotActivatable => "not_activatable",
        Refusal::ActivityIdReused => "activity_id_reused",
    }
}

/// The message of a refusal.
pub(super) fn detail(refusal: &Refusal) -> Cow<'static, str> {
    let says = match refusal {
        Refusal::ActivePromotionLimit(maximum) => {
            let says =
                format!("The tenant may have {maximum} promotions that are active and not ended.");
            return says.into();
        }
        Refusal::TooMany { what, maximum } => {
            return format!("The tenant may have {maximum} {what}. Nothing was changed.").into();
        }
        Refusal::LockedAfterLive(fields) => {
            let fields = fields.join(", ");
            return format!("Cannot be changed after having been live: {fields}.").into();
        }
        Refusal::InvalidTransition { from, to } => {
            return format!("A promotion that is {from} cannot become {to}.").into();
        }
        Refusal::CodesTaken(codes) => {
            let shown: Vec<&str> = codes.iter().take(10).map(String::as_str).collect();
            let more = if codes.len() > shown.len() { ", …" } else { "" };
            let shown = shown.join(", ");
            return format!("Other promotions have these codes: {shown}{more}.").into();
        }
        Refusal::NameTaken => "Another promotion that is not archived has this name.",
        Refusal::BatchTaken => {
            "Codes were generated under this batch by another request: the same one again answers the same."
        }
        Refusal::Archived => "The promotion is archived: nothing can be changed.",
        Refusal::InUse => "Promotions that are not archived, milestones or the settings name it.",
        Refusal::DiscountChanged(_) => {
            "The cart comes to another discount than was expected. Nothing was recorded."
        }
        Refusal::TransactionIdReused => "The transaction id was used with another body.",
        Refusal::RedemptionCancelled => "The redemption was cancelled.",
        Refusal::AlreadyCommitted => "The redemption is committed: what comes back is a return.",
        Refusal::HoldExpired => "The hold has expired, and what it held is given back.",
        Refusal::HoldReplaced => "Another hold has taken the place of this one.",
        Refusal::NotCommitted => "Only what is committed can be returned.",
        Refusal::ReturnIdReused => "The return id was used with another body.",
        Refusal::ReturnExceedsPurchase => {
            "More would be back than was bought. Nothing was recorded."
        }
        Refusal::PromotionNotActive => "Only a promotion that is live or scheduled can be issued.",
        Refusal::IssueLimitReached => "It was issued to this customer as often as it may be.",
        Refusal::EarnLimitReached => "This customer has unlocked it as often as it may.",
        Refusal::SourceIdReused => "The source id was used for something else.",
        Refusal::NotActivatable => "There is nothing here to be activated.",
        Refusal::ActivityIdReused => "The activity's id was used with another body.",
    };
    says.into()
}

/// A fault for each field that can no longer be changed.
pub(super) fn locked(fields: &[&'static str]) -> Vec<Fault> {
    let fault = |field: &&'static str| Fault {
        pointer: Path::Root.key(field).pointer(),
        code: FaultCode::UnsupportedCombination,
        message: Cow::Borrowed("cannot be changed any more"),
    };
    fields.iter().map(fault).collect()
}
