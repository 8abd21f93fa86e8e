//! Webhooks: where events go, what was given up there, and how it is sent again (spec 12).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::auth::{Admin, Reader};
use super::extract::{Name, NoQuery, Query, Small, decode};
use super::openapi::{ListParams, Reading, Writing};
use super::problem::ApiError;
use super::{Api, edge, page, schema};
use crate::db;
use crate::db::webhooks::WebhookRow;
use crate::domain::event::EventType;
use crate::domain::names::Named;
use crate::service::event_log::{self, EventCursor};
use crate::service::webhooks::address::Targets;
use crate::service::webhooks::{NewWebhook, Put};
use crate::wire::decode::{TextBound, Value};
use crate::wire::faults::{FaultCode, Faults};
use crate::wire::write::Writer;

/// Most events that one request names to be sent again.
pub const MAX_RESENT: usize = 200;

/// List the webhooks
#[utoipa::path(get, path = "/v1/webhooks", operation_id = "list_webhooks", tag = "webhook endpoints",
    security(("key" = ["admin", "viewer"])),
    params(ListParams),
    responses(
        (status = 200, description = "A page of webhooks, without their secrets.", body = schema::WebhookPage),
        Reading))]
pub async fn list(
    State(api): State<Api>,
    reader: Reader,
    mut query: Query,
) -> Result<Response, ApiError> {
    let wanted = query.page::<String>(reader.cursors());
    query.finish()?;
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move { db::webhooks::list(tx, wanted.after.as_deref(), wanted.limit).await })
    });
    let found = api.admin_read(read).await?;
    Ok(page::answer(&found, &wanted.seal, |writer, row| {
        writer.object(|writer| write_members(writer, row));
    }))
}

/// Read a webhook
#[utoipa::path(get, path = "/v1/webhooks/{name}", operation_id = "read_webhook", tag = "webhook endpoints",
    security(("key" = ["admin", "viewer"])),
    params(("name" = String, Path, min_length = 1, max_length = 255, description = "The webhook's name.")),
    responses(
        (status = 200, description = "The webhook, without its secret.", body = schema::Webhook),
        Reading))]
pub async fn get(
    State(api): State<Api>,
    reader: Reader,
    Name(name): Name,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let read = api.service().webhook(reader.tenant(), name);
    let row = api.admin_read(read).await?;
    Ok(answer(StatusCode::OK, &row, None))
}

/// Make or replace a webhook; its secret is shown once, when it is made
///
/// Each delivery is a `POST` of an `Event` with the headers `webhook-id` (the event's id, the same each time),
/// `webhook-timestamp` (when it is sent, in seconds since 1970) and `webhook-signature` (`v1,` and the HMAC-SHA256 of id,
/// timestamp and body, joined by dots, in Base64), as Standard Webhooks has them. Events are delivered at least once, in
/// order for each subject, with retries and back-off for a day. Any 2xx answer ends a delivery.
#[utoipa::path(put, path = "/v1/webhooks/{name}", operation_id = "put_webhook", tag = "webhook endpoints",
    security(("key" = ["admin"])),
    params(("name" = String, Path, min_length = 1, max_length = 255, description = "The webhook's name.")),
    request_body = schema::WebhookInput,
    responses(
        (status = 200, description = "The webhook, whose secret stays.", body = schema::Webhook),
        (status = 201, description = "The webhook and its secret.", body = schema::Webhook),
        Writing))]
pub async fn put(
    State(api): State<Api>,
    admin: Admin,
    Name(name): Name,
    _: NoQuery,
    body: Small,
) -> Result<Response, ApiError> {
    let targets = api.service().targets();
    let new = decode(&body.json()?, |value, faults| read_new(value, &name, targets, faults))?;
    let (service, actor) = (api.service().clone(), admin.actor());
    let put = api.admin_write(async move { service.put_webhook(actor, name, new).await }).await?;
    Ok(match put {
        Put::Made(row, secret) => answer(StatusCode::CREATED, &row, Some(&secret)),
        Put::Replaced(row) => answer(StatusCode::OK, &row, None),
    })
}

/// Delete a webhook, with all that it was still to get
#[utoipa::path(delete, path = "/v1/webhooks/{name}", operation_id = "delete_webhook", tag = "webhook endpoints",
    security(("key" = ["admin"])),
    params(("name" = String, Path, min_length = 1, max_length = 255, description = "The webhook's name.")),
    responses(
        (status = 204, description = "Deleted."),
        Writing))]
pub async fn delete(
    State(api): State<Api>,
    admin: Admin,
    Name(name): Name,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let (service, actor) = (api.service().clone(), admin.actor());
    api.admin_write(async move { service.delete_webhook(actor, name).await }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// List the deliveries that were given up after a day, oldest first
#[utoipa::path(get, path = "/v1/webhooks/{name}/dead", operation_id = "list_dead_deliveries", tag = "webhook endpoints",
    security(("key" = ["admin", "viewer"])),
    params(
        ("name" = String, Path, min_length = 1, max_length = 255, description = "The webhook's name."),
        ListParams),
    responses(
        (status = 200, description = "A page of deliveries with their events.", body = schema::DeadDeliveryPage),
        Reading))]
pub async fn dead(
    State(api): State<Api>,
    reader: Reader,
    Name(name): Name,
    mut query: Query,
) -> Result<Response, ApiError> {
    let wanted = query.page::<EventCursor>(reader.cursors());
    query.finish()?;
    let after = wanted.after.map(|place| place.0);
    let read = api.service().dead_deliveries(reader.tenant(), name, after, wanted.limit);
    let found = api.admin_read(read).await?;
    let found = db::Page {
        items: found.items,
        next: found.next.map(EventCursor),
        place: |row| EventCursor(row.event.sequence),
    };
    Ok(page::answer(&found, &wanted.seal, |writer, row| {
        writer.object(|writer| {
            writer.key("event").raw(&event_log::print(&row.event));
            writer.key("attempts").integer(row.attempts);
            writer.key("dead_at").plain(super::time(row.dead_at));
            writer.key("fault").text(&row.fault);
        });
    }))
}

/// Send what was given up again: the events that are named, or all
#[utoipa::path(post, path = "/v1/webhooks/{name}/resend", operation_id = "resend_deliveries", tag = "webhook endpoints",
    security(("key" = ["admin"])),
    params(("name" = String, Path, min_length = 1, max_length = 255, description = "The webhook's name.")),
    request_body = schema::Resend,
    responses(
        (status = 200, description = "How many are sent again.", body = schema::Resent),
        Writing))]
pub async fn resend(
    State(api): State<Api>,
    admin: Admin,
    Name(name): Name,
    _: NoQuery,
    body: Small,
) -> Result<Response, ApiError> {
    let events = decode(&body.json()?, read_resend)?;
    let (service, actor) = (api.service().clone(), admin.actor());
    let count = api
        .admin_write(async move { service.resend_deliveries(actor, name, events).await })
        .await?;
    let mut writer = Writer::with_capacity(32);
    writer.object(|writer| writer.key("count").raw(&count.to_string()));
    Ok(edge::json(StatusCode::OK, writer.finish()))
}

/// Reads a webhook. The body need not name it, and may name no other.
fn read_new(
    value: Value<'_, '_>,
    name: &str,
    targets: Targets,
    faults: &mut Faults,
) -> Option<NewWebhook> {
    let mut object = value.object(faults)?;
    let own = object
        .or("name", name.to_owned(), faults, |value, faults| value.owned(TextBound::NAME, faults));
    if own.is_some_and(|own| own != name) {
        let message = "is not the name of the path";
        object.fault::<()>("name", faults, FaultCode::UnsupportedCombination, message);
    }
    let url = object.required("url", faults, |value, faults| {
        let text = value.text(TextBound::LONG, faults)?;
        match targets.read(text) {
            Ok(url) => Some(url),
            Err(message) => value.fault(faults, FaultCode::Malformed, message),
        }
    });
    let most = EventType::ALL.len();
    let events = object.required("events", faults, |value, faults| {
        let mut seen: Vec<EventType> = Vec::new();
        value.list(1..=most, faults, |value, faults| {
            let event = value.choice::<EventType>(faults)?;
            if seen.contains(&event) {
                return value.fault(faults, FaultCode::NotUnique, "is there twice");
            }
            seen.push(event);
            Some(event)
        })
    });
    object.finish(faults)?;
    Some(NewWebhook { url: url?, events: events? })
}

fn read_resend(value: Value<'_, '_>, faults: &mut Faults) -> Option<Option<Vec<Uuid>>> {
    let mut object = value.object(faults)?;
    let events = object.optional("events", faults, |value, faults| {
        value.list(1..=MAX_RESENT, faults, |value, faults| value.uuid(faults))
    });
    object.finish(faults)?;
    events
}

fn answer(status: StatusCode, row: &WebhookRow, secret: Option<&str>) -> Response {
    let mut writer = Writer::with_capacity(512);
    writer.object(|writer| {
        write_members(writer, row);
        if let Some(secret) = secret {
            writer.key("secret").plain(secret);
        }
    });
    edge::json(status, writer.finish())
}

fn write_members(writer: &mut Writer, row: &WebhookRow) {
    writer.key("name").text(&row.name);
    writer.key("url").text(&row.url);
    writer.key("events").list(&row.events, |writer, event| writer.name(*event));
    writer.key("created_at").plain(super::time(row.created_at));
    writer.key("updated_at").plain(super::time(row.updated_at));
}
