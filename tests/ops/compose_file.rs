//! The script with which docker-compose.yml makes the database and its owner, who is no superuser.

use std::process::Command;

use promotion_engine::db::embedded::{Embedded, EmbeddedOptions};
use promotion_engine::db::{self, Db, Durability};
use sqlx::{ConnectOptions, Connection};
use support::options;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ops/postgres/init.sh");
const PASSWORD: &str = "a 'password' of its own";

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_the_compose_file_needs_no_superuser_and_no_right_to_make_roles() {
    let name = format!("pe-owner-{}-{:08x}", std::process::id(), rand::random::<u32>());
    let mut embedded_options = EmbeddedOptions::new(std::env::temp_dir().join(name));
    embedded_options.durability = Durability::Off;
    embedded_options.ends_with_process = true;
    let embedded = Embedded::start(&embedded_options).await.expect("a cluster");
    let superuser = embedded.connect_options().database("postgres");
    let mut connection = superuser.connect().await.expect("a connection");
    let programs: String =
        sqlx::query_scalar("select setting from pg_config where name = 'BINDIR'")
            .fetch_one(&mut connection)
            .await
            .expect("the folder of the programs");
    // As in the image the superuser needs no password at this socket; here it is told.
    let home = superuser.get_socket().expect("a socket").clone();
    let secret = std::fs::read_to_string(home.join("password")).expect("the password");
    let path = std::env::var("PATH").unwrap_or_default();
    let done = Command::new(SCRIPT)
        .env("PATH", format!("{programs}:{path}"))
        .env("PGHOST", &home)
        .env("PGPORT", superuser.get_port().to_string())
        .env("PGPASSWORD", secret.trim())
        .env("POSTGRES_USER", superuser.get_username())
        .env("POSTGRES_PASSWORD", PASSWORD)
        .env("OWNER", "shop")
        .output()
        .expect("the script");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let may_more: bool = sqlx::query_scalar(
        "select rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolinherit
           from pg_roles where rolname = 'shop'",
    )
    .fetch_one(&mut connection)
    .await
    .expect("the owner");
    assert!(!may_more, "the owner may do more than an owner needs");
    connection.close().await.expect("a closed connection");
    let owner = superuser.clone().username("shop").password(PASSWORD).database("shop");
    assert!(superuser.connect().await.is_err(), "the superuser has no password");
    db::migrate(&owner).await.expect("the migrations");
    assert!(!db::migrate::is_superuser(&owner).await.expect("an answer"));
    let db = Db::open(options(&owner)).await.expect("the database");
    db.ready().await.expect("a schema that is current");
    db.close().await;
    embedded.stop().await.expect("a stopped server");
}

#[test]
fn the_compose_file_makes_the_database_with_this_script_and_pins_every_image() {
    let file = |name: &str| {
        let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("a file")
    };
    let compose = file("docker-compose.yml");
    let mount = "./ops/postgres/init.sh:/docker-entrypoint-initdb.d/init.sh:ro";
    assert!(compose.contains(mount));
    assert!(compose.contains("POSTGRES_USER: postgres\n"));
    let images = compose
        .lines()
        .filter_map(|line| line.trim().strip_prefix("image: "))
        // Made here.
        .filter(|image| *image != "promotion-engine");
    let dockerfile = file("Dockerfile");
    let bases = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("FROM "))
        // "base" is the stage with the compiler.
        .filter(|image| *image != "scratch" && !image.starts_with("base AS "));
    let mut count = 0;
    for image in images.chain(bases) {
        let digest = image.split_once("@sha256:").map(|(_, rest)| rest);
        let digest = digest.and_then(|rest| rest.split_whitespace().next());
        assert!(digest.is_some_and(|digest| digest.len() == 64), "{image}");
        count += 1;
    }
    assert_eq!(count, 4);
}
