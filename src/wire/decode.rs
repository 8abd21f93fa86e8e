//! Readers over the tree: typed, bounded values, with a fault at its place for everything that is
//! not as the spec has it.
//!
//! A reader returns `None` after it has added a fault, and goes on elsewhere, so that all faults of
//! a body are reported at once. `null` is absence. Each object ends in [`Object::finish`], which
//! reports what nobody asked for: unknown fields, and keys that are there twice.

use std::borrow::Cow;
use std::hash::Hash;
use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, FixedOffset, NaiveTime, Timelike, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use super::faults::{FaultCode, Faults, Path};
use super::json::Json;
pub use super::object::Object;
use super::object::report_duplicates;
use crate::domain::amount::{DecimalError, Money, Number, Quantity};
use crate::domain::currency::Currency;
use crate::domain::names::Named;

/// Largest unit price, amount, percentage, weight or condition value (spec 14).
pub const MAX_AMOUNT: i32 = 1_000_000_000;
/// Largest quantity (spec 14).
pub const MAX_QUANTITY: i32 = 1_000_000;
/// Largest integer (spec 14).
pub const MAX_INTEGER: i64 = 1_000_000_000;

/// How long a text may be, in characters, and whether it may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextBound {
    empty: bool,
    max: usize,
}

impl TextBound {
    /// A name, an id, a SKU, a code: 1 to 255.
    pub const NAME: Self = Self { empty: false, max: 255 };
    /// A text: 0 to 255.
    pub const TEXT: Self = Self { empty: true, max: 255 };
    /// A description or a message: 0 to 2,000.
    pub const LONG: Self = Self { empty: true, max: 2_000 };

    /// The fewest and the most characters.
    pub const fn range(self) -> (usize, usize) {
        (if self.empty { 0 } else { 1 }, self.max)
    }
}

/// What is read from the digits of a decimal.
pub trait DecimalValue: Copy + PartialOrd + std::fmt::Display {
    /// The smallest that is over 0.
    const LEAST: Self;

    fn whole(whole: i32) -> Self;

    fn parse(digits: &str) -> Result<Self, DecimalError>;
}

macro_rules! decimal_values {
    ($($value:ident),+) => {$(
        impl DecimalValue for $value {
            const LEAST: Self = Self::from_scaled(1);

            fn whole(whole: i32) -> Self {
                Self::whole(whole)
            }

            fn parse(digits: &str) -> Result<Self, DecimalError> {
                Self::parse(digits)
            }
        }
    )+};
}
decimal_values!(Money, Number, Quantity);

/// A value of the tree, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Value<'p, 't> {
    json: &'t Json<'t>,
    path: Path<'p>,
}

impl<'p, 't> Value<'p, 't> {
    pub const fn root(json: &'t Json<'t>) -> Self {
        Self { json, path: Path::Root }
    }

    /// A value at a place.
    pub const fn at(json: &'t Json<'t>, path: Path<'p>) -> Self {
        Self { json, path }
    }

    pub const fn json(&self) -> &'t Json<'t> {
        self.json
    }

    pub const fn path(&self) -> &Path<'p> {
        &self.path
    }

    /// The text in a field of an object. What is none, or not within its bound, is told where the field is read.
    pub fn member_text(&self, name: &str, bound: TextBound) -> Option<&'t str> {
        Self::root(self.json.member(name)?).text(bound, &mut Faults::new())
    }

    /// Adds a fault here; `None`, to be returned.
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
        match self.json {
            Json::Object(members) => Some(Object::new(members, self.path)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                self.wrong_type(faults, "an object")
            }
        }
    }

    /// A list of at least `min` and at most `max` entries, each read by `read`.
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
            return self.fault(
                faults,
                FaultCode::Required,
                format!("needs at least {}", size.start()),
            );
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

    /// An object whose keys are data: at most `max` members, in order, each key once and not empty.
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

    /// A text as it stands, of any length.
    pub fn str(self, faults: &mut Faults) -> Option<&'t str> {
        match self.json {
            Json::String(text) => Some(text),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                self.wrong_type(faults, "a text")
            }
        }
    }

    /// A text within its bound, without control characters.
    pub fn text(self, bound: TextBound, faults: &mut Faults) -> Option<&'t str> {
        let text = self.str(faults)?;
        self.check_text(text, bound, faults)?;
        Some(text)
    }

    /// The same, to be kept.
    pub fn owned(self, bound: TextBound, faults: &mut Faults) -> Option<String> {
        self.text(bound, faults).map(str::to_owned)
    }

    /// The same, as requests hold it.
    pub fn cow(self, bound: TextBound, faults: &mut Faults) -> Option<Cow<'t, str>> {
        self.text(bound, faults).map(Cow::Borrowed)
    }

    fn check_text(&self, text: &str, bound: TextBound, faults: &mut Faults) -> Option<()> {
        if text.is_empty() && !bound.empty {
            return self.fault(faults, FaultCode::Required, "must not be empty");
        }
        // What is short in bytes is short in characters.
        if text.len() > bound.max && text.chars().nth(bound.max).is_some() {
            let max = bound.max;
            return self.fault(
                faults,
                FaultCode::TooLong,
                format!("has more than {max} characters"),
            );
        }
        if has_control(text) {
            return self.fault(faults, FaultCode::Malformed, "has control characters");
        }
        Some(())
    }

    /// The digits of a decimal: a JSON text or number.
    fn digits(self, faults: &mut Faults) -> Option<&'t str> {
        match self.json {
            Json::Number(digits) => Some(digits),
            Json::String(digits) => Some(digits),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => {
                self.wrong_type(faults, "a decimal (a text or a number)")
            }
        }
    }

    /// A decimal within a range.
    pub fn decimal<T: DecimalValue>(
        self,
        range: RangeInclusive<T>,
        faults: &mut Faults,
    ) -> Option<T> {
        let parsed = T::parse(self.digits(faults)?);
        let value = match parsed {
            Ok(value) => value,
            Err(error) => return self.decimal_fault(error, faults),
        };
        if !range.contains(&value) {
            let message = format!("must be {} to {}", range.start(), range.end());
            return self.fault(faults, FaultCode::OutOfRange, message);
        }
        Some(value)
    }

    fn decimal_fault<T>(&self, error: DecimalError, faults: &mut Faults) -> Option<T> {
        match error {
            DecimalError::Malformed => self.fault(
                faults,
                FaultCode::Malformed,
                "must be plain digits, as 12.34: no exponent, blank or plus sign",
            ),
            DecimalError::TooPrecise => {
                self.fault(faults, FaultCode::TooPrecise, "has too many decimals")
            }
            DecimalError::OutOfRange => {
                self.fault(faults, FaultCode::OutOfRange, "has too many digits")
            }
        }
    }

    /// An integer within a range: a JSON number.
    pub fn integer<T: TryFrom<i64>>(
        self,
        range: RangeInclusive<i64>,
        faults: &mut Faults,
    ) -> Option<T> {
        let digits = match self.json {
            Json::Number(digits) => digits,
            Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
                return self.wrong_type(faults, "an integer");
            }
        };
        let value = match crate::domain::amount::parse_scaled(digits, 0) {
            Ok(value) => value,
            Err(error) => return self.decimal_fault(error, faults),
        };
        match T::try_from(value) {
            Ok(integer) if range.contains(&value) => Some(integer),
            Ok(_) | Err(_) => {
                let message = format!("must be {} to {}", range.start(), range.end());
                self.fault(faults, FaultCode::OutOfRange, message)
            }
        }
    }

    /// `true` or `false`.
    pub fn boolean(self, faults: &mut Faults) -> Option<bool> {
        match self.json {
            Json::Bool(value) => Some(*value),
            Json::Null | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
                self.wrong_type(faults, "true or false")
            }
        }
    }

    /// One of the names of `T`.
    pub fn choice<T: Named>(self, faults: &mut Faults) -> Option<T> {
        self.choice_of(T::ALL, faults)
    }

    /// One of these names of `T`.
    pub fn choice_of<T: Named>(self, allowed: &[T], faults: &mut Faults) -> Option<T> {
        let text = self.str(faults)?;
        let found = allowed.iter().find(|value| value.name() == text);
        if found.is_none() {
            let names: Vec<_> = allowed.iter().map(|value| value.name()).collect();
            let message = format!("must be one of: {}", names.join(", "));
            return self.fault(faults, FaultCode::Malformed, message);
        }
        found.copied()
    }

    /// A time with its offset (RFC 3339), in the years 1 to 9999 of UTC.
    pub fn time(self, faults: &mut Faults) -> Option<DateTime<FixedOffset>> {
        let text = self.str(faults)?;
        match DateTime::parse_from_rfc3339(text) {
            // A leap second is no instant of its own here: it would not survive arithmetic.
            Ok(time) if time.nanosecond() < 1_000_000_000 => {
                if (1..=9999).contains(&time.with_timezone(&Utc).year()) {
                    Some(time)
                } else {
                    self.fault(faults, FaultCode::OutOfRange, "must be in the years 1 to 9999")
                }
            }
            Ok(_) | Err(_) => self.fault(
                faults,
                FaultCode::Malformed,
                "must be a time with an offset, as 2026-06-01T00:00:00+05:30",
            ),
        }
    }

    /// A time of the day, `HH:MM`.
    pub fn time_of_day(self, faults: &mut Faults) -> Option<NaiveTime> {
        let text = self.str(faults)?;
        let shape = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit() || b == b':');
        match NaiveTime::parse_from_str(text, "%H:%M") {
            Ok(time) if shape => Some(time),
            Ok(_) | Err(_) => {
                self.fault(faults, FaultCode::Malformed, "must be HH:MM, 00:00 to 23:59")
            }
        }
    }

    /// A time zone of the IANA database.
    pub fn zone(self, faults: &mut Faults) -> Option<Tz> {
        match self.str(faults)?.parse() {
            Ok(zone) => Some(zone),
            Err(_) => {
                self.fault(faults, FaultCode::Malformed, "must be a time zone, as Asia/Kolkata")
            }
        }
    }

    pub fn currency(self, faults: &mut Faults) -> Option<Currency> {
        let text = self.str(faults)?;
        Currency::new(text).or_else(|| {
            self.fault(faults, FaultCode::Malformed, "must be three capital letters, as INR")
        })
    }

    pub fn uuid(self, faults: &mut Faults) -> Option<Uuid> {
        match Uuid::try_parse(self.str(faults)?) {
            Ok(id) => Some(id),
            Err(_) => self.fault(faults, FaultCode::Malformed, "must be a UUID"),
        }
    }
}

/// Adds a fault where a body names something else than its path does, in the field `field`.
pub fn refuse_other_name(
    body: Value<'_, '_>,
    field: &'static str,
    name: &str,
    faults: &mut Faults,
) {
    if body.member_text(field, TextBound::NAME).is_some_and(|own| own != name) {
        let message = format!("is not the {field} of the path");
        faults.add(&body.path().key(field), FaultCode::UnsupportedCombination, message);
    }
}

/// Reports each entry that repeats an earlier one; `None` if there is one.
pub fn refuse_repeated<T: Eq + Hash>(
    entries: impl IntoIterator<Item = T>,
    report: impl Fn(usize, &mut Faults),
    faults: &mut Faults,
) -> Option<()> {
    let (mut seen, mut unique) = (rustc_hash::FxHashSet::default(), Some(()));
    for (place, entry) in entries.into_iter().enumerate() {
        if !seen.insert(entry) {
            report(place, faults);
            unique = None;
        }
    }
    unique
}

/// Most texts are of ASCII, where all bytes can be looked at at once.
fn has_control(text: &str) -> bool {
    if text.is_ascii() {
        text.bytes().fold(false, |any, byte| any | byte.is_ascii_control())
    } else {
        text.chars().any(char::is_control)
    }
}

#[cfg(test)]
mod tests;
