//! Stores, product lists and codes as CSV, as spreadsheets write them.
//!
//! Faults point to a record by its number from 0, without the header, and to its column by name: as in the JSON list of
//! the same things.

use chrono_tz::Tz;

use super::code::{MALFORMED, MAX_CODES, refuse_twice};
use super::decode::{TextBound, Value};
use super::faults::{FaultCode, Faults, Path};
use super::json::Json;
use crate::domain::code::{Code, NewCode};
use crate::domain::store::{MAX_ZONES, Store};

/// The columns of stores.
const STORE_COLUMNS: [&str; 4] = ["code", "concept", "zones", "timezone"];
/// The columns of codes; `used` is what an export tells, and says nothing here.
pub const CODE_COLUMNS: [&str; 3] = ["code", "expires_at", "used"];
/// What parts the zones of one store.
const ZONE_SEPARATOR: char = '|';

/// Reads stores: `code,concept,zones,timezone`, with that header; the zones of one are parted by `|`.
pub fn stores(bytes: &[u8], faults: &mut Faults) -> Option<Vec<Store>> {
    let records = records(bytes, faults)?;
    let (columns, records) = with_header(&records, &STORE_COLUMNS, faults)?;
    let stores: Vec<Option<Store>> = records
        .iter()
        .enumerate()
        .map(|(place, record)| store(&columns, record, &Path::Root.index(place), faults))
        .collect();
    stores.into_iter().collect()
}

fn store(
    columns: &[&str],
    record: &csv::StringRecord,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<Store> {
    require_columns(columns, record, path, faults)?;
    let field = |name: &str| field(columns, record, name);
    let before = faults.as_slice().len();
    let code = field("code");
    check(code, &path.key("code"), TextBound::NAME, faults);
    let concept = field("concept");
    check(concept, &path.key("concept"), TextBound::TEXT, faults);
    let zones: Vec<&str> = field("zones")
        .split(ZONE_SEPARATOR)
        .map(str::trim)
        .filter(|zone| !zone.is_empty())
        .collect();
    if zones.len() > MAX_ZONES {
        let message = format!("has more than {MAX_ZONES}");
        faults.add(&path.key("zones"), FaultCode::TooMany, message);
    }
    for zone in &zones {
        check(zone, &path.key("zones"), TextBound::NAME, faults);
    }
    let timezone = field("timezone");
    let zone = timezone.parse::<Tz>().ok();
    if !timezone.is_empty() && zone.is_none() {
        let message = "must be a time zone, as Asia/Kolkata";
        faults.add(&path.key("timezone"), FaultCode::Malformed, message);
    }
    (faults.as_slice().len() == before).then(|| Store {
        code: code.to_owned(),
        concept: (!concept.is_empty()).then(|| concept.to_owned()),
        zones: zones.into_iter().map(str::to_owned).collect(),
        timezone: zone,
    })
}

/// Reads codes: `code`, perhaps `expires_at` and `used`, with that header, as the export has it.
pub fn codes(bytes: &[u8], faults: &mut Faults) -> Option<Vec<NewCode>> {
    let records = records(bytes, faults)?;
    let (columns, records) = with_header(&records, &CODE_COLUMNS, faults)?;
    if records.is_empty() || records.len() > MAX_CODES {
        let (code, message) = if records.is_empty() {
            (FaultCode::Required, "needs at least 1 code".to_owned())
        } else {
            (FaultCode::TooMany, format!("has more than {MAX_CODES} codes"))
        };
        faults.add(&Path::Root, code, message);
        return None;
    }
    let codes: Vec<Option<NewCode>> = records
        .iter()
        .enumerate()
        .map(|(place, record)| code(&columns, record, &Path::Root.index(place), faults))
        .collect();
    let known = codes.iter().enumerate();
    let known = known.filter_map(|(place, new)| Some((place, new.as_ref()?.code.as_str())));
    refuse_twice(known, &Path::Root, faults);
    codes.into_iter().collect()
}

fn code(
    columns: &[&str],
    record: &csv::StringRecord,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<NewCode> {
    require_columns(columns, record, path, faults)?;
    let code = field(columns, record, "code");
    if Code::new(code).is_none() {
        faults.add(&path.key("code"), FaultCode::Malformed, MALFORMED);
    }
    let expires_at = match field(columns, record, "expires_at") {
        "" => None,
        text => {
            let text = Json::String(text.into());
            Some(Value::at(&text, path.key("expires_at")).time(faults)?)
        }
    };
    Code::new(code)?;
    Some(NewCode { code: code.to_owned(), expires_at: expires_at.map(|time| time.to_utc()) })
}

/// The columns that the header names, all of which are known and each there once, and the records below it. `code`
/// must be among them.
fn with_header<'r>(
    records: &'r [csv::StringRecord],
    known: &[&str],
    faults: &mut Faults,
) -> Option<(Vec<&'r str>, &'r [csv::StringRecord])> {
    let Some((header, records)) = records.split_first() else {
        faults.add(&Path::Root, FaultCode::Required, "the header is missing");
        return None;
    };
    let before = faults.len();
    let columns: Vec<&str> = header.iter().map(|name| name.trim()).collect();
    for (place, column) in columns.iter().enumerate() {
        let path = Path::Root.key(column);
        if !known.contains(column) {
            faults.add(&path, FaultCode::UnknownField, "is not a column here");
        } else if columns.get(..place).unwrap_or_default().contains(column) {
            faults.add(&path, FaultCode::NotUnique, "is there twice");
        }
    }
    if !columns.contains(&"code") {
        let path = Path::Root.key("code");
        faults.add(&path, FaultCode::Required, "this column is missing");
    }
    (faults.len() == before).then_some((columns, records))
}

fn require_columns(
    columns: &[&str],
    record: &csv::StringRecord,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<()> {
    if record.len() != columns.len() {
        let message = format!("has {} fields, not {}", record.len(), columns.len());
        faults.add(path, FaultCode::Malformed, message);
        return None;
    }
    Some(())
}

/// The field of a column, empty where there is no such column.
fn field<'r>(columns: &[&str], record: &'r csv::StringRecord, name: &str) -> &'r str {
    let place = columns.iter().position(|column| *column == name);
    place.and_then(|place| record.get(place)).unwrap_or_default().trim()
}

/// Reads a product list: one SKU a line, with or without the header `sku`.
pub fn skus(bytes: &[u8], max: usize, faults: &mut Faults) -> Option<Vec<String>> {
    let mut records = records(bytes, faults)?;
    if records.first().is_some_and(|first| first.len() == 1 && first.get(0) == Some("sku")) {
        records.remove(0);
    }
    if records.len() > max {
        faults.add(&Path::Root, FaultCode::TooMany, format!("has more than {max} SKUs"));
        return None;
    }
    for (place, record) in records.iter().enumerate() {
        let path = Path::Root.index(place);
        if record.len() == 1 {
            check(record.get(0).unwrap_or_default().trim(), &path, TextBound::NAME, faults);
        } else {
            faults.add(&path, FaultCode::Malformed, "has more than one field");
        }
    }
    let sku = |record: &csv::StringRecord| record.get(0).unwrap_or_default().trim().to_owned();
    faults.is_empty().then(|| records.iter().map(sku).collect())
}

/// The records of a text, lines without any field left out.
fn records(bytes: &[u8], faults: &mut Faults) -> Option<Vec<csv::StringRecord>> {
    // Spreadsheets put a byte order mark before UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let records: Result<Vec<_>, _> = reader.records().collect();
    match records {
        Ok(records) => Some(records),
        Err(_) => {
            faults.add(&Path::Root, FaultCode::Malformed, "is not CSV in UTF-8");
            None
        }
    }
}

fn check(text: &str, path: &Path<'_>, bound: TextBound, faults: &mut Faults) {
    if text.is_empty() && bound == TextBound::NAME {
        faults.add(path, FaultCode::Required, "must not be empty");
    } else if text.chars().count() > MAX_TEXT {
        faults.add(path, FaultCode::TooLong, format!("has more than {MAX_TEXT} characters"));
    } else if text.chars().any(char::is_control) {
        faults.add(path, FaultCode::Malformed, "has control characters");
    }
}

/// Most characters of one field (spec 14).
const MAX_TEXT: usize = 255;

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
