//! Returns: the body of one, what is answered, and the recorded result as far as returns need it (spec 9).

use uuid::Uuid;

use super::body::*;
use super::json::Json;
use crate::domain::amount::{Money, Quantity};
use crate::domain::cart::MAX_LINES;
use crate::domain::exact::Exact;
use crate::domain::id::PromotionId;
use crate::engine::returns::{Given, Return, ReturnedLine, Sold, SoldLine, TakenBack};

/// What a caller sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReturn {
    /// Unique in the redemption, for ever.
    pub return_id: String,
    /// Lines, each once, and how much of them comes back; over 0.
    pub lines: Vec<(String, Quantity)>,
}

body! {
    /// Units that come back.
    NewReturn "Return" {
        /// Unique in the redemption. The same id with the same body answers the same.
        return_id: required(NAME),
        /// What comes back.
        lines: required(keyed("id", part::<LineBack>(), 1..=MAX_LINES)),
    }
}

body! {
    struct LineBack "" as (String, Quantity) {
        /// A line of the cart; each once.
        id: required(NAME) => id,
        /// How many units of it come back: over 0, at most 3 decimals.
        quantity: required(QUANTITY) => quantity,
    } print |(id, quantity)| read |object, faults| {
        Some((id?, quantity?))
    }
}

answer! {
    /// What is refunded.
    pub struct ReturnRecord "ReturnRecord" as (&str, &Return, u32) |(return_id, done, precision)| {
        /// The caller's id.
        return_id: required(WORDS) => return_id,
        /// Of all lines, in the cart's currency.
        refund: required(DECIMAL) => (&done.refund, *precision),
        /// What came back.
        lines: required(every(part::<ReturnedLineBody>())) =>
            || done.lines.iter().map(|line| (line, *precision)),
        /// What is taken back of each promotion.
        promotions: required(every(part::<TakenBackBody>())) =>
            || done.promotions.iter().map(|own| (own, *precision)),
        /// Whether every unit of every line is back.
        complete: required(BOOLEAN) => done.complete,
    }
}

answer! {
    struct ReturnedLineBody "" as (&ReturnedLine, u32) |(line, precision)| {
        /// Which line.
        id: required(WORDS) => line.id,
        /// Units of it that came back.
        quantity: required(QUANTITY) => line.quantity,
        /// What is refunded for them.
        refund: required(DECIMAL) => (&line.refund, *precision),
    }
}

answer! {
    struct TakenBackBody "" as (&TakenBack, u32) |(own, precision)| {
        /// Which.
        promotion_id: required(ID) => own.promotion_id.uuid(),
        /// What is taken back of its discount.
        discount: required(DECIMAL) => (own.discount, *precision),
        /// Points to take back.
        points: required(DECIMAL) => own.points,
    }
}

/// Reads a result that was printed by [`super::evaluation`]; `None` where it was not.
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
