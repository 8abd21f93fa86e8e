//! The state that handlers share, and what they do with it: work within a time limit, and checks that several need.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Handle;

use super::edge::Bounds;
use super::problem::ApiError;
use super::readiness::Readiness;
use super::timeouts::{Deadline, Timeouts};
use crate::domain::id::{PromotionId, TenantId};
use crate::metrics::Timeout;
use crate::service::Service;
use crate::service::api_key::{self, KeyHash};
use crate::service::promotions::exists;

/// The state that handlers share. Clones share it too.
#[derive(Clone)]
pub struct Api {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    service: Service,
    pub(super) operator: Option<KeyHash>,
    pub(super) timeouts: Timeouts,
    pub(super) bounds: Bounds,
    openapi: String,
    stopping: AtomicBool,
    readiness: Arc<Readiness>,
}

impl Api {
    /// The state of handlers. The runtime `front` checks readiness. `openapi` is the
    /// document of the paths. Without an operator key nobody can manage tenants.
    pub fn new(
        service: Service,
        front: Handle,
        operator_key: Option<&str>,
        timeouts: Timeouts,
        bounds: Bounds,
        openapi: String,
    ) -> Self {
        let readiness = Arc::new(Readiness::new(front, service.clone()));
        let inner = Inner {
            service,
            operator: operator_key.map(api_key::hash),
            timeouts,
            bounds,
            openapi,
            stopping: AtomicBool::new(false),
            readiness,
        };
        Self { inner: Arc::new(inner) }
    }

    /// From now on the service reports that it is not ready, because it is about to stop.
    pub fn stop(&self) {
        self.inner.stopping.store(true, Ordering::Release);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.inner.stopping.load(Ordering::Acquire)
    }

    /// Keeps the known state of the database fresh. Never ends.
    pub async fn keep_watch(self) {
        self.readiness().keep_watch().await;
    }

    pub(super) fn service(&self) -> &Service {
        &self.inner.service
    }

    pub(super) fn readiness(&self) -> &Arc<Readiness> {
        &self.inner.readiness
    }

    /// The OpenAPI document as JSON text.
    pub(super) fn openapi(&self) -> String {
        self.inner.openapi.clone()
    }

    /// Refuses a request about a promotion that the tenant does not have.
    pub(super) async fn require_promotion(
        &self,
        tenant: TenantId,
        promotion: PromotionId,
    ) -> Result<(), ApiError> {
        let look = self
            .service()
            .db()
            .tenant(tenant, move |tx| Box::pin(async move { exists(tx, promotion).await }));
        self.within(Deadline::Read, look).await
    }

    /// Adds the missing product lists that a refused body names to its other faults.
    pub(super) async fn with_missing_lists(&self, tenant: TenantId, refused: ApiError) -> ApiError {
        let ApiError::Invalid(faults) = refused else {
            return refused;
        };
        let all = self.service().with_missing_lists(tenant, faults);
        self.within(Deadline::Read, all).await.map_or_else(|error| error, ApiError::Invalid)
    }

    /// Returns what was read of a body. If the body is refused, `look` looks up what the path names: a path that leads
    /// nowhere is 404, whatever the body says (spec 1).
    pub(super) async fn after_path<T, O, E: Into<ApiError>>(
        &self,
        read: Result<T, ApiError>,
        look: impl Future<Output = Result<O, E>> + Send,
    ) -> Result<T, ApiError> {
        if read.is_err() {
            self.within(Deadline::Read, look).await?;
        }
        read
    }

    /// Runs work within its time limit.
    pub(super) async fn within<T, E: Into<ApiError>>(
        &self,
        deadline: Deadline,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, ApiError> {
        let work = pin!(work);
        self.in_time(deadline, work).await?.map_err(Into::into)
    }

    /// The part of `within` that does not depend on the handler, so that it is compiled once for each type of result.
    async fn in_time<T>(
        &self,
        deadline: Deadline,
        work: Pin<&mut (dyn Future<Output = T> + Send)>,
    ) -> Result<T, ApiError> {
        let delay = self.inner.timeouts.delay;
        let work = async {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            work.await
        };
        let limit = deadline.of(&self.inner.timeouts);
        if let Ok(done) = tokio::time::timeout(limit, work).await {
            return Ok(done);
        }
        let (kind, error) = if deadline.is_of_write() {
            (Timeout::Write, ApiError::OutcomeUnknown)
        } else {
            (Timeout::Read, ApiError::HandlerTimeout)
        };
        self.service().metrics().timeouts.inc(kind);
        Err(error)
    }
}
