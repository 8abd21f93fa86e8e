//! `GET /openapi.json`, and `GET /docs`: a page to browse that document. The page is part of the program, and loads
//! nothing from elsewhere.

use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use utoipa_swagger_ui::Config;

use super::refusals::Public;
use crate::api::edge;
use crate::api::problem::ApiError;
use crate::api::schema;
use crate::api::state::Api;

/// What the page may do: load files from here, show images, and call the API. It sets inline styles.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from("/openapi.json")
        // Otherwise the page would send the document's address to a service on the internet.
        .validator_url("none")
        .deep_linking(true)
        .display_operation_id(true)
        .doc_expansion("none")
        .default_models_expand_depth(0)
        .filter(true);
    Arc::new(config)
});

/// The OpenAPI document of the service
#[utoipa::path(get, path = "/openapi.json", operation_id = "read_openapi", tag = "health",
    security(()), responses((status = 200, description = "OpenAPI 3.1.", body = schema::Document), Public))]
pub async fn openapi(api: Api) -> Response {
    edge::json(StatusCode::OK, api.openapi())
}

/// A page to browse the OpenAPI document
#[utoipa::path(get, path = "/docs", operation_id = "browse", tag = "health",
    security(()),
    responses(
        (status = 303, description = "The page is at `/docs/`.", headers(("location" = String, description = "`/docs/`."))),
        Public))]
pub async fn docs() -> Response {
    Redirect::to("/docs/").into_response()
}

pub async fn index() -> Response {
    file("index.html")
}

/// A file of the page.
pub async fn asset(Path(name): Path<String>) -> Response {
    file(&name)
}

fn file(name: &str) -> Response {
    let found = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG));
    let Ok(Some(file)) = found else {
        return ApiError::NotFound.into_response();
    };
    let Ok(media) = HeaderValue::from_str(&file.content_type) else {
        return ApiError::NotFound.into_response();
    };
    let own: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    let headers: HeaderMap = own.into_iter().collect();
    (StatusCode::OK, headers, file.bytes.into_owned()).into_response()
}
