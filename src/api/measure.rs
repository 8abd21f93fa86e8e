//! Counts every request by its route and status, and measures how long it took. A route is the template of a path
//! (`/v1/promotions/{id}`). It is looked up here in addition to axum's own routing, so that refused requests are
//! counted too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};

use crate::metrics::{Requests, Route};

/// Counts requests. Clones share the counters.
#[derive(Clone)]
pub struct Measure {
    routes: Arc<Routes>,
}

struct Routes {
    requests: Requests,
    paths: matchit::Router<Methods>,
    /// For requests that match no path.
    unmatched: Methods,
}

/// The routes of a path: one for each common method, and one for all others.
struct Methods {
    path: String,
    routes: [(Method, Route); 5],
    other: Route,
}

impl Methods {
    fn of(requests: &Requests, path: &str) -> Self {
        let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let routes = methods.map(|method| {
            let route = requests.route(method.as_str(), path);
            (method, route)
        });
        Self { path: path.to_owned(), routes, other: requests.route("OTHER", path) }
    }

    fn route(&self, method: &Method) -> &Route {
        let own = self.routes.iter().find(|(own, _)| own == method);
        own.map_or(&self.other, |(_, route)| route)
    }
}

impl Measure {
    /// Counts requests by these paths.
    pub fn new<'p>(requests: &Requests, paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut found = matchit::Router::new();
        for path in paths {
            // axum has already refused paths that conflict.
            let _ = found.insert(path, Methods::of(requests, path));
        }
        let routes = Routes {
            requests: requests.clone(),
            paths: found,
            unmatched: Methods::of(requests, "unmatched"),
        };
        Self { routes: Arc::new(routes) }
    }

    /// Counts one more request in flight.
    pub fn begins(&self) {
        self.routes.requests.in_flight.inc();
    }

    /// Counts one request in flight less, because its answer has been sent.
    pub fn ends(&self) {
        self.routes.requests.in_flight.dec();
    }

    pub fn begin(&self, method: &Method, path: &str) -> Turn<'_> {
        let routes = &*self.routes;
        let found = routes.paths.at(path);
        let methods = found.map_or(&routes.unmatched, |found| found.value);
        Turn {
            requests: &routes.requests,
            path: &methods.path,
            route: methods.route(method),
            begun: Instant::now(),
            is_answered: false,
        }
    }
}

/// A request, from its head to its answer. If it is dropped without an answer, the caller has hung up.
pub struct Turn<'m> {
    requests: &'m Requests,
    path: &'m str,
    route: &'m Route,
    begun: Instant,
    is_answered: bool,
}

impl<'m> Turn<'m> {
    /// The template of the request's path.
    pub fn path(&self) -> &'m str {
        self.path
    }

    /// Counts the answer. Returns how long it took.
    pub fn answered(mut self, status: StatusCode) -> Duration {
        let took = self.begun.elapsed();
        self.is_answered = true;
        self.route.answered(status.as_u16(), took);
        took
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.requests.abandoned.inc();
        }
    }
}
