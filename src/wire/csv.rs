//! Stores, product lists and codes as CSV, in the form that spreadsheets write.
//!
//! A fault points to its record by number, counted from 0 without the header, and to its column by name. The same fault
//! in a JSON list has the same pointer.

use std::borrow::Cow;

use super::body::{INSTANT, NAME, Reads, TEXT, ZONE};
use super::code::{CodeText, MAX_CODES};
use super::decode::Value;
use super::duplicates::refuse_repeated;
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

/// A record below a header.
struct Row<'r> {
    columns: &'r [&'r str],
    record: &'r csv::StringRecord,
    path: Path<'r>,
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
        read_text(self.text(name), self.path.key(name), kind, faults)
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

/// Reads stores with the header `code,concept,zones,timezone`, in any case and order. The zones of a store are separated by `|`.
pub fn stores(bytes: &[u8], faults: &mut Faults) -> Option<Vec<Store>> {
    let records = records(bytes, faults)?;
    let (columns, records) = with_header(&records, &STORE_COLUMNS, "code", faults)?;
    rows(&columns, records, faults, store).into_iter().collect()
}

fn store(row: &Row<'_>, faults: &mut Faults) -> Option<Store> {
    let code = row.read("code", &NAME, faults);
    let concept = row.optional("concept", &TEXT, faults);
    let path = row.path.key("zones");
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
    let records = records(bytes, faults)?;
    let names_code = |name: &str| name.trim().eq_ignore_ascii_case("code");
    let (columns, records) = if records.first().is_some_and(|first| first.iter().any(names_code)) {
        with_header(&records, &CODE_COLUMNS, "code", faults)?
    } else {
        (vec!["code"], records.as_slice())
    };
    if records.is_empty() {
        faults.add(&Path::Root, FaultCode::Required, "needs at least 1 code");
        return None;
    }
    if records.len() > MAX_CODES {
        let message = format!("has more than {MAX_CODES} codes");
        faults.add(&Path::Root, FaultCode::TooMany, message);
        return None;
    }
    let codes = rows(&columns, records, faults, code);
    let key = |(place, new): (usize, &Option<NewCode>)| {
        Some((place, new.as_ref()?.code.to_ascii_uppercase()))
    };
    refuse_repeated(codes.iter().enumerate().filter_map(key), &Path::Root, Some("code"), faults);
    codes.into_iter().collect()
}

fn code(row: &Row<'_>, faults: &mut Faults) -> Option<NewCode> {
    let code = row.read("code", &CodeText, faults);
    let expires_at = row.optional("expires_at", &INSTANT, faults);
    let customer_id = row.optional("customer_id", &NAME, faults);
    Some(NewCode { code: code?, customer_id: customer_id?, expires_at: expires_at? })
}

/// The columns of the header, and the records below it. Each column must be known, in whatever case, and may appear
/// once; `needed` is required.
fn with_header<'r>(
    records: &'r [csv::StringRecord],
    known: &[&'static str],
    needed: &str,
    faults: &mut Faults,
) -> Option<(Vec<&'static str>, &'r [csv::StringRecord])> {
    let Some((header, records)) = records.split_first() else {
        faults.add(&Path::Root, FaultCode::Required, "the header is missing");
        return None;
    };
    let before = faults.as_slice().len();
    let mut columns = Vec::with_capacity(header.len());
    for name in header.iter().map(str::trim) {
        let path = Path::Root.key(name);
        match known.iter().find(|column| column.eq_ignore_ascii_case(name)) {
            None => faults.add(&path, FaultCode::UnknownField, "is not a column here"),
            Some(column) if columns.contains(column) => faults.repeated(&path),
            Some(column) => columns.push(*column),
        }
    }
    if !columns.contains(&needed) {
        let path = Path::Root.key(needed);
        faults.add(&path, FaultCode::Required, "this column is missing");
    }
    (faults.as_slice().len() == before).then_some((columns, records))
}

/// Reads each record. A record must have a field for each column.
fn rows<T>(
    columns: &[&str],
    records: &[csv::StringRecord],
    faults: &mut Faults,
    read: fn(&Row<'_>, &mut Faults) -> Option<T>,
) -> Vec<Option<T>> {
    let row = |(place, record): (usize, &csv::StringRecord)| {
        let path = Path::Root.index(place);
        if record.len() != columns.len() {
            let message = format!("has {} fields, not {}", record.len(), columns.len());
            faults.add(&path, FaultCode::Malformed, message);
            return None;
        }
        read(&Row { columns, record, path }, faults)
    };
    records.iter().enumerate().map(row).collect()
}

/// Reads names of the vocabulary with the header `value` and optionally `title`, in any case and order. If the first line
/// does not name `value`, there is no header, and each line is a name, with or without a title.
pub fn names(bytes: &[u8], max: usize, faults: &mut Faults) -> Option<Vec<NewName>> {
    let records = records(bytes, faults)?;
    let names_value = |name: &str| name.trim().eq_ignore_ascii_case("value");
    let (columns, records) = if records.first().is_some_and(|first| first.iter().any(names_value)) {
        with_header(&records, &NAME_COLUMNS, "value", faults)?
    } else {
        let count = records.first().map_or(1, csv::StringRecord::len);
        let columns = NAME_COLUMNS.into_iter().take(count.max(1)).collect();
        (columns, records.as_slice())
    };
    if records.len() > max {
        faults.add(&Path::Root, FaultCode::TooMany, format!("has more than {max} names"));
        return None;
    }
    rows(&columns, records, faults, name).into_iter().collect()
}

fn name(row: &Row<'_>, faults: &mut Faults) -> Option<NewName> {
    let value = row.read("value", &NAME, faults);
    let title = row.optional("title", &TEXT, faults);
    Some((value?, title?))
}

/// Reads a product list: one SKU a line, with or without the header `sku`, in whatever case.
pub fn skus(bytes: &[u8], max: usize, faults: &mut Faults) -> Option<Vec<String>> {
    let mut records = records(bytes, faults)?;
    let is_header = |name: &str| name.trim().eq_ignore_ascii_case("sku");
    if records.first().is_some_and(|first| first.len() == 1 && first.iter().any(is_header)) {
        records.remove(0);
    }
    if records.len() > max {
        faults.add(&Path::Root, FaultCode::TooMany, format!("has more than {max} SKUs"));
        return None;
    }
    let sku = |(place, record): (usize, &csv::StringRecord)| {
        let path = Path::Root.index(place);
        if record.len() != 1 {
            faults.add(&path, FaultCode::Malformed, "has more than one field");
            return None;
        }
        read_text(record.get(0).unwrap_or_default().trim(), path, &NAME, faults)
    };
    let skus: Vec<Option<String>> = records.iter().enumerate().map(sku).collect();
    skus.into_iter().collect()
}

/// A text without control characters as a field, in quotation marks if it needs them.
pub fn field(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

/// The records of a text. Empty lines are skipped.
fn records(bytes: &[u8], faults: &mut Faults) -> Option<Vec<csv::StringRecord>> {
    // Spreadsheets put a byte order mark before UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let records: Result<Vec<_>, _> = reader.records().collect();
    if records.is_err() {
        faults.add(&Path::Root, FaultCode::Malformed, "is not CSV in UTF-8");
    }
    records.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_in_any_order_and_faults_have_their_place() {
        let mut faults = Faults::new();
        let read =
            stores(b"\xef\xbb\xbfzones,code\r\n\"south|metro\",BLR-01\n,DEL-01\n", &mut faults)
                .unwrap();
        assert_eq!(read[0].zones, ["south", "metro"]);
        assert_eq!((read[1].code.as_str(), &read[1].concept), ("DEL-01", &None));
        assert!(stores(b"code,timezone\nA,Nowhere/City\n,\n", &mut faults).is_none());
        let pointers: Vec<_> =
            faults.as_slice().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/0/timezone", "/1/code"]);
    }

    #[test]
    fn the_header_of_skus_may_be_there() {
        let mut faults = Faults::new();
        assert_eq!(skus(b"sku\nA\nB\n", 2, &mut faults).unwrap(), ["A", "B"]);
        assert_eq!(skus(b"A\nB", 2, &mut faults).unwrap(), ["A", "B"]);
        assert!(skus(b"A\nB\nC", 2, &mut faults).is_none());
    }
}
