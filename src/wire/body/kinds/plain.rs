//! Plain values: texts, names of closed sets, integers, times and the like.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use chrono::{DateTime, FixedOffset, NaiveTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::kind::{Describes, Prints, Reads};
use crate::domain::currency::Currency;
use crate::domain::id::RedemptionId;
use crate::domain::names::{Named, names_of};
use crate::wire::body::schema::{Schemas, Side, Titled, one_name, reference};
use crate::wire::bounds::{MAX_INTEGER, TextBound};
use crate::wire::decode::Value;
use crate::wire::faults::{FaultCode, Faults};
use crate::wire::write::Writer;

/// A text within its bound.
pub struct Text(TextBound);

pub const NAME: Text = Text(TextBound::NAME);
pub const TITLE: Text = Text(TextBound::TITLE);
pub const TEXT: Text = Text(TextBound::TEXT);
pub const URL: Text = Text(TextBound::URL);
pub const LONG: Text = Text(TextBound::LONG);
pub const TEMPLATE: Text = Text(TextBound::TEMPLATE);

impl<'t> Reads<'t, String> for Text {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<String> {
        value.text(self.0, faults).map(str::to_owned)
    }
}

impl<'t> Reads<'t, Cow<'t, str>> for Text {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<Cow<'t, str>> {
        value.text(self.0, faults).map(Cow::Borrowed)
    }
}

impl<T: AsRef<str>> Prints<T> for Text {
    fn print(&self, writer: &mut Writer, value: &T) {
        writer.text(value.as_ref());
    }
}

impl Describes for Text {
    fn schema(&self, _: &mut Schemas) -> Json {
        text_schema(self.0)
    }
}

/// The pattern of texts without control characters (spec 14).
const PLAIN: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
/// The pattern of texts that may have line breaks and tabs (spec 1).
const LINES: &str = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$";

pub(super) fn text_schema(bound: TextBound) -> Json {
    let pattern = if bound.has_lines { LINES } else { PLAIN };
    let mut schema = json!({"type": "string", "maxLength": bound.max, "pattern": pattern});
    if bound.min > 0 {
        schema["minLength"] = bound.min.into();
    }
    schema
}

/// A text that answers print, with its schema.
pub struct Like(pub fn(Side) -> Json);

pub const WORDS: Like = Like(|_| json!({"type": "string"}));
/// A JSON pointer.
pub const POINTER: Like = Like(|_| json!({"type": "string", "format": "json-pointer"}));

impl<T: AsRef<str>> Prints<T> for Like {
    fn print(&self, writer: &mut Writer, value: &T) {
        writer.text(value.as_ref());
    }
}

impl Describes for Like {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        (self.0)(schemas.side())
    }
}

/// One of these names of a closed set. If it is the whole set, its schema is a component of its own.
pub struct Choice<T: 'static> {
    names: &'static [T],
    title: Option<&'static str>,
}

pub const fn choice<T: Titled>() -> Choice<T> {
    Choice { names: T::ALL, title: Some(T::TITLE) }
}

pub const fn choice_of<T: Named>(names: &'static [T]) -> Choice<T> {
    Choice { names, title: None }
}

impl<'t, T: Named> Reads<'t, T> for Choice<T> {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<T> {
        value.choice_of(self.names, faults)
    }
}

impl<V: Named, T: Named> Prints<V> for Choice<T> {
    fn print(&self, writer: &mut Writer, value: &V) {
        writer.name(*value);
    }
}

impl<T: Named> Prints<&str> for Choice<T> {
    fn print(&self, writer: &mut Writer, name: &&str) {
        writer.plain(name);
    }
}

impl<T: Named> Describes for Choice<T> {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        let schema = one_name(&names_of(self.names));
        match self.title {
            None => schema,
            Some(title) => {
                schemas.insert(title, schema);
                reference(title)
            }
        }
    }
}

/// An integer within a range: a JSON number.
pub struct Integer {
    least: i64,
    most: Option<i64>,
    /// The fault code for values that are not over 0. The spec has a code of its own for the counts of a benefit.
    not_over: FaultCode,
}

pub const fn integer(range: RangeInclusive<i64>) -> Integer {
    Integer::new(*range.start(), Some(*range.end()))
}

/// 1 to 1,000,000,000.
pub const COUNT: Integer = Integer::new(1, Some(MAX_INTEGER));
/// A number of things, which answers print.
pub const SIZE: Integer = Integer::new(0, None);
/// A number that grows with each change. Answers print it.
pub const VERSION: Integer = Integer::new(1, None);
pub const NUMBERED: Integer = Integer::new(i64::MIN, None);

impl Integer {
    const fn new(least: i64, most: Option<i64>) -> Self {
        Self { least, most, not_over: FaultCode::OutOfRange }
    }

    /// A value that is not over 0 is reported as an unsupported combination.
    pub const fn combining(self) -> Self {
        Self { not_over: FaultCode::UnsupportedCombination, ..self }
    }
}

impl<'t, T: TryFrom<i64>> Reads<'t, T> for Integer {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<T> {
        let most = self.most.unwrap_or(i64::MAX);
        let combines = self.not_over == FaultCode::UnsupportedCombination;
        let range = if combines { -most..=most } else { self.least..=most };
        let read = value.integer(range.clone(), faults)?;
        match T::try_from(read) {
            Ok(read_as) if read >= self.least => Some(read_as),
            _ if combines => value.fault(faults, self.not_over, "must be over 0"),
            _ => value.outside(range, faults),
        }
    }
}

impl<T: Copy + TryInto<i64>> Prints<T> for Integer {
    fn print(&self, writer: &mut Writer, value: &T) {
        // No count is larger than this.
        writer.integer((*value).try_into().unwrap_or(i64::MAX));
    }
}

impl Describes for Integer {
    fn schema(&self, _: &mut Schemas) -> Json {
        let mut schema = json!({"type": "integer"});
        if self.least > i64::MIN {
            schema["minimum"] = self.least.into();
        }
        if let Some(most) = self.most {
            schema["maximum"] = most.into();
        }
        schema
    }
}

/// Kinds without bounds: for each, how it is read and printed, and its schema.
macro_rules! plain {
    ($($(#[$about:meta])* $name:ident: $kind:ident, $type:ty,
        |$value:ident, $faults:ident| $read:expr, |$writer:ident, $printed:ident| $print:expr,
        $schema:tt;)+) => {$(
        $(#[$about])*
        pub struct $kind;
        $(#[$about])*
        pub const $name: $kind = $kind;

        impl<'t> Reads<'t, $type> for $kind {
            fn read(&self, $value: Value<'_, 't>, $faults: &mut Faults) -> Option<$type> {
                $read
            }
        }

        impl Prints<$type> for $kind {
            fn print(&self, $writer: &mut Writer, $printed: &$type) {
                $print
            }
        }

        impl Describes for $kind {
            fn schema(&self, _: &mut Schemas) -> Json {
                json!($schema)
            }
        }
    )+};
}

plain! {
    BOOLEAN: Boolean, bool, |value, faults| value.boolean(faults),
        |writer, value| writer.boolean(*value), {"type": "boolean"};
    /// A time whose offset does not matter. Answers print it in UTC, to the millisecond.
    INSTANT: Instant, DateTime<Utc>, |value, faults| value.time(faults).map(|time| time.to_utc()),
        |writer, time| writer.plain(time.to_rfc3339_opts(SecondsFormat::Millis, true)),
        {"type": "string", "format": "date-time"};
    /// A time with its offset (RFC 3339). Answers print as many decimals of a second as it has.
    TIME: Time, DateTime<FixedOffset>, |value, faults| value.time(faults),
        |writer, time| writer.time(time), {"type": "string", "format": "date-time"};
    TIME_OF_DAY: TimeOfDay, NaiveTime, |value, faults| {
            value.parsed("must be HH:MM, 00:00 to 23:59", faults, |text| {
                let shape = |byte: u8| byte.is_ascii_digit() || byte == b':';
                let time = NaiveTime::parse_from_str(text, "%H:%M").ok()?;
                (text.len() == 5 && text.bytes().all(shape)).then_some(time)
            })
        },
        |writer, time| writer.plain(time.format("%H:%M")),
        {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"};
    /// A time zone of the IANA database.
    ZONE: Zone, Tz, |value, faults|
        value.parsed("must be a time zone, as Asia/Kolkata", faults, |text| text.parse().ok()),
        |writer, zone| writer.text(zone.name()),
        {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$", "maxLength": 64};
    /// Three capital letters (ISO 4217).
    CURRENCY: CurrencyCode, Currency, |value, faults|
        value.parsed("must be three capital letters, as INR", faults, Currency::new),
        |writer, currency| writer.plain(currency), {"type": "string", "pattern": "^[A-Z]{3}$"};
    ID: Id, Uuid, |value, faults|
        value.parsed("must be a UUID", faults, |text| Uuid::try_parse(text).ok()), |writer, id| writer.id(*id),
        {"type": "string", "format": "uuid"};
}

impl Prints<DateTime<Utc>> for Time {
    fn print(&self, writer: &mut Writer, time: &DateTime<Utc>) {
        writer.time(time);
    }
}

impl<'t> Reads<'t, RedemptionId> for Id {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<RedemptionId> {
        let id: Uuid = self.read(value, faults)?;
        Some(RedemptionId::new(id))
    }
}
