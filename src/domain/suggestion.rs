//! What a shopper can do so that a promotion applies: the one change of the cart (spec 15.7).

use super::amount::Quantity;
use super::condition::ModeTest;
use super::exact::Exact;
use super::reason::Values;
use super::selector::{NumberField, TextField};

/// Most suggestions of one answer.
pub const MAX_SUGGESTIONS: usize = 5;
/// Most promotions that are tried for one answer.
pub const MAX_TRIED: usize = 20;

/// The change of a cart, in the terms of a shopper.
#[derive(Clone, Debug)]
pub struct Advice {
    pub kind: SuggestionKind,
    /// What is missing, where it is a number.
    pub shortfall: Option<Shortfall>,
    /// The line whose quantity is to be raised.
    pub raised: Option<Raised>,
    /// What is to be added, or what is to be paid with.
    pub wanted: Option<Wanted>,
    /// How the cart is to be paid.
    pub payment: Option<ModeTest>,
}

/// What a shopper can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuggestionKind {
    /// Spend more, on anything.
    AddAmount,
    /// Buy more of a line.
    AddQuantity,
    /// Buy something that is not in the cart.
    AddItem,
    /// Buy what reaches the next step of a benefit that applies already.
    NextStep,
    PayWith,
    /// Say who buys.
    Identify,
}

#[derive(Clone, Debug)]
pub struct Shortfall {
    pub value: Exact,
    /// Whether it is an amount of money, and printed as one.
    pub is_amount: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The place of the line in the cart.
    pub line: usize,
    pub by: Quantity,
}

/// One of these values suffices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub field: WantedField,
    pub values: Values,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedField {
    /// A text of a line.
    Text(TextField),
    /// A number of a line.
    Number(NumberField),
    PaymentMode,
}
