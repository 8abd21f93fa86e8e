//! What operations can see of a running service, as Prometheus (OpenMetrics) text. No tenant, promotion or customer is a label: there
//! may be any number of them.

use std::fmt::{self, Write};
use std::sync::Arc;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The metrics of one service. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// Redemptions that were asked for, by what became of them.
    pub redemptions: Family<VerdictLabel, Counter>,
    /// Redemptions in one transaction.
    pub redemption_groups: Histogram,
    /// Holds that were ended because their time was over.
    pub holds_expired: Counter,
    /// Tenants with a counter that differed from the ledger when they were last compared.
    pub tenants_with_differences: Gauge,
    /// Events that were numbered.
    pub events_published: Counter,
    /// Attempts to deliver an event to a webhook, by what came of them.
    pub webhook_attempts: Family<AttemptLabel, Counter>,
    /// Connections to the database, by what they do.
    pub connections: Family<ConnectionLabel, Gauge>,
    /// Tenants whose rules are in memory.
    pub tenants_in_memory: Gauge,
}

/// What became of a redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct VerdictLabel {
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It was recorded.
    Recorded,
    /// It had been recorded before, and was answered again.
    Replayed,
    /// It was refused, and nothing was recorded.
    Refused,
    /// The service or the database failed.
    Failed,
}

/// What came of an attempt to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AttemptLabel {
    /// What came of it.
    pub outcome: AttemptOutcome,
}

/// What came of an attempt to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// It was answered with 2xx.
    Arrived,
    /// It was answered otherwise, or not at all.
    Failed,
}

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ConnectionLabel {
    /// What it does.
    pub state: ConnectionState,
}

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionState {
    /// It works.
    Busy,
    /// It waits for work.
    Idle,
}

impl EncodeLabelValue for Verdict {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        encoder.write_str(match self {
            Self::Recorded => "recorded",
            Self::Replayed => "replayed",
            Self::Refused => "refused",
            Self::Failed => "failed",
        })
    }
}

impl EncodeLabelValue for AttemptOutcome {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        encoder.write_str(match self {
            Self::Arrived => "arrived",
            Self::Failed => "failed",
        })
    }
}

impl EncodeLabelValue for ConnectionState {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        encoder.write_str(match self {
            Self::Busy => "busy",
            Self::Idle => "idle",
        })
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("promotion_engine");
        let redemptions = Family::default();
        registry.register(
            "redemptions",
            "Redemptions that were asked for, by what became of them",
            redemptions.clone(),
        );
        let redemption_groups = Histogram::new(exponential_buckets(1.0, 2.0, 8));
        registry.register(
            "redemption_group_size",
            "Redemptions in one transaction",
            redemption_groups.clone(),
        );
        let holds_expired = Counter::default();
        registry.register(
            "holds_expired",
            "Holds that were ended because their time was over",
            holds_expired.clone(),
        );
        let tenants_with_differences = Gauge::default();
        registry.register(
            "tenants_with_differences",
            "Tenants with a counter that differed from the ledger when they were last compared",
            tenants_with_differences.clone(),
        );
        let events_published = Counter::default();
        registry.register(
            "events_published",
            "Events that were numbered",
            events_published.clone(),
        );
        let webhook_attempts = Family::default();
        registry.register(
            "webhook_attempts",
            "Attempts to deliver an event to a webhook, by what came of them",
            webhook_attempts.clone(),
        );
        let connections = Family::default();
        registry.register(
            "database_connections",
            "Connections to the database, by what they do",
            connections.clone(),
        );
        let tenants_in_memory = Gauge::default();
        registry.register(
            "tenants_in_memory",
            "Tenants whose rules are in memory",
            tenants_in_memory.clone(),
        );
        Self {
            registry: Arc::new(registry),
            redemptions,
            redemption_groups,
            holds_expired,
            tenants_with_differences,
            events_published,
            webhook_attempts,
            connections,
            tenants_in_memory,
        }
    }
}

impl Metrics {
    /// Counts a redemption.
    pub fn redeemed(&self, verdict: Verdict) {
        self.redemptions
            .get_or_create(&VerdictLabel { verdict })
            .inc();
    }

    /// Says how many connections there are.
    pub fn set_connections(&self, busy: i64, idle: i64) {
        for (state, count) in [(ConnectionState::Busy, busy), (ConnectionState::Idle, idle)] {
            self.connections
                .get_or_create(&ConnectionLabel { state })
                .set(count);
        }
    }

    /// All of it, as text.
    pub fn print(&self) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
