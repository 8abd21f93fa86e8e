//! Query parameters.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use chrono::{DateTime, Datelike, Utc};

use super::problem::ApiError;
use crate::domain::names::{Named, names_of};
use crate::wire::faults::{FaultCode, Faults, push_key};

/// Longest text that names something in a path or a query.
pub const MAX_NAME: usize = 255;

/// Query parameters. Each must be read before [`Query::finish`].
#[derive(Debug)]
pub struct Query {
    path: String,
    given: BTreeMap<String, String>,
    faults: Faults,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::read(&parts.uri))
    }
}

impl Query {
    pub fn read(uri: &Uri) -> Self {
        let path = uri.path().to_owned();
        let mut query = Self { path, given: BTreeMap::new(), faults: Faults::new() };
        for pair in uri.query().unwrap_or_default().split('&') {
            if pair.is_empty() {
                continue;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (unescape(name), unescape(value)) else {
                query.fault("", FaultCode::Malformed, "the query is not UTF-8 with percent signs");
                continue;
            };
            if query.given.contains_key(&name) {
                query.fault(&name, FaultCode::NotUnique, "is there twice");
            }
            query.given.insert(name, value);
        }
        query
    }

    pub fn fault(&mut self, name: &str, code: FaultCode, message: impl Into<Cow<'static, str>>) {
        let mut pointer = String::with_capacity(name.len() + 1);
        push_key(&mut pointer, name);
        self.faults.add_at(pointer, code, message);
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// A parameter as it is, if it is present.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.given.remove(name)
    }

    /// A text of at most 255 characters.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let text = self.take(name)?;
        if text.chars().count() > MAX_NAME {
            self.fault(name, FaultCode::TooLong, "has more than 255 characters");
            return None;
        }
        if text.chars().any(char::is_control) {
            self.fault(name, FaultCode::Malformed, "has control characters");
            return None;
        }
        Some(text)
    }

    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        let text = self.take(name)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.fault(name, FaultCode::Malformed, "must be true or false");
        }
        value
    }

    pub fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let text = self.take(name)?;
        // A `+` of an offset that was not escaped has become a space.
        let Ok(time) = DateTime::parse_from_rfc3339(&text.replace(' ', "+")) else {
            self.fault(name, FaultCode::Malformed, "is not an RFC 3339 time with an offset");
            return None;
        };
        let time = time.to_utc();
        if !(1..=9999).contains(&time.year()) {
            self.fault(name, FaultCode::OutOfRange, "must be in the years 1 to 9999");
            return None;
        }
        Some(time)
    }

    /// The value of a closed set that has this name.
    pub fn choice<T: Named>(&mut self, name: &str) -> Option<T> {
        let text = self.take(name)?;
        let found = T::ALL.iter().copied().find(|value| value.name() == text);
        if found.is_none() {
            let names = names_of(T::ALL).join(", ");
            self.fault(name, FaultCode::Malformed, format!("must be one of: {names}"));
        }
        found
    }

    /// Values of a closed set, parted by commas; empty if the parameter is absent.
    pub fn choices<T: Named + PartialEq>(&mut self, name: &str) -> Vec<T> {
        let Some(text) = self.take(name) else { return Vec::new() };
        let mut found = Vec::new();
        for part in text.split(',') {
            match T::named(part) {
                Some(value) if found.contains(&value) => {
                    self.fault(name, FaultCode::NotUnique, "names a value twice")
                }
                Some(value) => found.push(value),
                None => {
                    let names = names_of(T::ALL).join(", ");
                    let message = format!("must be of these, parted by commas: {names}");
                    self.fault(name, FaultCode::Malformed, message);
                    break;
                }
            }
        }
        found
    }

    /// Refuses faulty parameters, and parameters that were not read.
    pub fn finish(mut self) -> Result<(), ApiError> {
        for name in std::mem::take(&mut self.given).into_keys() {
            self.fault(&name, FaultCode::UnknownField, "is not a parameter here");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.faults)) }
    }
}

/// Decodes a part of a query: `+` is a space, `%` begins an escape.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_unescaped() {
        assert_eq!(unescape("a+b%20%C3%A9").as_deref(), Some("a b é"));
        assert_eq!(unescape("%"), None);
        assert_eq!(unescape("%zz"), None);
        assert_eq!(unescape("%ff"), None);
    }
}
