//! What all handlers use: extractors, and functions that make answers.

use axum::extract::FromRequestParts;
pub(super) use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
pub(super) use axum::response::Response;

pub(super) use super::auth::{
    Admin, Caller, CodeReader, HandReader, Issuer, Operator, Pos, PosReader, Pricer, Reader, Teller,
};
pub(super) use super::dry_run::{DryRun, DryRunParams};
pub(super) use super::edge::json;
pub(super) use super::extract::{
    Bulk, JsonOrCsv, Name, NewName, NoBody, NoQuery, PathId, Query, Small, decode,
};
pub(super) use super::openapi::{
    Evaluating, ListParams, OneNamed, Public, Reading, Redeeming, Replacing, Writing, conflicts,
};
pub(super) use super::page;
pub(super) use super::problem::ApiError;
pub(super) use super::state::Api;
pub(super) use super::timeouts::Deadline;

/// The result of a handler.
pub type Answered = Result<Response, ApiError>;

impl FromRequestParts<Api> for Api {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        Ok(api.clone())
    }
}

pub(super) fn ok(text: String) -> Answered {
    Ok(json(StatusCode::OK, text))
}

pub(super) fn created(text: String) -> Answered {
    Ok(json(StatusCode::CREATED, text))
}

/// An answer without content.
pub(super) fn done() -> Answered {
    Ok(StatusCode::NO_CONTENT.into_response())
}
