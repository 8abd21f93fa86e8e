//! Many tenants, whose rules do not fit into `MAX_CACHE_MB` together, and one tenant with very many promotions.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::client::{Connection, Fallible, message, request};
use crate::{Bar, OPERATOR, Place, Size, percentile, promotion, report, shop, tenant, text};

const PROMOTIONS: usize = 50;
const MANY_PROMOTIONS: usize = 10_000;
const LINES: usize = 20;
/// How often a promotion is paused and activated again.
const CHANGES: usize = 10;
/// How long a change may be waited for.
const PATIENCE: Duration = Duration::from_secs(30);

const COLD_MS: f64 = 50.0;
const PUBLISHED_MS: f64 = 100.0;
/// What the process may grow by, in times of `MAX_CACHE_MB`, which bounds an estimate; and by evaluating all once more.
const MEMORY: f64 = 1.5;
const MEMORY_AGAIN: f64 = 1.1;

pub fn measure(place: &Place, size: &Size) -> Fallible<()> {
    let instance = place.instance(Some(size.cache_mb))?;
    let measured = place.client.block_on(many(place, size, instance.address()));
    instance.stop();
    measured?;
    let (writing, other) = (place.instance(None)?, place.instance(None)?);
    let measured = place.client.block_on(large(place, writing.address(), other.address()));
    writing.stop();
    other.stop();
    measured
}

/// Evaluates a cart for each tenant in turn, twice.
async fn many(place: &Place, size: &Size, address: SocketAddr) -> Fallible<()> {
    let mut caller = Connection::open(address).await?;
    let mut owner = place.database().connect().await?;
    let (mut ids, mut keys) = (Vec::new(), Vec::new());
    for number in 0..size.tenants {
        let (id, key) = tenant(&mut caller, &format!("Tenant {number}")).await?;
        ids.push(id.parse()?);
        keys.push(key);
    }
    insert(&mut owner, &ids, PROMOTIONS).await?;
    let before = resident();
    let mut first = evaluate_each(&mut caller, &keys).await?;
    let once = resident();
    evaluate_each(&mut caller, &keys).await?;
    let twice = resident();
    let names = format!("{} tenants of {PROMOTIONS} promotions", size.tenants);
    let p50 = percentile(&mut first, 50);
    let p99 = percentile(&mut first, 99);
    let told = format!("p50 {p50:.1} ms, most {:.1} ms", percentile(&mut first, 100));
    println!("{names}, MAX_CACHE_MB={}", size.cache_mb);
    report("first evaluation of a cold tenant, p99 in ms", &told, p99, Bar::AtMost(COLD_MS));
    let told = format!("{before:.0} MB → {once:.0} MB");
    let grown = (once - before) / size.cache_mb as f64;
    report("resident memory, growth : MAX_CACHE_MB", &told, grown, Bar::AtMost(MEMORY));
    let told = format!("{once:.0} MB → {twice:.0} MB");
    report("resident memory, again : once", &told, twice / once, Bar::AtMost(MEMORY_AGAIN));
    Ok(())
}

async fn evaluate_each(caller: &mut Connection, keys: &[String]) -> Fallible<Vec<f64>> {
    let cart = shop::cart(LINES);
    let mut took = Vec::with_capacity(keys.len());
    for key in keys {
        let request = request("/v1/evaluate-cart", key, &cart);
        let sent = Instant::now();
        let (status, answer) = caller.call(&request).await?;
        if status != 200 {
            return Err(String::from_utf8_lossy(answer).into());
        }
        took.push(sent.elapsed().as_secs_f64() * 1e3);
    }
    Ok(took)
}

/// Gives each tenant so many live promotions, as the service stores them, but without the words by which lists are
/// searched, which a trigger notes. The tenant's rules must not be in memory yet.
async fn insert(owner: &mut PgConnection, tenants: &[Uuid], count: usize) -> Fallible<()> {
    let documents: Vec<Value> = (0..count)
        .map(|number| {
            let mut document = shop::document(number);
            document["starts_at"] = json!("2020-01-01T00:00:00Z");
            document["ends_at"] = json!("2099-01-01T00:00:00Z");
            document
        })
        .collect();
    sqlx::raw_sql("set session_replication_role = replica").execute(&mut *owner).await?;
    sqlx::query(
        "insert into promotion (tenant_id, promotion_id, name, name_folded, type, status, starts_at, ends_at, document)
         select tenant, gen_random_uuid(), own ->> 'name', lower(own ->> 'name'), own ->> 'type', 'active',
                (own ->> 'starts_at')::timestamptz, (own ->> 'ends_at')::timestamptz, own
           from unnest($1::uuid[]) as tenant, unnest($2::jsonb[]) as own",
    )
    .bind(tenants)
    .bind(documents)
    .execute(&mut *owner)
    .await?;
    sqlx::raw_sql("vacuum analyze promotion").execute(owner).await?;
    Ok(())
}

/// Changes the status of a promotion among very many, and sees from when on evaluations know it.
async fn large(place: &Place, writing: SocketAddr, other: SocketAddr) -> Fallible<()> {
    let mut writer = Connection::open(writing).await?;
    let mut owner = place.database().connect().await?;
    let (id, key) = tenant(&mut writer, "Very many promotions").await?;
    let bound = json!({"max_active_promotions": MANY_PROMOTIONS + 1}).to_string();
    let bound = message("PATCH", &format!("/v1/tenants/{id}"), OPERATOR, &bound);
    let (status, answer) = writer.call(&bound).await?;
    if status != 200 {
        return Err(String::from_utf8_lossy(answer).into());
    }
    insert(&mut owner, &[id.parse()?], MANY_PROMOTIONS).await?;
    let switched = promotion("Switched", &json!({}));
    let switched = writer.create("/v1/promotions", &key, &switched).await?;
    let path = format!("/v1/promotions/{}/status", text(&switched, "id"));
    println!("one tenant of {MANY_PROMOTIONS} promotions");
    for (name, address) in [("the same instance", writing), ("another instance", other)] {
        let mut reader = Connection::open(address).await?;
        let evaluation = request("/v1/evaluate-cart", &key, &shop::cart(LINES));
        let mut took = Vec::new();
        let mut known = discount(&mut reader, &evaluation, None).await?;
        for number in 0..CHANGES {
            let status = ["paused", "active"][number % 2];
            let change = request(&path, &key, &json!({"status": status}).to_string());
            let (status, answer) = writer.call(&change).await?;
            if status != 200 {
                return Err(String::from_utf8_lossy(answer).into());
            }
            let changed = Instant::now();
            known = discount(&mut reader, &evaluation, Some(&known)).await?;
            took.push(changed.elapsed().as_secs_f64() * 1e3);
        }
        let told = format!("p50 {:.0} ms", percentile(&mut took, 50));
        let most = percentile(&mut took, 100);
        let name = format!("a change counts on {name}, most ms");
        report(&name, &told, most, Bar::AtMost(PUBLISHED_MS));
    }
    Ok(())
}

/// Evaluates until there is an answer with another discount than this one; the discount.
async fn discount(
    reader: &mut Connection,
    evaluation: &[u8],
    former: Option<&str>,
) -> Fallible<String> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        // 503 as long as the rules take longer to load than an evaluation may.
        let (status, answer) = reader.call(evaluation).await?;
        match status {
            200 => {
                let answer: Value = serde_json::from_slice(answer)?;
                let is = text(&answer["totals"], "discount");
                if former != Some(&is) {
                    return Ok(is);
                }
            }
            503 => tokio::time::sleep(Duration::from_millis(5)).await,
            _ => return Err(String::from_utf8_lossy(answer).into()),
        }
    }
    Err("a change does not count".into())
}

/// Resident memory now, in MB. The database is another process.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1_024.0
}
