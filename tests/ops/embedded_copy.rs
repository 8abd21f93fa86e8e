//! The embedded database, copied while the service runs, and restored into another folder.

use std::path::PathBuf;

use promotion_engine::db::embedded::{Embedded, EmbeddedError, EmbeddedOptions};
use promotion_engine::db::{self, Db, Durability};
use promotion_engine::reconcile;
use serde_json::json;
use support::harness::{Service, cart, ten_percent};
use support::options;

fn somewhere(name: &str) -> (PathBuf, EmbeddedOptions) {
    let name = format!("pe-{name}-{}-{:08x}", std::process::id(), rand::random::<u32>());
    let folder = std::env::temp_dir().join(name);
    let mut options = EmbeddedOptions::new(&folder);
    options.durability = Durability::Off;
    options.ends_with_process = true;
    (folder, options)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_running_database_is_copied_and_restored() {
    let (folder, running) = somewhere("copied");
    let from = Embedded::start(&running).await.expect("a cluster");
    db::migrate(&from.connect_options()).await.expect("the migrations");
    let service = Service::at(&from.connect_options(), |_| {}).await;
    let tenant = service.tenant().await;
    let mut promotion = ten_percent("Twice");
    promotion["limits"] = json!({"promotion": {"times": {"max": 2}}});
    service.promotion(&tenant.admin, promotion).await;
    let sale = json!({"transaction_id": "T-1", "request": cart()});
    let sold = service.post("/v1/redemptions", &tenant.pos, sale.clone()).await.expect(201);

    let file = folder.join("copy");
    Embedded::back_up(&running, &file).await.expect("a copy");
    let after = json!({"transaction_id": "T-2", "request": cart()});
    service.post("/v1/redemptions", &tenant.pos, after).await.expect(201);
    service.app.stop().await;

    let (_, other) = somewhere("restored");
    let to = Embedded::start(&other).await.expect("a cluster");
    let connect = to.connect_options();
    db::migrate::make_roles(&connect).await.expect("the roles");
    to.restore(&file).await.expect("a restored database");
    db::migrate(&connect).await.expect("nothing to migrate");
    let refused = to.restore(&file).await.expect_err("a database that is not empty");
    assert!(matches!(refused, EmbeddedError::NotEmpty), "{refused}");

    let db = Db::open(options(&connect)).await.expect("safe roles");
    let mut differences = Vec::new();
    assert_eq!(reconcile::check(&db, &mut differences).await.expect("both"), 0);
    db.close().await;
    let service = Service::at(&connect, |_| {}).await;
    let again = service.post("/v1/redemptions", &tenant.pos, sale).await.expect(200);
    assert_eq!(again.body["result"], sold.body["result"]);
    // The copy holds one sale of two, and not the sale after it.
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    service.app.stop().await;
    to.stop().await.expect("a stopped server");
    from.stop().await.expect("a stopped server");
}

#[tokio::test]
async fn a_folder_without_a_database_gives_no_copy() {
    let (folder, options) = somewhere("empty");
    let file = folder.join("copy");
    let refused = Embedded::back_up(&options, &file).await.expect_err("no database");
    assert!(matches!(refused, EmbeddedError::Nothing { .. }), "{refused}");
    assert!(!file.exists());
    std::fs::remove_dir_all(folder).expect("the folder is removed");
}
