//! Codes (spec 10): the body that adds codes to a promotion, by name or generated at random, for anybody or each for one
//! customer.

use std::ops::RangeInclusive;

use serde_json::json;

use super::body::*;
use super::bounds::TextBound;
use super::decode::{Object, Value};
use super::duplicates::refuse_repeated;
use super::faults::{FaultCode, Faults};
use super::json::Json;
use super::write::Writer;
use crate::domain::code::{
    Code, Generation, MAX_GENERATED, MAX_LENGTH, MAX_RANDOM, MIN_LENGTH, MIN_RANDOM, NewCode,
    Recipients,
};

/// Most codes of one request.
pub const MAX_CODES: usize = 1_000_000;
/// The message for a text that cannot be a code.
const MALFORMED: &str =
    "must be 3 to 64 letters, digits, - and _, beginning with a letter or digit";

/// The codes to add to a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewCodes {
    Named(Vec<NewCode>),
    /// A number of codes, generated at random.
    Generated(Generation),
}

request! {
    /// Codes by name, or a request to generate codes.
    pub struct CodesBody "Codes" as NewCodes {
        /// Codes by name, each once, case ignored. An entry may be the code alone, as a text. Either `codes` or
        /// `generate` is required.
        codes: absent(list(Entry, 1..=MAX_CODES)),
        /// Generates codes from letters and digits without I, L, O, U, 0 and 1.
        generate: absent(part::<GenerateBody>()),
        /// The name of the generation. The same name again gives the same answer and generates nothing. Only with
        /// `generate`.
        batch: absent(NAME),
        /// When the codes stop working; null: when the promotion ends.
        expires_at: absent(INSTANT),
    } read |object, faults| {
        refuse_mixtures(object, faults);
        let keys = codes.iter().flatten().flatten().map(|(code, _)| code.to_ascii_uppercase());
        refuse_repeated(keys.enumerate(), &object.path().key("codes"), None, faults);
        let expires_at = expires_at?;
        match (codes?, generate?) {
            (Some(codes), None) => {
                let new = codes.into_iter();
                let new = new.map(|(code, customer_id)| NewCode { code, customer_id, expires_at });
                Some(NewCodes::Named(new.collect()))
            }
            (None, Some(drawn)) => {
                Some(NewCodes::Generated(Generation { batch: batch?, expires_at, ..drawn }))
            }
            (Some(_), Some(_)) | (None, None) => None,
        }
    }
}

fn refuse_mixtures(body: &Object<'_, '_>, faults: &mut Faults) {
    match (body.has("codes"), body.has("generate")) {
        (true, true) => {
            let message = "does not go with codes: a request names codes or has them drawn";
            body.clash::<()>("generate", message, faults);
        }
        (false, false) => {
            let message = "is required, or generate in its place";
            body.fault::<()>("codes", faults, FaultCode::Required, message);
        }
        (true, false) | (false, true) => {}
    }
    if body.has("batch") && !body.has("generate") {
        body.clash::<()>("batch", "goes with generate only", faults);
    }
}

request! {
    struct GenerateBody "" as Generation {
        /// The number of codes, which anybody can use. Either `count` or `customer_ids` is required.
        count: absent(integer(1..=i64::from(MAX_GENERATED))),
        /// The customers, each once. Each gets one code, and nobody else can use it.
        customer_ids: later(absent(list(NAME, CUSTOMERS))),
        /// The beginning of each code. A whole code has at most 64 characters.
        prefix: or_empty(Prefix),
        /// The number of random characters after the prefix.
        length: required(integer(MIN_RANDOM as i64..=MAX_RANDOM as i64)),
    } read |object, faults| {
        let recipients = recipients(count, object, faults);
        let (prefix, length): (Option<String>, Option<usize>) = (prefix, length);
        if let (Some(prefix), Some(length)) = (&prefix, length)
            && prefix.len() + length > MAX_LENGTH
        {
            return object.fault("prefix", faults, FaultCode::TooLong, too_long());
        }
        whole!(Generation { recipients, prefix, length; batch: None, expires_at: None })
    }
}

/// How many customers may be given a code at once.
const CUSTOMERS: RangeInclusive<usize> = 1..=MAX_GENERATED as usize;

/// Reads the customers, in whose place there may be a number of codes.
fn recipients(
    count: Option<Option<u32>>,
    object: &mut Object<'_, '_>,
    faults: &mut Faults,
) -> Option<Recipients> {
    let customers = absent(distinct(NAME, CUSTOMERS)).read("customer_ids", object, faults);
    match (count?, customers?) {
        (Some(count), None) => Some(Recipients::Anybody(count)),
        (None, Some(customers)) => Some(Recipients::Customers(customers)),
        (Some(_), Some(_)) => {
            object.clash("count", "does not go with customer_ids: each customer gets one", faults)
        }
        (None, None) => {
            let message = "is required, or customer_ids in its place";
            object.fault("count", faults, FaultCode::Required, message)
        }
    }
}

fn too_long() -> String {
    format!("leaves a code of more than {MAX_LENGTH} characters")
}

request! {
    /// A code. A code without a customer may be a text alone.
    struct EntryBody "" as (String, Option<String>) {
        /// The code: 3 to 64 letters, digits, `-` and `_`, beginning with a letter or digit.
        code: required(CodeText),
        /// The only customer who can use the code; null: anybody can.
        customer_id: absent(NAME),
    } read |object, faults| { Some((code?, customer_id?)) }
}

/// A code with its customer, or a code alone as a text.
struct Entry;

impl<'t> Reads<'t, (String, Option<String>)> for Entry {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<(String, Option<String>)> {
        match value.json {
            Json::Object(_) => EntryBody::read(value, faults),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                Some((CodeText.read(value, faults)?, None))
            }
        }
    }
}

impl Described for Entry {
    const NAME: &'static str = "Code";

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        or_text(EntryBody::schema(schemas), CodeText.schema(schemas))
    }
}

impl Describes for Entry {
    fn schema(&self, schemas: &mut Schemas) -> serde_json::Value {
        schemas.part::<Self>()
    }
}

/// A text that can be a code.
pub(super) struct CodeText;

impl<'t> Reads<'t, String> for CodeText {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<String> {
        value.parsed(MALFORMED, faults, |text| Code::new(text).map(|_| text.to_owned()))
    }
}

impl Describes for CodeText {
    fn schema(&self, _: &mut Schemas) -> serde_json::Value {
        let (least, most) = (MIN_LENGTH - 1, MAX_LENGTH - 1);
        let pattern = format!("^[A-Za-z0-9][A-Za-z0-9_-]{{{least},{most}}}$");
        json!({"type": "string", "pattern": pattern})
    }
}

/// The prefix of codes. It begins like a code, or is empty.
struct Prefix;

impl<'t> Reads<'t, String> for Prefix {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<String> {
        let text = value.text(TextBound::TEXT, faults)?;
        if text.len() > MAX_LENGTH {
            return value.fault(faults, FaultCode::TooLong, too_long());
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let begins = text.bytes().next().is_none_or(|first| first.is_ascii_alphanumeric());
        if begins && text.bytes().all(plain) {
            Some(text.to_owned())
        } else {
            let message = "must be letters, digits, - and _, beginning with a letter or digit";
            value.fault(faults, FaultCode::Malformed, message)
        }
    }
}

impl Describes for Prefix {
    fn schema(&self, _: &mut Schemas) -> serde_json::Value {
        let most = MAX_LENGTH - MIN_RANDOM;
        json!({"type": "string", "maxLength": most, "pattern": "^([A-Za-z0-9][A-Za-z0-9_-]*)?$"})
    }
}

/// How many characters of a code viewers see.
const SHOWN: usize = 3;

/// A code as viewers see it: only its last three characters. A code without further characters is hidden whole, since
/// it could be used otherwise.
pub fn masked(code: &str) -> String {
    let hidden = code.chars().count().saturating_sub(SHOWN);
    let shown = if hidden > 0 { SHOWN } else { 0 };
    let shown: String = code.chars().skip(hidden).take(shown).collect();
    format!("…{shown}")
}

/// A stored document with its codes masked, as viewers see it: a request, a result, or a change of codes. A document
/// that cannot be read is not shown.
pub fn masked_document(document: &str) -> Option<String> {
    let json = Json::parse(document.as_bytes()).ok()?;
    let mut writer = Writer::with_capacity(document.len());
    write_masked(&mut writer, &json, false);
    Some(writer.finish())
}

/// Writes a tree again. `is_code` says whether texts at this place are codes.
fn write_masked(writer: &mut Writer, json: &Json<'_>, is_code: bool) {
    match json {
        Json::Null => writer.null(),
        Json::Bool(value) => writer.boolean(*value),
        Json::Number(digits) => writer.raw(digits),
        Json::String(text) if is_code => writer.text(&masked(text)),
        Json::String(text) => writer.text(text),
        Json::Array(entries) => {
            writer.list(entries, |writer, entry| write_masked(writer, entry, is_code));
        }
        Json::Object(members) => writer.object(|writer| {
            for (name, value) in members {
                // A result has `code`, a cart has `codes`.
                let is_code = name == "code" || name == "codes";
                write_masked(writer.data_key(name), value, is_code);
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_see_the_last_three_characters_of_longer_codes_alone() {
        for (code, shown) in [
            ("SAVE10", "…E10"),
            ("AB12", "…B12"),
            ("VIP", "…"),
            ("é1", "…"),
            ("", "…"),
            ("ßéäü", "…éäü"),
        ] {
            assert_eq!(masked(code), shown, "{code}");
        }
    }

    #[test]
    fn codes_are_masked_wherever_they_stand_and_nothing_else_is() {
        let document =
            r#"{"cart":{"codes":["SAVE10","VIP"],"sku":"SAVE10","n":1.50},"code":"VIP"}"#;
        let shown = r#"{"cart":{"codes":["…E10","…"],"sku":"SAVE10","n":1.50},"code":"…"}"#;
        assert_eq!(masked_document(document).as_deref(), Some(shown));
        assert_eq!(masked_document("{"), None);
    }
}
