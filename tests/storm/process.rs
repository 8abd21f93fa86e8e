//! Instances of the service as processes of their own, which can be killed and started again.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::{Call, Front};
use crate::cluster::Cluster;
use crate::instance::OPERATOR;

/// How long a process may take until it is ready, on a busy machine and beside a database that recovers.
const PATIENCE: Duration = Duration::from_secs(45);
/// Waits for the end of its input, then ends the process `$1`.
const WATCHER: &str = r#"cat >/dev/null; kill -9 "$1" 2>/dev/null"#;

/// Processes of the service on one database.
pub struct Processes {
    pub front: Front,
    folder: PathBuf,
    database: Database,
    running: Vec<Option<Running>>,
}

/// Where the processes have their rules.
enum Database {
    Url(String),
    /// The leader of several servers, whose commits must wait for a standby.
    Leader(String),
    /// Each its own, in this folder: there is one process.
    Embedded(PathBuf),
}

struct Running {
    service: Child,
    watcher: Child,
    _pipe: ChildStdin,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The watcher first: it must not outlive the number of the process that it would end.
        let _ = self.watcher.kill();
        let _ = self.watcher.wait();
        let _ = self.service.kill();
        let _ = self.service.wait();
    }
}

impl Processes {
    /// Starts so many, and waits until they are ready.
    pub async fn start(cluster: &Cluster, count: usize) -> Self {
        let url = cluster.url().to_owned();
        Self::on(Database::Url(url), cluster.folder().to_owned(), count).await
    }

    /// Starts so many on whichever server leads, and waits until they are ready.
    pub async fn on_cluster(url: String, folder: &Path, count: usize) -> Self {
        Self::on(Database::Leader(url), folder.to_owned(), count).await
    }

    /// Starts one with its own database in a folder, and waits until it is ready.
    pub async fn with_its_own(folder: &Path) -> Self {
        let data = folder.join("data");
        Self::on(Database::Embedded(data), folder.to_owned(), 1).await
    }

    async fn on(database: Database, folder: PathBuf, count: usize) -> Self {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let mut processes = Self {
            front: Front::new(&vec![nowhere; count]),
            folder,
            database,
            running: (0..count).map(|_| None).collect(),
        };
        for number in 0..count {
            processes.restart(number).await;
        }
        processes
    }

    pub fn count(&self) -> usize {
        self.running.len()
    }

    /// SIGKILL.
    pub fn kill(&mut self, number: usize) {
        self.running[number] = None;
    }

    /// SIGTERM.
    pub fn terminate(&mut self, number: usize) {
        self.signal(number, "-TERM");
    }

    /// SIGSTOP: it is there and does nothing, until it is told to go on.
    pub fn stop(&self, number: usize) {
        self.signal(number, "-STOP");
    }

    /// SIGCONT.
    pub fn go_on(&self, number: usize) {
        self.signal(number, "-CONT");
    }

    fn signal(&self, number: usize, signal: &str) {
        let running = self.running[number].as_ref().expect("a process");
        let id = running.service.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {signal} {id}");
    }

    /// Waits for the end of an instance that was asked to stop: a good one, and in time.
    pub async fn ended(&mut self, number: usize, within: Duration) {
        let begun = Instant::now();
        loop {
            let running = self.running[number].as_mut().expect("a process");
            if let Some(status) = running.service.try_wait().expect("a child's state") {
                assert!(status.success(), "{status}\n{}", self.log(number));
                self.kill(number);
                return;
            }
            assert!(begun.elapsed() < within, "it goes on\n{}", self.log(number));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts an instance that was killed, and waits until it is ready; returns how long that took.
    pub async fn restart(&mut self, number: usize) -> Duration {
        let begun = Instant::now();
        loop {
            self.spawn(number);
            if self.is_ready(number, begun).await {
                return begun.elapsed();
            }
        }
    }

    /// Whether it became ready; not when it ended, because somebody took its port.
    async fn is_ready(&mut self, number: usize, begun: Instant) -> bool {
        let only = self.front.only(number);
        loop {
            let answer = only.once(&Call::get("/readyz", "")).await;
            if answer.as_ref().is_ok_and(|answer| answer.status == 200) {
                return true;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "instance {number} is not ready: {answer:?}\n{}",
                self.log(number)
            );
            let running = self.running[number].as_mut().expect("a process");
            if running.service.try_wait().expect("a child's state").is_some() {
                self.kill(number);
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn spawn(&mut self, number: usize) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let log =
            File::options().create(true).append(true).open(self.log_path(number)).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_promotion-engine"));
        command
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LISTEN_ADDR", format!("127.0.0.1:{port}"))
            .env("OPERATOR_KEY", OPERATOR)
            // Two cores under many tests at once: waiting is no fault here.
            .env("DATABASE_ACQUIRE_TIMEOUT_MS", "5000")
            // Receivers are on this machine.
            .env("WEBHOOK_ALLOW_PRIVATE", "true")
            .env("LOG_FORMAT", "json")
            .env("RUST_LOG", "warn")
            .current_dir(&self.folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log);
        match &self.database {
            Database::Url(url) => command.env("DATABASE_URL", url),
            Database::Leader(url) => {
                command.env("DATABASE_URL", url).env("REQUIRE_SYNCHRONOUS_STANDBY", "true")
            }
            Database::Embedded(data) => command.env("DATA_DIR", data),
        };
        let service = command.spawn().expect("a process of the service");
        let mut watcher = Command::new("sh")
            .args(["-c", WATCHER, "sh", &service.id().to_string()])
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .spawn()
            .expect("a watcher");
        let pipe = watcher.stdin.take().expect("a pipe");
        self.running[number] = Some(Running { service, watcher, _pipe: pipe });
        self.front.moved(number, port);
    }

    fn log_path(&self, number: usize) -> PathBuf {
        self.folder.join(format!("instance-{number}.log"))
    }

    /// The end of what the instance wrote.
    pub fn log(&self, number: usize) -> String {
        let text = fs::read_to_string(self.log_path(number)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}
