//! One connection: its state, and the bytes that pass through it.
//!
//! A connection is ended when the head of a request is too slow, when the connection is idle for too long, when the
//! caller stops reading an answer, and when the caller has hung up. Only requests and pieces of answers count as
//! activity, never bytes as such: over HTTP/2 a caller could send PINGs forever.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use axum::http::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::edge::Edge;
use super::sending::Sending;
use super::serve::Limits;
use crate::metrics::Timeout;

/// The first bytes of every HTTP/2 connection.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Most bytes that are read and dropped when a caller keeps sending after the last answer.
const MAX_LEFT_OVER: usize = 64 * 1024 * 1024;

/// Why a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Something took too long.
    Late(Timeout),
    /// The connection is idle, or the caller is gone.
    Quiet,
}

/// The state of a connection. Times are milliseconds since the connection was accepted.
pub(super) struct Watch {
    accepted: Instant,
    /// Requests whose answers are not sent in full.
    requests: AtomicUsize,
    /// Requests that have no answer yet.
    handling: AtomicUsize,
    /// Answers that were passed to hyper to be written.
    given: AtomicUsize,
    is_http2: AtomicBool,
    idle_since: AtomicU64,
    /// When the first byte of the next request arrived, plus one; 0 if none has arrived.
    first_byte: AtomicU64,
    /// When the caller stopped sending in the middle of a request, plus one; 0 if it has not.
    silent_since: AtomicU64,
    fell_silent: Notify,
    /// The task to wake after the answer is sent, so that hyper learns that the caller sends no more.
    untold: Mutex<Option<Waker>>,
    /// Whether further bytes of the caller are dropped, so that the caller can read the last answer.
    lingers: AtomicBool,
    /// When the dropping began, plus one; 0 if it has not begun.
    lingers_since: AtomicU64,
    sending: Mutex<Vec<Weak<Sending>>>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            accepted: Instant::now(),
            requests: AtomicUsize::new(0),
            handling: AtomicUsize::new(0),
            given: AtomicUsize::new(0),
            is_http2: AtomicBool::new(false),
            idle_since: AtomicU64::new(0),
            first_byte: AtomicU64::new(0),
            silent_since: AtomicU64::new(0),
            fell_silent: Notify::new(),
            untold: Mutex::default(),
            lingers: AtomicBool::new(false),
            lingers_since: AtomicU64::new(0),
            sending: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.accepted.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn now_plus_one(&self) -> u64 {
        self.now().saturating_add(1)
    }

    pub(super) fn sending(&self) -> MutexGuard<'_, Vec<Weak<Sending>>> {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn untold(&self) -> MutexGuard<'_, Option<Waker>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops further bytes of the caller after the answer is sent.
    pub(super) fn linger(&self) {
        self.lingers.store(true, Ordering::Release);
    }

    fn received(&self) {
        if self.requests.load(Ordering::Acquire) == 0
            && !self.is_http2.load(Ordering::Relaxed)
            && self.first_byte.load(Ordering::Relaxed) == 0
        {
            self.first_byte.store(self.now_plus_one(), Ordering::Relaxed);
        }
    }

    /// Whether hyper must not learn yet that the caller sends no more. hyper would treat it as a hang-up, but the
    /// caller may still wait for an answer.
    fn hides_end(&self, context: &Context<'_>) -> bool {
        let hides =
            !self.is_http2.load(Ordering::Relaxed) && self.requests.load(Ordering::Acquire) > 0;
        if hides && self.silent_since.load(Ordering::Relaxed) == 0 {
            self.silent_since.store(self.now_plus_one(), Ordering::Relaxed);
            self.fell_silent.notify_one();
        }
        if hides {
            *self.untold() = Some(context.waker().clone());
        }
        hides
    }

    /// Waits until the connection must be ended, and returns the reason.
    pub(super) async fn overdue(&self, limits: Limits) -> End {
        loop {
            tokio::select! {
                () = tokio::time::sleep(limits.watch_every) => {}
                () = self.fell_silent.notified() => tokio::time::sleep(limits.hang_up).await,
            }
            if let Some(end) = self.judge(limits) {
                return end;
            }
        }
    }

    fn judge(&self, limits: Limits) -> Option<End> {
        let now = self.now();
        let over = |plus_one: u64, limit: Duration| {
            let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            plus_one > 0 && now.saturating_sub(plus_one.saturating_sub(1)) > limit
        };
        let is_handling = self.handling.load(Ordering::Acquire) > 0;
        let silent = self.silent_since.load(Ordering::Relaxed);
        if (is_handling && over(silent, limits.hang_up))
            || over(self.lingers_since.load(Ordering::Relaxed), limits.header)
        {
            return Some(End::Quiet);
        }
        let unread = |answer: &Weak<Sending>| {
            let since = answer.upgrade().and_then(|answer| answer.unread_since());
            since.is_some_and(|since| over(since.saturating_add(1), limits.idle))
        };
        if self.sending().iter().any(unread) {
            return Some(End::Late(Timeout::Send));
        }
        if self.requests.load(Ordering::Acquire) > 0 {
            return None;
        }
        let first_byte = self.first_byte.load(Ordering::Relaxed);
        if first_byte > 0 {
            return over(first_byte, limits.header).then_some(End::Late(Timeout::Head));
        }
        let rests = self.idle_since.load(Ordering::Relaxed).saturating_add(1);
        over(rests, limits.idle).then_some(End::Quiet)
    }
}

/// One request of a connection, from its head until its answer is sent.
pub(super) struct Turn {
    watch: Arc<Watch>,
    is_answered: bool,
}

impl Turn {
    pub(super) fn begin(watch: &Arc<Watch>, version: Version) -> Self {
        watch.requests.fetch_add(1, Ordering::AcqRel);
        watch.handling.fetch_add(1, Ordering::AcqRel);
        watch.first_byte.store(0, Ordering::Relaxed);
        if version == Version::HTTP_2 {
            watch.is_http2.store(true, Ordering::Relaxed);
        }
        Self { watch: Arc::clone(watch), is_answered: false }
    }

    pub(super) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// Records that the answer is passed to hyper.
    pub(super) fn answered(&mut self) {
        self.is_answered = true;
        self.watch.handling.fetch_sub(1, Ordering::AcqRel);
        self.watch.given.fetch_add(1, Ordering::AcqRel);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_answered {
            self.watch.handling.fetch_sub(1, Ordering::AcqRel);
        }
        self.watch.idle_since.store(self.watch.now(), Ordering::Relaxed);
        self.watch.requests.fetch_sub(1, Ordering::AcqRel);
        if self.watch.silent_since.load(Ordering::Relaxed) > 0
            && let Some(waker) = self.watch.untold().take()
        {
            waker.wake();
        }
    }
}

/// The stream of a connection. It reports activity to the connection's watch. It also replaces hyper's own refusals,
/// which have no body, by problem documents.
pub(super) struct Watched {
    stream: TcpStream,
    watch: Arc<Watch>,
    edge: Arc<Edge>,
    /// How many bytes of the HTTP/2 preface have arrived; `None` once the protocol is known.
    preface: Option<usize>,
    /// How many of the answers that hyper was given are fully written.
    written: usize,
    /// The bytes that are written in place of hyper's own answer.
    own: Vec<u8>,
    left_over: usize,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, watch: &Arc<Watch>, edge: &Arc<Edge>) -> Self {
        Self {
            stream,
            watch: Arc::clone(watch),
            edge: Arc::clone(edge),
            preface: Some(0),
            written: 0,
            own: Vec::new(),
            left_over: 0,
        }
    }

    /// Checks whether the connection begins with the HTTP/2 preface.
    fn look(&mut self, bytes: &[u8]) {
        let Some(seen) = self.preface else {
            return;
        };
        let rest = PREFACE.get(seen..).unwrap_or_default();
        let common = rest.len().min(bytes.len());
        self.preface = (rest.get(..common) == bytes.get(..common)).then_some(seen + common);
        if self.preface == Some(PREFACE.len()) {
            self.preface = None;
            self.watch.is_http2.store(true, Ordering::Relaxed);
            self.watch.first_byte.store(0, Ordering::Relaxed);
        }
    }

    /// Replaces an answer of hyper's own. Over HTTP/1 hyper answers by itself when it cannot read a head. That is the
    /// case when bytes are written while no request is handled and all answers are written.
    fn replaces(&mut self, bytes: &[u8]) -> bool {
        let watch = &self.watch;
        if watch.is_http2.load(Ordering::Relaxed)
            || watch.handling.load(Ordering::Acquire) > 0
            || watch.given.load(Ordering::Acquire) != self.written
        {
            return false;
        }
        let status = bytes
            .strip_prefix(b"HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
        let Some(status) = status else {
            return false;
        };
        self.own = self.edge.refuse(status);
        watch.linger();
        true
    }

    fn write_own(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.own.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.own))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.own.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads and drops what the caller still sends. If the connection were closed at once, it would be reset, and the
    /// caller would lose the answer.
    fn throw_away(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.watch.lingers_since.load(Ordering::Relaxed) == 0 {
            let now = self.watch.now_plus_one();
            self.watch.lingers_since.store(now, Ordering::Relaxed);
        }
        let mut room = [0; 8 * 1024];
        while self.left_over < MAX_LEFT_OVER {
            let mut buffer = ReadBuf::new(&mut room);
            match ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {
                    self.left_over = self.left_over.saturating_add(buffer.filled().len());
                }
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let has_room = buffer.remaining() > 0;
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let bytes = buffer.filled().get(before..).unwrap_or_default();
        if bytes.is_empty() {
            if has_room && self.watch.hides_end(context) {
                return Poll::Pending;
            }
        } else {
            self.look(bytes);
            self.watch.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.write_own(context))?;
        if self.replaces(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_own(context))?;
        // hyper flushes after it has written everything.
        self.written = self.watch.given.load(Ordering::Acquire);
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_own(context))?;
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        if self.watch.lingers.load(Ordering::Acquire) {
            return self.throw_away(context);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.write_own(context))?;
        if slices.first().is_some_and(|first| self.replaces(first)) {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
