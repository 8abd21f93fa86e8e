//! A bad network between the service and its database: a proxy in user space that understands the frontend's messages
//! (protocol 3, no TLS).
//!
//! What the frontend sends until it waits for an answer (up to a Query or a Sync) is one *statement* here. Each is
//! passed on, or met by what [`Proxy`] was told to do. The proxy listens on a socket in a folder of its own, so that
//! everything else about the connection stays as it is.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::scale::Dice;

/// How long an answer is waited for that is to be lost.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a connection is kept open that leads nowhere.
const FOR_EVER: Duration = Duration::from_secs(3_600);
const SSL_REQUEST: u32 = 80_877_103;

/// When the n-th statement fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The server never sees it.
    Before,
    /// The server has carried it out, and nobody learns of it.
    After,
}

/// How often in a thousand statements something goes wrong, drawn anew for each.
#[derive(Clone, Debug)]
pub struct Weather {
    pub delay: u64,
    /// How long a delay is at most.
    pub longest: Duration,
    pub cut_before: u64,
    pub cut_within: u64,
    pub cut_after: u64,
    pub swallow: u64,
    /// How often in a thousand commits the answer is lost.
    pub cut_commit: u64,
    pub dice: Dice,
}

/// What the proxy does.
enum Plan {
    Fair,
    Weather(Weather),
    At {
        n: u64,
        when: When,
        seen: u64,
    },
    /// Connections from before this number lead nowhere any more, without being closed.
    Hole(u64),
    /// The next connection whose commit was answered leads nowhere from there on, without being closed.
    HoleAfterCommit,
}

/// What becomes of one statement.
enum Fate {
    Pass,
    Delay(Duration),
    CutBefore,
    CutWithin,
    CutAfter,
    Swallow(Duration),
}

struct Shared {
    plan: Mutex<Plan>,
    /// What was done to statements.
    faults: Mutex<Faults>,
    connections: Mutex<u64>,
}

/// How often something was done.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    pub delayed: u64,
    pub cut_before: u64,
    pub cut_within: u64,
    pub cut_after: u64,
    pub swallowed: u64,
}

pub struct Proxy {
    shared: Arc<Shared>,
    folder: PathBuf,
    port: u16,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A fair network to the server of these options.
    pub async fn start(upstream: &PgConnectOptions) -> Self {
        let folder = std::env::temp_dir().join(format!(
            "pe-proxy-{}-{:08x}",
            std::process::id(),
            rand::random::<u32>()
        ));
        fs::create_dir(&folder).expect("a folder for the proxy's socket");
        let port = upstream.get_port();
        let listener = UnixListener::bind(folder.join(format!(".s.PGSQL.{port}")))
            .expect("the proxy's socket");
        let shared = Arc::new(Shared {
            plan: Mutex::new(Plan::Fair),
            faults: Mutex::default(),
            connections: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, upstream.clone(), Arc::clone(&shared)));
        Self { shared, folder, port, accepting }
    }

    /// The same database through the proxy.
    pub fn connect(&self, upstream: &PgConnectOptions) -> PgConnectOptions {
        upstream.clone().socket(&self.folder).port(self.port)
    }

    pub fn fair(&self) {
        *self.shared.plan.lock().unwrap() = Plan::Fair;
    }

    pub fn weather(&self, weather: Weather) {
        *self.shared.plan.lock().unwrap() = Plan::Weather(weather);
    }

    /// Lets the n-th statement from now on fail, counted from 1 over all connections.
    pub fn fail_at(&self, n: u64, when: When) {
        *self.shared.plan.lock().unwrap() = Plan::At { n, when, seen: 0 };
    }

    /// Whether that statement has come.
    pub fn has_failed(&self) -> bool {
        match &*self.shared.plan.lock().unwrap() {
            Plan::At { n, seen, .. } => seen >= n,
            _ => false,
        }
    }

    /// Lets all that is open now lead nowhere for ever; new connections are fair.
    pub fn hole(&self) {
        let count = *self.shared.connections.lock().unwrap();
        *self.shared.plan.lock().unwrap() = Plan::Hole(count);
    }

    /// Lets the next connection that commits lead nowhere for ever, once the commit is answered.
    pub fn hole_after_commit(&self) {
        *self.shared.plan.lock().unwrap() = Plan::HoleAfterCommit;
    }

    pub fn faults(&self) -> Faults {
        self.shared.faults.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

async fn accept(listener: UnixListener, upstream: PgConnectOptions, shared: Arc<Shared>) {
    loop {
        let (client, _) = listener.accept().await.expect("a connection to the proxy");
        let (upstream, shared) = (upstream.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            // However a connection ends, both of its ends are closed then.
            let _ = match upstream.get_socket() {
                Some(folder) => {
                    let path = folder.join(format!(".s.PGSQL.{}", upstream.get_port()));
                    match UnixStream::connect(path).await {
                        Ok(server) => carry(client, server, &shared).await,
                        Err(error) => Err(error),
                    }
                }
                None => {
                    let place = (upstream.get_host(), upstream.get_port());
                    match TcpStream::connect(place).await {
                        Ok(server) => carry(client, server, &shared).await,
                        Err(error) => Err(error),
                    }
                }
            };
        });
    }
}

impl Shared {
    fn fate(&self, connection: u64, statement: &[u8], is_after_commit: bool) -> Fate {
        let mut plan = self.plan.lock().unwrap();
        let fate = match &mut *plan {
            Plan::Hole(before) if connection <= *before => Fate::Swallow(FOR_EVER),
            Plan::HoleAfterCommit if is_after_commit => {
                *plan = Plan::Fair;
                Fate::Swallow(FOR_EVER)
            }
            Plan::Fair | Plan::Hole(_) | Plan::HoleAfterCommit => Fate::Pass,
            Plan::At { n, when, seen } => {
                *seen += 1;
                match (*seen == *n, *when) {
                    (false, _) => Fate::Pass,
                    (true, When::Before) => Fate::CutBefore,
                    (true, When::After) => Fate::CutAfter,
                }
            }
            Plan::Weather(weather) => weather.draw(is_commit(statement)),
        };
        let mut faults = self.faults.lock().unwrap();
        match fate {
            Fate::Pass => {}
            Fate::Delay(_) => faults.delayed += 1,
            Fate::CutBefore => faults.cut_before += 1,
            Fate::CutWithin => faults.cut_within += 1,
            Fate::CutAfter => faults.cut_after += 1,
            Fate::Swallow(_) => faults.swallowed += 1,
        }
        fate
    }
}

impl Weather {
    /// Nothing but delays, of every statement.
    pub fn slow(longest: Duration, dice: Dice) -> Self {
        Self {
            delay: 1_000,
            longest,
            cut_before: 0,
            cut_within: 0,
            cut_after: 0,
            swallow: 0,
            cut_commit: 0,
            dice,
        }
    }

    fn delay(&mut self) -> Duration {
        let longest = u64::try_from(self.longest.as_micros()).expect("a short time");
        Duration::from_micros(self.dice.below(longest))
    }

    fn draw(&mut self, is_commit: bool) -> Fate {
        if is_commit && self.dice.below(1_000) < self.cut_commit {
            return Fate::CutAfter;
        }
        let mut drawn = self.dice.below(1_000);
        for (chance, fate) in [
            (self.delay, 0),
            (self.cut_before, 1),
            (self.cut_within, 2),
            (self.cut_after, 3),
            (self.swallow, 4),
        ] {
            if drawn < chance {
                return match fate {
                    0 => Fate::Delay(self.delay()),
                    1 => Fate::CutBefore,
                    2 => Fate::CutWithin,
                    3 => Fate::CutAfter,
                    _ => Fate::Swallow(Duration::from_millis(500 + self.dice.below(2_000))),
                };
            }
            drawn -= chance;
        }
        Fate::Pass
    }
}

/// Whether the word commit is in the text.
fn is_commit(statement: &[u8]) -> bool {
    let word = b"commit";
    statement.windows(word.len()).enumerate().any(|(at, found)| {
        let is_part = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        };
        found.eq_ignore_ascii_case(word)
            && !is_part(statement.get(at + word.len()))
            && !(at > 0 && is_part(statement.get(at - 1)))
    })
}

/// Carries one connection until either side ends, or its fate does.
async fn carry<C, S>(mut client: C, mut server: S, shared: &Shared) -> std::io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let connection = {
        let mut connections = shared.connections.lock().unwrap();
        *connections += 1;
        *connections
    };
    loop {
        let length = client.read_u32().await?;
        let mut rest = vec![0; usize::try_from(length).unwrap().saturating_sub(4)];
        client.read_exact(&mut rest).await?;
        if rest.get(..4) == Some(SSL_REQUEST.to_be_bytes().as_slice()) {
            client.write_all(b"N").await?;
            continue;
        }
        server.write_u32(length).await?;
        server.write_all(&rest).await?;
        break;
    }
    let (mut sent, mut answered) = (Vec::new(), Vec::new());
    // Statements that the server has not yet finished answering.
    let mut open: u64 = 0;
    let mut is_after_commit = false;
    loop {
        tokio::select! {
            read = client.read_buf(&mut sent) => {
                if read? == 0 {
                    return Ok(());
                }
                while let Some((statement, waits)) = take_statement(&mut sent) {
                    if !waits {
                        server.write_all(&statement).await?;
                        continue;
                    }
                    let fate = shared.fate(connection, &statement, is_after_commit);
                    is_after_commit = is_commit(&statement);
                    match fate {
                        Fate::Pass => {}
                        Fate::Delay(time) => tokio::time::sleep(time).await,
                        Fate::CutBefore => return Ok(()),
                        Fate::CutWithin => {
                            server.write_all(&statement[..statement.len() / 2]).await?;
                            return Ok(());
                        }
                        Fate::CutAfter => {
                            server.write_all(&statement).await?;
                            let rest = discard(&mut server, answered, open + 1);
                            let _ = tokio::time::timeout(ANSWER, rest).await;
                            return Ok(());
                        }
                        Fate::Swallow(time) => {
                            tokio::time::sleep(time).await;
                            return Ok(());
                        }
                    }
                    open += 1;
                    server.write_all(&statement).await?;
                }
            }
            read = server.read_buf(&mut answered) => {
                if read? == 0 {
                    return Ok(());
                }
                let mut whole = Vec::new();
                while let Some(message) = take_message(&mut answered) {
                    // ReadyForQuery; one ends the login, too.
                    if message[0] == b'Z' {
                        open = open.saturating_sub(1);
                    }
                    whole.extend(message);
                }
                client.write_all(&whole).await?;
            }
        }
    }
}

/// Reads until so many statements have been answered, and throws it away.
async fn discard<S: AsyncRead + Unpin>(server: &mut S, mut answered: Vec<u8>, mut open: u64) {
    loop {
        while let Some(message) = take_message(&mut answered) {
            if message[0] == b'Z' {
                open -= 1;
                if open == 0 {
                    return;
                }
            }
        }
        if !matches!(server.read_buf(&mut answered).await, Ok(1..)) {
            return;
        }
    }
}

/// Takes one whole message: its kind, its length, the rest.
fn take_message(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = end_of_message(bytes, 0)?;
    Some(bytes.drain(..end).collect())
}

fn end_of_message(bytes: &[u8], at: usize) -> Option<usize> {
    let length: [u8; 4] = bytes.get(at + 1..at + 5)?.try_into().ok()?;
    let end = at + 1 + usize::try_from(u32::from_be_bytes(length)).ok()?;
    (bytes.len() >= end).then_some(end)
}

/// Takes the messages up to one that is answered, and whether it is: a Query or a Sync. A password, a Flush and the
/// farewell go on by themselves.
fn take_statement(bytes: &mut Vec<u8>) -> Option<(Vec<u8>, bool)> {
    let mut at = 0;
    loop {
        let kind = *bytes.get(at)?;
        at = end_of_message(bytes, at)?;
        match kind {
            b'Q' | b'S' => return Some((bytes.drain(..at).collect(), true)),
            b'p' | b'H' | b'X' => return Some((bytes.drain(..at).collect(), false)),
            _ => {}
        }
    }
}

#[test]
fn statements_are_cut_from_the_stream_whole() {
    let message = |kind: u8, text: &[u8]| {
        let length = u32::try_from(text.len() + 4).unwrap().to_be_bytes();
        [&[kind], length.as_slice(), text].concat()
    };
    let first = [message(b'P', b"insert"), message(b'B', b""), message(b'S', b"")].concat();
    let second = message(b'Q', b"select; Commit\0");
    let mut stream = [first.clone(), second.clone()].concat();
    let last = stream.pop();
    assert_eq!(take_statement(&mut stream), Some((first, true)));
    assert_eq!(take_statement(&mut stream), None);
    stream.extend(last);
    assert_eq!(take_statement(&mut stream), Some((second.clone(), true)));
    assert!(is_commit(&second));
    assert!(!is_commit(b"set state = 'committed'"));
    assert!(!is_commit(b"begin; set local synchronous_commit to default"));
}
