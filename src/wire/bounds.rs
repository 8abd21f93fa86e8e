//! Bounds of values, which readers check and schemas show.

pub use crate::domain::amount::{MAX_AMOUNT, MAX_QUANTITY};

/// Largest integer (spec 14).
pub const MAX_INTEGER: i64 = 1_000_000_000;

/// How long a text may be, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextBound {
    pub min: usize,
    pub max: usize,
}

impl TextBound {
    /// A name, an id, a SKU, a code.
    pub const NAME: Self = Self { min: 1, max: 255 };
    pub const TEXT: Self = Self { min: 0, max: 255 };
    /// A description or a message.
    pub const LONG: Self = Self { min: 0, max: 2_000 };
}
