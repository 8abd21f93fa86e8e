//! A client that costs as little as it can, for benchmarks over HTTP.

use std::error::Error;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Benchmarks end at the first failure.
pub type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A request of HTTP/1.1 that sends JSON, whole.
pub fn request(path: &str, key: &str, body: &str) -> Vec<u8> {
    message("POST", path, key, body)
}

/// The same of any method.
pub fn message(method: &str, path: &str, key: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A connection that is kept, with one request at a time. It understands what this service sends and no more.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Fallible<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = vec![0; 64 * 1024];
        Ok(Self { stream, buffer })
    }

    /// Sends a request; the answer's status, head and body.
    #[allow(dead_code, reason = "one of the benchmarks looks at heads")]
    pub async fn whole(&mut self, request: &[u8]) -> Fallible<(u16, &str, &str)> {
        let (status, body) = self.receive(request).await?;
        let (head, body) = self.buffer[..body.end].split_at(body.start);
        Ok((status, std::str::from_utf8(head)?, std::str::from_utf8(body)?))
    }

    /// Sends a request; the answer's status and body.
    pub async fn call(&mut self, request: &[u8]) -> Fallible<(u16, &[u8])> {
        let (status, body) = self.receive(request).await?;
        Ok((status, &self.buffer[body]))
    }

    async fn receive(&mut self, request: &[u8]) -> Fallible<(u16, std::ops::Range<usize>)> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let room = self.buffer.get_mut(filled..).unwrap_or_default();
            let read = self.stream.read(room).await?;
            if read == 0 {
                return Err("the answer broke off".into());
            }
            filled += read;
            if let Some((status, body)) = head(&self.buffer[..filled])?
                && filled >= body.end
            {
                return Ok((status, body));
            }
        }
    }

    /// Sends a JSON document that makes something; what was made.
    pub async fn create(&mut self, path: &str, key: &str, document: &Value) -> Fallible<Value> {
        let request = request(path, key, &document.to_string());
        let (status, body) = self.call(&request).await?;
        if status != 201 {
            return Err(format!("{path}: {status}: {}", String::from_utf8_lossy(body)).into());
        }
        Ok(serde_json::from_slice(body)?)
    }
}

/// The status of an answer and where its body stands, once its head is there.
fn head(answer: &[u8]) -> Fallible<Option<(u16, std::ops::Range<usize>)>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&answer[..end])?;
    let status = text.get(9..12).ok_or("no status")?.parse()?;
    let length: usize = text
        .split("\r\n")
        .find_map(|line| line.strip_prefix("content-length: "))
        .ok_or("no length")?
        .parse()?;
    Ok(Some((status, end + 4..end + 4 + length)))
}
