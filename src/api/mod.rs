//! HTTP. This file lists all paths; below are the modules of the edge, and a module for each resource.
//!
//! The arguments of a handler stand in the order of the checks (spec 1): key, role, path, body, state. Errors are
//! [`problem::ApiError`]. The [`edge`], which knows the request's id, turns them into problem documents.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::routing::get;

use tokio::runtime::Handle;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::id::{PromotionId, TenantId};
use crate::metrics::Metrics;
use crate::service::api_key::KeyHash;
use crate::service::evaluate::Size;
use crate::service::pool::Urgency;
use crate::service::promotions::exists;
use crate::service::{Service, ServiceError, api_key};
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use edge::Bounds;
use extract::decode;
use health::Readiness;
use measure::Measure;
use problem::ApiError;
use timeouts::Timeouts;

pub mod auth;
pub mod edge;
pub mod extract;
pub mod front;
pub mod measure;
pub mod page;
pub mod problem;
pub mod serve;
pub mod timeouts;

mod activities;
mod audit;
mod codes;
mod connection;
mod customers;
mod etag;
mod evaluate;
mod events;
mod handler;
mod health;
mod issuances;
mod keys;
mod milestones;
#[expect(clippy::indexing_slicing, reason = "the document is made of constants, and tests make it")]
mod openapi;
mod product_lists;
mod promotions;
mod redemptions;
mod schema;
pub mod seal;
mod sending;
mod settings;
mod stats;
mod stores;
mod stream;
mod tenants;
mod unread_bodies;
mod webhooks;

/// The paths of the API, and their answers.
fn paths() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(tenants::create, tenants::list))
        .routes(routes!(tenants::patch))
        .routes(routes!(tenants::create_key))
        .routes(routes!(tenants::revoke_key))
        .routes(routes!(keys::create, keys::list))
        .routes(routes!(keys::revoke))
        .routes(routes!(settings::get, settings::put))
        .routes(routes!(stores::list, stores::put_all))
        .routes(routes!(stores::get, stores::put, stores::delete))
        .routes(routes!(product_lists::list))
        .routes(routes!(product_lists::get, product_lists::put, product_lists::delete))
        .routes(routes!(promotions::create, promotions::list))
        .routes(routes!(promotions::get, promotions::put, promotions::archive))
        .routes(routes!(promotions::set_status))
        .routes(routes!(promotions::history))
        .routes(routes!(stats::of_promotion))
        .routes(routes!(stats::all))
        .routes(routes!(codes::create, codes::list))
        .routes(routes!(codes::delete))
        .routes(routes!(evaluate::evaluate))
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
        .routes(routes!(customers::merge))
        .routes(routes!(customers::delete))
        .routes(routes!(activities::create))
        .routes(routes!(milestones::list))
        .routes(routes!(milestones::get, milestones::put, milestones::delete))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::get, webhooks::put, webhooks::delete))
        .routes(routes!(webhooks::dead))
        .routes(routes!(webhooks::resend))
        .routes(routes!(events::list))
        .routes(routes!(audit::list))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(openapi::openapi))
        .routes(routes!(openapi::docs::docs))
        // The files of the page are not part of the API.
        .route("/docs/", get(openapi::docs::index))
        .route("/docs/{file}", get(openapi::docs::asset))
}

/// The state that handlers share. Clones share it too.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    service: Service,
    operator: Option<KeyHash>,
    timeouts: Timeouts,
    bounds: Bounds,
    openapi: String,
    stopping: AtomicBool,
    readiness: Readiness,
}

impl Api {
    /// The state of handlers. The runtime `front` checks readiness. Without an operator key nobody can manage tenants.
    pub fn new(
        service: Service,
        front: Handle,
        operator_key: Option<&str>,
        timeouts: Timeouts,
        bounds: Bounds,
    ) -> Self {
        let inner = Inner {
            service,
            operator: operator_key.map(api_key::hash),
            timeouts,
            bounds,
            openapi: document().to_string(),
            stopping: AtomicBool::new(false),
            readiness: Readiness::new(front),
        };
        Self { inner: Arc::new(inner) }
    }

    /// From now on the service reports that it is not ready, because it is about to stop.
    pub fn stop(&self) {
        self.inner.stopping.store(true, Ordering::Release);
    }

    fn is_stopping(&self) -> bool {
        self.inner.stopping.load(Ordering::Acquire)
    }

    /// Keeps the known state of the database fresh. Never ends.
    pub async fn keep_watch(self) {
        health::keep_watch(&self).await;
    }

    fn service(&self) -> &Service {
        &self.inner.service
    }

    /// Reads a complete body. A large one is read on the pool, in its tenant's turn.
    async fn read<T: Send + 'static>(
        &self,
        tenant: TenantId,
        body: Bytes,
        read: impl FnOnce(&Bytes) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        match Size::of(body.len()) {
            Size::Small => return read(&body),
            Size::Large => {}
        }
        let pool = self.service().pool();
        let reading = pool.run(tenant, Urgency::Usual, move |_| read(&body));
        self.admin_read(async { reading.await.map_err(ServiceError::from) }).await?
    }

    /// Reads a complete body that is a JSON document.
    async fn decode<T: Send + 'static>(
        &self,
        tenant: TenantId,
        body: Bytes,
        read: impl FnOnce(Value<'_, '_>, &mut Faults) -> Option<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.read(tenant, body, move |body| decode(body, read)).await
    }

    /// Refuses a request about a promotion that the tenant does not have.
    async fn require_promotion(
        &self,
        tenant: TenantId,
        promotion: PromotionId,
    ) -> Result<(), ApiError> {
        let look = self
            .service()
            .db()
            .tenant(tenant, move |tx| Box::pin(async move { exists(tx, promotion).await }));
        self.admin_read(look).await
    }

    /// Adds the missing product lists that a refused body names to its other faults.
    async fn with_missing_lists(&self, tenant: TenantId, refused: ApiError) -> ApiError {
        let ApiError::Invalid(faults) = refused else {
            return refused;
        };
        let all = self.service().with_missing_lists(tenant, faults);
        self.admin_read(all).await.map_or_else(|error| error, ApiError::Invalid)
    }
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
