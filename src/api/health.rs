//! Whether the process lives, and whether it can do its work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Api, edge};
use crate::db::DbError;
use crate::wire::write::Writer;

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, description = "The process lives.")))]
pub async fn healthz() -> Response {
    report(StatusCode::OK, "ok", None)
}

/// Whether requests can be served: the database answers, its schema is current, and the listener for rule changes is
/// connected.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses(
        (status = 200, description = "Requests can be served."),
        (status = 503, description = "They cannot, for this reason.")))]
pub async fn readyz(State(api): State<Api>) -> Response {
    match unready(&api).await {
        None => report(StatusCode::OK, "ready", None),
        Some(reason) => report(StatusCode::SERVICE_UNAVAILABLE, "not_ready", Some(reason)),
    }
}

async fn unready(api: &Api) -> Option<&'static str> {
    if api.is_stopping() {
        return Some("the service is stopping");
    }
    match api.service().db().ready().await {
        Ok(()) => {}
        Err(DbError::SchemaOutdated { .. }) => return Some("the schema is not current"),
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
