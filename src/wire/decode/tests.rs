//! Tables of values and their faults.

use super::*;
use crate::domain::amount::Money;
use crate::wire::body::{AMOUNT, COUNT, NAME, Reads, TIME_OF_DAY, ZONE};
use crate::wire::faults::Fault;

/// The faults of reading `text` with `read`, as `pointer code`.
fn faults_of<T: std::fmt::Debug>(
    text: &str,
    read: impl FnOnce(Value<'_, '_>, &mut Faults) -> Option<T>,
) -> Vec<String> {
    let json = Json::parse(text.as_bytes()).expect(text);
    let mut faults = Faults::new();
    let value = read(Value::root(&json), &mut faults);
    assert_eq!(value.is_none(), !faults.is_empty(), "{text}: {value:?}");
    let shown = |fault: Fault| format!("{} {}", fault.pointer, fault.code.name());
    faults.into_vec().into_iter().map(shown).collect()
}

fn field<T: std::fmt::Debug>(
    text: &str,
    read: impl FnOnce(Value<'_, '_>, &mut Faults) -> Option<T>,
) -> Vec<String> {
    faults_of(text, |value, faults| {
        let mut object = value.object(faults)?;
        let field = object.required("a", faults, read);
        object.finish(faults)?;
        field
    })
}

#[test]
fn objects_report_what_is_missing_unknown_and_there_twice() {
    let read = |text: &str| field(text, |value, faults| value.boolean(faults));
    assert!(read(r#"{"a": true}"#).is_empty());
    assert_eq!(read("{}"), ["/a required"]);
    assert_eq!(read(r#"{"a": null}"#), ["/a required"]);
    assert_eq!(read(r#"{"a": 1, "b": 2}"#), ["/a wrong_type", "/b unknown_field"]);
    assert_eq!(read(r#"{"a": true, "b": 2, "a": true}"#), ["/b unknown_field", "/a not_unique"]);
    assert_eq!(read("[]"), [" wrong_type"]);
    let many: Vec<_> = (0..200).map(|i| format!("\"k{i}\": 0")).collect();
    let many = format!("{{{}, \"a\": true}}", many.join(","));
    assert_eq!(read(&many).len(), 100);
}

#[test]
fn decimals_are_read_from_their_digits_and_bounded() {
    let amount =
        |text: &str| faults_of(text, |value, faults| Reads::<Money>::read(&AMOUNT, value, faults));
    for good in ["1", "\"1.5\"", "0", "1000000000", "\"0.0001\"", "1.10000000"] {
        assert!(amount(good).is_empty(), "{good}");
    }
    for (bad, code) in [
        ("1e3", "malformed"),
        ("\"1e3\"", "malformed"),
        ("\"\"", "malformed"),
        ("\" 1\"", "malformed"),
        ("1.00001", "too_precise"),
        ("-1", "out_of_range"),
        ("1000000000.0001", "out_of_range"),
        ("99999999999999999999999", "out_of_range"),
        ("true", "wrong_type"),
        ("{}", "wrong_type"),
    ] {
        assert_eq!(amount(bad), [format!(" {code}")], "{bad}");
    }
    let integer =
        |text: &str| faults_of(text, |value, faults| Reads::<u32>::read(&COUNT, value, faults));
    assert!(integer("1000000000").is_empty());
    for (bad, code) in [
        ("0", "out_of_range"),
        ("1000000001", "out_of_range"),
        ("1.5", "too_precise"),
        ("\"1\"", "wrong_type"),
    ] {
        assert_eq!(integer(bad), [format!(" {code}")], "{bad}");
    }
}

#[test]
fn texts_are_counted_in_characters() {
    let name = |text: &str| {
        let json = format!("\"{text}\"");
        faults_of(&json, |value, faults| Reads::<String>::read(&NAME, value, faults))
    };
    assert!(name(&"ä".repeat(255)).is_empty());
    assert_eq!(name(&"ä".repeat(256)), [" too_long"]);
    assert_eq!(name(""), [" required"]);
    assert_eq!(name("a\\u0000b"), [" malformed"]);
    assert_eq!(name("a\u{85}b"), [" malformed"]);
}

#[test]
fn times_and_zones_have_one_form() {
    let time = |text: &str| faults_of(text, |value, faults| value.time(faults));
    assert!(time("\"2026-06-01T00:00:00+05:30\"").is_empty());
    for bad in [
        "\"2026-06-01\"",
        "\"2026-06-01T00:00:00\"",
        "\"2016-12-31T23:59:60Z\"",
        "\"2026-13-01T00:00:00Z\"",
    ] {
        assert_eq!(time(bad), [" malformed"], "{bad}");
    }
    assert_eq!(time("\"0000-01-01T00:00:00Z\""), [" out_of_range"]);
    let clock = |text: &str| faults_of(text, |value, faults| TIME_OF_DAY.read(value, faults));
    assert!(clock("\"18:00\"").is_empty());
    for bad in ["\"24:00\"", "\"8:00\"", "\"08:00:00\"", "\"+8:00\"", "\"08:60\""] {
        assert_eq!(clock(bad), [" malformed"], "{bad}");
    }
    let zone = |text: &str| faults_of(text, |value, faults| ZONE.read(value, faults));
    assert!(zone("\"Asia/Kolkata\"").is_empty());
    assert_eq!(zone("\"Mars/Base\""), [" malformed"]);
}

#[test]
fn maps_report_every_key_that_is_there_twice() {
    let map = |text: &str| {
        faults_of(text, |value, faults| {
            value
                .map(50, faults, |_, entry, faults| entry.text(TextBound::TEXT, faults))
                .map(|entries| entries.len())
        })
    };
    assert!(map(r#"{"a": "1", "b": ""}"#).is_empty());
    assert_eq!(
        map(r#"{"a": "1", "a": 2, "": "3"}"#),
        ["/a wrong_type", "/ required", "/a not_unique"]
    );
}
