//! Promotions (spec 5): bodies of `POST` and `PUT`, entries of an `evaluate` document, and the
//! documents that are stored.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::audience;
use super::benefit;
use super::condition;
use super::custom_field::{self, Numbers};
use super::decode::{MAX_INTEGER, Object, TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::issuance;
use super::json::{Json, JsonError};
use super::limits;
use super::schedule;
use super::selector::ListReference;
use super::write::Writer;
use crate::domain::id::PromotionId;
use crate::domain::issuance::{Communication, Earning, Expiry, Trigger};
use crate::domain::limit::Limits;
use crate::domain::promotion::{
    Audience, DEFAULT_SEQUENCE, Kind, Promotion, PromotionType, Scope, Stacking, State, Status,
    Terms,
};
use crate::domain::settings::CustomField;

/// What a body is for: which fields it may have besides the terms, and what its status defaults to.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'s> {
    /// `POST`: draft unless it says active; computed fields are unknown.
    Create(&'s [CustomField]),
    /// `PUT`: computed fields are ignored; the status stays where it is left out.
    Replace(&'s [CustomField], Status),
    /// An entry of an `evaluate` document: active unless it says otherwise; `id` and `created_at`
    /// are read. `None`: the settings have faults, and custom fields are taken as they are.
    Document(Option<&'s [CustomField]>),
    /// What [`stored`] has printed. Custom fields are as they were: the settings may have changed.
    Stored,
}

/// What a body says.
#[derive(Debug)]
pub struct Body {
    /// The terms; `None` where the body has faults.
    pub terms: Option<Terms>,
    /// The status, where the body names one.
    pub status: Option<Status>,
    /// The id, where an `evaluate` document names one.
    pub id: Option<PromotionId>,
    /// When it was made, where an `evaluate` document says so.
    pub created_at: Option<DateTime<Utc>>,
    /// The product lists that it names, for the caller to look up; also of a body with faults.
    pub lists: Vec<ListReference>,
}

/// Reads a promotion. Its custom fields are checked against the settings'; a required one must be
/// there when the promotion is to be active.
pub fn parse(value: Value<'_, '_>, purpose: Purpose<'_>, faults: &mut Faults) -> Body {
    let before = faults.len();
    let mut body =
        Body { terms: None, status: None, id: None, created_at: None, lists: Vec::new() };
    if let Some(mut object) = value.object(faults) {
        read_besides(&mut object, purpose, &mut body, faults);
        let needed = to_be_active(purpose, body.status);
        let terms = terms(&mut object, purpose, needed, &mut body.lists, faults);
        let complete = object.finish(faults).is_some();
        // A full collector hides what is added; then there are faults in any case.
        if complete && faults.len() == before {
            body.terms = terms;
        }
    }
    body
}

/// The settings' custom fields, if the promotion is to be active.
fn to_be_active(purpose: Purpose<'_>, status: Option<Status>) -> Option<&[CustomField]> {
    let (fields, status) = match purpose {
        Purpose::Create(fields) => (fields, status.unwrap_or(Status::Draft)),
        Purpose::Replace(fields, present) => (fields, status.unwrap_or(present)),
        Purpose::Document(fields) => (fields?, status.unwrap_or(Status::Active)),
        Purpose::Stored => return None,
    };
    (status == Status::Active).then_some(fields)
}

/// What stands beside the terms.
fn read_besides(
    object: &mut Object<'_, '_>,
    purpose: Purpose<'_>,
    body: &mut Body,
    faults: &mut Faults,
) {
    const COMPUTED: [&str; 4] = ["version", "state", "usage", "updated_at"];
    match purpose {
        Purpose::Create(_) => {
            let allowed = [Status::Draft, Status::Active];
            let status = object.optional("status", faults, |v, f| v.choice_of(&allowed, f));
            body.status = status.flatten();
        }
        Purpose::Replace(..) => {
            body.status = object.optional("status", faults, |v, f| v.choice(f)).flatten();
            for name in COMPUTED.into_iter().chain(["id", "created_at"]) {
                object.ignore(name, faults);
            }
        }
        Purpose::Document(_) => {
            body.status = object.optional("status", faults, |v, f| v.choice(f)).flatten();
            let id: Option<Option<Uuid>> = object.optional("id", faults, |v, f| v.uuid(f));
            body.id = id.flatten().map(PromotionId::new);
            let created_at = object.optional("created_at", faults, |v, f| v.time(f));
            body.created_at = created_at.flatten().map(|time| time.to_utc());
            for name in COMPUTED {
                object.ignore(name, faults);
            }
        }
        Purpose::Stored => {}
    }
}

fn terms(
    object: &mut Object<'_, '_>,
    purpose: Purpose<'_>,
    needed: Option<&[CustomField]>,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Terms> {
    let integers = -MAX_INTEGER..=MAX_INTEGER;
    let empty = String::new;
    let name = object.required("name", faults, |v, f| v.owned(TextBound::NAME, f));
    let description = object.or("description", empty(), faults, |v, f| v.owned(TextBound::LONG, f));
    let kind = object.required("type", faults, |v, f| v.choice(f));
    let campaign = object.optional("campaign", faults, |v, f| v.owned(TextBound::NAME, f));
    let sequence = object.or("sequence", DEFAULT_SEQUENCE, faults, |v, f| v.integer(integers, f));
    let starts_at = object.required("starts_at", faults, |v, f| v.time(f));
    let ends_at = object.required("ends_at", faults, |v, f| v.time(f));
    if let (Some(starts_at), Some(ends_at)) = (starts_at, ends_at)
        && ends_at <= starts_at
    {
        object.fault::<()>("ends_at", faults, FaultCode::NotAfter, "must be after starts_at");
    }
    let currency = object.optional("currency", faults, |v, f| v.currency(f));
    let schedule = object.optional("schedule", faults, schedule::parse);
    let scope = object.or("scope", Scope::default(), faults, audience::parse_scope);
    let everybody = Audience::default();
    let audience = object.or("audience", everybody, faults, audience::parse_audience);
    let activation_required = object.or("activation_required", false, faults, |v, f| v.boolean(f));
    let conditions = object.optional("conditions", faults, |v, f| condition::parse(v, lists, f));
    let benefit = object.required("benefit", faults, |v, f| benefit::parse(v, lists, f));
    if let (Some(conditions), Some(benefit)) = (&conditions, &benefit) {
        let path = object.path().key("benefit");
        benefit::check_conditions(benefit, conditions.as_ref(), &path, faults);
    }
    let limits = object.or("limits", Limits::default(), faults, |value, faults| {
        limits::parse(value, kind, faults)
    });
    let stacking = object.or("stacking", Stacking::default(), faults, stacking);
    let suggest = object.or("suggest", false, faults, |v, f| v.boolean(f));
    let message = object.or("message", empty(), faults, |v, f| v.owned(TextBound::LONG, f));
    let fields = match purpose {
        Purpose::Create(fields) | Purpose::Replace(fields, _) => Some(fields),
        Purpose::Document(fields) => fields,
        Purpose::Stored => None,
    };
    let custom_fields = object.or("custom_fields", Default::default(), faults, |value, faults| {
        custom_field::parse_values(value, fields, faults)
    });
    if let (Some(values), Some(fields)) = (&custom_fields, needed) {
        let path = object.path().key("custom_fields");
        custom_field::check_required(fields, values, &path, faults);
    }
    let kind = full_kind(object, kind, lists, faults);
    Some(Terms {
        name: name?,
        description: description?,
        kind: kind?,
        campaign: campaign?,
        sequence: sequence?,
        starts_at: starts_at?,
        ends_at: ends_at?,
        currency: currency?,
        schedule: schedule?,
        scope: scope?,
        audience: audience?,
        activation_required: activation_required?,
        conditions: conditions?,
        benefit: benefit?,
        limits: limits?,
        stacking: stacking?,
        suggest: suggest?,
        message: message?,
        custom_fields: custom_fields?,
    })
}

/// The type with what goes with it only: earning, expiry, communication.
fn full_kind(
    object: &mut Object<'_, '_>,
    kind: Option<PromotionType>,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Kind> {
    const COMBINATION: FaultCode = FaultCode::UnsupportedCombination;
    let earning: Option<Option<Earning>> = object
        .optional("earning", faults, |value, faults| issuance::parse_earning(value, lists, faults));
    let expiry = object.or("expiry", Expiry::default(), faults, issuance::parse_expiry);
    let communication: Option<Option<Communication>> =
        object.optional("communication", faults, issuance::parse_communication);
    let kind = kind?;
    let open = match kind {
        PromotionType::LoyaltyEarning => {
            let earning = match earning? {
                Some(earning) => earning,
                None => {
                    let message = "is required for loyalty_earning";
                    return object.fault("earning", faults, FaultCode::Required, message);
                }
            };
            return Some(Kind::LoyaltyEarning {
                earning: Box::new(earning),
                expiry: expiry?,
                communication: communication?,
            });
        }
        PromotionType::Rewards => {
            if let Some(Some(earning)) = earning
                && earning.trigger != Trigger::Direct
            {
                let path = object.path().key("earning");
                let message = "rewards have the trigger direct";
                faults.add(&path.key("trigger"), COMBINATION, message);
            }
            return Some(Kind::Rewards { expiry: expiry?, communication: communication? });
        }
        PromotionType::Pos => Kind::Pos,
        PromotionType::Loyalty => Kind::Loyalty,
        PromotionType::CodeLinked => Kind::CodeLinked,
    };
    let message = "goes with the types loyalty_earning and rewards only";
    object.refuse("earning", COMBINATION, message, faults);
    object.refuse("communication", COMBINATION, message, faults);
    if expiry? != Expiry::WithPromotion {
        return object.fault("expiry", faults, COMBINATION, message);
    }
    Some(open)
}

fn stacking(value: Value<'_, '_>, faults: &mut Faults) -> Option<Stacking> {
    let mut object = value.object(faults)?;
    let exclusive = object.or("exclusive", false, faults, |v, f| v.boolean(f));
    let allow_further = object.or("allow_further", true, faults, |v, f| v.boolean(f));
    let group = object.optional("group", faults, |v, f| v.owned(TextBound::NAME, f));
    object.finish(faults)?;
    Some(Stacking { exclusive: exclusive?, allow_further: allow_further?, group: group? })
}

/// A promotion as it is answered.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'p> {
    pub id: PromotionId,
    /// How often it was written.
    pub version: i64,
    /// What an admin has set.
    pub status: Status,
    /// What follows from it now.
    pub state: State,
    /// What is used of its limits, printed before.
    pub usage: &'p str,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
    pub terms: &'p Terms,
}

/// Prints a promotion as it is answered: computed fields, then terms with all defaults filled in.
pub fn print(writer: &mut Writer, answer: &Answer<'_>) {
    writer.object(|writer| {
        writer.key("id").plain(answer.id);
        writer.key("version").integer(answer.version);
        writer.key("state").name(answer.state);
        print_terms(writer, answer.terms, Numbers::AsText);
        writer.key("status").name(answer.status);
        writer.key("usage").raw(answer.usage);
        writer.key("created_at").time(&answer.created_at);
        writer.key("updated_at").time(&answer.updated_at);
    });
}

/// Prints a promotion as an entry of an `evaluate` document.
pub fn print_entry(writer: &mut Writer, promotion: &Promotion) {
    writer.object(|writer| {
        writer.key("id").plain(promotion.id);
        print_terms(writer, &promotion.terms, Numbers::AsText);
        writer.key("status").name(promotion.status);
        writer.key("created_at").time(&promotion.created_at);
    });
}

/// Prints the terms alone, as they are answered.
pub fn recorded(terms: &Terms) -> String {
    let mut writer = Writer::with_capacity(1_024);
    writer.object(|writer| print_terms(writer, terms, Numbers::AsText));
    writer.finish()
}

/// The document that is stored: the terms alone, read back by [`parse_stored`].
pub fn stored(terms: &Terms) -> String {
    let mut writer = Writer::with_capacity(1_024);
    writer.object(|writer| print_terms(writer, terms, Numbers::AsNumbers));
    writer.finish()
}

/// Reads what [`stored`] has printed; an error says what is wrong with it.
pub fn parse_stored(document: &[u8]) -> Result<Terms, String> {
    let json = match Json::parse(document) {
        Ok(json) => json,
        Err(JsonError::NotJson(detail)) => return Err(detail),
        Err(JsonError::Fault(fault)) => {
            return Err(format!("{}: {}", fault.pointer, fault.message));
        }
    };
    let mut faults = Faults::new();
    let body = parse(Value::root(&json), Purpose::Stored, &mut faults);
    body.terms.ok_or_else(|| {
        let shown = |fault: &super::faults::Fault| format!("{}: {}", fault.pointer, fault.message);
        let all: Vec<_> = faults.as_slice().iter().map(shown).collect();
        all.join("; ")
    })
}

fn print_terms(writer: &mut Writer, terms: &Terms, numbers: Numbers) {
    writer.key("name").text(&terms.name);
    writer.key("description").text(&terms.description);
    writer.key("type").name(terms.kind.promotion_type());
    let campaign = terms.campaign.as_deref();
    writer.key("campaign").option(campaign, Writer::text);
    writer.key("sequence").integer(terms.sequence);
    writer.key("starts_at").time(&terms.starts_at);
    writer.key("ends_at").time(&terms.ends_at);
    writer.key("currency").option(terms.currency, Writer::plain);
    let schedule = terms.schedule.as_ref();
    writer.key("schedule").option(schedule, schedule::print);
    audience::print_scope(writer.key("scope"), &terms.scope);
    audience::print_audience(writer.key("audience"), &terms.audience);
    writer.key("activation_required").boolean(terms.activation_required);
    let conditions = terms.conditions.as_ref();
    writer.key("conditions").option(conditions, condition::print);
    benefit::print(writer.key("benefit"), &terms.benefit);
    limits::print(writer.key("limits"), &terms.limits);
    writer.key("stacking").object(|writer| {
        writer.key("exclusive").boolean(terms.stacking.exclusive);
        writer.key("allow_further").boolean(terms.stacking.allow_further);
        let group = terms.stacking.group.as_deref();
        writer.key("group").option(group, Writer::text);
    });
    writer.key("suggest").boolean(terms.suggest);
    writer.key("message").text(&terms.message);
    custom_field::print_values(writer.key("custom_fields"), &terms.custom_fields, numbers);
    print_kind(writer, &terms.kind);
}

fn print_kind(writer: &mut Writer, kind: &Kind) {
    let (expiry, communication) = match kind {
        Kind::LoyaltyEarning { earning, expiry, communication } => {
            issuance::print_earning(writer.key("earning"), earning);
            (*expiry, communication.as_ref())
        }
        Kind::Rewards { expiry, communication } => {
            issuance::print_direct_earning(writer.key("earning"));
            (*expiry, communication.as_ref())
        }
        Kind::Pos | Kind::Loyalty | Kind::CodeLinked => {
            writer.key("earning").null();
            (Expiry::default(), None)
        }
    };
    issuance::print_expiry(writer.key("expiry"), expiry);
    writer.key("communication").option(communication, issuance::print_communication);
}
