//! Stores: one by one, and in bulk as JSON or CSV.

use axum::body::Bytes;

use super::{handler::*, schema};
use crate::db;
use crate::domain::store::Store;
use crate::wire;
use crate::wire::body::*;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::store::StoreBody;

conflicts! {
    DeleteStoreConflict = "in_use";
    PutStoreConflict = "too_many";
}

/// List the stores
#[utoipa::path(get, path = "/v1/stores", operation_id = "list_stores", tag = "stores",
    security(("key" = ["admin", "viewer"])), params(ListParams),
    responses((status = 200, description = "A page of stores.", body = schema::StorePage), Reading))]
pub async fn list(api: Api, reader: Caller<Reader>, query: Query) -> Answered {
    let wanted = query.into_page::<String>(reader.cursors())?;
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move { db::stores::list(tx, wanted.after.as_deref(), wanted.limit).await })
    });
    let found = api.within(Deadline::Read, read).await?;
    Ok(page::answer(&found, &wanted.seal, StoreBody::print))
}

/// Add or replace stores, all or none; stores that the body does not name stay
#[utoipa::path(put, path = "/v1/stores", operation_id = "put_stores", tag = "stores",
    security(("key" = ["admin"])),
    request_body(content((schema::StoreListInput = "application/json"), (String = "text/csv"))),
    responses(
        (status = 200, description = "How many stores were put.", body = schema::StoresPut), Writing, PutStoreConflict))]
pub async fn put_all(api: Api, admin: Caller<Admin>, body: Bulk) -> Answered {
    let tenant = admin.tenant();
    let stores = match body.text()? {
        JsonOrCsv::Json(bytes) => api.decode(tenant, bytes, wire::store::parse_list).await?,
        JsonOrCsv::Csv(bytes) => api.read(tenant, bytes, imported).await?,
    };
    let count = stores.len();
    api.within(Deadline::BulkWrite, api.service().put_stores(admin.actor(), stores)).await?;
    ok(StoresPut::document(&count))
}

fn imported(bytes: &Bytes) -> Result<Vec<Store>, ApiError> {
    let mut faults = Faults::new();
    let stores = wire::csv::stores(bytes, &mut faults);
    stores.filter(|_| faults.is_empty()).ok_or(ApiError::Invalid(faults))
}

/// Read a store
#[utoipa::path(get, path = "/v1/stores/{code}", operation_id = "read_store", tag = "stores",
    security(("key" = ["admin", "viewer"])), params(("code" = String, Path, description = "The store's code.")),
    responses((status = 200, description = "The store.", body = schema::Store), Reading))]
pub async fn get(api: Api, reader: Caller<Reader>, Name(code): Name, _: NoQuery) -> Answered {
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move { db::stores::get(tx, &code).await })
    });
    let row = api.within(Deadline::Read, read).await?.ok_or(ApiError::NotFound)?;
    ok(StoreBody::document(&row))
}

/// Add or replace a store
#[utoipa::path(put, path = "/v1/stores/{code}", operation_id = "put_store", tag = "stores",
    security(("key" = ["admin"])), params(("code" = String, Path, description = "The store's code.")),
    request_body = schema::StoreInput,
    responses((status = 200, description = "The store.", body = schema::Store), Writing, PutStoreConflict))]
pub async fn put(api: Api, admin: Caller<Admin>, Name(code): Name, body: Bulk) -> Answered {
    let read =
        move |value: Value<'_, '_>, faults: &mut Faults| wire::store::parse(value, &code, faults);
    let store = api.decode(admin.tenant(), body.json()?, read).await?;
    let text = StoreBody::document(&store);
    api.within(Deadline::Write, api.service().put_stores(admin.actor(), vec![store])).await?;
    ok(text)
}

/// Delete a store that no promotion names
#[utoipa::path(delete, path = "/v1/stores/{code}", operation_id = "delete_store", tag = "stores",
    security(("key" = ["admin"])), params(("code" = String, Path, description = "The store's code.")),
    responses((status = 204, description = "Deleted."), Writing, DeleteStoreConflict))]
pub async fn delete(api: Api, admin: Caller<Admin>, Name(code): Name, _: NoQuery) -> Answered {
    api.within(Deadline::Write, api.service().delete_store(admin.actor(), code)).await?;
    done()
}

answer! {
    pub struct StoresPut "StoresPut" as usize |count| {
        /// How many stores were put.
        count: required(SIZE) => *count,
    }
}
