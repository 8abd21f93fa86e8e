//! A receiver of webhooks that is often out of order, and that believes nothing but signatures: the scheme is written
//! out here once more, from its description.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the receiver does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Answers 204.
    Take,
    /// Answers this status, whatever it is.
    Answer(u16),
    /// Reads the message and hangs up.
    HangUp,
    /// At random: one in two is taken, the others are answered 500 or hung up on.
    Moody,
}

/// A message that was read.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: String,
    pub event: Value,
    /// Whether it was answered that it has arrived.
    pub taken: bool,
}

#[derive(Default)]
struct Inside {
    secret: String,
    manner: Option<Manner>,
    messages: Vec<Message>,
    forged: usize,
}

/// A receiver at a port of this machine.
#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    inside: Arc<Mutex<Inside>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self { address: listener.local_addr().unwrap(), inside: Arc::default() };
        let own = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                tokio::spawn(async move { own.receive(stream).await });
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks?shop=1", self.address)
    }

    /// What is shown when a webhook is made.
    pub fn trust(&self, secret: &str) {
        assert!(secret.starts_with("whsec_"), "a secret");
        self.inside.lock().unwrap().secret = secret.to_owned();
    }

    pub fn behave(&self, manner: Manner) {
        self.inside.lock().unwrap().manner = Some(manner);
    }

    /// All that came, refused or not.
    pub fn messages(&self) -> Vec<Message> {
        self.inside.lock().unwrap().messages.clone()
    }

    /// How many messages had a wrong signature.
    pub fn forged(&self) -> usize {
        self.inside.lock().unwrap().forged
    }

    async fn receive(self, mut stream: TcpStream) {
        let Some((headers, body)) = read(&mut stream).await else {
            return;
        };
        let manner = self.note(&headers, &body);
        let status = match manner {
            Manner::Take => 204,
            Manner::Answer(status) => status,
            Manner::HangUp | Manner::Moody => return,
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\nlocation: http://{}/elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            self.address
        );
        let _ = stream.write_all(answer.as_bytes()).await;
    }

    fn note(&self, headers: &BTreeMap<String, String>, body: &str) -> Manner {
        let mut inside = self.inside.lock().unwrap();
        let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
        let id = header("webhook-id");
        let timestamp: i64 = header("webhook-timestamp").parse().expect("a time");
        assert!(timestamp > 1_700_000_000);
        let signed = format!("{id}.{timestamp}.{body}");
        let expected = signature(&inside.secret, &signed);
        let is_signed = header("webhook-signature").split(' ').any(|own| own == expected);
        if !is_signed || header("path") != "/hooks?shop=1" {
            inside.forged += 1;
            return Manner::Answer(401);
        }
        let event: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(event["id"], id);
        let manner = match inside.manner.unwrap_or(Manner::Take) {
            Manner::Moody => match rand::random::<u8>() % 4 {
                0 => Manner::Answer(500),
                1 => Manner::HangUp,
                _ => Manner::Take,
            },
            manner => manner,
        };
        let taken = manner == Manner::Take;
        inside.messages.push(Message { id, event, taken });
        manner
    }
}

/// The headers of a request, with its path, and its body.
async fn read(stream: &mut TcpStream) -> Option<(BTreeMap<String, String>, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let first = lines.next()?;
            assert!(first.starts_with("POST "), "{first}");
            let mut headers: BTreeMap<String, String> = lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            headers.insert("path".to_owned(), first.split(' ').nth(1)?.to_owned());
            let length: usize = headers.get("content-length")?.parse().ok()?;
            if body.len() >= length {
                return Some((headers, body.to_owned()));
            }
        }
        let read = stream.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
}

/// The signature of a message, as its header shows it.
pub fn signature(secret: &str, signed: &str) -> String {
    let key = from_base64(secret.trim_start_matches("whsec_"));
    format!("v1,{}", to_base64(&hmac(&key, signed.as_bytes())))
}

/// RFC 2104, with SHA-256: blocks of 64 bytes.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64);
    let padded = |with: u8| -> Vec<u8> {
        let key = key.iter().copied().chain(std::iter::repeat(0)).take(64);
        key.map(|byte| byte ^ with).collect()
    };
    let inner = Sha256::digest([padded(0x36), message.to_vec()].concat());
    Sha256::digest([padded(0x5c), inner.to_vec()].concat()).to_vec()
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn to_base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, place| {
            bits << 8 | u32::from(three.get(place).copied().unwrap_or(0))
        });
        for place in 0..4 {
            let digit = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap();
            out.push(if place <= three.len() { char::from(DIGITS[digit]) } else { '=' });
        }
    }
    out
}

fn from_base64(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .bytes()
        .filter(|byte| *byte != b'=')
        .map(|byte| DIGITS.iter().position(|digit| *digit == byte).expect("base64"))
        .map(|digit| u32::try_from(digit).unwrap())
        .collect();
    let mut out = Vec::new();
    for four in digits.chunks(4) {
        let bits =
            (0..4).fold(0_u32, |bits, place| bits << 6 | four.get(place).copied().unwrap_or(0));
        out.extend(bits.to_be_bytes()[1..].iter().take(four.len() - 1));
    }
    out
}
