//! What a start says about the owner of the database.

use crate::cluster::Cluster;
use crate::process::Processes;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_as_a_superuser_is_warned_of() {
    let cluster = Cluster::start().await;
    let processes = Processes::start(&cluster, 1).await;
    let log = processes.log(0);
    assert!(log.contains("connects as a superuser"), "{log}");
    assert!(!log.contains("too few files"), "{log}");
}
