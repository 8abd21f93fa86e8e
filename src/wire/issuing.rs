//! Issuances (spec 11): the bodies that issue and claim them, that merge who has them, and what is answered.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};

use super::decode::{Object, TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::write::Writer;
use crate::domain::id::PromotionId;
use crate::domain::issuance::Issuance;
use crate::domain::names::Named;

/// Most customers of one bulk issue (spec 3).
pub const MAX_CUSTOMERS: usize = 10_000;

/// A promotion that is to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIssue {
    pub promotion_id: PromotionId,
    /// The caller's id of the issue, unique for a promotion and customer.
    pub source_id: String,
    /// To whom, each once.
    pub customers: Vec<String>,
}

/// What became of one customer's issue.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    pub customer_id: &'a str,
    /// The issuance, or the code of the refusal.
    pub outcome: Result<&'a Issuance, &'static str>,
    /// Whether this request made it.
    pub is_new: bool,
}

/// Reads an issue to one customer.
pub fn parse(value: Value<'_, '_>, faults: &mut Faults) -> Option<NewIssue> {
    let mut body = value.object(faults)?;
    let (promotion_id, source_id) = head(&mut body, faults);
    let customer = body.required("customer_id", faults, |v, f| v.owned(TextBound::NAME, f));
    body.finish(faults)?;
    Some(NewIssue {
        promotion_id: promotion_id?,
        source_id: source_id?,
        customers: vec![customer?],
    })
}

/// Reads an issue to many customers.
pub fn parse_bulk(value: Value<'_, '_>, faults: &mut Faults) -> Option<NewIssue> {
    let mut body = value.object(faults)?;
    let (promotion_id, source_id) = head(&mut body, faults);
    let customers = body.required("customer_ids", faults, |value, faults| {
        let mut seen = BTreeSet::new();
        value.list(1..=MAX_CUSTOMERS, faults, |value, faults| {
            let id = value.text(TextBound::NAME, faults)?;
            if !seen.insert(id) {
                return value.fault(faults, FaultCode::NotUnique, "is there twice");
            }
            Some(id.to_owned())
        })
    });
    body.finish(faults)?;
    Some(NewIssue { promotion_id: promotion_id?, source_id: source_id?, customers: customers? })
}

fn head(body: &mut Object<'_, '_>, faults: &mut Faults) -> (Option<PromotionId>, Option<String>) {
    let promotion = body.required("promotion_id", faults, |v, f| v.uuid(f));
    let source_id = body.required("source_id", faults, |v, f| v.owned(TextBound::NAME, f));
    (promotion.map(PromotionId::new), source_id)
}

/// Reads who claims an open promotion.
pub fn parse_claim(value: Value<'_, '_>, faults: &mut Faults) -> Option<String> {
    let mut body = value.object(faults)?;
    let customer = body.required("customer_id", faults, |v, f| v.owned(TextBound::NAME, f));
    body.finish(faults)?;
    customer
}

/// Reads into whom a customer is merged.
pub fn parse_merge(value: Value<'_, '_>, faults: &mut Faults) -> Option<String> {
    let mut body = value.object(faults)?;
    let into = body.required("into", faults, |v, f| v.owned(TextBound::NAME, f));
    body.finish(faults)?;
    into
}

pub fn write(writer: &mut Writer, issuance: &Issuance) {
    writer.object(|writer| {
        writer.key("id").id(issuance.id.uuid());
        writer.key("promotion_id").id(issuance.promotion_id.uuid());
        writer.key("customer_id").text(&issuance.customer_id);
        writer.key("state").name(issuance.state);
        writer.key("issued_at").plain(instant(issuance.issued_at));
        write_instant(writer.key("unlocked_at"), issuance.unlocked_at);
        write_instant(writer.key("activated_at"), issuance.activated_at);
        writer.key("expires_at").plain(instant(issuance.expires_at));
        writer.key("source").name(issuance.source);
        let source_id = issuance.source_id.as_deref();
        writer.key("source_id").option(source_id, Writer::text);
    });
}

/// Prints an issuance as a document of its own.
pub fn print(issuance: &Issuance) -> String {
    let mut writer = Writer::with_capacity(384);
    write(&mut writer, issuance);
    writer.finish()
}

/// Prints what became of a bulk issue.
pub fn print_verdicts<'a>(verdicts: impl Iterator<Item = Verdict<'a>>) -> String {
    let mut writer = Writer::with_capacity(4_096);
    writer.object(|writer| {
        writer.key("verdicts").list(verdicts, |writer, own| {
            writer.object(|writer| {
                writer.key("customer_id").text(own.customer_id);
                let verdict = match own.outcome {
                    Ok(_) if own.is_new => "issued",
                    Ok(_) => "already_issued",
                    Err(code) => code,
                };
                writer.key("verdict").plain(verdict);
                writer.key("issuance").option(own.outcome.ok(), write);
            });
        });
    });
    writer.finish()
}

fn write_instant(writer: &mut Writer, time: Option<DateTime<Utc>>) {
    writer.option(time.map(instant), |writer, time| writer.plain(time));
}

fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// What a promotion of this type is called where it cannot be issued.
pub fn not_issuable(kind: impl Named) -> String {
    format!("a promotion of type {} is not issued", kind.name())
}
