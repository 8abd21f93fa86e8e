//! A tenant's own keys, which its admins manage.

use super::{handler::*, schema};
use crate::db;
use crate::db::keys::KeyRow;
use crate::domain::id::KeyId;
use crate::domain::role::Role;
use crate::service::Actor;
use crate::service::api_key::Minted;
use crate::service::keys::KeyTerms;
use crate::wire::body::*;

/// The body of a request for a key.
pub struct NewKey {
    role: Role,
    label: String,
}

/// Create a key; it is shown only once
#[utoipa::path(post, path = "/v1/keys", operation_id = "create_key", tag = "keys",
    security(("key" = ["admin"])), request_body = schema::KeyInput,
    responses((status = 201, description = "The key.", body = schema::KeyMade), Writing))]
pub async fn create(api: Api, admin: Caller<Admin>, body: Small) -> Answered {
    let new = decode(&body.json()?, read_body::<NewKey, _>)?;
    make(&api, admin.actor(), new).await
}

/// List the keys, including revoked ones
#[utoipa::path(get, path = "/v1/keys", operation_id = "list_keys", tag = "keys",
    security(("key" = ["admin", "viewer"])), params(ListParams),
    responses((status = 200, description = "A page of keys.", body = schema::KeyPage), Reading))]
pub async fn list(api: Api, reader: Caller<Reader>, query: Query) -> Answered {
    let wanted = query.into_page::<KeyId>(reader.cursors())?;
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move { db::keys::list(tx, wanted.after, wanted.limit).await })
    });
    let found = api.within(Deadline::Read, read).await?;
    Ok(page::answer(&found, &wanted.seal, KeyBody::print))
}

/// Revoke a key
#[utoipa::path(delete, path = "/v1/keys/{id}", operation_id = "revoke_key", tag = "keys",
    security(("key" = ["admin"])), params(("id" = Uuid, Path, description = "The key.")),
    responses((status = 204, description = "Revoked."), Writing))]
pub async fn revoke(
    api: Api,
    admin: Caller<Admin>,
    PathId(key): PathId<KeyId>,
    _: NoQuery,
) -> Answered {
    api.within(Deadline::Write, api.service().revoke_key(admin.actor(), key)).await?;
    done()
}

/// Creates a key and answers with it.
pub async fn make(api: &Api, actor: Actor, new: NewKey) -> Answered {
    let made =
        api.within(Deadline::Write, api.service().create_key(actor, new.role, new.label)).await?;
    created(KeyMade::document(&made))
}

request! {
    /// A key to create.
    NewKey "Key" {
        /// What the key may do.
        role: required(choice::<Role>()),
        /// A label by which people recognize the key.
        label: or_empty(TEXT),
    }
}

answer! {
    struct Members "" as KeyRow |row| {
        /// The key's id, which the audit trail names.
        id: required(ID) => row.key_id,
        terms: all_of::<KeyTerms>() => row,
        /// When the key was created.
        created_at: required(INSTANT) => row.created_at,
    }
}

answer! {
    /// A key, without its secret.
    pub struct KeyBody "Key" as KeyRow |row| {
        members: all_of::<Members>() => row,
        /// When it was revoked.
        revoked_at: optional(INSTANT) => row.revoked_at,
        /// When the key was last used, approximately.
        last_used_at: optional(INSTANT) => row.last_used_at,
    }
}

answer! {
    /// A key that was just created.
    pub struct KeyMade "KeyMade" as (KeyRow, Minted) |(row, minted)| {
        members: all_of::<Members>() => row,
        /// The key itself. It is shown only once.
        key: required(WORDS) => minted.text,
    }
}
