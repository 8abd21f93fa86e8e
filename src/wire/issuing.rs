//! Issuances (spec 11): the bodies that issue and claim them, that merge who has them, and what is answered.

use super::body::*;
use crate::domain::id::PromotionId;
use crate::domain::issuance::{Issuance, IssuanceSource, IssuanceState};

/// Most customers of one bulk issue (spec 3).
pub const MAX_CUSTOMERS: usize = 10_000;

/// A promotion that is to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIssue {
    pub promotion_id: PromotionId,
    /// The caller's id of the issue, unique for a promotion and customer.
    pub source_id: String,
    /// To whom, each once.
    pub customers: Vec<String>,
}

/// What became of one customer's issue.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    pub customer_id: &'a str,
    /// The issuance, or the code of the refusal.
    pub outcome: Result<&'a Issuance, &'static str>,
    /// Whether this request made it.
    pub is_new: bool,
}

request! {
    /// A promotion to be issued.
    pub struct IssueBody "Issuance" as NewIssue {
        /// Which promotion.
        promotion_id: required(ID),
        /// The caller's id, unique for a promotion and customer. The same again answers the same.
        source_id: required(NAME),
        /// To whom.
        customer_id: required(NAME),
    } read |object, faults| {
        let promotion_id = PromotionId::new(promotion_id?);
        Some(NewIssue { promotion_id, source_id: source_id?, customers: vec![customer_id?] })
    }
}

request! {
    /// A promotion to be issued to many.
    pub struct BulkIssueBody "BulkIssuance" as NewIssue {
        /// Which promotion.
        promotion_id: required(ID),
        /// The caller's id, unique for a promotion and customer. The same again answers the same.
        source_id: required(NAME),
        /// To whom; each once.
        customer_ids: later(required(list(NAME, 1..=MAX_CUSTOMERS))),
    } read |object, faults| {
        let customers = required(distinct(NAME, 1..=MAX_CUSTOMERS));
        let customers = customers.read("customer_ids", object, faults);
        let promotion_id = PromotionId::new(promotion_id?);
        Some(NewIssue { promotion_id, source_id: source_id?, customers: customers? })
    }
}

request! {
    /// A claim of an open promotion.
    pub struct ClaimBody "Claim" as String {
        /// For whom.
        customer_id: required(NAME),
    } read |object, faults| { customer_id }
}

request! {
    /// Into whom a customer is merged.
    pub struct MergeBody "Merge" as String {
        /// The customer whom the other becomes part of.
        into: required(NAME),
    } read |object, faults| { into }
}

answer! {
    /// One promotion in one customer's hands.
    pub struct IssuanceBody "Issuance" as Issuance |own| {
        /// Its id.
        id: required(ID) => own.id.uuid(),
        /// Of which promotion.
        promotion_id: required(ID) => own.promotion_id.uuid(),
        /// In whose hands.
        customer_id: required(WORDS) => own.customer_id,
        /// Where it stands now.
        state: required(choice::<IssuanceState>()) => own.state,
        /// When it was issued.
        issued_at: required(INSTANT) => own.issued_at,
        /// When it became usable.
        unlocked_at: optional(INSTANT) => own.unlocked_at,
        /// When the customer activated it.
        activated_at: optional(INSTANT) => own.activated_at,
        /// From when on it cannot be used.
        expires_at: required(INSTANT) => own.expires_at,
        /// How it came about.
        source: required(choice::<IssuanceSource>()) => own.source,
        /// The caller's id of that.
        source_id: optional(WORDS) => own.source_id,
    }
}

answer! {
    struct VerdictBody "" as Verdict<'_> |own| {
        /// Whose.
        customer_id: required(WORDS) => own.customer_id,
        /// What became of it.
        verdict: required(Like(|_| one_name(&[
            "issued", "already_issued", "issue_limit_reached", "earn_limit_reached",
            "promotion_not_active", "source_id_reused",
        ]))) => match own.outcome {
            Ok(_) if own.is_new => "issued",
            Ok(_) => "already_issued",
            Err(code) => code,
        },
        /// The issuance; null where it was refused.
        issuance: optional(part::<IssuanceBody>()) => own.outcome.ok(),
    }
}

answer! {
    /// What became of each.
    pub struct VerdictsBody "IssuanceVerdicts" as Vec<Verdict<'_>> |verdicts| {
        /// One for each customer, in their order.
        verdicts: required(every(part::<VerdictBody>())) => verdicts,
    }
}
