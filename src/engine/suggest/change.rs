//! A change of the cart, applied to the request.

use crate::domain::amount::{MAX_AMOUNT, MAX_QUANTITY, Money, Quantity};
use crate::domain::cart::{self, Line, MAX_GROSS, MAX_LINES, MAX_PRESENTED, Request, Tender};

/// One change of a cart.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// One more line: anything that costs so much.
    AddLine { price: Money },
    /// Whole units more of a line.
    Raise { line: usize, by: i64 },
    /// One more means of payment.
    AddTender { mode: String, amount: Money },
}

impl Change {
    /// The request with the change; `None` if the cart would leave the bounds of spec 14.
    pub(super) fn applied_to<'r>(&self, request: &Request<'r>) -> Option<Request<'r>> {
        let mut changed = request.clone();
        let cart = &mut changed.cart;
        match self {
            Self::AddLine { price } => {
                if cart.lines.len() >= MAX_LINES || *price > Money::whole(MAX_AMOUNT) {
                    return None;
                }
                cart.lines.push(anything_for(*price));
            }
            Self::Raise { line, by } => {
                let line = cart.lines.get_mut(*line)?;
                line.quantity = line.quantity.plus(whole_units(*by));
                if line.quantity > Quantity::whole(MAX_QUANTITY) {
                    return None;
                }
            }
            Self::AddTender { mode, amount } => {
                if cart.tenders.len() >= MAX_PRESENTED {
                    return None;
                }
                let (mode, amount) = (mode.clone().into(), Some(*amount));
                cart.tenders.push(Tender { mode, amount });
            }
        }
        (cart::gross(&cart.lines) <= MAX_GROSS).then_some(changed)
    }
}

/// A number of whole units. What does not fit is more than a line may have.
pub(super) const fn whole_units(count: i64) -> Quantity {
    Quantity::from_scaled(count.saturating_mul(Quantity::ONE.scaled()))
}

/// A line of which only the price is known. No other line of a cart has an empty id.
fn anything_for(price: Money) -> Line<'static> {
    Line {
        id: "".into(),
        sku: "".into(),
        quantity: Quantity::ONE,
        unit_price: price,
        mrp: None,
        tax: Money::ZERO,
        charges: Money::ZERO,
        product: None,
        title: None,
        product_group: None,
        categories: Vec::new(),
        brand: None,
        tags: Vec::new(),
        supplier: None,
        weight: None,
        stock: None,
        floor_price: None,
        attributes: Vec::new(),
        variant: Vec::new(),
    }
}
