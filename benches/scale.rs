//! How the service grows (docs/PERFORMANCE.md, "Growth"): many tenants, a long ledger, one limit through several instances.
//!
//! `cargo bench --bench scale`; with a word, only the part of that name: `tenants`, `ledger` or `instances`. `SCALE_SIZE` is
//! `small`, `large` (which it is without) or `full`. Each part has a PostgreSQL of its own, which is gone afterwards.

mod client;
#[path = "scale/instances.rs"]
mod instances;
#[path = "scale/ledger.rs"]
mod ledger;
#[path = "scale/questions.rs"]
mod questions;
mod shop;
#[path = "scale/tenants.rs"]
mod tenants;

use std::net::SocketAddr;
use std::time::Instant;

use promotion_engine::app::{App, AppOptions, listen};
use promotion_engine::config::{LogConfig, LogFormat};
use promotion_engine::db::embedded::{Embedded, EmbeddedOptions};
use promotion_engine::db::{self, DbOptions};
use promotion_engine::telemetry;
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::runtime::{Builder, Runtime};

use client::{Connection, Fallible};

/// The service's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const OPERATOR: &str = "operator-key-of-the-measurement-0123456789";

/// How much is measured.
struct Size {
    name: &'static str,
    /// Redemptions of the small ledger and of the large one: multiples of 10,000.
    ledgers: [u64; 2],
    tenants: usize,
    /// `MAX_CACHE_MB` while tenants are evaluated in turn: less than the rules of all of them take.
    cache_mb: usize,
}

const SIZES: [Size; 3] = [
    Size { name: "small", ledgers: [10_000, 100_000], tenants: 100, cache_mb: 10 },
    Size { name: "large", ledgers: [10_000, 400_000], tenants: 500, cache_mb: 50 },
    Size { name: "full", ledgers: [100_000, 20_000_000], tenants: 10_000, cache_mb: 256 },
];

type Part = fn(&Place, &Size) -> Fallible<()>;

fn main() -> Fallible<()> {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let named = std::env::var("SCALE_SIZE").unwrap_or_else(|_| "large".to_owned());
    let size = SIZES.iter().find(|size| size.name == named);
    let size = size.ok_or("SCALE_SIZE is small, large or full")?;
    telemetry::start(LogConfig { log_format: Some(LogFormat::Json) });
    // Tenants come first: what they add to the process's memory is measured before anything else has filled it.
    let parts: [(&str, Part); 3] = [
        ("tenants", tenants::measure),
        ("ledger", ledger::measure),
        ("instances", instances::measure),
    ];
    println!("size {}", size.name);
    for (name, measure) in parts {
        if wanted.as_ref().is_none_or(|wanted| name == wanted.as_str()) {
            let begun = Instant::now();
            println!("\n{name}");
            let place = Place::open(name)?;
            let measured = measure(&place, size);
            place.close();
            measured?;
            println!("took {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
    Ok(())
}

/// Where a part is measured: a database that is as durable as in production, and a thread for whoever asks.
struct Place {
    embedded: Embedded,
    server: Runtime,
    client: Runtime,
}

impl Place {
    fn open(name: &str) -> Fallible<Self> {
        let server = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let client = Builder::new_current_thread().enable_all().build()?;
        let folder = format!("pe-scale-{name}-{}", std::process::id());
        let mut own = EmbeddedOptions::new(std::env::temp_dir().join(folder));
        own.ends_with_process = true;
        let embedded = server.block_on(async {
            let embedded = Embedded::start(&own).await?;
            db::migrate(&embedded.connect_options()).await?;
            Fallible::Ok(embedded)
        })?;
        Ok(Self { embedded, server, client })
    }

    fn close(self) {
        let _ = self.server.block_on(self.embedded.stop());
    }

    /// The database for whoever fills it.
    fn database(&self) -> PgConnectOptions {
        self.embedded.connect_options().disable_statement_logging()
    }

    /// Starts another instance of the service on this database.
    fn instance(&self, cache_mb: Option<usize>) -> Fallible<Instance> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let mut options =
            AppOptions { operator_key: Some(OPERATOR.to_owned()), ..AppOptions::default() };
        if let Some(mb) = cache_mb {
            options.cache_bytes = mb * 1_024 * 1_024;
        }
        let database = DbOptions::new(self.embedded.connect_options());
        let app = runtime.block_on(async {
            let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
            App::start(listener, database, options).await
        })?;
        Ok(Instance { app, runtime })
    }
}

/// An instance of the service with threads of its own.
struct Instance {
    app: App,
    runtime: Runtime,
}

impl Instance {
    fn address(&self) -> SocketAddr {
        self.app.address()
    }

    fn stop(self) {
        self.runtime.block_on(self.app.stop());
    }
}

/// Makes a tenant; its id and the key of its admin.
async fn tenant(caller: &mut Connection, name: &str) -> Fallible<(String, String)> {
    let new = json!({"name": name, "currency": "INR", "timezone": "Asia/Kolkata"});
    let tenant = caller.create("/v1/tenants", OPERATOR, &new).await?;
    Ok((text(&tenant, "id"), text(&tenant, "admin_key")))
}

/// A promotion that is always live, with these members besides.
fn promotion(name: &str, members: &Value) -> Value {
    let mut promotion = json!({
        "name": name, "type": "pos", "status": "active",
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
        "benefit": {"type": "amount_off", "value": "10"},
    });
    for (member, value) in members.as_object().into_iter().flatten() {
        promotion[member] = value.clone();
    }
    promotion
}

/// A cart of two lines.
fn cart(customer: &str) -> Value {
    json!({
        "customer": {"id": customer},
        "cart": {"lines": [
            {"id": "1", "sku": "TEE-RED-M", "quantity": "3", "unit_price": "499.00", "categories": ["T-Shirts"]},
            {"id": "2", "sku": "CAP-BLUE", "quantity": "1", "unit_price": "199.00", "categories": ["Caps"]},
        ]},
    })
}

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_default().to_owned()
}

/// What a figure should be.
enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

/// Prints a figure beside its bar.
fn report(name: &str, told: &str, is: f64, bar: Bar) {
    let (met, bound, bar) = match bar {
        Bar::AtMost(bar) => (is <= bar, "at most", bar),
        Bar::AtLeast(bar) => (is >= bar, "at least", bar),
    };
    let verdict = if met { "met" } else { "missed" };
    println!("{name:<46} {told:<30} {is:>8.2}, {bound} {bar}: {verdict}");
}

/// The value below which this share of the figures lies.
fn percentile(figures: &mut [f64], percent: usize) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len().saturating_sub(1) * percent / 100).copied().unwrap_or(f64::NAN)
}
