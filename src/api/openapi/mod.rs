//! The OpenAPI document, which is built from the router, and a page to browse it.
//!
//! Every handler states its roles, its parameters and its answers. [`refusals`] has the errors, [`super::schema`] the
//! bodies, and [`document`] makes one document of everything.

use std::marker::PhantomData;

use axum::http::StatusCode;
use axum::response::Response;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::{Api, edge};
use crate::domain::names::Named;

pub mod docs;
mod document;
mod refusals;

pub use document::finish;
pub(super) use refusals::conflicts;
pub use refusals::{
    Evaluating, Public, Reading, Redeeming, Replacing, Responses, Writing, refusal,
};

/// What a caller should know before the first request.
const DESCRIPTION: &str = "\
Decides, for any shopping cart, which promotions apply and what every line then costs.

**Keys.** `Authorization: Bearer <key>`. A key belongs to one tenant and has one role: `admin`, `pos`, `issuer` or \
`viewer`; the operator's key manages tenants and keys. Each path lists the roles that may call it.

**Decimals** (money, quantities, percentages) are texts or numbers in requests, read exactly from their digits, and \
texts in answers. Amounts are in the currency of the cart, else the tenant's. **Times** are RFC 3339 with an offset; \
answers print UTC.

**Requests** have no unknown fields, query parameters or duplicate keys (422). A field that may be left out may be null \
too. Bodies have at most 1 MiB; stores, product lists, codes and bulk issues 16 MiB.

**Lists** take `limit` and `cursor`, and answer `{\"items\", \"next_cursor\"}` in a stable order.

**Errors** are problem documents (RFC 9457) with a stable `code` and, for a body or a query, every fault with its place. \
After a 503 `outcome_unknown`, or after no answer, the same request is repeated until it is answered; it takes effect once.";

const TAGS: [(&str, &str); 18] = [
    ("evaluation", "Price a cart without recording anything."),
    ("redemptions", "Price a cart, record it and count every limit; holds and returns."),
    ("promotions", "Promotions: conditions, benefit, limits and stacking, between two dates."),
    ("codes", "Codes, which unlock promotions of type `code_linked`."),
    ("issuances", "Promotions that single customers have."),
    ("customers", "What one customer can use; merging and deleting customers."),
    ("activities", "What customers do, and what they earn by it."),
    ("milestones", "Targets that customers can reach."),
    ("settings", "How a tenant's carts are evaluated."),
    ("stores", "Stores with concept, zones and time zone."),
    ("product lists", "Named lists of SKUs."),
    ("stats", "What promotions gave, and what was taken back."),
    ("events", "Everything that happened, in order."),
    ("webhook endpoints", "Where events are sent."),
    ("audit", "Who changed what, and when."),
    ("keys", "A tenant's own keys."),
    ("tenants", "Tenants and their keys, managed by the operator."),
    ("health", "Whether the service works, its metrics, and this document."),
];

/// The OpenAPI document of the service
#[utoipa::path(get, path = "/openapi.json", operation_id = "read_openapi", tag = "health",
    security(()), responses((status = 200, description = "OpenAPI 3.1.", body = super::schema::Document), Public))]
pub async fn openapi(api: Api) -> Response {
    edge::json(StatusCode::OK, api.inner.openapi.clone())
}

/// The parameters of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query::page` reads")]
pub struct ListParams {
    /// Most items of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// The `next_cursor` of the previous page.
    #[param(pattern = "^([0-9a-f]{2})+$", max_length = 4096)]
    cursor: Option<String>,
}

/// A parameter that is the name of a value of a closed set.
pub struct OneNamed<T>(PhantomData<T>);

impl<T: Named> PartialSchema for OneNamed<T> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(T::ALL.iter().map(|value| value.name())))
            .into()
    }
}

impl<T: Named> ToSchema for OneNamed<T> {}
