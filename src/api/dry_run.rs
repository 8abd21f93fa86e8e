//! `?dry_run=true`: checks everything and writes nothing (spec 3).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use utoipa::IntoParams;

use super::extract::{Query, QueryRead};
use super::problem::ApiError;
use crate::service::Mode;

/// How a change is made.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `DryRun` reads")]
pub struct DryRunParams {
    /// `true` checks everything and writes nothing.
    #[param(default = false)]
    dry_run: Option<bool>,
}

/// Whether a change is made or only tried. No other parameter is allowed.
#[derive(Clone, Copy, Debug)]
pub struct DryRun(pub Mode);

impl<S: Send + Sync> FromRequestParts<S> for DryRun {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut query = Query::read(&parts.uri);
        let dry_run = query.boolean("dry_run").unwrap_or(false);
        query.finish()?;
        parts.extensions.insert(QueryRead);
        Ok(Self(if dry_run { Mode::DryRun } else { Mode::Write }))
    }
}
