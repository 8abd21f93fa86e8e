//! A backup that was never restored is none: the lines of docs/OPERATING.md, run by PostgreSQL's own programs from one
//! cluster to another.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use promotion_engine::db::embedded::{Embedded, EmbeddedOptions};
use promotion_engine::db::{self, Db, Durability};
use promotion_engine::reconcile;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use support::harness::{Service, cart, ten_percent};
use support::options;

use crate::dashboard::file;

/// What the lines call the database and its owner, and that owner's password.
const NAME: &str = "promotions";
const PASSWORD: &str = "a password of its own";

/// A cluster of the test's own, with a folder for what is written.
struct Cluster {
    embedded: Embedded,
    folder: PathBuf,
}

impl Cluster {
    async fn start() -> Self {
        let name = format!("pe-restored-{}-{:08x}", std::process::id(), rand::random::<u32>());
        let folder = std::env::temp_dir().join(name);
        let mut options = EmbeddedOptions::new(&folder);
        options.durability = Durability::Off;
        options.ends_with_process = true;
        let embedded = Embedded::start(&options).await.expect("a cluster");
        Self { embedded, folder }
    }

    /// As the superuser.
    async fn admin(&self, database: &str) -> PgConnection {
        let connect = self.embedded.connect_options().database(database);
        connect.connect().await.expect("a connection")
    }

    /// As whom the service connects.
    fn owner(&self) -> PgConnectOptions {
        let connect = self.embedded.connect_options().database(NAME);
        connect.username(NAME).password(PASSWORD)
    }

    /// Runs lines of the shell in `folder` with the server's programs, as this role.
    async fn shell(&self, lines: &str, folder: &Path, role: &PgConnectOptions) -> Output {
        let programs: String =
            sqlx::query_scalar("select setting from pg_config where name = 'BINDIR'")
                .fetch_one(&mut self.admin("postgres").await)
                .await
                .expect("the folder of the programs");
        let home = role.get_socket().expect("a socket");
        let password = if role.get_username() == NAME {
            PASSWORD.to_owned()
        } else {
            std::fs::read_to_string(home.join("password")).expect("the password")
        };
        let path = std::env::var("PATH").unwrap_or_default();
        Command::new("sh")
            .args(["-e", "-c", lines])
            .current_dir(folder)
            .env("PATH", format!("{programs}:{path}"))
            .env("PGHOST", home)
            .env("PGPORT", role.get_port().to_string())
            .env("PGUSER", role.get_username())
            .env("PGPASSWORD", password.trim())
            .output()
            .expect("a shell")
    }

    /// The same as the superuser, and without an error.
    async fn run(&self, lines: &str, folder: &Path) {
        let done = self.shell(lines, folder, &self.embedded.connect_options()).await;
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{lines}\n{told}");
    }

    /// Who may do what, and sees which rows.
    async fn seals(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select format('%s %s %s %s', relname, relacl, relrowsecurity, relforcerowsecurity)
               from pg_class where relnamespace = 'public'::regnamespace
             union all
             select format('%s.%s %s', attrelid::regclass, attname, attacl)
               from pg_attribute join pg_class on pg_class.oid = attrelid
              where relnamespace = 'public'::regnamespace and attacl is not null
             union all
             select format('%s %s %s %s %s %s', tablename, policyname, roles, cmd, qual, with_check) from pg_policies
              order by 1",
        )
        .fetch_all(&mut self.admin(NAME).await)
        .await
        .expect("the catalogue")
    }
}

/// The blocks of lines for the shell in OPERATING.md's section on backups.
fn blocks() -> [String; 2] {
    let text = file("docs/OPERATING.md");
    let section = text.split("\n## ").find(|section| section.starts_with("Back up"));
    let blocks: Vec<String> = section
        .expect("the section")
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect();
    blocks.try_into().expect("how to back up, how to restore")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_is_restored_by_the_lines_of_the_manual() {
    let (from, to) = tokio::join!(Cluster::start(), Cluster::start());
    let [backup, restore] = blocks();
    let roles = format!("create role {NAME} login createrole password '{PASSWORD}'");
    for statement in [roles, format!("create database {NAME} owner {NAME}")] {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut from.admin("postgres").await)
            .await
            .expect("an owner with a database");
    }
    db::migrate(&from.owner()).await.expect("the migrations");

    let service = Service::at(&from.owner(), |_| {}).await;
    let tenant = service.tenant().await;
    let mut promotion = ten_percent("Three times");
    promotion["limits"] = json!({"promotion": {"times": {"max": 3}}});
    service.promotion(&tenant.admin, promotion).await;
    let order = |transaction: &str, hold: bool| json!({"transaction_id": transaction, "request": cart(), "hold": hold});
    let redeem = async |service: &Service, transaction: &str, hold: bool| {
        let body = order(transaction, hold);
        service.post("/v1/redemptions", &tenant.pos, body).await
    };
    let sold = redeem(&service, "T-1", false).await.expect(201);
    let held = redeem(&service, "T-2", true).await.expect(201).id();

    // The owner sees no tenant's rows, and a dump that lacks them is none.
    let refused = from.shell(&backup, &from.folder, &from.owner()).await;
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("row-level security"), "{told}");
    from.run(&backup, &from.folder).await;
    service.app.stop().await;
    let sealed = from.seals().await;
    assert!(sealed.len() > 100, "{sealed:?}");

    to.run(&restore, &from.folder).await;
    assert_eq!(to.seals().await, sealed);
    from.embedded.stop().await.expect("a stopped server");
    db::migrate(&to.owner()).await.expect("nothing to migrate");
    let db = Db::open(options(&to.owner())).await.expect("safe roles");
    let mut differences = Vec::new();
    let count = reconcile::check(&db, &mut differences).await.expect("both");
    assert_eq!(count, 0, "{}", String::from_utf8_lossy(&differences));
    db.close().await;

    let service = Service::at(&to.owner(), |_| {}).await;
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    let again = redeem(&service, "T-1", false).await.expect(200);
    assert_eq!(again.body["result"], sold.body["result"]);
    redeem(&service, "T-3", false).await.expect(201);
    // One was sold, one is held, one was sold here.
    assert_eq!(service.discount(&tenant.pos).await, "0.00");
    let path = format!("/v1/redemptions/{held}/commit");
    service.post(&path, &tenant.pos, json!({})).await.expect(200);
    service.app.stop().await;
    to.embedded.stop().await.expect("a stopped server");
}
