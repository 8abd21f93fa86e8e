//! Long answers: they are read from the database page by page while they are sent, so that their length costs no
//! memory.
//!
//! Once its head is sent, an answer can no longer become a problem document. A failure then breaks the answer off, so
//! that nobody takes a part for the whole. The failure is logged here.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::{StreamExt, stream};

use crate::service::ServiceError;
use crate::telemetry;

/// An answer of a head, parts and a tail. `next` reads the part at a place, and returns the place of the following
/// part. Each part is read only after the previous one is on its way.
pub fn answer<P, F, R>(
    status: StatusCode,
    content_type: &'static str,
    (head, tail): (String, &'static str),
    start: Option<P>,
    mut next: F,
) -> Response
where
    P: Send + 'static,
    F: FnMut(P) -> R + Send + 'static,
    R: Future<Output = Result<(String, Option<P>), ServiceError>> + Send + 'static,
{
    let parts = stream::try_unfold(Some(start), move |place| {
        let reading = place.map(|place| place.map(&mut next));
        async move {
            match reading {
                Some(Some(reading)) => {
                    let read = reading.await.inspect_err(|error| {
                        tracing::error!(error = %telemetry::describe(error), "an answer broke off");
                    });
                    read.map(|(text, place)| Some((text, Some(place))))
                }
                Some(None) => Ok(Some((tail.to_owned(), None))),
                None => Ok(None),
            }
        }
    });
    let parts = stream::iter([Ok(head)]).chain(parts);
    let mut response = Response::new(Body::from_stream(parts));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Whether the caller prefers CSV to JSON: `text/csv` must be named, with a greater weight than JSON if JSON is named
/// too.
pub fn wants_csv(headers: &HeaderMap) -> bool {
    let weight = |media: &str| {
        let ranges = headers.get_all(ACCEPT).iter();
        let ranges =
            ranges.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        ranges.filter_map(|range| weight_of(range, media)).max().unwrap_or(0)
    };
    weight("text/csv") > weight("application/json")
}

/// The weight of a media range in thousandths, if the range is `media`.
fn weight_of(range: &str, media: &str) -> Option<u32> {
    let mut parts = range.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case(media) {
        return None;
    }
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    let Some(weight) = weight else {
        return Some(1_000);
    };
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = fraction.get(..fraction.len().min(3))?;
    format!("{whole}{digits:0<3}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_must_be_asked_for() {
        for (accept, expected) in [
            ("", false),
            ("*/*", false),
            ("application/json", false),
            ("text/csv", true),
            ("TEXT/CSV; charset=utf-8", true),
            ("text/csv, */*;q=0.1", true),
            ("text/csv;q=0.5, application/json", false),
            ("application/json;q=0.5, text/csv;q=0.75", true),
            ("text/csv;q=0", false),
            ("text/csv;q=é", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_bytes(accept.as_bytes()).unwrap());
            assert_eq!(wants_csv(&headers), expected, "{accept}");
        }
    }
}
