//! Requests over HTTP to one of several instances, which may die and come back on another port.
//!
//! [`Front::once`] tries once; [`Front::until_answered`] is what a till does: after no answer, a broken connection or a
//! 503 it sends the same request again, to whichever instance is next, for a bounded time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::Value;

use crate::member;

/// How long one attempt may take: longer than any handler.
const ATTEMPT: Duration = Duration::from_secs(15);
/// How long a till goes on asking.
const PATIENCE: Duration = Duration::from_secs(90);
/// Between two attempts, at most.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Where the instances are. Clones share it.
#[derive(Clone)]
pub struct Front {
    http: Client,
    ports: Arc<Vec<AtomicU16>>,
    next: Arc<AtomicUsize>,
    pub counts: Arc<Counts>,
}

/// How the attempts went.
#[derive(Debug, Default)]
pub struct Counts {
    pub attempts: AtomicU64,
    /// Broken connections and attempts that took too long.
    pub unanswered: AtomicU64,
    /// 503 that says that nothing was done.
    pub refused: AtomicU64,
    /// 503 that says that something may have been done.
    pub unknown: AtomicU64,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let figure = |count: &AtomicU64| count.load(Ordering::Relaxed);
        write!(
            formatter,
            "{} attempts, {} without an answer, {} 503 with nothing done, {} 503 outcome_unknown",
            figure(&self.attempts),
            figure(&self.unanswered),
            figure(&self.refused),
            figure(&self.unknown)
        )
    }
}

/// A request, to be sent as often as need be.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub key: String,
    pub body: Option<String>,
    pub if_match: Option<String>,
}

impl Call {
    pub fn new(method: Method, path: impl Into<String>, key: &str, body: Option<&Value>) -> Self {
        Self {
            method,
            path: path.into(),
            key: key.to_owned(),
            body: body.map(Value::to_string),
            if_match: None,
        }
    }

    pub fn post(path: impl Into<String>, key: &str, body: &Value) -> Self {
        Self::new(Method::POST, path, key, Some(body))
    }

    pub fn get(path: impl Into<String>, key: &str) -> Self {
        Self::new(Method::GET, path, key, None)
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
    pub body: Value,
    pub etag: Option<String>,
    /// How many attempts it took.
    pub attempts: u32,
}

impl Answer {
    /// The stable code of a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn expect_code(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        self
    }

    #[track_caller]
    pub fn id(&self) -> String {
        match self.body["id"].as_str() {
            Some(id) => id.to_owned(),
            None => panic!("no id in {}", self.text),
        }
    }

    /// The id of a redemption that is there, whether this answer or a lost one was the first.
    #[track_caller]
    pub fn expect_made(&self) -> String {
        assert!(matches!(self.status, 200 | 201), "{}", self.text);
        self.id()
    }

    pub fn state(&self) -> &str {
        self.body["state"].as_str().unwrap_or_default()
    }

    /// `result` as it was written.
    #[track_caller]
    pub fn result(&self) -> &str {
        match member::raw(&self.text, "result") {
            Some(result) => result,
            None => panic!("no result in {}", self.text),
        }
    }

    /// `totals.discount` of the result.
    #[track_caller]
    pub fn discount(&self) -> &str {
        match self.body["result"]["totals"]["discount"].as_str() {
            Some(discount) => discount,
            None => panic!("no discount in {}", self.text),
        }
    }

    /// How often the promotion applied; 0 where it did not.
    pub fn times(&self, promotion: &str) -> u64 {
        let applied = self.body["result"]["applied"].as_array();
        applied
            .into_iter()
            .flatten()
            .filter(|applied| applied["promotion_id"] == promotion)
            .filter_map(|applied| applied["times"].as_u64())
            .sum()
    }

    /// Why the promotion did not apply, and which limit it is about, if `explain` was `all`.
    pub fn reason(&self, promotion: &str) -> Option<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let left_out = self.body["result"]["not_applied"].as_array()?;
        let entry = left_out.iter().find(|entry| entry["promotion_id"] == promotion)?;
        Some((text(&entry["reason"]), text(&entry["limit"])))
    }
}

impl Front {
    pub fn new(addresses: &[SocketAddr]) -> Self {
        // Another dependency of the tree has switched TLS on, which the client wants to see set up though it never
        // uses it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ports = addresses.iter().map(|address| address.port().into());
        Self {
            http: Client::builder().timeout(ATTEMPT).build().expect("a client"),
            ports: Arc::new(ports.collect()),
            next: Arc::default(),
            counts: Arc::default(),
        }
    }

    /// Another front to the one instance of several.
    pub fn only(&self, instance: usize) -> Self {
        let mut only = self.clone();
        only.ports = Arc::new(vec![self.port(instance).into()]);
        only
    }

    pub fn port(&self, instance: usize) -> u16 {
        self.ports[instance].load(Ordering::Relaxed)
    }

    /// An instance has come back elsewhere.
    pub fn moved(&self, instance: usize, port: u16) {
        self.ports[instance].store(port, Ordering::Relaxed);
    }

    /// One attempt at the next instance in turn; the error says how there was no answer.
    pub async fn once(&self, call: &Call) -> Result<Answer, String> {
        let instance = self.next.fetch_add(1, Ordering::Relaxed) % self.ports.len();
        let url = format!("http://127.0.0.1:{}{}", self.port(instance), call.path);
        self.counts.attempts.fetch_add(1, Ordering::Relaxed);
        let answer = self.send(&url, call).await;
        match &answer {
            Err(_) => self.counts.unanswered.fetch_add(1, Ordering::Relaxed),
            Ok(answer) if answer.status == 503 && answer.code() == "outcome_unknown" => {
                self.counts.unknown.fetch_add(1, Ordering::Relaxed)
            }
            Ok(answer) if answer.status == 503 => {
                self.counts.refused.fetch_add(1, Ordering::Relaxed)
            }
            Ok(_) => 0,
        };
        answer
    }

    async fn send(&self, url: &str, call: &Call) -> Result<Answer, String> {
        let mut request = self.http.request(call.method.clone(), url);
        if !call.key.is_empty() {
            request = request.bearer_auth(&call.key);
        }
        if let Some(tag) = &call.if_match {
            request = request.header("if-match", tag);
        }
        if let Some(body) = &call.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        let response = request.send().await.map_err(|error| format!("{error:?}"))?;
        let status = response.status().as_u16();
        let etag = response.headers().get("etag");
        let etag = etag.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let text = response.text().await.map_err(|error| format!("{error:?}"))?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, text, body, etag, attempts: 1 })
    }

    /// Attempts until there is an answer other than 503.
    pub async fn until_answered(&self, call: &Call) -> Answer {
        let begun = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let missed = match self.once(call).await {
                Ok(mut answer) if answer.status != 503 => {
                    answer.attempts = attempts;
                    return answer;
                }
                Ok(answer) => answer.text,
                Err(error) => error,
            };
            assert!(
                begun.elapsed() < PATIENCE,
                "no answer to {} {} after {attempts} attempts, lastly: {missed}",
                call.method,
                call.path
            );
            // What the till waits for is somebody else's recovery, which nothing here can see.
            tokio::time::sleep((Duration::from_millis(5) * attempts).min(LONGEST_PAUSE)).await;
        }
    }

    /// Waits until the instance is ready; returns how long that took.
    pub async fn ready(&self, instance: usize, within: Duration) -> Duration {
        let only = self.only(instance);
        let begun = Instant::now();
        loop {
            let answer = only.once(&Call::get("/readyz", "")).await;
            if answer.as_ref().is_ok_and(|answer| answer.status == 200) {
                return begun.elapsed();
            }
            assert!(
                begun.elapsed() < within,
                "instance {instance} was not ready within {within:?}: {answer:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
