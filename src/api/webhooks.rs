//! Webhooks: where events are sent, the deliveries that were given up, and how to resend them (spec 12).

use uuid::Uuid;

use super::{handler::*, schema};
use crate::db;
use crate::db::deliveries::DeadRow;
use crate::db::webhooks::WebhookRow;
use crate::domain::event::EventType;
use crate::domain::names::Named;
use crate::service::event_log::EventCursor;
use crate::service::webhooks::address::Targets;
use crate::service::webhooks::{NewWebhook, Put, WebhookTerms};
use crate::wire::body::{self, *};
use crate::wire::bounds::TextBound;
use crate::wire::decode::{Value, refuse_other_name};
use crate::wire::event::EventBody;
use crate::wire::faults::{FaultCode, Faults};

/// Most events that one request may name to be resent.
const MAX_RESENT: usize = 200;
/// How long a former secret may sign beside the new one, in hours.
const MAX_KEEP_HOURS: i64 = 168;
const USUAL_KEEP_HOURS: u8 = 24;

/// List the webhooks
#[utoipa::path(get, path = "/v1/webhooks", operation_id = "list_webhooks", tag = "webhook endpoints",
    security(("key" = ["admin", "viewer"])), params(ListParams),
    responses(
        (status = 200, description = "A page of webhooks, without their secrets.", body = schema::WebhookPage),
        Reading))]
pub async fn list(api: Api, reader: Caller<Reader>, query: Query) -> Answered {
    let wanted = query.into_page::<String>(reader.cursors())?;
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move { db::webhooks::list(tx, wanted.after.as_deref(), wanted.limit).await })
    });
    let found = api.within(Deadline::Read, read).await?;
    Ok(page::answer(&found, &wanted.seal, |writer, row| WebhookBody::print(writer, &(row, None))))
}

/// Read a webhook
#[utoipa::path(get, path = "/v1/webhooks/{name}", operation_id = "read_webhook", tag = "webhook endpoints",
    security(("key" = ["admin", "viewer"])), params(("name" = String, Path, description = "The webhook's name.")),
    responses((status = 200, description = "The webhook, without its secret.", body = schema::Webhook), Reading))]
pub async fn get(api: Api, reader: Caller<Reader>, Name(name): Name, _: NoQuery) -> Answered {
    let row = api.within(Deadline::Read, api.service().webhook(reader.tenant(), name)).await?;
    Ok(answer(StatusCode::OK, &row, None))
}

/// Create or replace a webhook; its secret is shown only once, when it is created
///
/// Each delivery is a `POST` of an `Event`, signed as in Standard Webhooks. Its headers are `webhook-id` (the event's
/// id, the same for every attempt), `webhook-timestamp` (when it is sent, in seconds since 1970) and
/// `webhook-signature` (`v1,` and the Base64 of the HMAC-SHA256 of id, timestamp and body, joined by dots; two of them,
/// separated by a space, while a former secret signs, too). Events are
/// delivered at least once, in order for each subject, with retries and back-off for a day. Any 2xx answer ends a
/// delivery.
#[utoipa::path(put, path = "/v1/webhooks/{name}", operation_id = "put_webhook", tag = "webhook endpoints",
    security(("key" = ["admin"])), params(("name" = String, Path, description = "The webhook's name.")),
    request_body = schema::WebhookInput,
    responses(
        (status = 200, description = "The webhook, whose secret stays.", body = schema::Webhook),
        (status = 201, description = "The webhook and its secret.", body = schema::Webhook), Writing))]
pub async fn put(api: Api, admin: Caller<Admin>, NewName(name): NewName, body: Small) -> Answered {
    let targets = api.service().targets();
    let new = decode(&body.json()?, |value, faults| read_new(value, &name, targets, faults))?;
    let put =
        api.within(Deadline::Write, api.service().put_webhook(admin.actor(), name, new)).await?;
    Ok(match put {
        Put::Made(row, secret) => answer(StatusCode::CREATED, &row, Some(&secret)),
        Put::Replaced(row) => answer(StatusCode::OK, &row, None),
    })
}

/// Give a webhook another secret, which is shown only in this answer
///
/// For `keep_hours` the former secret signs beside the new one: `webhook-signature` has a signature with each,
/// separated by a space. Change the receiver in that time, and no delivery is refused. If the former secret is known to
/// others, send `{"keep_hours": 0}`. If this is asked again while the former secret signs, the former one stays and the
/// secret of the first answer does not sign any more: so an answer that was lost costs nothing.
#[utoipa::path(post, path = "/v1/webhooks/{name}/secret", operation_id = "rotate_webhook_secret", tag = "webhook endpoints",
    security(("key" = ["admin"])), params(("name" = String, Path, description = "The webhook's name.")),
    request_body = schema::SecretRotation,
    responses((status = 200, description = "The webhook and its new secret.", body = schema::Webhook), Writing))]
pub async fn rotate(api: Api, admin: Caller<Admin>, Name(name): Name, body: Small) -> Answered {
    let read = body.json().and_then(|body| decode(&body, read_body::<SecretRotation, _>));
    let look = api.service().webhook(admin.tenant(), name.clone());
    let keep_hours = api.after_path(read, look).await?;
    let rotated = api.service().rotate_webhook_secret(admin.actor(), name, keep_hours);
    let (row, secret) = api.within(Deadline::Write, rotated).await?;
    Ok(answer(StatusCode::OK, &row, Some(&secret)))
}

/// Delete a webhook and all its pending deliveries
#[utoipa::path(delete, path = "/v1/webhooks/{name}", operation_id = "delete_webhook", tag = "webhook endpoints",
    security(("key" = ["admin"])), params(("name" = String, Path, description = "The webhook's name.")),
    responses((status = 204, description = "Deleted."), Writing))]
pub async fn delete(api: Api, admin: Caller<Admin>, Name(name): Name, _: NoQuery) -> Answered {
    api.within(Deadline::Write, api.service().delete_webhook(admin.actor(), name)).await?;
    done()
}

/// List the deliveries that were given up after a day, oldest first
#[utoipa::path(get, path = "/v1/webhooks/{name}/dead", operation_id = "list_dead_deliveries", tag = "webhook endpoints",
    security(("key" = ["admin", "viewer"])),
    params(("name" = String, Path, description = "The webhook's name."), ListParams),
    responses(
        (status = 200, description = "A page of deliveries with their events.", body = schema::DeadDeliveryPage),
        Reading))]
pub async fn dead(api: Api, reader: Caller<Reader>, Name(name): Name, query: Query) -> Answered {
    let wanted = query.into_page::<EventCursor>(reader.cursors())?;
    let after = wanted.after.map(|place| place.0);
    let read = api.service().dead_deliveries(reader.tenant(), name, after, wanted.limit);
    let found = api.within(Deadline::Read, read).await?;
    let found = db::Page {
        items: found.items,
        next: found.next.map(EventCursor),
        place: |row| EventCursor(row.event.sequence),
    };
    Ok(page::answer(&found, &wanted.seal, DeadDelivery::print))
}

/// Resend deliveries that were given up: those of the named events, or all
#[utoipa::path(post, path = "/v1/webhooks/{name}/resend", operation_id = "resend_deliveries", tag = "webhook endpoints",
    security(("key" = ["admin"])), params(("name" = String, Path, description = "The webhook's name.")),
    request_body = schema::Resend,
    responses((status = 200, description = "How many are sent again.", body = schema::Resent), Writing))]
pub async fn resend(api: Api, admin: Caller<Admin>, Name(name): Name, body: Small) -> Answered {
    let read = body.json().and_then(|body| decode(&body, read_body::<Resend, _>));
    let look = api.service().webhook(admin.tenant(), name.clone());
    let events = api.after_path(read, look).await?;
    let sent = api.service().resend_deliveries(admin.actor(), name, events);
    let count = api.within(Deadline::Write, sent).await?;
    ok(Resent::document(&count))
}

request! {
    /// A webhook to create or replace.
    pub struct NewWebhookBody "Webhook" as Vec<EventType> {
        /// The webhook's name; if given, it must be the name in the path.
        name: PATH_NAME,
        /// The URL that events are sent to. It must be https and public, unless the service is configured otherwise.
        url: required(Address),
        /// The types of events to send.
        events: required(distinct(choice::<EventType>(), 1..=EventType::ALL.len())),
    } read |object, faults| { url.and(events) }
}

/// The text of a URL. The configuration decides whether webhooks may use it.
struct Address;

impl<'t> Reads<'t, String> for Address {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<String> {
        URL.read(value, faults)
    }
}

impl Describes for Address {
    fn schema(&self, _: &mut Schemas) -> serde_json::Value {
        let most = TextBound::URL.max;
        serde_json::json!({"type": "string", "format": "uri", "maxLength": most})
    }
}

/// Reads a webhook. The body may repeat the name of the path, but no other name.
fn read_new(
    value: Value<'_, '_>,
    name: &str,
    targets: Targets,
    faults: &mut Faults,
) -> Option<NewWebhook> {
    refuse_other_name(value, "name", name, faults);
    let url = value.member_text("url", TextBound::URL).map(|url| targets.read(url));
    if let Some(Err(message)) = url {
        faults.add(&value.path.key("url"), FaultCode::Malformed, message);
    }
    let events = NewWebhookBody::read(value, faults)?;
    Some(NewWebhook { url: url?.ok()?, events })
}

request! {
    /// How a webhook's secret is changed.
    pub struct SecretRotation "SecretRotation" as u8 {
        /// How many hours the former secret signs beside the new one.
        keep_hours: or(integer(0..=MAX_KEEP_HOURS), USUAL_KEEP_HOURS),
    } read |object, faults| { keep_hours }
}

request! {
    /// The deliveries to resend.
    pub struct Resend "Resend" as Option<Vec<Uuid>> {
        /// The ids of the events; all if left out.
        events: absent(body::list(ID, 1..=MAX_RESENT)),
    } read |object, faults| { events }
}

answer! {
    pub struct Resent "Resent" as u64 |count| {
        /// How many deliveries are sent again.
        count: required(SIZE) => *count,
    }
}

answer! {
    /// A webhook.
    pub struct WebhookBody "Webhook" as (&WebhookRow, Option<&str>) |(row, secret)| {
        /// The webhook's name.
        name: required(WORDS) => row.name,
        terms: all_of::<WebhookTerms>() => *row,
        /// When the webhook was created.
        created_at: required(INSTANT) => row.created_at,
        /// When the webhook was last written.
        updated_at: required(INSTANT) => row.updated_at,
        /// Until then the secret before the last rotation signs, too; null if the webhook has had one secret only, or if
        /// the former one was ended at once.
        former_secret_until: optional(INSTANT) => row.former_until,
        /// The secret that signs deliveries (Standard Webhooks). It is shown only in the answer that created the webhook
        /// or rotated its secret.
        secret: absent(WORDS) => *secret,
    }
}

answer! {
    /// A delivery that was given up.
    pub struct DeadDelivery "DeadDelivery" as DeadRow |row| {
        /// The event that was not delivered.
        event: required(part::<EventBody>()) => row.event,
        /// The number of attempts.
        attempts: required(SIZE) => row.attempts,
        /// When the delivery was given up.
        dead_at: required(INSTANT) => row.dead_at,
        /// What went wrong with the last attempt.
        fault: required(WORDS) => row.fault,
    }
}

fn answer(status: StatusCode, row: &WebhookRow, secret: Option<&str>) -> Response {
    json(status, WebhookBody::document(&(row, secret)))
}
