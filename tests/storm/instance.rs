//! Instances of the service inside the test process, for tests that kill nothing.

use promotion_engine::app::{App, AppOptions, listen};
use promotion_engine::db::DbOptions;
use sqlx::postgres::PgConnectOptions;
use support::options;

use crate::client::Front;

pub const OPERATOR: &str = "operator-key-of-the-storm-0123456789";

/// How long an instance may take to become ready on a busy machine.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// A running instance.
pub struct Instance {
    pub app: App,
}

impl Instance {
    pub async fn start(database: &PgConnectOptions, change: impl FnOnce(&mut AppOptions)) -> Self {
        Self::with(options(database), change).await
    }

    pub async fn with(database: DbOptions, change: impl FnOnce(&mut AppOptions)) -> Self {
        let mut app_options =
            AppOptions { operator_key: Some(OPERATOR.to_owned()), ..AppOptions::default() };
        change(&mut app_options);
        let any = "127.0.0.1:0".parse().expect("an address");
        let listener = listen(any).await.expect("a port");
        let app =
            App::start(listener, database, app_options).await.expect("an instance that starts");
        Self { app }
    }
}

/// So many instances on one database, ready.
pub async fn start(database: &PgConnectOptions, count: usize) -> (Vec<Instance>, Front) {
    let mut instances = Vec::new();
    for _ in 0..count {
        instances.push(Instance::start(database, |_| {}).await);
    }
    let front = front(&instances).await;
    (instances, front)
}

/// The front of these instances, once they are ready.
pub async fn front(instances: &[Instance]) -> Front {
    let all: Vec<usize> = (0..instances.len()).collect();
    front_of(instances, &all).await
}

/// The front of these instances, once those of them are ready that can be.
pub async fn front_of(instances: &[Instance], ready: &[usize]) -> Front {
    let addresses: Vec<_> = instances.iter().map(|instance| instance.app.address()).collect();
    let front = Front::new(&addresses);
    for number in ready {
        front.ready(*number, PATIENCE).await;
    }
    front
}
