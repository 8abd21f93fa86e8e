//! Promotions (spec 5): bodies of `POST` and `PUT`, entries of an `evaluate` document, and what is stored.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::audience::AudienceBody;
use super::benefit::{self, BenefitBody};
use super::body::*;
use super::condition::CONDITIONS;
use super::custom_field::{self, Values};
use super::decode::{MAX_INTEGER, Object, Value};
use super::faults::{FaultCode, Faults};
use super::issuance::{EarningBody, ExpiryBody};
use super::limits;
use super::schedule::ScheduleBody;
use super::usage::UsageBody;
use super::write::Writer;
use crate::domain::id::PromotionId;
use crate::domain::issuance::{Communication, Earning, Expiry, Trigger};
use crate::domain::limit::Limits;
use crate::domain::names::Named as _;
use crate::domain::promotion::{
    CustomValue, DEFAULT_SEQUENCE, Kind, Promotion, PromotionType, Scope, Stacking, State, Status,
    Terms,
};
use crate::domain::settings::CustomField;
use crate::domain::usage::Usage;

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
}

/// Reads a promotion. Its custom fields are checked against the settings'.
pub fn parse(value: Value<'_, '_>, purpose: Purpose<'_>, faults: &mut Faults) -> Body {
    let before = faults.as_slice().len();
    let mut body = Body { terms: None, status: None, id: None, created_at: None };
    if let Some(mut object) = value.object(faults) {
        read_besides(&mut object, purpose, &mut body, faults);
        let terms = TermsBody::members(&mut object, faults);
        let values = custom_fields(&mut object, purpose, body.status, faults);
        let complete = object.finish(faults).is_some();
        // A full collector hides what is added; then there are faults in any case.
        if complete && faults.as_slice().len() == before {
            body.terms =
                terms.zip(values).map(|(terms, custom_fields)| Terms { custom_fields, ..terms });
        }
    }
    body
}

impl<'s> Purpose<'s> {
    /// The settings' custom fields, where they are at hand.
    const fn fields(self) -> Option<&'s [CustomField]> {
        match self {
            Purpose::Create(fields) | Purpose::Replace(fields, _) => Some(fields),
            Purpose::Document(fields) => fields,
            Purpose::Stored => None,
        }
    }

    /// The status where the body names none.
    const fn status(self) -> Status {
        match self {
            Purpose::Create(_) | Purpose::Stored => Status::Draft,
            Purpose::Replace(_, present) => present,
            Purpose::Document(_) => Status::Active,
        }
    }
}

/// The values of custom fields, against the settings'; required ones must be there if the promotion is to be active.
fn custom_fields(
    object: &mut Object<'_, '_>,
    purpose: Purpose<'_>,
    status: Option<Status>,
    faults: &mut Faults,
) -> Option<BTreeMap<String, CustomValue>> {
    let fields = purpose.fields();
    let values = object.or("custom_fields", BTreeMap::new(), faults, |value, faults| {
        custom_field::parse_values(value, fields, faults)
    })?;
    if let Some(fields) = fields
        && status.unwrap_or(purpose.status()) == Status::Active
    {
        let path = object.path().key("custom_fields");
        custom_field::check_required(fields, &values, &path, faults);
    }
    Some(values)
}

/// What stands beside the terms.
fn read_besides(
    object: &mut Object<'_, '_>,
    purpose: Purpose<'_>,
    body: &mut Body,
    faults: &mut Faults,
) {
    let allowed = match purpose {
        Purpose::Create(_) => &[Status::Draft, Status::Active],
        Purpose::Replace(..) | Purpose::Document(_) => Status::ALL,
        Purpose::Stored => return,
    };
    body.status = optional(choice_of(allowed)).read("status", object, faults).flatten();
    let mut ignored = vec!["version", "state", "usage", "updated_at"];
    match purpose {
        Purpose::Create(_) | Purpose::Stored => return,
        Purpose::Replace(..) => ignored.extend(["id", "created_at"]),
        Purpose::Document(_) => {
            let id: Option<Option<Uuid>> = optional(ID).read("id", object, faults);
            body.id = id.flatten().map(PromotionId::new);
            body.created_at = optional(INSTANT).read("created_at", object, faults).flatten();
        }
    }
    object.ignore(&ignored, faults);
}

body! {
    /// What a promotion was, with all defaults filled in.
    pub struct TermsBody "PromotionTerms" as Terms {
        /// Unique in the tenant among promotions that are not archived (409 `name_taken`).
        name: required(NAME) => terms.name,
        /// For those who manage promotions.
        description: or_empty(LONG) => terms.description,
        /// Who gets it how: automatically (`pos`; `loyalty`: members only), by an issuance (`loyalty_earning`, `rewards`), or by a code (`code_linked`).
        kind as "type": required(choice::<PromotionType>()) => terms.kind.promotion_type(),
        /// What it belongs to, for lists and statistics.
        campaign: optional(NAME) => terms.campaign,
        /// Lower goes first where the ranking says `sequence`.
        sequence: or(integer(-MAX_INTEGER..=MAX_INTEGER), DEFAULT_SEQUENCE) => terms.sequence,
        /// Included. Locked once the promotion has been live.
        starts_at: required(TIME) => terms.starts_at,
        /// Excluded; after `starts_at`.
        ends_at: required(TIME) => terms.ends_at,
        /// Carts in another currency do not get it. Null: the tenant's.
        currency: optional(CURRENCY) => terms.currency,
        /// When it is open between its dates; null: all the time.
        schedule: optional(part::<ScheduleBody>()) => terms.schedule,
        /// Where it applies; everywhere by default.
        scope: or_empty(part::<Scope>()) => terms.scope,
        /// For whom; everybody by default.
        audience: or_empty(part::<AudienceBody>()) => terms.audience,
        /// The customer must activate it first.
        activation_required: or(BOOLEAN, false) => terms.activation_required,
        /// What the cart must be; null is always true.
        conditions: optional(CONDITIONS) => terms.conditions,
        /// What is given.
        benefit: required(part::<BenefitBody>()) => terms.benefit,
        /// How often and how much.
        limits: or_empty(part::<Limits>()) => terms.limits,
        /// How it bears others.
        stacking: or_empty(part::<Stacking>()) => terms.stacking,
        /// Whether shoppers are told what is missing.
        suggest: or(BOOLEAN, false) => terms.suggest,
        /// Shown to the shopper. In suggestions `{shortfall}` is replaced by what is missing.
        message: or_empty(LONG) => terms.message,
        /// Values of the settings' custom fields, by key.
        custom_fields: later(or_empty(Values)) => terms.custom_fields,
        /// How it is earned. Required for `loyalty_earning`, `{"trigger": "direct"}` for `rewards`, null for all others.
        earning: optional(part::<EarningBody>()) => earning_of(&terms.kind),
        /// How long an issuance can be used; as long as the promotion by default. Goes with `loyalty_earning` and `rewards`.
        expiry: or_empty(part::<ExpiryBody>()) => usable(&terms.kind).0,
        /// What the customer is told. Goes with `loyalty_earning` and `rewards`.
        communication: optional(part::<Communication>()) => usable(&terms.kind).1,
    } print |terms| read |object, faults| {
        if let (Some(starts_at), Some(ends_at)) = (starts_at, ends_at)
            && ends_at <= starts_at
        {
            object.fault::<()>("ends_at", faults, FaultCode::NotAfter, "must be after starts_at");
        }
        if let (Some(conditions), Some(benefit)) = (&conditions, &benefit) {
            let path = object.path().key("benefit");
            benefit::check_conditions(benefit, conditions.as_ref(), &path, faults);
        }
        if let (Some(limits), Some(kind)) = (&limits, kind) {
            limits::refuse_unsupported(limits, kind, &object.path().key("limits"), faults);
        }
        let kind = full_kind(object, kind, (earning, expiry, communication), faults);
        // The caller, who knows the settings, reads the custom fields.
        let custom_fields = BTreeMap::new();
        whole!(Terms {
            name, description, kind, campaign, sequence, starts_at, ends_at, currency, schedule,
            scope, audience, activation_required, conditions, benefit, limits, stacking, suggest,
            message; custom_fields
        })
    }
}

/// What goes with a type only: each `None` after a fault, else as it was read.
type Issued = (Option<Option<Earning>>, Option<Expiry>, Option<Option<Communication>>);

/// The type with what goes with it only.
fn full_kind(
    object: &mut Object<'_, '_>,
    kind: Option<PromotionType>,
    (earning, expiry, communication): Issued,
    faults: &mut Faults,
) -> Option<Kind> {
    let open = match kind? {
        PromotionType::LoyaltyEarning => {
            let Some(earning) = earning? else {
                let message = "is required for loyalty_earning";
                return object.fault("earning", faults, FaultCode::Required, message);
            };
            return Some(Kind::LoyaltyEarning {
                earning: Box::new(earning),
                expiry: expiry?,
                communication: communication?,
            });
        }
        PromotionType::Rewards => {
            if earning.flatten().is_some_and(|earning| earning.trigger != Trigger::Direct) {
                let path = object.path().key("earning");
                faults.clash(&path.key("trigger"), "rewards have the trigger direct");
            }
            return Some(Kind::Rewards { expiry: expiry?, communication: communication? });
        }
        PromotionType::Pos => Kind::Pos,
        PromotionType::Loyalty => Kind::Loyalty,
        PromotionType::CodeLinked => Kind::CodeLinked,
    };
    let message = "goes with the types loyalty_earning and rewards only";
    object.refuse(&["earning", "communication"], message, faults);
    if expiry? != Expiry::WithPromotion {
        return object.clash("expiry", message, faults);
    }
    Some(open)
}

fn earning_of(kind: &Kind) -> Option<Earning> {
    match kind {
        Kind::LoyaltyEarning { earning, .. } => Some((**earning).clone()),
        Kind::Rewards { .. } => Some(Earning {
            trigger: Trigger::Direct,
            scope: Scope::default(),
            conditions: None,
            requires_issue: false,
            earn_within_days: None,
        }),
        Kind::Pos | Kind::Loyalty | Kind::CodeLinked => None,
    }
}

fn usable(kind: &Kind) -> (Expiry, Option<&Communication>) {
    match kind {
        Kind::LoyaltyEarning { expiry, communication, .. }
        | Kind::Rewards { expiry, communication } => (*expiry, communication.as_ref()),
        Kind::Pos | Kind::Loyalty | Kind::CodeLinked => (Expiry::default(), None),
    }
}

body! {
    /// How a promotion bears others.
    Stacking "Stacking" {
        /// It applies only alone.
        exclusive: or(BOOLEAN, false),
        /// Whether others apply after it.
        allow_further: or(BOOLEAN, true),
        /// Under `best_deal`: those with which it goes together.
        group: optional(NAME),
    }
}

answer! {
    /// A promotion, with all defaults filled in.
    pub struct PromotionAnswer "Promotion" as (&Promotion, State, &Usage, i64, DateTime<Utc>)
        |(promotion, state, usage, version, updated_at)| {
        /// The promotion's id.
        id: computed(ID) => promotion.id.uuid(),
        /// How often it was written; also the `ETag`.
        version: computed(VERSION) => *version,
        /// What follows from status and dates now.
        state: computed(choice::<State>()) => *state,
        terms: all_of::<TermsBody>() => &promotion.terms,
        /// What an admin has set.
        status: required(choice::<Status>()) => promotion.status,
        /// How far its limits are used now.
        usage: computed(part::<UsageBody>()) => *usage,
        /// When it was made.
        created_at: computed(TIME) => promotion.created_at,
        /// When it was last written.
        updated_at: computed(TIME) => *updated_at,
    }
}

described! {
    /// A promotion to be made. What is left out takes its default.
    pub struct PromotionInput "" {
        terms: all_of::<TermsBody>(),
        /// Whether it is to be active at once.
        status: or(choice_of(&[Status::Draft, Status::Active]), Status::Draft),
    }
}

described! {
    /// What the promotion is to be. What is left out takes its default; what `GET` adds may be sent back.
    pub struct PromotionReplacement "" {
        id: ignored(),
        version: ignored(),
        state: ignored(),
        usage: ignored(),
        created_at: ignored(),
        updated_at: ignored(),
        terms: all_of::<TermsBody>(),
        /// Left out it stays. Moves as by `/status`.
        status: absent(choice::<Status>()),
    }
}

request! {
    /// What the status is to be.
    pub struct StatusChange "" as Status {
        /// draft → active; active ⇄ paused; any → archived, which is final.
        status: required(choice_of(&[Status::Active, Status::Paused, Status::Archived])),
    } read |object, faults| { status }
}

answer! {
    /// A version of a promotion.
    pub struct VersionAnswer "PromotionVersion"
        as (i64, Option<Uuid>, DateTime<Utc>, Status, &Terms) |(version, key_id, at, status, terms)| {
        /// Which.
        version: required(VERSION) => *version,
        /// Who made it; null is the operator.
        key_id: optional(ID) => *key_id,
        /// When.
        at: required(INSTANT) => *at,
        /// What the status was.
        status: required(choice::<Status>()) => *status,
        /// What it was.
        promotion: required(part::<TermsBody>()) => terms,
    }
}

answer! {
    /// An entry of an `evaluate` document.
    pub struct EntryBody "" as Promotion |promotion| {
        id: required(ID) => promotion.id.uuid(),
        terms: all_of::<TermsBody>() => &promotion.terms,
        status: required(choice::<Status>()) => promotion.status,
        created_at: required(TIME) => promotion.created_at,
    }
}

/// The document that is stored: the terms alone, read back by [`parse_stored`].
pub fn stored(terms: &Terms) -> String {
    let mut writer = Writer::for_storage();
    TermsBody::print(&mut writer, terms);
    writer.finish()
}

/// Reads what [`stored`] has printed; an error says what is wrong with it.
pub fn parse_stored(document: &[u8]) -> Result<Terms, String> {
    read_stored(document, |value, faults| parse(value, Purpose::Stored, faults).terms)
}
