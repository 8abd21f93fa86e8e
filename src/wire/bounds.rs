//! Bounds of values, which readers check and schemas show.

pub use crate::domain::amount::{MAX_AMOUNT, MAX_QUANTITY};

/// Largest integer (spec 14).
pub const MAX_INTEGER: i64 = 1_000_000_000;

/// How long a text may be, in characters, and what it may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextBound {
    pub min: usize,
    pub max: usize,
    /// Whether line breaks and tabs are allowed. Other control characters never are.
    pub has_lines: bool,
    /// Whether white space at the beginning and the end is removed. A stored text keeps it.
    pub is_trimmed: bool,
}

impl TextBound {
    /// An id, a SKU, a code, or whatever else is compared as it is.
    pub const NAME: Self = Self { min: 1, max: 255, has_lines: false, is_trimmed: false };
    /// The name of a thing, for people.
    pub const TITLE: Self = Self { is_trimmed: true, ..Self::NAME };
    pub const TEXT: Self = Self { min: 0, ..Self::NAME };
    pub const URL: Self = Self { max: 2_000, ..Self::TEXT };
    /// A description or a message.
    pub const LONG: Self = Self { has_lines: true, ..Self::URL };
    /// The template of a message.
    pub const TEMPLATE: Self = Self { has_lines: true, ..Self::NAME };
}
