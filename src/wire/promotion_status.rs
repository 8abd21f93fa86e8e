//! The status of a promotion, or of many at once (spec 3).

use uuid::Uuid;

use super::body::*;
use crate::domain::promotion::Status;

/// Most promotions whose status is set at once (spec 3).
const MAX_PROMOTIONS: usize = 250;

/// The statuses to which a promotion can be moved.
const STATUS: Choice<Status> = choice_of(&[Status::Active, Status::Paused, Status::Archived]);

request! {
    /// The new status of a promotion.
    pub struct StatusChange "" as Status {
        /// The new status. Moves: draft → active; active ⇄ paused; any → archived, which is final.
        status: required(STATUS),
    } read |object, faults| { status }
}

request! {
    /// The new status of many promotions.
    pub struct StatusesChange "" as (Vec<Uuid>, Status) {
        /// The promotions, each once.
        ids: required(distinct(ID, 1..=MAX_PROMOTIONS)),
        /// The new status. Moves: draft → active; active ⇄ paused; any → archived, which is final.
        status: required(STATUS),
    } read |object, faults| { Some((ids?, status?)) }
}

/// The status of a promotion, or the code of the refusal.
pub type StatusVerdict = (Uuid, Result<Status, &'static str>);

answer! {
    /// The results of a change of many statuses.
    pub struct StatusVerdictsBody "StatusVerdicts" as Vec<StatusVerdict> |verdicts| {
        /// One result for each promotion, in the order of the request.
        verdicts: required(every(part::<VerdictBody>())) => verdicts,
    }
}

answer! {
    struct VerdictBody "StatusVerdict" as StatusVerdict |(id, outcome)| {
        /// The promotion's id.
        id: required(ID) => *id,
        /// The status that the promotion has now. Either `status` or `code` is present.
        status: absent(STATUS) => outcome.ok(),
        /// Why the promotion was left as it is. `invalid`: it lacks custom fields that are required.
        code: absent(Like(|_| one_name(&[
            "not_found", "archived", "invalid_transition", "active_promotion_limit", "invalid",
        ]))) => outcome.err(),
    }
}
