//! Serves connections: accepts them, limits their times, and ends them.
//!
//! `axum::serve` limits neither the time of a header nor the time that a connection is idle, so stalled connections
//! would stay open forever. Therefore hyper-util serves connections here, and `connection` watches each. (hyper's own
//! limit on heads begins when the connection becomes idle, so it would end idle connections as soon as slow ones.)

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::connection::{End, Limits, Turn, Watch};
use super::edge::Edge;
use super::front::{ACCEPT_PAUSE, Led};
use super::sending::{self, Pieces};
use super::unread_bodies;
use super::watched::Watched;
use crate::metrics::Timeout;

/// hyper's own bounds. They are far above ours, so that ours apply first. Beyond these hyper itself refuses the head.
const HYPER_BUFFER: usize = 64 * 1024;
const HYPER_HEADERS: usize = 256;

/// The source of connections.
pub enum Door {
    /// A listener of this runtime.
    Own(TcpListener),
    /// Another runtime accepts the connections.
    Led(Led),
}

impl From<TcpListener> for Door {
    fn from(listener: TcpListener) -> Self {
        Self::Own(listener)
    }
}

impl From<Led> for Door {
    fn from(led: Led) -> Self {
        Self::Led(led)
    }
}

impl Door {
    /// The next connection. Waits forever once no more connections can come.
    async fn next(&mut self) -> io::Result<TcpStream> {
        match self {
            Self::Own(listener) => Ok(listener.accept().await?.0),
            Self::Led(led) => match led.recv().await {
                Some(stream) => TcpStream::from_std(stream),
                None => std::future::pending().await,
            },
        }
    }
}

/// Serves until `stop`. Then it lets requests in progress finish, for a bounded time.
pub async fn serve(door: impl Into<Door>, edge: Edge, limits: Limits, stop: CancellationToken) {
    let mut door = door.into();
    let graceful = GracefulShutdown::new();
    let builder = Arc::new(builder());
    loop {
        let accepted = tokio::select! {
            accepted = door.next() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok(stream) => {
                let watcher = graceful.watcher();
                // Each connection has its own `Arc`: a count that all cores change for every request would slow all of
                // them.
                let (edge, builder) = (Arc::new(edge.clone()), Arc::clone(&builder));
                tokio::spawn(async move {
                    let watch = Arc::new(Watch::new());
                    let connection = connection(stream, &edge, &watch, &builder);
                    let connection = pin!(watcher.watch(connection));
                    tokio::select! {
                        // How a connection ends is up to the caller: a hang-up is no fault of the service.
                        ended = connection => if let Err(error) = ended {
                            tracing::trace!(%error, "a connection ended early");
                        },
                        end = watch.overdue(limits) => if let End::Late(what) = end {
                            edge.metrics().timeouts.inc(what);
                        },
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(door);
    let open = graceful.count();
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        edge.metrics().timeouts.inc(Timeout::Drain);
        tracing::warn!(open, "some requests did not end in time");
    }
}

/// Serves one connection to its end.
fn connection(
    stream: TcpStream,
    edge: &Arc<Edge>,
    watch: &Arc<Watch>,
    builder: &Builder<TokioExecutor>,
) -> impl GracefulConnection<Error = Box<dyn std::error::Error + Send + Sync>> + use<> {
    // Answers are written whole, so waiting for more data would only delay them.
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(Watched::new(stream, watch, edge));
    let (edge, watch) = (Arc::clone(edge), Arc::clone(watch));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let turn = Turn::begin(&watch, request.version());
        answer(Arc::clone(&edge), turn, request)
    });
    builder.serve_connection(io, service).into_owned()
}

async fn answer(
    edge: Arc<Edge>,
    turn: Turn,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Pieces>, std::convert::Infallible> {
    let (parts, body) = request.into_parts();
    let (body, rest) = if parts.version == Version::HTTP_2 {
        (Body::new(body), None)
    } else {
        let waits = parts.headers.contains_key(header::EXPECT);
        unread_bodies::lend(body, waits, turn.watch())
    };
    let request = hyper::Request::from_parts(parts, body);
    let (mut response, held) = edge.answer(request).await;
    if let Some(rest) = rest {
        rest.settle(&mut response).await;
    }
    Ok(sending::send(turn, response, held))
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(HYPER_BUFFER)
        .max_headers(HYPER_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(128)
        .max_send_buf_size(64 * 1024)
        .max_header_list_size(64 * 1024);
    builder
}
