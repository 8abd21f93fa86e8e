//! What redeeming costs over HTTP, on a durable PostgreSQL, beside the same transactions done one at a time by pgbench.
//!
//! - *hot*: 64 clients on one promotion-wide limit;
//! - *spread*: 64 clients, limits of 10,000 customers;
//! - *evaluate*: how long evaluations take alone, and while *hot* runs at half its highest rate.
//!
//! `cargo bench --bench redeem`: about two minutes. Needs pgbench, which PostgreSQL's server packages contain.

mod client;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use promotion_engine::app::{App, AppOptions, listen};
use promotion_engine::config::{LogConfig, LogFormat};
use promotion_engine::db::embedded::{Embedded, EmbeddedOptions};
use promotion_engine::db::{self, DbOptions};
use promotion_engine::telemetry;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use client::{Connection, Fallible, request};

/// The service's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLIENTS: usize = 64;
const CUSTOMERS: u64 = 10_000;
const WARM_UP: Duration = Duration::from_secs(3);
const ROUND: Duration = Duration::from_secs(10);
/// Evaluations a second, whatever else runs.
const EVALUATIONS: u32 = 400;
const EVALUATORS: u32 = 8;

const OPERATOR: &str = "operator-key-of-the-measurement-0123456789";
/// A user of the benchmark's own, with whom pgbench connects.
const USER: &str = "measurement";

static SEQUENCE: AtomicU64 = AtomicU64::new(0);

fn main() -> Fallible<()> {
    telemetry::start(LogConfig { log_format: Some(LogFormat::Json) });
    let server = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (shop, hot, spread) = server.block_on(open())?;
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = client.block_on(measure(&shop, &hot, &spread));
    server.block_on(shop.stop());
    measured
}

struct Shop {
    app: App,
    embedded: Embedded,
}

impl Shop {
    async fn stop(self) {
        self.app.stop().await;
        let _ = self.embedded.stop().await;
    }
}

/// A tenant with one limited promotion.
struct Tenant {
    id: String,
    promotion: String,
    pos: String,
    subject: &'static str,
    /// What a redemption of its records.
    request: String,
    result: String,
}

async fn open() -> Fallible<(Shop, Tenant, Tenant)> {
    let name = format!("pe-redeem-{}", std::process::id());
    let mut own = EmbeddedOptions::new(std::env::temp_dir().join(name));
    own.ends_with_process = true;
    let embedded = Embedded::start(&own).await?;
    let connect = embedded.connect_options();
    db::migrate(&connect).await?;
    let role = format!("create role {USER} superuser login password '{USER}'");
    let mut owner = connect.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(role)).execute(&mut owner).await?;
    let options = AppOptions { operator_key: Some(OPERATOR.to_owned()), ..AppOptions::default() };
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let app = App::start(listener, DbOptions::new(connect), options).await?;
    let mut caller = Connection::open(app.address()).await?;
    let hot = tenant(&mut caller, "promotion").await?;
    let spread = tenant(&mut caller, "customer").await?;
    Ok((Shop { app, embedded }, hot, spread))
}

async fn tenant(caller: &mut Connection, subject: &'static str) -> Fallible<Tenant> {
    let new = json!({"name": subject, "currency": "INR", "timezone": "Asia/Kolkata"});
    let tenant = caller.create("/v1/tenants", OPERATOR, &new).await?;
    let admin = text(&tenant, "admin_key");
    let promotion = json!({
        "name": "Flash sale", "type": "pos", "status": "active",
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
        "benefit": {"type": "amount_off", "value": "10"},
        "limits": {subject: {"times": {"max": 1_000_000_000}}},
    });
    let promotion = caller.create("/v1/promotions", &admin, &promotion).await?;
    let key = json!({"role": "pos", "label": "till"});
    let key = caller.create("/v1/keys", &admin, &key).await?;
    let pos = text(&key, "key");
    let order = json!({"transaction_id": "first", "request": cart(0)});
    let first = caller.create("/v1/redemptions", &pos, &order).await?;
    Ok(Tenant {
        id: text(&tenant, "id"),
        promotion: text(&promotion, "id"),
        pos,
        subject,
        request: cart(0).to_string(),
        result: first["result"].to_string(),
    })
}

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_default().to_owned()
}

/// A cart of two lines.
fn cart(customer: u64) -> Value {
    json!({
        "customer": {"id": format!("C-{customer}")},
        "cart": {"lines": [
            {"id": "1", "sku": "TEE-RED-M", "quantity": "3", "unit_price": "499.00", "categories": ["T-Shirts"]},
            {"id": "2", "sku": "CAP-BLUE", "quantity": "1", "unit_price": "199.00", "categories": ["Caps"]},
        ]},
    })
}

async fn measure(shop: &Shop, hot: &Tenant, spread: &Tenant) -> Fallible<()> {
    let address = shop.app.address();
    let connect = shop.embedded.connect_options();
    println!("{CLIENTS} clients, rounds of {} s\n", ROUND.as_secs());
    println!("{:<34} {:>9} {:>9} {:>9}", "", "a second", "p50", "p99");
    let one_hot = pgbench(&connect, hot).await?;
    report("hot, one at a time (pgbench)", &one_hot);
    let one_spread = pgbench(&connect, spread).await?;
    report("spread, one at a time (pgbench)", &one_spread);
    redeem(address, hot, WARM_UP, None).await?;
    let grouped_hot = redeem(address, hot, ROUND, None).await?;
    report("hot", &grouped_hot);
    redeem(address, spread, WARM_UP, None).await?;
    let grouped_spread = redeem(address, spread, ROUND, None).await?;
    report("spread", &grouped_spread);

    let alone = evaluate(address, hot, ROUND).await?;
    report("evaluate, alone", &alone);
    let half = grouped_hot.rate / 2.0;
    let (beside, load) =
        tokio::join!(evaluate(address, hot, ROUND), redeem(address, hot, ROUND, Some(half)));
    let (beside, load) = (beside?, load?);
    report("evaluate, beside hot at half rate", &beside);
    report("hot at half rate", &load);

    println!();
    ratio("hot : one at a time, a second", grouped_hot.rate / one_hot.rate, 8.0, true);
    ratio("hot : one at a time, p99", grouped_hot.p99 / one_hot.p99, 0.2, false);
    ratio("spread : one at a time, a second", grouped_spread.rate / one_spread.rate, 2.0, true);
    ratio("hot : spread, a second", grouped_hot.rate / grouped_spread.rate, 0.8, true);
    ratio("evaluate beside : alone, p99", beside.p99 / alone.p99, 2.0, false);
    Ok(())
}

/// What a round came to; times in ms.
struct Round {
    rate: f64,
    p50: f64,
    p99: f64,
}

impl Round {
    fn of(mut took: Vec<u64>, time: Duration) -> Self {
        took.sort_unstable();
        let at = |percent: usize| took.get(took.len().saturating_sub(1) * percent / 100);
        let ms = |percent| at(percent).map_or(f64::NAN, |micros| *micros as f64 / 1_000.0);
        Self { rate: took.len() as f64 / time.as_secs_f64(), p50: ms(50), p99: ms(99) }
    }
}

fn report(name: &str, round: &Round) {
    let Round { rate, p50, p99 } = round;
    println!("{name:<34} {rate:>9.0} {p50:>6.2} ms {p99:>6.2} ms");
}

fn ratio(name: &str, is: f64, bar: f64, at_least: bool) {
    let met = if at_least { is >= bar } else { is <= bar };
    let bound = if at_least { "at least" } else { "at most" };
    let verdict = if met { "met" } else { "missed" };
    println!("{name:<34} {is:>6.2}, {bound} {bar}: {verdict}");
}

/// Redeems over all clients, as fast as it goes or at a rate.
async fn redeem(
    address: SocketAddr,
    tenant: &Tenant,
    time: Duration,
    rate: Option<f64>,
) -> Fallible<Round> {
    let begun = Instant::now();
    let pause = rate.map(|rate| Duration::from_secs_f64(CLIENTS as f64 / rate));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let pos = tenant.pos.clone();
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut took = Vec::new();
            let mut ticks = pause.map(interval);
            while begun.elapsed() < time {
                if let Some(ticks) = &mut ticks {
                    ticks.tick().await;
                }
                let number = SEQUENCE.fetch_add(1, Ordering::Relaxed);
                let body = json!({
                    "transaction_id": format!("T-{number}"),
                    "request": cart(number * 7_919 % CUSTOMERS),
                });
                let request = request("/v1/redemptions", &pos, &body.to_string());
                let sent = Instant::now();
                let (status, answer) = connection.call(&request).await?;
                if status != 201 {
                    return Err(String::from_utf8_lossy(answer).into());
                }
                took.push(u64::try_from(sent.elapsed().as_micros())?);
            }
            Fallible::Ok(took)
        });
    }
    gather(clients, begun).await
}

/// Evaluates at a fixed rate.
async fn evaluate(address: SocketAddr, tenant: &Tenant, time: Duration) -> Fallible<Round> {
    let begun = Instant::now();
    let request = request("/v1/evaluate-cart", &tenant.pos, &cart(1).to_string());
    let mut clients = JoinSet::new();
    for _ in 0..EVALUATORS {
        let request = request.clone();
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut ticks = interval(Duration::from_secs(1) * EVALUATORS / EVALUATIONS);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut took = Vec::new();
            while begun.elapsed() < time {
                ticks.tick().await;
                let sent = Instant::now();
                let (status, answer) = connection.call(&request).await?;
                if status != 200 {
                    return Err(String::from_utf8_lossy(answer).into());
                }
                took.push(u64::try_from(sent.elapsed().as_micros())?);
            }
            Fallible::Ok(took)
        });
    }
    gather(clients, begun).await
}

async fn gather(mut clients: JoinSet<Fallible<Vec<u64>>>, begun: Instant) -> Fallible<Round> {
    let mut took = Vec::new();
    while let Some(ended) = clients.join_next().await {
        took.extend(ended??);
    }
    Ok(Round::of(took, begun.elapsed()))
}

/// The same transactions one at a time.
async fn pgbench(connect: &PgConnectOptions, tenant: &Tenant) -> Fallible<Round> {
    let log = std::env::temp_dir().join(format!("pe-redeem-log-{}", std::process::id()));
    let mut command = Command::new(program()?);
    command
        .env("PGPASSWORD", USER)
        .args(["-n", "-M", "prepared", "-l", "-j", "2", "-U", USER])
        .args(["-c", &CLIENTS.to_string(), "-T", &ROUND.as_secs().to_string()])
        .args(["-f", concat!(env!("CARGO_MANIFEST_DIR"), "/benches/redeem/one.sql")])
        .arg(format!("--log-prefix={}", log.display()))
        .args(["-D", &format!("tenant={}", tenant.id)])
        .args(["-D", &format!("promotion={}", tenant.promotion)])
        .args(["-D", &format!("subject={}", tenant.subject)])
        .args(["-D", &format!("request={}", tenant.request)])
        .args(["-D", &format!("result={}", tenant.result)])
        .args(["-p", &connect.get_port().to_string()]);
    match connect.get_socket() {
        Some(socket) => command.arg("-h").arg(socket),
        None => command.args(["-h", connect.get_host()]),
    };
    command.arg(connect.get_database().unwrap_or_default());
    let ran = tokio::task::spawn_blocking(move || command.output()).await??;
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).into());
    }
    // client, number, microseconds, …
    let mut took = Vec::new();
    let folder = log.parent().unwrap_or(&log);
    let prefix = log.file_name().unwrap_or_default().to_string_lossy();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with(&*prefix) {
            continue;
        }
        let lines = std::fs::read_to_string(&path)?;
        for micros in lines.lines().filter_map(|line| line.split(' ').nth(2)) {
            took.push(micros.parse()?);
        }
        std::fs::remove_file(&path)?;
    }
    Ok(Round::of(took, ROUND))
}

/// pgbench, on the path or where Debian's packages have it.
fn program() -> Fallible<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let mut programs = folders.iter().map(|folder| folder.join("pgbench"));
    let found = programs.find(|program| program.is_file());
    found.ok_or_else(|| "pgbench is not installed".into())
}
