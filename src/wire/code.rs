//! Codes (spec 10): the body that gives a promotion codes, by name or drawn at random.

use rustc_hash::FxHashSet;

use super::decode::{Object, TextBound, Value};
use super::faults::{FaultCode, Faults, Path};
use crate::domain::code::{
    Code, Generation, MAX_GENERATED, MAX_LENGTH, MAX_RANDOM, MIN_RANDOM, NewCode,
};

/// Most codes of one request.
pub const MAX_CODES: usize = 1_000_000;
/// What is said of a text that cannot be a code.
pub const MALFORMED: &str =
    "must be 3 to 64 letters, digits, - and _, beginning with a letter or digit";

/// Which codes a promotion is to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewCodes {
    Named(Vec<NewCode>),
    /// So many, drawn at random.
    Generated(Generation),
}

/// Reads the body: `codes`, or `generate` and perhaps `batch`; with either `expires_at`.
pub fn parse(value: Value<'_, '_>, faults: &mut Faults) -> Option<NewCodes> {
    let mut body = value.object(faults)?;
    let codes = body.optional("codes", faults, named);
    let generate = body.optional("generate", faults, generate);
    let batch = body.optional("batch", faults, |v, f| v.owned(TextBound::NAME, f));
    let expires_at = body.optional("expires_at", faults, |v, f| v.time(f));
    refuse_mixtures(&body, faults);
    body.finish(faults)?;
    let expires_at = expires_at?.map(|time| time.to_utc());
    match (codes?, generate?) {
        (Some(codes), None) => Some(NewCodes::Named(
            codes.into_iter().map(|code| NewCode { code, expires_at }).collect(),
        )),
        (None, Some(drawn)) => {
            Some(NewCodes::Generated(Generation { batch: batch?, expires_at, ..drawn }))
        }
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn refuse_mixtures(body: &Object<'_, '_>, faults: &mut Faults) {
    const COMBINATION: FaultCode = FaultCode::UnsupportedCombination;
    match (body.has("codes"), body.has("generate")) {
        (true, true) => {
            let message = "does not go with codes: a request names codes or has them drawn";
            body.fault::<()>("generate", faults, COMBINATION, message);
        }
        (false, false) => {
            let message = "is required, or generate in its place";
            body.fault::<()>("codes", faults, FaultCode::Required, message);
        }
        (true, false) | (false, true) => {}
    }
    if body.has("batch") && !body.has("generate") {
        let message = "goes with generate only";
        body.fault::<()>("batch", faults, COMBINATION, message);
    }
}

fn named(value: Value<'_, '_>, faults: &mut Faults) -> Option<Vec<String>> {
    let codes = value.list(1..=MAX_CODES, faults, |value, faults| {
        let text = value.str(faults)?;
        if Code::new(text).is_none() {
            return value.fault(faults, FaultCode::Malformed, MALFORMED);
        }
        Some(text.to_owned())
    })?;
    let mut seen = FxHashSet::default();
    for (place, code) in codes.iter().enumerate() {
        if !seen.insert(code.to_ascii_uppercase()) {
            let path = value.path().index(place);
            faults.add(&path, FaultCode::NotUnique, "is there twice");
        }
    }
    Some(codes)
}

fn generate(value: Value<'_, '_>, faults: &mut Faults) -> Option<Generation> {
    let mut object = value.object(faults)?;
    let most = i64::from(MAX_GENERATED);
    let count = object.required("count", faults, |v, f| v.integer(1..=most, f));
    let prefix = object.or("prefix", String::new(), faults, prefix);
    let lengths = i64::try_from(MIN_RANDOM).ok()?..=i64::try_from(MAX_RANDOM).ok()?;
    let length = object.required("length", faults, |v, f| v.integer(lengths, f));
    if let (Some(prefix), Some(length)) = (&prefix, length)
        && prefix.len() + length > MAX_LENGTH
    {
        let message = format!("leaves a code of more than {MAX_LENGTH} characters");
        object.fault::<()>("prefix", faults, FaultCode::TooLong, message);
    }
    object.finish(faults)?;
    Some(Generation {
        count: count?,
        prefix: prefix?,
        length: length?,
        batch: None,
        expires_at: None,
    })
}

/// What codes begin with: as a code begins, or nothing.
fn prefix(value: Value<'_, '_>, faults: &mut Faults) -> Option<String> {
    let text = value.text(TextBound::TEXT, faults)?;
    if text.len() > MAX_LENGTH {
        let message = format!("leaves a code of more than {MAX_LENGTH} characters");
        return value.fault(faults, FaultCode::TooLong, message);
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

/// Adds a fault at each code that was there before, whatever its case.
pub fn refuse_twice<'c>(
    codes: impl Iterator<Item = (usize, &'c str)>,
    around: &Path<'_>,
    faults: &mut Faults,
) {
    let mut seen = FxHashSet::default();
    for (place, code) in codes {
        if !seen.insert(code.to_ascii_uppercase()) {
            let entry = around.index(place);
            faults.add(&entry.key("code"), FaultCode::NotUnique, "is there twice");
        }
    }
}
