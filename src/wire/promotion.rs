//! Promotions (spec 5): bodies of `POST` and `PUT`, entries of an `evaluate` document, and what is stored.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::audience::AudienceBody;
use super::benefit::{self, BenefitBody};
use super::body::*;
use super::bounds::MAX_INTEGER;
use super::code::CodeText;
use super::condition::CONDITIONS;
use super::custom_field::{self, CustomValues, Undefined, Values};
use super::decode::{Object, Value};
use super::faults::{FaultCode, Faults};
use super::finding::FindingBody;
use super::issuance::{EarningBody, ExpiryBody};
use super::limits;
use super::schedule::ScheduleBody;
use super::usage::UsageBody;
use super::write::Writer;
use crate::domain::finding::Finding;
use crate::domain::id::PromotionId;
use crate::domain::issuance::{Communication, Earning, Expiry, Trigger};
use crate::domain::limit::Limits;
use crate::domain::names::Named as _;
use crate::domain::promotion::{
    DEFAULT_SEQUENCE, Kind, MAX_TAGS, Promotion, PromotionType, Scope, Stacking, State, Status,
    Terms,
};
use crate::domain::settings::CustomField;
use crate::domain::usage::Usage;

/// Most codes of a draft.
pub const MAX_DRAFT_CODES: usize = 1_000;

/// What a body is used for. It decides which fields the body may have beside the terms, and the default of its status.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'s> {
    /// `POST`: the status is `draft` by default; computed fields are ignored. So a promotion is copied by posting what
    /// `GET` has answered. Unless it is active, the copy is a draft.
    Create(&'s [CustomField]),
    /// `PUT`: computed fields are ignored; without a status the present one stays. The present values of custom fields
    /// may stay.
    Replace(&'s [CustomField], Status, &'s CustomValues),
    /// An entry of an `evaluate` document: the status is `active` by default; `id` and `created_at` are read. `None`:
    /// the settings have faults, so custom fields are taken unchecked.
    Document(Option<&'s [CustomField]>),
    /// A draft on a cart: any status, an id, and codes. Custom fields are taken unchecked.
    Draft,
    /// A document that [`stored`] has printed. Custom fields are taken unchecked, because the settings may have
    /// changed.
    Stored,
}

/// The content of a body.
#[derive(Debug)]
pub struct Body {
    /// The terms; `None` if the body has faults.
    pub terms: Option<Terms>,
    /// The status, if the body has one.
    pub status: Option<Status>,
    /// The id, if it is an entry of an `evaluate` document with an id.
    pub id: Option<PromotionId>,
    /// The codes of a draft.
    pub codes: Vec<String>,
    /// When the promotion was created, if an entry of an `evaluate` document says so.
    pub created_at: Option<DateTime<Utc>>,
}

/// Reads a promotion. Its custom fields are checked against the settings.
pub fn parse(value: Value<'_, '_>, purpose: Purpose<'_>, faults: &mut Faults) -> Body {
    let before = faults.as_slice().len();
    let mut body =
        Body { terms: None, status: None, id: None, codes: Vec::new(), created_at: None };
    if let Some(mut object) = value.object(faults) {
        read_besides(&mut object, purpose, &mut body, faults);
        let terms = TermsBody::members(&mut object, faults);
        let values = custom_fields(&mut object, purpose, body.status, faults);
        let complete = object.finish(faults).is_some();
        // A full collector drops further faults, but then there are faults anyway.
        if complete && faults.as_slice().len() == before {
            body.terms =
                terms.zip(values).map(|(terms, custom_fields)| Terms { custom_fields, ..terms });
        }
    }
    body
}

impl<'s> Purpose<'s> {
    /// The custom fields of the settings, if they are known.
    const fn fields(self) -> Option<&'s [CustomField]> {
        match self {
            Purpose::Create(fields) | Purpose::Replace(fields, ..) => Some(fields),
            Purpose::Document(fields) => fields,
            Purpose::Draft | Purpose::Stored => None,
        }
    }

    /// The status if the body has none.
    const fn status(self) -> Status {
        match self {
            Purpose::Create(_) | Purpose::Stored => Status::Draft,
            Purpose::Replace(_, present, _) => present,
            Purpose::Document(_) | Purpose::Draft => Status::Active,
        }
    }
}

/// Reads the values of custom fields and checks them against the settings. Required values must be present if the
/// promotion is to be active. A copy is without the values of fields that are not defined any more.
fn custom_fields(
    object: &mut Object<'_, '_>,
    purpose: Purpose<'_>,
    status: Option<Status>,
    faults: &mut Faults,
) -> Option<CustomValues> {
    let fields = purpose.fields();
    let (undefined, before) = match purpose {
        Purpose::Replace(_, status, values) => (Undefined::Kept(values), Some((status, values))),
        Purpose::Create(_) if object.has("state") => (Undefined::Dropped, None),
        Purpose::Create(_) | Purpose::Document(_) | Purpose::Draft | Purpose::Stored => {
            (Undefined::Refused, None)
        }
    };
    let values = object.or("custom_fields", BTreeMap::new(), faults, |value, faults| {
        custom_field::parse_values(value, fields, undefined, faults)
    })?;
    if let Some(fields) = fields {
        let status = status.unwrap_or(purpose.status());
        let path = object.path().key("custom_fields");
        custom_field::check_required(fields, status, &values, before, &path, faults);
    }
    Some(values)
}

/// Reads the fields beside the terms.
fn read_besides(
    object: &mut Object<'_, '_>,
    purpose: Purpose<'_>,
    body: &mut Body,
    faults: &mut Faults,
) {
    let allowed = match purpose {
        Purpose::Create(_) if !object.has("state") => &[Status::Draft, Status::Active],
        Purpose::Create(_) | Purpose::Replace(..) | Purpose::Document(_) | Purpose::Draft => {
            Status::ALL
        }
        Purpose::Stored => return,
    };
    body.status = optional(choice_of(allowed)).read("status", object, faults).flatten();
    let mut ignored = vec!["version", "state", "usage", "updated_at", "findings"];
    match purpose {
        Purpose::Stored => return,
        Purpose::Create(_) => {
            ignored.extend(["id", "created_at"]);
            body.status = body.status.map(|status| match status {
                Status::Active => Status::Active,
                Status::Draft | Status::Paused | Status::Archived => Status::Draft,
            });
        }
        Purpose::Replace(..) => ignored.extend(["id", "created_at"]),
        Purpose::Draft => {
            ignored.push("created_at");
            let id: Option<Option<Uuid>> = optional(ID).read("id", object, faults);
            body.id = id.flatten().map(PromotionId::new);
            let codes = or_empty(list(CodeText, 0..=MAX_DRAFT_CODES));
            body.codes = codes.read("codes", object, faults).unwrap_or_default();
        }
        Purpose::Document(_) => {
            let id: Option<Option<Uuid>> = optional(ID).read("id", object, faults);
            body.id = id.flatten().map(PromotionId::new);
            body.created_at = optional(INSTANT).read("created_at", object, faults).flatten();
        }
    }
    object.ignore(&ignored, faults);
}

body! {
    /// The terms of a promotion, with all defaults filled in.
    pub struct TermsBody "PromotionTerms" as Terms {
        /// The promotion's name, unique in the tenant among promotions that are not archived (409 `name_taken`).
        name: required(TITLE) => terms.name,
        /// A note for those who manage promotions.
        description: or_empty(LONG) => terms.description,
        /// Who gets the promotion, and how: automatically (`pos`, or `loyalty` for members only), through an issuance
        /// (`loyalty_earning`, `rewards`), or with a code (`code_linked`).
        kind as "type": required(choice::<PromotionType>()) => terms.kind.promotion_type(),
        /// The campaign of the promotion, for lists and statistics.
        campaign: optional(TITLE) => terms.campaign,
        /// A lower number ranks first, if the ranking contains `sequence`.
        sequence: or(integer(-MAX_INTEGER..=MAX_INTEGER), DEFAULT_SEQUENCE) => terms.sequence,
        /// The start, included. It is fixed once the promotion has been live.
        starts_at: required(TIME) => terms.starts_at,
        /// The end, excluded. It must be after `starts_at`.
        ends_at: required(TIME) => terms.ends_at,
        /// The currency of the promotion. Carts in another currency do not get it. Null: the tenant's currency.
        currency: optional(CURRENCY) => terms.currency,
        /// When the promotion is open between its dates; null: all the time.
        schedule: optional(part::<ScheduleBody>()) => terms.schedule,
        /// Where the promotion applies; everywhere by default.
        scope: or_empty(part::<Scope>()) => terms.scope,
        /// Who gets the promotion; everybody by default.
        audience: or_empty(part::<AudienceBody>()) => terms.audience,
        /// Whether the customer must activate the promotion first.
        activation_required: or(BOOLEAN, false) => terms.activation_required,
        /// The conditions that the cart must meet; null is always true.
        conditions: optional(CONDITIONS) => terms.conditions,
        /// What the promotion gives.
        benefit: required(part::<BenefitBody>()) => (terms.benefit.clone(), terms.steps.clone()),
        /// How often the promotion may be used, and how much it may give.
        limits: or_empty(part::<Limits>()) => terms.limits,
        /// How the promotion combines with others.
        stacking: or_empty(part::<Stacking>()) => terms.stacking,
        /// Whether shoppers are told which one change of the cart would make the promotion apply.
        suggest: or(BOOLEAN, false) => terms.suggest,
        /// A text for the shopper where the promotion applied.
        message: or_empty(LONG) => terms.message,
        /// A text for the shopper where the promotion is suggested. `{shortfall}` and `{gain}` are replaced by what the
        /// suggestion has there.
        suggestion_message: recent(or_empty(LONG)) => terms.suggestion_message,
        /// The values of the custom fields, by key. The settings define the fields.
        custom_fields: later(or_empty(Values)) => terms.custom_fields,
        /// How the promotion is earned. Required for `loyalty_earning`, `{"trigger": "direct"}` for `rewards`, null for
        /// all other types.
        earning: optional(part::<EarningBody>()) => earning_of(&terms.kind),
        /// How long an issuance can be used; by default until the promotion ends. Only for `loyalty_earning` and
        /// `rewards`.
        expiry: or_empty(part::<ExpiryBody>()) => usable(&terms.kind).0,
        /// What the customer is told. Only for `loyalty_earning` and `rewards`.
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
        // The caller reads the custom fields, because it knows the settings.
        let custom_fields = BTreeMap::new();
        let (benefit, steps) = benefit.unzip();
        whole!(Terms {
            name, description, kind, campaign, sequence, starts_at, ends_at, currency, schedule,
            scope, audience, activation_required, conditions, benefit, steps, limits, stacking,
            suggest, message, suggestion_message; custom_fields
        })
    }
}

/// The fields that only some types have: each is `None` after a fault, else as it was read.
type Issued = (Option<Option<Earning>>, Option<Expiry>, Option<Option<Communication>>);

/// The type, with the fields that only this type has.
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
    /// How a promotion combines with others.
    Stacking "Stacking" {
        /// Whether the promotion applies only alone.
        exclusive: or(BOOLEAN, false),
        /// Whether other promotions may apply after it.
        allow_further: or(BOOLEAN, true),
        /// The group for the strategy `best_deal`: promotions of the same group apply together.
        group: optional(TITLE),
        /// Names by which other promotions exclude this one.
        tags: recent(or_empty(distinct(TITLE, 0..=MAX_TAGS))),
        /// The promotion does not combine with promotions that have one of these tags, nor they with it.
        not_with: recent(or_empty(distinct(TITLE, 0..=MAX_TAGS))),
    }
}

answer! {
    /// A promotion, with all defaults filled in.
    pub struct PromotionAnswer "Promotion"
        as (&Promotion, State, &Usage, i64, DateTime<Utc>, Option<&[Finding]>)
        |(promotion, state, usage, version, updated_at, findings)| {
        /// The promotion's id.
        id: computed(ID) => promotion.id.uuid(),
        /// The version, which grows with each change; also the `ETag`.
        version: computed(VERSION) => *version,
        /// The present state. It follows from status and dates.
        state: computed(choice::<State>()) => *state,
        terms: all_of::<TermsBody>() => &promotion.terms,
        /// The status, which an admin has set.
        status: required(choice::<Status>()) => promotion.status,
        /// The present use of its limits.
        usage: computed(part::<UsageBody>()) => *usage,
        /// When the promotion was created.
        created_at: computed(TIME) => promotion.created_at,
        /// When the promotion was last written.
        updated_at: computed(TIME) => *updated_at,
        /// What is allowed but probably not meant. Only where the promotion was written, or was to be written.
        findings: absent(every(part::<FindingBody>())) => *findings,
    }
}

described! {
    /// A promotion to create. A field that is left out takes its default. The fields that `GET` adds may be sent too:
    /// a promotion is copied by posting what `GET` has answered, under another name.
    pub struct PromotionInput "" {
        id: ignored(),
        version: ignored(),
        state: ignored(),
        usage: ignored(),
        created_at: ignored(),
        updated_at: ignored(),
        findings: ignored(),
        terms: all_of::<TermsBody>(),
        /// The status of the new promotion: `draft` or `active`. What `GET` has answered with `state` may have any; its
        /// copy is a draft unless it is active.
        status: or(choice::<Status>(), Status::Draft),
    }
}

described! {
    /// The new content of a promotion. A field that is left out takes its default. The fields that `GET` adds may be
    /// sent back.
    pub struct PromotionReplacement "" {
        id: ignored(),
        version: ignored(),
        state: ignored(),
        usage: ignored(),
        created_at: ignored(),
        updated_at: ignored(),
        findings: ignored(),
        terms: all_of::<TermsBody>(),
        /// The new status. If left out, the status stays. The moves are those of `/status`.
        status: absent(choice::<Status>()),
    }
}

answer! {
    /// A version of a promotion.
    pub struct VersionAnswer "PromotionVersion"
        as (i64, Option<Uuid>, DateTime<Utc>, Status, &Terms) |(version, key_id, at, status, terms)| {
        /// The version.
        version: required(VERSION) => *version,
        /// The key that made the version; null if the operator made it.
        key_id: optional(ID) => *key_id,
        /// When the version was made.
        at: required(INSTANT) => *at,
        /// The status in this version.
        status: required(choice::<Status>()) => *status,
        /// The terms in this version.
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

/// The document to store: the terms alone. [`parse_stored`] reads it back.
pub fn stored(terms: &Terms) -> String {
    let mut writer = Writer::for_storage();
    TermsBody::print(&mut writer, terms);
    writer.finish()
}

/// Reads a document that [`stored`] has printed. An error says what is wrong with it.
pub fn parse_stored(document: &[u8]) -> Result<Terms, String> {
    read_stored(document, |value, faults| parse(value, Purpose::Stored, faults).terms)
}
