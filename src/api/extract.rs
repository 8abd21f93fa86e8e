//! Extractors that belong to no single resource: ids in the path, query parameters, bodies.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use chrono::{DateTime, Datelike, Utc};
use uuid::Uuid;

use super::problem::ApiError;
use super::state::Api;
use super::timeouts::Deadline;
use super::unread_bodies;
use crate::domain::id::{BacktestId, IssuanceId, KeyId, PromotionId, RedemptionId, TenantId};
use crate::domain::names::Named;
use crate::domain::redemption::Address;
use crate::metrics::Timeout;
use crate::service::ServiceError;
use crate::service::pool::{Size, Urgency};
use crate::wire::decode::Value;
use crate::wire::faults::{FaultCode, Faults, push_key};
use crate::wire::json::Json;

/// Most bytes of a body (spec 14).
pub const MAX_BODY: usize = 1024 * 1024;
/// Most bytes that are read of a body that is too large, so that its sender sees the answer.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;
/// Most bytes of a body of product lists, stores, codes or bulk issues (spec 14).
pub const MAX_BULK_BODY: usize = 16 * 1024 * 1024;
/// Longest text that names something in a path.
pub const MAX_NAME: usize = 255;

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

/// Query parameters. Each must be read before [`Query::finish`].
#[derive(Debug)]
pub struct Query {
    path: String,
    given: BTreeMap<String, String>,
    faults: Faults,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::read(&parts.uri))
    }
}

impl Query {
    pub fn read(uri: &Uri) -> Self {
        let path = uri.path().to_owned();
        let mut query = Self { path, given: BTreeMap::new(), faults: Faults::new() };
        for pair in uri.query().unwrap_or_default().split('&') {
            if pair.is_empty() {
                continue;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (unescape(name), unescape(value)) else {
                query.fault("", FaultCode::Malformed, "the query is not UTF-8 with percent signs");
                continue;
            };
            if query.given.contains_key(&name) {
                query.fault(&name, FaultCode::NotUnique, "is there twice");
            }
            query.given.insert(name, value);
        }
        query
    }

    pub fn fault(&mut self, name: &str, code: FaultCode, message: impl Into<Cow<'static, str>>) {
        let mut pointer = String::with_capacity(name.len() + 1);
        push_key(&mut pointer, name);
        self.faults.add_at(pointer, code, message);
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// A parameter as it is, if it is present.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.given.remove(name)
    }

    /// A text of at most 255 characters.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let text = self.take(name)?;
        if text.chars().count() > MAX_NAME {
            self.fault(name, FaultCode::TooLong, "has more than 255 characters");
            return None;
        }
        if text.chars().any(char::is_control) {
            self.fault(name, FaultCode::Malformed, "has control characters");
            return None;
        }
        Some(text)
    }

    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        let text = self.take(name)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.fault(name, FaultCode::Malformed, "must be true or false");
        }
        value
    }

    pub fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let text = self.take(name)?;
        // A `+` of an offset that was not escaped has become a space.
        let Ok(time) = DateTime::parse_from_rfc3339(&text.replace(' ', "+")) else {
            self.fault(name, FaultCode::Malformed, "is not an RFC 3339 time with an offset");
            return None;
        };
        let time = time.to_utc();
        if !(1..=9999).contains(&time.year()) {
            self.fault(name, FaultCode::OutOfRange, "must be in the years 1 to 9999");
            return None;
        }
        Some(time)
    }

    /// The value of a closed set that has this name.
    pub fn choice<T: Named>(&mut self, name: &str) -> Option<T> {
        let text = self.take(name)?;
        let found = T::ALL.iter().copied().find(|value| value.name() == text);
        if found.is_none() {
            let names: Vec<&str> = T::ALL.iter().map(|value| value.name()).collect();
            self.fault(name, FaultCode::Malformed, format!("must be one of: {}", names.join(", ")));
        }
        found
    }

    /// Refuses faulty parameters, and parameters that were not read.
    pub fn finish(mut self) -> Result<(), ApiError> {
        for name in std::mem::take(&mut self.given).into_keys() {
            self.fault(&name, FaultCode::UnknownField, "is not a parameter here");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.faults)) }
    }
}

/// Decodes a part of a query: `+` is a space, `%` begins an escape.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
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

/// No body, or an empty object: the path says everything.
#[derive(Clone, Copy, Debug)]
pub struct NoBody;

impl FromRequest<Api> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let body = Small::from_request(request, api).await?;
        if body.bytes.is_empty() {
            return Ok(Self);
        }
        decode(&body.json()?, |value, faults| value.object(faults)?.finish(faults)).map(|()| Self)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_unescaped() {
        assert_eq!(unescape("a+b%20%C3%A9").as_deref(), Some("a b é"));
        assert_eq!(unescape("%"), None);
        assert_eq!(unescape("%zz"), None);
        assert_eq!(unescape("%ff"), None);
    }
}
