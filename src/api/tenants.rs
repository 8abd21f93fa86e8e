//! Tenants and their keys, managed by the operator.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::auth::Operator;
use super::extract::{Id, NoQuery, Query, SecondId, Small, decode};
use super::keys::{self, NewKey};
use super::openapi::{ListParams, Reading, Writing};
use super::problem::ApiError;
use super::{Api, edge, page, schema};
use crate::db;
use crate::db::tenants::{TenantPatch, TenantRow};
use crate::domain::id::TenantId;
use crate::service::Actor;
use crate::wire;
use crate::wire::decode::{TextBound, Value};
use crate::wire::faults::Faults;
use crate::wire::write::Writer;

/// Most promotions of a tenant that may be active and not ended.
pub const MAX_ACTIVE_PROMOTIONS: i64 = 100_000;
/// Most stores to which the operator may raise the bound.
pub const MAX_STORES: i64 = 1_000_000;
/// Most product lists to which the operator may raise the bound.
pub const MAX_PRODUCT_LISTS: i64 = 10_000;
/// Most SKUs on them to which the operator may raise the bound.
pub const MAX_PRODUCT_LIST_ENTRIES: i64 = 20_000_000;

/// Make a tenant, with its first admin key, which is shown this once
#[utoipa::path(post, path = "/v1/tenants", operation_id = "create_tenant", tag = "tenants",
    security(("key" = ["operator"])),
    request_body = schema::TenantInput,
    responses(
        (status = 201, description = "The tenant and its `admin_key`.", body = schema::TenantMade),
        Writing))]
pub async fn create(
    State(api): State<Api>,
    _: Operator,
    _: NoQuery,
    body: Small,
) -> Result<Response, ApiError> {
    let (name, currency, timezone) = decode(&body.json()?, read_new)?;
    let service = api.service().clone();
    let (row, minted) = api
        .admin_write(async move { service.create_tenant(name, currency, timezone).await })
        .await?;
    let mut writer = Writer::with_capacity(512);
    writer.object(|writer| {
        write_members(writer, &row);
        writer.key("admin_key").plain(&minted.text);
    });
    Ok(edge::json(StatusCode::CREATED, writer.finish()))
}

/// List all tenants
#[utoipa::path(get, path = "/v1/tenants", operation_id = "list_tenants", tag = "tenants",
    security(("key" = ["operator"])),
    params(ListParams),
    responses(
        (status = 200, description = "A page of tenants.", body = schema::TenantPage),
        Reading))]
pub async fn list(
    State(api): State<Api>,
    operator: Operator,
    mut query: Query,
) -> Result<Response, ApiError> {
    let wanted = query.page::<TenantId>(operator.cursors());
    query.finish()?;
    let db = api.service().db();
    let read = db.operator(move |tx| {
        Box::pin(async move { db::tenants::list(tx, wanted.after, wanted.limit).await })
    });
    let found = api.admin_read(read).await?;
    Ok(page::answer(&found, &wanted.seal, |writer, row| {
        writer.object(|writer| write_members(writer, row))
    }))
}

/// Suspend a tenant or let it work again, rename it, raise its bounds of active promotions, stores and product lists, bound its rates
#[utoipa::path(patch, path = "/v1/tenants/{id}", operation_id = "change_tenant", tag = "tenants",
    security(("key" = ["operator"])),
    params(("id" = Uuid, Path, description = "The tenant.")),
    request_body = schema::TenantPatch,
    responses(
        (status = 200, description = "The tenant.", body = schema::Tenant),
        Writing))]
pub async fn patch(
    State(api): State<Api>,
    _: Operator,
    Id(tenant): Id<TenantId>,
    _: NoQuery,
    body: Small,
) -> Result<Response, ApiError> {
    exists(&api, tenant).await?;
    let patch = decode(&body.json()?, read_patch)?;
    let service = api.service().clone();
    let row = api.admin_write(async move { service.patch_tenant(tenant, patch).await }).await?;
    let mut writer = Writer::with_capacity(512);
    writer.object(|writer| write_members(writer, &row));
    Ok(edge::json(StatusCode::OK, writer.finish()))
}

/// Make a key for a tenant; it is shown this once
#[utoipa::path(post, path = "/v1/tenants/{id}/keys", operation_id = "create_tenant_key", tag = "tenants",
    security(("key" = ["operator"])),
    params(("id" = Uuid, Path, description = "The tenant.")),
    request_body = schema::KeyInput,
    responses(
        (status = 201, description = "The key.", body = schema::KeyMade),
        Writing))]
pub async fn create_key(
    State(api): State<Api>,
    _: Operator,
    Id(tenant): Id<TenantId>,
    _: NoQuery,
    body: Small,
) -> Result<Response, ApiError> {
    exists(&api, tenant).await?;
    let NewKey { role, label } = decode(&body.json()?, keys::read_new)?;
    let operator = Actor { tenant, key: None };
    keys::make(&api, operator, role, label).await
}

/// Revoke a key of a tenant
#[utoipa::path(delete, path = "/v1/tenants/{id}/keys/{key_id}", operation_id = "revoke_tenant_key", tag = "tenants",
    security(("key" = ["operator"])),
    params(
        ("id" = Uuid, Path, description = "The tenant."),
        ("key_id" = Uuid, Path, description = "The key.")),
    responses(
        (status = 204, description = "Revoked."),
        Writing))]
pub async fn revoke_key(
    State(api): State<Api>,
    _: Operator,
    Id(tenant): Id<TenantId>,
    SecondId(key): SecondId,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let operator = Actor { tenant, key: None };
    let service = api.service().clone();
    api.admin_write(async move { service.revoke_key(operator, key).await }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn exists(api: &Api, tenant: TenantId) -> Result<(), ApiError> {
    let find = api
        .service()
        .db()
        .operator(move |tx| Box::pin(async move { db::tenants::find(tx, tenant).await }));
    api.admin_read(find).await?.map(|_| ()).ok_or(ApiError::NotFound)
}

fn write_members(writer: &mut Writer, row: &TenantRow) {
    writer.key("id").plain(row.tenant_id);
    writer.key("name").text(&row.name);
    writer.key("currency").text(&row.currency);
    writer.key("timezone").text(&row.timezone);
    writer.key("suspended").boolean(row.suspended);
    writer.key("max_active_promotions").integer(row.max_active_promotions);
    writer.key("max_stores").integer(row.max_stores);
    writer.key("max_product_lists").integer(row.max_product_lists);
    writer.key("max_product_list_entries").integer(row.max_product_list_entries);
    wire::rate::write(writer.key("rate_limits"), &row.rate_limits);
    writer.key("created_at").plain(super::time(row.created_at));
}

fn read_new(
    value: Value<'_, '_>,
    faults: &mut Faults,
) -> Option<(String, crate::domain::currency::Currency, chrono_tz::Tz)> {
    let mut body = value.object(faults)?;
    let name = body.required("name", faults, |value, faults| value.owned(TextBound::NAME, faults));
    let currency = body.required("currency", faults, |value, faults| value.currency(faults));
    let timezone = body.required("timezone", faults, |value, faults| value.zone(faults));
    body.finish(faults)?;
    Some((name?, currency?, timezone?))
}

fn read_patch(value: Value<'_, '_>, faults: &mut Faults) -> Option<TenantPatch> {
    let mut body = value.object(faults)?;
    let name = body.optional("name", faults, |value, faults| value.owned(TextBound::NAME, faults));
    let suspended = body.optional("suspended", faults, |value, faults| value.boolean(faults));
    let maximum = body.optional("max_active_promotions", faults, |value, faults| {
        value.integer(1..=MAX_ACTIVE_PROMOTIONS, faults)
    });
    let stores =
        body.optional("max_stores", faults, |value, faults| value.integer(1..=MAX_STORES, faults));
    let lists = body.optional("max_product_lists", faults, |value, faults| {
        value.integer(1..=MAX_PRODUCT_LISTS, faults)
    });
    let entries = body.optional("max_product_list_entries", faults, |value, faults| {
        value.integer(1..=MAX_PRODUCT_LIST_ENTRIES, faults)
    });
    let rates = body.optional("rate_limits", faults, wire::rate::parse);
    body.finish(faults)?;
    Some(TenantPatch {
        name: name?,
        suspended: suspended?,
        max_active_promotions: maximum?,
        max_stores: stores?,
        max_product_lists: lists?,
        max_product_list_entries: entries?,
        rate_limits: rates?,
    })
}
