//! Traces for an OpenTelemetry collector, by OTLP over HTTP. They are off unless an endpoint is configured. Each
//! request is a span, and a child of the caller's span if the request has a `traceparent`.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter};
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use crate::config::TraceConfig;
use crate::tls;

/// How long one batch of spans may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The header that names the caller's span.
const TRACEPARENT: &str = "traceparent";

/// Whether traces are exported. If not, work that only traces need is skipped.
static ARE_ON: AtomicBool = AtomicBool::new(false);

#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL, as http://collector:4318")]
    Endpoint,
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Client(#[from] reqwest::Error),
    #[error(transparent)]
    Exporter(#[from] ExporterBuildError),
}

/// The export of traces, until it is stopped.
#[derive(Debug)]
pub struct Traces {
    provider: Option<SdkTracerProvider>,
}

impl Traces {
    pub const NONE: Self = Self { provider: None };

    /// Starts exporting, in batches. Must be called inside the runtime that sends them.
    pub fn start(config: &TraceConfig) -> Result<Self, TraceError> {
        let Some(endpoint) = config.endpoint() else {
            return Ok(Self::NONE);
        };
        let endpoint =
            endpoint.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let endpoint = endpoint.ok_or(TraceError::Endpoint)?;
        let endpoint = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client()?)
            .timeout(TIMEOUT)
            .build()?;
        let runtime = Handle::current();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client { client, runtime })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .build()?;
        let resource = Resource::builder().with_service_name(config.otel_service_name.clone());
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.build())
            .build();
        ARE_ON.store(true, Ordering::Release);
        Ok(Self { provider: Some(provider) })
    }

    pub(super) fn tracer(&self) -> Option<SdkTracer> {
        let provider = self.provider.as_ref()?;
        Some(provider.tracer(env!("CARGO_PKG_NAME")))
    }

    /// Sends the remaining spans, and ends the export.
    pub async fn stop(self) {
        let Some(provider) = self.provider else {
            return;
        };
        ARE_ON.store(false, Ordering::Release);
        // `shutdown` blocks, and a thread of the runtime must not block.
        let stopped = tokio::task::spawn_blocking(move || provider.shutdown()).await;
        match stopped {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last traces were not exported"),
            Err(error) => tracing::warn!(%error, "the last traces were not exported"),
        }
    }
}

/// The layer that makes spans of traces.
pub(super) fn layer<S>(tracer: SdkTracer) -> impl Layer<S>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_level(false)
}

/// If traces are exported, makes the request's span a child of the caller's and names it.
pub fn adopt(span: &Span, headers: &HeaderMap, method: &str, route: &str) {
    if !ARE_ON.load(Ordering::Acquire) {
        return;
    }
    if headers.contains_key(TRACEPARENT) {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // This fails if no layer records this span, which is fine.
        let _ = span.set_parent(parent);
    }
    span.record("otel.name", format_args!("{method} {route}").to_string());
}

/// Records the answer's status in the trace. Log lines that need the status have a field of their own.
pub fn answered(span: &Span, status: u16) {
    if ARE_ON.load(Ordering::Acquire) {
        span.record("http.status", status);
        if status >= 500 {
            span.record("otel.status_code", "ERROR");
        }
    }
}

/// Sends batches of the exporter's thread on the service's runtime.
struct Client {
    client: reqwest::Client,
    runtime: Handle,
}

/// Omits the HTTP client, whose `Debug` may show headers.
impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Client")
    }
}

type Sending<'s> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 's>>;

impl HttpClient for Client {
    fn send_bytes<'c, 's>(&'c self, request: Request<Bytes>) -> Sending<'s>
    where
        'c: 's,
        Self: 's,
    {
        let client = self.client.clone();
        let sending = self.runtime.spawn(async move {
            let request = reqwest::Request::try_from(request)?;
            let answer = client.execute(request).await?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.clone_from(answer.headers());
            }
            let body = answer.bytes().await?;
            Ok::<_, HttpError>(response.body(body)?)
        });
        Box::pin(async move {
            let answered = sending.await.map_err(HttpError::from).flatten();
            match &answered {
                Ok(answer) if answer.status().is_success() => {}
                Ok(answer) => {
                    tracing::warn!(http.status = answer.status().as_u16(), "traces were refused");
                }
                // The error has the URL, which may contain a password, so it is not logged.
                Err(_) => {
                    tracing::warn!("traces cannot be exported: the collector does not answer")
                }
            }
            answered
        })
    }
}
