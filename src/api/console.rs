//! `GET /console/…`: the files of the console, a page that calls the API with its user's own key. `GET /` leads a
//! browser there. The files are part of the program (the crate `console`), and load nothing from elsewhere.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::problem::ApiError;

/// What the page may do: load files from here, show images, and call the API. It sets inline styles, never scripts.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Files with a hash in their names never change. All others are asked for anew each time, and mostly answered with 304.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Leads browsers to the console. Programs find nothing here, as before.
pub async fn root(headers: HeaderMap) -> Response {
    if wants_page(&headers) { to_index().await } else { ApiError::NotFound.into_response() }
}

pub async fn to_index() -> Response {
    Redirect::to("/console/").into_response()
}

pub async fn index(headers: HeaderMap) -> Response {
    file(console::INDEX, &headers)
}

/// A file, or the page itself for the paths that its router knows.
pub async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let is_route = || {
        wants_page(&headers)
            && !path.starts_with(console::HASHED)
            && path.split('/').all(|part| part != "..")
    };
    if console::file(&path).is_none() && is_route() {
        return file(console::INDEX, &headers);
    }
    file(&path, &headers)
}

/// Whether a browser opens a page. Its scripts and a till's programs do not ask for HTML.
fn wants_page(headers: &HeaderMap) -> bool {
    has(headers, &header::ACCEPT, "text/html")
}

fn file(path: &str, headers: &HeaderMap) -> Response {
    let Some(file) = console::file(path) else {
        return ApiError::NotFound.into_response();
    };
    let gzip = has(headers, &header::ACCEPT_ENCODING, "gzip");
    let tag = format!("\"{}{}\"", file.tag, if gzip { "-gzip" } else { "" });
    let (Ok(etag), lasting) = (HeaderValue::from_str(&tag), path.starts_with(console::HASHED))
    else {
        return ApiError::NotFound.into_response();
    };
    let own: [(HeaderName, HeaderValue); 7] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media(path))),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, if lasting { FOR_EVER } else { ASK_AGAIN }),
        (header::VARY, HeaderValue::from_static("accept, accept-encoding")),
        (header::ETAG, etag),
    ];
    let mut answer: HeaderMap = own.into_iter().collect();
    if has(headers, &header::IF_NONE_MATCH, &tag) {
        return (StatusCode::NOT_MODIFIED, answer).into_response();
    }
    if gzip {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return (StatusCode::OK, answer, file.gzip).into_response();
    }
    match file.plain() {
        Ok(bytes) => (StatusCode::OK, answer, bytes).into_response(),
        Err(_) => ApiError::NotFound.into_response(),
    }
}

/// Whether a header lists this value. What is listed with a weight of 0 is refused.
fn has(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|entry| {
        let (value, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        let value = value.trim().trim_start_matches("W/");
        let weight = parameters.split(';').find_map(|part| part.trim().strip_prefix("q="));
        let is_refused = weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0));
        value.eq_ignore_ascii_case(wanted) && !is_refused
    })
}

fn media(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
