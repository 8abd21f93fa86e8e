//! Turns every refusal and failure into `application/problem+json` (RFC 9457, spec 13). Only here do errors become
//! statuses and codes. Internal faults are logged here, once, and the caller learns nothing about them.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use thiserror::Error;

use crate::cache::{LoadError, NoRoom, Refused};
use crate::db::{DbError, Key};
use crate::metrics::Shed;
use crate::service::pool::NotDone;
use crate::service::{Refusal, ServiceError};
use crate::telemetry;
use crate::wire::faults::{Fault, FaultCode, Faults};
use crate::wire::json::JsonError;
use crate::wire::problem::{Problem as Document, TOO_COMPLEX, detail};

mod refusals;

pub use refusals::code_of;

/// Seconds after which a caller may try again, if the service cannot predict the wait.
const RETRY_AFTER: u64 = 1;

/// Why a request failed, in the words that the caller gets.
#[derive(Debug, Error)]
pub enum ApiError {
    #[error("The body is not JSON: {0}.")]
    NotJson(String),
    #[error("The request cannot be read as HTTP, or its transfer coding is not understood.")]
    NotHttp,
    #[error("A valid key is needed, as `Authorization: Bearer <key>`.")]
    Unauthorized,
    #[error("The role of this key does not allow this.")]
    Forbidden,
    #[error("Only admin keys may evaluate as if at another time.")]
    AtForbidden,
    #[error(
        "Only admin keys may evaluate with drafts, without promotions, or under other settings."
    )]
    DraftsForbidden,
    #[error("No operator key is configured: tenant management is closed.")]
    ManagementClosed,
    #[error("The tenant is suspended.")]
    TenantSuspended,
    /// It does not exist, or it belongs to another tenant.
    #[error("There is no such thing.")]
    NotFound,
    #[error("The path does not have this method; the header `allow` names those that it has.")]
    MethodNotAllowed,
    #[error("The body did not arrive in time.")]
    BodyTimeout,
    #[error("{}", refusals::detail(.0))]
    Refused(Refusal),
    #[error("It has changed since: `If-Match` does not name its present version.")]
    StaleVersion,
    #[error("The body has more than {0} bytes.")]
    TooLarge(usize),
    #[error("The content type of the body must be {0}.")]
    UnsupportedMediaType(&'static str),
    #[error("The body must come as it is, without a content encoding.")]
    UnsupportedEncoding,
    #[error("{}", detail(.0.as_slice()))]
    Invalid(Faults),
    #[error("{}", TOO_COMPLEX)]
    TooComplex(Faults),
    #[error(
        "Send the version that is to be replaced, as `If-Match` with the `ETag` of the last answer."
    )]
    IfMatchRequired,
    #[error("{}", no_room(.0))]
    NoRoom(NoRoom),
    #[error("The headers are too many or too long.")]
    HeaderTooLarge,
    #[error("Too many requests are being worked on. Nothing was done.")]
    Overloaded,
    #[error("Too many long evaluations are waiting. Nothing was done.")]
    PoolFull,
    #[error("The answer took too long. Nothing was changed.")]
    HandlerTimeout,
    #[error("It may have been done, or not. The same request may be repeated.")]
    OutcomeUnknown,
    #[error("The service is stopping. Nothing was changed.")]
    Stopping,
    #[error("The database does not answer. Nothing was changed.")]
    NoDatabase,
    #[error("What is stored cannot be read by this release. Nothing was changed.")]
    Unreadable,
    #[error("The service failed. The request's id finds the cause in its logs.")]
    Internal,
    /// A fault of the database. It is logged, and the caller gets a message that depends on its kind.
    #[error(transparent)]
    Db(Arc<DbError>),
    /// The rules could not be loaded. The caller gets a message as for `Db`.
    #[error(transparent)]
    Load(LoadError),
}

impl ApiError {
    /// One fault at a pointer.
    pub fn fault(
        pointer: impl Into<String>,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Invalid(Faults::one(pointer, code, message))
    }

    /// The status and the stable code.
    fn status(&self) -> (u16, &'static str) {
        match self {
            Self::NotJson(_) => (400, "not_json"),
            Self::NotHttp => (400, "not_http"),
            Self::Unauthorized => (401, "unauthorized"),
            Self::Forbidden
            | Self::AtForbidden
            | Self::DraftsForbidden
            | Self::ManagementClosed => (403, "forbidden"),
            Self::TenantSuspended => (403, "tenant_suspended"),
            Self::NotFound => (404, "not_found"),
            Self::MethodNotAllowed => (405, "method_not_allowed"),
            Self::BodyTimeout => (408, "timeout"),
            Self::Refused(refusal) => (409, code_of(refusal)),
            Self::StaleVersion => (412, "stale_version"),
            Self::TooLarge(_) => (413, "too_large"),
            Self::UnsupportedMediaType(_) | Self::UnsupportedEncoding => {
                (415, "unsupported_media_type")
            }
            Self::Invalid(_) => (422, "invalid"),
            Self::TooComplex(_) => (422, "too_complex"),
            Self::IfMatchRequired => (428, "if_match_required"),
            Self::NoRoom(NoRoom::Rate(_) | NoRoom::Guesses(_)) => (429, "too_many_requests"),
            Self::HeaderTooLarge => (431, "header_too_large"),
            Self::NoRoom(NoRoom::Share) | Self::Overloaded | Self::PoolFull => (503, "overloaded"),
            Self::HandlerTimeout | Self::Stopping | Self::NoDatabase | Self::Unreadable => {
                (503, "unavailable")
            }
            Self::OutcomeUnknown => (503, "outcome_unknown"),
            Self::Internal | Self::Db(_) | Self::Load(_) => (500, "internal"),
        }
    }

    /// Why the request was turned away before any work, if it was.
    fn shed(&self) -> Option<Shed> {
        match self {
            Self::HeaderTooLarge => Some(Shed::Head),
            Self::Overloaded | Self::NoRoom(NoRoom::Share) => Some(Shed::InFlight),
            Self::PoolFull => Some(Shed::Pool),
            Self::Stopping => Some(Shed::Stopping),
            _ => None,
        }
    }

    /// Seconds after which the caller may repeat the request; at least one.
    fn retry_after(&self, status: u16) -> Option<u64> {
        match self {
            Self::NoRoom(NoRoom::Rate(wait) | NoRoom::Guesses(wait)) => {
                let begun = u64::from(wait.subsec_nanos() > 0);
                Some(wait.as_secs().saturating_add(begun).max(RETRY_AFTER))
            }
            _ => (status == 503).then_some(RETRY_AFTER),
        }
    }

    /// The document that a caller gets, for commands that print it.
    pub fn document(self) -> Document {
        Problem::new(self.told()).document
    }

    /// Replaces an internal failure by what the caller may know, and logs it.
    fn told(self) -> Self {
        match self {
            Self::Db(error) | Self::Load(LoadError::Db(error)) => of_db(&error),
            Self::Load(error @ LoadError::BrokenOff) => {
                tracing::error!(%error, "the rules could not be loaded");
                Self::Internal
            }
            other => other,
        }
    }
}

fn no_room(why: &NoRoom) -> &'static str {
    match why {
        NoRoom::Share => "Too many requests of this tenant are being worked on. Nothing was done.",
        NoRoom::Rate(_) => "The tenant asks more often than its operator allows. Nothing was done.",
        NoRoom::Guesses(_) => {
            "Too many codes that nobody has were presented. For a while no codes are looked up; carts without codes are."
        }
    }
}

fn of_db(error: &DbError) -> ApiError {
    match error {
        DbError::Duplicate(Key::PromotionName) => ApiError::Refused(Refusal::NameTaken),
        DbError::InUse => ApiError::Refused(Refusal::InUse),
        DbError::CodesTaken(codes) => ApiError::Refused(Refusal::CodesTaken(codes.clone())),
        DbError::Stale => ApiError::StaleVersion,
        DbError::TooSlow(_)
        | DbError::Conflict(_)
        | DbError::Raced
        | DbError::Unavailable(_)
        | DbError::NotReady(_) => {
            tracing::warn!(%error, "the database did not do what was asked");
            ApiError::NoDatabase
        }
        DbError::Unreadable(_) => {
            tracing::error!(%error, "what is stored is not known to this release");
            ApiError::Unreadable
        }
        DbError::OutcomeUnknown(_) => {
            tracing::warn!(%error, "a commit was not confirmed");
            ApiError::OutcomeUnknown
        }
        DbError::Stopping => ApiError::Stopping,
        DbError::Duplicate(Key::KeyHash | Key::Id)
        | DbError::Missing(_)
        | DbError::SchemaOutdated { .. }
        | DbError::Setup(_)
        | DbError::Migrate(_)
        | DbError::Query(_) => {
            tracing::error!(error = %telemetry::describe(error), "the database failed");
            ApiError::Internal
        }
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Db(error) => Self::Db(error),
            ServiceError::Load(error) => Self::Load(error),
            ServiceError::NotFound => Self::NotFound,
            ServiceError::NoRoom(why) => Self::NoRoom(why),
            ServiceError::Stale => Self::StaleVersion,
            ServiceError::Invalid(faults) => Self::Invalid(faults),
            ServiceError::TooComplex(faults) => Self::TooComplex(faults),
            ServiceError::Refused(refusal) => Self::Refused(refusal),
            ServiceError::Lost => Self::OutcomeUnknown,
            ServiceError::Stopped => Self::HandlerTimeout,
            ServiceError::NotDone(NotDone::Full) => Self::PoolFull,
            ServiceError::NotDone(NotDone::Ended) => Self::Stopping,
            // The panic was logged with its message where it was caught.
            ServiceError::Panicked => Self::Internal,
        }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        Self::Db(Arc::new(error))
    }
}

impl From<NoRoom> for ApiError {
    fn from(why: NoRoom) -> Self {
        Self::NoRoom(why)
    }
}

impl From<JsonError> for ApiError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::NotJson(why) => Self::NotJson(why),
            JsonError::Fault(Fault { pointer, code, message }) => {
                Self::fault(pointer, code, message)
            }
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unknown => Self::Unauthorized,
            Refused::Suspended => Self::TenantSuspended,
            Refused::Busy => Self::Overloaded,
            Refused::Db(error) => Self::Db(error),
        }
    }
}

/// The content of a problem document. It travels as an extension of the response until the edge, which knows the
/// request's id, prints it.
#[derive(Clone, Debug)]
pub struct Problem {
    document: Document,
    shed: Option<Shed>,
}

impl Problem {
    fn new(error: ApiError) -> Self {
        let (shed, (status, code)) = (error.shed(), error.status());
        let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let mut document =
            Document::new(status, code, title.unwrap_or_default(), error.to_string());
        match error {
            ApiError::Invalid(faults) | ApiError::TooComplex(faults) => {
                document.errors = faults.into_vec();
            }
            ApiError::Refused(Refusal::LockedAfterLive(fields)) => {
                document.errors = refusals::locked(&fields);
            }
            ApiError::Refused(Refusal::DiscountChanged(result)) => document.result = Some(result),
            _ => {}
        }
        Self { document, shed }
    }

    /// The stable code, for logs.
    pub fn code(&self) -> &'static str {
        self.document.code
    }

    /// Why the request was turned away, if it was, for metrics.
    pub fn shed(&self) -> Option<Shed> {
        self.shed
    }

    /// Prints the document for the request with this id.
    pub fn print(&self, request_id: &str) -> String {
        self.document.print(Some(request_id))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = self.told();
        let (status, _) = error.status();
        let mut response = Response::new(Body::empty());
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut header = |name: HeaderName, value| response.headers_mut().insert(name, value);
        if let Some(seconds) = error.retry_after(status) {
            header(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        match error {
            Self::Unauthorized => {
                header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            // Otherwise the rest of the body would be read as the next request.
            Self::BodyTimeout | Self::TooLarge(_) | Self::NotHttp => {
                header(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response.extensions_mut().insert(Problem::new(error));
        response
    }
}
