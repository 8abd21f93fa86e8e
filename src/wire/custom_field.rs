//! Custom fields: their definitions in the settings, and their values in promotions (spec 4).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::json;

use super::body::*;
use super::decode::Value;
use super::faults::{FaultCode, Faults, Path};
use super::json::Json;
use super::write::Writer;
use crate::domain::names::names;
use crate::domain::promotion::{CustomValue, Status};
use crate::domain::settings::{CustomField, CustomFieldKind, MAX_CUSTOM_FIELDS};

names! {
    pub(crate) enum Type {
        Text = "text", Number = "number", Date = "date", Boolean = "boolean", Select = "select",
    }
}

pub const DEFINITIONS: Keyed<Part<CustomFieldBody>> = keyed("key", part(), 0..=MAX_CUSTOM_FIELDS);
const OPTIONS: Distinct<Text> = distinct(NAME, 1..=1_000);

body! {
    /// The definition of a custom field of promotions.
    pub struct CustomFieldBody "CustomField" as CustomField {
        /// The field's key in promotions.
        key: required(NAME) => field.key,
        /// The field's display name.
        label: or_empty(TEXT) => field.label,
        /// The type of its values.
        kind as "type": required(choice::<Type>()) => match field.kind {
            CustomFieldKind::Text => Type::Text,
            CustomFieldKind::Number => Type::Number,
            CustomFieldKind::Date => Type::Date,
            CustomFieldKind::Boolean => Type::Boolean,
            CustomFieldKind::Select(_) => Type::Select,
        },
        /// Whether a promotion needs a value before it can be active.
        required as "required": or(BOOLEAN, false) => field.required,
        /// The values to choose from. Required for `select`, and only for it.
        options: later(absent(OPTIONS)) => match &field.kind {
            CustomFieldKind::Select(options) => Some(options),
            _ => None,
        },
    } print |field| read |object, faults| {
        if kind.is_some_and(|kind| kind != Type::Select) {
            object.refuse(&["options"], "goes with the type select only", faults);
        }
        let kind = match kind {
            Some(Type::Text) => Some(CustomFieldKind::Text),
            Some(Type::Number) => Some(CustomFieldKind::Number),
            Some(Type::Date) => Some(CustomFieldKind::Date),
            Some(Type::Boolean) => Some(CustomFieldKind::Boolean),
            Some(Type::Select) => {
                let options = object.required("options", faults, |v, f| OPTIONS.read(v, f));
                options.map(CustomFieldKind::Select)
            }
            None => {
                object.ignore(&["options"], faults);
                None
            }
        };
        Some(CustomField { key: key?, label: label?, kind: kind?, required: required? })
    }
}

/// The values of a promotion, by key. [`parse_values`] reads them, because it knows the settings.
pub struct Values;

impl Prints<BTreeMap<String, CustomValue>> for Values {
    fn print(&self, writer: &mut Writer, values: &BTreeMap<String, CustomValue>) {
        writer.object(|writer| {
            for (key, value) in values {
                writer.data_key(key);
                match value {
                    CustomValue::Text(text) => writer.text(text),
                    CustomValue::Number(number) => writer.custom_number(number),
                    CustomValue::Boolean(value) => writer.boolean(*value),
                }
            }
        });
    }
}

impl Describes for Values {
    fn schema(&self, schemas: &mut Schemas) -> serde_json::Value {
        let value = Like(|side| match side {
            Side::Request => {
                json!({"description": "By the field's type: a text, a decimal, or true or false."})
            }
            Side::Answer => {
                json!({"description": "By the field's type: a text, or true or false."})
            }
        });
        map(value, MAX_CUSTOM_FIELDS).schema(schemas)
    }
}

/// The values of a promotion, by key.
pub type CustomValues = BTreeMap<String, CustomValue>;

/// What becomes of a value whose field is not defined.
#[derive(Clone, Copy, Debug)]
pub enum Undefined<'v> {
    Refused,
    /// It may be sent back as it is among these values of the present promotion, or left out.
    Kept(&'v CustomValues),
    /// It is left out: the values are those of another promotion.
    Dropped,
}

/// Reads a promotion's values. With `fields`, each value must fit its definition, unless it is the present one. Without
/// `fields` (stored documents), values are not checked against definitions.
pub fn parse_values(
    value: Value<'_, '_>,
    fields: Option<&[CustomField]>,
    undefined: Undefined<'_>,
    faults: &mut Faults,
) -> Option<CustomValues> {
    let entries = value.map(MAX_CUSTOM_FIELDS, faults, |key, value, faults| {
        let Some(fields) = fields else {
            return as_it_is(value, faults).map(|it| (key, Some(it)));
        };
        let present = match undefined {
            Undefined::Kept(present) => present.get(key),
            Undefined::Refused | Undefined::Dropped => None,
        };
        if let Some(present) = present.filter(|present| is_same(present, value)) {
            return Some((key, Some(present.clone())));
        }
        let Some(field) = fields.iter().find(|field| field.key == key) else {
            let is_left_out = present.is_some() && *value.json == Json::Null;
            if is_left_out || matches!(undefined, Undefined::Dropped) {
                return Some((key, None));
            }
            let message = "is not a custom field of the settings";
            return value.fault(faults, FaultCode::UnknownField, message);
        };
        if *value.json == Json::Null {
            return Some((key, None));
        }
        fitting(value, &field.kind, faults).map(|it| (key, Some(it)))
    })?;
    let present = |(key, value): (&str, Option<CustomValue>)| Some((key.to_owned(), value?));
    Some(entries.into_iter().filter_map(present).collect())
}

fn fitting(
    value: Value<'_, '_>,
    kind: &CustomFieldKind,
    faults: &mut Faults,
) -> Option<CustomValue> {
    match kind {
        CustomFieldKind::Text => TEXT.read(value, faults).map(CustomValue::Text),
        CustomFieldKind::Number => NUMBER.read(value, faults).map(CustomValue::Number),
        CustomFieldKind::Boolean => value.boolean(faults).map(CustomValue::Boolean),
        CustomFieldKind::Date => value.parsed("must be a date, as 2026-06-01", faults, |text| {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            (date.to_string() == text).then(|| CustomValue::Text(text.to_owned()))
        }),
        CustomFieldKind::Select(options) => {
            value.parsed("is not one of the field's options", faults, |text| {
                let found = options.iter().find(|option| *option == text);
                found.cloned().map(CustomValue::Text)
            })
        }
    }
}

fn as_it_is(value: Value<'_, '_>, faults: &mut Faults) -> Option<CustomValue> {
    match value.json {
        Json::Bool(value) => Some(CustomValue::Boolean(*value)),
        Json::Number(_) => NUMBER.read(value, faults).map(CustomValue::Number),
        Json::Null | Json::String(_) | Json::Array(_) | Json::Object(_) => {
            TEXT.read(value, faults).map(CustomValue::Text)
        }
    }
}

/// Whether a value that was sent is this one, as answers print it.
fn is_same(present: &CustomValue, sent: Value<'_, '_>) -> bool {
    match present {
        CustomValue::Text(text) => matches!(sent.json, Json::String(sent) if sent == text),
        CustomValue::Boolean(value) => *sent.json == Json::Bool(*value),
        CustomValue::Number(number) => NUMBER.read(sent, &mut Faults::new()) == Some(*number),
    }
}

/// Adds a fault for every required field that is missing: all of them when a draft is made active, and those that the
/// promotion had, when it was active before. `before` is its status and its values. `path` is the place of the values.
pub fn check_required(
    fields: &[CustomField],
    status: Status,
    values: &CustomValues,
    before: Option<(Status, &CustomValues)>,
    path: &Path<'_>,
    faults: &mut Faults,
) {
    let is_wanted = |key: &str| match (status, before) {
        (Status::Draft | Status::Archived, _) => false,
        (Status::Active | Status::Paused, Some((Status::Active | Status::Paused, had))) => {
            is_filled(had, key)
        }
        (Status::Active, Some((Status::Draft | Status::Archived, _)) | None) => true,
        (Status::Paused, Some((Status::Draft | Status::Archived, _)) | None) => false,
    };
    for field in fields {
        if field.required && !is_filled(values, &field.key) && is_wanted(&field.key) {
            let message = "is required before the promotion can be active";
            faults.add(&path.key(&field.key), FaultCode::Required, message);
        }
    }
}

/// Whether there is a value that is not an empty text.
fn is_filled(values: &CustomValues, key: &str) -> bool {
    values.get(key).is_some_and(|value| match value {
        CustomValue::Text(text) => !text.is_empty(),
        CustomValue::Number(_) | CustomValue::Boolean(_) => true,
    })
}
