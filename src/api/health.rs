//! Whether the process is alive, whether it is ready, and its metrics.

use axum::http::{HeaderValue, header};

use super::{handler::*, schema};
use crate::cache::Hearing;
use crate::wire::body::*;

/// Check whether the process is alive
#[utoipa::path(get, path = "/healthz", operation_id = "is_alive", tag = "health",
    security(()), responses((status = 200, description = "The process is alive.", body = schema::Health), Public))]
pub async fn healthz() -> Response {
    report(StatusCode::OK, "ok", None)
}

/// Check whether requests can be served
///
/// They can when the database answers, its schema is current, and the listener for rule changes is connected. Behind a
/// pooler that pools by transaction they can without a listener, and `reason` says so.
#[utoipa::path(get, path = "/readyz", operation_id = "is_ready", tag = "health",
    security(()),
    responses(
        (status = 200, description = "Requests can be served.", body = schema::Health), Public,
        (status = 503, description = "Requests cannot be served, for this reason.", content((schema::Health = "application/json"), (schema::Problem = "application/problem+json")))))]
pub async fn readyz(api: Api) -> Response {
    let reason = if api.is_stopping() {
        Some("the service is stopping")
    } else {
        api.readiness().reason().await
    };
    match reason {
        None => report(StatusCode::OK, "ready", api.readiness().without()),
        Some(reason) => report(StatusCode::SERVICE_UNAVAILABLE, "not_ready", Some(reason)),
    }
}

/// Read the metrics as Prometheus text
#[utoipa::path(get, path = "/metrics", operation_id = "read_metrics", tag = "health",
    security(()),
    responses(
        (status = 200, description = "Counters, gauges and histograms.", content((String = "application/openmetrics-text"))),
        Public))]
pub async fn metrics(api: Api) -> Response {
    let service = api.service();
    let (metrics, cache) = (service.metrics(), service.cache());
    let pool = service.db().connections();
    let (open, idle) = (i64::from(pool.open), count(pool.idle));
    metrics.set_connections(open - idle, idle);
    metrics.database_pool_size.set(i64::from(pool.most));
    metrics.tenants_in_memory.set(count(cache.len()));
    metrics.promotions_in_memory.set(count(cache.promotions()));
    metrics.rules_bytes.set(count(cache.bytes()));
    metrics.keys_in_memory.set(count(cache.keys()));
    metrics.rules_age_seconds.set(cache.age().as_secs_f64());
    metrics.rules_listening.set(i64::from(cache.hearing() == Hearing::Notified));
    metrics.rules_polled.set(i64::from(cache.hearing() == Hearing::Polled));
    metrics.standby_missing.set(i64::from(service.db().lacks_standby()));
    metrics.redemptions_waiting.set(count(service.redemptions_waiting()));
    let mut response = Response::new(metrics.print().into());
    let text =
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

answer! {
    pub struct Health "Health" as (&str, Option<&str>) |(status, reason)| {
        /// The state of the process.
        status: required(Like(|_| one_name(&["ok", "ready", "not_ready"]))) => *status,
        /// Why the process is not ready, or what it does without although it is.
        reason: absent(WORDS) => *reason,
    }
}

fn report(status: StatusCode, word: &'static str, reason: Option<&str>) -> Response {
    json(status, Health::document(&(word, reason)))
}
