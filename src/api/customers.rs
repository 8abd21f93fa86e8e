//! What there is for one customer (spec 3).

use axum::extract::State;
use axum::response::Response;

use super::auth::PosReader;
use super::extract::{Name, Query};
use super::openapi::{ListParams, Reading};
use super::problem::ApiError;
use super::{Api, page, schema};
use crate::db::Page;
use crate::wire;

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
    let wanted = query.page::<i32>();
    query.finish()?;
    let service = api.service();
    let found = api
        .admin_read(service.offers(reader.tenant(), customer))
        .await?;
    let seen = wanted.after.unwrap_or(0);
    let skipped = usize::try_from(seen).unwrap_or(0);
    let limit = usize::from(wanted.limit);
    let next = found.offers.len() > skipped.saturating_add(limit);
    let page = Page {
        items: found.offers.into_iter().skip(skipped).take(limit).collect(),
        next: next.then(|| seen.saturating_add(i32::from(wanted.limit))),
    };
    let rules = &found.rules;
    let precision = rules.settings().rounding.precision();
    Ok(page::answer(&page, |writer, (offer, issuance)| {
        // INVARIANT: offers name promotions of their rules.
        if let Some(promotion) = rules.promotion(offer.promotion) {
            let issuance = issuance.as_ref();
            wire::offer::write(writer, promotion, issuance, &offer.left, precision);
        }
    }))
}
