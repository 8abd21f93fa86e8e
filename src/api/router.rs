//! All paths on one screen, and the router of them.

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::measure::Measure;
use super::problem::ApiError;
use super::state::Api;
use super::{
    activities, audit, backtests, code_lookup, codes, console, customers, edge, evaluate, events,
    health, import, issuances, keys, milestones, openapi, product_lists, products, promotions,
    redemptions, settings, stats, stores, tenants, vocabulary, webhooks,
};
use crate::metrics::Metrics;

/// The paths of the API, and their answers.
fn paths() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(tenants::create, tenants::list))
        .routes(routes!(tenants::patch))
        .routes(routes!(tenants::create_key))
        .routes(routes!(tenants::revoke_key))
        .routes(routes!(keys::create, keys::list))
        .routes(routes!(keys::revoke))
        .routes(routes!(tenants::own))
        .routes(routes!(settings::get, settings::put))
        .routes(routes!(stores::list, stores::put_all))
        .routes(routes!(stores::get, stores::put, stores::delete))
        .routes(routes!(product_lists::list))
        .routes(routes!(product_lists::get, product_lists::put, product_lists::delete))
        .routes(routes!(promotions::create, promotions::list))
        .routes(routes!(promotions::get, promotions::put, promotions::archive))
        .routes(routes!(import::import))
        .routes(routes!(promotions::set_status))
        .routes(routes!(promotions::set_statuses))
        .routes(routes!(promotions::history))
        .routes(routes!(promotions::findings))
        .routes(routes!(stats::of_promotion))
        .routes(routes!(stats::all))
        .routes(routes!(codes::create, codes::list))
        .routes(routes!(codes::delete))
        .routes(routes!(code_lookup::batches))
        .routes(routes!(code_lookup::look_up))
        .routes(routes!(evaluate::evaluate))
        .routes(routes!(products::price))
        .routes(routes!(backtests::create, backtests::list))
        .routes(routes!(backtests::get, backtests::delete))
        .routes(routes!(redemptions::create, redemptions::list))
        .routes(routes!(redemptions::get))
        .routes(routes!(redemptions::commit))
        .routes(routes!(redemptions::cancel))
        .routes(routes!(redemptions::take_back))
        .routes(routes!(issuances::issue, issuances::list))
        .routes(routes!(issuances::issue_all))
        .routes(routes!(issuances::get))
        .routes(routes!(issuances::activate))
        .routes(routes!(issuances::revoke))
        .routes(routes!(issuances::claim))
        .routes(routes!(customers::promotions))
        .routes(routes!(customers::milestones))
        .routes(routes!(customers::merge))
        .routes(routes!(customers::delete))
        .routes(routes!(activities::create))
        .routes(routes!(milestones::list))
        .routes(routes!(milestones::get, milestones::put, milestones::delete))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::get, webhooks::put, webhooks::delete))
        .routes(routes!(webhooks::dead))
        .routes(routes!(webhooks::resend))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(vocabulary::list))
        .routes(routes!(vocabulary::put, vocabulary::delete))
        .routes(routes!(events::list))
        .routes(routes!(audit::list))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(openapi::docs::openapi))
        .routes(routes!(openapi::docs::docs))
        // The files of the pages are not part of the API.
        .route("/docs/", get(openapi::docs::index))
        .route("/docs/{file}", get(openapi::docs::asset))
        .route("/", get(console::root))
        .route("/console", get(console::to_index))
        .route("/console/", get(console::index))
        .route("/console/{*path}", get(console::asset))
}

/// The router of all paths. Browsers may call from `origins`; `*` allows any.
pub fn router(api: Api, origins: &[String]) -> Router {
    let (router, _) = paths().split_for_parts();
    let panics = api.service().metrics().panics.clone();
    let panicked = move |panic| {
        panics.inc();
        edge::panicked(panic)
    };
    let router = router
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(api);
    if origins.is_empty() { router } else { router.layer(cors(origins)) }
}

/// The measure that counts requests by path.
pub fn measure(metrics: &Metrics) -> Measure {
    let paths = paths().into_openapi().paths.paths;
    Measure::new(&metrics.requests, paths.keys().map(String::as_str))
}

/// The OpenAPI document as JSON text.
pub fn openapi_document() -> String {
    document().to_string()
}

fn document() -> serde_json::Value {
    openapi::finish(&paths().into_openapi())
}

fn cors(origins: &[String]) -> CorsLayer {
    let origin = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        // The configuration has already refused values that are not valid in a header.
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::ACCEPT,
            edge::REQUEST_ID,
        ])
        .expose_headers([
            header::ETAG,
            header::RETRY_AFTER,
            header::LOCATION,
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(Duration::from_secs(600))
}
