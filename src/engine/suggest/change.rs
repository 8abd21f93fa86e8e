//! A change of the cart, applied to the request.

use crate::domain::amount::{MAX_AMOUNT, MAX_QUANTITY, Money, Quantity};
use crate::domain::cart::{self, Cart, Line, MAX_GROSS, MAX_LINES, MAX_PRESENTED, Request, Tender};

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
    /// Whether the cart stays within the bounds of spec 14.
    pub(super) fn is_allowed(&self, cart: &Cart<'_>) -> bool {
        let worth = |price: Money, units: Quantity| {
            let more = i128::from(price.scaled()) * i128::from(units.scaled());
            cart::gross(&cart.lines).saturating_add(more) <= MAX_GROSS
        };
        match self {
            Self::AddLine { price } => {
                cart.lines.len() < MAX_LINES
                    && *price <= Money::whole(MAX_AMOUNT)
                    && worth(*price, Quantity::ONE)
            }
            Self::Raise { line, by } => cart.lines.get(*line).is_some_and(|line| {
                let more = whole_units(*by);
                line.quantity.plus(more) <= Quantity::whole(MAX_QUANTITY)
                    && worth(line.unit_price, more)
            }),
            Self::AddTender { .. } => cart.tenders.len() < MAX_PRESENTED,
        }
    }

    /// The request with the change; `None` if the cart would leave the bounds of spec 14.
    pub(super) fn applied_to<'r>(&self, request: &Request<'r>) -> Option<Request<'r>> {
        if !self.is_allowed(&request.cart) {
            return None;
        }
        let mut changed = request.clone();
        let cart = &mut changed.cart;
        match self {
            Self::AddLine { price } => cart.lines.push(anything_for(*price)),
            Self::Raise { line, by } => {
                let line = cart.lines.get_mut(*line)?;
                line.quantity = line.quantity.plus(whole_units(*by));
            }
            Self::AddTender { mode, amount } => {
                let (mode, amount) = (mode.clone().into(), Some(*amount));
                cart.tenders.push(Tender { mode, amount });
            }
        }
        Some(changed)
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
