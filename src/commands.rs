//! The commands of the program.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::app::{self, Database, StartError};
use crate::clock::Clock;
use crate::config::{Cli, Command, ImportConfig, LogConfig, MigrateConfig, ServeConfig};
use crate::{api, backup, demo, document, export, import, probe, reconcile, telemetry};

/// The exit status for a refused document and for an invalid command line.
const REFUSED: u8 = 2;

/// Runs the command that the process was started with.
pub fn run_command() -> ExitCode {
    // A missing or unreadable file is no error: the environment may have every setting.
    let _ = dotenvy::dotenv();
    match Cli::parse().command {
        Command::Serve(config) => finish(run(serve(config))),
        Command::Migrate(config) => finish(logged(config.log, migrate(config))),
        Command::Demo(config) => finish(logged(config.log, demo::run(config))),
        Command::Evaluate { file } => evaluate(&file),
        Command::Export(config) => finish(logged(config.log, export::run(config))),
        Command::Import(config) => import_rules(config),
        Command::Reconcile(config) => {
            finish(logged(config.log, reconcile::run(config)).and_then(agreed))
        }
        Command::Backup(config) => finish(logged(config.log, backup::back_up(config))),
        Command::Restore(config) => finish(logged(config.log, backup::restore(config))),
        Command::Health(config) => finish(lives(config.listen_addr)),
        Command::Openapi => print(&api::openapi_document(), ExitCode::SUCCESS),
    }
}

fn logged<T, E: Error>(
    log: LogConfig,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    telemetry::start(log);
    run(work)
}

fn run<T, E: Error>(work: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime cannot start: {error}"))?
        .block_on(work)
        .map_err(|error| telemetry::describe(&error))
}

fn finish(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("promotion-engine: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The differences are already printed.
fn agreed(differences: u64) -> Result<(), String> {
    if differences == 0 {
        Ok(())
    } else {
        Err(format!("{differences} counters differ from the ledger"))
    }
}

fn lives(address: SocketAddr) -> Result<(), String> {
    match probe::lives(address) {
        Ok(true) => Ok(()),
        Ok(false) => Err("the service is not well".to_owned()),
        Err(error) => Err(format!("the service does not answer: {error}")),
    }
}

async fn serve(config: ServeConfig) -> Result<(), StartError> {
    let traces = telemetry::start_with_traces(config.log, &config.traces)?;
    let served = app::serve(config).await;
    traces.stop().await;
    served
}

async fn migrate(config: MigrateConfig) -> Result<(), StartError> {
    let database = Database::provide(&config.database).await?;
    let migrated = database.migrate().await;
    database.stop().await;
    migrated
}

/// Imports one document. What is wrong with it goes to the standard output, in the form of an HTTP answer.
fn import_rules(config: ImportConfig) -> ExitCode {
    match logged(config.log, import::run(config)) {
        Ok(Ok(imported)) => print(&imported, ExitCode::SUCCESS),
        Ok(Err(problem)) => print(&problem.print(None), ExitCode::from(REFUSED)),
        Err(error) => finish(Err(error)),
    }
}

/// Prices one document. Its faults go to the standard output, in the form of an HTTP answer.
fn evaluate(file: &Path) -> ExitCode {
    let text = match document::read_file(file) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("promotion-engine: {} cannot be read: {error}", file.display());
            return ExitCode::FAILURE;
        }
    };
    match document::evaluate(&text, Clock::default().now()) {
        Ok(result) => print(&result, ExitCode::SUCCESS),
        Err(problem) => print(&problem.print(None), ExitCode::from(REFUSED)),
    }
}

fn print(text: &str, status: ExitCode) -> ExitCode {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Ok(()) => status,
        Err(_) => ExitCode::FAILURE,
    }
}
