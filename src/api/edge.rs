//! What every request passes, whatever becomes of it: its id, the bounds on headers and on requests in flight, and the
//! writing of problem documents. Kept thin, since evaluations pass it too.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tracing::Instrument;
use tracing::field::Empty;

use super::front;
use super::measure::Measure;
use super::problem::{ApiError, Problem};
use crate::cache;
use crate::metrics::Metrics;
use crate::telemetry;

/// What a request may be, and how many there may be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most bytes of all header names and values.
    pub header_bytes: usize,
    /// Most headers.
    pub headers: usize,
    /// Most requests that are worked on at the same time.
    pub in_flight: usize,
    /// Most of them that are one tenant's, so that none can take all.
    pub in_flight_of_tenant: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            header_bytes: 16 * 1024,
            headers: 64,
            in_flight: 512,
            in_flight_of_tenant: 256,
        }
    }
}

/// The header that carries the id of a request and of its answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The router with what surrounds it. Clones share the count of requests.
#[derive(Clone)]
pub struct Edge {
    router: Router,
    metrics: Metrics,
    measure: Measure,
    in_flight: Arc<AtomicUsize>,
    bounds: Bounds,
}

/// One request in flight.
struct Place<'e>(&'e AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Where a request keeps its place among those of its tenant, once it is known whose it is, until it is answered.
#[derive(Clone, Default)]
pub(super) struct Seat(Arc<OnceLock<cache::Place>>);

impl Seat {
    /// Keeps the place until the request is answered.
    pub(super) fn keep(parts: &Parts, place: cache::Place) {
        if let Some(Self(seat)) = parts.extensions.get::<Self>() {
            // Whoever asks twice who calls has a place already.
            let _ = seat.set(place);
        }
    }
}

impl Edge {
    /// Surrounds the router.
    pub fn new(router: Router, bounds: Bounds, metrics: &Metrics) -> Self {
        Self {
            router,
            metrics: metrics.clone(),
            measure: super::measure(metrics),
            in_flight: Arc::default(),
            bounds,
        }
    }

    /// The same edge, before another router.
    pub fn before(&self, router: Router) -> Self {
        Self {
            router,
            ..self.clone()
        }
    }

    /// What operations can see.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How many requests are being worked on.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request) -> Response {
        let id = telemetry::request_id(request.headers().get(REQUEST_ID));
        let text = id.to_str().unwrap_or_default();
        let turn = self.measure.begin(request.method(), request.uri().path());
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
        let mut response = self.route(request).instrument(span.clone()).await;
        let took = turn.answered(response.status());
        telemetry::answered(&span, response.status().as_u16());
        let _entered = span.enter();
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            tracing::debug!(
                http.status = response.status().as_u16(),
                problem.code = problem.code(),
                duration_us = took.as_micros(),
                "answered",
            );
            if let Some(reason) = problem.shed() {
                self.metrics.shed.inc(reason);
            }
            write_problem(&mut response, problem, text);
        } else {
            tracing::debug!(
                http.status = response.status().as_u16(),
                duration_us = took.as_micros(),
                "answered",
            );
        }
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }

    async fn route(&self, mut request: Request) -> Response {
        if self.bounds.is_too_large(request.headers()) {
            return ApiError::HeaderTooLarge.into_response();
        }
        let Some(_place) = self.place(request.uri().path()) else {
            return ApiError::Overloaded.into_response();
        };
        let seat = Seat::default();
        request.extensions_mut().insert(seat.clone());
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        drop(seat);
        response
    }

    /// A place among the requests in flight. How the process is is told whatever its load.
    fn place(&self, path: &str) -> Option<Place<'_>> {
        let before = self.in_flight.fetch_add(1, Ordering::AcqRel);
        let place = Place(&self.in_flight);
        (before < self.bounds.in_flight || front::PATHS.contains(&path)).then_some(place)
    }
}

impl Bounds {
    fn is_too_large(&self, headers: &HeaderMap) -> bool {
        let bytes: usize = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        headers.len() > self.headers || bytes > self.header_bytes
    }
}

fn write_problem(response: &mut Response, problem: Problem, request_id: &str) {
    let text = problem.print(request_id);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, PROBLEM_JSON);
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(text);
}

/// What a panic of a handler becomes: one 500, and a line in the log.
pub fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    tracing::error!(panic.message = message, "a handler panicked");
    ApiError::Panicked.into_response()
}

/// An answer of JSON text.
pub fn json(status: StatusCode, text: impl Into<Body>) -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}
