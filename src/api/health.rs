//! Whether the process lives, and whether it can do its work.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, header};
use tokio::runtime::Handle;

use super::{handler::*, schema};
use crate::db::DbError;
use crate::wire::body::*;

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", operation_id = "is_alive", tag = "health",
    security(()), responses((status = 200, description = "The process lives.", body = schema::Health), Public))]
pub async fn healthz() -> Response {
    report(StatusCode::OK, "ok", None)
}

/// Whether requests can be served: the database answers, its schema is current, and the listener for rule changes is
/// connected.
#[utoipa::path(get, path = "/readyz", operation_id = "is_ready", tag = "health",
    security(()),
    responses(
        (status = 200, description = "Requests can be served.", body = schema::Health), Public,
        (status = 503, description = "They cannot, for this reason.", content((schema::Health = "application/json"), (schema::Problem = "application/problem+json")))))]
pub async fn readyz(api: Api) -> Response {
    match unready(&api).await {
        None => report(StatusCode::OK, "ready", None),
        Some(reason) => report(StatusCode::SERVICE_UNAVAILABLE, "not_ready", Some(reason)),
    }
}

/// What operations can see, as Prometheus text.
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

/// How long the database is waited for before what was known of it is answered.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long the database may take to be called ready.
const LIMIT: Duration = Duration::from_secs(2);
/// For how long what is known of it is told while it takes its time.
const MEMORY: Duration = Duration::from_secs(3);
/// For how long those who ask at the same time share an answer.
const SHARED: Duration = Duration::from_millis(20);
/// How often it is asked while nobody wants to know.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// Why the database is not ready, if it is not, and since when that is known.
type Known = Option<(Instant, Option<&'static str>)>;

/// What is known of the database. It is asked on the front's runtime, over a connection of its own: neither a pool without
/// a free connection nor a busy core makes an instance look as if it were not ready.
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

/// Asks the database again and again.
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

/// Why the database is not ready.
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
        /// How it is.
        status: required(Like(|_| one_name(&["ok", "ready", "not_ready"]))) => *status,
        /// Why it is not ready.
        reason: absent(WORDS) => *reason,
    }
}

fn report(status: StatusCode, word: &'static str, reason: Option<&str>) -> Response {
    json(status, Health::document(&(word, reason)))
}
