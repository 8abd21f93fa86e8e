//! A small stand-in for a pooler between the service and its database (protocol 3, no TLS).
//!
//! A client logs in at the server itself, over a connection that then belongs to everybody. By transaction: a client has
//! a connection to the server until the server says that no transaction is open, and then whoever is next has it. What
//! has a name is prepared again where it is missing, as PgBouncer does from version 1.21 on.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

const SSL_REQUEST: u32 = 80_877_103;
/// What a pooler does not know how to pass on, and so refuses.
const UNKNOWN: [&[u8]; 2] = [b"options", b"extra_float_digits"];

/// How it pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Session,
    Transaction,
    /// By transaction, and statements that were prepared elsewhere are unknown.
    Forgetful,
    /// By statement: no transaction can be begun.
    Statement,
}

pub struct Pooler {
    shared: Arc<Shared>,
    folder: PathBuf,
    port: u16,
    accepting: JoinHandle<()>,
}

struct Shared {
    upstream: PgConnectOptions,
    mode: Mode,
    /// What strangers leave behind on every new connection to the server.
    strangers: String,
    /// Most connections to the server.
    most: usize,
    count: AtomicUsize,
    free: Mutex<VecDeque<Server>>,
    permits: Semaphore,
    clients: AtomicU64,
    handed_on: AtomicU64,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// One end of a connection, and what has come from there.
struct End {
    stream: Box<dyn Stream>,
    bytes: Vec<u8>,
}

struct Server {
    end: End,
    /// Names of statements that are prepared there.
    prepared: HashSet<Vec<u8>>,
    last: u64,
}

/// Why a client gave its connection to the server back.
enum Done {
    Idle,
    Left,
}

/// What the server still has to answer.
enum Due {
    /// That it has prepared this, and whether the client asked for it.
    Parsed(Vec<u8>, bool),
    Ready,
}

impl Pooler {
    /// Starts a pooler with at most so many connections to the server, each of which strangers have left with what these
    /// statements do.
    pub fn start(upstream: &PgConnectOptions, mode: Mode, most: usize, strangers: &str) -> Self {
        let name = format!("pe-pooler-{}-{:08x}", std::process::id(), rand::random::<u32>());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder for the pooler's socket");
        let port = upstream.get_port();
        let listener = UnixListener::bind(folder.join(format!(".s.PGSQL.{port}")))
            .expect("the pooler's socket");
        let shared = Arc::new(Shared {
            upstream: upstream.clone(),
            mode,
            strangers: strangers.to_owned(),
            most,
            count: AtomicUsize::new(0),
            free: Mutex::default(),
            permits: Semaphore::new(0),
            clients: AtomicU64::new(0),
            handed_on: AtomicU64::new(0),
        });
        let own = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection to the pooler");
                let own = Arc::clone(&own);
                // However a connection ends, the client sees its end.
                tokio::spawn(async move {
                    let _ = own.client(End::new(client)).await;
                });
            }
        });
        Self { shared, folder, port, accepting }
    }

    /// The same database through the pooler.
    pub fn connect(&self) -> PgConnectOptions {
        self.shared.upstream.clone().socket(&self.folder).port(self.port)
    }

    /// How often a connection to the server went from one client to another.
    pub fn handed_on(&self) -> u64 {
        self.shared.handed_on.load(Ordering::Relaxed)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.accepting.abort();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Shared {
    async fn client(&self, mut client: End) -> Result<()> {
        let Some(server) = self.log_in(&mut client).await? else {
            return Ok(());
        };
        let id = self.clients.fetch_add(1, Ordering::Relaxed);
        let mut statements = HashMap::new();
        if self.mode == Mode::Session {
            let mut server = server;
            while let Done::Idle = self.serve(id, &mut client, &mut server, &mut statements).await?
            {
            }
            return Ok(());
        }
        if self.count.fetch_add(1, Ordering::Relaxed) < self.most {
            self.give(server);
        } else {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        loop {
            if client.bytes.is_empty() && !client.fill().await? {
                return Ok(());
            }
            let mut server = self.take(id).await?;
            match self.serve(id, &mut client, &mut server, &mut statements).await {
                Ok(Done::Idle) => self.give(server),
                // Whatever was open on it ends with it.
                done => {
                    self.count.fetch_sub(1, Ordering::Relaxed);
                    done?;
                    return Ok(());
                }
            }
        }
    }

    async fn take(&self, id: u64) -> Result<Server> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return Err(ErrorKind::ConnectionReset.into());
        }
        self.permits.acquire().await.expect("open permits").forget();
        let mut server = self.free.lock().unwrap().pop_front().expect("a free connection");
        // What the server says to nobody is for nobody.
        while tokio::time::timeout(Duration::ZERO, server.end.fill())
            .await
            .is_ok_and(|read| read.is_ok_and(|is_open| is_open))
        {}
        server.end.bytes.clear();
        if server.last != id {
            self.handed_on.fetch_add(1, Ordering::Relaxed);
        }
        server.last = id;
        Ok(server)
    }

    fn give(&self, server: Server) {
        self.free.lock().unwrap().push_back(server);
        self.permits.add_permits(1);
    }

    /// Passes the login on, and returns the connection to the server; none if the client is refused.
    async fn log_in(&self, client: &mut End) -> Result<Option<Server>> {
        let startup = loop {
            let length = client.stream.read_u32().await?;
            let mut rest = vec![0; usize::try_from(length).unwrap().saturating_sub(4)];
            client.stream.read_exact(&mut rest).await?;
            if rest.get(..4) == Some(SSL_REQUEST.to_be_bytes().as_slice()) {
                client.stream.write_all(b"N").await?;
                continue;
            }
            break rest;
        };
        let mut parameters = startup[4..].split(|byte| *byte == 0).step_by(2);
        if let Some(name) = parameters.find(|name| UNKNOWN.contains(name)) {
            let name = String::from_utf8_lossy(name);
            client
                .stream
                .write_all(&refusal(&format!("unsupported startup parameter: {name}")))
                .await?;
            return Ok(None);
        }
        let mut end = match self.upstream.get_socket() {
            Some(folder) => {
                let path = folder.join(format!(".s.PGSQL.{}", self.upstream.get_port()));
                End::new(UnixStream::connect(path).await?)
            }
            None => {
                let place = (self.upstream.get_host(), self.upstream.get_port());
                End::new(TcpStream::connect(place).await?)
            }
        };
        end.stream.write_u32(u32::try_from(startup.len() + 4).unwrap()).await?;
        end.stream.write_all(&startup).await?;
        loop {
            let message = end.message().await?;
            client.stream.write_all(&message).await?;
            match message[0] {
                // Whatever is neither the end of the login nor the last word of SASL is answered.
                b'R' if !matches!(message[8], 0 | 12) => {
                    let answer = client.message().await?;
                    end.stream.write_all(&answer).await?;
                }
                b'E' => return Ok(None),
                b'Z' => break,
                _ => {}
            }
        }
        if !self.strangers.is_empty() {
            let text = [self.strangers.as_bytes(), b"\0"].concat();
            end.stream.write_all(&frame(b'Q', &text)).await?;
            loop {
                let message = end.message().await?;
                assert_ne!(message[0], b'E', "{}", String::from_utf8_lossy(&message));
                if message[0] == b'Z' {
                    break;
                }
            }
        }
        Ok(Some(Server { end, prepared: HashSet::new(), last: u64::MAX }))
    }

    /// Carries messages between a client and a server until no transaction is open.
    async fn serve(
        &self,
        id: u64,
        client: &mut End,
        server: &mut Server,
        statements: &mut HashMap<Vec<u8>, Vec<u8>>,
    ) -> Result<Done> {
        let mut due: VecDeque<Due> = VecDeque::new();
        let mut is_whole = true;
        loop {
            let mut out = Vec::new();
            while let Some(message) = client.take() {
                match message[0] {
                    b'X' => {
                        return Ok(if due.is_empty() && is_whole {
                            Done::Left
                        } else {
                            return Err(ErrorKind::BrokenPipe.into());
                        });
                    }
                    b'Q' if self.mode == Mode::Statement && message[5..].starts_with(b"begin") => {
                        let text = "transaction blocks not allowed in statement pooling mode";
                        client.stream.write_all(&refusal(text)).await?;
                        return Ok(Done::Left);
                    }
                    b'Q' | b'S' => {
                        is_whole = true;
                        due.push_back(Due::Ready);
                        out.extend(message);
                    }
                    _ => {
                        is_whole = false;
                        self.extended(id, message, server, statements, &mut due, &mut out);
                    }
                }
            }
            server.end.stream.write_all(&out).await?;
            tokio::select! {
                read = client.fill() => if !read? { return Err(ErrorKind::BrokenPipe.into()) },
                read = server.end.fill() => if !read? { return Err(ErrorKind::ConnectionReset.into()) },
            }
            let mut whole = Vec::new();
            let mut is_idle = false;
            while let Some(message) = server.end.take() {
                is_idle = false;
                match message[0] {
                    b'1' => match due.pop_front() {
                        Some(Due::Parsed(_, true)) => {}
                        Some(Due::Parsed(_, false)) => continue,
                        _ => return Err(Error::other("an answer to nothing")),
                    },
                    b'Z' => {
                        // After an error the rest was not carried out.
                        while let Some(Due::Parsed(name, _)) = due.pop_front() {
                            server.prepared.remove(&name);
                        }
                        is_idle = message[5] == b'I' && due.is_empty() && is_whole;
                    }
                    _ => {}
                }
                whole.extend(message);
            }
            client.stream.write_all(&whole).await?;
            if is_idle {
                return Ok(Done::Idle);
            }
        }
    }

    /// One message of the extended protocol: names of statements become the client's own.
    fn extended(
        &self,
        id: u64,
        message: Vec<u8>,
        server: &mut Server,
        statements: &mut HashMap<Vec<u8>, Vec<u8>>,
        due: &mut VecDeque<Due>,
        out: &mut Vec<u8>,
    ) {
        let (kind, body) = (message[0], &message[5..]);
        let (before, name, after) = match kind {
            b'P' => split(body, 0),
            // Behind the name of the portal.
            b'B' => split(body, split(body, 0).1.len() + 1),
            b'D' | b'C' if body[0] == b'S' => split(body, 1),
            _ => return out.extend(message),
        };
        if name.is_empty() {
            if kind == b'P' {
                due.push_back(Due::Parsed(Vec::new(), true));
            }
            return out.extend(message);
        }
        let own = [format!("c{id}_").as_bytes(), name].concat();
        let is_known = self.mode == Mode::Session
            || self.mode == Mode::Forgetful
            || server.prepared.contains(&own);
        match kind {
            b'P' => {
                statements.insert(name.to_vec(), after.to_vec());
                server.prepared.insert(own.clone());
                due.push_back(Due::Parsed(own.clone(), true));
            }
            b'C' => {
                statements.remove(name);
                server.prepared.remove(&own);
            }
            _ if !is_known => {
                if let Some(text) = statements.get(name) {
                    out.extend(frame(b'P', &[&own, b"\0".as_slice(), text].concat()));
                    server.prepared.insert(own.clone());
                    due.push_back(Due::Parsed(own.clone(), false));
                }
            }
            _ => {}
        }
        out.extend(frame(kind, &[before, &own, b"\0", after].concat()));
    }
}

impl End {
    fn new(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), bytes: Vec::new() }
    }

    /// Reads what is there; false at the end. Nothing is lost when it is not waited for.
    async fn fill(&mut self) -> Result<bool> {
        Ok(self.stream.read_buf(&mut self.bytes).await? > 0)
    }

    /// Takes a whole message: its kind, its length, the rest.
    fn take(&mut self) -> Option<Vec<u8>> {
        let length: [u8; 4] = self.bytes.get(1..5)?.try_into().ok()?;
        let end = 1 + usize::try_from(u32::from_be_bytes(length)).ok()?;
        (self.bytes.len() >= end).then(|| self.bytes.drain(..end).collect())
    }

    async fn message(&mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(message) = self.take() {
                return Ok(message);
            }
            if !self.fill().await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// What is before the name at `at`, the name, and what is behind it.
fn split(body: &[u8], at: usize) -> (&[u8], &[u8], &[u8]) {
    let end = body[at..].iter().position(|byte| *byte == 0).map_or(body.len(), |found| at + found);
    (&body[..at], &body[at..end], body.get(end + 1..).unwrap_or_default())
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[kind], length.as_slice(), body].concat()
}

/// A fatal error of the protocol, as PgBouncer sends it.
fn refusal(text: &str) -> Vec<u8> {
    frame(b'E', format!("SFATAL\0VFATAL\0C08P01\0M{text}\0\0").as_bytes())
}
