//! What an evaluation costs over HTTP: requests a second of `evaluate-cart`, beside two floors that are served in the
//! same way and answer the same JSON.
//!
//! - *floor*: everything but the evaluation. It checks the key, reads and checks the cart, and prints the answer, from an
//!   evaluation that was made once beforehand.
//! - *prepared*: less than any handler of this endpoint could do. It parses the body into a tree and sends bytes that were
//!   printed once beforehand: no key, no cart, no printing.
//!
//! `cargo bench --bench http`: about a minute.

mod client;
mod shop;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chrono::{DateTime, Utc};
use promotion_engine::api::auth::{Caller, Pricer};
use promotion_engine::api::connection::Limits;
use promotion_engine::api::edge::{self, Bounds, Edge};
use promotion_engine::api::extract::Small;
use promotion_engine::api::problem::ApiError;
use promotion_engine::api::serve;
use promotion_engine::api::{self, Api};
use promotion_engine::app::{App, AppOptions, listen};
use promotion_engine::config::{LogConfig, LogFormat};
use promotion_engine::db::embedded::{Embedded, EmbeddedOptions};
use promotion_engine::db::{self, DbOptions, Durability};
use promotion_engine::domain::evaluation::Evaluation;
use promotion_engine::domain::id::TenantId;
use promotion_engine::engine::{Prepared, RuleSet, Stop};
use promotion_engine::metrics::Metrics;
use promotion_engine::telemetry;
use promotion_engine::wire::cart::read_plain;
use promotion_engine::wire::evaluation;
use promotion_engine::wire::json::Json;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use client::{Connection, Fallible, request};

/// The service's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LINES: usize = 20;
const PROMOTIONS: usize = 250;
const CONNECTIONS: usize = 16;
/// Short and many: what else the machine does then weighs on neighbours alike.
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_secs(2);
/// At least so many of the floor's requests a second.
const BAR: f64 = 0.7;

const PATH: &str = "/v1/evaluate-cart";
const PREPARED: &str = "/prepared";
const OPERATOR: &str = "operator-key-of-the-measurement-0123456789";
/// What an answer with applied promotions has in it.
const APPLIED: &[u8] = br#""applied":[{"promotion_id":"#;
const MAX_BODY: usize = 1024 * 1024;

fn main() -> Fallible<()> {
    // As the service logs: every request opens its span.
    telemetry::start(LogConfig { log_format: Some(LogFormat::Json) });
    // As the service starts it.
    let server = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (shop, targets) = server.block_on(serve_all())?;
    // On a thread of its own, as cheap as it can be: what it takes, it takes from both.
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = client.block_on(measure(&targets));
    server.block_on(shop.stop());
    measured
}

/// The running service, and the database below it.
struct Shop {
    app: App,
    floor: CancellationToken,
    embedded: Embedded,
}

impl Shop {
    async fn stop(self) {
        self.floor.cancel();
        self.app.stop().await;
        let _ = self.embedded.stop().await;
    }
}

/// Requests of one kind: where they go, and what comes back.
#[derive(Clone)]
struct Target {
    name: &'static str,
    address: SocketAddr,
    request: Bytes,
    /// Length of a body, and where in it [`APPLIED`] stands.
    length: usize,
    applied_at: usize,
}

/// What is compared.
struct Targets {
    evaluate: Target,
    floor: Target,
    prepared: Target,
}

async fn serve_all() -> Fallible<(Shop, Targets)> {
    let name = format!("pe-bench-{}", std::process::id());
    let mut own = EmbeddedOptions::new(std::env::temp_dir().join(name));
    own.durability = Durability::Off;
    own.ends_with_process = true;
    let embedded = Embedded::start(&own).await?;
    db::migrate(&embedded.connect_options()).await?;
    let mut database = DbOptions::new(embedded.connect_options());
    database.durability = Durability::Off;
    let options = AppOptions { operator_key: Some(OPERATOR.to_owned()), ..AppOptions::default() };
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let app = App::start(listener, database, options).await?;

    let mut caller = Connection::open(app.address()).await?;
    let (tenant, pos) = open_shop(&mut caller).await?;
    let cart = shop::cart(LINES);
    let evaluation = request(PATH, &pos, &cart);
    let (status, answer) = caller.call(&evaluation).await?;
    let answer = Bytes::copy_from_slice(answer);
    let applied_at = answer
        .windows(APPLIED.len())
        .position(|window| window == APPLIED)
        .filter(|_| status == 200)
        .ok_or_else(|| format!("{status}: {}", String::from_utf8_lossy(&answer)))?;
    let applied: Value = serde_json::from_slice(&answer)?;
    println!(
        "{PROMOTIONS} live promotions; a cart of {LINES} lines, {} bytes; an answer of {} bytes with {} promotions applied",
        cart.len(),
        answer.len(),
        applied["applied"].as_array().map_or(0, Vec::len),
    );
    let priced = {
        let request = read_plain(cart.as_bytes()).ok_or("the cart is not plain")?;
        let now = Utc::now();
        let rules = app.service().cache().rules_at(tenant, now).await?;
        let stop = Stop::default();
        let prepared = Prepared::new(Arc::clone(&rules), &request, &[], now, &stop);
        let evaluation = prepared.and_then(|prepared| prepared.evaluate(&[], &[], &stop));
        Priced { evaluation: evaluation.map_err(|why| format!("{why:?}"))?, rules, now }
    };
    let evaluate = Target {
        name: "evaluate",
        address: app.address(),
        request: evaluation.into(),
        length: answer.len(),
        applied_at,
    };
    let stop = CancellationToken::new();
    let floors = serve_floors(app.api().clone(), priced, answer, stop.clone()).await?;
    let floor = Target { name: "floor", address: floors, ..evaluate.clone() };
    let prepared = Target {
        name: "prepared",
        request: request(PREPARED, &pos, &cart).into(),
        ..floor.clone()
    };
    let shop = Shop { app, floor: stop, embedded };
    let targets = Targets { evaluate, floor, prepared };
    Ok((shop, targets))
}

/// An evaluation that was made once.
struct Priced {
    evaluation: Evaluation,
    rules: Arc<RuleSet>,
    now: DateTime<Utc>,
}

/// Makes the tenant and its promotions; the tenant, and the key of its points of sale.
async fn open_shop(caller: &mut Connection) -> Fallible<(TenantId, String)> {
    let tenant = json!({"name": "Shop", "currency": "INR", "timezone": "Asia/Kolkata"});
    let tenant = caller.create("/v1/tenants", OPERATOR, &tenant).await?;
    let admin = tenant["admin_key"].as_str().unwrap_or_default().to_owned();
    for number in 0..PROMOTIONS {
        let mut document = shop::document(number);
        // Live whatever the day.
        document["status"] = "active".into();
        document["starts_at"] = "2020-01-01T00:00:00+05:30".into();
        document["ends_at"] = "2099-01-01T00:00:00+05:30".into();
        caller.create("/v1/promotions", &admin, &document).await?;
    }
    let key = json!({"role": "pos", "label": "till"});
    let key = caller.create("/v1/keys", &admin, &key).await?;
    let id = TenantId::new(tenant["id"].as_str().unwrap_or_default().parse()?);
    Ok((id, key["key"].as_str().unwrap_or_default().to_owned()))
}

/// Serves the floors through the service's own connections, edge and layers.
async fn serve_floors(
    api: Api,
    priced: Priced,
    answer: Bytes,
    stop: CancellationToken,
) -> Fallible<SocketAddr> {
    let priced = Arc::new(priced);
    let floor = move |_: Caller<Pricer>, body: Small| {
        let priced = Arc::clone(&priced);
        async move { floor(&priced, body) }
    };
    let router = Router::new()
        .route(PATH, post(floor))
        .with_state(api)
        .route(PREPARED, post(move |request| prepared(answer, request)))
        .layer(CatchPanicLayer::custom(edge::panicked));
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    let metrics = Metrics::default();
    let edge = Edge::new(router, Bounds::default(), &metrics, api::measure(&metrics));
    tokio::spawn(serve::serve(listener, edge, Limits::default(), stop));
    Ok(address)
}

/// The handler of `evaluate-cart` without the evaluation.
fn floor(priced: &Priced, body: Small) -> Result<Response, ApiError> {
    let body = body.json()?;
    match read_plain(&body) {
        Some(request) => {
            let text = evaluation::print(&priced.evaluation, &priced.rules, &request, priced.now);
            Ok(edge::json(StatusCode::OK, text))
        }
        None => Ok(StatusCode::BAD_REQUEST.into_response()),
    }
}

/// The body parsed, and bytes that were printed before.
async fn prepared(answer: Bytes, request: Request) -> Response {
    let Ok(body) = axum::body::to_bytes(request.into_body(), MAX_BODY).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match Json::parse(&body) {
        Ok(Json::Object(members)) if !members.is_empty() => edge::json(StatusCode::OK, answer),
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn measure(targets: &Targets) -> Fallible<()> {
    println!("{CONNECTIONS} connections, each with one request at a time\n");
    let order = [&targets.prepared, &targets.floor, &targets.evaluate];
    for target in order {
        round(target, WARM_UP).await?;
    }
    println!("requests a second, and µs of processor time a request:");
    println!(
        "round         prepared             floor          evaluate   evaluate : floor   : prepared"
    );
    let mut took = [const { Vec::new() }; 3];
    let (mut of_floor, mut of_prepared) = (Vec::new(), Vec::new());
    for number in 1..=ROUNDS {
        print!("{number:>5}");
        let mut per_second = [0.0; 3];
        for (index, target) in order.into_iter().enumerate() {
            let round = round(target, ROUND).await?;
            let cpu = round.cpu.unwrap_or(f64::NAN);
            print!(" {:>8.0} {cpu:>5.1} µs", round.per_second);
            per_second[index] = round.per_second;
            took[index].extend(round.took);
        }
        let [prepared, floor, evaluate] = per_second;
        of_floor.push(evaluate / floor);
        of_prepared.push(evaluate / prepared);
        println!("   {:>16.2}   {:>10.2}", evaluate / floor, evaluate / prepared);
    }
    println!();
    for (target, took) in order.into_iter().zip(&mut took) {
        took.sort_unstable();
        let (half, most) = (percentile(took, 50), percentile(took, 99));
        let name = target.name;
        println!("{name:<9} p50 {half:>6} µs   p99 {most:>6} µs");
    }
    let (of_floor, of_prepared) = (median(of_floor), median(of_prepared));
    let verdict = if of_floor >= BAR { "met" } else { "missed" };
    println!("\nmedian ratio to the floor {of_floor:.2}; at least {BAR}: {verdict}");
    println!("median ratio to prepared bytes {of_prepared:.2}");
    Ok(())
}

fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_unstable_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

fn percentile(sorted: &[u32], percent: usize) -> u32 {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// What one round came to.
struct Round {
    per_second: f64,
    /// Processor time of a request in µs, of server and client together, where the system tells.
    cpu: Option<f64>,
    /// Of each request, in µs.
    took: Vec<u32>,
}

async fn round(target: &Target, time: Duration) -> Fallible<Round> {
    let (begun, used) = (Instant::now(), processor_time());
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(repeat(target.clone(), begun + time));
    }
    let mut took = Vec::new();
    while let Some(ended) = connections.join_next().await {
        took.extend(ended??);
    }
    let requests = took.len() as f64;
    let used = used.zip(processor_time()).map(|(before, after)| after - before);
    Ok(Round {
        per_second: requests / begun.elapsed().as_secs_f64(),
        cpu: used.map(|used| used / requests),
        took,
    })
}

/// What this process has used so far, in µs: ticks of a hundredth of a second.
fn processor_time() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the process may have blanks in it.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().ok()).sum::<Option<f64>>().map(|ticks| ticks * 10_000.0)
}

/// Sends the request again and again over one connection.
async fn repeat(target: Target, until: Instant) -> Fallible<Vec<u32>> {
    let mut connection = Connection::open(target.address).await?;
    let mut took = Vec::with_capacity(16_384);
    let mut sent = Instant::now();
    while sent < until {
        let (status, body) = connection.call(&target.request).await?;
        let is_priced = body.len() == target.length
            && body.get(target.applied_at..).is_some_and(|rest| rest.starts_with(APPLIED));
        if status != 200 || !is_priced {
            let body = String::from_utf8_lossy(body);
            return Err(format!("{}: {status}: {body}", target.name).into());
        }
        let received = Instant::now();
        took.push(u32::try_from((received - sent).as_micros())?);
        sent = received;
    }
    Ok(took)
}
