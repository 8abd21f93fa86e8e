//! Whether requests can be served: the last known state of the database, and of the listener for rule changes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::cache::Hearing;
use crate::db::{DbError, NotReady};
use crate::service::Service;

const SILENT: &str = "the database does not answer";
const POLLED: &str = "changes of other instances are found by asking twice a second: DATABASE_URL leads through a \
                      pooler, and DATABASE_LISTEN_URL is not set";
/// How long a check waits for the database before it answers with the last known state.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long the database may take to answer that it is ready.
const LIMIT: Duration = Duration::from_secs(2);
/// How long the last known state is used while the database is slow.
const MEMORY: Duration = Duration::from_secs(3);
/// How long one answer is shared by checks that come at the same time.
const SHARED: Duration = Duration::from_millis(20);
/// The interval at which the database is asked without a check.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// When the database was last asked, and why it was not ready, if it was not.
type Known = Option<(Instant, Option<&'static str>)>;

/// The last known state of the database. The front's runtime asks for it over a connection of its own, so that neither
/// a full pool nor a busy core makes an instance look unready.
pub(super) struct Readiness {
    front: Handle,
    service: Service,
    known: Mutex<Known>,
    asking: tokio::sync::Mutex<()>,
}

impl Readiness {
    pub(super) fn new(front: Handle, service: Service) -> Self {
        Self { front, service, known: Mutex::new(None), asking: tokio::sync::Mutex::default() }
    }

    fn known(&self, within: Duration) -> Option<Option<&'static str>> {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, reason) = known?;
        (since.elapsed() <= within).then_some(reason)
    }

    fn learn(&self, reason: Option<&'static str>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((Instant::now(), reason));
    }

    /// Asks the database at intervals. Never ends.
    pub(super) async fn keep_watch(&self) {
        loop {
            self.ask().await;
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }

    /// Why requests cannot be served; `None` if they can.
    pub(super) async fn reason(self: &Arc<Self>) -> Option<&'static str> {
        if let Some(why) = self.service.db().failing() {
            return Some(why.reason());
        }
        let own = Arc::clone(self);
        let asked = self.front.spawn(async move { own.ask().await });
        let of_database = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(reason)) => reason,
            Ok(Err(_)) | Err(_) => self.known(MEMORY).unwrap_or(Some(SILENT)),
        };
        of_database.or_else(|| match self.service.cache().hearing() {
            Hearing::Notified | Hearing::Polled => None,
            Hearing::Unconnected => Some("the listener for rule changes is not connected"),
            Hearing::Unheard => Some(NotReady::Unheard.reason()),
        })
    }

    /// What the service does without although it is ready.
    pub(super) fn without(&self) -> Option<&'static str> {
        self.service.db().is_deaf().then_some(POLLED)
    }

    /// Asks the database why it is not ready; `None` if it is ready.
    async fn ask(&self) -> Option<&'static str> {
        let _turn = self.asking.lock().await;
        if let Some(reason) = self.known(SHARED) {
            return reason;
        }
        let reason = match tokio::time::timeout(LIMIT, self.service.db().ready()).await {
            Ok(Ok(())) => None,
            Ok(Err(DbError::SchemaOutdated { .. })) => Some("the schema is not current"),
            Ok(Err(DbError::NotReady(why))) => Some(why.reason()),
            Ok(Err(error)) => {
                if self.known(Duration::MAX) != Some(Some(SILENT)) {
                    tracing::warn!(%error, "not ready");
                }
                Some(SILENT)
            }
            Err(_) => Some(SILENT),
        };
        self.learn(reason);
        reason
    }
}
