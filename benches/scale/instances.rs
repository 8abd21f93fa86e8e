//! One limit that everybody takes from, through one, two and four instances of the service on the same database.
//!
//! So many clients in all redeem as fast as they are answered; all instances run all the time.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::client::{Connection, Fallible, message, request};
use crate::{Bar, Place, Size, cart, percentile, promotion, report, tenant};

const INSTANCES: [usize; 3] = [1, 2, 4];
const CLIENTS: usize = 64;
const TURNS: usize = 5;
const WARM_UP: Duration = Duration::from_secs(3);
const ROUND: Duration = Duration::from_secs(5);
/// Least that several instances do, in times of what one does.
const RATIO: f64 = 0.8;

static SEQUENCE: AtomicU64 = AtomicU64::new(0);

pub fn measure(place: &Place, _: &Size) -> Fallible<()> {
    let most = INSTANCES.into_iter().max().unwrap_or_default();
    let instances: Vec<_> = (0..most).map(|_| place.instance(None)).collect::<Fallible<_>>()?;
    let addresses: Vec<SocketAddr> = instances.iter().map(|own| own.address()).collect();
    let measured = place.client.block_on(async {
        let mut caller = Connection::open(addresses[0]).await?;
        let (_, key) = tenant(&mut caller, "Hot").await?;
        let limits = json!({"limits": {"promotion": {"times": {"max": 1_000_000_000}}}});
        caller.create("/v1/promotions", &key, &promotion("Flash sale", &limits)).await?;
        redeem(&addresses, &key, WARM_UP).await?;
        let mut rates = INSTANCES.map(|_| Vec::new());
        let mut sizes = INSTANCES.map(|_| Vec::new());
        for _ in 0..TURNS {
            for (place, count) in INSTANCES.into_iter().enumerate() {
                let before = groups(&addresses).await?;
                rates[place].push(redeem(&addresses[..count], &key, ROUND).await?);
                let after = groups(&addresses).await?;
                sizes[place].push((after[0] - before[0]) / (after[1] - before[1]));
            }
        }
        let one = percentile(&mut rates[0].clone(), 50);
        for ((count, mut rates), mut sizes) in INSTANCES.into_iter().zip(rates).zip(sizes) {
            let (rate, size) = (percentile(&mut rates, 50), percentile(&mut sizes, 50));
            let told = format!("{rate:.0} a second, {size:.0} a group");
            report(&format!("instances: {count}"), &told, rate / one, Bar::AtLeast(RATIO));
        }
        Fallible::Ok(())
    });
    instances.into_iter().for_each(crate::Instance::stop);
    measured
}

/// How many redemptions all instances have written so far, and in how many groups.
async fn groups(addresses: &[SocketAddr]) -> Fallible<[f64; 2]> {
    let mut all = [0.0; 2];
    for address in addresses {
        let mut connection = Connection::open(*address).await?;
        let (_, told) = connection.call(&message("GET", "/metrics", "", "")).await?;
        let told = String::from_utf8_lossy(told);
        for (sum, name) in all.iter_mut().zip(["group_size_sum ", "group_size_count "]) {
            let value = told.lines().find_map(|line| Some(line.split_once(name)?.1));
            *sum += value.ok_or("no metric of groups")?.parse::<f64>()?;
        }
    }
    Ok(all)
}

/// Redeems over all clients; redemptions a second.
async fn redeem(addresses: &[SocketAddr], key: &str, time: Duration) -> Fallible<f64> {
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for (_, address) in (0..CLIENTS).zip(addresses.iter().copied().cycle()) {
        let key = key.to_owned();
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut count = 0;
            while begun.elapsed() < time {
                let number = SEQUENCE.fetch_add(1, Ordering::Relaxed);
                let cart = cart(&format!("C-{}", number % 10_000));
                let order = json!({"transaction_id": format!("T-{number}"), "request": cart});
                let request = request("/v1/redemptions", &key, &order.to_string());
                let (status, answer) = connection.call(&request).await?;
                if status != 201 {
                    return Err(String::from_utf8_lossy(answer).into());
                }
                count += 1;
            }
            Fallible::Ok(count)
        });
    }
    let mut count = 0;
    while let Some(ended) = clients.join_next().await {
        count += ended??;
    }
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}
