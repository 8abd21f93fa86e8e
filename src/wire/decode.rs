//! Readers of the JSON tree. They return typed, bounded values, and add a fault with its place for everything that the
//! spec does not allow.
//!
//! A reader adds a fault and returns `None`. The caller goes on with the other fields, so that all faults of a body are
//! reported at once. `null` counts as absent. Each object ends in [`Object::finish`], which reports unknown fields.

use std::borrow::Cow;
use std::fmt::Display;
use std::hash::Hash;
use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, FixedOffset, Timelike, Utc};

use super::faults::{FaultCode, Faults, Path};
use super::json::Json;
pub use super::object::Object;
use super::object::report_duplicates;
use crate::domain::amount::{DecimalError, Scaled, parse_scaled};
use crate::domain::names::{Named, names_of};

/// Largest unit price, amount, percentage, weight or condition value (spec 14).
pub const MAX_AMOUNT: i32 = 1_000_000_000;
/// Largest quantity (spec 14).
pub const MAX_QUANTITY: i32 = 1_000_000;
/// Largest integer (spec 14).
pub const MAX_INTEGER: i64 = 1_000_000_000;

/// How long a text may be, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextBound {
    pub min: usize,
    pub max: usize,
}

impl TextBound {
    /// A name, an id, a SKU, a code.
    pub const NAME: Self = Self { min: 1, max: 255 };
    pub const TEXT: Self = Self { min: 0, max: 255 };
    /// A description or a message.
    pub const LONG: Self = Self { min: 0, max: 2_000 };
}

/// A value of the tree, and its place.
#[derive(Clone, Copy, Debug)]
pub struct Value<'p, 't> {
    pub json: &'t Json<'t>,
    pub path: Path<'p>,
}

impl<'p, 't> Value<'p, 't> {
    pub const fn root(json: &'t Json<'t>) -> Self {
        Self { json, path: Path::Root }
    }

    /// The text in a field of an object. Faults of the field are reported where the field itself is read.
    pub fn member_text(&self, name: &str, bound: TextBound) -> Option<&'t str> {
        Self::root(self.json.member(name)?).text(bound, &mut Faults::new())
    }

    pub fn fault<T>(
        &self,
        faults: &mut Faults,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Option<T> {
        faults.add(&self.path, code, message);
        None
    }

    fn wrong_type<T>(&self, faults: &mut Faults, wanted: &str) -> Option<T> {
        let found = self.json.type_name();
        self.fault(faults, FaultCode::WrongType, format!("must be {wanted}, not {found}"))
    }

    pub fn object(self, faults: &mut Faults) -> Option<Object<'p, 't>> {
        let Json::Object(members) = self.json else {
            return self.wrong_type(faults, "an object");
        };
        Some(Object::new(members, self.path))
    }

    /// Reads a list. `size` bounds the number of its entries, and `read` reads each.
    pub fn list<T>(
        self,
        size: RangeInclusive<usize>,
        faults: &mut Faults,
        mut read: impl FnMut(Value<'_, 't>, &mut Faults) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Json::Array(entries) = self.json else {
            return self.wrong_type(faults, "a list");
        };
        if entries.len() < *size.start() {
            let message = format!("needs at least {}", size.start());
            return self.fault(faults, FaultCode::Required, message);
        }
        if entries.len() > *size.end() {
            return self.fault(faults, FaultCode::TooMany, format!("has more than {}", size.end()));
        }
        let mut values = Vec::with_capacity(entries.len());
        for (index, json) in entries.iter().enumerate() {
            let entry = Value { json, path: self.path.index(index) };
            if let Some(value) = read(entry, faults) {
                values.push(value);
            } else if faults.is_full() {
                return None;
            }
        }
        (values.len() == entries.len()).then_some(values)
    }

    /// Reads an object whose keys are data: at most `max` members, in order. Each key must be unique and not empty.
    pub fn map<T>(
        self,
        max: usize,
        faults: &mut Faults,
        mut read: impl FnMut(&'t str, Value<'_, 't>, &mut Faults) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Json::Object(members) = self.json else {
            return self.wrong_type(faults, "an object");
        };
        if members.len() > max {
            return self.fault(faults, FaultCode::TooMany, format!("has more than {max}"));
        }
        let mut entries = Vec::with_capacity(members.len());
        for (key, json) in members {
            let entry = Value { json, path: self.path.key(key) };
            let key_is_good = entry.check_text(key, TextBound::NAME, faults).is_some();
            if let (Some(value), true) = (read(key, entry, faults), key_is_good) {
                entries.push(value);
            }
        }
        let unique = report_duplicates(members, &self.path, faults);
        (unique && entries.len() == members.len()).then_some(entries)
    }

    /// A text of any length, unchecked.
    pub fn str(self, faults: &mut Faults) -> Option<&'t str> {
        let Json::String(text) = self.json else {
            return self.wrong_type(faults, "a text");
        };
        Some(text)
    }

    /// A text within its bound, without control characters.
    pub fn text(self, bound: TextBound, faults: &mut Faults) -> Option<&'t str> {
        let text = self.str(faults)?;
        self.check_text(text, bound, faults)?;
        Some(text)
    }

    /// Parses a text. If that fails, the fault says `must_be`.
    pub fn parsed<T>(
        self,
        must_be: &'static str,
        faults: &mut Faults,
        parse: impl FnOnce(&'t str) -> Option<T>,
    ) -> Option<T> {
        parse(self.str(faults)?).or_else(|| self.fault(faults, FaultCode::Malformed, must_be))
    }

    fn check_text(&self, text: &str, bound: TextBound, faults: &mut Faults) -> Option<()> {
        if text.is_empty() && bound.min > 0 {
            return self.fault(faults, FaultCode::Required, "must not be empty");
        }
        // A text that is short in bytes is also short in characters.
        if text.len() > bound.max && text.chars().nth(bound.max).is_some() {
            let max = bound.max;
            let message = format!("has more than {max} characters");
            return self.fault(faults, FaultCode::TooLong, message);
        }
        if has_control(text) {
            return self.fault(faults, FaultCode::Malformed, "has control characters");
        }
        Some(())
    }

    /// A decimal within a range: a JSON text or number.
    pub fn decimal<T: Scaled>(self, range: RangeInclusive<T>, faults: &mut Faults) -> Option<T> {
        let digits = match self.json {
            Json::Number(digits) => *digits,
            Json::String(digits) => digits,
            _ => return self.wrong_type(faults, "a decimal (a text or a number)"),
        };
        self.within(T::parse(digits), range, faults)
    }

    pub fn integer(self, range: RangeInclusive<i64>, faults: &mut Faults) -> Option<i64> {
        let Json::Number(digits) = self.json else {
            return self.wrong_type(faults, "an integer");
        };
        self.within(parse_scaled(digits, 0), range, faults)
    }

    fn within<T: PartialOrd + Display>(
        &self,
        parsed: Result<T, DecimalError>,
        range: RangeInclusive<T>,
        faults: &mut Faults,
    ) -> Option<T> {
        let (code, message) = match parsed {
            Ok(value) if range.contains(&value) => return Some(value),
            Ok(_) => return self.outside(range, faults),
            Err(DecimalError::Malformed) => (
                FaultCode::Malformed,
                "must be plain digits, as 12.34: no exponent, blank or plus sign",
            ),
            Err(DecimalError::TooPrecise) => (FaultCode::TooPrecise, "has too many decimals"),
            Err(DecimalError::OutOfRange) => (FaultCode::OutOfRange, "has too many digits"),
        };
        self.fault(faults, code, message)
    }

    pub fn outside<T, N: Display>(
        &self,
        range: RangeInclusive<N>,
        faults: &mut Faults,
    ) -> Option<T> {
        self.out_of_range(faults, format!("must be {} to {}", range.start(), range.end()))
    }

    pub fn out_of_range<T>(
        &self,
        faults: &mut Faults,
        message: impl Into<Cow<'static, str>>,
    ) -> Option<T> {
        self.fault(faults, FaultCode::OutOfRange, message)
    }

    pub fn boolean(self, faults: &mut Faults) -> Option<bool> {
        let Json::Bool(value) = self.json else {
            return self.wrong_type(faults, "true or false");
        };
        Some(*value)
    }

    pub fn choice_of<T: Named>(self, allowed: &[T], faults: &mut Faults) -> Option<T> {
        let text = self.str(faults)?;
        allowed.iter().copied().find(|value| value.name() == text).or_else(|| {
            let message = format!("must be one of: {}", names_of(allowed).join(", "));
            self.fault(faults, FaultCode::Malformed, message)
        })
    }

    /// A time with its offset (RFC 3339), in the years 1 to 9999 of UTC.
    pub fn time(self, faults: &mut Faults) -> Option<DateTime<FixedOffset>> {
        let must_be = "must be a time with an offset, as 2026-06-01T00:00:00+05:30";
        let time = self.parsed(must_be, faults, |text| {
            let time = DateTime::parse_from_rfc3339(text).ok()?;
            // A leap second is refused: it would not survive arithmetic.
            (time.nanosecond() < 1_000_000_000).then_some(time)
        })?;
        if (1..=9999).contains(&time.with_timezone(&Utc).year()) {
            Some(time)
        } else {
            self.out_of_range(faults, "must be in the years 1 to 9999")
        }
    }
}

/// Adds a fault if the field `field` of the body has another name than the path.
pub fn refuse_other_name(body: Value<'_, '_>, field: &str, name: &str, faults: &mut Faults) {
    if body.member_text(field, TextBound::NAME).is_some_and(|own| own != name) {
        let message = format!("is not the {field} of the path");
        faults.clash(&body.path.key(field), message);
    }
}

/// Reports each entry of the list at `around` that repeats an earlier one, at its member `key` if there is one. Returns
/// `None` if an entry is repeated.
pub fn refuse_repeated<T: Eq + Hash>(
    entries: impl IntoIterator<Item = (usize, T)>,
    around: &Path<'_>,
    key: Option<&str>,
    faults: &mut Faults,
) -> Option<()> {
    let (mut seen, mut unique) = (rustc_hash::FxHashSet::default(), Some(()));
    for (place, entry) in entries {
        if !seen.insert(entry) {
            let entry = around.index(place);
            faults.repeated(&key.map_or(entry, |key| entry.key(key)));
            unique = None;
        }
    }
    unique
}

/// Most texts are ASCII. For these the compiler can check many bytes at once.
fn has_control(text: &str) -> bool {
    if text.is_ascii() {
        text.bytes().fold(false, |any, byte| any | byte.is_ascii_control())
    } else {
        text.chars().any(char::is_control)
    }
}

#[cfg(test)]
mod tests;
