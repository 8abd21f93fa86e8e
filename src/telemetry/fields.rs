//! Prints the fields of spans as a JSON object, which log lines then include.
//!
//! Every request makes a span and adds fields to it later, although few requests write a log line. For each added field
//! the library's formatter parses its own text again. This formatter only appends.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// The prefix of fields that are only for traces.
const TRACES_ONLY: &str = "otel.";

/// Prints the fields of spans as JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpanFields;

impl<'w> FormatFields<'w> for SpanFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut object = Object::new(&mut writer, true);
        object.out.write_char('{')?;
        fields.record(&mut object);
        object.close()
    }

    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        let text = &mut current.fields;
        if text.pop() != Some('}') {
            return Err(fmt::Error);
        }
        let is_empty = text.len() == 1;
        let mut object = Object::new(text, is_empty);
        fields.record(&mut object);
        object.close()
    }
}

/// A JSON object while it is being written.
struct Object<'o> {
    out: &'o mut dyn Write,
    is_empty: bool,
    written: fmt::Result,
}

impl<'o> Object<'o> {
    fn new(out: &'o mut dyn Write, is_empty: bool) -> Self {
        Self { out, is_empty, written: Ok(()) }
    }

    fn field(&mut self, field: &Field, value: impl FnOnce(&mut dyn Write) -> fmt::Result) {
        if field.name().starts_with(TRACES_ONLY) || self.written.is_err() {
            return;
        }
        self.written = self.name(field.name()).and_then(|()| value(self.out));
        self.is_empty = false;
    }

    fn name(&mut self, name: &str) -> fmt::Result {
        self.out.write_str(if self.is_empty { "\"" } else { ",\"" })?;
        self.out.write_str(name)?;
        self.out.write_str("\":")
    }

    fn close(self) -> fmt::Result {
        self.written?;
        self.out.write_char('}')
    }
}

impl Visit for Object<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, |out| write!(out, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, |out| write!(out, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, |out| write!(out, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, |out| {
            out.write_char('"')?;
            Escaped(out).write_str(value)?;
            out.write_char('"')
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field, |out| {
            out.write_char('"')?;
            write!(Escaped(out), "{value:?}")?;
            out.write_char('"')
        });
    }
}

/// Writes text inside a JSON string.
struct Escaped<'o>(&'o mut dyn Write);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        // In UTF-8 these bytes never occur inside other characters.
        let is_special = |own: u8| own < b' ' || own == b'"' || own == b'\\';
        while let Some(place) = rest.bytes().position(is_special) {
            let (plain, from) = rest.split_at(place);
            self.0.write_str(plain)?;
            let mut chars = from.chars();
            if let Some(own) = chars.next() {
                write!(self.0, "\\u{:04x}", u32::from(own))?;
            }
            rest = chars.as_str();
        }
        self.0.write_str(rest)
    }
}
