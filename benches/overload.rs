//! P16, P17: what an instance does that is asked for ten times what it can do, for a minute, and what becomes of one
//! tenant when another asks for twenty times its share.
//!
//! The instance is a process of its own. A delay, which nothing but tests can set, makes it small, and it has a core of
//! its own where there are two: neither rests on how fast the machine is. `.ci/overload` runs this.

mod attack;
mod client;

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use promotion_engine::app::{App, AppOptions, listen, stop_signal};
use promotion_engine::db::embedded::{Embedded, EmbeddedOptions};
use promotion_engine::db::{self, DbOptions, Durability};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use client::{Connection, Fallible, request};

/// The service's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const OPERATOR: &str = "operator-key-of-the-measurement-0123456789";
const PATH: &str = "/v1/evaluate-cart";
/// How long each request takes at least.
const DELAY: Duration = Duration::from_millis(100);
/// Requests in flight, and those of them that are one tenant's: so many ten times a second.
const IN_FLIGHT: usize = 32;
const SHARE: usize = 16;
const CAPACITY: u32 = 160;
const SHORT: Duration = Duration::from_secs(10);
const LONG: Duration = Duration::from_secs(60);
/// How much memory may grow under overload, in KiB.
const MAX_GROWTH: u64 = 64 * 1024;

fn main() -> Fallible<()> {
    let said: Vec<String> = std::env::args().collect();
    if let Some(place) = said.iter().position(|own| own == attack::NOISE) {
        return attack::make_noise(said.get(place + 1..).unwrap_or_default());
    }
    if let Some(kind) = said.iter().find_map(|own| Kind::named(own)) {
        return tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(serve(kind));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut faults = Vec::new();
    // Both on all cores, as they are: what the attacks take is processor time.
    {
        let instance = Instance::start(Kind::Whole)?;
        faults.extend(runtime.block_on(attack::measure(&instance, &said))?);
    }
    if !said.iter().any(|own| own == "attacks") {
        let instance = Instance::start(Kind::Small)?;
        pin("0", instance.child.id());
        pin("1", std::process::id());
        faults.extend(runtime.block_on(measure(&instance))?);
    }
    if faults.is_empty() {
        println!("\nkept");
        Ok(())
    } else {
        Err(faults.join("; ").into())
    }
}

/// How an instance is set up.
#[derive(Clone, Copy)]
enum Kind {
    /// Small by a delay.
    Small,
    /// By the defaults.
    Whole,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Small => "small-instance",
            Self::Whole => "whole-instance",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Small, Self::Whole].into_iter().find(|own| own.name() == name)
    }
}

/// Serves until the input ends or the process is asked to stop; says on one line where, and the keys of two tenants.
async fn serve(kind: Kind) -> Fallible<()> {
    let stopping = stop_signal()?;
    let name = format!("pe-overload-{}", std::process::id());
    let mut own = EmbeddedOptions::new(std::env::temp_dir().join(name));
    own.durability = Durability::Off;
    own.ends_with_process = true;
    let embedded = Embedded::start(&own).await?;
    db::migrate(&embedded.connect_options()).await?;
    let mut database = DbOptions::new(embedded.connect_options());
    database.durability = Durability::Off;
    let mut options =
        AppOptions { operator_key: Some(OPERATOR.to_owned()), ..AppOptions::default() };
    match kind {
        Kind::Small => {
            options.bounds.in_flight = IN_FLIGHT;
            options.bounds.in_flight_of_tenant = SHARE;
            options.timeouts.delay = DELAY;
        }
        Kind::Whole => {}
    }
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let app = App::start(listener, database, options).await?;
    let mut caller = Connection::open(app.address()).await?;
    let mut keys = Vec::new();
    for name in ["Noisy", "Quiet"] {
        let tenant = json!({"name": name, "currency": "INR", "timezone": "Asia/Kolkata"});
        let tenant = caller.create("/v1/tenants", OPERATOR, &tenant).await?;
        let admin = tenant["admin_key"].as_str().unwrap_or_default().to_owned();
        let key = json!({"role": "pos", "label": "till"});
        keys.push(caller.create("/v1/keys", &admin, &key).await?["key"].clone());
    }
    let said = json!({"address": app.address().to_string(), "keys": keys});
    println!("{said}");
    std::io::stdout().flush()?;
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    tokio::select! {
        ended = ended => { ended??; }
        () = stopping => {}
    }
    app.stop().await;
    embedded.stop().await?;
    // The thread that waits for the input may wait for ever.
    std::process::exit(0);
}

/// Gives a process a core of its own, where the system can.
fn pin(core: &str, process: u32) {
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) {
        let id = process.to_string();
        let mut taskset = Command::new("taskset");
        let pinned = taskset.args(["-a", "-p", "-c", core, &id]).stdout(Stdio::null()).status();
        if !pinned.is_ok_and(|status| status.success()) {
            println!("process {id} has no core of its own: there is no taskset");
        }
    }
}

/// The process of the service; its input's end is its end.
struct Instance {
    child: Child,
    _input: ChildStdin,
    address: SocketAddr,
    noisy: String,
    quiet: String,
}

impl Instance {
    fn start(kind: Kind) -> Fallible<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(kind.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().ok_or("no input")?;
        let mut said = String::new();
        let output = child.stdout.take().ok_or("no output")?;
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut said)?;
        let said: Value = serde_json::from_str(&said)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Self {
            child,
            _input: input,
            address: text(&said["address"]).parse()?,
            noisy: text(&said["keys"][0]),
            quiet: text(&said["keys"][1]),
        })
    }

    /// Resident memory in KiB, where the system tells.
    fn memory(&self) -> Option<u64> {
        self.status("VmRSS:")?.parse().ok()
    }

    /// The most that it ever was.
    fn peak(&self) -> Option<u64> {
        self.status("VmHWM:")?.parse().ok()
    }

    fn status(&self, name: &str) -> Option<String> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next().map(str::to_owned)
    }

    /// Asks it to stop.
    fn terminate(&self) -> Fallible<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        Ok(())
    }

    /// Whether it has not ended. One that has ended and was not waited for is a zombie.
    fn lives(&self) -> bool {
        self.status("State:").is_some_and(|state| state != "Z")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What became of what was offered.
#[derive(Default)]
struct Outcome {
    /// How long those took that were priced, in µs.
    priced: Vec<u128>,
    refused: usize,
    odd: usize,
    time: Duration,
}

impl Outcome {
    fn per_second(&self) -> f64 {
        self.priced.len() as f64 / self.time.as_secs_f64()
    }

    fn p99(&mut self) -> u128 {
        self.priced.sort_unstable();
        let place = (self.priced.len() * 99).div_ceil(100).saturating_sub(1);
        self.priced.get(place).copied().unwrap_or_default()
    }
}

type Resting = Arc<Mutex<Vec<Connection>>>;

/// Sends so many requests a second, whatever becomes of the ones before.
async fn offer(
    address: SocketAddr,
    key: &str,
    per_second: u32,
    time: Duration,
) -> Fallible<Outcome> {
    let cart = json!({"cart": {"lines": [{"id": "1", "sku": "TEE", "quantity": "1", "unit_price": "100"}]}});
    let bytes: Arc<[u8]> = request(PATH, key, &cart.to_string()).into();
    let resting: Resting = Arc::default();
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut outcome = Outcome::default();
    let mut sent = JoinSet::new();
    let begun = Instant::now();
    while begun.elapsed() < time {
        ticks.tick().await;
        sent.spawn(once(address, Arc::clone(&resting), Arc::clone(&bytes)));
        while let Some(ended) = sent.try_join_next() {
            count(&mut outcome, ended??);
        }
    }
    outcome.time = begun.elapsed();
    while let Some(ended) = sent.join_next().await {
        count(&mut outcome, ended??);
    }
    Ok(outcome)
}

enum Answered {
    Priced(u128),
    Refused,
    Odd(String),
}

fn count(outcome: &mut Outcome, answered: Answered) {
    match answered {
        Answered::Priced(took) => outcome.priced.push(took),
        Answered::Refused => outcome.refused += 1,
        Answered::Odd(text) => {
            if outcome.odd == 0 {
                println!("odd: {text}");
            }
            outcome.odd += 1;
        }
    }
}

async fn once(address: SocketAddr, resting: Resting, bytes: Arc<[u8]>) -> Fallible<Answered> {
    let taken = resting.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut connection = match taken {
        Some(connection) => connection,
        None => Connection::open(address).await?,
    };
    let begun = Instant::now();
    let (status, head, body) = connection.whole(&bytes).await?;
    let answered = match status {
        200 => Answered::Priced(begun.elapsed().as_micros()),
        503 if head.contains("\r\nretry-after: 1\r\n") && body.contains("\"overloaded\"") => {
            Answered::Refused
        }
        _ => Answered::Odd(format!("{status}: {head}{body}")),
    };
    resting.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    Ok(answered)
}

async fn measure(instance: &Instance) -> Fallible<Vec<String>> {
    let (address, noisy, quiet) = (instance.address, &instance.noisy, &instance.quiet);
    println!("capacity {CAPACITY}/s: {SHARE} at a time, {} ms each\n", DELAY.as_millis());
    println!("offered   for   priced/s   of 1 ×   refused    p99 ms   memory MiB");
    let mut faults = Vec::new();
    offer(address, noisy, CAPACITY, Duration::from_secs(3)).await?;
    let (mut alone, mut before) = (0.0, 0);
    for (times, time) in [(1, SHORT), (2, SHORT), (5, SHORT), (10, LONG)] {
        let mut outcome = offer(address, noisy, CAPACITY * times, time).await?;
        let memory = instance.memory().unwrap_or_default();
        let (done, p99) = (outcome.per_second(), outcome.p99());
        if times == 1 {
            (alone, before) = (done, memory);
        }
        println!(
            "{times:>5} × {:>4}s {done:>10.1} {:>7.0}% {:>9} {:>9.1} {:>12.1}",
            time.as_secs(),
            done / alone * 100.0,
            outcome.refused,
            p99 as f64 / 1_000.0,
            memory as f64 / 1_024.0,
        );
        if done < alone * 0.9 {
            faults.push(format!("{times} ×: {done:.1}/s of {alone:.1}/s"));
        }
        if outcome.odd > 0 {
            faults.push(format!("{times} ×: {} odd answers", outcome.odd));
        }
        if memory > before + MAX_GROWTH {
            faults.push(format!("{times} ×: memory grew by {} KiB", memory - before));
        }
    }
    let ended = Instant::now();
    loop {
        let after = offer(address, noisy, CAPACITY / 2, Duration::from_millis(500)).await?;
        if after.refused == 0 && after.odd == 0 {
            break;
        }
        if ended.elapsed() > Duration::from_secs(5) {
            faults.push("not recovered within 5 s".to_owned());
            break;
        }
    }
    println!("nothing refused any more {:?} after it\n", ended.elapsed());

    let mut alone = offer(address, quiet, CAPACITY / 4, SHORT).await?;
    let (loud, beside) = tokio::join!(
        offer(address, noisy, CAPACITY * 20, SHORT),
        offer(address, quiet, CAPACITY / 4, SHORT)
    );
    let (loud, mut beside) = (loud?, beside?);
    let (one, other) = (alone.p99() as f64, beside.p99() as f64);
    println!(
        "p99 of a tenant alone {:.1} ms; beside one at 20 × its share {:.1} ms ({:.2} ×), {} refused of {}; of the \
         other {} priced, {} refused",
        one / 1_000.0,
        other / 1_000.0,
        other / one,
        beside.refused,
        beside.refused + beside.priced.len(),
        loud.priced.len(),
        loud.refused,
    );
    if other > one * 1.5 || beside.refused + beside.odd + loud.odd > 0 {
        faults.push("one tenant starves another".to_owned());
    }
    Ok(faults)
}
