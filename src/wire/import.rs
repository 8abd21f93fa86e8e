//! A document of rules to import (spec 3): what `export` prints, and so what `evaluate` reads, without a request.

use std::collections::BTreeMap;

use super::body::*;
use super::bounds::TextBound;
use super::code::CodeText;
use super::decode::{Object, Value};
use super::duplicates::refuse_repeated;
use super::faults::{FaultCode, Faults, ListReference};
use super::json::Json;
use super::promotion::{Purpose, TermsBody, parse as parse_promotion};
use super::settings::{Computed, SettingsBody, parse as parse_settings};
use super::{product_list, store};
use crate::domain::code::{Code, NewCode};
use crate::domain::promotion::{PromotionType, Status, Terms};
use crate::domain::settings::Settings;
use crate::domain::store::Store;

/// Most promotions, product lists and codes of a document, each. The bound stops a faulty generator before the memory
/// runs out.
pub const MAX_ENTRIES: usize = 1_000_000;
/// Most product lists of a document to import: as many as a tenant may ever have.
const MAX_LISTS: usize = 10_000;
/// Most promotions of a document to import.
const MAX_PROMOTIONS: usize = 10_000;

/// Rules to import. What is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// The settings, and the product lists that they name.
    pub settings: Option<(Settings, Vec<ListReference>)>,
    pub product_lists: BTreeMap<String, Vec<String>>,
    pub stores: Vec<Store>,
    pub promotions: Vec<ImportedPromotion>,
    /// By the names of their promotions.
    pub codes: BTreeMap<String, Vec<NewCode>>,
}

/// A promotion to import.
#[derive(Clone, Debug)]
pub struct ImportedPromotion {
    pub terms: Terms,
    /// The product lists that the terms name.
    pub lists: Vec<ListReference>,
    /// The status, if it is said.
    pub status: Option<Status>,
    /// A pointer to it in the document.
    pub pointer: String,
}

/// Reads a document. `present` are the tenant's settings: currency and time zone default to theirs, and a document without
/// custom fields, as exports are, leaves theirs.
pub fn parse(value: Value<'_, '_>, present: &Settings, faults: &mut Faults) -> Option<Import> {
    let mut object = value.object(faults)?;
    let mut settings = object.optional("settings", faults, |value, faults| {
        parse_settings(value, present.clone(), Computed::Ignored, faults)
    });
    if let Some(Some(settings)) = &mut settings
        && settings.custom_fields.is_empty()
    {
        settings.custom_fields.clone_from(&present.custom_fields);
    }
    let of_settings = faults.take_lists();
    let product_lists = object.or("product_lists", BTreeMap::new(), faults, |value, faults| {
        product_lists(value, MAX_LISTS, faults)
    });
    let stores = object.or("stores", Vec::new(), faults, store::parse_list);
    let fields = settings.as_ref().and_then(Option::as_ref).unwrap_or(present);
    let fields = &fields.custom_fields;
    let promotions = object.or("promotions", Vec::new(), faults, |value, faults| {
        value.list(0..=MAX_PROMOTIONS, faults, |value, faults| {
            let body = parse_promotion(value, Purpose::Import(fields), faults);
            let (lists, pointer) = (faults.take_lists(), value.path.pointer());
            Some(ImportedPromotion { terms: body.terms?, lists, status: body.status, pointer })
        })
    });
    let promotions: Option<Vec<ImportedPromotion>> = promotions;
    if let Some(promotions) = &promotions {
        let names = promotions.iter().map(|own| &own.terms.name).enumerate();
        refuse_repeated(names, &value.path.key("promotions"), Some("name"), faults);
    }
    let codes = codes(&mut object, promotions.as_deref(), faults);
    object.finish(faults)?;
    Some(Import {
        settings: settings?.map(|settings| (settings, of_settings)),
        product_lists: product_lists?,
        stores: stores?,
        promotions: promotions?,
        codes: codes?,
    })
}

/// Reads at most so many product lists by their names.
pub fn product_lists(
    value: Value<'_, '_>,
    most: usize,
    faults: &mut Faults,
) -> Option<BTreeMap<String, Vec<String>>> {
    let lists = value.map(most, faults, |name, value, faults| {
        Some((name.to_owned(), product_list::parse_skus(value, faults)?))
    })?;
    Some(lists.into_iter().collect())
}

/// Reads codes by the names of their promotions, which must be in the document.
fn codes(
    object: &mut Object<'_, '_>,
    promotions: Option<&[ImportedPromotion]>,
    faults: &mut Faults,
) -> Option<BTreeMap<String, Vec<NewCode>>> {
    object.or("codes", BTreeMap::new(), faults, |value, faults| {
        let lists = value.map(MAX_PROMOTIONS, faults, |name, value, faults| {
            let list = value.list(0..=MAX_ENTRIES, faults, code);
            let named = |own: &&ImportedPromotion| own.terms.name == name;
            match promotions?.iter().find(named) {
                None => {
                    let message = "is no promotion of the document";
                    value.fault(faults, FaultCode::UnknownReference, message)
                }
                Some(own) if own.terms.kind.promotion_type() != PromotionType::CodeLinked => {
                    let message = "only promotions of the type code_linked have codes";
                    value.fault(faults, FaultCode::UnsupportedCombination, message)
                }
                Some(_) => Some((name.to_owned(), list?)),
            }
        })?;
        Some(lists.into_iter().collect())
    })
}

/// Reads a code: a text, or an object with its customer and its end.
pub fn code(value: Value<'_, '_>, faults: &mut Faults) -> Option<NewCode> {
    let form = |value: Value<'_, '_>, faults: &mut Faults| {
        let text = value.text(TextBound::NAME, faults)?;
        if Code::new(text).is_some() {
            return Some(text.to_owned());
        }
        let message = "must be 3 to 64 letters, digits, - and _, beginning with a letter or digit";
        value.fault(faults, FaultCode::Malformed, message)
    };
    match value.json {
        Json::Object(_) => {
            let mut object = value.object(faults)?;
            let code = object.required("code", faults, form);
            let customer_id = object.optional("customer_id", faults, |v, f| NAME.read(v, f));
            let expires_at = object.optional("expires_at", faults, |v, f| v.time(f));
            object.finish(faults)?;
            let expires_at = expires_at?.map(|time| time.to_utc());
            Some(NewCode { code: code?, customer_id: customer_id?, expires_at })
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            Some(NewCode { code: form(value, faults)?, customer_id: None, expires_at: None })
        }
    }
}

/// How many things of one kind an import has made, replaced and left as they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub made: u64,
    pub replaced: u64,
    pub left: u64,
}

impl Tally {
    /// Counts one that was there before, or is new, and was written or not.
    pub fn count(&mut self, was_there: bool, is_written: bool) {
        match (was_there, is_written) {
            (false, _) => self.made += 1,
            (true, true) => self.replaced += 1,
            (true, false) => self.left += 1,
        }
    }
}

/// What an import has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub settings: Tally,
    pub stores: Tally,
    pub product_lists: Tally,
    pub promotions: Tally,
    pub codes: Tally,
}

answer! {
    struct TallyBody "ImportTally" as Tally |tally| {
        /// How many are new.
        made: required(SIZE) => tally.made,
        /// How many were replaced.
        replaced: required(SIZE) => tally.replaced,
        /// How many were there as they are.
        left: required(SIZE) => tally.left,
    }
}

answer! {
    /// What an import has made, replaced and left, or would in a dry run.
    pub struct ImportedBody "Imported" as Imported |imported| {
        /// The settings: one, or none if the document has none.
        settings: required(part::<TallyBody>()) => imported.settings,
        /// Stores, by their codes.
        stores: required(part::<TallyBody>()) => imported.stores,
        /// Product lists, by their names.
        product_lists: required(part::<TallyBody>()) => imported.product_lists,
        /// Promotions, by their names.
        promotions: required(part::<TallyBody>()) => imported.promotions,
        /// Codes. None is replaced: a code that is there stays with its customer and its end.
        codes: required(part::<TallyBody>()) => imported.codes,
    }
}

described! {
    /// Rules to import, as `export` prints them. What is left out stays as it is.
    pub struct ImportInput "" {
        /// The settings. What they leave out takes its default, but for currency, time zone and custom fields.
        settings: absent(part::<SettingsBody>()),
        /// Stores; each code may appear once.
        stores: absent(store::STORES),
        /// Product lists by their names.
        product_lists: absent(map(list(NAME, 0..=product_list::MAX_SKUS), MAX_LISTS)),
        /// Promotions; each name may appear once.
        promotions: absent(list(part::<ImportEntry>(), 0..=MAX_PROMOTIONS)),
        /// Codes by the names of their promotions, which must be in the document.
        codes: absent(map(list(part::<CodeEntry>(), 0..=MAX_ENTRIES), MAX_PROMOTIONS)),
    }
}

described! {
    /// A promotion to import. It replaces the promotion of its name that is not archived.
    struct ImportEntry "" {
        id: ignored(),
        version: ignored(),
        state: ignored(),
        usage: ignored(),
        findings: ignored(),
        created_at: ignored(),
        updated_at: ignored(),
        terms: all_of::<TermsBody>(),
        /// The status. Default: that of the promotion that is replaced, else `draft`.
        status: absent(choice_of(&[Status::Draft, Status::Active, Status::Paused])),
    }
}

described! {
    struct CodeTable "" {
        /// The code.
        code: required(CodeText),
        /// The only customer for whom the code works.
        customer_id: absent(NAME),
        /// When the code stops working.
        expires_at: absent(INSTANT),
    }
}

/// A code, which may also be a text alone.
struct CodeEntry;

impl Described for CodeEntry {
    const NAME: &'static str = "";

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        or_text(CodeTable::schema(schemas), CodeText.schema(schemas))
    }
}
