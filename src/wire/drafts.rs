//! The body of an evaluation with drafts and settings (spec 15.1).

use super::body::*;
use super::code::CodeText;
use super::decode::{Object, Value};
use super::faults::{FaultCode, Faults};
use super::json::Json;
use super::promotion::{self, MAX_DRAFT_CODES, Purpose, TermsBody};
use super::settings::{self, SettingsBody};
use crate::domain::cart::Request;
use crate::domain::draft::{Draft, Drafts, Identity, MAX_DRAFTS};
use crate::domain::id::PromotionId;
use crate::domain::promotion::{Kind, Status};

/// Most promotions that an evaluation leaves out.
pub(super) const MAX_WITHOUT: usize = 1_000;

/// Reads a request and its drafts, if the body changes the rules in any way. Custom fields are not checked against the
/// settings: no price depends on them.
pub fn parse<'t>(
    value: Value<'_, 't>,
    faults: &mut Faults,
) -> Option<(Request<'t>, Option<Drafts>)> {
    let mut object = value.object(faults)?;
    let request = Request::members(&mut object, faults);
    let drafts = members(&mut object, faults);
    object.finish(faults)?;
    Some((request?, drafts?))
}

/// Whether a body has drafts, leaves promotions out or changes settings, whatever it has there. Null counts as absent.
pub fn has_any(json: &Json<'_>) -> bool {
    let has = |name| json.member(name).is_some_and(|own| *own != Json::Null);
    has("with") || has("without") || has("settings")
}

/// Reads the members `with`, `without` and `settings`. `Some(None)` if there are none.
pub(super) fn members(object: &mut Object<'_, '_>, faults: &mut Faults) -> Option<Option<Drafts>> {
    let with =
        object.optional("with", faults, |value, faults| value.list(0..=MAX_DRAFTS, faults, draft));
    let without = object.optional("without", faults, |value, faults| {
        value.list(0..=MAX_WITHOUT, faults, |id, faults| {
            Some(PromotionId::new(ID.read(id, faults)?))
        })
    });
    let settings = object.optional("settings", faults, settings::replaced);
    Some(match (with?, without?, settings?) {
        (None, None, None) => None,
        (with, without, settings) => Some(Drafts {
            with: with.unwrap_or_default(),
            without: without.unwrap_or_default(),
            settings,
        }),
    })
}

fn draft(value: Value<'_, '_>, faults: &mut Faults) -> Option<Draft> {
    let body = promotion::parse(value, Purpose::Draft, faults);
    let terms = body.terms?;
    let place = value.path.key("codes");
    let identity = match (body.id, body.codes) {
        (Some(id), codes) if codes.is_empty() => Identity::Stored(id),
        (Some(_), _) => {
            faults.clash(&place, "does not go with id: its codes are stored");
            return None;
        }
        (None, codes) if codes.is_empty() || matches!(terms.kind, Kind::CodeLinked) => {
            Identity::New(codes)
        }
        (None, _) => {
            faults.clash(&place, "goes with the type code_linked only");
            return None;
        }
    };
    Some(Draft { identity, terms })
}

/// Reports promotions that do not exist, and those that are named twice. `root` is the place of the request.
pub fn check_named(
    drafts: &Drafts,
    root: &str,
    exists: impl Fn(PromotionId) -> bool,
    faults: &mut Faults,
) {
    let mut named = Vec::new();
    for (pointer, id) in drafts.named() {
        let pointer = format!("{root}{pointer}");
        if !exists(id) {
            let message = "there is no such promotion";
            faults.add_at(pointer.clone(), FaultCode::UnknownReference, message);
        }
        if named.contains(&id) {
            faults.add_at(pointer, FaultCode::NotUnique, "is named twice");
        }
        named.push(id);
    }
}

described! {
    /// A promotion to price the cart with, as if it were stored and active.
    pub struct DraftInput "" {
        /// The stored promotion whose place the draft takes; it shares its limits, codes and issuances. Without it the
        /// draft is a promotion of its own, named `draft:0`, `draft:1` and so on by its place.
        id: absent(ID),
        terms: all_of::<TermsBody>(),
        /// Ignored: a draft is taken as active.
        status: absent(choice::<Status>()),
        /// The codes that unlock a draft without an id.
        codes: absent(list(CodeText, 0..=MAX_DRAFT_CODES)),
    }
}

described! {
    /// A cart, its customer, and where it is bought; with an admin key also drafts and settings.
    pub struct EvaluationRequest "" {
        request: all_of::<Request<'_>>(),
        /// Promotions to price the cart with besides the stored ones. Only for admin keys, else 403.
        with: absent(list(part::<DraftInput>(), 0..=MAX_DRAFTS)),
        /// Stored promotions to leave out. Only for admin keys, else 403.
        without: absent(list(ID, 0..=MAX_WITHOUT)),
        /// Settings to replace for this evaluation alone. Those that are not named stay as they are. Only for admin
        /// keys, else 403.
        settings: absent(part::<SettingsBody>()),
    }
}
