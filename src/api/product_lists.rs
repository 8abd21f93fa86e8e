//! Product lists: named lists of SKUs, as JSON or CSV.

use axum::body::Bytes;

use super::{handler::*, schema};
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
    security(("key" = ["admin", "viewer"])), params(ListParams),
    responses((status = 200, description = "A page of product lists.", body = schema::ProductListPage), Reading))]
pub async fn list(api: Api, reader: Caller<Reader>, query: Query) -> Answered {
    let wanted = query.into_page::<String>(reader.cursors())?;
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(
            async move { db::product_lists::list(tx, wanted.after.as_deref(), wanted.limit).await },
        )
    });
    let found = api.within(Deadline::Read, read).await?;
    Ok(page::answer(&found, &wanted.seal, SummaryBody::print))
}

/// Read a product list
#[utoipa::path(get, path = "/v1/product-lists/{name}", operation_id = "read_product_list", tag = "product lists",
    security(("key" = ["admin", "viewer"])), params(("name" = String, Path, description = "The list's name.")),
    responses((status = 200, description = "The list with its SKUs.", body = schema::ProductList), Reading))]
pub async fn get(api: Api, reader: Caller<Reader>, Name(name): Name, _: NoQuery) -> Answered {
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move { db::product_lists::get(tx, &name).await })
    });
    let row: ProductListRow = api.within(Deadline::Read, read).await?.ok_or(ApiError::NotFound)?;
    ok(ProductListBody::document(&row))
}

/// Add or replace a product list
#[utoipa::path(put, path = "/v1/product-lists/{name}", operation_id = "put_product_list", tag = "product lists",
    security(("key" = ["admin"])), params(("name" = String, Path, description = "The list's name.")),
    request_body(content((schema::ProductListInput = "application/json"), (String = "text/csv"))),
    responses(
        (status = 200, description = "The list without its SKUs.", body = schema::ProductListSummary), Writing,
        PutProductListConflict))]
pub async fn put(api: Api, admin: Caller<Admin>, NewName(name): NewName, body: Bulk) -> Answered {
    let tenant = admin.tenant();
    let skus = match body.text()? {
        JsonOrCsv::Json(bytes) => {
            let name = name.clone();
            let read = move |value: Value<'_, '_>, faults: &mut Faults| {
                wire::product_list::parse(value, &name, faults)
            };
            api.decode(tenant, bytes, read).await?
        }
        JsonOrCsv::Csv(bytes) => api.read(tenant, bytes, imported).await?,
    };
    let put = api.service().put_product_list(admin.actor(), name, skus);
    let summary = api.within(Deadline::BulkWrite, put).await?;
    ok(SummaryBody::document(&summary))
}

fn imported(bytes: &Bytes) -> Result<Vec<String>, ApiError> {
    let mut faults = Faults::new();
    let skus = wire::csv::skus(bytes, wire::product_list::MAX_SKUS, &mut faults);
    let mut skus = skus.filter(|_| faults.is_empty()).ok_or(ApiError::Invalid(faults))?;
    wire::product_list::keep_first(&mut skus);
    Ok(skus)
}

/// Delete a product list that nothing uses
#[utoipa::path(delete, path = "/v1/product-lists/{name}", operation_id = "delete_product_list", tag = "product lists",
    security(("key" = ["admin"])), params(("name" = String, Path, description = "The list's name.")),
    responses((status = 204, description = "Deleted."), Writing, DeleteProductListConflict))]
pub async fn delete(api: Api, admin: Caller<Admin>, Name(name): Name, _: NoQuery) -> Answered {
    api.within(Deadline::Write, api.service().delete_product_list(admin.actor(), name)).await?;
    done()
}

answer! {
    /// A product list, without its SKUs.
    pub struct SummaryBody "ProductListSummary" as ProductListSummary |list| {
        /// The list's name.
        name: required(WORDS) => list.name,
        /// The number of its SKUs.
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
        /// Its SKUs, in the order in which they were sent.
        skus: required(every(WORDS)) => list.skus,
        /// The number of its SKUs.
        size: required(SIZE) => list.skus.len(),
        /// When it was last written.
        updated_at: required(INSTANT) => list.updated_at,
    }
}
