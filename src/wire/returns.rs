//! Returns: the body of a request, the answer, and the parts of a recorded result that returns need (spec 9).

use uuid::Uuid;

use super::body::*;
use super::json::Json;
use crate::domain::amount::{Money, Quantity};
use crate::domain::cart::MAX_LINES;
use crate::domain::exact::Exact;
use crate::domain::id::PromotionId;
use crate::engine::returns::{Given, Return, ReturnedLine, Sold, SoldLine, TakenBack};

/// A request to return units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReturn {
    /// The caller's id of the return, unique in the redemption forever.
    pub return_id: String,
    /// The lines, each once, with the quantity that is returned, which is over 0.
    pub lines: Vec<(String, Quantity)>,
}

body! {
    /// A request to return units.
    NewReturn "Return" {
        /// The caller's id of the return, unique in the redemption. The same id with the same body gives the same
        /// answer.
        return_id: required(NAME),
        /// The lines and units that are returned.
        lines: required(keyed("id", part::<LineBack>(), 1..=MAX_LINES)),
    }
}

body! {
    struct LineBack "" as (String, Quantity) {
        /// The id of a line of the cart; each line once.
        id: required(NAME) => id,
        /// How many units of the line are returned: over 0, at most 3 decimals.
        quantity: required(QUANTITY) => quantity,
    } print |(id, quantity)| read |object, faults| {
        Some((id?, quantity?))
    }
}

answer! {
    /// A return, and its refund.
    pub struct ReturnRecord "ReturnRecord" as (&str, &Return, u32) |(return_id, done, precision)| {
        /// The caller's id of the return.
        return_id: required(WORDS) => return_id,
        /// The refund for all lines, in the cart's currency.
        refund: required(DECIMAL) => (&done.refund, *precision),
        /// The lines that were returned.
        lines: required(every(part::<ReturnedLineBody>())) =>
            || done.lines.iter().map(|line| (line, *precision)),
        /// What is taken back from each promotion.
        promotions: required(every(part::<TakenBackBody>())) =>
            || done.promotions.iter().map(|own| (own, *precision)),
        /// Whether all units of all lines have been returned.
        complete: required(BOOLEAN) => done.complete,
    }
}

answer! {
    struct ReturnedLineBody "" as (&ReturnedLine, u32) |(line, precision)| {
        /// The line's id.
        id: required(WORDS) => line.id,
        /// The units that were returned.
        quantity: required(QUANTITY) => line.quantity,
        /// The refund for these units.
        refund: required(DECIMAL) => (&line.refund, *precision),
    }
}

answer! {
    struct TakenBackBody "" as (&TakenBack, u32) |(own, precision)| {
        /// The promotion's id.
        promotion_id: required(ID) => own.promotion_id.uuid(),
        /// The part of its discount that is taken back.
        discount: required(DECIMAL) => (own.discount, *precision),
        /// The points that are taken back.
        points: required(DECIMAL) => own.points,
    }
}

/// Reads a result that [`super::evaluation`] has printed. Returns `None` for any other text.
pub fn sold(result: &str) -> Option<Sold> {
    let json = Json::parse(result.as_bytes()).ok()?;
    let lines = json.member("lines")?.list()?;
    let promotions = json.member("applied")?.list()?;
    Some(Sold {
        lines: lines.iter().map(sold_line).collect::<Option<_>>()?,
        promotions: promotions.iter().map(given).collect::<Option<_>>()?,
    })
}

fn sold_line(line: &Json<'_>) -> Option<SoldLine> {
    let allocation = |own: &Json<'_>| {
        let amount = Money::parse(own.member("amount")?.text()?).ok()?;
        Some((promotion_id(own)?, amount))
    };
    let allocations = line.member("allocations")?.list()?;
    Some(SoldLine {
        id: line.member("id")?.text()?.to_owned(),
        quantity: Quantity::parse(line.member("quantity")?.text()?).ok()?,
        gross: Exact::parse(line.member("gross")?.text()?)?,
        payable: Exact::parse(line.member("payable")?.text()?)?,
        allocations: allocations.iter().map(allocation).collect::<Option<_>>()?,
    })
}

fn given(applied: &Json<'_>) -> Option<Given> {
    Some(Given {
        promotion_id: promotion_id(applied)?,
        points: Exact::parse(applied.member("points")?.text()?)?,
    })
}

fn promotion_id(json: &Json<'_>) -> Option<PromotionId> {
    let id = Uuid::try_parse(json.member("promotion_id")?.text()?).ok()?;
    Some(PromotionId::new(id))
}
