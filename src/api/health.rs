//! Whether the process lives, and whether it can do its work.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::openapi::Public;
use super::{Api, edge, schema};
use crate::db::DbError;
use crate::wire::write::Writer;

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", operation_id = "is_alive", tag = "health",
    security(()),
    responses(
        (status = 200, description = "The process lives.", body = schema::Health),
        Public))]
pub async fn healthz() -> Response {
    report(StatusCode::OK, "ok", None)
}

/// Whether requests can be served: the database answers, its schema is current, and the listener for rule changes is
/// connected.
#[utoipa::path(get, path = "/readyz", operation_id = "is_ready", tag = "health",
    security(()),
    responses(
        (status = 200, description = "Requests can be served.", body = schema::Health),
        Public,
        (status = 503, description = "They cannot, for this reason.",
            content((schema::Health = "application/json"), (schema::Problem = "application/problem+json")))))]
pub async fn readyz(State(api): State<Api>) -> Response {
    match unready(&api).await {
        None => report(StatusCode::OK, "ready", None),
        Some(reason) => report(StatusCode::SERVICE_UNAVAILABLE, "not_ready", Some(reason)),
    }
}

/// What operations can see, as Prometheus text.
#[utoipa::path(get, path = "/metrics", operation_id = "read_metrics", tag = "health",
    security(()),
    responses(
        (status = 200, description = "Counters, gauges and histograms.",
            content((String = "application/openmetrics-text"))),
        Public))]
pub async fn metrics(State(api): State<Api>) -> Response {
    let service = api.service();
    let (metrics, cache) = (service.metrics(), service.cache());
    let pool = service.db().connections();
    let (open, idle) = (i64::from(pool.open), count(pool.idle));
    metrics.set_connections(open - idle, idle);
    metrics.pool_size.set(i64::from(pool.most));
    metrics.tenants_in_memory.set(count(cache.len()));
    metrics.promotions_in_memory.set(count(cache.promotions()));
    metrics.keys_in_memory.set(count(cache.keys()));
    metrics.rules_age.set(cache.age().as_secs_f64());
    metrics.listening.set(i64::from(cache.is_listening()));
    metrics
        .redemptions_waiting
        .set(count(service.redemptions_waiting()));
    let mut response = Response::new(metrics.print().into());
    let text =
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

async fn unready(api: &Api) -> Option<&'static str> {
    if api.is_stopping() {
        return Some("the service is stopping");
    }
    match api.service().db().ready().await {
        Ok(()) => {}
        Err(DbError::SchemaOutdated { .. }) => return Some("the schema is not current"),
        Err(DbError::NotReady(why)) => return Some(why.reason()),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            return Some("the database does not answer");
        }
    }
    (!api.service().cache().is_listening())
        .then_some("the listener for rule changes is not connected")
}

fn report(status: StatusCode, word: &'static str, reason: Option<&str>) -> Response {
    let mut writer = Writer::with_capacity(64);
    writer.object(|writer| {
        writer.key("status").plain(word);
        if let Some(reason) = reason {
            writer.key("reason").text(reason);
        }
    });
    edge::json(status, writer.finish())
}
