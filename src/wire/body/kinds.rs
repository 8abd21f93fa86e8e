//! Of what kind a value is: texts, decimals, lists, parts, each with its bounds, which are kept when it is read and told
//! in the document.

use std::borrow::Cow;
use std::fmt::Display;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use chrono::{DateTime, FixedOffset, NaiveTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Value as Json, json};
use uuid::Uuid;

pub use decimals::*;
pub use parts::*;

use super::schema::one_name;
use super::{Schemas, Titled};
use crate::domain::currency::Currency;
use crate::domain::id::RedemptionId;
use crate::domain::names::Named;
use crate::wire::decode::{MAX_INTEGER, TextBound, Value};
use crate::wire::faults::{FaultCode, Faults};
use crate::wire::write::Writer;

mod decimals;
mod parts;

/// How a value is read as a `T`.
pub trait Reads<'t, T> {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<T>;
}

/// How a `T` is printed.
pub trait Prints<T> {
    fn print(&self, writer: &mut Writer, value: &T);
}

pub trait Describes {
    fn schema(&self, schemas: &mut Schemas) -> Json;
}

impl<'t, T, K: Reads<'t, T>> Reads<'t, T> for &K {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<T> {
        (*self).read(value, faults)
    }
}

impl<K: Describes> Describes for &K {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        (*self).schema(schemas)
    }
}

/// A text within its bound, without control characters.
#[derive(Clone, Copy, Debug)]
pub struct Text(TextBound);

pub const NAME: Text = Text(TextBound::NAME);
pub const TEXT: Text = Text(TextBound::TEXT);
pub const LONG: Text = Text(TextBound::LONG);

impl<'t> Reads<'t, String> for Text {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<String> {
        value.owned(self.0, faults)
    }
}

impl<'t> Reads<'t, Cow<'t, str>> for Text {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<Cow<'t, str>> {
        value.cow(self.0, faults)
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

/// Texts without control characters (spec 14).
const PLAIN: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";

fn text_schema(bound: TextBound) -> Json {
    let (min, max) = bound.range();
    let mut schema = json!({"type": "string", "maxLength": max, "pattern": PLAIN});
    if min > 0 {
        schema["minLength"] = min.into();
    }
    schema
}

/// A text that answers print.
#[derive(Clone, Copy, Debug)]
pub struct Words;
pub const WORDS: Words = Words;

impl<T: AsRef<str>> Prints<T> for Words {
    fn print(&self, writer: &mut Writer, value: &T) {
        writer.text(value.as_ref());
    }
}

impl Describes for Words {
    fn schema(&self, _: &mut Schemas) -> Json {
        json!({"type": "string"})
    }
}

/// One of the names of a closed set; in the document, by the name of its component.
#[derive(Clone, Copy, Debug)]
pub struct Choice<T>(PhantomData<T>);

pub const fn choice<T: Titled>() -> Choice<T> {
    Choice(PhantomData)
}

impl<'t, T: Named> Reads<'t, T> for Choice<T> {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<T> {
        value.choice(faults)
    }
}

impl<T: Named> Prints<T> for Choice<T> {
    fn print(&self, writer: &mut Writer, value: &T) {
        writer.name(*value);
    }
}

impl<T: Titled> Describes for Choice<T> {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        schemas.choice::<T>()
    }
}

/// One of these names of a closed set.
#[derive(Clone, Copy, Debug)]
pub struct ChoiceOf<T: 'static>(&'static [T]);

pub const fn choice_of<T: Named>(names: &'static [T]) -> ChoiceOf<T> {
    ChoiceOf(names)
}

impl<'t, T: Named> Reads<'t, T> for ChoiceOf<T> {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<T> {
        value.choice_of(self.0, faults)
    }
}

impl<V: Named, T: Named> Prints<V> for ChoiceOf<T> {
    fn print(&self, writer: &mut Writer, value: &V) {
        writer.name(*value);
    }
}

impl<T: Named> Describes for ChoiceOf<T> {
    fn schema(&self, _: &mut Schemas) -> Json {
        let names: Vec<&str> = self.0.iter().map(|value| value.name()).collect();
        one_name(&names)
    }
}

/// `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub struct Boolean;
pub const BOOLEAN: Boolean = Boolean;

impl<'t> Reads<'t, bool> for Boolean {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<bool> {
        value.boolean(faults)
    }
}

impl Prints<bool> for Boolean {
    fn print(&self, writer: &mut Writer, value: &bool) {
        writer.boolean(*value);
    }
}

impl Describes for Boolean {
    fn schema(&self, _: &mut Schemas) -> Json {
        json!({"type": "boolean"})
    }
}

/// One of these names, which are no closed set elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct OneOf(pub &'static [&'static str]);

impl Prints<&str> for OneOf {
    fn print(&self, writer: &mut Writer, value: &&str) {
        writer.plain(value);
    }
}

impl Describes for OneOf {
    fn schema(&self, _: &mut Schemas) -> Json {
        one_name(self.0)
    }
}

/// An integer within a range: a JSON number.
#[derive(Clone, Debug)]
pub struct Integer {
    least: i64,
    most: Option<i64>,
    /// The spec has a code of its own for counts of a benefit that are not over 0.
    not_over: FaultCode,
}

pub const fn integer(range: RangeInclusive<i64>) -> Integer {
    Integer::new(*range.start(), Some(*range.end()))
}

/// 1 to 1,000,000,000.
pub const COUNT: Integer = Integer::new(1, Some(MAX_INTEGER));
/// A number of things that answers print.
pub const SIZE: Integer = Integer::new(0, None);
/// A number that grows with each change, which answers print.
pub const VERSION: Integer = Integer::new(1, None);
/// The number of something, which answers print.
pub const NUMBERED: Integer = Integer::new(i64::MIN, None);

impl Integer {
    const fn new(least: i64, most: Option<i64>) -> Self {
        Self { least, most, not_over: FaultCode::OutOfRange }
    }

    /// One that is not over 0 is told as a part that does not go with the others.
    pub const fn combining(self) -> Self {
        Self { not_over: FaultCode::UnsupportedCombination, ..self }
    }
}

impl<'t, T: TryFrom<i64>> Reads<'t, T> for Integer {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<T> {
        let most = self.most.unwrap_or(i64::MAX);
        if self.not_over == FaultCode::OutOfRange {
            return value.integer(self.least..=most, faults);
        }
        let read: i64 = value.integer(-most..=most, faults)?;
        match T::try_from(read) {
            Ok(read_as) if read > 0 => Some(read_as),
            Ok(_) | Err(_) => value.fault(faults, self.not_over, "must be over 0"),
        }
    }
}

impl<T: Copy + TryInto<i64>> Prints<T> for Integer {
    fn print(&self, writer: &mut Writer, value: &T) {
        // Nothing that is counted comes to more.
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

/// Kinds that have no bounds: how each is read, what of it is printed, and its schema.
macro_rules! plain {
    ($($(#[$about:meta])* $name:ident: $kind:ident, $type:ty,
        |$value:ident, $faults:ident| $read:expr, |$writer:ident, $printed:ident| $print:expr,
        $schema:tt;)+) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug)]
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
    /// A time of which the offset says nothing: answers print it in UTC, to the millisecond.
    INSTANT: Instant, DateTime<Utc>, |value, faults| value.time(faults).map(|time| time.to_utc()),
        |writer, time| writer.plain(time.to_rfc3339_opts(SecondsFormat::Millis, true)),
        {"type": "string", "format": "date-time"};
    /// `HH:MM`.
    TIME_OF_DAY: TimeOfDay, NaiveTime, |value, faults| value.time_of_day(faults),
        |writer, time| writer.plain(time.format("%H:%M")),
        {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"};
    /// A time zone of the IANA database.
    ZONE: Zone, Tz, |value, faults| value.zone(faults), |writer, zone| writer.text(zone.name()),
        {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$", "maxLength": 64};
    /// Three capital letters (ISO 4217).
    CURRENCY: CurrencyCode, Currency, |value, faults| value.currency(faults),
        |writer, currency| writer.plain(currency), {"type": "string", "pattern": "^[A-Z]{3}$"};
    /// A UUID.
    ID: Id, Uuid, |value, faults| value.uuid(faults), |writer, id| writer.id(*id),
        {"type": "string", "format": "uuid"};
}

/// A time with its offset (RFC 3339), with as many decimals of a second as it has.
#[derive(Clone, Copy, Debug)]
pub struct Time;
pub const TIME: Time = Time;

impl<'t> Reads<'t, DateTime<FixedOffset>> for Time {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<DateTime<FixedOffset>> {
        value.time(faults)
    }
}

impl<Z: TimeZone<Offset: Display>> Prints<DateTime<Z>> for Time {
    fn print(&self, writer: &mut Writer, time: &DateTime<Z>) {
        writer.time(time);
    }
}

impl Describes for Time {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        INSTANT.schema(schemas)
    }
}

impl<'t> Reads<'t, RedemptionId> for Id {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<RedemptionId> {
        value.uuid(faults).map(RedemptionId::new)
    }
}

/// A text of which no other kind tells what it may be: its schema as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Like(pub fn() -> Json);

/// A JSON pointer.
pub const POINTER: Like = Like(|| json!({"type": "string", "format": "json-pointer"}));

impl<T: AsRef<str>> Prints<T> for Like {
    fn print(&self, writer: &mut Writer, value: &T) {
        writer.text(value.as_ref());
    }
}

impl Describes for Like {
    fn schema(&self, _: &mut Schemas) -> Json {
        (self.0)()
    }
}

/// Any JSON value; printed by a closure.
#[derive(Clone, Copy, Debug)]
pub struct Anything(pub &'static str);

impl Describes for Anything {
    fn schema(&self, _: &mut Schemas) -> Json {
        json!({"description": self.0})
    }
}
