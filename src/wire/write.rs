//! Writes JSON straight into one text, without a tree, because answers are on the hot path.

use std::fmt::{self, Display, Write as _};

use chrono::{DateTime, SecondsFormat, TimeZone};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::domain::amount::Money;
use crate::domain::exact::Exact;
use crate::domain::names::Named;

/// Writes one JSON document and its commas. The caller must write each member of an object as a key and a value.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
    /// Whether the next entry or member of the present list or object needs a comma before it.
    comma: bool,
    /// Whether the document is for the database. Its readers do not have the settings that tell numbers from texts, and
    /// may be of the release before.
    stored: bool,
}

/// The name of a member of a table as it is printed: `,"name":`, in one piece, since an answer has hundreds of them.
#[derive(Clone, Copy, Debug)]
pub struct Key(pub &'static str);

impl Writer {
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes), ..Self::default() }
    }

    /// An empty document for the database.
    pub fn for_storage() -> Self {
        Self { stored: true, ..Self::default() }
    }

    pub const fn is_for_storage(&self) -> bool {
        self.stored
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

    /// The key of the next member. It is a name of the spec, so it needs no escaping.
    pub fn key(&mut self, key: &'static str) -> &mut Self {
        self.separate();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        self.comma = false;
        self
    }

    /// The key of the next member of a table.
    pub fn member(&mut self, Key(key): Key) -> &mut Self {
        let key = if self.comma { key } else { key.strip_prefix(',').unwrap_or(key) };
        self.out.push_str(key);
        self.comma = false;
        self
    }

    /// The key of the next member, if keys are data.
    pub fn data_key(&mut self, key: &str) -> &mut Self {
        self.text(key);
        self.out.push(':');
        self.comma = false;
        self
    }

    pub fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push('{');
        self.comma = false;
        write(self);
        self.out.push('}');
        self.comma = true;
    }

    pub fn list<T>(
        &mut self,
        entries: impl IntoIterator<Item = T>,
        write: impl FnMut(&mut Self, T),
    ) {
        self.list_within(usize::MAX, entries, write);
    }

    /// A list with only as many entries as fit in a document of `bytes` bytes, but at least the first. Returns how many
    /// entries were written.
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

    pub fn texts<T: AsRef<str>>(&mut self, texts: &[T]) {
        self.list(texts, |writer, text| writer.text(text.as_ref()));
    }

    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    pub fn null(&mut self) {
        self.raw("null");
    }

    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    pub fn integer(&mut self, value: impl Into<i64>) {
        self.separate();
        let _ = write!(self.out, "{}", value.into());
    }

    /// JSON that was printed before.
    pub fn raw(&mut self, json: &str) {
        self.separate();
        self.out.push_str(json);
    }

    pub fn name(&mut self, value: impl Named) {
        self.quoted(|out| out.write_str(value.name()));
    }

    pub fn id(&mut self, id: Uuid) {
        let mut text = [0; Hyphenated::LENGTH];
        self.quoted(|out| out.write_str(id.hyphenated().encode_lower(&mut text)));
    }

    fn quoted(&mut self, write: impl FnOnce(&mut String) -> fmt::Result) {
        self.separate();
        self.out.push('"');
        // Writing to a string cannot fail, here or elsewhere.
        let _ = write(&mut self.out);
        self.out.push('"');
    }

    /// A text whose type guarantees that it needs no escaping: decimals, ids, times.
    pub fn plain(&mut self, value: impl Display) {
        self.quoted(|out| write!(out, "{value}"));
    }

    /// The number of a custom field. Like every decimal it is a text, but in a document for the database it is a JSON
    /// number.
    pub fn custom_number(&mut self, number: impl Display) {
        if self.stored {
            self.raw(&number.to_string());
        } else {
            self.plain(number);
        }
    }

    pub fn time<Z: TimeZone>(&mut self, time: &DateTime<Z>)
    where
        Z::Offset: Display,
    {
        self.plain(time_text(time));
    }

    pub fn money(&mut self, amount: Money, at_least: u32) {
        self.quoted(|out| amount.write(out, at_least));
    }

    pub fn exact(&mut self, amount: &Exact, at_least: u32) {
        self.quoted(|out| amount.write(out, at_least));
    }

    pub fn text(&mut self, text: &str) {
        self.quoted(|out| escape(out, text));
    }
}

fn escape(out: &mut String, text: &str) -> fmt::Result {
    let special = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    // The loop has no early exit, so the compiler can check many bytes at once.
    if !text.bytes().fold(false, |any, byte| any | special(byte)) {
        return out.write_str(text);
    }
    text.chars().try_for_each(|character| match character {
        '"' => out.write_str("\\\""),
        '\\' => out.write_str("\\\\"),
        '\n' => out.write_str("\\n"),
        control if control < ' ' => write!(out, "\\u{:04x}", u32::from(control)),
        other => out.write_char(other),
    })
}

/// A time as bodies and tables of CSV show it: RFC 3339 with its offset, with as many decimals of a second as it has.
pub fn time_text<Z: TimeZone>(time: &DateTime<Z>) -> String
where
    Z::Offset: Display,
{
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
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
