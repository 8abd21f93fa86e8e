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

/// The metrics of one service. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// Requests by route and status.
    pub requests: Requests,
    /// Requests that were turned away before they were worked on.
    pub shed: Each<Shed, Counter>,
    /// Bytes of long answers that have not been sent.
    pub unsent_bytes: Gauge,
    /// Requests of tenants that had had too much for now (429).
    pub rate_limited: Each<RateLimit, Counter>,
    /// What took too long.
    pub timeouts: Each<Timeout, Counter>,
    /// Panics of handlers and of redemptions that were caught.
    pub panics: Counter,
    /// Evaluations by what became of them.
    pub evaluations: Each<Outcome, Counter>,
    /// Promotions that a cart could meet.
    pub candidates: Distribution,
    /// Promotions that applied in evaluations.
    pub promotions_applied: Counter,
    /// Long jobs by what became of them.
    pub pool_jobs: Each<Job, Counter>,
    /// Long jobs that wait for their turn.
    pub pool_waiting: Gauge,
    /// Long jobs that are worked on.
    pub pool_running: Gauge,
    pub pool_threads: Gauge,
    /// Redemptions that were asked for, by what became of them.
    pub redemptions: Each<Verdict, Counter>,
    /// Redemptions in one transaction.
    pub redemption_groups: Histogram,
    /// How long such a transaction took, with its repetitions.
    pub redemption_group_time: Histogram,
    /// Redemptions that wait for their turn.
    pub redemptions_waiting: Gauge,
    /// Promotions that redemptions were recorded with.
    pub promotions_redeemed: Counter,
    discount_given: Family<[(&'static str, String); 1], Sum>,
    /// Holds that are open, of all tenants.
    pub holds_open: Gauge,
    /// For how long the oldest hold has been over that was not ended yet.
    pub holds_overdue: Fraction,
    /// Holds that were ended because their time was over.
    pub holds_expired: Counter,
    /// Events that wait for their numbers, of all tenants.
    pub outbox_waiting: Gauge,
    /// For how long the oldest of them waited that was numbered last; while numbering fails, since when it does.
    pub outbox_lag: Fraction,
    /// Events that were numbered.
    pub events_published: Counter,
    /// Attempts to deliver an event to a webhook, by what came of them.
    pub webhook_attempts: Each<Attempt, Counter>,
    /// Deliveries that have neither arrived nor been given up, of all tenants.
    pub deliveries_waiting: Gauge,
    /// For how long the oldest of them has been due.
    pub deliveries_overdue: Fraction,
    /// Connections to the database, by what they do.
    pub connections: Each<ConnectionState, Gauge>,
    pub pool_size: Gauge,
    /// Tenants whose rules are in memory.
    pub tenants_in_memory: Gauge,
    pub promotions_in_memory: Gauge,
    /// What the rules in memory take, by estimate.
    pub rules_bytes: Gauge,
    pub keys_in_memory: Gauge,
    /// Loads of a tenant's rules.
    pub rules_loads: Each<Work, Counter>,
    /// How long a load took.
    pub rules_load_time: Histogram,
    /// Since when the rules in memory were last found to be those of the database.
    pub rules_age: Fraction,
    /// Whether changes that other instances make are heard of.
    pub listening: Gauge,
    /// Tenants with a counter that differed from the ledger when they were last compared.
    pub tenants_with_differences: Gauge,
    /// Tenants that could not be compared.
    pub tenants_not_compared: Gauge,
    /// Rounds of comparing counters with the ledger.
    pub reconciliations: Each<Work, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut all = Registry::with_prefix("promotion_engine");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        all.register("build", "The version that runs", version);
        let requests = requests(&mut all);
        let shed = each(
            &mut all,
            "requests_shed",
            "Requests turned away before they were worked on, by why",
        );
        let unsent_bytes =
            one(&mut all, "unsent_bytes", "Bytes of long answers that wait to be read");
        let rate_limited = each(
            &mut all,
            "requests_rate_limited",
            "Requests of tenants that had had too much for now, by of what",
        );
        let timeouts = each(&mut all, "timeouts", "What took too long");
        let panics = one(&mut all, "panics", "Panics that were caught");
        let evaluations = each(&mut all, "evaluations", "Evaluations by what became of them");
        let candidates = Distribution::of_counts(CANDIDATES);
        all.register(
            "evaluation_candidates",
            "Promotions that a cart could meet",
            candidates.clone(),
        );
        let promotions_applied =
            one(&mut all, "promotions_applied", "Promotions that applied in evaluations");
        let pool_jobs = each(
            &mut all,
            "pool_jobs",
            "Long jobs, as evaluations of heavy carts, by what became of them",
        );
        let pool_waiting = one(&mut all, "pool_waiting", "Long jobs that wait for their turn");
        let pool_running = one(&mut all, "pool_running", "Long jobs that are worked on");
        let pool_threads =
            one(&mut all, "pool_threads", "Most long jobs that are worked on at the same time");
        let redemptions = each(
            &mut all,
            "redemptions",
            "Redemptions that were asked for, by what became of them",
        );
        let redemption_groups = Histogram::new(exponential_buckets(1.0, 2.0, 8));
        all.register(
            "redemption_group_size",
            "Redemptions in one transaction",
            redemption_groups.clone(),
        );
        let redemption_group_time = times(
            &mut all,
            "redemption_group_duration_seconds",
            "How long such a transaction took, with its repetitions",
        );
        let redemptions_waiting =
            one(&mut all, "redemptions_waiting", "Redemptions that wait for their turn");
        let promotions_redeemed =
            one(&mut all, "promotions_redeemed", "Promotions that redemptions were recorded with");
        let discount_given = one(
            &mut all,
            "discount_given",
            "Money taken off by redemptions that were recorded, holds among them, by currency",
        );
        let holds_open = one(&mut all, "holds_open", "Holds that are open, of all tenants");
        let holds_overdue = one(
            &mut all,
            "holds_overdue_seconds",
            "For how long the oldest hold has been over that was not ended yet",
        );
        let holds_expired =
            one(&mut all, "holds_expired", "Holds that were ended because their time was over");
        let outbox_waiting =
            one(&mut all, "outbox_waiting", "Events that wait for their numbers, of all tenants");
        let outbox_lag = one(
            &mut all,
            "outbox_lag_seconds",
            "For how long the oldest event waited that was numbered last; while that fails, since when",
        );
        let events_published = one(&mut all, "events_published", "Events that were numbered");
        let webhook_attempts = each(
            &mut all,
            "webhook_attempts",
            "Attempts to deliver an event to a webhook, by what came of them",
        );
        let deliveries_waiting = one(
            &mut all,
            "webhook_deliveries_waiting",
            "Deliveries that have neither arrived nor been given up, of all tenants",
        );
        let deliveries_overdue = one(
            &mut all,
            "webhook_deliveries_overdue_seconds",
            "For how long the oldest delivery has been due",
        );
        let connections =
            each(&mut all, "database_connections", "Connections to the database, by what they do");
        let pool_size = one(
            &mut all,
            "database_pool_size",
            "Most connections to the database that work at the same time",
        );
        let tenants_in_memory =
            one(&mut all, "tenants_in_memory", "Tenants whose rules are in memory");
        let promotions_in_memory = one(&mut all, "promotions_in_memory", "Promotions in memory");
        let rules_bytes =
            one(&mut all, "rules_bytes", "What the rules in memory take, by estimate");
        let keys_in_memory = one(&mut all, "keys_in_memory", "API keys in memory");
        let rules_loads = each(&mut all, "rules_loads", "Loads of a tenant's rules");
        let rules_load_time = times(
            &mut all,
            "rules_load_duration_seconds",
            "How long a load of a tenant's rules took",
        );
        let rules_age = one(
            &mut all,
            "rules_age_seconds",
            "Since when the rules in memory were last found to be those of the database",
        );
        let listening = one(
            &mut all,
            "rules_listening",
            "Whether changes that other instances make are heard of",
        );
        let tenants_with_differences = one(
            &mut all,
            "tenants_with_differences",
            "Tenants with a counter that differed from the ledger when they were last compared",
        );
        let tenants_not_compared = one(
            &mut all,
            "tenants_not_compared",
            "Tenants whose counters could not be compared with the ledger",
        );
        let reconciliations =
            each(&mut all, "reconciliations", "Rounds of comparing counters with the ledger");
        Self {
            registry: Arc::new(all),
            requests,
            shed,
            unsent_bytes,
            rate_limited,
            timeouts,
            panics,
            evaluations,
            candidates,
            promotions_applied,
            pool_jobs,
            pool_waiting,
            pool_running,
            pool_threads,
            redemptions,
            redemption_groups,
            redemption_group_time,
            redemptions_waiting,
            promotions_redeemed,
            discount_given,
            holds_open,
            holds_overdue,
            holds_expired,
            outbox_waiting,
            outbox_lag,
            events_published,
            webhook_attempts,
            deliveries_waiting,
            deliveries_overdue,
            connections,
            pool_size,
            tenants_in_memory,
            promotions_in_memory,
            rules_bytes,
            keys_in_memory,
            rules_loads,
            rules_load_time,
            rules_age,
            listening,
            tenants_with_differences,
            tenants_not_compared,
            reconciliations,
        }
    }
}

fn requests(all: &mut Registry) -> Requests {
    let requests = Requests::default();
    all.register(
        "requests",
        "Requests that were answered, by route and status",
        requests.answered.clone(),
    );
    all.register(
        "request_duration_seconds",
        "How long it took until the answer began, by route",
        requests.durations.clone(),
    );
    all.register(
        "requests_in_flight",
        "Requests that are being worked on",
        requests.in_flight.clone(),
    );
    all.register(
        "requests_abandoned",
        "Requests whose callers hung up before the answer",
        requests.abandoned.clone(),
    );
    requests
}

/// A metric that starts from nothing.
fn one<M>(all: &mut Registry, name: &str, help: &str) -> M
where
    M: EncodeMetric + Clone + Default + Send + Sync + std::fmt::Debug + 'static,
{
    let metric = M::default();
    all.register(name, help, metric.clone());
    metric
}

/// The same for each value of a label.
fn each<L: Label, M>(all: &mut Registry, name: &str, help: &str) -> Each<L, M>
where
    M: EncodeMetric + TypedMetric + Clone + Default + Send + Sync + std::fmt::Debug + 'static,
{
    let family = Family::default();
    all.register(name, help, family.clone());
    Each::of(&family)
}

/// How long something took that asks the database: from a millisecond to half a minute.
fn times(all: &mut Registry, name: &str, help: &str) -> Histogram {
    let times = Histogram::new(exponential_buckets(0.001, 2.0, 16));
    all.register(name, help, times.clone());
    times
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
            if let Some(gauge) = self.connections.get(state) {
                gauge.set(count);
            }
        }
    }

    /// Says what came of loading a tenant's rules.
    pub fn loaded(&self, work: Work, took: Duration) {
        self.rules_loads.inc(work);
        self.rules_load_time.observe(took.as_secs_f64());
    }

    /// All of it, as text.
    pub fn print(&self) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
