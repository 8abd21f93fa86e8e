//! Decimals. In requests they are texts or numbers, in answers texts.

use std::borrow::Borrow;
use std::fmt::Display;

use serde_json::{Value as Json, json};

use super::kind::{Describes, Prints, Reads};
use super::plain::{Like, text_schema};
use crate::domain::amount::{DECIMALS, Money, QUANTITY_DECIMALS, Scaled};
use crate::domain::exact::Exact;
use crate::wire::body::schema::{Schemas, Side, reference};
use crate::wire::bounds::{MAX_AMOUNT, MAX_QUANTITY, TextBound};
use crate::wire::decode::Value;
use crate::wire::faults::{FaultCode, Faults};
use crate::wire::write::Writer;

/// A decimal within bounds. In requests it is a text or a number, in answers a text.
pub struct Decimal {
    least: i32,
    most: i32,
    over_least: bool,
    places: u32,
    /// The fault code for values that are not over 0. The spec has a code of its own for the decimals of a benefit.
    not_over: FaultCode,
}

/// An amount of money or a plain number: 0 to 1,000,000,000.
pub const AMOUNT: Decimal = decimal(0, MAX_AMOUNT, DECIMALS);
/// An amount over 0, at most 1,000,000,000.
pub const POSITIVE_AMOUNT: Decimal = AMOUNT.over();
/// -1,000,000,000 to 1,000,000,000.
pub const NUMBER: Decimal = decimal(-MAX_AMOUNT, MAX_AMOUNT, DECIMALS);
/// Over 0, at most 100.
pub const PERCENTAGE: Decimal = decimal(0, 100, DECIMALS).over();
/// Over 0, at most 24.
pub const HOURS: Decimal = decimal(0, 24, DECIMALS).over();
/// Over 0, at most 1,000,000, with three decimals.
pub const QUANTITY: Decimal = decimal(0, MAX_QUANTITY, QUANTITY_DECIMALS).over();

const fn decimal(least: i32, most: i32, places: u32) -> Decimal {
    Decimal { least, most, over_least: false, places, not_over: FaultCode::OutOfRange }
}

impl Decimal {
    const fn over(self) -> Self {
        Self { over_least: true, ..self }
    }

    /// A value that is not over 0 is reported as an unsupported combination.
    pub const fn combining(self) -> Self {
        Self { not_over: FaultCode::UnsupportedCombination, ..self }
    }

    /// The bounds as keywords of JSON Schema, for programs that check or make bodies. The schema itself is that of a
    /// text, which cannot have these keywords.
    fn bounds(&self) -> Json {
        let least_of = if self.over_least { "exclusiveMinimum" } else { "minimum" };
        let step = 1.0 / f64::from(10_u32.pow(self.places));
        json!({least_of: self.least, "maximum": self.most, "multipleOf": step})
    }
}

impl<'t, T: Scaled> Reads<'t, T> for Decimal {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<T> {
        let most = T::whole(self.most);
        if self.not_over == FaultCode::OutOfRange {
            let least = if self.over_least { T::LEAST } else { T::whole(self.least) };
            return value.decimal(least..=most, faults);
        }
        let read = value.decimal(T::whole(-self.most)..=most, faults)?;
        if read >= T::LEAST {
            return Some(read);
        }
        value.fault(faults, self.not_over, "must be over 0")
    }
}

impl<T: Display> Prints<T> for Decimal {
    fn print(&self, writer: &mut Writer, value: &T) {
        writer.plain(value);
    }
}

impl Describes for Decimal {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        let mut schema = printed_decimal(schemas);
        if schemas.side() == Side::Request {
            schema["x-decimal"] = self.bounds();
        }
        schema
    }
}

/// A decimal that answers print: a number as it is, or an amount with at least the given number of decimals.
pub struct Printed;
pub const DECIMAL: Printed = Printed;

impl Prints<(Money, u32)> for Printed {
    fn print(&self, writer: &mut Writer, (amount, precision): &(Money, u32)) {
        writer.money(*amount, *precision);
    }
}

impl<E: Borrow<Exact>> Prints<(E, u32)> for Printed {
    fn print(&self, writer: &mut Writer, (amount, precision): &(E, u32)) {
        writer.exact(amount.borrow(), *precision);
    }
}

impl Prints<Exact> for Printed {
    fn print(&self, writer: &mut Writer, amount: &Exact) {
        writer.exact(amount, 0);
    }
}

impl<'t> Reads<'t, Exact> for Printed {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<Exact> {
        Exact::parse(value.str(faults)?)
    }
}

impl Prints<&str> for Printed {
    fn print(&self, writer: &mut Writer, digits: &&str) {
        writer.plain(digits);
    }
}

impl Prints<String> for Printed {
    fn print(&self, writer: &mut Writer, digits: &String) {
        writer.plain(digits);
    }
}

impl Describes for Printed {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        printed_decimal(schemas)
    }
}

/// The component that all decimals share.
fn printed_decimal(schemas: &mut Schemas) -> Json {
    let schema = json!({
        "type": "string",
        "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$",
        "description": "A decimal, exactly: its digits as a text. Requests may have a JSON number instead.",
        "examples": ["12.50"],
    });
    schemas.insert("Decimal", schema);
    reference("Decimal")
}

/// A text, or the digits of a decimal. Other members decide which of the two it is.
pub const SCALAR: Like = Like(|side| {
    let mut schema = text_schema(TextBound::TEXT);
    if side == Side::Request {
        schema["x-or-number"] = NUMBER.bounds();
    }
    schema
});
