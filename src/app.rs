//! Wires the service: configuration → database → cache → use cases → router → connections. When the service stops, the
//! parts are taken down in order.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::connection::Limits;
use crate::api::edge::{Bounds, Edge};
use crate::api::front::{self, Front};
use crate::api::serve;
use crate::api::timeouts::Timeouts;
use crate::api::{self, Api};
use crate::cache::{self, Cache};
use crate::clock::Clock;
use crate::config::{DatabaseConfig, EmbeddedConfig, ServeConfig, ShortOperatorKey};
use crate::db::embedded::{Embedded, EmbeddedError, EmbeddedOptions, Kept};
use crate::db::{self, Db, DbError, DbOptions};
use crate::descriptors;
use crate::jobs;
use crate::metrics::Metrics;
use crate::service::Service;
use crate::service::pool::{Pool, PoolBounds};
use crate::service::webhooks::address::Targets;
use crate::telemetry::TraceError;

mod bounds;

/// How long a stop may take in addition to the shutdown delay and the drain: the time to release the database.
const RELEASE: Duration = Duration::from_secs(8);
/// The exit status of a process that could not stop in order.
const ABANDONED: i32 = 1;

/// Why the service does not start. The text says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    Database(#[from] DbError),
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error(
        "{0} is in use: stop what listens there, or choose another address with --listen-addr or LISTEN_ADDR"
    )]
    AddressInUse(SocketAddr),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("connections cannot be accepted: {0}")]
    Accept(std::io::Error),
    #[error(transparent)]
    OperatorKey(#[from] ShortOperatorKey),
    #[error("CORS_ORIGINS: {0:?} is not an origin, as https://admin.example, or *")]
    Origin(String),
    #[error(transparent)]
    Traces(#[from] TraceError),
    #[error("threads cannot be started: {0}")]
    Threads(std::io::Error),
    #[error("signals cannot be received: {0}")]
    Signals(std::io::Error),
}

/// Where the configured embedded database runs.
pub fn embedded_options(config: &EmbeddedConfig) -> EmbeddedOptions {
    let mut options = EmbeddedOptions::new(&config.data_dir);
    options.programs.bin_dir = config.bin_dir();
    options
}

/// The database of the configuration, which may be the service's own.
pub struct Database {
    pub options: DbOptions,
    embedded: Option<Kept>,
}

impl Database {
    /// Finds the configured database, or starts the embedded one.
    pub async fn provide(config: &DatabaseConfig) -> Result<Self, StartError> {
        let (mut options, embedded) = match config.url() {
            Some(url) => (DbOptions::from_url(url)?, None),
            None => {
                let embedded = Embedded::start(&embedded_options(&config.embedded)).await?;
                let connect = embedded.connect_options();
                (DbOptions::new(connect), Some(Kept::new(embedded)))
            }
        };
        options.pool_size = config.database_pool_size;
        Ok(Self { options, embedded })
    }

    /// Runs a command on the configured database, which must be ready.
    pub async fn run<T, E>(
        config: &DatabaseConfig,
        command: impl AsyncFnOnce(&Db) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<StartError> + From<DbError>,
    {
        let database = Self::provide(config).await?;
        let done = async {
            let db = Db::open(database.options.clone()).await?;
            db.ready().await?;
            let done = command(&db).await;
            db.close().await;
            done
        };
        let done = done.await;
        database.stop().await;
        done
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<(), StartError> {
        db::migrate(&self.options.connect).await?;
        Ok(())
    }

    /// Warns if the owner of the database is a superuser, which it need not be. The embedded database is exempt: its
    /// owner is the only user of its cluster.
    async fn warn_of_superuser(&self) -> Result<(), StartError> {
        if self.embedded.is_none() && db::migrate::is_superuser(&self.options.connect).await? {
            tracing::warn!(
                "DATABASE_URL connects as a superuser: an owner of the database without SUPERUSER is enough \
                 (docs/OPERATING.md, Install)"
            );
        }
        Ok(())
    }

    /// Stops the embedded database, if it is one.
    pub async fn stop(self) {
        if let Some(embedded) = self.embedded
            && let Err(error) = embedded.stop().await
        {
            tracing::warn!(%error, "the embedded database did not stop");
        }
    }
}

/// Options of a running service.
pub struct AppOptions {
    /// The key that manages tenants; `None` closes tenant management.
    pub operator_key: Option<String>,
    pub cors_origins: Vec<String>,
    pub cache_bytes: usize,
    /// Most unknown codes that a tenant may present in a minute.
    pub unknown_codes: u32,
    pub bounds: Bounds,
    pub limits: Limits,
    pub timeouts: Timeouts,
    /// Bounds of the threads for long computations.
    pub pool: PoolBounds,
    /// Whether the cache listens for notifications of changed rules. Tests switch this off to rely on polling.
    pub notifications: bool,
    pub clock: Clock,
    /// How long the service still accepts connections after it is asked to stop.
    pub shutdown_delay: Duration,
    pub webhook_targets: Targets,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            operator_key: None,
            cors_origins: Vec::new(),
            cache_bytes: cache::DEFAULT_BYTES,
            unknown_codes: cache::DEFAULT_UNKNOWN_CODES,
            bounds: Bounds::default(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            pool: PoolBounds::default(),
            notifications: true,
            clock: Clock::default(),
            shutdown_delay: Duration::ZERO,
            webhook_targets: Targets::Public,
        }
    }
}

/// A running service.
pub struct App {
    address: SocketAddr,
    service: Service,
    api: Api,
    shutdown_delay: Duration,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    telling: JoinHandle<()>,
    refreshing: JoinHandle<()>,
    jobs: JoinHandle<()>,
    watching: JoinHandle<()>,
    front: Front,
}

impl App {
    /// Begins to serve on a listener, from a migrated database.
    pub async fn start(
        listener: TcpListener,
        database: DbOptions,
        options: AppOptions,
    ) -> Result<Self, StartError> {
        let front = Front::start().map_err(StartError::Threads)?;
        let address = listener.local_addr().map_err(StartError::Accept)?;
        let listener = listener.into_std().map_err(StartError::Accept)?;
        let db = Db::open(database).await?;
        let metrics = Metrics::default();
        let cache =
            Cache::new(db.clone(), options.cache_bytes, options.unknown_codes, metrics.clone());
        let pool = Pool::new(options.pool, metrics.clone()).map_err(StartError::Threads)?;
        let service = Service::new(
            db,
            cache.clone(),
            options.clock,
            options.webhook_targets,
            pool,
            metrics.clone(),
        );
        let api = Api::new(
            service.clone(),
            front.handle().clone(),
            options.operator_key.as_deref(),
            options.timeouts,
            options.bounds,
            api::openapi_document(),
        );
        let router = api::router(api.clone(), &options.cors_origins);
        let edge = Edge::new(router.clone(), options.bounds, &metrics, api::measure(&metrics));
        let own_edge = edge.before(front::router(router, Handle::current()));
        let stop = CancellationToken::new();
        let notifications = options.notifications;
        let refreshing = tokio::spawn(async move { cache.keep_fresh(notifications).await });
        let jobs = tokio::spawn(jobs::run(service.clone()));
        let limits = options.limits;
        let (staying, going) = front.accept(listener, limits.idle, stop.clone());
        let serving = tokio::spawn(serve::serve(going, edge, limits, stop.clone()));
        let telling = serve::serve(staying, own_edge, limits, stop.clone());
        let telling = front.handle().spawn(telling);
        let watching = front.handle().spawn(api.clone().keep_watch());
        Ok(Self {
            address,
            service,
            api,
            shutdown_delay: options.shutdown_delay,
            stop,
            serving,
            telling,
            refreshing,
            jobs,
            watching,
            front,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn api(&self) -> &Api {
        &self.api
    }

    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Ends the process after `limit`, even if work is still in progress.
    fn abandon_after(&self, limit: Duration) {
        self.front.handle().spawn(async move {
            tokio::time::sleep(limit).await;
            tracing::error!("stopping took too long: the process ends");
            std::process::exit(ABANDONED);
        });
    }

    /// Stops in order. First the service reports that it is not ready, so that a load balancer sends requests
    /// elsewhere. Then it accepts no new connections, finishes the requests that have begun, and closes the database.
    pub async fn stop(self) {
        self.api.stop();
        tokio::time::sleep(self.shutdown_delay).await;
        self.stop.cancel();
        for serving in [self.serving, self.telling] {
            if let Err(error) = serving.await {
                tracing::error!(%error, "serving ended badly");
            }
        }
        self.refreshing.abort();
        self.jobs.abort();
        self.watching.abort();
        self.service.db().close().await;
    }
}

pub async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| {
        if source.kind() == std::io::ErrorKind::AddrInUse {
            StartError::AddressInUse(address)
        } else {
            StartError::Listen { address, source }
        }
    })
}

/// `serve`: migrates the database, then serves until the process is asked to stop.
pub async fn serve(config: ServeConfig) -> Result<(), StartError> {
    let operator_key = config.operator_key()?.map(str::to_owned);
    for origin in &config.cors_origins {
        let plain = origin == "*"
            || (origin.contains("://") && origin.bytes().all(|byte| byte.is_ascii_graphic()));
        if !plain {
            return Err(StartError::Origin(origin.clone()));
        }
    }
    // Bind the address first: if another instance already listens there, its database is not touched.
    let listener = listen(config.listen.listen_addr).await?;
    let stopping = stop_signal()?;
    let database = Database::provide(&config.database).await?;
    let served = async {
        database.migrate().await?;
        database.warn_of_superuser().await?;
        let bounds = &config.bounds;
        descriptors::check(bounds, config.database.database_pool_size);
        let webhook_targets =
            if config.webhook_allow_private { Targets::Any } else { Targets::Public };
        let options = AppOptions {
            operator_key,
            cors_origins: config.cors_origins.clone(),
            cache_bytes: bounds.cache_bytes(),
            unknown_codes: bounds.unknown_codes(),
            bounds: bounds.into(),
            limits: bounds.into(),
            timeouts: bounds.into(),
            shutdown_delay: config.shutdown_delay(),
            webhook_targets,
            ..AppOptions::default()
        };
        let longest_stop = options.shutdown_delay + options.limits.drain + RELEASE;
        if options.operator_key.is_none() {
            tracing::info!("no OPERATOR_KEY is set: tenant management is closed");
        }
        let mut database = database.options.clone();
        if let Some(url) = config.listen_url() {
            database.listen_at(url)?;
        }
        database.require_standby = config.require_synchronous_standby;
        database.timeouts = bounds.into();
        let app = App::start(listener, database, options).await?;
        let address = app.address();
        tracing::info!(%address, "serving: /console/ for people, /docs describes the API, /metrics is for Prometheus");
        stopping.await;
        tracing::info!("stopping");
        app.abandon_after(longest_stop);
        app.stop().await;
        Ok(())
    };
    let served = served.await;
    database.stop().await;
    served
}

/// Ends when the process receives SIGTERM or SIGINT.
pub fn stop_signal() -> Result<impl Future<Output = ()>, StartError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Signals)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
