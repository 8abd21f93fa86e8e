//! Activities: what customers do, as tills and other systems report it (spec 11).

use super::{handler::*, schema};
use crate::domain::activity::Activity;
use crate::wire::activity::ActivityBody;
use crate::wire::body::ReadBody as _;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;

conflicts! {
    RecordActivityConflict = "activity_id_reused";
}

/// Record what a customer did, and unlock what it earns; the same `id` again gives the same answer
///
/// The body is `{"id", "type", "at", "transaction_id", "customer", "store", "channel", "cart"}`. The `type` is
/// `transaction`, `registration` or `profile_update`. The answer is `{"unlocked": [issuance], "milestones": [{"name",
/// "target", "progress"}]}`. Another body with the same `id` is refused with 409 `activity_id_reused`.
#[utoipa::path(post, path = "/v1/activities", operation_id = "record_activity", tag = "activities",
    security(("key" = ["admin", "pos", "issuer"])), request_body = schema::ActivityInput,
    responses(
        (status = 200, description = "What was unlocked, and the progress of the customer.", body = schema::ActivityRecorded), Writing,
        RecordActivityConflict))]
pub async fn create(api: Api, teller: Caller<Teller>, body: Small) -> Answered {
    let body = body.json()?;
    let read = |value: Value<'_, '_>, faults: &mut Faults| {
        ActivityBody::read(value, faults)
            .map(|own: Activity<'_>| Activity { request: own.request.into_owned(), ..own })
    };
    let activity = api.decode(teller.tenant(), body, read).await?;
    ok(api.within(Deadline::Redemption, api.service().record(teller.tenant(), activity)).await?)
}
