//! The embedded server: started, stopped, found again, downloaded; as root too, where the tests run as root.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use promotion_engine::db::embedded::{
    self, Embedded, EmbeddedError, EmbeddedOptions, Kept, ProgramSearch, RELEASE,
};
use promotion_engine::db::{self, Db, DbOptions, Durability};
use sqlx::{ConnectOptions, Connection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Set for a test that this one starts as a process of its own: the folder in which it serves.
const CHILD_DIR: &str = "PE_TEST_CHILD_DIR";
/// Set besides when the child's server is to end with it.
const CHILD_ENDS: &str = "PE_TEST_CHILD_ENDS";

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!(
            "pe-{name}-{}-{:04x}",
            std::process::id(),
            rand::random::<u16>()
        ));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn options(&self) -> EmbeddedOptions {
        let mut options = EmbeddedOptions::new(self.0.join("data"));
        // fsync is what takes the time; one test has it on.
        options.durability = Durability::Off;
        options
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn run(embedded: &Embedded, statement: &'static str) {
    let mut connection = embedded.connect_options().connect().await.unwrap();
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn kept(embedded: &Embedded) -> Vec<i32> {
    let mut connection = embedded.connect_options().connect().await.unwrap();
    let kept = sqlx::query_scalar("select number from kept order by 1");
    kept.fetch_all(&mut connection).await.unwrap()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

#[tokio::test]
async fn a_durable_server_serves_stops_and_serves_again() {
    let folder = Folder::new("durable");
    let mut options = folder.options();
    options.durability = Durability::On;
    let embedded = Embedded::start(&options).await.unwrap();
    db::migrate(&embedded.connect_options()).await.unwrap();
    // A second migration finds nothing to do.
    db::migrate(&embedded.connect_options()).await.unwrap();
    let db = Db::open(DbOptions::new(embedded.connect_options())).await.unwrap();
    db.ready().await.unwrap();
    db.close().await;
    run(&embedded, "create table kept (number integer); insert into kept values (1)").await;
    embedded.stop().await.unwrap();
    assert!(!folder.0.join("data/postgres/cluster/postmaster.pid").exists());
    let embedded = Embedded::start(&options).await.unwrap();
    assert_eq!(kept(&embedded).await, [1]);
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn no_debug_text_shows_the_password() {
    let folder = Folder::new("secret");
    let embedded = Embedded::start(&folder.options()).await.unwrap();
    let password = fs::read_to_string(folder.0.join("data/postgres/password")).unwrap();
    db::migrate(&embedded.connect_options()).await.unwrap();
    let mut options = DbOptions::new(embedded.connect_options());
    options.durability = Durability::Off;
    let db = Db::open(options.clone()).await.unwrap();
    let listener = db.listen().await.unwrap();
    let text = format!("{embedded:?} {options:?} {db:?} {listener:?}");
    assert!(password.len() == 32 && !text.contains(&password), "{text}");
    drop(listener);
    db.close().await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn the_server_does_not_run_as_root() {
    if !is_root() {
        return;
    }
    let folder = Folder::new("root");
    let embedded = Embedded::start(&folder.options()).await.unwrap();
    let pid_file =
        fs::read_to_string(folder.0.join("data/postgres/cluster/postmaster.pid")).unwrap();
    let pid = pid_file.lines().next().unwrap();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let uids = status.lines().find(|line| line.starts_with("Uid:")).unwrap();
    assert!(!uids.split_whitespace().any(|uid| uid == "0"), "{uids}");
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_the_account_cannot_enter_is_replaced() {
    if !is_root() {
        return;
    }
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("closed");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    let embedded = Embedded::start(&folder.options()).await.unwrap();
    let socket = embedded.connect_options().get_socket().cloned().unwrap();
    assert!(socket.starts_with("/var/lib/promotion-engine"), "{}", socket.display());
    run(&embedded, "create table kept (number integer); insert into kept values (2)").await;
    embedded.stop().await.unwrap();
    // The same folder leads to the same cluster.
    let embedded = Embedded::start(&folder.options()).await.unwrap();
    assert_eq!(kept(&embedded).await, [2]);
    embedded.stop().await.unwrap();
    fs::remove_dir_all(&socket).unwrap();
    let _ = fs::remove_dir("/var/lib/promotion-engine");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_leads_to_the_loopback_interface() {
    let folder = Folder::new("long");
    let mut options = folder.options();
    options.data_dir =
        folder.0.join("a name with 'quotes', \"more\" and spaces ".repeat(2).trim_end());
    let embedded = Embedded::start(&options).await.unwrap();
    assert!(embedded.connect_options().get_socket().is_none());
    assert_eq!(embedded.connect_options().get_host(), "127.0.0.1");
    run(&embedded, "select 1").await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn odd_characters_in_the_path_do_no_harm() {
    let folder = Folder::new("odd");
    let mut options = folder.options();
    options.data_dir = folder.0.join("it's \"a, b\"");
    let embedded = Embedded::start(&options).await.unwrap();
    assert!(embedded.connect_options().get_socket().is_some());
    run(&embedded, "select 1").await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn two_processes_do_not_share_a_folder() {
    let folder = Folder::new("shared");
    let first = Embedded::start(&folder.options()).await.unwrap();
    let second = Embedded::start(&folder.options()).await;
    assert!(matches!(second, Err(EmbeddedError::InUse { .. })));
    first.stop().await.unwrap();
}

/// Not a test of its own: what the next two start as another process.
#[tokio::test]
async fn child_process() {
    let Some(folder) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let mut options = EmbeddedOptions::new(folder);
    options.durability = Durability::Off;
    options.ends_with_process = std::env::var_os(CHILD_ENDS).is_some();
    let embedded = Embedded::start(&options).await.unwrap();
    run(&embedded, "create table kept (number integer); insert into kept values (3)").await;
    println!("serving");
    tokio::time::sleep(Duration::from_secs(60)).await;
}

/// Starts [`child_process`], waits until it serves, and kills it.
fn serve_and_kill(data_dir: &Path, ends_with_process: bool) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "embedded::child_process", "--nocapture"]).env(CHILD_DIR, data_dir);
    if ends_with_process {
        command.env(CHILD_ENDS, "1");
    }
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("serving")), "the child did not serve");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_server_left_behind_by_a_kill_is_taken_over() {
    let folder = Folder::new("killed");
    let options = folder.options();
    serve_and_kill(&options.data_dir, false);
    assert!(options.data_dir.join("postgres/cluster/postmaster.pid").exists());
    let embedded = Embedded::start(&options).await.unwrap();
    assert_eq!(kept(&embedded).await, [3]);
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_for_tests_ends_with_its_process() {
    let folder = Folder::new("ends");
    let data_dir = folder.options().data_dir;
    serve_and_kill(&data_dir, true);
    let killed = Instant::now();
    while data_dir.exists() {
        assert!(
            killed.elapsed() < Duration::from_secs(20),
            "{} is still there",
            data_dir.display()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Serves files over HTTP on the loopback interface; returns the address.
async fn serve(files: Vec<(String, Vec<u8>)>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let request = String::from_utf8(request).unwrap();
            let path = request.split(' ').nth(1).unwrap();
            let (status, body) = match files.iter().find(|(name, _)| path.ends_with(name)) {
                Some((_, body)) => ("200 OK", body.as_slice()),
                None => ("404 Not Found", &b""[..]),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body).await.unwrap();
        }
    });
    format!("http://{address}/releases")
}

/// An archive like a release's, whose programs are links to those that are installed here.
fn archive(folder: &Path) -> Vec<u8> {
    let installed = ["initdb", "pg_ctl", "postgres"].map(|program| {
        let path = Command::new("sh")
            .args([
                "-c",
                "command -v $1 || ls /usr/lib/postgresql/*/bin/$1 | tail -n 1",
                "sh",
                program,
            ])
            .output()
            .unwrap()
            .stdout;
        (program, PathBuf::from(String::from_utf8(path).unwrap().trim()))
    });
    let bin = folder.join("postgresql-release/bin");
    fs::create_dir_all(&bin).unwrap();
    for (program, path) in installed {
        std::os::unix::fs::symlink(fs::canonicalize(path).unwrap(), bin.join(program)).unwrap();
    }
    let archive = folder.join("archive.tar.gz");
    let tar = Command::new("tar")
        .args(["-C".as_ref(), folder.as_os_str(), "-czf".as_ref(), archive.as_os_str()])
        .arg("postgresql-release")
        .status();
    assert!(tar.unwrap().success());
    fs::read(archive).unwrap()
}

fn checksum(bytes: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let hash: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hash}  postgresql.tar.gz\n").into_bytes()
}

fn downloads_from(releases: Option<String>) -> ProgramSearch {
    ProgramSearch { bin_dir: None, installed: false, releases }
}

#[tokio::test]
async fn programs_are_downloaded_once_and_work() {
    let folder = Folder::new("download");
    let archive = archive(&folder.0);
    let sum = checksum(&archive);
    let files = vec![(".tar.gz".to_owned(), archive), (".tar.gz.sha256".to_owned(), sum)];
    let mut options = folder.options();
    options.programs = downloads_from(Some(serve(files).await));
    let embedded = Embedded::start(&options).await.unwrap();
    run(&embedded, "select 1").await;
    embedded.stop().await.unwrap();
    assert!(options.data_dir.join("postgres/programs").join(RELEASE).join("bin/initdb").exists());
    options.programs = downloads_from(None);
    Embedded::start(&options).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_download_without_its_own_checksum_is_refused() {
    let folder = Folder::new("checksum");
    let archive = archive(&folder.0);
    let other = checksum(b"something else");
    for sums in [vec![(".tar.gz.sha256".to_owned(), other)], vec![]] {
        let mut files = vec![(".tar.gz".to_owned(), archive.clone())];
        files.extend(sums);
        let into = folder.0.join("programs");
        let refused = embedded::download(&serve(files).await, &into).await;
        assert!(matches!(refused, Err(EmbeddedError::NoPrograms { .. })), "{refused:?}");
        assert!(!into.join(RELEASE).exists());
    }
}

#[tokio::test]
async fn without_programs_the_message_names_the_ways_out() {
    let folder = Folder::new("none");
    let mut options = folder.options();
    // Nothing listens on the discard port.
    options.programs = downloads_from(Some("http://127.0.0.1:9".to_owned()));
    let text = Embedded::start(&options).await.unwrap_err().to_string();
    for way in ["install PostgreSQL", "DATABASE_URL", "docker compose up", "download failed"] {
        assert!(text.contains(way), "{text}");
    }
    options.programs.bin_dir = Some(folder.0.clone());
    let text = Embedded::start(&options).await.unwrap_err().to_string();
    assert!(text.contains("PG_BIN_DIR"), "{text}");
}

/// The pid file of the cluster, and the lock file of its socket.
fn pid_files(folder: &Folder) -> [PathBuf; 2] {
    let home = folder.0.join("data/postgres");
    [home.join("cluster/postmaster.pid"), home.join(".s.PGSQL.5432.lock")]
}

fn pid(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.lines().next().unwrap().to_owned()
}

/// Somebody else's process, under the server's own account: PostgreSQL itself takes others' processes for gone.
fn somebody(folder: &Folder) -> std::process::Child {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    let owner = fs::metadata(folder.0.join("data/postgres/cluster")).unwrap();
    let mut command = Command::new("sleep");
    command.arg("600").current_dir("/");
    if is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command.spawn().unwrap()
}

/// Service and server were killed, and the server's number was given again.
#[tokio::test]
async fn a_process_that_has_the_number_of_the_server_is_no_obstacle_and_is_left_alone() {
    let folder = Folder::new("stale");
    let embedded = Embedded::start(&folder.options()).await.unwrap();
    run(&embedded, "create table kept (number integer); insert into kept values (4)").await;
    let files = pid_files(&folder);
    let texts = files.clone().map(|file| fs::read_to_string(file).unwrap());
    embedded.stop().await.unwrap();
    let mut other = somebody(&folder);
    for (file, text) in files.iter().zip(texts) {
        let (_, rest) = text.split_once('\n').unwrap();
        fs::write(file, format!("{}\n{rest}", other.id())).unwrap();
        use std::os::unix::fs::{MetadataExt, chown};
        let owner = fs::metadata(folder.0.join("data/postgres/cluster")).unwrap();
        chown(file, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    let embedded = Embedded::start(&folder.options()).await;
    let is_alone = other.try_wait().unwrap().is_none();
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(is_alone, "it was sent a signal");
    let embedded = embedded.unwrap();
    assert_eq!(kept(&embedded).await, [4]);
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_dies_is_started_again_and_stops_with_the_service() {
    let folder = Folder::new("dies");
    let mut options = folder.options();
    options.durability = Durability::On;
    let embedded = Embedded::start(&options).await.unwrap();
    run(&embedded, "create table kept (number integer); insert into kept values (5)").await;
    let connect = embedded.connect_options();
    let watched = Kept::new(embedded);
    let [file, _] = pid_files(&folder);
    for _ in 0..2 {
        let before = pid(&file);
        let killed = Command::new("kill").args(["-9", &before]).status();
        assert!(killed.unwrap().success());
        let begun = Instant::now();
        let numbers: Vec<i32> = loop {
            assert!(begun.elapsed() < Duration::from_secs(60), "it stays away");
            tokio::time::sleep(Duration::from_millis(50)).await;
            // What is left of the old server may still answer, and between the two there is no file.
            let text = fs::read_to_string(&file).unwrap_or_default();
            if text.lines().next().is_none_or(|own| own == before) {
                continue;
            }
            if let Ok(mut connection) = connect.connect().await {
                let kept = sqlx::query_scalar("select number from kept");
                break kept.fetch_all(&mut connection).await.unwrap();
            }
        };
        assert_eq!(numbers, [5]);
    }
    watched.stop().await.unwrap();
    assert!(!file.exists());
}
