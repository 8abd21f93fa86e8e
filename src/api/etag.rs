//! Optimistic concurrency: versions as `ETag`, and `If-Match` on every replacement (spec 1).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::problem::ApiError;
use crate::service::Expected;

/// The value of `If-Match`. If it is missing, that is a fault only when the handler asks for it, after path and body
/// are checked.
#[derive(Clone, Debug)]
pub struct IfMatch(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let given: Vec<&str> = parts
            .headers
            .get_all(header::IF_MATCH)
            .iter()
            .map(|value| value.to_str().unwrap_or_default())
            .collect();
        Ok(Self((!given.is_empty()).then(|| given.join(","))))
    }
}

impl IfMatch {
    /// The versions that may be replaced. A tag that is not ours matches nothing.
    pub fn expected(&self) -> Result<Expected, ApiError> {
        let given = self.0.as_deref().ok_or(ApiError::IfMatchRequired)?;
        if given.trim() == "*" {
            return Ok(Expected::Any);
        }
        let versions = given.split(',').filter_map(|tag| {
            let tag = tag.trim();
            // A bare number is accepted too, because the body shows `version` as a number.
            let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
            tag.parse().ok()
        });
        Ok(Expected::OneOf(versions.collect()))
    }
}

/// Adds the version to an answer as its `ETag`.
pub fn tagged(mut response: Response, version: i64) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
