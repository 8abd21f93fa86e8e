//! Custom fields: their definitions in the settings, their values in promotions (spec 4).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::decode::{TextBound, Value};
use super::faults::{FaultCode, Faults, Path};
use super::json::Json;
use super::write::Writer;
use crate::domain::names::{Named, names};
use crate::domain::promotion::CustomValue;
use crate::domain::settings::{CustomField, CustomFieldKind, MAX_CUSTOM_FIELDS};

/// Most options of one field.
pub(crate) const MAX_OPTIONS: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Number,
    Date,
    Boolean,
    Select,
}

names! {
    Type {
        Text = "text",
        Number = "number",
        Date = "date",
        Boolean = "boolean",
        Select = "select",
    }
}

/// Reads the settings' definitions.
pub fn parse(value: Value<'_, '_>, faults: &mut Faults) -> Option<Vec<CustomField>> {
    let fields = value.list(0..=MAX_CUSTOM_FIELDS, faults, definition)?;
    for (index, field) in fields.iter().enumerate() {
        let mut before = fields.iter().take(index);
        if before.any(|other| other.key == field.key) {
            let path = value.path().index(index);
            faults.add(&path.key("key"), FaultCode::NotUnique, "is there twice");
        }
    }
    Some(fields)
}

fn definition(value: Value<'_, '_>, faults: &mut Faults) -> Option<CustomField> {
    let mut object = value.object(faults)?;
    let key = object.required("key", faults, |v, f| v.owned(TextBound::NAME, f));
    let label = object.or("label", String::new(), faults, |v, f| v.owned(TextBound::TEXT, f));
    let kind: Option<Type> = object.required("type", faults, |v, f| v.choice(f));
    let required = object.or("required", false, faults, |v, f| v.boolean(f));
    let kind = match kind {
        Some(Type::Select) => {
            let options = object.required("options", faults, options);
            options.map(CustomFieldKind::Select)
        }
        Some(kind @ (Type::Text | Type::Number | Type::Date | Type::Boolean)) => {
            let message = "goes with the type select only";
            object.refuse("options", FaultCode::UnsupportedCombination, message, faults);
            match kind {
                Type::Text => Some(CustomFieldKind::Text),
                Type::Number => Some(CustomFieldKind::Number),
                Type::Date => Some(CustomFieldKind::Date),
                Type::Boolean => Some(CustomFieldKind::Boolean),
                Type::Select => None,
            }
        }
        None => {
            object.ignore("options", faults);
            None
        }
    };
    object.finish(faults)?;
    Some(CustomField { key: key?, label: label?, kind: kind?, required: required? })
}

fn options(value: Value<'_, '_>, faults: &mut Faults) -> Option<Vec<String>> {
    let options = value.texts(1..=MAX_OPTIONS, TextBound::NAME, faults)?;
    let mut seen = rustc_hash::FxHashSet::default();
    for (index, option) in options.iter().enumerate() {
        if !seen.insert(option) {
            let path = value.path().index(index);
            faults.add(&path, FaultCode::NotUnique, "is there twice");
        }
    }
    Some(options)
}

/// Prints the settings' definitions.
pub fn print(writer: &mut Writer, fields: &[CustomField]) {
    writer.list(fields, |writer, field| {
        writer.object(|writer| {
            writer.key("key").text(&field.key);
            writer.key("label").text(&field.label);
            let kind = match &field.kind {
                CustomFieldKind::Text => Type::Text,
                CustomFieldKind::Number => Type::Number,
                CustomFieldKind::Date => Type::Date,
                CustomFieldKind::Boolean => Type::Boolean,
                CustomFieldKind::Select(_) => Type::Select,
            };
            writer.key("type").name(kind);
            writer.key("required").boolean(field.required);
            if let CustomFieldKind::Select(options) = &field.kind {
                writer.key("options").texts(options);
            }
        });
    });
}

/// Reads a promotion's values. With `fields` each must fit its definition; without them (stored
/// documents) texts and booleans are taken as they are.
pub fn parse_values(
    value: Value<'_, '_>,
    fields: Option<&[CustomField]>,
    faults: &mut Faults,
) -> Option<BTreeMap<String, CustomValue>> {
    let entries = value.map(MAX_CUSTOM_FIELDS, faults, |key, value, faults| {
        let Some(fields) = fields else {
            return as_it_is(value, faults).map(|it| (key, Some(it)));
        };
        let Some(field) = fields.iter().find(|field| field.key == key) else {
            let message = "is not a custom field of the settings";
            return value.fault(faults, FaultCode::UnknownField, message);
        };
        if *value.json() == Json::Null {
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
        CustomFieldKind::Text => value.owned(TextBound::TEXT, faults).map(CustomValue::Text),
        CustomFieldKind::Number => value.any_number(faults).map(CustomValue::Number),
        CustomFieldKind::Boolean => value.boolean(faults).map(CustomValue::Boolean),
        CustomFieldKind::Date => {
            let text = value.str(faults)?;
            match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
                Ok(date) if date.to_string() == text => Some(CustomValue::Text(text.to_owned())),
                Ok(_) | Err(_) => {
                    value.fault(faults, FaultCode::Malformed, "must be a date, as 2026-06-01")
                }
            }
        }
        CustomFieldKind::Select(options) => {
            let text = value.str(faults)?;
            if options.iter().any(|option| option == text) {
                return Some(CustomValue::Text(text.to_owned()));
            }
            value.fault(faults, FaultCode::Malformed, "is not one of the field's options")
        }
    }
}

fn as_it_is(value: Value<'_, '_>, faults: &mut Faults) -> Option<CustomValue> {
    match value.json() {
        Json::Bool(value) => Some(CustomValue::Boolean(*value)),
        Json::Number(_) => value.any_number(faults).map(CustomValue::Number),
        Json::Null | Json::String(_) | Json::Array(_) | Json::Object(_) => {
            value.owned(TextBound::TEXT, faults).map(CustomValue::Text)
        }
    }
}

/// Adds a fault for every required field that is not there; `path` is that of the values.
pub fn check_required(
    fields: &[CustomField],
    values: &BTreeMap<String, CustomValue>,
    path: &Path<'_>,
    faults: &mut Faults,
) {
    for field in fields {
        if field.required && !values.contains_key(&field.key) {
            let message = "is required before the promotion can be active";
            faults.add(&path.key(&field.key), FaultCode::Required, message);
        }
    }
}

/// How the numbers among the values are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// As every decimal of an answer.
    AsText,
    /// As JSON numbers, which tell them from texts where the settings are not at hand.
    AsNumbers,
}

/// Prints a promotion's values.
pub fn print_values(writer: &mut Writer, values: &BTreeMap<String, CustomValue>, numbers: Numbers) {
    writer.object(|writer| {
        for (key, value) in values {
            writer.data_key(key);
            match value {
                CustomValue::Text(text) => writer.text(text),
                CustomValue::Number(number) => match numbers {
                    Numbers::AsText => writer.plain(number),
                    Numbers::AsNumbers => writer.raw(&number.to_string()),
                },
                CustomValue::Boolean(value) => writer.boolean(*value),
            }
        }
    });
}
