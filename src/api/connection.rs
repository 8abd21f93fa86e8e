//! One connection: its time limits, its requests, and the answers that are being sent.
//!
//! A connection is ended when the head of a request is too slow, when the connection is idle for too long, when the
//! caller stops reading an answer, and when the caller has hung up. Only requests and pieces of answers count as
//! activity, never bytes as such: over HTTP/2 a caller could send PINGs forever.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use axum::http::Version;
use tokio::sync::Notify;

use super::edge::Held;
use crate::convert::millis;
use crate::metrics::Timeout;

/// Time limits of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte of a request to the end of its headers.
    pub header: Duration,
    /// How long a connection may be idle between requests, and how long a caller may leave an answer unread.
    pub idle: Duration,
    /// How long work on a request continues after its caller stops sending. The caller has either hung up, or closed
    /// its own side and waits for the answer.
    pub hang_up: Duration,
    /// How long requests in progress may continue when the service stops.
    pub drain: Duration,
    /// The interval at which these times are checked.
    pub watch_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(5),
            idle: Duration::from_secs(60),
            hang_up: Duration::from_secs(1),
            drain: Duration::from_secs(20),
            watch_every: Duration::from_secs(1),
        }
    }
}

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
    pub(super) handling: AtomicUsize,
    /// Answers that were passed to hyper to be written.
    pub(super) given: AtomicUsize,
    pub(super) is_http2: AtomicBool,
    idle_since: AtomicU64,
    /// When the first byte of the next request arrived, plus one; 0 if none has arrived.
    pub(super) first_byte: AtomicU64,
    /// When the caller stopped sending in the middle of a request, plus one; 0 if it has not.
    silent_since: AtomicU64,
    fell_silent: Notify,
    /// The task to wake after the answer is sent, so that hyper learns that the caller sends no more.
    untold: Mutex<Option<Waker>>,
    /// Whether further bytes of the caller are dropped, so that the caller can read the last answer.
    pub(super) lingers: AtomicBool,
    /// When the dropping began, plus one; 0 if it has not begun.
    pub(super) lingers_since: AtomicU64,
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
        millis(self.accepted.elapsed())
    }

    pub(super) fn now_plus_one(&self) -> u64 {
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

    pub(super) fn received(&self) {
        if self.requests.load(Ordering::Acquire) == 0
            && !self.is_http2.load(Ordering::Relaxed)
            && self.first_byte.load(Ordering::Relaxed) == 0
        {
            self.first_byte.store(self.now_plus_one(), Ordering::Relaxed);
        }
    }

    /// Whether hyper must not learn yet that the caller sends no more. hyper would treat it as a hang-up, but the
    /// caller may still wait for an answer.
    pub(super) fn hides_end(&self, context: &Context<'_>) -> bool {
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
            plus_one > 0 && now.saturating_sub(plus_one.saturating_sub(1)) > millis(limit)
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

/// An answer that is being sent, and what its request keeps until then.
pub(super) struct Sending {
    pub(super) turn: Turn,
    pub(super) _held: Held,
    /// When the caller last took a piece.
    pub(super) since: AtomicU64,
    /// Pieces that hyper has but has not written.
    pub(super) pieces: AtomicUsize,
    /// Whether the service has not produced the next bytes yet.
    pub(super) waits_for_us: AtomicBool,
}

impl Sending {
    /// Since when the caller has taken nothing of the bytes that wait for it.
    pub(super) fn unread_since(&self) -> Option<u64> {
        let waits_for_us =
            self.waits_for_us.load(Ordering::Relaxed) && self.pieces.load(Ordering::Relaxed) == 0;
        (!waits_for_us).then(|| self.since.load(Ordering::Relaxed))
    }

    pub(super) fn goes_on(&self) {
        let now = self.turn.watch().now();
        self.since.store(now, Ordering::Relaxed);
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let own: *const Self = self;
        self.turn.watch().sending().retain(|other| !std::ptr::eq(other.as_ptr(), own));
    }
}
