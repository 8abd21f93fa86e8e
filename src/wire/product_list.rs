//! Product lists (spec 3): named lists of SKUs.

use super::decode::{TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::write::Writer;

/// Most SKUs of one list (spec 3).
pub const MAX_SKUS: usize = 200_000;

/// Reads the body of the list `name`: its SKUs, each once, in the order given. The body may repeat
/// the name, as `GET` prints it.
pub fn parse(value: Value<'_, '_>, name: &str, faults: &mut Faults) -> Option<Vec<String>> {
    let mut object = value.object(faults)?;
    let own = object.optional("name", faults, |v, f| v.text(TextBound::NAME, f).map(str::to_owned));
    if matches!(own, Some(Some(own)) if own != name) {
        let message = "is not the name of the path";
        object.fault::<()>("name", faults, FaultCode::UnsupportedCombination, message);
    }
    let skus = object.required("skus", faults, parse_skus);
    object.finish(faults)?;
    skus
}

/// Reads SKUs. One that is there again says nothing new: lists are pasted together from others.
pub fn parse_skus(value: Value<'_, '_>, faults: &mut Faults) -> Option<Vec<String>> {
    let mut skus = value.texts(0..=MAX_SKUS, TextBound::NAME, faults)?;
    keep_first(&mut skus);
    Some(skus)
}

/// Drops every SKU that was there before.
pub fn keep_first(skus: &mut Vec<String>) {
    let mut seen = rustc_hash::FxHashSet::default();
    skus.retain(|sku| seen.insert(sku.clone()));
}

pub fn print(writer: &mut Writer, name: &str, skus: &[String]) {
    writer.object(|writer| {
        writer.key("name").text(name);
        writer.key("skus").texts(skus);
    });
}
