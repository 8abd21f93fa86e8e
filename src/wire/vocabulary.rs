//! Names that are imported into the vocabulary (spec 15.4).

use super::body::*;
use super::decode::Value;
use super::faults::{FaultCode, Faults, Path};
use crate::domain::vocabulary::MAX_SKU_VALUES;

/// A name, and perhaps its title.
pub type NewName = (String, Option<String>);

request! {
    /// A name of the vocabulary.
    struct NewNameBody "" as NewName {
        /// The name. If it is there twice, the last title counts.
        value: required(NAME),
        /// What people call it; null: the title stays as it is.
        title: optional(TEXT),
    } read |object, faults| { Some((value?, title?)) }
}

request! {
    /// Names of one field.
    pub struct NewNames "Vocabulary" as Vec<NewName> {
        /// The names: at most 10,000, of the field `sku` 200,000.
        values: required(list(part::<NewNameBody>(), 0..=MAX_SKU_VALUES)),
    } read |object, faults| { values }
}

/// Reads at most so many names.
pub fn parse(value: Value<'_, '_>, most: usize, faults: &mut Faults) -> Option<Vec<NewName>> {
    let names: Vec<NewName> = NewNames::read(value, faults)?;
    if names.len() > most {
        let message = format!("has more than {most} names");
        faults.add(&Path::Root.key("values"), FaultCode::TooMany, message);
        return None;
    }
    Some(names)
}
