//! Tenants and their keys, which the operator manages.

use chrono_tz::Tz;

use super::keys::{self, NewKey};
use super::{handler::*, schema};
use crate::db::tenants::{TenantPatch, TenantRow};
use crate::db::{self, DbError};
use crate::domain::currency::Currency;
use crate::domain::id::{KeyId, TenantId};
use crate::domain::rate::RateLimits;
use crate::service::Actor;
use crate::service::api_key::Minted;
use crate::service::keys::TenantTerms;
use crate::wire::body::*;
use crate::wire::write::Writer;

/// Highest bound on active promotions that the operator may set for a tenant.
const MAX_ACTIVE_PROMOTIONS: i64 = 100_000;
/// Highest bound on stores that the operator may set.
const MAX_STORES: i64 = 1_000_000;
/// Highest bound on product lists that the operator may set.
const MAX_PRODUCT_LISTS: i64 = 10_000;
/// Highest bound on the SKUs of all product lists that the operator may set.
const MAX_PRODUCT_LIST_ENTRIES: i64 = 20_000_000;

/// Create a tenant with its first admin key, which is shown only once
#[utoipa::path(post, path = "/v1/tenants", operation_id = "create_tenant", tag = "tenants",
    security(("key" = ["operator"])), request_body = schema::TenantInput,
    responses((status = 201, description = "The tenant and its `admin_key`.", body = schema::TenantMade), Writing))]
pub async fn create(api: Api, _: Operator, body: Small) -> Answered {
    let NewTenant { name, currency, timezone } = decode(&body.json()?, read_body::<NewTenant, _>)?;
    let made =
        api.within(Deadline::Write, api.service().create_tenant(name, currency, timezone)).await?;
    created(TenantMade::document(&made))
}

/// List all tenants
#[utoipa::path(get, path = "/v1/tenants", operation_id = "list_tenants", tag = "tenants",
    security(("key" = ["operator"])), params(ListParams),
    responses((status = 200, description = "A page of tenants.", body = schema::TenantPage), Reading))]
pub async fn list(api: Api, operator: Operator, query: Query) -> Answered {
    let wanted = query.into_page::<TenantId>(operator.cursors())?;
    let db = api.service().db();
    let read = db.operator(move |tx| {
        Box::pin(async move { db::tenants::list(tx, wanted.after, wanted.limit).await })
    });
    let found = api.within(Deadline::Read, read).await?;
    Ok(page::answer(&found, &wanted.seal, TenantBody::print))
}

/// Read the own tenant
#[utoipa::path(get, path = "/v1/tenant", operation_id = "read_own_tenant", tag = "settings",
    security(("key" = ["admin", "viewer"])),
    responses((status = 200, description = "The tenant of the key.", body = schema::OwnTenant), Reading))]
pub async fn own(api: Api, reader: Caller<Reader>, _: NoQuery) -> Answered {
    let now = api.service().clock().now();
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move {
            let active = db::promotions::active(tx, now).await?;
            Ok::<_, DbError>(db::tenants::get(tx).await?.map(|row| (row, active)))
        })
    });
    let own = api.within(Deadline::Read, read).await?.ok_or(ApiError::NotFound)?;
    ok(OwnTenant::document(&own))
}

/// Change a tenant: suspend or resume it, rename it, set its bounds and its rate limits
#[utoipa::path(patch, path = "/v1/tenants/{id}", operation_id = "change_tenant", tag = "tenants",
    security(("key" = ["operator"])), params(("id" = Uuid, Path, description = "The tenant.")),
    request_body = schema::TenantPatch,
    responses((status = 200, description = "The tenant.", body = schema::Tenant), Writing))]
pub async fn patch(
    api: Api,
    _: Operator,
    PathId(tenant): PathId<TenantId>,
    body: Small,
) -> Answered {
    exists(&api, tenant).await?;
    let patch = decode(&body.json()?, read_body::<PatchBody, _>)?;
    let row = api.within(Deadline::Write, api.service().patch_tenant(tenant, patch)).await?;
    ok(TenantBody::document(&row))
}

/// Create a key for a tenant; it is shown only once
#[utoipa::path(post, path = "/v1/tenants/{id}/keys", operation_id = "create_tenant_key", tag = "tenants",
    security(("key" = ["operator"])), params(("id" = Uuid, Path, description = "The tenant.")),
    request_body = schema::KeyInput,
    responses((status = 201, description = "The key.", body = schema::KeyMade), Writing))]
pub async fn create_key(
    api: Api,
    _: Operator,
    PathId(tenant): PathId<TenantId>,
    body: Small,
) -> Answered {
    exists(&api, tenant).await?;
    let new = decode(&body.json()?, read_body::<NewKey, _>)?;
    keys::make(&api, Actor { tenant, key: None }, new).await
}

/// Revoke a key of a tenant
#[utoipa::path(delete, path = "/v1/tenants/{id}/keys/{key_id}", operation_id = "revoke_tenant_key", tag = "tenants",
    security(("key" = ["operator"])),
    params(("id" = Uuid, Path, description = "The tenant."), ("key_id" = Uuid, Path, description = "The key.")),
    responses((status = 204, description = "Revoked."), Writing))]
pub async fn revoke_key(
    api: Api,
    _: Operator,
    PathId(tenant): PathId<TenantId>,
    PathId(key): PathId<KeyId>,
    _: NoQuery,
) -> Answered {
    let operator = Actor { tenant, key: None };
    api.within(Deadline::Write, api.service().revoke_key(operator, key)).await?;
    done()
}

async fn exists(api: &Api, tenant: TenantId) -> Result<(), ApiError> {
    let find = api
        .service()
        .db()
        .operator(move |tx| Box::pin(async move { db::tenants::find(tx, tenant).await }));
    api.within(Deadline::Read, find).await?.map(|_| ()).ok_or(ApiError::NotFound)
}

request! {
    /// A tenant to create.
    NewTenant "Tenant" {
        /// The tenant's name.
        name: required(TITLE),
        /// Three capital letters (ISO 4217).
        currency: required(CURRENCY),
        /// A time zone of the IANA database.
        timezone: required(ZONE),
    }
}

/// The body of a request for a tenant.
pub struct NewTenant {
    name: String,
    currency: Currency,
    timezone: Tz,
}

request! {
    /// The changes. A field that is left out stays.
    pub struct PatchBody "TenantPatch" as TenantPatch {
        /// The tenant's name.
        name: absent(TITLE),
        /// Whether the tenant's keys are refused (403 `tenant_suspended`).
        suspended: absent(BOOLEAN),
        /// How many promotions may be active and not ended.
        max_active_promotions: absent(integer(1..=MAX_ACTIVE_PROMOTIONS)),
        /// How many stores the tenant may have.
        max_stores: absent(integer(1..=MAX_STORES)),
        /// How many product lists the tenant may have.
        max_product_lists: absent(integer(1..=MAX_PRODUCT_LISTS)),
        /// How many SKUs may be on all its product lists together.
        max_product_list_entries: absent(integer(1..=MAX_PRODUCT_LIST_ENTRIES)),
        /// How much work the tenant may ask one instance for. The whole object is replaced.
        rate_limits: absent(part::<RateLimits>()),
    } read |object, faults| {
        Some(TenantPatch {
            name: name?,
            suspended: suspended?,
            max_active_promotions: max_active_promotions?,
            max_stores: max_stores?,
            max_product_lists: max_product_lists?,
            max_product_list_entries: max_product_list_entries?,
            rate_limits: rate_limits?,
        })
    }
}

answer! {
    /// A tenant.
    pub struct TenantBody "Tenant" as TenantRow |row| {
        /// The tenant's id.
        id: required(ID) => row.tenant_id,
        terms: all_of::<TenantTerms>() => row,
        /// When the tenant was created.
        created_at: required(INSTANT) => row.created_at,
    }
}

answer! {
    /// The tenant of a key.
    pub struct OwnTenant "OwnTenant" as (TenantRow, i64) |(row, active)| {
        /// The tenant's id.
        id: required(ID) => row.tenant_id,
        /// The tenant's name.
        name: required(WORDS) => row.name,
        /// The tenant's currency.
        currency: required(by(CURRENCY)) => |writer: &mut Writer| writer.text(&row.currency),
        /// The tenant's time zone.
        timezone: required(by(ZONE)) => |writer: &mut Writer| writer.text(&row.timezone),
        /// How many promotions may be active and not ended.
        max_active_promotions: required(SIZE) => row.max_active_promotions,
        /// How many promotions are active and not ended.
        active_promotions: required(SIZE) => *active,
    }
}

answer! {
    /// A tenant that was just created.
    pub struct TenantMade "TenantMade" as (TenantRow, Minted) |(row, minted)| {
        tenant: all_of::<TenantBody>() => row,
        /// The tenant's first admin key. It is shown only once.
        admin_key: required(WORDS) => minted.text,
    }
}
