//! The process's log: its format, its filter, and the ids of requests that its lines carry.

use std::io::IsTerminal;

use axum::http::HeaderValue;
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use crate::config::{LogConfig, LogFormat};

/// Most characters of a caller's request id.
pub const MAX_REQUEST_ID: usize = 128;
/// What is logged where `RUST_LOG` says nothing.
const DEFAULT_FILTER: &str = "info,sqlx=warn,hyper=warn";

/// Starts logging to the standard error, so that the standard output stays free for what a command prints.
pub fn start(config: LogConfig) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let terminal = std::io::stderr().is_terminal();
    let format = config.log_format.unwrap_or(if terminal {
        LogFormat::Pretty
    } else {
        LogFormat::Json
    });
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A subscriber that is there already, as in tests, stays.
    let _ = match format {
        LogFormat::Pretty => subscriber.with_ansi(terminal).with_target(false).try_init(),
        LogFormat::Json => subscriber
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init(),
    };
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

/// An error with what caused it, for a log or a terminal.
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
