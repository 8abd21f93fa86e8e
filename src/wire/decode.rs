//! The reader of the JSON tree: values, and objects field by field. Its functions return typed, bounded values, and add
//! a fault with its place for everything that the spec does not allow.
//!
//! A reader adds a fault and returns `None`. The caller goes on with the other fields, so that all faults of a body are
//! reported at once. `null` counts as absent. Each object ends in [`Object::finish`], which reports unknown fields.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, FixedOffset, Timelike, Utc};

use super::bounds::TextBound;
use super::duplicates::{report_duplicates, report_duplicates_below};
use super::faults::{FaultCode, Faults, Path};
use super::json::{Json, Member};
use crate::domain::amount::{DecimalError, Scaled, parse_scaled};
use crate::domain::names::{Named, names_of};

/// Most members that are searched. No object of the spec has nearly as many, so all further members are unknown.
const MOST: usize = 128;

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
        Some(Object { members, path: self.path, taken: 0, next: 0 })
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
            let key_is_good = entry.check_length(key, TextBound::NAME, faults).is_some()
                && entry.check_controls(key, TextBound::NAME, faults).is_some();
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

    /// A text within its bound.
    pub fn text(self, bound: TextBound, faults: &mut Faults) -> Option<&'t str> {
        let text = self.str(faults)?;
        let is_trimmed = bound.is_trimmed && !faults.are_of_stored();
        let read = if is_trimmed { text.trim() } else { text };
        self.check_length(read, bound, faults)?;
        // White space that is removed may not be a control character either.
        self.check_controls(text, bound, faults)?;
        Some(read)
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

    fn check_length(&self, text: &str, bound: TextBound, faults: &mut Faults) -> Option<()> {
        if text.is_empty() && bound.min > 0 {
            return self.fault(faults, FaultCode::Required, "must not be empty");
        }
        // A text that is short in bytes is also short in characters.
        if text.len() > bound.max && text.chars().nth(bound.max).is_some() {
            let max = bound.max;
            let message = format!("has more than {max} characters");
            return self.fault(faults, FaultCode::TooLong, message);
        }
        Some(())
    }

    fn check_controls(&self, text: &str, bound: TextBound, faults: &mut Faults) -> Option<()> {
        let is_allowed = |byte: char| bound.has_lines && matches!(byte, '\n' | '\r' | '\t');
        if has_control(text) && text.chars().any(|one| one.is_control() && !is_allowed(one)) {
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

/// An object whose fields are read one by one.
#[derive(Debug)]
pub struct Object<'p, 't> {
    members: &'t [Member<'t>],
    path: Path<'p>,
    /// One bit for each member that was read.
    taken: u128,
    /// Where the next search begins, because most bodies have their fields in the order of the spec.
    next: usize,
}

impl<'p, 't> Object<'p, 't> {
    pub const fn path(&self) -> &Path<'p> {
        &self.path
    }

    /// Adds a fault at the field `name`. Returns `None` for the caller to return.
    pub fn fault<T>(
        &self,
        name: &str,
        faults: &mut Faults,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Option<T> {
        faults.add(&self.path.key(name), code, message);
        None
    }

    /// Adds a fault: the field `name` cannot be combined with the others. Returns `None` for the caller to return.
    pub fn clash<T>(&self, name: &str, message: &'static str, faults: &mut Faults) -> Option<T> {
        self.fault(name, faults, FaultCode::UnsupportedCombination, message)
    }

    /// Any of several duplicates may be found: the others are reported, and the body is refused.
    fn place(&self, name: &str) -> Option<usize> {
        let searched = self.members.get(..MOST).unwrap_or(self.members);
        let (before, after) = searched.split_at_checked(self.next)?;
        let is_it = |member: &Member<'_>| member.0 == name;
        match after.iter().position(is_it) {
            Some(place) => Some(place + before.len()),
            None => before.iter().position(is_it),
        }
    }

    fn find(&mut self, name: &str) -> Option<&'t Json<'t>> {
        let place = self.place(name)?;
        let (_, json) = self.members.get(place)?;
        self.taken |= 1 << place;
        self.next = (place + 1).min(self.members.len()).min(MOST);
        (*json != Json::Null).then_some(json)
    }

    pub fn has(&self, name: &str) -> bool {
        let member = self.place(name).and_then(|place| self.members.get(place));
        member.is_some_and(|(_, json)| *json != Json::Null)
    }

    pub fn required<T>(
        &mut self,
        name: &str,
        faults: &mut Faults,
        read: impl FnOnce(Value<'_, 't>, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        let value = self.optional(name, faults, read)?;
        value.or_else(|| self.fault(name, faults, FaultCode::Required, "is required"))
    }

    /// Reads the field that determines the other fields. A later read of the same name finds the same member.
    pub fn tag<T: Named>(&mut self, name: &str, faults: &mut Faults) -> Option<T> {
        let tag = self.required(name, faults, |value, faults| value.choice_of(T::ALL, faults));
        self.next = self.next.saturating_sub(1);
        tag
    }

    /// Reads a field that may be absent. The result is `Some(None)` if it is absent, and `None` if it is faulty.
    pub fn optional<T>(
        &mut self,
        name: &str,
        faults: &mut Faults,
        read: impl FnOnce(Value<'_, 't>, &mut Faults) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.find(name) {
            None => Some(None),
            Some(json) => read(Value { json, path: self.path.key(name) }, faults).map(Some),
        }
    }

    pub fn or<T>(
        &mut self,
        name: &str,
        default: T,
        faults: &mut Faults,
        read: impl FnOnce(Value<'_, 't>, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        Some(self.optional(name, faults, read)?.unwrap_or(default))
    }

    /// Accepts fields without reading them. Duplicate keys in them are faults all the same.
    pub fn ignore(&mut self, names: &[&str], faults: &mut Faults) {
        for name in names {
            if let Some(json) = self.find(name) {
                report_duplicates_below(json, &self.path.key(name), faults);
            }
        }
    }

    /// Refuses fields that cannot be combined with the others: adds a fault for each that is present and not null.
    pub fn refuse(
        &mut self,
        names: &[&str],
        message: &'static str,
        faults: &mut Faults,
    ) -> Option<()> {
        let mut alone = Some(());
        for name in names {
            if self.find(name).is_some() {
                alone = self.clash(name, message, faults);
            }
        }
        alone
    }

    /// Reports every member that no reader took. Returns `None` if there is one.
    pub fn finish(self, faults: &mut Faults) -> Option<()> {
        if self.taken.count_ones() as usize == self.members.len() {
            return Some(());
        }
        let is_taken = |place: usize| place < MOST && self.taken & (1 << place) != 0;
        for (place, (key, _)) in self.members.iter().enumerate() {
            if is_taken(place) {
                continue;
            }
            let mut others = self.members.iter().enumerate();
            if others.any(|(other, member)| is_taken(other) && member.0 == *key) {
                faults.repeated(&self.path.key(key));
            } else {
                self.fault::<()>(key, faults, FaultCode::UnknownField, "is not a field here");
            }
            if faults.is_full() {
                break;
            }
        }
        None
    }
}

/// Adds a fault if the field `field` of the body has another name than the path.
pub fn refuse_other_name(body: Value<'_, '_>, field: &str, name: &str, faults: &mut Faults) {
    let own = body.member_text(field, TextBound::NAME);
    if own.is_some_and(|own| own != name && own.trim() != name) {
        let message = format!("is not the {field} of the path");
        faults.clash(&body.path.key(field), message);
    }
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
