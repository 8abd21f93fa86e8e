//! Stores, product lists and codes as CSV, in the form that spreadsheets write.
//!
//! Each fault names its line in the file: its pointer is `/lines/1777`, and its message begins with `line 1777`.

use std::borrow::Cow;

use super::body::{INSTANT, NAME, Reads, TEXT, ZONE};
use super::code::{CodeText, MAX_CODES};
use super::decode::Value;
use super::faults::{FaultCode, Faults, Path};
use super::json::Json;
use super::vocabulary::NewName;
use crate::domain::code::NewCode;
use crate::domain::store::{MAX_ZONES, Store};

/// The columns of stores.
const STORE_COLUMNS: [&str; 4] = ["code", "concept", "zones", "timezone"];
/// The columns of codes. Exports fill `used`; imports ignore it. Exports have the last one where a code of the
/// promotion is bound to a customer.
pub const CODE_COLUMNS: [&str; 4] = ["code", "expires_at", "used", "customer_id"];
/// The columns of names.
const NAME_COLUMNS: [&str; 2] = ["value", "title"];
/// Separates the zones of a store.
const ZONE_SEPARATOR: char = '|';

/// The records of a file. Empty lines are skipped.
struct File<'b> {
    bytes: &'b [u8],
    records: Vec<csv::StringRecord>,
}

impl<'b> File<'b> {
    fn read(bytes: &'b [u8], faults: &mut Faults) -> Option<Self> {
        // Spreadsheets put a byte order mark before UTF-8.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut file = Self { bytes, records: Vec::new() };
        for record in reader.records() {
            match record {
                Ok(record) => file.records.push(record),
                Err(error) => {
                    let line = file.line_at(error.position());
                    fault(line, FaultCode::Malformed, "is not CSV in UTF-8", faults);
                    return None;
                }
            }
        }
        Some(file)
    }

    /// The line on which a record begins, counted from 1.
    fn line(&self, record: &csv::StringRecord) -> u64 {
        self.line_at(record.position())
    }

    /// A position is before the empty lines that precede a record.
    fn line_at(&self, position: Option<&csv::Position>) -> u64 {
        let Some(position) = position else { return 1 };
        let begin = usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let rest = self.bytes.get(begin..).unwrap_or_default().iter();
        let ends = rest.take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let skipped = ends.filter(|byte| **byte == b'\n').count();
        position.line().saturating_add(u64::try_from(skipped).unwrap_or_default())
    }

    /// Reads each record below the first `skipped` ones. A record must have a field for each column.
    fn rows<T>(
        &self,
        columns: &[&str],
        skipped: usize,
        faults: &mut Faults,
        read: fn(&Row<'_>, &mut Faults) -> Option<T>,
    ) -> Vec<Option<T>> {
        let row = |record: &csv::StringRecord| {
            let line = self.line(record);
            if record.len() != columns.len() {
                let message = format!("has {} fields, not {}", record.len(), columns.len());
                fault(line, FaultCode::Malformed, &message, faults);
                return None;
            }
            let mut own = Faults::new();
            let row = read(&Row { columns, record }, &mut own);
            tell(line, own, faults);
            row
        };
        self.records.iter().skip(skipped).map(row).collect()
    }

    /// Refuses records whose code repeats an earlier one, also where something else is wrong with one of them.
    fn refuse_repeated_codes(
        &self,
        columns: &[&str],
        skipped: usize,
        key: fn(&str) -> String,
        faults: &mut Faults,
    ) {
        let mut seen = rustc_hash::FxHashSet::default();
        for record in self.records.iter().skip(skipped) {
            let is_whole = record.len() == columns.len();
            let code = key(Row { columns, record }.text("code"));
            if is_whole && !code.is_empty() && !seen.insert(code) {
                fault(self.line(record), FaultCode::NotUnique, "code is there twice", faults);
            }
        }
    }

    /// Refuses more records than `most` below the first `skipped` ones.
    fn refuse_more(
        &self,
        most: usize,
        skipped: usize,
        what: &str,
        faults: &mut Faults,
    ) -> Option<()> {
        let Some(first) = self.records.get(most.saturating_add(skipped)) else { return Some(()) };
        let message = format!("the file has more than {most} {what}");
        fault(self.line(first), FaultCode::TooMany, &message, faults);
        None
    }
}

fn fault(line: u64, code: FaultCode, message: &str, faults: &mut Faults) {
    faults.add_at(format!("/lines/{line}"), code, format!("line {line}: {message}"));
}

/// Tells the faults of one line. Their pointers name columns.
fn tell(line: u64, own: Faults, faults: &mut Faults) {
    for found in own.into_vec() {
        let column = found.pointer.trim_start_matches('/');
        fault(line, found.code, format!("{column} {}", found.message).trim_start(), faults);
    }
}

/// A record below a header.
struct Row<'r> {
    columns: &'r [&'r str],
    record: &'r csv::StringRecord,
}

impl Row<'_> {
    /// The field of a column; empty if the file has no such column.
    fn text(&self, name: &str) -> &str {
        let place = self.columns.iter().position(|column| *column == name);
        place.and_then(|place| self.record.get(place)).unwrap_or_default().trim()
    }

    /// Reads the field of a column like a JSON text.
    fn read<T>(
        &self,
        name: &str,
        kind: &impl for<'t> Reads<'t, T>,
        faults: &mut Faults,
    ) -> Option<T> {
        read_text(self.text(name), Path::Root.key(name), kind, faults)
    }

    /// Reads the field of a column; `None` if it is empty.
    fn optional<T>(
        &self,
        name: &str,
        kind: &impl for<'t> Reads<'t, T>,
        faults: &mut Faults,
    ) -> Option<Option<T>> {
        if self.text(name).is_empty() {
            return Some(None);
        }
        self.read(name, kind, faults).map(Some)
    }
}

fn read_text<T>(
    text: &str,
    path: Path<'_>,
    kind: &impl for<'t> Reads<'t, T>,
    faults: &mut Faults,
) -> Option<T> {
    let json = Json::String(text.into());
    kind.read(Value { json: &json, path }, faults)
}

/// Reads stores with the header `code,concept,zones,timezone`, in any case and order. The zones of a store are separated
/// by `|`. Each code may appear once.
pub fn stores(bytes: &[u8], faults: &mut Faults) -> Option<Vec<Store>> {
    let file = File::read(bytes, faults)?;
    let columns = header(&file, &STORE_COLUMNS, "code", faults)?;
    let stores = file.rows(&columns, 1, faults, store);
    file.refuse_repeated_codes(&columns, 1, str::to_owned, faults);
    stores.into_iter().collect()
}

fn store(row: &Row<'_>, faults: &mut Faults) -> Option<Store> {
    let code = row.read("code", &NAME, faults);
    let concept = row.optional("concept", &TEXT, faults);
    let path = Path::Root.key("zones");
    let zones = row.text("zones").split(ZONE_SEPARATOR).map(str::trim);
    let zones: Vec<&str> = zones.filter(|zone| !zone.is_empty()).collect();
    if zones.len() > MAX_ZONES {
        faults.add(&path, FaultCode::TooMany, format!("has more than {MAX_ZONES}"));
    }
    let zones: Vec<Option<String>> =
        zones.into_iter().map(|zone| read_text(zone, path, &NAME, faults)).collect();
    let zones: Option<Vec<String>> = zones.into_iter().collect();
    let timezone = row.optional("timezone", &ZONE, faults);
    Some(Store { code: code?, concept: concept?, zones: zones?, timezone: timezone? })
}

/// Reads codes with a header of `code`, and optionally `expires_at`, `used` and `customer_id`, as exports have it. If the
/// first line does not name `code`, there is no header, and each line is a code.
pub fn codes(bytes: &[u8], faults: &mut Faults) -> Option<Vec<NewCode>> {
    let file = File::read(bytes, faults)?;
    let names_code = |name: &str| name.trim().eq_ignore_ascii_case("code");
    let has_header = file.records.first().is_some_and(|first| first.iter().any(names_code));
    let (columns, skipped) = if has_header {
        (header(&file, &CODE_COLUMNS, "code", faults)?, 1)
    } else {
        (vec!["code"], 0)
    };
    if file.records.len() <= skipped {
        fault(1, FaultCode::Required, "the file needs at least 1 code", faults);
        return None;
    }
    file.refuse_more(MAX_CODES, skipped, "codes", faults)?;
    let codes = file.rows(&columns, skipped, faults, code);
    file.refuse_repeated_codes(&columns, skipped, str::to_ascii_uppercase, faults);
    codes.into_iter().collect()
}

fn code(row: &Row<'_>, faults: &mut Faults) -> Option<NewCode> {
    let code = row.read("code", &CodeText, faults);
    let expires_at = row.optional("expires_at", &INSTANT, faults);
    let customer_id = row.optional("customer_id", &NAME, faults);
    Some(NewCode { code: code?, customer_id: customer_id?, expires_at: expires_at? })
}

/// The columns of the header. Each column must be known, in whatever case, and may appear once; `needed`
/// is required.
fn header(
    file: &File<'_>,
    known: &[&'static str],
    needed: &str,
    faults: &mut Faults,
) -> Option<Vec<&'static str>> {
    let Some(header) = file.records.first() else {
        fault(1, FaultCode::Required, "the header is missing", faults);
        return None;
    };
    let mut own = Faults::new();
    let mut columns = Vec::with_capacity(header.len());
    for name in header.iter().map(str::trim) {
        match known.iter().find(|column| column.eq_ignore_ascii_case(name)) {
            None => {
                let message = format!("{name:?} is not a column here");
                own.add(&Path::Root, FaultCode::UnknownField, message);
            }
            Some(column) if columns.contains(column) => {
                own.add(&Path::Root.key(column), FaultCode::NotUnique, "is there twice");
            }
            Some(column) => columns.push(*column),
        }
    }
    if !columns.contains(&needed) {
        own.add(&Path::Root, FaultCode::Required, format!("the column {needed} is missing"));
    }
    let is_good = own.is_empty();
    tell(file.line(header), own, faults);
    is_good.then_some(columns)
}

/// Reads names of the vocabulary with the header `value` and optionally `title`, in any case and order. If the first line
/// does not name `value`, there is no header, and each line is a name, with or without a title.
pub fn names(bytes: &[u8], max: usize, faults: &mut Faults) -> Option<Vec<NewName>> {
    let file = File::read(bytes, faults)?;
    let names_value = |name: &str| name.trim().eq_ignore_ascii_case("value");
    let first = file.records.first();
    let (columns, skipped) = if first.is_some_and(|first| first.iter().any(names_value)) {
        (header(&file, &NAME_COLUMNS, "value", faults)?, 1)
    } else {
        let count = first.map_or(1, csv::StringRecord::len);
        (NAME_COLUMNS.into_iter().take(count.max(1)).collect(), 0)
    };
    file.refuse_more(max, skipped, "names", faults)?;
    file.rows(&columns, skipped, faults, name).into_iter().collect()
}

fn name(row: &Row<'_>, faults: &mut Faults) -> Option<NewName> {
    let value = row.read("value", &NAME, faults);
    let title = row.optional("title", &TEXT, faults);
    Some((value?, title?))
}

/// Reads a product list: one SKU a line, with or without the header `sku`, in whatever case.
pub fn skus(bytes: &[u8], max: usize, faults: &mut Faults) -> Option<Vec<String>> {
    let file = File::read(bytes, faults)?;
    let first = file.records.first();
    let first = first.filter(|first| first.len() == 1).and_then(|first| first.get(0));
    let first = first.map(str::trim).unwrap_or_default();
    let skipped = usize::from(first.eq_ignore_ascii_case("sku"));
    if file.records.len() == 1 && is_glued(first) {
        let message = "the header and the SKUs are glued together: with curl, send the file with --data-binary, since \
                       -d removes the ends of lines. If it is one SKU, put the header sku above it";
        fault(
            file.records.first().map_or(1, |record| file.line(record)),
            FaultCode::Malformed,
            message,
            faults,
        );
        return None;
    }
    file.refuse_more(max, skipped, "SKUs", faults)?;
    let skus = file.rows(&["sku"], skipped, faults, |row, faults| row.read("sku", &NAME, faults));
    skus.into_iter().collect()
}

/// Whether the only line of a file looks like a header and SKUs without the ends of their lines, as in `skuABC`.
fn is_glued(line: &str) -> bool {
    let Some((header, rest)) = line.split_at_checked(3) else { return false };
    header.eq_ignore_ascii_case("sku") && rest.starts_with(char::is_alphanumeric)
}

/// A text without control characters as a field, in quotation marks if it needs them.
pub fn field(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::Named as _;

    #[test]
    fn columns_come_in_any_order() {
        let mut faults = Faults::new();
        let read =
            stores(b"\xef\xbb\xbfzones,code\r\n\"south|metro\",BLR-01\n,DEL-01\n", &mut faults)
                .unwrap();
        assert_eq!(read[0].zones, ["south", "metro"]);
        assert_eq!((read[1].code.as_str(), &read[1].concept), ("DEL-01", &None));
        assert_eq!(faults.as_slice(), []);
    }

    fn told(read: impl FnOnce(&mut Faults)) -> Vec<(String, &'static str, String)> {
        let mut faults = Faults::new();
        read(&mut faults);
        let told = faults.into_vec().into_iter();
        told.map(|own| (own.pointer, own.code.name(), own.message.into_owned())).collect()
    }

    #[test]
    fn every_fault_names_its_line_in_the_file() {
        let stores_of =
            |text: &str| told(|faults| assert!(stores(text.as_bytes(), faults).is_none()));
        let line = |number: u32, code, message: &str| {
            (format!("/lines/{number}"), code, format!("line {number}: {message}"))
        };
        let zone = "timezone must be a time zone, as Asia/Kolkata";
        assert_eq!(
            stores_of("code,timezone\n\r\n\nA,Nowhere/City\n,\nB\n\"C\nC\",\nE,\n\nE,\n"),
            [
                line(4, "malformed", zone),
                line(5, "required", "code must not be empty"),
                line(6, "malformed", "has 1 fields, not 2"),
                line(7, "malformed", "code has control characters"),
                line(11, "not_unique", "code is there twice"),
            ]
        );
        assert_eq!(
            told(|faults| _ = stores(b"\ncode\nE\n\nE\n", faults)),
            [line(5, "not_unique", "code is there twice")]
        );
        assert_eq!(stores_of(""), [line(1, "required", "the header is missing")]);
        assert_eq!(
            stores_of("\n\nName,zones,ZONES\n"),
            [
                line(3, "unknown_field", "\"Name\" is not a column here"),
                line(3, "not_unique", "zones is there twice"),
                line(3, "required", "the column code is missing"),
            ]
        );
        let codes_of = |text: &[u8]| told(|faults| _ = codes(text, faults));
        assert_eq!(codes_of(b"code\n"), [line(1, "required", "the file needs at least 1 code")]);
        assert_eq!(
            codes_of(b"ABC\nDEF\n\xff\xfe\n"),
            [line(3, "malformed", "is not CSV in UTF-8")]
        );
        assert_eq!(codes_of(b"ABC\n\nabc\n"), [line(3, "not_unique", "code is there twice")]);
        let skus_of = |text: &[u8]| told(|faults| _ = skus(text, 2, faults));
        assert_eq!(
            skus_of(b"SKU\nA\n\nB\nC"),
            [line(5, "too_many", "the file has more than 2 SKUs")]
        );
        assert_eq!(skus_of(b"A\nB,C"), [line(2, "malformed", "has 2 fields, not 1")]);
    }

    #[test]
    fn skus_that_are_glued_to_their_header_are_told_why() {
        for glued in ["skuABC", "SKUTEE-1TEE-2", "Sku1\n"] {
            let told = told(|faults| assert!(skus(glued.as_bytes(), 9, faults).is_none()));
            let [(pointer, "malformed", message)] = told.as_slice() else { panic!("{told:?}") };
            assert_eq!(pointer, "/lines/1");
            assert!(message.contains("--data-binary"), "{message}");
        }
        for plain in ["SKU-1", "sku\nskuABC", "skuABC\nskuDEF", "ABC", "sk"] {
            let mut faults = Faults::new();
            assert!(skus(plain.as_bytes(), 9, &mut faults).is_some(), "{plain}: {faults:?}");
        }
    }

    #[test]
    fn the_header_of_skus_may_be_there() {
        let mut faults = Faults::new();
        assert_eq!(skus(b"sku\nA\nB\n", 2, &mut faults).unwrap(), ["A", "B"]);
        assert_eq!(skus(b"A\nB", 2, &mut faults).unwrap(), ["A", "B"]);
        assert!(skus(b"A\nB\nC", 2, &mut faults).is_none());
    }
}
