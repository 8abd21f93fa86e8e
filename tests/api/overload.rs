//! P16, P17: overload sheds and does not fall, and one tenant cannot starve another. The instance is made small by a
//! delay, so that neither rests on how fast the machine is; `.ci/overload` does the same for a minute.

use std::sync::Arc;
use std::time::{Duration, Instant};

use support::harness::{Service, Tenant, cart};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// What became of what was sent.
#[derive(Debug, Default)]
struct Outcome {
    /// How long each of those took that were priced.
    priced: Vec<Duration>,
    /// 503 `overloaded` with a time to come back.
    refused: usize,
    /// Anything else: there must be none.
    odd: Vec<String>,
}

impl Outcome {
    fn add(&mut self, took: Duration, status: u16, retry_after: bool, text: &str) {
        match status {
            200 => self.priced.push(took),
            503 if retry_after && text.contains("\"overloaded\"") => self.refused += 1,
            _ => self.odd.push(format!("{status}: {text}")),
        }
    }

    fn slowest(&self) -> Duration {
        self.priced.iter().max().copied().unwrap_or_default()
    }
}

async fn send(client: &reqwest::Client, url: &str, key: &str) -> (Duration, u16, bool, String) {
    let begun = Instant::now();
    let request = client.post(url).bearer_auth(key);
    let request = request.header("content-type", "application/json");
    let answer = request.body(cart().to_string()).send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.expect("a whole answer");
    (begun.elapsed(), status, headers.contains_key("retry-after"), text)
}

/// Sends so many requests a second, whatever becomes of the ones before.
async fn offer(service: &Service, tenant: &Tenant, per_second: u32, time: Duration) -> Outcome {
    let url: Arc<str> = format!("http://{}/v1/evaluate-cart", service.address()).into();
    let client = reqwest::Client::new();
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sent = JoinSet::new();
    let begun = Instant::now();
    while begun.elapsed() < time {
        ticks.tick().await;
        let (client, url, key) = (client.clone(), Arc::clone(&url), tenant.pos.clone());
        sent.spawn(async move { send(&client, &url, &key).await });
    }
    let mut outcome = Outcome::default();
    for (took, status, retry_after, text) in sent.join_all().await {
        outcome.add(took, status, retry_after, &text);
    }
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn overload_is_shed_and_what_is_accepted_is_done() {
    let (database, _) = Service::start().await;
    let delay = Duration::from_millis(300);
    let small = Service::on(&database, |options| {
        options.bounds.in_flight = 6;
        options.bounds.in_flight_of_tenant = 6;
        options.timeouts.delay = delay;
        options.timeouts.evaluate = Duration::from_secs(10);
    })
    .await;
    let tenant = small.tenant().await;
    let (capacity, time) = (20, Duration::from_secs(3));
    let mut alone = 0;
    for times in [1, 2, 5, 10] {
        let outcome = offer(&small, &tenant, capacity * times, time).await;
        assert!(outcome.odd.is_empty(), "{times} ×: {:?}", outcome.odd);
        if times == 1 {
            alone = outcome.priced.len();
        } else {
            let (priced, refused) = (outcome.priced.len(), outcome.refused);
            assert!(
                priced * 10 >= alone * 9,
                "{times} ×: {priced} of {alone} priced, {refused} refused"
            );
            assert!(refused > 0, "{times} ×: nothing was refused");
        }
    }
    // Nothing is left behind: the next ones find room.
    let after = offer(&small, &tenant, capacity / 2, Duration::from_secs(1)).await;
    assert_eq!((after.refused, after.odd.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tenant_cannot_starve_another() {
    let (database, _) = Service::start().await;
    let small = Service::on(&database, |options| {
        options.bounds.in_flight = 8;
        options.bounds.in_flight_of_tenant = 4;
        options.timeouts.delay = Duration::from_millis(800);
        options.timeouts.evaluate = Duration::from_secs(10);
    })
    .await;
    let (noisy, quiet) = (small.tenant().await, small.tenant().await);
    // Both are known, as those who are in business are.
    for tenant in [&noisy, &quiet] {
        small.post("/v1/evaluate-cart", &tenant.pos, cart()).await.expect(200);
    }
    let time = Duration::from_secs(4);
    // Both have a share of five a second.
    let alone = offer(&small, &quiet, 2, time).await;
    let (loud, beside) =
        tokio::join!(offer(&small, &noisy, 100, time), offer(&small, &quiet, 2, time));
    for outcome in [&alone, &loud, &beside] {
        assert!(outcome.odd.is_empty(), "{:?}", outcome.odd);
    }
    assert!(loud.refused > loud.priced.len(), "{} refused", loud.refused);
    assert_eq!((alone.refused, beside.refused), (0, 0));
    let (before, now) = (alone.slowest(), beside.slowest());
    assert!(now * 2 <= before * 3, "{now:?} beside the other, {before:?} alone");
}
