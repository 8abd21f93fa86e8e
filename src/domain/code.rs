//! Codes: their form, and how they are compared (spec 10).

use std::fmt;

use chrono::{DateTime, Utc};

/// Fewest characters of a code.
pub const MIN_LENGTH: usize = 3;
/// Most characters of a code.
pub const MAX_LENGTH: usize = 64;

/// What generated codes are made of: letters and digits that nobody mistakes for one another.
pub const ALPHABET: &[u8; 30] = b"ABCDEFGHJKMNPQRSTVWXYZ23456789";
/// Fewest random characters of a generated code: 39.3 bits.
pub const MIN_RANDOM: usize = 8;
/// Most random characters of a generated code.
pub const MAX_RANDOM: usize = 32;
/// Most codes that are generated at once.
pub const MAX_GENERATED: u32 = 100_000;

/// A code that a promotion is to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCode {
    /// As it is to be shown.
    pub code: String,
    /// When it stops working, if ever.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Codes that are to be drawn at random.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// How many: 1 to [`MAX_GENERATED`].
    pub count: u32,
    /// What each begins with; may be empty.
    pub prefix: String,
    /// How many random characters follow the prefix: [`MIN_RANDOM`] to [`MAX_RANDOM`].
    pub length: usize,
    /// Under which name they are made once; without one every request makes new codes.
    pub batch: Option<String>,
    /// When they stop working, if ever.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A code in a form that a code can have. Compared without regard to case.
#[derive(Clone, Debug)]
pub struct Code(String);

impl Code {
    /// `None` unless the text is 3 to 64 ASCII letters, digits, `-` and `_`, beginning with a
    /// letter or digit.
    pub fn new(text: &str) -> Option<Self> {
        let well_formed = (MIN_LENGTH..=MAX_LENGTH).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && text.starts_with(|first: char| first.is_ascii_alphanumeric());
        well_formed.then(|| Self(text.to_owned()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What codes are compared by, stored under and looked up with.
    pub fn key(&self) -> String {
        self.0.to_ascii_uppercase()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Code {}
