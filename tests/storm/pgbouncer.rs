//! A real PgBouncer, where the environment variable `PGBOUNCER` names one: `.ci/pooler`. Without it the tests say that
//! they are skipped.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use promotion_engine::db::{Db, DbError, Route};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use support::options;

use crate::cluster::Cluster;
use crate::pooled;

struct PgBouncer {
    process: Child,
    connect: PgConnectOptions,
    folder: PathBuf,
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl PgBouncer {
    /// Starts the program in front of a cluster, with these further settings.
    async fn start(program: &str, cluster: &Cluster, settings: &str) -> Self {
        let name = format!("pe-bouncer-{}-{:08x}", std::process::id(), rand::random::<u32>());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder");
        let owner = fs::metadata(cluster.data()).expect("the cluster's folder");
        std::os::unix::fs::chown(&folder, Some(owner.uid()), Some(owner.gid())).expect("an owner");
        let upstream = cluster.owner();
        let host = upstream
            .get_socket()
            .map_or_else(|| upstream.get_host().to_owned(), |folder| folder.display().to_string());
        let port = upstream.get_port();
        let text = format!(
            "[databases]\n\
             promotion_engine = host={host} port={port} user=promotion_engine password={}\n\
             [pgbouncer]\n\
             listen_addr =\nlisten_port = 6432\nunix_socket_dir = {folder}\nauth_type = any\n\
             default_pool_size = 8\nmax_client_conn = 200\nlogfile = {folder}/log\n{settings}\n",
            cluster.password(),
            folder = folder.display(),
        );
        let file = folder.join("pgbouncer.ini");
        fs::write(&file, text).expect("the settings");
        let mut command = Command::new(program);
        command.arg("-q").arg(&file).current_dir("/").stdin(Stdio::null()).process_group(0);
        cluster.as_owner(&mut command);
        let process = command.spawn().expect("PgBouncer");
        let connect = PgConnectOptions::new_without_pgpass()
            .socket(&folder)
            .port(6432)
            .username("promotion_engine")
            .database("promotion_engine")
            .extra_float_digits(None);
        let started = Self { process, connect, folder };
        let begun = Instant::now();
        while let Err(error) = started.connect.connect().await {
            let log = fs::read_to_string(started.folder.join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(20), "{error}\n{log}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        started
    }
}

/// The program, and whether it is new enough to keep prepared statements.
fn program() -> Option<(String, bool)> {
    let program = std::env::var("PGBOUNCER").ok().filter(|path| !path.is_empty())?;
    let said = Command::new(&program).arg("--version").output().expect("PgBouncer's version");
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let version = text.lines().next().unwrap_or_default().trim_start_matches("PgBouncer ");
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let is_new = (parts.next(), parts.next()) >= (Some(1), Some(21));
    println!("PgBouncer {version}");
    Some((program, is_new))
}

async fn route(bouncer: &PgBouncer) -> Result<Route, DbError> {
    let db = Db::open(options(&bouncer.connect)).await?;
    db.ready().await?;
    let route = db.route();
    db.close().await;
    Ok(route)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pgbouncer_is_told_apart_in_every_mode() {
    let Some((program, is_new)) = program() else {
        println!("skipped: PGBOUNCER names no PgBouncer");
        return;
    };
    let cluster = Cluster::start().await;
    let session = PgBouncer::start(&program, &cluster, "pool_mode = session").await;
    assert_eq!(route(&session).await.unwrap(), Route::BySession);
    let mut forgetful = vec!["pool_mode = transaction"];
    if is_new {
        let keeping = "pool_mode = transaction\nmax_prepared_statements = 200";
        let transaction = PgBouncer::start(&program, &cluster, keeping).await;
        assert_eq!(route(&transaction).await.unwrap(), Route::ByTransaction);
        forgetful = vec!["pool_mode = transaction\nmax_prepared_statements = 0"];
    }
    forgetful.push("pool_mode = statement");
    for (settings, words) in
        forgetful.into_iter().zip(["forgets prepared statements", "pools by statement"])
    {
        let bouncer = PgBouncer::start(&program, &cluster, settings).await;
        let refused = route(&bouncer).await.map(|route| format!("{route:?}")).unwrap_err();
        println!("{settings:?}: {refused}");
        assert!(refused.to_string().contains(words), "{settings}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_behind_pgbouncer() {
    let Some((program, true)) = program() else {
        println!("skipped: PGBOUNCER names no PgBouncer of version 1.21 or newer");
        return;
    };
    let cluster = Cluster::start().await;
    let settings = "pool_mode = transaction\nmax_prepared_statements = 200";
    let bouncer = PgBouncer::start(&program, &cluster, settings).await;
    pooled::storm("nothing_is_lost_behind_pgbouncer", &cluster.owner(), &bouncer.connect).await;
    // Whoever uses it besides: nothing of ours is left for them.
    let mut stranger = bouncer.connect.connect().await.expect("a connection");
    for setting in ["role", "app.tenant", "statement_timeout", "search_path", "synchronous_commit"]
    {
        let (now, at_first): (Option<String>, Option<String>) = sqlx::query_as(
            "select current_setting($1, true), (select reset_val from pg_settings where name = $1)",
        )
        .bind(setting)
        .fetch_one(&mut stranger)
        .await
        .expect("a setting");
        assert_eq!(
            now.unwrap_or_default().replace("none", ""),
            at_first.unwrap_or_default().replace("none", ""),
            "{setting}"
        );
    }
    stranger.close().await.expect("a closed connection");
}
