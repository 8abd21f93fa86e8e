//! Whether the process is alive, whether it is ready, and its metrics.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, header};
use tokio::runtime::Handle;

use super::{handler::*, schema};
use crate::db::DbError;
use crate::wire::body::*;

/// Check whether the process is alive
#[utoipa::path(get, path = "/healthz", operation_id = "is_alive", tag = "health",
    security(()), responses((status = 200, description = "The process is alive.", body = schema::Health), Public))]
pub async fn healthz() -> Response {
    report(StatusCode::OK, "ok", None)
}

/// Check whether requests can be served
///
/// They can when the database answers, its schema is current, and the listener for rule changes is connected.
#[utoipa::path(get, path = "/readyz", operation_id = "is_ready", tag = "health",
    security(()),
    responses(
        (status = 200, description = "Requests can be served.", body = schema::Health), Public,
        (status = 503, description = "Requests cannot be served, for this reason.", content((schema::Health = "application/json"), (schema::Problem = "application/problem+json")))))]
pub async fn readyz(api: Api) -> Response {
    match unready(&api).await {
        None => report(StatusCode::OK, "ready", None),
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
    metrics.rules_listening.set(i64::from(cache.is_listening()));
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

/// How long a check waits for the database before it answers with the last known state.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long the database may take to answer that it is ready.
const LIMIT: Duration = Duration::from_secs(2);
/// How long the last known state is used while the database is slow.
const MEMORY: Duration = Duration::from_secs(3);
/// How long one answer is shared by checks that come at the same time.
const SHARED: Duration = Duration::from_millis(20);
/// The interval at which the database is asked without a check.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// When the database was last asked, and why it was not ready, if it was not.
type Known = Option<(Instant, Option<&'static str>)>;

/// The last known state of the database. The front's runtime asks for it over a connection of its own, so that neither
/// a full pool nor a busy core makes an instance look unready.
pub(super) struct Readiness {
    front: Handle,
    known: Mutex<Known>,
    asking: tokio::sync::Mutex<()>,
}

impl Readiness {
    pub(super) fn new(front: Handle) -> Self {
        Self { front, known: Mutex::new(None), asking: tokio::sync::Mutex::default() }
    }

    fn known(&self, within: Duration) -> Option<Option<&'static str>> {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, reason) = known?;
        (since.elapsed() <= within).then_some(reason)
    }

    fn learn(&self, reason: Option<&'static str>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((Instant::now(), reason));
    }
}

/// Asks the database at intervals. Never ends.
pub(super) async fn keep_watch(api: &Api) {
    loop {
        ask(api).await;
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

async fn unready(api: &Api) -> Option<&'static str> {
    if api.is_stopping() {
        return Some("the service is stopping");
    }
    if let Some(why) = api.service().db().failing() {
        return Some(why.reason());
    }
    let readiness = &api.inner.readiness;
    let own = api.clone();
    let asked = readiness.front.spawn(async move { ask(&own).await });
    let of_database = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(reason)) => reason,
        Ok(Err(_)) | Err(_) => readiness.known(MEMORY).unwrap_or(Some(SILENT)),
    };
    of_database.or_else(|| {
        (!api.service().cache().is_listening())
            .then_some("the listener for rule changes is not connected")
    })
}

const SILENT: &str = "the database does not answer";

/// Asks the database why it is not ready; `None` if it is ready.
async fn ask(api: &Api) -> Option<&'static str> {
    let readiness = &api.inner.readiness;
    let _turn = readiness.asking.lock().await;
    if let Some(reason) = readiness.known(SHARED) {
        return reason;
    }
    let reason = match tokio::time::timeout(LIMIT, api.service().db().ready()).await {
        Ok(Ok(())) => None,
        Ok(Err(DbError::SchemaOutdated { .. })) => Some("the schema is not current"),
        Ok(Err(DbError::NotReady(why))) => Some(why.reason()),
        Ok(Err(error)) => {
            if readiness.known(Duration::MAX) != Some(Some(SILENT)) {
                tracing::warn!(%error, "not ready");
            }
            Some(SILENT)
        }
        Err(_) => Some(SILENT),
    };
    readiness.learn(reason);
    reason
}

answer! {
    pub struct Health "Health" as (&str, Option<&str>) |(status, reason)| {
        /// The state of the process.
        status: required(Like(|_| one_name(&["ok", "ready", "not_ready"]))) => *status,
        /// Why the process is not ready.
        reason: absent(WORDS) => *reason,
    }
}

fn report(status: StatusCode, word: &'static str, reason: Option<&str>) -> Response {
    json(status, Health::document(&(word, reason)))
}
