//! Issuances (spec 11): bodies that issue promotions, claim them and merge customers, and the answers.

use super::body::*;
use crate::domain::id::PromotionId;
use crate::domain::issuance::{Issuance, IssuanceSource, IssuanceState};

/// Most customers of one bulk issue (spec 3).
pub const MAX_CUSTOMERS: usize = 10_000;

/// A request to issue a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIssue {
    pub promotion_id: PromotionId,
    /// The caller's id of the issue, unique for a promotion and customer.
    pub source_id: String,
    /// The customers, each once.
    pub customers: Vec<String>,
}

/// The result of an issue for one customer.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    pub customer_id: &'a str,
    /// The issuance, or the code of the refusal.
    pub outcome: Result<&'a Issuance, &'static str>,
    /// Whether this request made the issuance.
    pub is_new: bool,
}

request! {
    /// A request to issue a promotion to one customer.
    pub struct IssueBody "Issuance" as NewIssue {
        /// The promotion's id.
        promotion_id: required(ID),
        /// The caller's id of the issue, unique for each promotion and customer. The same id again gives the same
        /// answer.
        source_id: required(NAME),
        /// The customer who gets the promotion.
        customer_id: required(NAME),
    } read |object, faults| {
        let promotion_id = PromotionId::new(promotion_id?);
        Some(NewIssue { promotion_id, source_id: source_id?, customers: vec![customer_id?] })
    }
}

request! {
    /// A request to issue a promotion to many customers.
    pub struct BulkIssueBody "BulkIssuance" as NewIssue {
        /// The promotion's id.
        promotion_id: required(ID),
        /// The caller's id of the issue, unique for each promotion and customer. The same id again gives the same
        /// answer.
        source_id: required(NAME),
        /// The customers who get the promotion, each once.
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
        /// The customer who claims the promotion.
        customer_id: required(NAME),
    } read |object, faults| { customer_id }
}

request! {
    /// A request to merge a customer into another one.
    pub struct MergeBody "Merge" as String {
        /// The customer who takes over the other's issuances, progress and counts.
        into: required(NAME),
    } read |object, faults| { into }
}

answer! {
    /// An issuance: one promotion in the hands of one customer.
    pub struct IssuanceBody "Issuance" as Issuance |own| {
        /// The issuance's id.
        id: required(ID) => own.id.uuid(),
        /// The promotion's id.
        promotion_id: required(ID) => own.promotion_id.uuid(),
        /// The customer who has the issuance.
        customer_id: required(WORDS) => own.customer_id,
        /// The present state.
        state: required(choice::<IssuanceState>()) => own.state,
        /// When it was issued.
        issued_at: required(INSTANT) => own.issued_at,
        /// When it became usable.
        unlocked_at: optional(INSTANT) => own.unlocked_at,
        /// When the customer activated it.
        activated_at: optional(INSTANT) => own.activated_at,
        /// When the issuance expires, excluded.
        expires_at: required(INSTANT) => own.expires_at,
        /// What caused the issuance.
        source: required(choice::<IssuanceSource>()) => own.source,
        /// The caller's id of the cause.
        source_id: optional(WORDS) => own.source_id,
    }
}

answer! {
    struct VerdictBody "" as Verdict<'_> |own| {
        /// The customer.
        customer_id: required(WORDS) => own.customer_id,
        /// The result for the customer.
        verdict: required(Like(|_| one_name(&[
            "issued", "already_issued", "issue_limit_reached", "earn_limit_reached",
            "promotion_not_active", "source_id_reused",
        ]))) => match own.outcome {
            Ok(_) if own.is_new => "issued",
            Ok(_) => "already_issued",
            Err(code) => code,
        },
        /// The issuance; null if it was refused.
        issuance: optional(part::<IssuanceBody>()) => own.outcome.ok(),
    }
}

answer! {
    /// The results of a bulk issue.
    pub struct VerdictsBody "IssuanceVerdicts" as Vec<Verdict<'_>> |verdicts| {
        /// One result for each customer, in the order of the request.
        verdicts: required(every(part::<VerdictBody>())) => verdicts,
    }
}
