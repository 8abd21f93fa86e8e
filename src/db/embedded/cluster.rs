//! The cluster: its folder, its password, and the server that runs in it.
//!
//! The folder contains `cluster` (PostgreSQL's data directory), `password`, `log`, `lock`, the socket, and `programs`
//! if they were downloaded.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};
use tokio::process::{Child, Command};

use super::account::Account;
use super::error::{EmbeddedError, cannot};
use super::options::EmbeddedOptions;
use super::postmaster::{self, Postmaster};
use super::programs::{self, Programs, is_of_postgres};

use crate::db::Durability;

/// The owner of everything in the cluster.
const OWNER: &str = "promotion_engine";
/// The number in the socket's name. No TCP port is opened.
const SOCKET_PORT: u16 = 5432;
/// The longest path of a socket: 107 bytes on Linux, 103 on macOS.
const LONGEST_SOCKET: usize = if cfg!(target_os = "macos") { 103 } else { 107 };
/// How long the server may take until it answers, including recovery after a crash.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// Waits for the end of its input. Then it stops the server of the folder `$1` at once and removes the folder, and the
/// parent folder if that is empty. The server removes its own pid file when it ends.
const WATCHER: &str = r#"
cat >/dev/null
pid_file="$1/cluster/postmaster.pid"
pid=$(head -n 1 "$pid_file" 2>/dev/null)
if [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null; then
    tries=0
    while [ -e "$pid_file" ] && kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
fi
rm -rf "$1"
rmdir "$(dirname "$1")" 2>/dev/null
"#;
/// The pause between two checks.
const PAUSE: Duration = Duration::from_millis(20);

/// A cluster and its running server.
pub(super) struct Cluster {
    home: PathBuf,
    account: Account,
    programs: Programs,
    durability: Durability,
    password: String,
    address: Address,
    server: Option<Child>,
    /// Ends the server when the pipe to this watcher closes. The system closes the pipe at the latest when this process
    /// ends.
    _watcher: Option<Child>,
}

/// Where the server listens.
#[derive(Clone, Debug)]
enum Address {
    Socket(PathBuf),
    Loopback(u16),
}

/// The major version of the cluster in `home`, if the cluster exists.
pub(super) fn major(home: &Path) -> Result<Option<u32>, EmbeddedError> {
    let file = folder(home).join("PG_VERSION");
    match fs::read_to_string(&file) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("read", &file)(error)),
    }
}

fn folder(home: &Path) -> PathBuf {
    home.join("cluster")
}

impl Cluster {
    /// Initializes the cluster if necessary, and starts its server.
    pub(super) async fn start(
        options: &EmbeddedOptions,
        home: PathBuf,
        account: Account,
        programs: Programs,
    ) -> Result<Self, EmbeddedError> {
        let password = password(&home, &account)?;
        let address = address(&home)?;
        let mut cluster = Self {
            home,
            account,
            programs,
            durability: options.durability,
            password,
            address,
            server: None,
            _watcher: None,
        };
        if options.ends_with_process {
            cluster._watcher = Some(cluster.watch()?);
        }
        if folder(&cluster.home).join("PG_VERSION").exists() {
            cluster.stop_left_behind().await?;
        } else {
            cluster.initialise().await?;
        }
        let _ = fs::remove_file(cluster.home.join("log"));
        cluster.serve().await?;
        Ok(cluster)
    }

    /// The cluster whose server another process runs.
    pub(super) fn of_another(
        options: &EmbeddedOptions,
        home: PathBuf,
        account: Account,
        programs: Programs,
    ) -> Result<Self, EmbeddedError> {
        let password = password(&home, &account)?;
        let address = match address(&home)? {
            Address::Loopback(_) => Address::Loopback(postmaster::port(&folder(&home))?),
            socket @ Address::Socket(_) => socket,
        };
        let durability = options.durability;
        let (server, _watcher) = (None, None);
        Ok(Self { home, account, programs, durability, password, address, server, _watcher })
    }

    /// A PostgreSQL program that connects to the server as the owner.
    pub(super) fn client(&self, program: &'static str) -> Result<Command, EmbeddedError> {
        let path = self.programs.client(program).ok_or(EmbeddedError::NoClient { program })?;
        let mut command = self.run(path);
        let (host, port) = match &self.address {
            Address::Socket(folder) => (folder.as_path(), SOCKET_PORT),
            Address::Loopback(port) => (Path::new("127.0.0.1"), *port),
        };
        command.env("PGUSER", OWNER).env("PGPASSWORD", &self.password);
        command.env("PGHOST", host).env("PGPORT", port.to_string());
        Ok(command)
    }

    /// Waits until the server has ended by itself.
    pub(super) async fn ended(&mut self) {
        if let Some(server) = &mut self.server {
            // The exit status does not matter.
            let _ = server.wait().await;
        }
    }

    /// Starts the server again after it has ended.
    pub(super) async fn restart(&mut self) -> Result<(), EmbeddedError> {
        // A start that was interrupted may have left a server.
        self.stop().await?;
        self.stop_left_behind().await?;
        self.serve().await
    }

    /// The folder of the cluster and everything beside it.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// How to connect, as the owner, to the database that every cluster has.
    pub(super) fn connect_options(&self) -> PgConnectOptions {
        // Environment variables and password files are meant for other servers.
        let options = PgConnectOptions::new_without_pgpass()
            .username(OWNER)
            .password(&self.password)
            .database("postgres")
            .ssl_mode(PgSslMode::Disable);
        match &self.address {
            Address::Socket(folder) => options.socket(folder).port(SOCKET_PORT),
            Address::Loopback(port) => options.host("127.0.0.1").port(*port),
        }
    }

    /// Stops the server. It rolls back open transactions and writes everything committed.
    pub(super) async fn stop(&mut self) -> Result<(), EmbeddedError> {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        // INVARIANT: until this process has waited for its child, no other process can get the child's pid.
        if has_ended(&mut server) {
            return Ok(());
        }
        match postmaster::look(&folder(&self.home)) {
            Postmaster::Ours => self.stop_server("fast").await?,
            // The server has not written its pid file yet, so it has changed nothing.
            Postmaster::Gone | Postmaster::Foreign => {
                server
                    .start_kill()
                    .map_err(|source| EmbeddedError::io("end PostgreSQL", source))?;
            }
        }
        server.wait().await.map_err(|source| EmbeddedError::io("wait for PostgreSQL", source))?;
        Ok(())
    }

    /// A PostgreSQL command that runs under the account, without environment variables that are meant for other
    /// servers.
    fn command(&self, program: &str) -> Command {
        self.run(self.programs.path(program))
    }

    fn run(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_postgres(name)) {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").current_dir(&self.home).stdin(Stdio::null());
        self.account.become_it(&mut command);
        command
    }

    /// Makes the cluster in a temporary folder and renames that at the end. So an unfinished cluster is never mistaken
    /// for a complete one.
    async fn initialise(&self) -> Result<(), EmbeddedError> {
        let unfinished = self.home.join("cluster.new");
        match fs::remove_dir_all(&unfinished) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done.map_err(cannot("remove", &unfinished))?,
        }
        let mut password_file = OsString::from("--pwfile=");
        password_file.push(self.home.join("password"));
        let mut command = self.command("initdb");
        command.arg("--pgdata").arg(&unfinished).arg(format!("--username={OWNER}"));
        command.arg(password_file).args(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]);
        if self.durability == Durability::Off {
            command.arg("--no-sync");
        }
        programs::run("initdb", command, Stdio::piped()).await?;
        let whole = folder(&self.home);
        fs::rename(&unfinished, &whole).map_err(cannot("make", &whole))
    }

    /// Stops the server that a killed service left running. This process holds the lock, so that service is gone.
    async fn stop_left_behind(&self) -> Result<(), EmbeddedError> {
        match postmaster::look(&folder(&self.home)) {
            Postmaster::Gone => return Ok(()),
            Postmaster::Foreign => {
                tracing::warn!(
                    "the database server's pid file is stale: it names a foreign process"
                );
                let socket_lock = self.home.join(format!(".s.PGSQL.{SOCKET_PORT}.lock"));
                return postmaster::disown(&folder(&self.home), &socket_lock);
            }
            Postmaster::Ours => {}
        }
        tracing::info!("a database server was left running: it is stopped and started again");
        match self.stop_server("fast").await {
            // A server that does not stop in time is stopped without a checkpoint. It recovers when it starts.
            Err(EmbeddedError::Program { .. }) => self.stop_server("immediate").await,
            done => done,
        }
    }

    async fn stop_server(&self, mode: &str) -> Result<(), EmbeddedError> {
        let mut command = self.command("pg_ctl");
        command.args(["stop", "-m", mode, "-w", "-t", "30", "-D"]).arg(folder(&self.home));
        programs::run("pg_ctl", command, Stdio::piped()).await
    }

    /// Starts the server and waits until it answers.
    async fn serve(&mut self) -> Result<(), EmbeddedError> {
        let begun = Instant::now();
        loop {
            self.server = Some(self.spawn()?);
            match self.wait_until_ready(begun).await {
                // The last processes of a killed server may not have ended yet.
                Err(EmbeddedError::NotStarted { log })
                    if is_still_leaving(&log) && begun.elapsed() < START_TIMEOUT =>
                {
                    tokio::time::sleep(PAUSE * 10).await;
                }
                done => return done,
            }
        }
    }

    fn spawn(&self) -> Result<Child, EmbeddedError> {
        let path = self.home.join("log");
        let log = File::options().create(true).append(true).open(&path);
        let log = log.map_err(cannot("write", &path))?;
        let errors = log.try_clone().map_err(cannot("write", &path))?;
        let safe = match self.durability {
            Durability::On => "on",
            Durability::Off => "off",
        };
        let mut command = self.command("postgres");
        command.arg("-D").arg(folder(&self.home));
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            command.arg("-c").arg(format!("{setting}={safe}"));
        }
        // Statements and error details may contain customers' data, so they stay out of the log.
        for setting in
            ["log_min_error_statement=panic", "log_error_verbosity=terse", "log_checkpoints=off"]
        {
            command.arg("-c").arg(setting);
        }
        match &self.address {
            Address::Socket(folder) => {
                let mut sockets = OsString::from("unix_socket_directories=");
                sockets.push(quoted(folder));
                command.args(["-c", "listen_addresses="]).arg("-c").arg(sockets);
                command.args(["-p", &SOCKET_PORT.to_string()]);
            }
            Address::Loopback(port) => {
                command.args(["-c", "listen_addresses=127.0.0.1"]);
                command.args(["-c", "unix_socket_directories=", "-p", &port.to_string()]);
            }
        }
        // The server has a process group of its own, so that Ctrl-C in a terminal reaches only the service. The service
        // stops the server when its own work is done.
        command.stdout(log).stderr(errors).process_group(0);
        command.spawn().map_err(|source| EmbeddedError::io("run postgres", source))
    }

    async fn wait_until_ready(&mut self, begun: Instant) -> Result<(), EmbeddedError> {
        loop {
            if self.server.as_mut().is_none_or(has_ended) {
                self.server = None;
                return Err(EmbeddedError::NotStarted { log: self.end_of_log() });
            }
            match self.connect_options().connect().await {
                Ok(connection) => {
                    let _ = connection.close().await;
                    return Ok(());
                }
                Err(error) if begun.elapsed() > START_TIMEOUT => {
                    return Err(EmbeddedError::Connect(error));
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// The last lines that the server wrote.
    fn end_of_log(&self) -> String {
        let text = fs::read(self.home.join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mut lines: Vec<&str> = text.lines().rev().take(10).collect();
        lines.reverse();
        lines.join("\n")
    }

    /// Starts the watcher: a shell that reads a pipe from this process to its end. The pipe ends when this process ends
    /// for any reason. Then the shell stops the server at once and removes the folder.
    fn watch(&self) -> Result<Child, EmbeddedError> {
        let mut command = Command::new("sh");
        command.args(["-c", WATCHER, "sh"]).arg(&self.home);
        command.current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(|source| EmbeddedError::io("run sh", source))
    }
}

impl Drop for Cluster {
    /// Stops the server if `stop` was not called.
    fn drop(&mut self) {
        let Some(mut server) = self.server.take() else {
            return;
        };
        if has_ended(&mut server) {
            return;
        }
        if postmaster::look(&folder(&self.home)) != Postmaster::Ours {
            let _ = server.start_kill();
            return;
        }
        let mut command = self.command("pg_ctl");
        command.args(["stop", "-m", "fast", "-W", "-D"]).arg(folder(&self.home));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let _ = command.as_std_mut().status();
    }
}

fn has_ended(server: &mut Child) -> bool {
    server.try_wait().is_ok_and(|status| status.is_some())
}

/// Whether a server did not start because another one still holds shared memory or a lock file.
fn is_still_leaving(log: &str) -> bool {
    log.contains("shared memory block") || log.contains("lock file")
}

/// Reads the owner's password, or makes one and keeps it beside the cluster.
fn password(home: &Path, account: &Account) -> Result<String, EmbeddedError> {
    let path = home.join("password");
    if let Ok(password) = fs::read_to_string(&path)
        && !password.is_empty()
    {
        return Ok(password);
    }
    let password = format!("{:032x}", rand::random::<u128>());
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .map_err(cannot("keep", &path))?;
    file.write_all(password.as_bytes()).map_err(cannot("keep", &path))?;
    file.sync_all().map_err(cannot("keep", &path))?;
    account.own(&path)?;
    Ok(password)
}

/// A socket in the folder, or a free port of the loopback interface if the socket's path would be too long.
fn address(home: &Path) -> Result<Address, EmbeddedError> {
    let socket = home.join(format!(".s.PGSQL.{SOCKET_PORT}"));
    if socket.as_os_str().len() <= LONGEST_SOCKET {
        return Ok(Address::Socket(home.to_owned()));
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|source| EmbeddedError::io("find a free port", source))?;
    Ok(Address::Loopback(listener.port()))
}

/// A folder, quoted as an entry of a comma-separated list.
fn quoted(folder: &Path) -> OsString {
    let mut text = OsString::from("\"");
    text.push(folder.to_string_lossy().replace('"', "\"\""));
    text.push("\"");
    text
}
