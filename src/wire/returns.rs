//! Returns: the body of one, what is answered, and the recorded result as far as returns need it (spec 9).

use std::collections::BTreeSet;

use uuid::Uuid;

use super::decode::{TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::json::Json;
use super::write::Writer;
use crate::domain::amount::{Money, Quantity};
use crate::domain::cart::MAX_LINES;
use crate::domain::exact::Exact;
use crate::domain::id::PromotionId;
use crate::engine::returns::{Given, Return, Sold, SoldLine};

/// What a caller sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReturn {
    /// Unique in the redemption, for ever.
    pub return_id: String,
    /// Lines, each once, and how much of them comes back; over 0.
    pub lines: Vec<(String, Quantity)>,
}

/// Reads the body of a return.
pub fn parse(value: Value<'_, '_>, faults: &mut Faults) -> Option<NewReturn> {
    let mut object = value.object(faults)?;
    let return_id =
        object.required("return_id", faults, |value, faults| value.owned(TextBound::NAME, faults));
    let lines = object.required("lines", faults, |value, faults| {
        let mut ids = BTreeSet::new();
        value.list(1..=MAX_LINES, faults, |value, faults| line(value, &mut ids, faults))
    });
    object.finish(faults)?;
    Some(NewReturn { return_id: return_id?, lines: lines? })
}

fn line(
    value: Value<'_, '_>,
    ids: &mut BTreeSet<String>,
    faults: &mut Faults,
) -> Option<(String, Quantity)> {
    let mut object = value.object(faults)?;
    let id = object.required("id", faults, |value, faults| {
        let id = value.owned(TextBound::NAME, faults)?;
        if !ids.insert(id.clone()) {
            return value.fault(faults, FaultCode::NotUnique, "is there twice");
        }
        Some(id)
    });
    let quantity = object.required("quantity", faults, |v, f| v.positive_quantity(f));
    object.finish(faults)?;
    Some((id?, quantity?))
}

/// A return as it was understood: what bodies are compared by.
pub fn canonical(new: &NewReturn) -> String {
    let mut writer = Writer::with_capacity(256);
    writer.object(|writer| {
        writer.key("return_id").text(&new.return_id);
        writer.key("lines").list(&new.lines, |writer, (id, quantity)| {
            writer.object(|writer| {
                writer.key("id").text(id);
                writer.key("quantity").plain(quantity);
            });
        });
    });
    writer.finish()
}

/// What is answered, amounts with at least so many decimals.
pub fn print(return_id: &str, done: &Return, precision: u32) -> String {
    let mut writer = Writer::with_capacity(512);
    writer.object(|writer| {
        writer.key("return_id").text(return_id);
        writer.key("refund").exact(&done.refund, precision);
        writer.key("lines").list(&done.lines, |writer, line| {
            writer.object(|writer| {
                writer.key("id").text(&line.id);
                writer.key("quantity").plain(line.quantity);
                writer.key("refund").exact(&line.refund, precision);
            });
        });
        writer.key("promotions").list(&done.promotions, |writer, own| {
            writer.object(|writer| {
                writer.key("promotion_id").id(own.promotion_id.uuid());
                writer.key("discount").money(own.discount, precision);
                writer.key("points").exact(&own.points, 0);
            });
        });
        writer.key("complete").boolean(done.complete);
    });
    writer.finish()
}

/// Reads a result that was printed by [`super::evaluation`]; `None` where it was not.
pub fn sold(result: &str) -> Option<Sold> {
    let json = Json::parse(result.as_bytes()).ok()?;
    let lines = list(member(&json, "lines")?)?;
    let promotions = list(member(&json, "applied")?)?;
    Some(Sold {
        lines: lines.iter().map(sold_line).collect::<Option<_>>()?,
        promotions: promotions.iter().map(given).collect::<Option<_>>()?,
    })
}

fn sold_line(line: &Json<'_>) -> Option<SoldLine> {
    let allocation = |own: &Json<'_>| {
        let amount = Money::parse(text(member(own, "amount")?)?).ok()?;
        Some((promotion_id(own)?, amount))
    };
    let allocations = list(member(line, "allocations")?)?;
    Some(SoldLine {
        id: text(member(line, "id")?)?.to_owned(),
        quantity: Quantity::parse(text(member(line, "quantity")?)?).ok()?,
        gross: decimal(text(member(line, "gross")?)?)?,
        payable: decimal(text(member(line, "payable")?)?)?,
        allocations: allocations.iter().map(allocation).collect::<Option<_>>()?,
    })
}

fn given(applied: &Json<'_>) -> Option<Given> {
    Some(Given {
        promotion_id: promotion_id(applied)?,
        points: decimal(text(member(applied, "points")?)?)?,
    })
}

fn promotion_id(json: &Json<'_>) -> Option<PromotionId> {
    let id = Uuid::try_parse(text(member(json, "promotion_id")?)?).ok()?;
    Some(PromotionId::new(id))
}

fn member<'j, 't>(json: &'j Json<'t>, name: &str) -> Option<&'j Json<'t>> {
    match json {
        Json::Object(members) => {
            members.iter().find(|(own, _)| own == name).map(|(_, value)| value)
        }
        _ => None,
    }
}

fn list<'j, 't>(json: &'j Json<'t>) -> Option<&'j [Json<'t>]> {
    match json {
        Json::Array(entries) => Some(entries),
        _ => None,
    }
}

fn text<'j>(json: &'j Json<'_>) -> Option<&'j str> {
    match json {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// A decimal of ours, of whatever length, exactly.
pub fn decimal(text: &str) -> Option<Exact> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let places = u32::try_from(fraction.len()).ok()?;
    Some(Exact::ratio(digits, 10_i128.checked_pow(places)?))
}
