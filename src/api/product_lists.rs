//! Product lists: named SKUs, as JSON or CSV.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::auth::{Admin, Reader};
use super::extract::{Bulk, Name, NoQuery, Query, Text};
use super::openapi::{ListParams, Reading, Writing, conflicts};
use super::problem::ApiError;
use super::{Api, edge, page, schema};
use crate::db;
use crate::db::product_lists::{ProductListRow, ProductListSummary};
use crate::wire;
use crate::wire::body::*;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;

conflicts! {
    DeleteProductListConflict = "in_use";
    PutProductListConflict = "too_many";
}

/// List the product lists, without their SKUs
#[utoipa::path(get, path = "/v1/product-lists", operation_id = "list_product_lists", tag = "product lists",
    security(("key" = ["admin", "viewer"])),
    params(ListParams),
    responses(
        (status = 200, description = "A page of product lists.", body = schema::ProductListPage),
        Reading))]
pub async fn list(
    State(api): State<Api>,
    reader: Reader,
    mut query: Query,
) -> Result<Response, ApiError> {
    let wanted = query.page::<String>(reader.cursors());
    query.finish()?;
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(
            async move { db::product_lists::list(tx, wanted.after.as_deref(), wanted.limit).await },
        )
    });
    let found = api.admin_read(read).await?;
    Ok(page::answer(&found, &wanted.seal, SummaryBody::print))
}

/// Read a product list
#[utoipa::path(get, path = "/v1/product-lists/{name}", operation_id = "read_product_list", tag = "product lists",
    security(("key" = ["admin", "viewer"])),
    params(("name" = String, Path, min_length = 1, max_length = 255, description = "The list's name.")),
    responses(
        (status = 200, description = "The list with its SKUs.", body = schema::ProductList),
        Reading))]
pub async fn get(
    State(api): State<Api>,
    reader: Reader,
    Name(name): Name,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move { db::product_lists::get(tx, &name).await })
    });
    let row: ProductListRow = api.admin_read(read).await?.ok_or(ApiError::NotFound)?;
    Ok(edge::json(StatusCode::OK, ProductListBody::document(&row)))
}

/// Add or replace a product list
#[utoipa::path(put, path = "/v1/product-lists/{name}", operation_id = "put_product_list", tag = "product lists",
    security(("key" = ["admin"])),
    params(("name" = String, Path, min_length = 1, max_length = 255, description = "The list's name.")),
    request_body(content((schema::ProductListInput = "application/json"), (String = "text/csv"))),
    responses(
        (status = 200, description = "The list without its SKUs.", body = schema::ProductListSummary),
        Writing,
        PutProductListConflict))]
pub async fn put(
    State(api): State<Api>,
    admin: Admin,
    Name(name): Name,
    _: NoQuery,
    body: Bulk,
) -> Result<Response, ApiError> {
    let tenant = admin.actor().tenant;
    let skus = match body.text()? {
        Text::Json(bytes) => {
            let name = name.clone();
            let read = move |value: Value<'_, '_>, faults: &mut Faults| {
                wire::product_list::parse(value, &name, faults)
            };
            api.decode(tenant, bytes, read).await?
        }
        Text::Csv(bytes) => api.read(tenant, bytes, imported).await?,
    };
    let (service, actor) = (api.service().clone(), admin.actor());
    let summary =
        api.bulk_write(async move { service.put_product_list(actor, name, skus).await }).await?;
    Ok(edge::json(StatusCode::OK, SummaryBody::document(&summary)))
}

fn imported(bytes: &Bytes) -> Result<Vec<String>, ApiError> {
    let mut faults = Faults::new();
    let skus = wire::csv::skus(bytes, wire::product_list::MAX_SKUS, &mut faults);
    let mut skus = skus.filter(|_| faults.is_empty()).ok_or(ApiError::Invalid(faults))?;
    wire::product_list::keep_first(&mut skus);
    Ok(skus)
}

/// Delete a product list that nothing names
#[utoipa::path(delete, path = "/v1/product-lists/{name}", operation_id = "delete_product_list", tag = "product lists",
    security(("key" = ["admin"])),
    params(("name" = String, Path, min_length = 1, max_length = 255, description = "The list's name.")),
    responses(
        (status = 204, description = "Deleted."),
        Writing,
        DeleteProductListConflict))]
pub async fn delete(
    State(api): State<Api>,
    admin: Admin,
    Name(name): Name,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let (service, actor) = (api.service().clone(), admin.actor());
    api.admin_write(async move { service.delete_product_list(actor, name).await }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

answer! {
    /// A product list, without its SKUs.
    pub struct SummaryBody "ProductListSummary" as ProductListSummary |list| {
        /// The list's name.
        name: required(WORDS) => list.name,
        /// How many SKUs it has.
        size: required(SIZE) => list.size,
        /// When it was last written.
        updated_at: required(INSTANT) => list.updated_at,
    }
}

answer! {
    /// A product list.
    pub struct ProductListBody "ProductList" as ProductListRow |list| {
        /// The list's name.
        name: required(WORDS) => list.name,
        /// Its SKUs, in the order given.
        skus: required(every(WORDS)) => list.skus,
        /// How many they are.
        size: required(SIZE) => list.skus.len(),
        /// When it was last written.
        updated_at: required(INSTANT) => list.updated_at,
    }
}
