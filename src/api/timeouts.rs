//! How long each kind of request may take. A handler that takes too long is answered with 503: `unavailable` for reads,
//! which change nothing, and `outcome_unknown` for writes.

use std::time::Duration;

use super::Api;
use super::problem::ApiError;
use crate::metrics::Timeout;

/// How long the parts of a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the end of the headers to the end of the body.
    pub body: Duration,
    pub evaluate: Duration,
    /// A redemption, or a change of its state.
    pub redeem: Duration,
    pub admin: Duration,
    /// A bulk write, or a read that counts many redemptions.
    pub bulk: Duration,
    /// An extra delay of all work. Only tests set it, to make an instance slow.
    pub delay: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            body: Duration::from_secs(10),
            evaluate: Duration::from_secs(1),
            redeem: Duration::from_secs(3),
            admin: Duration::from_secs(10),
            bulk: Duration::from_secs(60),
            delay: Duration::ZERO,
        }
    }
}

macro_rules! kinds {
    ($($name:ident: $limit:ident, $expired:ident;)+) => {
        impl Api {$(
            pub(super) async fn $name<T, E: Into<ApiError>>(
                &self,
                work: impl Future<Output = Result<T, E>>,
            ) -> Result<T, ApiError> {
                self.in_time(self.inner.timeouts.$limit, work, Timeout::$expired).await
            }
        )+}
    };
}

// For each kind of work: its limit, and whether it reads or writes.
kinds! {
    evaluation: evaluate, Read;
    redemption: redeem, Write;
    admin_read: admin, Read;
    bulk_read: bulk, Read;
    admin_write: admin, Write;
    bulk_write: bulk, Write;
}

impl Api {
    async fn in_time<T, E: Into<ApiError>>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, E>>,
        kind: Timeout,
    ) -> Result<T, ApiError> {
        let delay = self.inner.timeouts.delay;
        let work = async {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            work.await
        };
        match tokio::time::timeout(limit, work).await {
            Ok(done) => done.map_err(Into::into),
            Err(_) => {
                self.service().metrics().timeouts.inc(kind);
                Err(match kind {
                    Timeout::Write => ApiError::OutcomeUnknown,
                    _ => ApiError::HandlerTimeout,
                })
            }
        }
    }
}
