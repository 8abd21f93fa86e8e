//! The OpenAPI document, which grows with the router.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa::openapi::response::{Response as Described, ResponseBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, SecurityRequirement,
};
use utoipa::{IntoParams, IntoResponses};

use super::{Api, edge};

/// The OpenAPI document of the service
#[utoipa::path(get, path = "/openapi.json", tag = "health", security(()),
    responses((status = 200, description = "OpenAPI 3.1.")))]
pub async fn openapi(State(api): State<Api>) -> Response {
    edge::json(StatusCode::OK, api.openapi().to_owned())
}

/// What every path is added to.
pub fn base() -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A key of a tenant, or the operator's."))
        .build();
    let mut components = Components::new();
    components.add_security_scheme("key", SecurityScheme::Http(bearer));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Promotion engine")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(env!("CARGO_PKG_DESCRIPTION")))
                .build(),
        )
        .components(Some(components))
        .security(Some([SecurityRequirement::new(
            "key",
            Vec::<String>::new(),
        )]))
        .build()
}

/// The parameters of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query::page` reads")]
pub struct ListParams {
    /// Items of the page: 1 to 200, by default 50.
    limit: Option<u16>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The refusals of what reads.
pub struct Reading;

/// The refusals of what writes.
pub struct Writing;

/// The refusals of what replaces a version.
pub struct Replacing;

const READING: [(&str, &str); 8] = [
    ("401", "`unauthorized`: no key, or none that is valid."),
    ("403", "`forbidden`, `tenant_suspended`."),
    ("404", "`not_found`: nothing of the tenant's has this id."),
    ("422", "`invalid`: `errors` says what is wrong, and where."),
    ("429", "`too_many_requests`, with `retry-after`."),
    ("431", "`header_too_large`."),
    ("500", "`internal`."),
    (
        "503",
        "`overloaded`, `unavailable`: nothing was done. With `retry-after`.",
    ),
];

const WRITING: [(&str, &str); 6] = [
    ("400", "`not_json`."),
    ("408", "`timeout`: the body came too slowly."),
    ("409", "What the state of things forbids."),
    ("413", "`too_large`."),
    ("415", "`unsupported_media_type`."),
    (
        "503",
        "`overloaded`, `unavailable`: nothing was done; `outcome_unknown`: it may have been. With `retry-after`.",
    ),
];

const REPLACING: [(&str, &str); 2] = [
    ("412", "`stale_version`: it has changed since."),
    ("428", "`if_match_required`."),
];

type Responses = BTreeMap<String, RefOr<Described>>;

fn describe(responses: &mut Responses, refusals: &[(&str, &str)]) {
    for (status, description) in refusals {
        let described = ResponseBuilder::new().description(*description).build();
        responses.insert((*status).to_owned(), RefOr::T(described));
    }
}

impl IntoResponses for Reading {
    fn responses() -> Responses {
        let mut responses = Responses::new();
        describe(&mut responses, &READING);
        responses
    }
}

impl IntoResponses for Writing {
    fn responses() -> Responses {
        let mut responses = Reading::responses();
        describe(&mut responses, &WRITING);
        responses
    }
}

impl IntoResponses for Replacing {
    fn responses() -> Responses {
        let mut responses = Writing::responses();
        describe(&mut responses, &REPLACING);
        responses
    }
}
