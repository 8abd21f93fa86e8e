//! What operations can see of a running service, as Prometheus (OpenMetrics) text. No tenant, promotion, product or customer is a
//! label: there may be any number of them. Every label is of a closed set (`labels`), but for the currency of what was given, of
//! which there are as many as the operator's tenants have.

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

/// Bounds of how many promotions a cart could meet.
const CANDIDATES: &[u32] = &[0, 1, 2, 5, 10, 20, 50, 100, 250, 1_000];

/// A metric that starts from nothing, by the name and the words that it is shown with.
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

/// How long something took that asks the database: from a millisecond to half a minute.
fn times() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

/// Declares the metrics. Each is registered under its own name, with its comment as what is said of it.
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
    /// Requests turned away before they were worked on, by why
    requests_shed: Each<Shed, Counter>,
    /// Bytes of long answers that wait to be read
    unsent_bytes: Gauge,
    /// Requests of tenants that had had too much for now, by of what
    requests_rate_limited: Each<RateLimit, Counter>,
    /// What took too long
    timeouts: Each<Timeout, Counter>,
    /// Panics that were caught
    panics: Counter,
    /// Evaluations by what became of them
    evaluations: Each<Outcome, Counter>,
    /// Promotions that a cart could meet
    evaluation_candidates: Distribution = Distribution::of_counts(CANDIDATES),
    /// Promotions that applied in evaluations
    promotions_applied: Counter,
    /// Long jobs, as evaluations of heavy carts, by what became of them
    pool_jobs: Each<Job, Counter>,
    /// Long jobs that wait for their turn
    pool_waiting: Gauge,
    /// Long jobs that are worked on
    pool_running: Gauge,
    /// Most long jobs that are worked on at the same time
    pool_threads: Gauge,
    /// Redemptions that were asked for, by what became of them
    redemptions: Each<Verdict, Counter>,
    /// Redemptions in one transaction
    redemption_group_size: Histogram = Histogram::new(exponential_buckets(1.0, 2.0, 8)),
    /// How long such a transaction took, with its repetitions
    redemption_group_duration_seconds: Histogram = times(),
    /// Redemptions that wait for their turn
    redemptions_waiting: Gauge,
    /// Promotions that redemptions were recorded with
    promotions_redeemed: Counter,
    /// Money taken off by redemptions that were recorded, holds among them, by currency
    discount_given: Family<[(&'static str, String); 1], Sum>,
    /// Holds that are open, of all tenants
    holds_open: Gauge,
    /// For how long the oldest hold has been over that was not ended yet
    holds_overdue_seconds: Fraction,
    /// Holds that were ended because their time was over
    holds_expired: Counter,
    /// Events that wait for their numbers, of all tenants
    outbox_waiting: Gauge,
    /// For how long the oldest event waited that was numbered last; while that fails, since when
    outbox_lag_seconds: Fraction,
    /// Events that were numbered
    events_published: Counter,
    /// Attempts to deliver an event to a webhook, by what came of them
    webhook_attempts: Each<Attempt, Counter>,
    /// Deliveries that have neither arrived nor been given up, of all tenants
    webhook_deliveries_waiting: Gauge,
    /// For how long the oldest delivery has been due
    webhook_deliveries_overdue_seconds: Fraction,
    /// Connections to the database, by what they do
    database_connections: Each<ConnectionState, Gauge>,
    /// Most connections to the database that work at the same time
    database_pool_size: Gauge,
    /// Tenants whose rules are in memory
    tenants_in_memory: Gauge,
    /// Promotions in memory
    promotions_in_memory: Gauge,
    /// What the rules in memory take, by estimate
    rules_bytes: Gauge,
    /// API keys in memory
    keys_in_memory: Gauge,
    /// Loads of a tenant's rules
    rules_loads: Each<Work, Counter>,
    /// How long a load of a tenant's rules took
    rules_load_duration_seconds: Histogram = times(),
    /// Since when the rules in memory were last found to be those of the database
    rules_age_seconds: Fraction,
    /// Whether changes that other instances make are heard of
    rules_listening: Gauge,
    /// Tenants with a counter that differed from the ledger when they were last compared
    tenants_with_differences: Gauge,
    /// Tenants whose counters could not be compared with the ledger
    tenants_not_compared: Gauge,
    /// Rounds of comparing counters with the ledger
    reconciliations: Each<Work, Counter>,
}

impl Metrics {
    /// Adds to what was given: so many ten-thousandths of a currency's unit.
    pub fn gave(&self, currency: &str, discount: i64) {
        if discount > 0 {
            // Exact up to 2^53 of them in one transaction; the sum is for a graph, not for the books.
            self.discount_given
                .get_or_create(&[("currency", currency.to_owned())])
                .inc_by(discount as f64 / 1e4);
        }
    }

    /// Says how many connections there are.
    pub fn set_connections(&self, busy: i64, idle: i64) {
        for (state, count) in [(ConnectionState::Busy, busy), (ConnectionState::Idle, idle)] {
            if let Some(gauge) = self.database_connections.get(state) {
                gauge.set(count);
            }
        }
    }

    /// Says what came of loading a tenant's rules.
    pub fn loaded(&self, work: Work, took: Duration) {
        self.rules_loads.inc(work);
        self.rules_load_duration_seconds.observe(took.as_secs_f64());
    }

    /// All of it, as text.
    pub fn print(&self) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
