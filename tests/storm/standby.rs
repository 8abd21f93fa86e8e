//! A server that is a standby, and one whose commits wait for a standby: never a 500, and not ready when it should not
//! be.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use promotion_engine::db::{Db, DbError};
use reqwest::Method;
use serde_json::json;
use sqlx::{ConnectOptions, Connection};
use support::options;

use crate::client::{Call, Front};
use crate::cluster::{Cluster, End};
use crate::instance::{self, Instance};
use crate::shop::{self, Shop};

/// How soon the service says what has become of its database.
const SOON: Duration = Duration::from_secs(10);

async fn run(cluster: &Cluster, statement: &'static str) {
    let mut connection = cluster.owner().connect().await.expect("a connection");
    sqlx::raw_sql(statement).execute(&mut connection).await.expect(statement);
    connection.close().await.expect("a closed connection");
}

/// Waits until the service is not ready for this reason.
async fn not_ready(front: &Front, reason: &str) {
    let begun = Instant::now();
    loop {
        let answer = front.once(&Call::get("/readyz", "")).await.expect("an answer");
        let said = answer.body["reason"].as_str().unwrap_or_default();
        if answer.status == 503 && said == reason {
            return;
        }
        assert!(begun.elapsed() < SOON, "{} for {reason:?}", answer.text);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_is_not_ready_and_refuses_writes_and_works_once_it_is_promoted() {
    let mut cluster = Cluster::start().await;
    let (_instances, front) = instance::start(&cluster.owner(), 1).await;
    let shop = Shop::open(&front).await;
    let limits = json!({"promotion": {"times": {"max": 10}}});
    let promotion = shop.promotion(&shop::ten_off("P", limits)).await;
    cluster.end(End::Immediate);
    std::fs::write(cluster.data().join("standby.signal"), "").expect("a signal");
    cluster.serve().await;
    not_ready(&front, "the database is recovering or a standby").await;
    let cart = shop::cart(1);
    let sale = shop::redemption(&shop::transaction(), &cart, false);
    let path = format!("/v1/promotions/{promotion}");
    for (method, path, body) in [
        (Method::POST, "/v1/redemptions", Some(sale.clone())),
        (Method::POST, "/v1/promotions", Some(shop::ten_off("Q", json!({})))),
        (Method::PUT, "/v1/stores/S1", Some(json!({}))),
        (Method::POST, "/v1/keys", Some(json!({"role": "pos", "label": "till"}))),
        (Method::DELETE, path.as_str(), None),
    ] {
        let call = Call::new(method.clone(), path, &shop.admin, body.as_ref());
        let answer = front.once(&call).await.expect("an answer");
        assert_eq!(
            (answer.status, answer.code()),
            (503, "unavailable"),
            "{method} {path} {}",
            answer.text
        );
    }
    // What only reads is answered, carts with limits among it.
    let call = Call::post("/v1/evaluate-cart", &shop.pos, &cart);
    let priced = front.once(&call).await.expect("an answer").expect(200);
    assert_eq!(priced.body["totals"]["discount"], "10.00");
    front.once(&Call::get(&path, &shop.admin)).await.expect("an answer").expect(200);
    // Nobody may migrate it, and nobody starts on it.
    let refused = promotion_engine::db::migrate(&cluster.owner()).await.unwrap_err();
    assert!(refused.to_string().contains("recovering or a standby"), "{refused}");
    run(&cluster, "select pg_promote()").await;
    front.ready(0, SOON).await;
    let call = Call::post("/v1/redemptions", &shop.pos, &sale);
    front.until_answered(&call).await.expect(201);
}

/// A program that receives what is written, as a standby does.
struct Receiver(Child);

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Receiver {
    /// Starts it, and waits until it is streaming.
    async fn start(cluster: &Cluster) -> Self {
        let folder = cluster.data().with_file_name("received");
        let _ = std::fs::create_dir(&folder);
        let owner = cluster.owner();
        let host = owner
            .get_socket()
            .map_or_else(|| owner.get_host().to_owned(), |folder| folder.display().to_string());
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777))
            .expect("a folder for everybody");
        let child = cluster
            .program("pg_receivewal")
            .args([
                "--synchronous",
                "--no-password",
                "--username",
                "promotion_engine",
                "--host",
                &host,
            ])
            .args(["--port", &owner.get_port().to_string(), "--directory"])
            .arg(&folder)
            .env("PGPASSWORD", cluster.password())
            .env("PGAPPNAME", "other")
            .current_dir("/")
            .stdin(Stdio::null())
            .spawn()
            .expect("pg_receivewal");
        let own = Self(child);
        let begun = Instant::now();
        let mut connection = owner.connect().await.expect("a connection");
        loop {
            let is_streaming: bool = sqlx::query_scalar(
                "select exists (select from pg_stat_replication
                                 where state = 'streaming' and sync_state in ('sync', 'quorum'))",
            )
            .fetch_one(&mut connection)
            .await
            .expect("an answer");
            if is_streaming {
                return own;
            }
            assert!(begun.elapsed() < SOON, "nobody is streaming");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_standby_is_required_its_absence_is_not_ready() {
    let cluster = Cluster::start().await;
    let mut required = options(&cluster.owner());
    required.require_standby = true;
    let refused = |options| async { Db::open(options).await.map(|_| ()).unwrap_err() };
    let Err(DbError::Setup(text)) = Err::<(), _>(refused(required.clone()).await) else {
        panic!("not a fault of the setup");
    };
    assert!(text.contains("synchronous_standby_names is empty"), "{text}");
    run(&cluster, "alter system set synchronous_standby_names = 'other'").await;
    run(&cluster, "select pg_reload_conf()").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let gone = "no standby is streaming that commits wait for";
    let text = refused(required.clone()).await.to_string();
    assert!(text.contains(gone), "{text}");
    let receiver = Receiver::start(&cluster).await;
    let instances = [Instance::with(required.clone(), |_| {}).await];
    let front = instance::front(&instances).await;
    let shop = Shop::open(&front).await;
    shop.promotion(&shop::ten_off("P", json!({}))).await;
    let missing = |is_missing: u8| format!("promotion_engine_standby_missing {is_missing}\n");
    let metrics =
        || async { front.once(&Call::get("/metrics", "")).await.expect("an answer").text };
    assert!(metrics().await.contains(&missing(0)));
    drop(receiver);
    not_ready(&front, gone).await;
    assert!(metrics().await.contains(&missing(1)));
    // A commit that nobody confirms is of unknown outcome, never acknowledged.
    let sale = shop::redemption(&shop::transaction(), &shop::cart(1), false);
    let call = Call::post("/v1/redemptions", &shop.pos, &sale);
    let answer = front.once(&call).await.expect("an answer");
    assert_eq!((answer.status, answer.code()), (503, "outcome_unknown"), "{}", answer.text);
    let _receiver = Receiver::start(&cluster).await;
    front.ready(0, SOON).await;
    let made = front.until_answered(&call).await;
    assert!(matches!(made.status, 200 | 201), "{}", made.text);
    // A commit that does not wait is no better than none.
    run(&cluster, "alter database promotion_engine set synchronous_commit = local").await;
    let text = refused(required).await.to_string();
    assert!(text.contains("synchronous_commit is off or local"), "{text}");
}
