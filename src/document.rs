//! `promotion-engine evaluate FILE`: reads settings, stores, product lists, promotions, codes and a request from one
//! JSON document, and gives the result (spec 2). It needs no database and no server.
//!
//! Parts of the document may be left out. Settings take the defaults of spec 4 with the currency INR and the time zone
//! Asia/Kolkata, because there is no tenant that sets them. Stores, product lists, promotions and codes are empty by
//! default. By default a promotion is active, its id is the UUID whose number is its index in the list, and it was
//! created that many seconds after the start of 1970. Draft and archived promotions are left out, as in the service,
//! and their codes are unknown, unless a draft of the request takes the place of the promotion. A code is a text, or
//! `{"code", "expires_at", "customer_id"}`. The rules have version 0.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path as FilePath;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::domain::cart::Request;
use crate::domain::code::{Code, NewCode};
use crate::domain::currency::Currency;
use crate::domain::draft::Drafts;
use crate::domain::id::{CodeId, PromotionId};
use crate::domain::promotion::{Promotion, PromotionType, Status};
use crate::domain::settings::{CustomField, Settings};
use crate::domain::store::Store;
use crate::engine::{Changes, CodeFact, Prepared, ProductList, RuleSet, Stop, Unfinished};
use crate::wire::decode::{Object, Value};
use crate::wire::faults::ListReference;
use crate::wire::faults::{FaultCode, Faults, Path, too_complex};
use crate::wire::import::{MAX_ENTRIES, code, product_lists};
use crate::wire::json::Json;
use crate::wire::problem::Problem;
use crate::wire::promotion::{Body, Purpose};
use crate::wire::settings::Computed;
use crate::wire::{drafts, evaluation, promotion, settings, store};

/// Reads a file, or the standard input if it is named `-`.
pub fn read_file(file: &FilePath) -> io::Result<Vec<u8>> {
    if file != FilePath::new("-") {
        return std::fs::read(file);
    }
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text)?;
    Ok(text)
}

/// Evaluates a document at the `at` of its request, or else at `now`. All limits count as unused.
pub fn evaluate(text: &[u8], now: DateTime<Utc>) -> Result<String, Problem> {
    let stop = Stop::default();
    prepare(text, now, &stop, |rules, prepared| {
        let priced = prepared.and_then(|prepared| {
            let evaluation = prepared.evaluate(&[], &[], &stop)?;
            Ok(evaluation::print(&evaluation, rules, prepared.request(), prepared.now()))
        });
        match priced {
            Ok(text) => Ok(text),
            Err(Unfinished::TooComplex(costly)) => {
                Err(Problem::too_complex(too_complex(rules, &costly)))
            }
            #[expect(clippy::unreachable, reason = "an impossible state is a loud bug")]
            Err(Unfinished::Stopped) => unreachable!("nobody asks it to stop"),
        }
    })?
}

/// Reads a document, prepares its cart, and passes both to `then`. `stop` may interrupt the preparation.
pub fn prepare<T>(
    text: &[u8],
    now: DateTime<Utc>,
    stop: &Stop,
    then: impl FnOnce(&RuleSet, Result<Prepared<&Request<'_>>, Unfinished>) -> T,
) -> Result<T, Problem> {
    let json = Json::parse(text)?;
    let mut faults = Faults::new();
    let document = read(Value::root(&json), &mut faults);
    let Some(document) = document.filter(|_| faults.is_empty()) else {
        return Err(Problem::invalid(faults));
    };
    let Document { settings, stores, product_lists, promotions, codes, request, drafts } = document;
    let lists: BTreeMap<String, Arc<ProductList>> = product_lists
        .into_iter()
        .map(|(name, skus)| (name, Arc::new(ProductList::new(&skus))))
        .collect();
    let created_at: FxHashMap<PromotionId, DateTime<Utc>> =
        promotions.iter().map(|own| (own.id, own.created_at)).collect();
    let live = promotions.into_iter().filter(|own| takes_part(own.status)).collect();
    let mut rules = RuleSet::compile(settings, stores, lists.clone(), live);
    let mut codes = codes;
    if let Some(drafts) = drafts {
        let mut faults = Faults::new();
        let exists = |id| created_at.contains_key(&id);
        drafts::check_named(&drafts, "/request", exists, &mut faults);
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        let without = drafts.without.clone();
        let settings = drafts.settings.as_ref().map(|own| own.upon(rules.settings()));
        let (with, own) = drafts.promotions(|id| created_at.get(&id).copied(), now);
        rules = rules.changed(Changes { with, without, settings, product_lists: lists });
        // The first draft that has a code keeps it.
        for (code, id) in own.into_iter().rev() {
            codes.insert(code.to_ascii_uppercase(), CodeFact::of_draft(id));
        }
    }
    let rules = Arc::new(rules);
    let presented = request.cart.codes.iter();
    let codes: Vec<Option<CodeFact>> =
        presented.map(|code| codes.get(&code.to_ascii_uppercase()).cloned()).collect();
    let now = request.at.unwrap_or(now);
    Ok(then(&rules, Prepared::new(Arc::clone(&rules), &request, &codes, now, stop)))
}

struct Document<'t> {
    settings: Settings,
    stores: Vec<Store>,
    product_lists: BTreeMap<String, Vec<String>>,
    promotions: Vec<Promotion>,
    /// Keyed by the form in which codes are compared.
    codes: FxHashMap<String, CodeFact>,
    request: Request<'t>,
    drafts: Option<Drafts>,
}

fn read<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Document<'t>> {
    let mut object = value.object(faults)?;
    let defaults = default_settings()?;
    let settings = object.or("settings", defaults.clone(), faults, |value, faults| {
        settings::parse(value, defaults, Computed::Unknown, faults)
    });
    let stores = object.or("stores", Vec::new(), faults, store::parse_list);
    let product_lists = object.or("product_lists", BTreeMap::new(), faults, |value, faults| {
        product_lists(value, MAX_ENTRIES, faults)
    });
    let fields = settings.as_ref().map(|settings| settings.custom_fields.as_slice());
    let entries = object.or("promotions", Vec::new(), faults, |value, faults| {
        value
            .list(0..=MAX_ENTRIES, faults, |value, faults| Some(Entry::read(value, fields, faults)))
    });
    let codes = read_codes(&mut object, entries.as_deref(), faults);
    let mut store = None;
    let request = object.required("request", faults, |value, faults| {
        store = text_of(value.json, "store");
        drafts::parse(value, faults)
    });
    let finished = object.finish(faults);
    check_lists(&faults.take_lists(), product_lists.as_ref(), faults);
    if let Some(entries) = &entries {
        check_unique(entries, &value.path, faults);
    }
    if let (Some(stores), Some(store)) = (&stores, store) {
        check_store(stores, store, &value.path, faults);
    }
    finished?;
    let (request, drafts) = request?;
    let promotions: Option<Vec<_>> = entries?.into_iter().map(Entry::promotion).collect();
    Some(Document {
        settings: settings?,
        stores: stores?,
        product_lists: product_lists?,
        promotions: promotions?,
        codes: codes?,
        request,
        drafts,
    })
}

fn default_settings() -> Option<Settings> {
    let currency = Currency::new("INR")?;
    Some(Settings::defaults(currency, Tz::Asia__Kolkata))
}

const fn takes_part(status: Status) -> bool {
    match status {
        Status::Active | Status::Paused => true,
        Status::Draft | Status::Archived => false,
    }
}

/// A promotion of the list, perhaps with faults.
struct Entry<'t> {
    id: PromotionId,
    created_at: DateTime<Utc>,
    status: Status,
    /// It is read even if the rest has faults, so that `codes` can refer to it.
    name: Option<&'t str>,
    body: Body,
}

impl<'t> Entry<'t> {
    fn read(value: Value<'_, 't>, fields: Option<&[CustomField]>, faults: &mut Faults) -> Self {
        let body = promotion::parse(value, Purpose::Document(fields), faults);
        let place = match &value.path {
            Path::Index(_, index) => *index,
            Path::Root | Path::Key(..) => 0,
        };
        let number = u32::try_from(place).unwrap_or(u32::MAX);
        let id = PromotionId::new(Uuid::from_u128(u128::from(number)));
        let made = DateTime::from_timestamp(i64::from(number), 0).unwrap_or_default();
        Self {
            id: body.id.unwrap_or(id),
            created_at: body.created_at.unwrap_or(made),
            status: body.status.unwrap_or(Status::Active),
            name: text_of(value.json, "name").map(str::trim),
            body,
        }
    }

    fn promotion(self) -> Option<Promotion> {
        Some(Promotion {
            id: self.id,
            created_at: self.created_at,
            status: self.status,
            terms: self.body.terms?,
        })
    }

    fn promotion_type(&self) -> Option<PromotionType> {
        let terms = self.body.terms.as_ref();
        terms.map(|terms| terms.kind.promotion_type())
    }
}

/// Reads a text of an object on its own, because the rest of the object may have faults.
fn text_of<'t>(json: &'t Json<'t>, key: &str) -> Option<&'t str> {
    let Json::Object(members) = json else {
        return None;
    };
    let member = members.iter().find(|member| member.0 == key)?;
    match &member.1 {
        Json::String(text) => Some(text),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Names must be unique among promotions that are not archived, ids among all promotions.
fn check_unique(entries: &[Entry<'_>], path: &Path<'_>, faults: &mut Faults) {
    let promotions = path.key("promotions");
    let (mut names, mut ids) = (FxHashMap::default(), FxHashMap::default());
    for (index, entry) in entries.iter().enumerate() {
        let place = promotions.index(index);
        if let (Some(name), true) = (entry.name, entry.status != Status::Archived)
            && names.insert(name, ()).is_some()
        {
            let message = "another promotion has this name";
            faults.add(&place.key("name"), FaultCode::NotUnique, message);
        }
        if ids.insert(entry.id, ()).is_some() {
            let message = "another promotion has this id";
            faults.add(&place.key("id"), FaultCode::NotUnique, message);
        }
    }
}

fn check_lists(
    lists: &[ListReference],
    known: Option<&BTreeMap<String, Vec<String>>>,
    faults: &mut Faults,
) {
    let Some(known) = known else { return };
    for reference in lists {
        if !known.contains_key(&reference.name) {
            let pointer = reference.pointer.clone();
            faults.add_at(pointer, FaultCode::UnknownReference, "is no product list");
        }
    }
}

fn check_store(stores: &[Store], code: &str, path: &Path<'_>, faults: &mut Faults) {
    if !stores.iter().any(|store| store.code == code) {
        let request = path.key("request");
        faults.add(&request.key("store"), FaultCode::UnknownReference, "is no store");
    }
}

/// Reads codes, keyed by the form in which they are compared.
fn read_codes(
    object: &mut Object<'_, '_>,
    entries: Option<&[Entry<'_>]>,
    faults: &mut Faults,
) -> Option<FxHashMap<String, CodeFact>> {
    object.or("codes", FxHashMap::default(), faults, |value, faults| {
        // The first promotion of each code.
        let mut owners: FxHashMap<String, PromotionId> = FxHashMap::default();
        let mut codes = FxHashMap::default();
        value.map(MAX_ENTRIES, faults, |name, value, faults| {
            let Some(owner) = owner(value, name, entries?, faults) else {
                // The owner is unknown, but the faults of the codes themselves are still reported.
                value.list(0..=MAX_ENTRIES, faults, code)?;
                return None;
            };
            value.list(0..=MAX_ENTRIES, faults, |value, faults| {
                let NewCode { code, customer_id, expires_at } = code(value, faults)?;
                let code = Code::new(&code)?;
                let first = *owners.entry(code.key()).or_insert(owner.id);
                if first != owner.id {
                    let message = "another promotion has this code";
                    return value.fault(faults, FaultCode::NotUnique, message);
                }
                // The position stands for the id that a stored code would have.
                let place = u128::try_from(codes.len()).unwrap_or(u128::MAX);
                codes.entry(code.key()).or_insert_with(|| CodeFact {
                    code_id: CodeId::new(Uuid::from_u128(place)),
                    promotion_id: owner.id,
                    customer_id,
                    expires_at,
                });
                Some(())
            })
        })?;
        Some(codes)
    })
}

/// The promotion that codes belong to: of the promotions with this name the one that is not archived, or else the
/// first.
fn owner<'e, 't>(
    value: Value<'_, '_>,
    name: &str,
    entries: &'e [Entry<'t>],
    faults: &mut Faults,
) -> Option<&'e Entry<'t>> {
    let named = || entries.iter().filter(|entry| entry.name == Some(name.trim()));
    let living = named().find(|entry| entry.status != Status::Archived);
    let Some(owner) = living.or_else(|| named().next()) else {
        let message = "is no promotion of the document";
        return value.fault(faults, FaultCode::UnknownReference, message);
    };
    match owner.promotion_type() {
        Some(PromotionType::CodeLinked) | None => Some(owner),
        Some(
            PromotionType::Pos
            | PromotionType::Loyalty
            | PromotionType::LoyaltyEarning
            | PromotionType::Rewards,
        ) => {
            let message = "only promotions of the type code_linked have codes";
            value.fault(faults, FaultCode::UnsupportedCombination, message)
        }
    }
}

#[cfg(test)]
mod tests;
