//! A client of the service: JSON over HTTP/1.1, with a new connection for each call.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use thiserror::Error;
use tokio::net::TcpStream;

/// Most bytes of an answer. The answers that the demo gets are much smaller.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// How often a call is repeated while the service is unavailable or overloaded, and the pause before each repeat.
const REPEATS: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// Why a call failed.
#[derive(Debug, Error)]
pub enum CallError {
    #[error("{call} was answered with {status}: {body}")]
    Refused {
        call: String,
        status: StatusCode,
        /// What the answer said.
        body: Value,
    },
    #[error("{call} was not answered: {source}")]
    NoAnswer { call: String, source: axum::BoxError },
    #[error("the answer to {call} has no {member}")]
    Incomplete { call: &'static str, member: &'static str },
    #[error("demo/shop.json is not JSON")]
    Shop,
}

/// A successful answer.
pub struct Answer {
    pub headers: HeaderMap,
    /// The body; null where there is none.
    pub body: Value,
}

/// A caller of one service.
pub struct Client {
    address: SocketAddr,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub async fn get(&self, path: &str, key: &str) -> Result<Answer, CallError> {
        self.call(Method::GET, path, key, None, None).await
    }

    /// Posts a body and returns the body of the answer.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Result<Value, CallError> {
        Ok(self.call(Method::POST, path, key, None, Some(body)).await?.body)
    }

    /// Puts a body. `version` is sent as `if-match`.
    pub async fn put(
        &self,
        path: &str,
        key: &str,
        version: Option<&str>,
        body: &Value,
    ) -> Result<Value, CallError> {
        Ok(self.call(Method::PUT, path, key, version, Some(body)).await?.body)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        key: &str,
        version: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, CallError> {
        let call = format!("{method} {path}");
        let mut repeats = REPEATS;
        loop {
            let sent = self.send(method.clone(), path, key, version, body).await;
            let (status, answer) =
                sent.map_err(|source| CallError::NoAnswer { call: call.clone(), source })?;
            if status.is_success() {
                return Ok(answer);
            }
            let code = answer.body["code"].as_str();
            let nothing_was_done = matches!(code, Some("unavailable" | "overloaded"));
            if repeats == 0 || !nothing_was_done {
                return Err(CallError::Refused { call, status, body: answer.body });
            }
            repeats -= 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        key: &str,
        version: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Answer), axum::BoxError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, version);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // The task ends when the sender is dropped. A fault of the connection shows in the answer.
        tokio::spawn(connection);
        let answer = sender.send_request(request.body(body)?).await?;
        let (parts, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(Body::new(body), MAX_ANSWER).await?;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
        Ok((parts.status, Answer { headers: parts.headers, body }))
    }
}

/// The text of a member of an answer.
pub fn text(body: &Value, call: &'static str, member: &'static str) -> Result<String, CallError> {
    let found = body.get(member).and_then(Value::as_str);
    found.map(str::to_owned).ok_or(CallError::Incomplete { call, member })
}
