//! Extractors that belong to no single resource: ids in the path, query parameters, bodies.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use uuid::Uuid;

use super::problem::ApiError;
pub use super::query::{MAX_NAME, Query};
use super::state::Api;
use super::timeouts::Deadline;
use super::unread_bodies;
use crate::domain::id::{BacktestId, IssuanceId, KeyId, PromotionId, RedemptionId, TenantId};
use crate::domain::redemption::Address;
use crate::metrics::Timeout;
use crate::service::ServiceError;
use crate::service::pool::{Size, Urgency};
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::json::Json;

/// Most bytes of a body (spec 14).
pub const MAX_BODY: usize = 1024 * 1024;
/// Most bytes that are read of a body that is too large, so that its sender sees the answer.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;
/// Most bytes of a body of product lists, stores, codes or bulk issues (spec 14).
pub const MAX_BULK_BODY: usize = 16 * 1024 * 1024;

/// An id in a path: the last one for a key, else the first. An id of the wrong form is answered like one that does not
/// exist.
#[derive(Clone, Copy, Debug)]
pub struct PathId<T>(pub T);

macro_rules! path_ids {
    ($($place:ident: $($id:ty),+;)+) => {$($(
        impl<S: Send + Sync> FromRequestParts<S> for PathId<$id> {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
                let text = $place(params(parts).await?)?;
                uuid(&text).map(|uuid| Self(<$id>::new(uuid)))
            }
        }
    )+)+};
}

path_ids! {
    first: TenantId, PromotionId, IssuanceId, BacktestId;
    last: KeyId;
}

/// The last name in a path: of a store, a list, a code and so on.
#[derive(Clone, Debug)]
pub struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        plain(last(params(parts).await?)?).map(Self)
    }
}

/// The last name in a path, under which something is made: white space around it is removed.
#[derive(Clone, Debug)]
pub struct NewName(pub String);

impl<S: Send + Sync> FromRequestParts<S> for NewName {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Name(name) = Name::from_request_parts(parts, state).await?;
        plain(name.trim().to_owned()).map(Self)
    }
}

/// The address of a redemption in a path: its id, or `tx:` and the caller's id (spec 9).
#[derive(Clone, Debug)]
pub struct Redemption(pub Address);

impl<S: Send + Sync> FromRequestParts<S> for Redemption {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let text = first(params(parts).await?)?;
        let Some(transaction) = text.strip_prefix("tx:") else {
            let id = uuid(&text).map(RedemptionId::new)?;
            return Ok(Self(Address::Id(id)));
        };
        plain(transaction.to_owned()).map(Address::Transaction).map(Self)
    }
}

/// A text that can be a name.
fn plain(text: String) -> Result<String, ApiError> {
    let is_plain =
        !text.is_empty() && text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control);
    is_plain.then_some(text).ok_or(ApiError::NotFound)
}

/// Accepts UUIDs in their usual form only, so that one resource has one path.
fn uuid(text: &str) -> Result<Uuid, ApiError> {
    let uuid = Uuid::try_parse(text).map_err(|_| ApiError::NotFound)?;
    if text.len() == uuid::fmt::Hyphenated::LENGTH { Ok(uuid) } else { Err(ApiError::NotFound) }
}

async fn params(parts: &mut Parts) -> Result<Vec<String>, ApiError> {
    let params =
        RawPathParams::from_request_parts(parts, &()).await.map_err(|_| ApiError::NotFound)?;
    Ok(params.iter().map(|(_, value)| value.to_owned()).collect())
}

fn first(params: Vec<String>) -> Result<String, ApiError> {
    params.into_iter().next().ok_or(ApiError::NotFound)
}

fn last(params: Vec<String>) -> Result<String, ApiError> {
    params.into_iter().next_back().ok_or(ApiError::NotFound)
}

/// Refuses all query parameters.
#[derive(Clone, Copy, Debug)]
pub struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        no_query(&parts.uri).map(|()| Self)
    }
}

fn no_query(uri: &Uri) -> Result<(), ApiError> {
    if uri.query().is_none() { Ok(()) } else { Query::read(uri).finish() }
}

/// Says that an extractor before the body has read the query parameters.
#[derive(Clone, Copy, Debug)]
pub struct QueryRead;

/// A complete body of at most `MAX` bytes that is not yet parsed. The handler checks its form after the path. A request
/// with a body has no query parameters, unless an extractor reads them before.
#[derive(Clone, Debug)]
pub struct RawBody<const MAX: usize> {
    bytes: Bytes,
    form: Form,
}

/// No body, or an empty object: the path says everything. The handler refuses anything else, because the path is judged
/// first (`Api::after_path`).
#[derive(Debug)]
pub struct NoBody(pub Result<(), ApiError>);

impl FromRequest<Api> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let body = Small::from_request(request, api).await?;
        if body.bytes.is_empty() {
            return Ok(Self(Ok(())));
        }
        let nothing = body
            .json()
            .and_then(|body| decode(&body, |value, faults| value.object(faults)?.finish(faults)));
        Ok(Self(nothing))
    }
}

/// A body of the usual size.
pub type Small = RawBody<MAX_BODY>;
/// A body of product lists, stores, codes or bulk issues.
pub type Bulk = RawBody<MAX_BULK_BODY>;

/// The content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Csv,
    Other,
}

/// A body whose form is known.
#[derive(Clone, Debug)]
pub enum JsonOrCsv {
    Json(Bytes),
    Csv(Bytes),
}

impl<const MAX: usize> FromRequest<Api> for RawBody<MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        if request.extensions().get::<QueryRead>().is_none() {
            no_query(request.uri())?;
        }
        if is_encoded(request.headers()) {
            return Err(ApiError::UnsupportedEncoding);
        }
        let form = form(request.headers());
        let bytes = tokio::time::timeout(api.inner.timeouts.body, collect(request, MAX))
            .await
            .unwrap_or_else(|_| {
                api.service().metrics().timeouts.inc(Timeout::Body);
                Err(ApiError::BodyTimeout)
            })?;
        Ok(Self { bytes, form })
    }
}

async fn collect(request: Request, max: usize) -> Result<Bytes, ApiError> {
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let limit = u64::try_from(max).unwrap_or(u64::MAX);
    if declared.is_some_and(|length| length > limit) {
        let waits = request.headers().contains_key(header::EXPECT);
        if !waits {
            // A caller that is still sending would see a broken connection in place of the answer.
            unread_bodies::drain(request.into_body(), MAX_DISCARDED).await;
        }
        return Err(ApiError::TooLarge(max));
    }
    let body: Body = request.into_body();
    axum::body::to_bytes(body, max).await.map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        if source.is_some_and(|source| source.contains("length limit")) {
            ApiError::TooLarge(max)
        } else {
            // Most likely the caller is gone.
            ApiError::NotJson("the body broke off".to_owned())
        }
    })
}

/// Whether the body has a content encoding. The service does not decompress.
fn is_encoded(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

fn form(headers: &HeaderMap) -> Form {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Form::Other;
    };
    let essence = value.to_str().unwrap_or_default();
    let essence = essence.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Form::Json
    } else if essence.eq_ignore_ascii_case("text/csv") {
        Form::Csv
    } else {
        Form::Other
    }
}

impl<const MAX: usize> RawBody<MAX> {
    pub fn json(self) -> Result<Bytes, ApiError> {
        match self.form {
            Form::Json => Ok(self.bytes),
            Form::Csv | Form::Other => Err(ApiError::UnsupportedMediaType("application/json")),
        }
    }

    pub fn text(self) -> Result<JsonOrCsv, ApiError> {
        match self.form {
            Form::Json => Ok(JsonOrCsv::Json(self.bytes)),
            Form::Csv => Ok(JsonOrCsv::Csv(self.bytes)),
            Form::Other => Err(ApiError::UnsupportedMediaType("application/json or text/csv")),
        }
    }
}

impl Api {
    /// Reads a complete body. A large one is read on the pool, in its tenant's turn.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        tenant: TenantId,
        body: Bytes,
        read: impl FnOnce(&Bytes) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        match Size::of(body.len()) {
            Size::Small => return read(&body),
            Size::Large => {}
        }
        let pool = self.service().pool();
        let reading = pool.run(tenant, Urgency::Usual, move |_| read(&body));
        self.within(Deadline::Read, async { reading.await.map_err(ServiceError::from) }).await?
    }

    /// Reads a complete body that is a JSON document.
    pub(super) async fn decode<T: Send + 'static>(
        &self,
        tenant: TenantId,
        body: Bytes,
        read: impl FnOnce(Value<'_, '_>, &mut Faults) -> Option<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.read(tenant, body, move |body| decode(body, read)).await
    }
}

/// Reads a JSON body, and reports all its faults.
pub fn decode<T>(
    body: &Bytes,
    read: impl FnOnce(Value<'_, '_>, &mut Faults) -> Option<T>,
) -> Result<T, ApiError> {
    let json = Json::parse(body)?;
    let mut faults = Faults::new();
    match read(Value::root(&json), &mut faults) {
        Some(value) if faults.is_empty() => Ok(value),
        _ => Err(ApiError::Invalid(faults)),
    }
}
