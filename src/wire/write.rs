//! JSON out, straight into one text: no tree in between, since answers are on the hot path.

use std::fmt::{Display, Write as _};

use chrono::{DateTime, SecondsFormat, TimeZone};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::domain::amount::Money;
use crate::domain::exact::Exact;
use crate::domain::names::Named;

/// Writes one JSON document. Commas are its own business; that every object's member is a key and
/// then a value is the caller's.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
    /// Whether what comes next in the present list or object needs a comma before it.
    comma: bool,
    /// Whether the document is for the database, where the settings that tell numbers from texts are not at hand.
    stored: bool,
}

impl Writer {
    /// An empty document with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes), ..Self::default() }
    }

    /// An empty document for the database.
    pub fn for_storage() -> Self {
        Self { stored: true, ..Self::default() }
    }

    pub fn finish(self) -> String {
        self.out
    }

    fn separate(&mut self) {
        if self.comma {
            self.out.push(',');
        }
        self.comma = true;
    }

    /// The key of the next member; a name of the spec, with nothing to escape.
    pub fn key(&mut self, key: &'static str) -> &mut Self {
        self.separate();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        self.comma = false;
        self
    }

    /// The key of the next member, where keys are data.
    pub fn data_key(&mut self, key: &str) -> &mut Self {
        self.text(key);
        self.out.push(':');
        self.comma = false;
        self
    }

    /// An object, its members written by `write`.
    pub fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push('{');
        self.comma = false;
        write(self);
        self.out.push('}');
        self.comma = true;
    }

    /// A list, its entries written by `write`.
    pub fn list<T>(
        &mut self,
        entries: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.separate();
        self.out.push('[');
        self.comma = false;
        for entry in entries {
            write(self, entry);
        }
        self.out.push(']');
        self.comma = true;
    }

    /// A list of which only so many entries are written as fit into a document of so many bytes, but the first in any case.
    /// Returns how many were.
    pub fn list_within<T>(
        &mut self,
        bytes: usize,
        entries: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> usize {
        self.separate();
        self.out.push('[');
        self.comma = false;
        let mut written = 0;
        for entry in entries {
            let before = self.out.len();
            write(self, entry);
            if written > 0 && self.out.len() > bytes {
                self.out.truncate(before);
                break;
            }
            written += 1;
        }
        self.out.push(']');
        self.comma = true;
        written
    }

    /// A list of texts.
    pub fn texts<T: AsRef<str>>(&mut self, texts: &[T]) {
        self.list(texts, |writer, text| writer.text(text.as_ref()));
    }

    /// `null`, or what `write` writes of the value.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    /// `null`
    pub fn null(&mut self) {
        self.raw("null");
    }

    /// `true` or `false`
    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    /// An integer, as a JSON number.
    pub fn integer(&mut self, value: impl Into<i64>) {
        self.separate();
        // Writing to a string cannot fail, here and below.
        let _ = write!(self.out, "{}", value.into());
    }

    /// JSON that was printed before.
    pub fn raw(&mut self, json: &str) {
        self.separate();
        self.out.push_str(json);
    }

    /// A name of a closed set.
    pub fn name(&mut self, value: impl Named) {
        self.quoted(value.name());
    }

    pub fn id(&mut self, id: Uuid) {
        let mut text = [0; Hyphenated::LENGTH];
        self.quoted(id.hyphenated().encode_lower(&mut text));
    }

    fn quoted(&mut self, text: &str) {
        self.separate();
        self.out.push('"');
        self.out.push_str(text);
        self.out.push('"');
    }

    /// A text that has nothing to escape, as its type warrants: decimals, ids, times.
    pub fn plain(&mut self, value: impl Display) {
        self.separate();
        self.out.push('"');
        let _ = write!(self.out, "{value}");
        self.out.push('"');
    }

    /// The number of a custom field: a text like every decimal, but a JSON number in a document for the database.
    pub fn custom_number(&mut self, number: impl Display) {
        if self.stored {
            self.raw(&number.to_string());
        } else {
            self.plain(number);
        }
    }

    /// A time: RFC 3339 with its offset, with as many decimals of a second as it has.
    pub fn time<Z: TimeZone>(&mut self, time: &DateTime<Z>)
    where
        Z::Offset: Display,
    {
        self.plain(time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    }

    /// An amount, with at least so many decimals.
    pub fn money(&mut self, amount: Money, at_least: u32) {
        self.separate();
        self.out.push('"');
        let _ = amount.write(&mut self.out, at_least);
        self.out.push('"');
    }

    /// An exact amount, with at least so many decimals.
    pub fn exact(&mut self, amount: &Exact, at_least: u32) {
        self.separate();
        self.out.push('"');
        let _ = amount.write(&mut self.out, at_least);
        self.out.push('"');
    }

    pub fn text(&mut self, text: &str) {
        self.separate();
        self.out.push('"');
        self.escaped(text);
        self.out.push('"');
    }

    fn escaped(&mut self, text: &str) {
        let special = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
        // To the end in any case: without a way out of the loop, many bytes are looked at at once.
        if !text.bytes().fold(false, |any, byte| any | special(byte)) {
            self.out.push_str(text);
            return;
        }
        for character in text.chars() {
            match character {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                control if control < ' ' => {
                    let _ = write!(self.out, "\\u{:04x}", u32::from(control));
                }
                other => self.out.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commas_stand_between_and_nowhere_else() {
        let mut writer = Writer::default();
        writer.object(|writer| {
            writer.key("a").list([1, 2], |writer, n| writer.integer(n));
            writer.key("b").object(|_| {});
            writer.key("c").list([0, 0], |writer, _| {
                writer.object(|writer| writer.key("d").null());
            });
            writer.data_key("\"").boolean(true);
        });
        assert_eq!(writer.finish(), r#"{"a":[1,2],"b":{},"c":[{"d":null},{"d":null}],"\"":true}"#);
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in ".*", control in 0_u8..32) {
            let text = format!("{text}{}", char::from(control));
            let mut writer = Writer::default();
            writer.text(&text);
            let read: Option<String> = serde_json::from_str(&writer.finish()).ok();
            prop_assert_eq!(read, Some(text));
        }
    }
}
