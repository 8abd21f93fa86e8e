//! Bodies of requests that are answered before the body is read, for example because of a missing key, an unknown path
//! or a full service. A small rest is read, so that the connection can be kept. Otherwise the answer has `connection:
//! close` (spec 1).

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::StreamExt;
use hyper::body::{Frame, Incoming, SizeHint};

use super::connection::Watch;

/// Most bytes of a rest that are read to keep the connection.
const MAX_READ: usize = 64 * 1024;
/// How long reading the rest may take.
const READ_TIME: Duration = Duration::from_secs(1);

/// A body that returns to its lender if its reader drops it before the end.
struct Lent {
    body: Option<Incoming>,
    lender: Arc<Lender>,
}

struct Lender {
    left: Mutex<Option<Incoming>>,
    was_asked: AtomicBool,
    watch: Arc<Watch>,
}

impl Lender {
    fn left(&self) -> MutexGuard<'_, Option<Incoming>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Handles the rest of a body.
pub(super) struct Rest {
    lender: Arc<Lender>,
    /// Whether the caller waits for `100 Continue` before it sends the body.
    waits: bool,
}

/// Lends an HTTP/1 body to its reader. Over HTTP/2 a stream ends without affecting the others.
pub(super) fn lend(body: Incoming, waits: bool, watch: &Arc<Watch>) -> (Body, Option<Rest>) {
    if body.is_end_stream() {
        return (Body::empty(), None);
    }
    let lender = Arc::new(Lender {
        left: Mutex::default(),
        was_asked: AtomicBool::new(false),
        watch: Arc::clone(watch),
    });
    let lent = Lent { body: Some(body), lender: Arc::clone(&lender) };
    (Body::new(lent), Some(Rest { lender, waits }))
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(&mut *body).poll_frame(context);
        let ended = match &frame {
            Poll::Pending => false,
            Poll::Ready(Some(Ok(_))) => body.is_end_stream(),
            Poll::Ready(None | Some(Err(_))) => true,
        };
        if ended {
            self.body = None;
        } else {
            self.lender.was_asked.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        *self.lender.left() = self.body.take();
    }
}

impl Rest {
    /// Reads the rest of the body, or marks the answer as the last one of the connection.
    pub(super) async fn settle(self, response: &mut Response) {
        let left = self.lender.left().take();
        let Some(body) = left else {
            return;
        };
        let says_close =
            response.headers().get(header::CONNECTION) == Some(&HeaderValue::from_static("close"));
        let is_sent = !self.waits || self.lender.was_asked.load(Ordering::Relaxed);
        let is_small = usize::try_from(body.size_hint().lower()).is_ok_and(|size| size <= MAX_READ);
        let reads = !says_close && is_sent && is_small;
        let reading = drain(Body::new(body), MAX_READ);
        if reads && tokio::time::timeout(READ_TIME, reading).await.unwrap_or(false) {
            return;
        }
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        self.lender.watch.linger();
    }
}

/// Reads and drops a body. Returns whether it ended within `most` bytes.
pub(super) async fn drain(body: Body, most: usize) -> bool {
    let mut pieces = body.into_data_stream();
    let mut room = most;
    while let Some(piece) = pieces.next().await {
        let Some(less) = piece.ok().and_then(|piece| room.checked_sub(piece.len())) else {
            return false;
        };
        room = less;
    }
    true
}
