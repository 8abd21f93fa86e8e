//! Counts of requests by route and status, and their durations.
//!
//! Each route finds its metrics once, so that counting a request hashes no text and takes no lock. A series appears
//! with its first request, so routes without requests produce no output.

use std::sync::OnceLock;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;

use super::distribution::Distribution;

/// Histogram bounds of request durations, in microseconds. An evaluation takes tens of microseconds, bulk work seconds.
const BOUNDS: &[u32] = &[
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
];

/// The statuses with a series of their own, ascending. All others count as `other`.
const STATUSES: [u16; 23] = [
    200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 422, 428,
    429, 431, 500, 503,
];

type RouteLabels = [(&'static str, String); 2];
type AnswerLabels = [(&'static str, String); 3];

/// Makes the histogram of a route's durations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times;

impl MetricConstructor<Distribution> for Times {
    fn new_metric(&self) -> Distribution {
        Distribution::of_times(BOUNDS)
    }
}

/// The metrics of requests. Clones share them.
#[derive(Clone, Debug)]
pub struct Requests {
    pub(super) answered: Family<AnswerLabels, Counter>,
    pub(super) durations: Family<RouteLabels, Distribution, Times>,
    /// Requests that are being worked on.
    pub in_flight: Gauge,
    /// Requests whose callers hung up before the answer.
    pub abandoned: Counter,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            answered: Family::default(),
            durations: Family::new_with_constructor(Times),
            in_flight: Gauge::default(),
            abandoned: Counter::default(),
        }
    }
}

impl Requests {
    /// What the requests of a route are counted in.
    pub fn route(&self, method: &str, route: &str) -> Route {
        Route {
            requests: self.clone(),
            labels: [("method", method.to_owned()), ("route", route.to_owned())],
            duration: OnceLock::new(),
            answered: STATUSES.map(|_| OnceLock::new()),
            otherwise: OnceLock::new(),
        }
    }
}

/// What the requests of a route are counted in.
#[derive(Debug)]
pub struct Route {
    requests: Requests,
    labels: RouteLabels,
    duration: OnceLock<Distribution>,
    /// In the order of [`STATUSES`].
    answered: [OnceLock<Counter>; STATUSES.len()],
    otherwise: OnceLock<Counter>,
}

impl Route {
    pub fn answered(&self, status: u16, took: Duration) {
        let known = STATUSES.binary_search(&status).ok().and_then(|place| self.answered.get(place));
        match known {
            Some(counter) => counter.get_or_init(|| self.counter(status.to_string())).inc(),
            None => self.otherwise.get_or_init(|| self.counter("other".to_owned())).inc(),
        };
        let duration = self
            .duration
            .get_or_init(|| self.requests.durations.get_or_create(&self.labels).clone());
        duration.observe_time(took);
    }

    fn counter(&self, status: String) -> Counter {
        let [method, route] = self.labels.clone();
        let labels = [method, route, ("status", status)];
        self.requests.answered.get_or_create(&labels).clone()
    }
}
