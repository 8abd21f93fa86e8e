//! Events, in the order in which they became visible (spec 12).

use super::{handler::*, schema};
use crate::service::event_log::EventCursor;
use crate::wire::body::*;
use crate::wire::event::EventBody;

/// List events, oldest first
///
/// `next_cursor` is never null: at the end it points behind the last event, and a later request with it goes on from
/// there. An empty page means that there are no more events yet. Events are kept for 90 days.
#[utoipa::path(get, path = "/v1/events", operation_id = "list_events", tag = "events",
    security(("key" = ["admin", "viewer"])), params(ListParams),
    responses((status = 200, description = "A page of events.", body = schema::EventPage), Reading))]
pub async fn list(api: Api, reader: Caller<Reader>, query: Query) -> Answered {
    let wanted = query.into_page::<EventCursor>(reader.cursors())?;
    let read = api.service().events(reader.tenant(), wanted.after, wanted.limit);
    let found = api.within(Deadline::Read, read).await?;
    Ok(page::answer(&found, &wanted.seal, EventBody::print))
}
