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
use crate::service::api_key::Minted;
use crate::service::keys::KeyTerms;
use crate::wire::body::*;

/// A key as it is asked for.
pub struct NewKey {
    role: Role,
    label: String,
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
    let new = decode(&body.json()?, read_body::<NewKey, _>)?;
    make(&api, admin.actor(), new).await
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
    Ok(page::answer(&found, &wanted.seal, KeyBody::print))
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
pub async fn make(api: &Api, actor: Actor, new: NewKey) -> Result<Response, ApiError> {
    let service = api.service().clone();
    let made = async move { service.create_key(actor, new.role, new.label).await };
    let made = api.admin_write(made).await?;
    Ok(edge::json(StatusCode::CREATED, KeyMade::document(&made)))
}

request! {
    /// A key to be made.
    NewKey "Key" {
        /// What it may do.
        role: required(choice::<Role>()),
        /// What people call it.
        label: or_empty(TEXT),
    }
}

answer! {
    struct Members "" as KeyRow |row| {
        /// The key's id, which the audit trail names.
        id: required(ID) => row.key_id,
        terms: all_of::<KeyTerms>() => row,
        /// When it was made.
        created_at: required(INSTANT) => row.created_at,
    }
}

answer! {
    /// A key, without its secret.
    pub struct KeyBody "Key" as KeyRow |row| {
        members: all_of::<Members>() => row,
        /// When it was revoked.
        revoked_at: optional(INSTANT) => row.revoked_at,
        /// When it was last used, about.
        last_used_at: optional(INSTANT) => row.last_used_at,
    }
}

answer! {
    /// A key that was just made.
    pub struct KeyMade "KeyMade" as (KeyRow, Minted) |(row, minted)| {
        members: all_of::<Members>() => row,
        /// The key, shown this once.
        key: required(WORDS) => minted.text,
    }
}
