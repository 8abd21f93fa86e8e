//! Every setting of the process, read once at start (spec 2). Settings come from the environment, from a `.env` file,
//! and from command-line flags of the same names. Flags win.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use uuid::Uuid;

pub(crate) mod bounds;

pub use bounds::BoundsConfig;

/// Fewest characters of an operator key.
pub const MIN_OPERATOR_KEY: usize = 32;

/// The default for the most connections to the database.
const DEFAULT_POOL_SIZE: u32 = 10;

/// Decides, for any shopping cart, which promotions apply and what every line then costs.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands of the binary.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Brings the database's schema up to date, then serves the API
    Serve(ServeConfig),
    /// Brings the database's schema up to date
    Migrate(MigrateConfig),
    /// Serves a demo shop on the embedded database, and prints the receipt of a sample cart
    Demo(DemoConfig),
    /// Prices one JSON document of settings, stores, promotions and a request, without database or server
    Evaluate {
        /// The document; - is the standard input
        file: PathBuf,
    },
    /// Prints the rules of a tenant as a document; add a request to it, and `evaluate` prices it
    Export(ExportConfig),
    /// Compares the counters of limits with the recorded redemptions, and prints what differs
    Reconcile(MigrateConfig),
    /// Writes the embedded database into a file, also while the service runs
    Backup(CopyConfig),
    /// Fills an empty embedded database from a file that `backup` wrote
    Restore(CopyConfig),
    /// Checks whether the service on this machine is alive; the exit status is 1 if it is not
    Health(ListenConfig),
    /// Prints the OpenAPI document of the service
    Openapi,
}

/// The database that holds the rules.
#[derive(Clone, Debug, Args)]
pub struct DatabaseConfig {
    /// URL of PostgreSQL 14 or newer, as the owner of the schema; if unset, the service runs its own under DATA_DIR
    #[arg(long, env, hide_env_values = true)]
    pub database_url: Option<String>,
    #[command(flatten)]
    pub embedded: EmbeddedConfig,
    /// Most connections to the database that are in use at the same time
    #[arg(long, env, default_value_t = DEFAULT_POOL_SIZE, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub database_pool_size: u32,
}

impl DatabaseConfig {
    /// The configured database. An empty value counts as none, because a compose file may send one.
    pub fn url(&self) -> Option<&str> {
        self.database_url.as_deref().filter(|url| !url.is_empty())
    }
}

/// The embedded database, which the service runs itself.
#[derive(Clone, Debug, Args)]
pub struct EmbeddedConfig {
    /// Directory of the embedded database
    #[arg(long, env, default_value = "./data")]
    pub data_dir: PathBuf,
    /// Directory of PostgreSQL's programs, if it is not one of the usual ones
    #[arg(long, env)]
    pub pg_bin_dir: Option<PathBuf>,
}

impl EmbeddedConfig {
    pub fn bin_dir(&self) -> Option<PathBuf> {
        self.pg_bin_dir.clone().filter(|path| !path.as_os_str().is_empty())
    }
}

/// How the process logs.
#[derive(Clone, Copy, Debug, Args)]
pub struct LogConfig {
    /// Log format; RUST_LOG filters. Default: pretty on a terminal, else json
    #[arg(long, env)]
    pub log_format: Option<LogFormat>,
}

/// Whether requests are traced.
#[derive(Clone, Args)]
pub struct TraceConfig {
    /// Endpoint that receives traces by OTLP over HTTP, for example http://collector:4318. Unset: no traces
    #[arg(long, env, hide_env_values = true)]
    pub otel_exporter_otlp_endpoint: Option<String>,
    /// The name of the service in traces
    #[arg(long, env, default_value = env!("CARGO_PKG_NAME"))]
    pub otel_service_name: String,
}

impl TraceConfig {
    /// The configured endpoint; an empty value counts as none.
    pub fn endpoint(&self) -> Option<&str> {
        let endpoint = self.otel_exporter_otlp_endpoint.as_deref();
        endpoint.filter(|url| !url.is_empty())
    }
}

/// Leaves out the endpoint, because it may contain a password.
impl std::fmt::Debug for TraceConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let is_on = self.endpoint().is_some();
        write!(formatter, "TraceConfig {{ is_on: {is_on} }}")
    }
}

/// The format of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines: one JSON object a line.
    Json,
}

/// Settings of `migrate` and `reconcile`.
#[derive(Clone, Debug, Args)]
pub struct MigrateConfig {
    #[command(flatten)]
    pub database: DatabaseConfig,
    #[command(flatten)]
    pub log: LogConfig,
}

/// The address that the service listens on. `health` needs nothing else.
#[derive(Clone, Copy, Debug, Args)]
pub struct ListenConfig {
    /// Address that the API listens on
    #[arg(long, env, default_value = "127.0.0.1:8080")]
    pub listen_addr: SocketAddr,
}

/// Settings of `export`.
#[derive(Clone, Debug, Args)]
pub struct ExportConfig {
    /// The tenant's id
    pub tenant: Uuid,
    #[command(flatten)]
    pub database: DatabaseConfig,
    #[command(flatten)]
    pub log: LogConfig,
}

/// Settings of `backup` and `restore`.
#[derive(Clone, Debug, Args)]
pub struct CopyConfig {
    /// The file of the copy
    pub file: PathBuf,
    #[command(flatten)]
    pub database: DatabaseConfig,
    #[command(flatten)]
    pub log: LogConfig,
}

/// Settings of `serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeConfig {
    #[command(flatten)]
    pub database: DatabaseConfig,
    #[command(flatten)]
    pub log: LogConfig,
    #[command(flatten)]
    pub traces: TraceConfig,
    #[command(flatten)]
    pub listen: ListenConfig,
    /// URL of the same database for LISTEN, which leads to it directly where DATABASE_URL leads through a pooler.
    /// Default: DATABASE_URL
    #[arg(long, env, hide_env_values = true)]
    pub database_listen_url: Option<String>,
    /// Refuses to start, and to be ready, unless commits wait for a standby that is streaming
    #[arg(long, env, default_value = "false", num_args = 0..=1, default_missing_value = "true", value_parser = switch)]
    pub require_synchronous_standby: bool,
    /// Key that manages tenants and their keys; at least 32 characters. Unset: tenant management is closed
    #[arg(long, env, hide_env_values = true)]
    pub operator_key: Option<OperatorKey>,
    /// Origins that a browser may call from, separated by commas; * allows any
    #[arg(long, env, value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    pub cors_origins: Vec<String>,
    /// Lets webhooks use http and private addresses
    #[arg(long, env, default_value = "false", num_args = 0..=1, default_missing_value = "true", value_parser = switch)]
    pub webhook_allow_private: bool,
    /// Seconds in which the service still accepts connections after it is asked to stop, so that a load balancer can
    /// notice
    #[arg(long, env, default_value_t = 1, value_parser = clap::value_parser!(u16).range(0..=60))]
    pub shutdown_delay_seconds: u16,
    #[command(flatten)]
    pub bounds: BoundsConfig,
}

/// Settings of `demo`, which always runs the embedded database.
#[derive(Clone, Debug, Args)]
pub struct DemoConfig {
    /// Begins anew, as another tenant; what earlier runs left stays
    #[arg(long)]
    pub fresh: bool,
    #[command(flatten)]
    pub embedded: EmbeddedConfig,
    #[command(flatten)]
    pub log: LogConfig,
    #[command(flatten)]
    pub listen: ListenConfig,
}

impl DemoConfig {
    /// The embedded database, even if `DATABASE_URL` is set.
    pub fn database(&self) -> DatabaseConfig {
        DatabaseConfig {
            database_url: None,
            embedded: self.embedded.clone(),
            database_pool_size: DEFAULT_POOL_SIZE,
        }
    }
}

impl ServeConfig {
    /// The configured address for LISTEN; an empty value counts as none.
    pub fn listen_url(&self) -> Option<&str> {
        self.database_listen_url.as_deref().filter(|url| !url.is_empty())
    }

    /// The operator's key, if there is one; an empty value counts as none.
    pub fn operator_key(&self) -> Result<Option<&str>, ShortOperatorKey> {
        let key =
            self.operator_key.as_ref().map(|key| key.0.as_str()).filter(|key| !key.is_empty());
        match key {
            Some(key) if key.chars().count() < MIN_OPERATOR_KEY => Err(ShortOperatorKey),
            other => Ok(other),
        }
    }

    /// How long the service still accepts connections after it is asked to stop.
    pub fn shutdown_delay(&self) -> Duration {
        Duration::from_secs(self.shutdown_delay_seconds.into())
    }
}

/// Reads a switch. An empty value means off, because a compose file may send one.
fn switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "true" => Ok(true),
        "false" | "" => Ok(false),
        _ => Err("is neither true nor false"),
    }
}

/// The operator's key. No log may show it.
#[derive(Clone)]
pub struct OperatorKey(String);

impl std::fmt::Debug for OperatorKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OperatorKey(…)")
    }
}

impl From<String> for OperatorKey {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// An operator key that is short enough to be guessed. It is checked after the command line is parsed, because an error
/// message of the parser would show the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "OPERATOR_KEY needs at least {MIN_OPERATOR_KEY} characters, for instance the output of `openssl rand -hex 32`"
)]
pub struct ShortOperatorKey;

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(arguments: &[&str]) -> Result<ServeConfig, String> {
        let all = ["promotion-engine", "serve"].iter().chain(arguments);
        match Cli::try_parse_from(all).map_err(|fault| fault.to_string())?.command {
            Command::Serve(config) => Ok(config),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn a_short_operator_key_is_refused_and_not_shown() {
        let short = "x".repeat(MIN_OPERATOR_KEY - 1);
        let fault = serve(&["--operator-key", &short]).unwrap().operator_key().unwrap_err();
        assert!(fault.to_string().contains("at least 32"), "{fault}");
        let long = "x".repeat(MIN_OPERATOR_KEY);
        let config = serve(&["--operator-key", &long]).unwrap();
        assert_eq!(config.operator_key(), Ok(Some(long.as_str())));
        assert!(!format!("{config:?}").contains("xxx"));
    }

    #[test]
    fn an_empty_value_is_none() {
        let empty = ["--operator-key", "", "--database-url", "", "--database-listen-url", ""];
        let config = serve(&empty).unwrap();
        assert_eq!(config.operator_key(), Ok(None));
        assert_eq!(config.listen_url(), None);
        assert_eq!(config.database.url(), None);
    }

    #[test]
    fn private_targets_of_webhooks_are_off_unless_they_are_switched_on() {
        let are_on = |arguments: &[&str]| serve(arguments).unwrap().webhook_allow_private;
        assert!(!are_on(&[]));
        assert!(are_on(&["--webhook-allow-private"]));
        for (value, expected) in [("true", true), ("false", false), ("", false)] {
            assert_eq!(are_on(&["--webhook-allow-private", value]), expected);
        }
        assert!(serve(&["--webhook-allow-private", "maybe"]).is_err());
    }

    #[test]
    fn origins_are_parted_by_commas() {
        let config = serve(&["--cors-origins", "https://a.example,https://b.example"]).unwrap();
        assert_eq!(config.cors_origins.len(), 2);
    }
}
