//! Every refusal and failure as `application/problem+json` (RFC 9457, spec 13): the one place where errors become
//! statuses and codes. Faults of ours are logged here, once, and tell the caller nothing.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::cache::{LoadError, NoRoom, Refused};
use crate::db::{DbError, Key};
use crate::metrics::Shed;
use crate::service::pool::NotDone;
use crate::service::{Refusal, ServiceError};
use crate::telemetry;
use crate::wire::faults::{Fault, FaultCode, Faults};
use crate::wire::json::JsonError;

mod refusals;

pub use refusals::code_of;
use refusals::of_refusal;

/// Seconds after which a caller may try again who was refused for what nobody can foresee.
const RETRY_AFTER: u64 = 1;

/// Why a request got no better answer.
#[derive(Debug)]
pub enum ApiError {
    /// 400: the body is not JSON.
    NotJson(String),
    /// 400: the request is not HTTP as it is understood here.
    NotHttp,
    /// 401: no key, or none that is valid.
    Unauthorized,
    /// 403: the key's role does not allow this.
    Forbidden,
    /// 403: `at` is for admins.
    AtForbidden,
    /// 403: there is no operator key, so that nobody can manage tenants.
    ManagementClosed,
    /// 403: the tenant is suspended.
    TenantSuspended,
    /// 404: there is no such path, or nothing of the caller's has this id.
    NotFound,
    /// 405: the path has other methods.
    MethodNotAllowed,
    /// 408: the body came too slowly.
    BodyTimeout,
    /// 412: `If-Match` names another version.
    StaleVersion,
    /// 413: the body has more bytes than this.
    TooLarge(usize),
    /// 415: a body of this resource is one of these.
    UnsupportedMediaType(&'static str),
    /// 415: the body is compressed, or wrapped in something else.
    UnsupportedEncoding,
    /// 422: everything that is wrong.
    Invalid(Faults),
    /// 428: `If-Match` is missing.
    IfMatchRequired,
    /// 503 or 429: there is no room for one more request of the tenant.
    NoRoom(NoRoom),
    /// 431: the headers are too many or too long.
    HeaderTooLarge,
    /// 503: too many requests at the same time.
    Overloaded,
    /// 503: a read took too long.
    HandlerTimeout,
    /// 503: a write took too long; it may have happened.
    WriteTimeout,
    /// 500: a handler panicked.
    Panicked,
    /// Whatever a use case answers.
    Service(ServiceError),
    /// Whatever the database answers.
    Db(DbError),
}

impl ApiError {
    /// One fault at a pointer.
    pub fn fault(
        pointer: impl Into<String>,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut faults = Faults::new();
        faults.add_at(pointer.into(), code, message);
        Self::Invalid(faults)
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound => Self::NotFound,
            ServiceError::NoRoom(why) => Self::NoRoom(why),
            other => Self::Service(other),
        }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
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
            Refused::Db(error) => Self::Service(ServiceError::Db(error)),
        }
    }
}

/// What a problem document says. It travels as an extension of its response until the edge, which knows the
/// request's id, writes it out.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    faults: Vec<Fault>,
    result: Option<String>,
    shed: Option<Shed>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), faults: Vec::new(), result: None, shed: None }
    }

    fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    fn unavailable(code: &'static str, detail: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
    }

    /// The same, of what was turned away before it was worked on.
    fn because(mut self, shed: Shed) -> Self {
        self.shed = Some(shed);
        self
    }

    fn internal() -> Self {
        let detail = "The service failed. The request's id finds the cause in its logs.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// The stable code, for logs.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Why the request was turned away, if it was, for metrics.
    pub fn shed(&self) -> Option<Shed> {
        self.shed
    }

    /// The document of the request with this id.
    pub fn print(self, request_id: &str) -> String {
        let document = crate::wire::problem::Problem {
            status: self.status.as_u16(),
            code: self.code,
            title: self.status.canonical_reason().unwrap_or_default(),
            detail: self.detail.into_owned(),
            errors: self.faults,
            result: self.result,
        };
        document.print(Some(request_id))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = problem(&self);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = problem.status;
        let mut header = |name: HeaderName, value| response.headers_mut().insert(name, value);
        if let Some(seconds) = retry_after(&self, problem.status) {
            header(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        match self {
            Self::Unauthorized => {
                header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            // What is left of the body would be read as the next request.
            Self::BodyTimeout | Self::TooLarge(_) | Self::NotHttp => {
                header(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response.extensions_mut().insert(problem);
        response
    }
}

/// After how many seconds the same request may come again; at least one.
fn retry_after(error: &ApiError, status: StatusCode) -> Option<u64> {
    match error {
        ApiError::NoRoom(NoRoom::Rate(wait) | NoRoom::Guesses(wait)) => {
            let begun = u64::from(wait.subsec_nanos() > 0);
            Some(wait.as_secs().saturating_add(begun).max(RETRY_AFTER))
        }
        _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_AFTER),
        _ => None,
    }
}

fn problem(error: &ApiError) -> Problem {
    use StatusCode as Status;
    match error {
        ApiError::NotJson(why) => {
            Problem::new(Status::BAD_REQUEST, "not_json", format!("The body is not JSON: {why}."))
        }
        ApiError::NotHttp => Problem::new(
            Status::BAD_REQUEST,
            "not_http",
            "The request cannot be read as HTTP, or its transfer coding is not understood.",
        ),
        ApiError::Unauthorized => Problem::new(
            Status::UNAUTHORIZED,
            "unauthorized",
            "A valid key is needed, as `Authorization: Bearer <key>`.",
        ),
        ApiError::Forbidden => Problem::new(
            Status::FORBIDDEN,
            "forbidden",
            "The role of this key does not allow this.",
        ),
        ApiError::AtForbidden => Problem::new(
            Status::FORBIDDEN,
            "forbidden",
            "Only admin keys may evaluate as if at another time.",
        ),
        ApiError::ManagementClosed => Problem::new(
            Status::FORBIDDEN,
            "forbidden",
            "No operator key is configured: tenant management is closed.",
        ),
        ApiError::TenantSuspended => {
            Problem::new(Status::FORBIDDEN, "tenant_suspended", "The tenant is suspended.")
        }
        ApiError::NotFound => {
            Problem::new(Status::NOT_FOUND, "not_found", "There is no such thing.")
        }
        ApiError::MethodNotAllowed => Problem::new(
            Status::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "The path does not have this method; the header `allow` names those that it has.",
        ),
        ApiError::BodyTimeout => {
            Problem::new(Status::REQUEST_TIMEOUT, "timeout", "The body did not arrive in time.")
        }
        ApiError::StaleVersion => Problem::new(
            Status::PRECONDITION_FAILED,
            "stale_version",
            "It has changed since: `If-Match` does not name its present version.",
        ),
        ApiError::TooLarge(limit) => Problem::new(
            Status::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("The body has more than {limit} bytes."),
        ),
        ApiError::UnsupportedMediaType(expected) => Problem::new(
            Status::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            format!("The content type of the body must be {expected}."),
        ),
        ApiError::UnsupportedEncoding => Problem::new(
            Status::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must come as it is, without a content encoding.",
        ),
        ApiError::Invalid(faults) => invalid(faults.as_slice().to_vec()),
        ApiError::IfMatchRequired => Problem::new(
            Status::PRECONDITION_REQUIRED,
            "if_match_required",
            "Send the version that is to be replaced, as `If-Match` with the `ETag` of the last answer.",
        ),
        ApiError::HeaderTooLarge => Problem::new(
            Status::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "header_too_large",
            "The headers are too many or too long.",
        )
        .because(Shed::Head),
        ApiError::Overloaded => Problem::unavailable(
            "overloaded",
            "Too many requests are being worked on. Nothing was done.",
        )
        .because(Shed::InFlight),
        ApiError::NoRoom(why) => no_room(*why),
        ApiError::HandlerTimeout => {
            Problem::unavailable("unavailable", "The answer took too long. Nothing was changed.")
        }
        ApiError::WriteTimeout => outcome_unknown(),
        // Logged where it was caught, with its message.
        ApiError::Panicked => Problem::internal(),
        ApiError::Service(error) => of_service(error),
        ApiError::Db(error) => of_db(error),
    }
}

fn invalid(faults: Vec<Fault>) -> Problem {
    let detail = crate::wire::problem::detail(&faults);
    Problem { faults, ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail) }
}

fn too_complex(faults: Vec<Fault>) -> Problem {
    Problem {
        faults,
        ..Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too_complex",
            crate::wire::problem::TOO_COMPLEX,
        )
    }
}

fn no_room(why: NoRoom) -> Problem {
    let too_many =
        |detail| Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
    match why {
        NoRoom::Share => Problem::unavailable(
            "overloaded",
            "Too many requests of this tenant are being worked on. Nothing was done.",
        )
        .because(Shed::InFlight),
        NoRoom::Rate(_) => {
            too_many("The tenant asks more often than its operator allows. Nothing was done.")
        }
        NoRoom::Guesses(_) => too_many(
            "Too many codes that nobody has were presented. For a while no codes are looked up; carts without codes are.",
        ),
    }
}

fn outcome_unknown() -> Problem {
    Problem::unavailable(
        "outcome_unknown",
        "It may have been done, or not. The same request may be repeated.",
    )
}

fn of_service(error: &ServiceError) -> Problem {
    match error {
        ServiceError::NotFound => problem(&ApiError::NotFound),
        ServiceError::NoRoom(why) => no_room(*why),
        ServiceError::Stale => problem(&ApiError::StaleVersion),
        ServiceError::Invalid(faults) => invalid(faults.as_slice().to_vec()),
        ServiceError::Refused(refusal) => of_refusal(refusal),
        ServiceError::Db(error) => of_db(error),
        ServiceError::Lost => outcome_unknown(),
        ServiceError::TooComplex(faults) => too_complex(faults.as_slice().to_vec()),
        ServiceError::Stopped => problem(&ApiError::HandlerTimeout),
        ServiceError::NotDone(NotDone::Full) => Problem::unavailable(
            "overloaded",
            "Too many long evaluations are waiting. Nothing was done.",
        )
        .because(Shed::Pool),
        ServiceError::NotDone(NotDone::Ended) => of_db(&DbError::Stopping),
        // Logged where it was caught, with its message.
        ServiceError::Panicked => Problem::internal(),
        ServiceError::Load(LoadError::Db(error)) => of_db(error),
        ServiceError::Load(error @ LoadError::BrokenOff) => {
            tracing::error!(%error, "the rules could not be loaded");
            Problem::internal()
        }
    }
}

fn of_db(error: &DbError) -> Problem {
    match error {
        DbError::Duplicate(Key::PromotionName) => of_refusal(&Refusal::NameTaken),
        DbError::InUse => of_refusal(&Refusal::InUse),
        DbError::CodesTaken(codes) => of_refusal(&Refusal::CodesTaken(codes.clone())),
        DbError::Stale => problem(&ApiError::StaleVersion),
        DbError::TooSlow(_)
        | DbError::Conflict(_)
        | DbError::Raced
        | DbError::Unavailable(_)
        | DbError::NotReady(_) => {
            tracing::warn!(%error, "the database did not do what was asked");
            Problem::unavailable(
                "unavailable",
                "The database does not answer. Nothing was changed.",
            )
        }
        DbError::Unreadable(_) => {
            tracing::error!(%error, "what is stored is not known to this release");
            Problem::unavailable(
                "unavailable",
                "What is stored cannot be read by this release. Nothing was changed.",
            )
        }
        DbError::OutcomeUnknown(_) => {
            tracing::warn!(%error, "a commit was not confirmed");
            outcome_unknown()
        }
        DbError::Stopping => {
            Problem::unavailable("unavailable", "The service is stopping. Nothing was changed.")
                .because(Shed::Stopping)
        }
        DbError::Duplicate(Key::KeyHash | Key::Id)
        | DbError::Missing(_)
        | DbError::SchemaOutdated { .. }
        | DbError::Setup(_)
        | DbError::Migrate(_)
        | DbError::Embedded(_)
        | DbError::Query(_) => {
            tracing::error!(error = %telemetry::describe(error), "the database failed");
            Problem::internal()
        }
    }
}
