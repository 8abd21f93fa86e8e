//! P17: carts as expensive as the bounds allow, from one tenant, while another measures; and a stop in the middle of it.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::client::{Connection, Fallible, request};
use super::{Instance, OPERATOR, PATH};

/// How long each attack lasts.
const TIME: Duration = Duration::from_secs(10);
/// Clients of the noisy tenant.
const CLIENTS: usize = 200;
/// What they rest after a refusal: they do not care for `retry-after`.
const REST: Duration = Duration::from_millis(100);
/// Carts a second of the quiet tenant.
const QUIET_RATE: u32 = 100;
/// How much slower its slowest carts may become where all cores are busy.
const MAX_RATIO: f64 = 3.0;
/// Below this a percentile says more about the machine than about the service.
const UNSURE: Duration = Duration::from_millis(5);
const MAX_HEALTH: Duration = Duration::from_millis(100);
const MAX_STOP: Duration = Duration::from_secs(30);
/// Most resident memory, in KiB.
const MAX_MEMORY: u64 = 512 * 1024;

/// What the noisy tenant sends.
struct Attack {
    name: &'static str,
    settings: Value,
    promotions: Vec<Value>,
    carts: Vec<Value>,
    /// Whether its clients hang up before they are answered.
    hangs_up: bool,
}

fn promotion(number: usize) -> Value {
    json!({
        "name": format!("P{number}"), "type": "pos", "status": "active", "sequence": number + 1,
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
    })
}

fn lines(count: usize, quantity: &str, more: &Value) -> Value {
    let line = |number: usize| {
        let price = (100 + number * 7).to_string();
        let mut line = json!({"id": number.to_string(), "sku": format!("S{}", number % 7), "quantity": quantity,
            "unit_price": price, "categories": ["A", format!("C{}", number % 5)]});
        if let (Some(own), Some(more)) = (line.as_object_mut(), more.as_object()) {
            own.extend(more.clone());
        }
        line
    };
    json!({"cart": {"lines": (0..count).map(line).collect::<Vec<_>>()}})
}

/// Promotions that stack on the same units, again and again, on two lines of so many units.
fn stacked(quantity: &str) -> Attack {
    let own = |number: usize| {
        let mut own = promotion(number);
        let all = json!([{"field": "category", "op": "in", "values": ["A"]}]);
        own["conditions"] =
            json!({"type": "line_quantity", "of": {"include": all}, "op": "gte", "value": "2"});
        own["benefit"] = json!({"type": "percentage_off", "value": (number + 1).to_string(),
            "target": {"type": "items", "from": "matching", "select": {"include": all}, "quantity": "1"},
            "repeat": {"per": "quantity", "every": (2 + number % 5).to_string()}});
        own
    };
    Attack {
        name: "stacked promotions",
        settings: json!({"unit_stacking": {"enabled": true, "max_promotions": null}, "percentage_base": "net"}),
        promotions: (0..14).map(own).collect(),
        carts: vec![lines(2, quantity, &Value::Null), lines(3, quantity, &Value::Null)],
        hangs_up: false,
    }
}

/// Thousands of predicates on texts that nearly match.
fn predicates() -> Attack {
    let text = |number: usize| format!("{}{number}", "a".repeat(40));
    let own = |number: usize| {
        let mut own = promotion(number);
        let leaf = |condition: usize| {
            let predicate = |place: usize| {
                let value = text(number * 500 + condition * 50 + place);
                json!({"field": "tag", "op": "contains", "value": value})
            };
            let all: Vec<Value> = (0..10).map(predicate).collect();
            json!({"type": "line_quantity", "of": {"include": all}, "op": "gte", "value": "1"})
        };
        let leaves: Vec<Value> = (0..10).map(leaf).collect();
        own["conditions"] = json!({"type": "group", "match": "any", "is": true, "of": leaves});
        own["benefit"] = json!({"type": "percentage_off", "value": "1"});
        own
    };
    let tags: Vec<String> = (0..50).map(|place| format!("{}{place}", "a".repeat(200))).collect();
    Attack {
        name: "text predicates",
        settings: json!({}),
        promotions: (0..100).map(own).collect(),
        carts: vec![lines(100, "3", &json!({"tags": tags}))],
        hangs_up: false,
    }
}

/// Sets of three of many lines.
fn sets() -> Attack {
    let own = |number: usize| {
        let mut own = promotion(number);
        let leaf = |category: usize| {
            let of = json!([{"field": "category", "op": "in", "values": [format!("C{category}")]}]);
            json!({"type": "line_quantity", "of": {"include": of}, "op": "gte", "value": "2"})
        };
        let leaves: Vec<Value> = (0..5).map(|place| leaf((place + number) % 5)).collect();
        own["conditions"] = json!({"type": "group", "match": "all", "is": true, "of": leaves});
        own["benefit"] = json!({"type": "percentage_off", "value": "3",
            "target": {"type": "items", "from": "in_condition"}, "repeat": {"per": "set"}});
        own
    };
    Attack {
        name: "sets",
        settings: json!({"unit_stacking": {"enabled": true, "max_promotions": null}}),
        promotions: (0..60).map(own).collect(),
        carts: vec![lines(250, "1000", &Value::Null)],
        hangs_up: false,
    }
}

/// Searches that take all of the largest budget.
fn searches(hangs_up: bool) -> Attack {
    let own = |number: usize| {
        let mut own = promotion(number);
        let some = json!([{"field": "category", "op": "in", "values": [if number.is_multiple_of(2) { "A".to_owned() } else { format!("C{}", number % 5) }]}]);
        own["conditions"] =
            json!({"type": "line_quantity", "of": {"include": some}, "op": "gte", "value": "2"});
        own["benefit"] = json!({"type": "percentage_off", "value": (5 + number % 17).to_string(),
            "target": {"type": "items", "from": "matching", "select": {"include": some}, "quantity": "1"},
            "repeat": {"per": "quantity", "every": (2 + number % 4).to_string()}});
        own
    };
    Attack {
        name: if hangs_up { "hang-ups" } else { "searches" },
        settings: json!({"strategy": "optimal", "optimal": {"budget_ms": 200}}),
        promotions: (0..60).map(own).collect(),
        carts: vec![lines(40, "12", &Value::Null)],
        hangs_up,
    }
}

/// A tenant and a key of its points of sale.
struct Tenant {
    pos: String,
}

async fn open(address: SocketAddr, settings: &Value, promotions: &[Value]) -> Fallible<Tenant> {
    let mut caller = Connection::open(address).await?;
    let tenant = json!({"name": "Shop", "currency": "INR", "timezone": "Asia/Kolkata"});
    let tenant = caller.create("/v1/tenants", OPERATOR, &tenant).await?;
    let admin = tenant["admin_key"].as_str().unwrap_or_default().to_owned();
    if settings.as_object().is_some_and(|own| !own.is_empty()) {
        let mut body = settings.clone();
        body["currency"] = "INR".into();
        body["timezone"] = "Asia/Kolkata".into();
        let text = request("/v1/settings", &admin, &body.to_string());
        let text = String::from_utf8(text)?.replacen("POST", "PUT", 1);
        let text = text.replacen("host: localhost", "host: localhost\r\nif-match: *", 1);
        let (status, _, answer) = caller.whole(text.as_bytes()).await?;
        if status != 200 {
            return Err(format!("settings: {status}: {answer}").into());
        }
    }
    for own in promotions {
        caller.create("/v1/promotions", &admin, own).await?;
    }
    let key = json!({"role": "pos", "label": "till"});
    let key = caller.create("/v1/keys", &admin, &key).await?;
    let pos = key["key"].as_str().unwrap_or_default().to_owned();
    Ok(Tenant { pos })
}

/// What became of what the noisy tenant sent, by status.
#[derive(Default)]
struct Counts {
    priced: AtomicU64,
    refused: AtomicU64,
    too_complex: AtomicU64,
    hung_up: AtomicU64,
    odd: AtomicU64,
}

impl Counts {
    fn print(&self) -> Value {
        let of = |own: &AtomicU64| own.load(Ordering::Relaxed);
        json!({"priced": of(&self.priced), "refused": of(&self.refused), "too_complex": of(&self.too_complex),
               "hung_up": of(&self.hung_up), "odd": of(&self.odd)})
    }
}

/// The first argument of a process of noisy clients.
pub const NOISE: &str = "noisy-clients";

/// A process of noisy clients. They stand back before everybody else: elsewhere they would have processors of their own,
/// and what is measured is the service.
struct Noise(Child);

impl Noise {
    fn start(address: SocketAddr, pos: &str, attack: &str, time: Duration) -> Fallible<Self> {
        let time = time.as_millis().to_string();
        let child = Command::new(std::env::current_exe()?)
            .args([NOISE, &address.to_string(), pos, attack, &time])
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self(child))
    }

    /// Waits for its end; what it counted.
    fn end(mut self) -> Fallible<Value> {
        let mut said = String::new();
        let output = self.0.stdout.take().ok_or("no output")?;
        std::io::BufReader::new(output).read_to_string(&mut said)?;
        self.0.wait()?;
        let counts = said.lines().last().unwrap_or_default();
        said.lines().filter(|line| *line != counts).for_each(|line| println!("{line}"));
        Ok(serde_json::from_str(counts)?)
    }
}

impl Drop for Noise {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The process of [`Noise`]: its arguments are an address, a key, the name of an attack, and milliseconds.
pub fn make_noise(said: &[String]) -> Fallible<()> {
    let [address, pos, name, time] = said else {
        return Err("an address, a key, an attack and a time".into());
    };
    #[cfg(target_os = "linux")]
    rustix::process::nice(19)?;
    let address: SocketAddr = address.parse()?;
    let attack = attacks().into_iter().find(|own| own.name == name);
    let attack = attack.ok_or("no such attack")?;
    let end = Instant::now() + Duration::from_millis(time.parse()?);
    let print = |cart: &Value| request(PATH, pos, &cart.to_string()).into();
    let bytes: Vec<Arc<[u8]>> = attack.carts.iter().map(print).collect();
    let counts = Arc::new(Counts::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (bytes, counts) = (bytes.clone(), Arc::clone(&counts));
            clients.spawn(be_noisy(address, bytes, attack.hangs_up, end, counts));
        }
        clients.join_all().await;
    });
    println!("{}", counts.print());
    Ok(())
}

/// One client of the noisy tenant: a cart after the other, until the end.
async fn be_noisy(
    address: SocketAddr,
    bytes: Vec<Arc<[u8]>>,
    hangs_up: bool,
    end: Instant,
    noise: Arc<Counts>,
) {
    let mut number = 0;
    while Instant::now() < end {
        let Ok(mut connection) = Connection::open(address).await else {
            sleep(REST).await;
            continue;
        };
        while Instant::now() < end {
            number += 1;
            let Some(bytes) = bytes.get(number % bytes.len()) else {
                return;
            };
            let patience = if hangs_up {
                Duration::from_millis(5 + u64::try_from(number % 10).unwrap_or(0) * 5)
            } else {
                Duration::from_secs(10)
            };
            let counter = match timeout(patience, connection.call(bytes)).await {
                Err(_) => {
                    noise.hung_up.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                Ok(Err(_)) => break,
                Ok(Ok((200, _))) => &noise.priced,
                Ok(Ok((503, _))) => &noise.refused,
                Ok(Ok((422, body))) if body.windows(11).any(|own| own == b"too_complex") => {
                    &noise.too_complex
                }
                Ok(Ok((status, body))) => {
                    if noise.odd.load(Ordering::Relaxed) == 0 {
                        println!("odd: {status}: {}", String::from_utf8_lossy(body));
                    }
                    &noise.odd
                }
            };
            let is_refused = std::ptr::eq(counter, &raw const noise.refused);
            counter.fetch_add(1, Ordering::Relaxed);
            if is_refused {
                sleep(REST).await;
            }
        }
    }
}

/// The quiet tenant's carts: how long each took, and how many were not priced.
async fn be_quiet(
    address: SocketAddr,
    pos: &str,
    time: Duration,
) -> Fallible<(Vec<Duration>, usize)> {
    let bytes: Arc<[u8]> = request(PATH, pos, &lines(5, "2", &Value::Null).to_string()).into();
    let mut ticks = interval(Duration::from_secs(1) / QUIET_RATE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sent = JoinSet::new();
    let resting = Arc::new(std::sync::Mutex::new(Vec::new()));
    let begun = Instant::now();
    while begun.elapsed() < time {
        ticks.tick().await;
        let (bytes, resting) = (Arc::clone(&bytes), Arc::clone(&resting));
        sent.spawn(async move {
            let taken = resting.lock().map_or(None, |mut own| own.pop());
            let mut connection = match taken {
                Some(connection) => connection,
                None => Connection::open(address).await?,
            };
            let begun = Instant::now();
            let (status, _) = connection.call(&bytes).await?;
            let took = begun.elapsed();
            if let Ok(mut own) = resting.lock() {
                own.push(connection);
            }
            Fallible::Ok((status, took))
        });
    }
    let (mut times, mut lost) = (Vec::new(), 0);
    while let Some(ended) = sent.join_next().await {
        match ended? {
            Ok((200, took)) => times.push(took),
            Ok(_) | Err(_) => lost += 1,
        }
    }
    times.sort_unstable();
    Ok((times, lost))
}

fn p99(times: &[Duration]) -> Duration {
    let place = (times.len() * 99).div_ceil(100).saturating_sub(1);
    times.get(place).copied().unwrap_or_default()
}

/// Asks for health again and again from a thread of its own; the longest answer.
fn watch_health(
    address: SocketAddr,
    path: &'static str,
    ended: Arc<AtomicBool>,
) -> std::thread::JoinHandle<Duration> {
    std::thread::spawn(move || {
        let mut longest = Duration::ZERO;
        while !ended.load(Ordering::Relaxed) {
            let begun = Instant::now();
            let asked = || -> std::io::Result<bool> {
                let mut stream = std::net::TcpStream::connect(address)?;
                stream.set_read_timeout(Some(Duration::from_secs(20)))?;
                let text = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
                stream.write_all(text.as_bytes())?;
                let mut answer = String::new();
                stream.read_to_string(&mut answer)?;
                Ok(answer.starts_with("HTTP/1.1 200"))
            };
            let took = match asked() {
                Ok(true) => begun.elapsed(),
                Ok(false) | Err(_) => Duration::from_secs(99),
            };
            longest = longest.max(took);
            std::thread::sleep(Duration::from_millis(25));
        }
        longest
    })
}

fn attacks() -> Vec<Attack> {
    let mut small = stacked("1000");
    small.name = "stacked, 1,000 units";
    vec![stacked("1000000"), small, predicates(), sets(), searches(false), searches(true)]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Attacks an instance in every way, or in those that are named; what was broken.
pub async fn measure(instance: &Instance, names: &[String]) -> Fallible<Vec<String>> {
    let address = instance.address;
    let quiet_rules: Vec<Value> = (0..5)
        .map(|number| {
            let mut own = promotion(number);
            own["benefit"] = json!({"type": "percentage_off", "value": "5"});
            own
        })
        .collect();
    let quiet = open(address, &json!({}), &quiet_rules).await?;
    be_quiet(address, &quiet.pos, Duration::from_secs(2)).await?;
    let (alone, _) = be_quiet(address, &quiet.pos, TIME).await?;
    let alone = p99(&alone);
    println!("\nquiet tenant alone: p99 {:.1} ms", ms(alone));
    println!(
        "attack                  quiet p99 ms   of alone   lost   healthz   readyz   priced refused complex hung up   peak MiB"
    );
    let mut faults = Vec::new();
    let mut last = None;
    let mut attacks = attacks();
    if attacks.iter().any(|own| names.iter().any(|name| name == own.name)) {
        attacks.retain(|own| names.iter().any(|name| name == own.name));
    }
    for attack in attacks {
        let noisy = open(address, &attack.settings, &attack.promotions).await?;
        let time = TIME + Duration::from_secs(1);
        let noise = Noise::start(address, &noisy.pos, attack.name, time)?;
        sleep(Duration::from_millis(500)).await;
        let ended = Arc::new(AtomicBool::new(false));
        let health = watch_health(address, "/healthz", Arc::clone(&ended));
        let ready = watch_health(address, "/readyz", Arc::clone(&ended));
        let (times, lost) = be_quiet(address, &quiet.pos, TIME).await?;
        ended.store(true, Ordering::Relaxed);
        let health = health.join().map_err(|_| "health")?;
        let ready = ready.join().map_err(|_| "readiness")?;
        let counts = noise.end()?;
        let beside = p99(&times);
        let ratio = beside.as_secs_f64() / alone.max(UNSURE / 3).as_secs_f64();
        let memory = instance.peak().unwrap_or_default();
        let of = |name: &str| counts[name].as_u64().unwrap_or_default();
        println!(
            "{:<22} {:>13.1} {:>9.2}× {lost:>6} {:>9.1} {:>8.1} {:>8} {:>7} {:>7} {:>7} {:>10.1}",
            attack.name,
            ms(beside),
            ratio,
            ms(health),
            ms(ready),
            of("priced"),
            of("refused"),
            of("too_complex"),
            of("hung_up"),
            memory as f64 / 1_024.0,
        );
        if ratio > MAX_RATIO {
            faults.push(format!("{}: the other tenant's p99 is {ratio:.2} × alone", attack.name));
        }
        if lost > 0 || of("odd") > 0 {
            faults.push(format!(
                "{}: {lost} carts of the other tenant lost, {} odd answers",
                attack.name,
                of("odd")
            ));
        }
        if health > MAX_HEALTH || ready > MAX_HEALTH {
            faults.push(format!(
                "{}: health took {:.0} ms, readiness {:.0} ms",
                attack.name,
                ms(health),
                ms(ready)
            ));
        }
        if memory > MAX_MEMORY {
            faults.push(format!("{}: {memory} KiB of memory", attack.name));
        }
        last = Some(noisy.pos);
    }
    // A stop in the middle of it.
    // The last one is of searches.
    let pos = last.ok_or("no attack")?;
    let time = MAX_STOP + Duration::from_secs(5);
    let noise = Noise::start(address, &pos, searches(false).name, time)?;
    sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    instance.terminate()?;
    while instance.lives() && begun.elapsed() < MAX_STOP + Duration::from_secs(5) {
        sleep(Duration::from_millis(20)).await;
    }
    drop(noise);
    println!("SIGTERM under attack: ended after {:?}", begun.elapsed());
    if begun.elapsed() > MAX_STOP {
        faults.push(format!("a stop took {:?}", begun.elapsed()));
    }
    Ok(faults)
}
