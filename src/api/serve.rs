//! Connections: accepting, their time limits, and their end.
//!
//! `axum::serve` has no limit on how long a header may take or a connection may rest; stalled ones stay open for ever.
//! So connections are served through hyper-util, and each is watched: from its first byte a request's head must be
//! complete in time, and a connection without a request may rest only so long. (hyper's own limit begins when the
//! connection rests, so that it would end idle ones as soon as slow ones.)

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Version;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::edge::Edge;
use super::front::Led;
use crate::metrics::{Shed, Timeout};

/// Pause after the system has refused a connection, for instance because too many files are open.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Bounds of hyper's own, so far above ours that ours answer: only a caller who passes these gets a plain 431.
const HYPER_BUFFER: usize = 64 * 1024;
const HYPER_HEADERS: usize = 256;

/// Time limits of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte of a request to the end of its headers.
    pub header: Duration,
    /// Rest between requests, and of an answer that nobody reads on.
    pub idle: Duration,
    /// How long requests that have begun may go on when the service stops.
    pub drain: Duration,
    /// How often both are looked at.
    pub watch_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(5),
            idle: Duration::from_secs(60),
            drain: Duration::from_secs(20),
            watch_every: Duration::from_secs(1),
        }
    }
}

/// Where connections come from.
pub enum Door {
    /// A listener of its own.
    Own(TcpListener),
    /// Another runtime, which accepts them.
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
    /// The next connection; never, if nobody leads any here.
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

/// Serves until `stop`, then lets what has begun end, for a bounded time.
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
                // Of the connection: what all requests of all cores count up and down at once costs each of them time.
                let (edge, builder) = (Arc::new(edge.clone()), Arc::clone(&builder));
                tokio::spawn(async move {
                    let metrics = edge.metrics();
                    // Answers are whole when they are written: waiting for more to send only delays them.
                    let _ = stream.set_nodelay(true);
                    let watch = Arc::new(Watch::new());
                    let service = service_fn(|request: hyper::Request<Incoming>| {
                        let turn = Turn::begin(&watch, request.version());
                        let edge = Arc::clone(&edge);
                        async move {
                            let answer = edge.answer(request.map(Body::new)).await;
                            drop(turn);
                            Ok::<_, std::convert::Infallible>(answer)
                        }
                    });
                    let io = TokioIo::new(Watched {
                        stream,
                        watch: Arc::clone(&watch),
                    });
                    let connection =
                        pin!(watcher.watch(builder.serve_connection(io, service).into_owned()));
                    tokio::select! {
                        // How a connection ends is the caller's affair: a hang-up is no fault of ours.
                        ended = connection => if let Err(error) = ended {
                            if is_head_too_large(error.as_ref()) {
                                metrics.shed.inc(Shed::Head);
                            }
                            tracing::trace!(%error, "a connection ended early");
                        },
                        is_head = watch.overdue(limits) => if is_head {
                            metrics.timeouts.inc(Timeout::Head);
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
    if tokio::time::timeout(limits.drain, graceful.shutdown())
        .await
        .is_err()
    {
        edge.metrics().timeouts.inc(Timeout::Drain);
        tracing::warn!(open, "some requests did not end in time");
    }
}

/// Whether hyper has refused a head that passes even its own bounds, so that the edge has not seen it.
fn is_head_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .downcast_ref::<hyper::Error>()
        .is_some_and(hyper::Error::is_parse_too_large)
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
        .max_header_list_size(64 * 1024);
    builder
}

/// What a connection is doing. Times are milliseconds since it was accepted.
struct Watch {
    accepted: Instant,
    requests: AtomicUsize,
    http2: AtomicUsize,
    idle_since: AtomicU64,
    /// When the first byte of a request that has not begun arrived, plus one; 0 is none.
    first_byte: AtomicU64,
}

impl Watch {
    fn new() -> Self {
        Self {
            accepted: Instant::now(),
            requests: AtomicUsize::new(0),
            http2: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
            first_byte: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.accepted.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn received(&self) {
        if self.requests.load(Ordering::Acquire) > 0 {
            return;
        }
        if self.http2.load(Ordering::Relaxed) > 0 {
            self.idle_since.store(self.now(), Ordering::Relaxed);
        } else if self.first_byte.load(Ordering::Relaxed) == 0 {
            self.first_byte
                .store(self.now().saturating_add(1), Ordering::Relaxed);
        }
    }

    /// An answer goes on being read, or an answer's head has been sent.
    fn sent(&self) {
        if self.requests.load(Ordering::Acquire) == 0 {
            self.idle_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Ends when the connection has rested for too long, or a head is too slow: then true.
    async fn overdue(&self, limits: Limits) -> bool {
        let ms = |limit: Duration| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        loop {
            tokio::time::sleep(limits.watch_every).await;
            if self.requests.load(Ordering::Acquire) > 0 {
                continue;
            }
            let (now, first_byte) = (self.now(), self.first_byte.load(Ordering::Relaxed));
            let (since, limit) = if first_byte > 0 {
                (first_byte, ms(limits.header))
            } else {
                (self.idle_since.load(Ordering::Relaxed), ms(limits.idle))
            };
            if now.saturating_sub(since) > limit {
                return first_byte > 0;
            }
        }
    }
}

/// One request of a connection, from its head to its answer.
struct Turn(Arc<Watch>);

impl Turn {
    fn begin(watch: &Arc<Watch>, version: Version) -> Self {
        watch.requests.fetch_add(1, Ordering::AcqRel);
        watch.first_byte.store(0, Ordering::Relaxed);
        if version == Version::HTTP_2 {
            watch.http2.store(1, Ordering::Relaxed);
        }
        Self(Arc::clone(watch))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Ordering::Relaxed);
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A stream that tells its watch when bytes arrive.
struct Watched {
    stream: TcpStream,
    watch: Arc<Watch>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.watch.received();
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() {
            self.watch.sent();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        if written.is_ready() {
            self.watch.sent();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
