//! What there is for one customer; merging and deleting customers (spec 3).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::auth::{Admin, PosReader};
use super::extract::{Name, NoQuery, Query, Small, decode};
use super::openapi::{ListParams, Reading, Writing};
use super::problem::ApiError;
use super::{Api, page, schema};
use crate::db::Page;
use crate::wire::body::*;
use crate::wire::issuing::MergeBody;
use crate::wire::offer::OfferBody;

/// List what a customer could use now: promotions and issuances, with what is left of every limit
///
/// Status, dates, issuance, activation and limits are judged; scope, audience and conditions are told. Limits of codes are
/// each code's own.
#[utoipa::path(get, path = "/v1/customers/{id}/promotions", operation_id = "list_customer_promotions", tag = "customers",
    security(("key" = ["admin", "pos", "viewer"])),
    params(
        ("id" = String, Path, min_length = 1, max_length = 255, description = "The customer."),
        ListParams),
    responses(
        (status = 200, description = "A page of promotions.", body = schema::OfferPage),
        Reading))]
pub async fn promotions(
    State(api): State<Api>,
    reader: PosReader,
    Name(customer): Name,
    mut query: Query,
) -> Result<Response, ApiError> {
    let wanted = query.page::<i32>(reader.cursors());
    query.finish()?;
    let service = api.service();
    let found = api.admin_read(service.offers(reader.tenant(), customer)).await?;
    let seen = wanted.after.unwrap_or(0);
    let skipped = usize::try_from(seen).unwrap_or(0);
    let limit = usize::from(wanted.limit);
    let next = found.offers.len() > skipped.saturating_add(limit);
    let numbered = (1..).zip(found.offers);
    let page = Page {
        items: numbered.skip(skipped).take(limit).collect(),
        next: next.then(|| seen.saturating_add(i32::from(wanted.limit))),
        place: |(number, _)| *number,
    };
    let rules = &found.rules;
    let precision = rules.settings().rounding.precision();
    Ok(page::answer(&page, &wanted.seal, |writer, (_, (offer, issuance))| {
        // INVARIANT: offers name promotions of their rules.
        if let Some(promotion) = rules.promotion(offer.promotion) {
            let issuance = issuance.as_ref();
            OfferBody::print(writer, promotion, issuance, &offer.left, precision);
        }
    }))
}

/// Merge a customer into another one: issuances and progress move, counts are added
///
/// What has come to more than a limit is used up. The same again finds nothing to move.
#[utoipa::path(post, path = "/v1/customers/{id}/merge", operation_id = "merge_customer", tag = "customers",
    security(("key" = ["admin"])),
    params(
        ("id" = String, Path, min_length = 1, max_length = 255, description = "The customer who becomes part of the other.")),
    request_body = schema::Merge,
    responses(
        (status = 204, description = "Merged."),
        Writing))]
pub async fn merge(
    State(api): State<Api>,
    admin: Admin,
    Name(customer): Name,
    _: NoQuery,
    body: Small,
) -> Result<Response, ApiError> {
    let into = decode(&body.json()?, read_body::<MergeBody, _>)?;
    let service = api.service();
    let merged = service.merge_customers(admin.actor(), customer, into);
    api.bulk_write(merged).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Delete a customer: the id is replaced everywhere by a random one, sums stay
#[utoipa::path(delete, path = "/v1/customers/{id}", operation_id = "delete_customer", tag = "customers",
    security(("key" = ["admin"])),
    params(("id" = String, Path, min_length = 1, max_length = 255, description = "The customer.")),
    responses(
        (status = 204, description = "Deleted."),
        Writing))]
pub async fn delete(
    State(api): State<Api>,
    admin: Admin,
    Name(customer): Name,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let gone = api.service().delete_customer(admin.actor(), customer);
    api.bulk_write(gone).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
