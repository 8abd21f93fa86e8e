//! `POST /v1/price-products`: prices for the pages and lists of a web shop.

use super::evaluate::Admitted;
use super::{handler::*, schema};
use crate::domain::cart::Request;
use crate::wire;

/// Price products for product pages and lists: what each costs alone, and which promotions are about it
///
/// Each product is priced as a cart of its own, by item-level promotions only and without codes. Nothing is written.
#[utoipa::path(post, path = "/v1/price-products", operation_id = "price_products", tag = "evaluation",
    security(("key" = ["admin", "pos"])), request_body = schema::ProductsInput,
    responses((status = 200, description = "The prices.", body = schema::ProductPrices), Evaluating))]
pub async fn price(api: Api, Admitted { pos, seat }: Admitted, body: Small) -> Answered {
    let body = body.json()?;
    drop(seat);
    let request = api.decode(pos.tenant(), body, |value, faults| {
        wire::products::parse(value, faults).map(Request::into_owned)
    });
    let request = request.await?;
    let prices = api.service().price_products(pos.tenant(), request);
    ok(api.within(Deadline::Evaluation, prices).await?)
}
