//! The edge, which every request passes: its id, the bounds on headers and on requests in flight, and the writing of
//! problem documents. It is kept thin, because evaluations pass it too.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rand::RngExt;
use tower::ServiceExt;
use tracing::Instrument;
use tracing::field::Empty;

use super::front;
use super::measure::Measure;
use super::problem::{ApiError, Problem};
use crate::cache;
use crate::metrics::{Metrics, Shed};
use crate::telemetry;

/// Bounds on each request, and on how many there are at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most bytes of all header names and values.
    pub header_bytes: usize,
    pub headers: usize,
    /// Most requests that are worked on at the same time.
    pub in_flight: usize,
    /// Most of them that may belong to one tenant, so that no tenant can take all.
    pub in_flight_of_tenant: usize,
    /// Most bytes of long answers that wait to be read.
    pub unsent_bytes: usize,
    /// Most of those bytes that may belong to one tenant.
    pub unsent_bytes_of_tenant: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            header_bytes: 16 * 1024,
            headers: 64,
            in_flight: 512,
            in_flight_of_tenant: 256,
            unsent_bytes: 256 * MIB,
            unsent_bytes_of_tenant: 64 * MIB,
        }
    }
}

/// The header that carries the id of a request and of its answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The path of evaluations. They are POSTs, but they only read.
pub(super) const EVALUATE: &str = "/v1/evaluate-cart";
/// Bytes of a mebibyte.
pub const MIB: usize = 1024 * 1024;
/// Longest answer that counts as small. One such answer for each request in flight costs little memory.
const SMALL_ANSWER: usize = 64 * 1024;

/// A refusal because the pool is full is sent after a random part of this time. Otherwise callers that were refused at
/// the same moment would come back at the same moment, and the others would wait until all of them are refused again.
const LONGEST_REFUSAL: Duration = Duration::from_millis(250);

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The router and what surrounds it. Clones share the count of requests.
#[derive(Clone)]
pub struct Edge {
    router: Router,
    metrics: Metrics,
    measure: Measure,
    in_flight: Arc<AtomicUsize>,
    /// Bytes of long answers that have not been sent.
    unsent: Arc<AtomicUsize>,
    bounds: Bounds,
}

/// What a request keeps until its answer is sent: its place among the requests in flight and among those of its tenant,
/// and room for the bytes of a long answer.
pub struct Held {
    edge: Arc<Edge>,
    is_counted: bool,
    unsent: usize,
    seat: Seat,
}

impl Held {
    /// Takes a place among the requests in flight, and returns how many had one before.
    fn take(edge: &Arc<Edge>) -> (Self, usize) {
        let before = edge.in_flight.fetch_add(1, Ordering::AcqRel);
        edge.measure.begins();
        let held =
            Self { edge: Arc::clone(edge), is_counted: true, unsent: 0, seat: Seat::default() };
        (held, before)
    }

    /// Gives the place up, because the request is refused.
    fn give_up(&mut self) {
        if std::mem::take(&mut self.is_counted) {
            self.edge.in_flight.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Reserves room for a long answer, unless the instance or the tenant has too little. An answer that is refused
    /// reserves none. An answer that must be sent reserves its room in any case.
    fn make_room(&mut self, bytes: usize, must: bool) -> Result<(), ApiError> {
        let most = |bound| if must { usize::MAX } else { bound };
        let Edge { bounds, unsent, metrics, .. } = &*self.edge;
        if !cache::take_room(unsent, bytes, most(bounds.unsent_bytes)) {
            return Err(ApiError::Overloaded);
        }
        let own = most(bounds.unsent_bytes_of_tenant);
        if let Some(place) = self.seat.0.get()
            && let Err(no_room) = place.hold(bytes, own)
        {
            unsent.fetch_sub(bytes, Ordering::AcqRel);
            return Err(ApiError::NoRoom(no_room));
        }
        metrics.unsent_bytes.inc_by(gauged(bytes));
        self.unsent = bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give_up();
        self.edge.measure.ends();
        if self.unsent > 0 {
            let unsent = &self.edge.metrics.unsent_bytes;
            unsent.dec_by(gauged(self.unsent));
            self.edge.unsent.fetch_sub(self.unsent, Ordering::AcqRel);
        }
    }
}

/// Bytes, as a gauge counts them.
fn gauged(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Holds a request's place among those of its tenant, from when the tenant is known until the answer is sent.
#[derive(Clone, Default)]
pub(super) struct Seat(Arc<OnceLock<cache::Place>>);

impl Seat {
    /// Keeps the place until the answer is sent.
    pub(super) fn keep(parts: &Parts, place: cache::Place) {
        if let Some(Self(seat)) = parts.extensions.get::<Self>() {
            // If the caller is identified a second time, the first place stays.
            let _ = seat.set(place);
        }
    }
}

impl Edge {
    pub fn new(router: Router, bounds: Bounds, metrics: &Metrics, measure: Measure) -> Self {
        Self {
            router,
            metrics: metrics.clone(),
            measure,
            in_flight: Arc::default(),
            unsent: Arc::default(),
            bounds,
        }
    }

    /// The same edge, before another router.
    pub fn before(&self, router: Router) -> Self {
        Self { router, ..self.clone() }
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How many requests are being worked on.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Answers one request. `Held` must be dropped when the answer has been sent.
    pub async fn answer(self: &Arc<Self>, request: Request) -> (Response, Held) {
        let (mut held, before) = Held::take(self);
        let id = telemetry::request_id(request.headers().get(REQUEST_ID));
        let text = id.to_str().unwrap_or_default();
        let turn = self.measure.begin(request.method(), request.uri().path());
        let repeats = request.method() == Method::GET || request.uri().path() == EVALUATE;
        let method = request.method().as_str();
        let span = tracing::info_span!(
            "request",
            request.id = text,
            http.method = method,
            http.route = turn.path(),
            http.status = Empty,
            tenant.id = Empty,
            rules.version = Empty,
            otel.name = Empty,
            otel.kind = "server",
            otel.status_code = Empty,
        );
        telemetry::adopt(&span, request.headers(), method, turn.path());
        let routed = self.route(request, &mut held, before);
        let mut response = routed.instrument(span.clone()).await;
        let length = response.body().size_hint().lower();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > SMALL_ANSWER {
            // A write that was done is answered at any cost: a refusal would say that nothing was done.
            if let Err(no_room) = held.make_room(length, !repeats) {
                response = no_room.into_response();
            }
        }
        let shed = response.extensions().get::<Problem>().and_then(Problem::shed);
        if shed == Some(Shed::Pool) {
            held.give_up();
            let pause = rand::rng().random_range(Duration::ZERO..LONGEST_REFUSAL);
            tokio::time::sleep(pause).await;
        }
        let took = turn.answered(response.status());
        telemetry::answered(&span, response.status().as_u16());
        let _entered = span.enter();
        let problem = response.extensions_mut().remove::<Problem>();
        tracing::debug!(
            http.status = response.status().as_u16(),
            problem.code = problem.as_ref().map(Problem::code),
            duration_us = took.as_micros(),
            "answered",
        );
        if let Some(problem) = problem {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
            headers.remove(header::CONTENT_LENGTH);
            *response.body_mut() = Body::from(self.printed(&problem, text));
        }
        response.headers_mut().insert(REQUEST_ID, id);
        (response, held)
    }

    async fn route(&self, mut request: Request, held: &mut Held, before: usize) -> Response {
        let refused = if self.bounds.is_too_large(request.headers()) {
            Some(ApiError::HeaderTooLarge)
        } else if has_foreign_coding(request.headers()) {
            Some(ApiError::NotHttp)
        } else if !self.has_room(request.uri().path(), before) {
            Some(ApiError::Overloaded)
        } else {
            None
        };
        if let Some(refused) = refused {
            held.give_up();
            return refused.into_response();
        }
        request.extensions_mut().insert(held.seat.clone());
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Prints a problem document. It is counted if the request was turned away.
    fn printed(&self, problem: &Problem, request_id: &str) -> String {
        if let Some(reason) = problem.shed() {
            self.metrics.requests_shed.inc(reason);
        }
        problem.print(request_id)
    }

    /// Whether there is room for one more request. Requests for the state of the process are served under any load.
    fn has_room(&self, path: &str, before: usize) -> bool {
        let unsent = self.unsent.load(Ordering::Acquire);
        (before < self.bounds.in_flight && unsent < self.bounds.unsent_bytes)
            || front::PATHS.contains(&path)
    }

    /// The whole answer to a head that hyper could not read. hyper would send the same status without a body.
    pub(super) fn refuse(&self, status: u16) -> Vec<u8> {
        let id = telemetry::request_id(None);
        let text = id.to_str().unwrap_or_default();
        let turn = self.measure.begin(&Method::OPTIONS, "");
        let error = match status {
            414 | 431 => ApiError::HeaderTooLarge,
            _ => ApiError::NotHttp,
        };
        let mut response = error.into_response();
        turn.answered(response.status());
        let problem = response.extensions_mut().remove::<Problem>();
        let body = problem.map_or(String::new(), |problem| self.printed(&problem, text));
        let (status, length) = (response.status(), body.len());
        tracing::debug!(http.status = status.as_u16(), request.id = text, "a head was refused");
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {length}\r\n\
             {REQUEST_ID}: {text}\r\nconnection: close\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// Whether the body has a transfer coding other than chunked.
fn has_foreign_coding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
}

impl Bounds {
    fn is_too_large(&self, headers: &HeaderMap) -> bool {
        let bytes: usize =
            headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        headers.len() > self.headers || bytes > self.header_bytes
    }
}

/// Turns a panic of a handler into one 500 and a line in the log.
pub fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    tracing::error!(panic.message = message, "a handler panicked");
    ApiError::Internal.into_response()
}

/// A JSON answer.
pub fn json(status: StatusCode, text: impl Into<Body>) -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}
