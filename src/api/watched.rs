//! The bytes that pass through a connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::connection::Watch;
use super::edge::Edge;

/// The first bytes of every HTTP/2 connection.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Most bytes that are read and dropped when a caller keeps sending after the last answer.
const MAX_LEFT_OVER: usize = 64 * 1024 * 1024;

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
