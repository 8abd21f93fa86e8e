//! The words in which schemas are written: texts, decimals, lists, objects, each with the bounds that the readers of
//! [`crate::wire`] keep. What is written once here is described twice: as requests may have it, and as answers do.

use serde_json::{Map, Value, json};

use super::enums::Titled;
use crate::domain::amount::{DECIMALS, QUANTITY_DECIMALS};
use crate::domain::names::Named;
use crate::wire::decode::{MAX_AMOUNT, MAX_INTEGER, MAX_QUANTITY, TextBound};

/// Texts without control characters (spec 14).
const PLAIN: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
/// Under this a decimal of a request has its bounds.
const BOUNDS: &str = "x-decimal";
/// Under this a text of a request has its bounds where it is a number.
const OR_NUMBER: &str = "x-or-number";
/// What answers print every decimal as.
const PRINTED: &str = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$";

/// Which way a body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// To the service: what is optional may be absent or null, decimals are texts or numbers.
    Request,
    /// From the service: every field is there, decimals are texts.
    Answer,
}

/// A decimal's bounds.
#[derive(Clone, Copy, Debug)]
pub enum Decimal {
    /// An amount of money or a plain number, 0 to 1,000,000,000, at most 4 decimals.
    Amount,
    /// The same, over 0.
    PositiveAmount,
    /// -1,000,000,000 to 1,000,000,000, at most 4 decimals.
    Any,
    /// Over 0, at most 100, at most 4 decimals.
    Percentage,
    /// Over 0, at most 24, at most 4 decimals.
    Hours,
    /// Over 0, at most 1,000,000, at most 3 decimals.
    Quantity,
}

impl Decimal {
    /// The bounds as keywords of JSON Schema, for programs that check or make bodies. The schema itself is a text, which has
    /// no such keywords.
    fn bounds(self) -> Value {
        let (over_zero, least, most, places) = match self {
            Self::Amount => (false, 0, MAX_AMOUNT, DECIMALS),
            Self::PositiveAmount => (true, 0, MAX_AMOUNT, DECIMALS),
            Self::Any => (false, -MAX_AMOUNT, MAX_AMOUNT, DECIMALS),
            Self::Percentage => (true, 0, 100, DECIMALS),
            Self::Hours => (true, 0, 24, DECIMALS),
            Self::Quantity => (true, 0, MAX_QUANTITY, QUANTITY_DECIMALS),
        };
        let least_of = if over_zero { "exclusiveMinimum" } else { "minimum" };
        let step = 1.0 / f64::from(10_u32.pow(places));
        json!({least_of: least, "maximum": most, "multipleOf": step})
    }
}

impl Side {
    /// A decimal.
    pub fn decimal(self, decimal: Decimal) -> Value {
        let mut schema = reference("Decimal");
        if self == Self::Request {
            schema[BOUNDS] = decimal.bounds();
        }
        schema
    }

    /// A text, or the digits of a decimal.
    pub fn scalar(self) -> Value {
        let mut schema = text(TextBound::TEXT);
        if self == Self::Request {
            schema[OR_NUMBER] = Decimal::Any.bounds();
        }
        schema
    }

    /// A part that has a schema of its own, one for each side.
    pub fn part(self, name: &str) -> Value {
        reference(&self.part_name(name))
    }

    /// One of several parts, told apart by the name that each has in the field `tag`.
    pub fn one_of<T: Named>(
        self,
        tag: &str,
        kinds: &[T],
        part: impl Fn(T) -> &'static str,
        description: &str,
    ) -> Value {
        let parts = kinds.iter().map(|kind| (kind.name(), self.part_name(part(*kind))));
        one_of(tag, parts, description)
    }

    /// The name of the part's schema.
    fn part_name(self, name: &str) -> String {
        match self {
            Self::Request => format!("{name}Input"),
            Self::Answer => name.to_owned(),
        }
    }

    /// An object of this side.
    pub fn object(self) -> Object {
        Object { side: self, properties: Map::new(), required: Vec::new() }
    }
}

/// An object whose fields are being named. It has no others.
#[derive(Debug)]
pub struct Object {
    side: Side,
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl Object {
    fn add(mut self, name: &str, schema: Value, required: bool) -> Self {
        self.properties.insert(name.to_owned(), schema);
        if required {
            self.required.push(name.into());
        }
        self
    }

    /// A field that is always there.
    pub fn required(self, name: &str, schema: Value, description: &str) -> Self {
        self.add(name, described(schema, description), true)
    }

    /// A field that may be null; in requests it may be absent too.
    pub fn optional(self, name: &str, schema: Value, description: &str) -> Self {
        let required = self.side == Side::Answer;
        self.add(name, described(nullable(schema), description), required)
    }

    /// A field that may be absent; in requests it may be null too.
    pub fn absent(self, name: &str, schema: Value, description: &str) -> Self {
        let schema = match self.side {
            Side::Request => nullable(schema),
            Side::Answer => schema,
        };
        self.add(name, described(schema, description), false)
    }

    /// A field with a default: in requests it may be absent or null, in answers it is there. The default is told in words,
    /// since many generators take a field that has one for required, or cannot write one that is no text.
    pub fn or(self, name: &str, schema: Value, default: &str, description: &str) -> Self {
        match self.side {
            Side::Request if default.is_empty() => self.absent(name, schema, description),
            Side::Request => {
                self.absent(name, schema, &format!("{description} Default: `{default}`."))
            }
            Side::Answer => self.required(name, schema, description),
        }
    }

    /// A field that answers have and requests may send back, to be ignored.
    pub fn computed(self, name: &str, schema: Value, description: &str) -> Self {
        match self.side {
            Side::Request => {
                let ignored = json!({"description": "As it was read; ignored."});
                self.add(name, ignored, false)
            }
            Side::Answer => self.required(name, schema, description),
        }
    }

    /// The schema. Only requests refuse other fields, since answers get more fields with later releases.
    pub fn schema(self, description: &str) -> Value {
        let mut schema = json!({"type": "object", "properties": self.properties});
        if self.side == Side::Request {
            schema["additionalProperties"] = false.into();
        }
        if !description.is_empty() {
            schema["description"] = description.into();
        }
        if !self.required.is_empty() {
            schema["required"] = self.required.into();
        }
        schema
    }
}

/// A schema with what is to be said of it, which a reference too may have beside it.
pub fn described(mut schema: Value, description: &str) -> Value {
    if !description.is_empty() {
        schema["description"] = description.into();
    }
    schema
}

/// What a schema says, or null.
pub fn nullable(mut schema: Value) -> Value {
    if let Some(kind) = schema.get("type").filter(|kind| kind.is_string()) {
        schema["type"] = json!([kind, "null"]);
        if let Some(names) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            names.push(Value::Null);
        }
    } else if schema.get("$ref").is_some() || schema.get("oneOf").is_some() {
        schema = json!({"anyOf": [schema, {"type": "null"}]});
    }
    // Everything else may be null already.
    schema
}

/// A schema of the components.
pub fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// One of several schemas, told apart by the constant that each has in the field `tag`.
pub fn one_of<'p>(
    tag: &str,
    parts: impl Iterator<Item = (&'p str, String)>,
    description: &str,
) -> Value {
    let (mut mapping, mut of) = (Map::new(), Vec::new());
    for (value, name) in parts {
        let part = reference(&name);
        mapping.insert(value.to_owned(), part["$ref"].clone());
        if !of.contains(&part) {
            of.push(part);
        }
    }
    let schema = json!({"oneOf": of, "discriminator": {"propertyName": tag, "mapping": mapping}});
    described(schema, description)
}

/// A text within its bound.
pub fn text(bound: TextBound) -> Value {
    let (min, max) = bound.range();
    let mut schema = json!({"type": "string", "maxLength": max, "pattern": PLAIN});
    if min > 0 {
        schema["minLength"] = min.into();
    }
    schema
}

/// A text that answers print.
pub fn plain() -> Value {
    json!({"type": "string"})
}

/// A decimal that answers print.
pub fn decimal() -> Value {
    reference("Decimal")
}

/// The component of all decimals.
pub fn decimals() -> Value {
    json!({
        "type": "string",
        "pattern": PRINTED,
        "description": "A decimal, exactly: its digits as a text. Requests may have a JSON number instead.",
        "examples": ["12.50"],
    })
}

/// One of the names of a closed set, which is a component.
pub fn choice<T: Titled>() -> Value {
    reference(T::TITLE)
}

/// One of these names of a closed set.
pub fn choice_of<T: Named>(values: &[T]) -> Value {
    let names: Vec<&str> = values.iter().map(|value| value.name()).collect();
    one_name(&names)
}

/// One of these names.
pub fn one_name(names: &[&str]) -> Value {
    json!({"type": "string", "enum": names})
}

/// One name of a closed set.
pub fn constant(name: impl Named) -> Value {
    json!({"type": "string", "const": name.name()})
}

/// `true` or `false`.
pub fn boolean() -> Value {
    json!({"type": "boolean"})
}

/// An integer within a range.
pub fn integer(range: std::ops::RangeInclusive<i64>) -> Value {
    json!({"type": "integer", "minimum": range.start(), "maximum": range.end()})
}

/// A count that requests have: 1 to 1,000,000,000.
pub fn count() -> Value {
    integer(1..=MAX_INTEGER)
}

/// A number of things that answers print.
pub fn size() -> Value {
    json!({"type": "integer", "minimum": 0})
}

/// A list.
pub fn list(of: Value, size: std::ops::RangeInclusive<usize>) -> Value {
    let mut schema = json!({"type": "array", "items": of, "maxItems": size.end()});
    if *size.start() > 0 {
        schema["minItems"] = json!(size.start());
    }
    schema
}

/// A list that answers print.
pub fn every(of: Value) -> Value {
    json!({"type": "array", "items": of})
}

/// A list whose entries differ.
pub fn distinct(of: Value, size: std::ops::RangeInclusive<usize>) -> Value {
    let mut schema = list(of, size);
    schema["uniqueItems"] = true.into();
    schema
}

/// An object whose keys are data.
pub fn map(of: Value, most: usize) -> Value {
    json!({
        "type": "object",
        "propertyNames": text(TextBound::NAME),
        "additionalProperties": of,
        "maxProperties": most,
    })
}

/// An instant: RFC 3339 with an offset.
pub fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// A time of the day.
pub fn time_of_day() -> Value {
    json!({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
}

/// A time zone.
pub fn zone() -> Value {
    json!({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$", "maxLength": 64})
}

/// A currency.
pub fn currency() -> Value {
    json!({"type": "string", "pattern": "^[A-Z]{3}$"})
}

/// An id.
pub fn id() -> Value {
    json!({"type": "string", "format": "uuid"})
}

/// Any JSON value.
pub fn anything(description: &str) -> Value {
    json!({"description": description})
}
