//! A tenant's own keys, managed by its admins.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::auth::{Admin, Reader};
use super::extract::{Id, NoQuery, Query, Small, decode};
use super::openapi::{ListParams, Reading, Writing};
use super::problem::ApiError;
use super::{Api, edge, page, schema};
use crate::db;
use crate::db::keys::KeyRow;
use crate::domain::id::KeyId;
use crate::domain::role::Role;
use crate::service::Actor;
use crate::wire::decode::{TextBound, Value};
use crate::wire::faults::Faults;
use crate::wire::write::Writer;

/// A key as it is asked for.
pub struct NewKey {
    /// What it may do.
    pub role: Role,
    /// What people call it.
    pub label: String,
}

/// Make a key; it is shown this once
#[utoipa::path(post, path = "/v1/keys", operation_id = "create_key", tag = "keys",
    security(("key" = ["admin"])),
    request_body = schema::KeyInput,
    responses(
        (status = 201, description = "The key.", body = schema::KeyMade),
        Writing))]
pub async fn create(
    State(api): State<Api>,
    admin: Admin,
    _: NoQuery,
    body: Small,
) -> Result<Response, ApiError> {
    let NewKey { role, label } = decode(&body.json()?, read_new)?;
    make(&api, admin.actor(), role, label).await
}

/// List the keys, revoked ones too
#[utoipa::path(get, path = "/v1/keys", operation_id = "list_keys", tag = "keys",
    security(("key" = ["admin", "viewer"])),
    params(ListParams),
    responses(
        (status = 200, description = "A page of keys.", body = schema::KeyPage),
        Reading))]
pub async fn list(
    State(api): State<Api>,
    reader: Reader,
    mut query: Query,
) -> Result<Response, ApiError> {
    let wanted = query.page::<KeyId>(reader.cursors());
    query.finish()?;
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move { db::keys::list(tx, wanted.after, wanted.limit).await })
    });
    let found = api.admin_read(read).await?;
    Ok(page::answer(&found, &wanted.seal, |writer, row| {
        writer.object(|writer| {
            write_members(writer, row);
            writer
                .key("revoked_at")
                .option(row.revoked_at.map(super::time), |w, time| w.plain(time));
            let last_used_at = row.last_used_at.map(super::time);
            writer.key("last_used_at").option(last_used_at, |writer, time| writer.plain(time));
        });
    }))
}

/// Revoke a key
#[utoipa::path(delete, path = "/v1/keys/{id}", operation_id = "revoke_key", tag = "keys",
    security(("key" = ["admin"])),
    params(("id" = Uuid, Path, description = "The key.")),
    responses(
        (status = 204, description = "Revoked."),
        Writing))]
pub async fn revoke(
    State(api): State<Api>,
    admin: Admin,
    Id(key): Id<KeyId>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let (service, actor) = (api.service().clone(), admin.actor());
    api.admin_write(async move { service.revoke_key(actor, key).await }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Makes a key and answers it.
pub async fn make(
    api: &Api,
    actor: Actor,
    role: Role,
    label: String,
) -> Result<Response, ApiError> {
    let service = api.service().clone();
    let (row, minted) =
        api.admin_write(async move { service.create_key(actor, role, label).await }).await?;
    let mut writer = Writer::with_capacity(512);
    writer.object(|writer| {
        write_members(writer, &row);
        writer.key("key").plain(&minted.text);
    });
    Ok(edge::json(StatusCode::CREATED, writer.finish()))
}

/// Reads a key as it is asked for.
pub fn read_new(value: Value<'_, '_>, faults: &mut Faults) -> Option<NewKey> {
    let mut body = value.object(faults)?;
    let role = body.required("role", faults, |value, faults| value.choice(faults));
    let label = body
        .or("label", String::new(), faults, |value, faults| value.owned(TextBound::TEXT, faults));
    body.finish(faults)?;
    Some(NewKey { role: role?, label: label? })
}

fn write_members(writer: &mut Writer, row: &KeyRow) {
    writer.key("id").plain(row.key_id);
    writer.key("role").name(row.role);
    writer.key("label").text(&row.label);
    writer.key("hint").text(&row.hint);
    writer.key("created_at").plain(super::time(row.created_at));
}
