//! A PostgreSQL of a test's own, with durability on, that can be killed and started again.
//!
//! The service's own code makes the cluster and finds the programs; then the server is run here, by the command line
//! that PostgreSQL keeps in `postmaster.opts`. It ends with the test process however that ends.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use promotion_engine::db;
use promotion_engine::db::embedded::{Embedded, EmbeddedOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// How long the server may take until it answers, recovery after a kill included.
const START: Duration = Duration::from_secs(60);
/// Waits for the end of its input, then ends the server of the cluster `$1/cluster` and removes the folder `$2`.
const WATCHER: &str = r#"
cat >/dev/null
pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null; then
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
fi
rm -rf "$1" "$2"
"#;

/// How a server ends that does not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// SIGKILL: nothing is written any more.
    Kill,
    /// SIGQUIT, an immediate shutdown: every connection is cut, nothing is written.
    Immediate,
}

pub struct Cluster {
    folder: PathBuf,
    /// PostgreSQL's own.
    data: PathBuf,
    program: String,
    arguments: Vec<String>,
    connect: PgConnectOptions,
    url: String,
    password: String,
    server: Option<Child>,
    /// Ends the server when the pipe to it closes, which the system does at the latest when this process ends.
    watcher: Child,
}

impl Cluster {
    /// Makes a cluster with a migrated database, and starts its server.
    pub async fn start() -> Self {
        let name = format!("pe-storm-{}-{:08x}", std::process::id(), rand::random::<u32>());
        let folder = std::env::temp_dir().join(name);
        let embedded = Embedded::start(&EmbeddedOptions::new(&folder)).await.expect("a cluster");
        let connect = embedded.connect_options();
        db::migrate(&connect).await.expect("the migrations");
        let home = connect.get_socket().cloned();
        let home = home.unwrap_or_else(|| folder.join("postgres"));
        let data = home.join("cluster");
        let line = fs::read_to_string(data.join("postmaster.opts")).expect("the command line");
        let mut words = line.trim_end().trim_end_matches('"').split("\" \"");
        let (program, first) = words
            .next()
            .and_then(|words| words.split_once(" \""))
            .expect("a program and its arguments");
        let mut arguments = vec![first.to_owned()];
        arguments.extend(words.map(str::to_owned));
        let password = fs::read_to_string(home.join("password")).expect("the password");
        embedded.stop().await.expect("a stopped server");
        let watcher = Command::new("sh")
            .args(["-c", WATCHER, "sh"])
            .arg(&data)
            .arg(&folder)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a watcher");
        let mut cluster = Self {
            url: url(&connect, password.trim()),
            password: password.trim().to_owned(),
            folder,
            data,
            program: program.to_owned(),
            arguments,
            connect,
            server: None,
            watcher,
        };
        cluster.serve().await;
        cluster
    }

    /// Where logs of this test may go.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// PostgreSQL's own folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Another of PostgreSQL's programs, run by the account that the server has.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(Path::new(&self.program).with_file_name(name));
        self.as_owner(&mut command);
        command
    }

    pub fn password(&self) -> &str {
        &self.password
    }

    /// How to connect as the owner.
    pub fn owner(&self) -> PgConnectOptions {
        self.connect.clone()
    }

    /// The same as DATABASE_URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends the server.
    pub fn end(&mut self, how: End) {
        let Some(mut server) = self.server.take() else {
            return;
        };
        match how {
            End::Kill => server.kill().expect("a killed server"),
            End::Immediate => {
                let pid = server.id().to_string();
                let sent = Command::new("kill").args(["-QUIT", &pid]).status();
                assert!(sent.expect("the program kill").success());
            }
        }
        server.wait().expect("the server's end");
    }

    /// Starts the server and waits until it answers; returns how long that took.
    pub async fn serve(&mut self) -> Duration {
        let begun = Instant::now();
        'started: loop {
            let mut server = self.spawn();
            loop {
                if server.try_wait().expect("a child's state").is_some() {
                    // The last processes of a killed server are still on their way out.
                    assert!(begun.elapsed() < START, "PostgreSQL does not start: {}", self.log());
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue 'started;
                }
                if let Ok(connection) = self.connect.connect().await {
                    let _ = connection.close().await;
                    self.server = Some(server);
                    return begun.elapsed();
                }
                if begun.elapsed() > START {
                    let _ = server.kill();
                    let _ = server.wait();
                    panic!("PostgreSQL does not answer: {}", self.log());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    fn spawn(&self) -> Child {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("postgres.log"))
            .expect("a log");
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log);
        self.as_owner(&mut command);
        command.spawn().expect("a server")
    }

    /// Lets a program run as the account that the cluster belongs to.
    pub fn as_owner(&self, command: &mut Command) {
        let owner = fs::metadata(&self.data).expect("the cluster's folder");
        let own = fs::metadata("/proc/self").map_or(owner.uid(), |own| own.uid());
        if own != owner.uid() {
            command.uid(owner.uid()).gid(owner.gid());
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("postgres.log")).unwrap_or_default()
    }

    /// Ends so many connections of the service, without asking.
    pub async fn terminate(&self, most: i64) -> i64 {
        let mut connection = self.connect.connect().await.expect("a connection");
        let ended = sqlx::query_scalar(
            "select count(pg_terminate_backend(pid)) from (
                select pid from pg_stat_activity
                 where datname = current_database() and pid <> pg_backend_pid() order by random() limit $1) as victims",
        )
        .bind(most)
        .fetch_one(&mut connection)
        .await
        .expect("terminated connections");
        connection.close().await.expect("a closed connection");
        ended
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end(End::Immediate);
        // It removes the folder now.
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

/// The options as a URL, with the password that they hide.
fn url(connect: &PgConnectOptions, password: &str) -> String {
    let place = match connect.get_socket() {
        Some(folder) => {
            let bytes = folder.as_os_str().as_encoded_bytes();
            let encoded: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
            format!("localhost:{}", connect.get_port()) + "/promotion_engine?host=" + &encoded + "&"
        }
        None => format!("127.0.0.1:{}/promotion_engine?", connect.get_port()),
    };
    format!("postgres://promotion_engine:{password}@{place}sslmode=disable")
}
