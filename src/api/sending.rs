//! Answers that are being sent. A request keeps its place until the last byte of its answer is written to the
//! connection, or the connection is gone. A caller who takes no piece for too long is cut off.
//!
//! An answer is cut into pieces. Each piece is dropped when hyper is done with it. Over HTTP/1 and HTTP/2 alike that is
//! when the piece is written.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

use super::connection::{Sending, Turn};
use super::edge::Held;

/// Bytes of a piece: the size of an HTTP/2 frame.
const PIECE: usize = 16 * 1024;

/// A piece of an answer.
struct Piece {
    bytes: Bytes,
    sending: Arc<Sending>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.sending.pieces.fetch_sub(1, Ordering::Relaxed);
        self.sending.goes_on();
    }
}

/// The body of an answer, in pieces.
pub(super) struct Pieces {
    inner: Body,
    rest: Bytes,
    sending: Option<Arc<Sending>>,
}

/// Sends the answer of a turn. The turn keeps its place until the answer is sent.
pub(super) fn send(mut turn: Turn, response: Response, held: Held) -> axum::http::Response<Pieces> {
    turn.answered();
    let sending = (!response.body().is_end_stream()).then(|| {
        let sending = Arc::new(Sending {
            since: AtomicU64::new(turn.watch().now()),
            turn,
            _held: held,
            pieces: AtomicUsize::new(0),
            waits_for_us: AtomicBool::new(false),
        });
        let watch = sending.turn.watch();
        watch.sending().push(Arc::downgrade(&sending));
        sending
    });
    response.map(|inner| Pieces { inner, rest: Bytes::new(), sending })
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            let Some(sending) = self.sending.clone() else {
                return Poll::Ready(None);
            };
            if !self.rest.is_empty() {
                let length = self.rest.len().min(PIECE);
                let bytes = self.rest.split_to(length);
                sending.pieces.fetch_add(1, Ordering::Relaxed);
                let piece = Bytes::from_owner(Piece { bytes, sending });
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            match Pin::new(&mut self.inner).poll_frame(context) {
                Poll::Pending => {
                    sending.waits_for_us.store(true, Ordering::Relaxed);
                    return Poll::Pending;
                }
                Poll::Ready(frame) => {
                    if sending.waits_for_us.swap(false, Ordering::Relaxed) {
                        sending.goes_on();
                    }
                    match frame.map(|frame| frame.map(Frame::into_data)) {
                        Some(Ok(Ok(data))) => self.rest = data,
                        Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                        Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                        None => return Poll::Ready(None),
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let mut hint = self.inner.size_hint();
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}
