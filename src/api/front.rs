//! The front: a thread with a runtime of its own. Health, readiness and metrics are answered here, so that they never
//! wait for other work.
//!
//! The front accepts all connections and looks at the first bytes of each. A connection that asks for health, readiness
//! or metrics stays here. Any other connection is handed over for good to the runtime that works, so its requests cost
//! nothing more. Other requests on a connection that stayed are handled by that runtime too.

use std::io;
use std::net::TcpListener as StdListener;
use std::net::TcpStream as StdStream;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::AbortOnDropHandle;
use tower::ServiceExt;
use tracing::Instrument;

/// The paths that are answered here.
pub const PATHS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Most bytes of a connection that are examined: a method, the longest of the paths, and the character after it.
const LOOK: usize = 16;

/// Pause after the system has refused a connection, for example because too many files are open.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Most connections that wait to be taken over by a runtime.
const MAX_LED: usize = 64;

/// The front's runtime. It ends when this is dropped.
pub struct Front {
    handle: Handle,
    _end: DropGuard,
}

/// Connections that the front has accepted. The other runtime or the front's own serves them.
pub type Led = mpsc::Receiver<StdStream>;

impl Front {
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let end = CancellationToken::new();
        let ended = end.clone();
        thread::Builder::new()
            .name("front".to_owned())
            .spawn(move || runtime.block_on(ended.cancelled_owned()))?;
        Ok(Self { handle, _end: end.drop_guard() })
    }

    /// The runtime for work that must not wait.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Accepts connections until `stop`. Returns those that stay, and those for the runtime that works. A connection
    /// that sends nothing is dropped after `idle`.
    pub fn accept(
        &self,
        listener: StdListener,
        idle: Duration,
        stop: CancellationToken,
    ) -> (Led, Led) {
        let (stays, staying) = mpsc::channel(MAX_LED);
        let (goes, going) = mpsc::channel(MAX_LED);
        self.handle.spawn(async move {
            let listener = match TcpListener::from_std(listener) {
                Ok(listener) => listener,
                Err(error) => {
                    tracing::error!(%error, "connections cannot be accepted");
                    return;
                }
            };
            let accepting = accept_all(&listener, idle, &stays, &goes, &stop);
            stop.run_until_cancelled(accepting).await;
        });
        (staying, going)
    }
}

async fn accept_all(
    listener: &TcpListener,
    idle: Duration,
    stays: &mpsc::Sender<StdStream>,
    goes: &mpsc::Sender<StdStream>,
    stop: &CancellationToken,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (stays, goes) = (stays.clone(), goes.clone());
                let leading = async move {
                    let asks = tokio::time::timeout(idle, asks_for_health(&stream)).await;
                    let Ok(Some(asks)) = asks else {
                        return;
                    };
                    let next = if asks { stays } else { goes };
                    if let Ok(stream) = stream.into_std() {
                        // The receiver is gone when the service has stopped.
                        let _ = next.send(stream).await;
                    }
                };
                tokio::spawn(stop.clone().run_until_cancelled_owned(leading));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether the first request of a connection is for one of [`PATHS`]; `None` if there is no request. Probes send their
/// requests in one piece. A request that comes byte by byte goes to the other runtime, which answers it as well.
async fn asks_for_health(stream: &TcpStream) -> Option<bool> {
    let mut first = [0; LOOK];
    match stream.peek(&mut first).await {
        Ok(0) | Err(_) => None,
        Ok(length) => Some(is_for_health(first.get(..length).unwrap_or_default())),
    }
}

fn is_for_health(first: &[u8]) -> bool {
    let path = (first.strip_prefix(b"GET ")).or_else(|| first.strip_prefix(b"HEAD "));
    let ends = |rest: &[u8]| matches!(rest.first(), Some(b' ' | b'?'));
    path.is_some_and(|path| {
        let mut own = PATHS.iter();
        own.any(|own| path.strip_prefix(own.as_bytes()).is_some_and(ends))
    })
}

/// The router of connections that stay. The other runtime answers every path that is not in [`PATHS`].
pub fn router(all: Router, workers: Handle) -> Router {
    let here = all.clone();
    let route = move |request: Request| {
        let (here, all, workers) = (here.clone(), all.clone(), workers.clone());
        async move {
            if PATHS.contains(&request.uri().path()) {
                return answer(here, request).await;
            }
            let working = workers.spawn(answer(all, request).in_current_span());
            match AbortOnDropHandle::new(working).await {
                Ok(response) => response,
                // The runtime has ended. Panics are caught inside the router.
                Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
        }
    };
    Router::new().fallback(route)
}

async fn answer(router: Router, request: Request) -> Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_for_health_are_known_by_their_first_bytes() {
        for (first, expected) in [
            ("GET /healthz HTTP/1.1", true),
            ("GET /readyz HTTP/1.0", true),
            ("HEAD /metrics HTTP/1.1", true),
            ("GET /metrics?x=1 HTTP/1.1", true),
            ("GET /healthz2 HTTP/1.1", false),
            ("GET /healthz", false),
            ("POST /healthz HTTP/1.1", false),
            ("POST /v1/evaluate-cart HTTP/1.1", false),
            ("PRI * HTTP/2.0", false),
            ("G", false),
        ] {
            let bytes = first.as_bytes();
            let seen = bytes.get(..bytes.len().min(LOOK)).unwrap();
            assert_eq!(is_for_health(seen), expected, "{first}");
        }
    }
}
