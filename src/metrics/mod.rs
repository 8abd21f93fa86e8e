//! The metrics of a running service, as Prometheus (OpenMetrics) text. Tenants, promotions, products and customers are
//! never labels, because their number has no bound. Every label has a closed set of values (`labels`). The one
//! exception is the currency of a discount: its values are the currencies of the operator's tenants.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, text};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

mod distribution;
mod labels;
mod requests;

pub use distribution::Distribution;
pub use labels::{
    Attempt, ConnectionState, Each, Job, Label, Outcome, RateLimit, Shed, Timeout, Verdict, Work,
};
pub use requests::{Requests, Route};

/// A gauge of seconds or of other fractions.
pub type Fraction = Gauge<f64, std::sync::atomic::AtomicU64>;
/// A counter of money.
pub type Sum = Counter<f64, std::sync::atomic::AtomicU64>;

/// Histogram bounds for the number of promotions that a cart could meet.
const CANDIDATES: &[u32] = &[0, 1, 2, 5, 10, 20, 50, 100, 250, 1_000];

/// A metric that starts empty and is registered under a name and a help text.
trait Registered {
    fn registered(all: &mut Registry, name: &str, help: &str) -> Self;
}

impl<M: EncodeMetric + Clone + Default + Send + Sync + std::fmt::Debug + 'static> Registered for M {
    fn registered(all: &mut Registry, name: &str, help: &str) -> Self {
        register(all, name, help, M::default())
    }
}

impl<L: Label, M> Registered for Each<L, M>
where
    M: EncodeMetric + TypedMetric + Clone + Default + Send + Sync + std::fmt::Debug + 'static,
{
    fn registered(all: &mut Registry, name: &str, help: &str) -> Self {
        Self::of(&Family::<labels::One, M>::registered(all, name, help))
    }
}

impl Registered for Requests {
    fn registered(all: &mut Registry, name: &str, help: &str) -> Self {
        let Self { answered, durations, in_flight, abandoned } = Self::default();
        Self {
            answered: register(all, name, help, answered),
            durations: register(
                all,
                "request_duration_seconds",
                "How long it took until the answer began, by route",
                durations,
            ),
            in_flight: register(
                all,
                "requests_in_flight",
                "Requests that are being worked on",
                in_flight,
            ),
            abandoned: register(
                all,
                "requests_abandoned",
                "Requests whose callers hung up before the answer",
                abandoned,
            ),
        }
    }
}

fn register<M>(all: &mut Registry, name: &str, help: &str, metric: M) -> M
where
    M: EncodeMetric + Clone + Send + Sync + std::fmt::Debug + 'static,
{
    all.register(name, help, metric.clone());
    metric
}

/// Durations of work that asks the database: buckets from one millisecond to about half a minute.
fn times() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

/// Declares the metrics. Each field's name is the metric's name, and its doc comment is the help text.
macro_rules! metrics {
    ($(#[doc = $help:literal] $name:ident: $kind:ty $(= $made:expr)?,)+) => {
        /// The metrics of one service. Clones share them.
        #[derive(Clone, Debug)]
        pub struct Metrics {
            registry: Arc<Registry>,
            $(#[doc = $help] pub $name: $kind,)+
        }

        impl Default for Metrics {
            fn default() -> Self {
                let mut all = Registry::with_prefix("promotion_engine");
                let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
                all.register("build", "The version that runs", version);
                $(
                    let (name, help) = (stringify!($name), $help.trim_start());
                    let $name = metrics!(@ $kind, &mut all, name, help $(, $made)?);
                )+
                Self { registry: Arc::new(all), $($name,)+ }
            }
        }
    };
    (@ $kind:ty, $all:expr, $name:expr, $help:expr) => {
        <$kind>::registered($all, $name, $help)
    };
    (@ $kind:ty, $all:expr, $name:expr, $help:expr, $made:expr) => {
        register($all, $name, $help, $made)
    };
}

metrics! {
    /// Requests that were answered, by route and status
    requests: Requests,
    /// Requests refused before any work on them, by reason
    requests_shed: Each<Shed, Counter>,
    /// Bytes of long answers that callers have not read yet
    unsent_bytes: Gauge,
    /// Requests refused because their tenant had used up its rate, by kind
    requests_rate_limited: Each<RateLimit, Counter>,
    /// Requests or connections that took too long, by stage
    timeouts: Each<Timeout, Counter>,
    /// Caught panics
    panics: Counter,
    /// Evaluations, by outcome
    evaluations: Each<Outcome, Counter>,
    /// Promotions that a cart could meet
    evaluation_candidates: Distribution = Distribution::of_counts(CANDIDATES),
    /// Promotions that applied in evaluations
    promotions_applied: Counter,
    /// Long jobs (such as evaluations of heavy carts), by outcome
    pool_jobs: Each<Job, Counter>,
    /// Long jobs that wait for their turn
    pool_waiting: Gauge,
    /// Long jobs that run now
    pool_running: Gauge,
    /// Most long jobs that can run at the same time
    pool_threads: Gauge,
    /// Redemptions that callers asked for, by outcome
    redemptions: Each<Verdict, Counter>,
    /// Redemptions in one transaction
    redemption_group_size: Histogram = Histogram::new(exponential_buckets(1.0, 2.0, 8)),
    /// How long a transaction of redemptions took, repetitions included
    redemption_group_duration_seconds: Histogram = times(),
    /// Redemptions that wait for their turn
    redemptions_waiting: Gauge,
    /// Promotions that applied in recorded redemptions
    promotions_redeemed: Counter,
    /// Discounts of recorded redemptions, holds included, by currency
    discount_given: Family<[(&'static str, String); 1], Sum>,
    /// Open holds of all tenants
    holds_open: Gauge,
    /// How long ago the oldest hold that is still open should have expired
    holds_overdue_seconds: Fraction,
    /// Holds that expired
    holds_expired: Counter,
    /// Events of all tenants that wait for their numbers
    outbox_waiting: Gauge,
    /// How long the oldest event of the last numbering had waited; while numbering fails, how long it has failed
    outbox_lag_seconds: Fraction,
    /// Events that were numbered
    events_published: Counter,
    /// Attempts to deliver an event to a webhook, by outcome
    webhook_attempts: Each<Attempt, Counter>,
    /// Deliveries of all tenants that have neither arrived nor been given up
    webhook_deliveries_waiting: Gauge,
    /// How long the oldest waiting delivery has been due
    webhook_deliveries_overdue_seconds: Fraction,
    /// Connections to the database, by state
    database_connections: Each<ConnectionState, Gauge>,
    /// Most connections that the pool opens to the database
    database_pool_size: Gauge,
    /// Tenants whose rules are in memory
    tenants_in_memory: Gauge,
    /// Promotions in memory
    promotions_in_memory: Gauge,
    /// Estimated bytes of the rules in memory
    rules_bytes: Gauge,
    /// API keys in memory
    keys_in_memory: Gauge,
    /// Loads of a tenant's rules
    rules_loads: Each<Work, Counter>,
    /// How long a load of a tenant's rules took
    rules_load_duration_seconds: Histogram = times(),
    /// How long ago the rules in memory were last compared with the database
    rules_age_seconds: Fraction,
    /// Whether this instance listens for the changes of other instances: 1 or 0
    rules_listening: Gauge,
    /// Whether this instance finds those changes by asking alone, because a pooler lets it hear nothing: 1 or 0
    rules_polled: Gauge,
    /// Whether commits must wait for a standby and none is streaming: 1 or 0
    standby_missing: Gauge,
    /// Tenants with a counter that differed from the ledger when they were last compared
    tenants_with_differences: Gauge,
    /// Tenants whose counters could not be compared with the ledger
    tenants_not_compared: Gauge,
    /// Rounds of comparing counters with the ledger
    reconciliations: Each<Work, Counter>,
}

impl Metrics {
    /// Adds a discount, in ten-thousandths of the currency's unit.
    pub fn gave(&self, currency: &str, discount: i64) {
        if discount > 0 {
            // A discount is exact up to 2^53 ten-thousandths. The sum is for graphs, not for bookkeeping.
            self.discount_given
                .get_or_create(&[("currency", currency.to_owned())])
                .inc_by(discount as f64 / 1e4);
        }
    }

    pub fn set_connections(&self, busy: i64, idle: i64) {
        for (state, count) in [(ConnectionState::Busy, busy), (ConnectionState::Idle, idle)] {
            if let Some(gauge) = self.database_connections.get(state) {
                gauge.set(count);
            }
        }
    }

    /// Counts a load of a tenant's rules and its duration.
    pub fn loaded(&self, work: Work, took: Duration) {
        self.rules_loads.inc(work);
        self.rules_load_duration_seconds.observe(took.as_secs_f64());
    }

    /// Prints all metrics as text.
    pub fn print(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
