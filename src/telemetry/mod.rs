//! The log of the process, with the ids of requests, and traces (`traces`) if they are configured.

use std::io::{IsTerminal, stderr};

use axum::http::HeaderValue;
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Span, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};
use uuid::Uuid;

use crate::config::{LogConfig, LogFormat, TraceConfig};
use crate::domain::id::TenantId;
use fields::SpanFields;
pub use traces::{TraceError, Traces, adopt, answered};

mod fields;
#[cfg(feature = "traces")]
mod traces;
#[cfg(not(feature = "traces"))]
#[path = "no_traces.rs"]
mod traces;

/// Most characters of a caller's request id.
pub const MAX_REQUEST_ID: usize = 128;
/// The filter if `RUST_LOG` is not set.
const DEFAULT_FILTER: &str = "info,sqlx=warn,hyper=warn";

/// Starts logging to the standard error. The standard output stays free for the output of commands.
pub fn start(config: LogConfig) {
    install(config, filter(), stderr, &Traces::NONE);
}

/// Starts logging like [`start`], and exports traces if that is configured. Must be called inside the runtime.
pub fn start_with_traces(log: LogConfig, traces: &TraceConfig) -> Result<Traces, TraceError> {
    let traces = Traces::start(traces)?;
    install(log, filter(), stderr, &traces);
    Ok(traces)
}

fn filter() -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER))
}

/// Installs the subscriber for the process. An existing subscriber, as in tests, stays.
pub fn install<W>(log: LogConfig, filter: EnvFilter, writer: W, traces: &Traces)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let _ = dispatch(log, filter, writer, traces).try_init();
}

/// Makes the subscriber. The caller installs it for the process, or, in tests, for a thread.
pub fn dispatch<W>(log: LogConfig, filter: EnvFilter, writer: W, traces: &Traces) -> Dispatch
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    match traces.tracer() {
        // One filter for the whole subscriber is the fastest.
        None => Registry::default().with(lines(log, writer)).with(filter).into(),
        Some(tracer) => {
            let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::INFO);
            let spans = traces::layer(tracer).with_filter(own);
            Registry::default().with(lines(log, writer).with_filter(filter)).with(spans).into()
        }
    }
}

fn lines<S, W>(config: LogConfig, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let terminal = stderr().is_terminal();
    let format =
        config.log_format.unwrap_or(if terminal { LogFormat::Pretty } else { LogFormat::Json });
    let lines = fmt::layer().with_writer(writer);
    match format {
        LogFormat::Pretty => lines.with_ansi(terminal).with_target(false).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .fmt_fields(SpanFields)
            .boxed(),
    }
}

/// Records the tenant in the request's span.
pub fn of_tenant(tenant: TenantId) {
    Span::current().record("tenant.id", tracing::field::display(tenant));
}

/// Records the version of the rules in the request's span.
pub fn by_rules(version: i64) {
    Span::current().record("rules.version", version);
}

/// The caller's request id if it is at most 128 plain characters, or a new one (spec 1).
pub fn request_id(given: Option<&HeaderValue>) -> HeaderValue {
    if let Some(given) = given
        && (1..=MAX_REQUEST_ID).contains(&given.len())
        && given.as_bytes().iter().all(u8::is_ascii_graphic)
    {
        return given.clone();
    }
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let text = Uuid::now_v7().hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown"))
}

/// An error and its causes as one text, for a log or a terminal.
pub fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let further = error.to_string();
        if !text.contains(&further) {
            text.push_str(": ");
            text.push_str(&further);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_id_is_kept_and_any_other_replaced() {
        let kept = |text: &'static str| request_id(Some(&HeaderValue::from_static(text))) == text;
        assert!(kept("till-7/000123"));
        assert!(!kept(""));
        assert!(!kept("two words"));
        let long = HeaderValue::from_str(&"x".repeat(MAX_REQUEST_ID + 1)).unwrap();
        assert_ne!(request_id(Some(&long)), long);
        assert_ne!(request_id(None), request_id(None));
    }
}
