//! Codes: their form, and how they are compared (spec 10).

use std::fmt;

use chrono::{DateTime, Utc};

/// Fewest characters of a code.
pub const MIN_LENGTH: usize = 3;
/// Most characters of a code.
pub const MAX_LENGTH: usize = 64;

/// The characters of generated codes: letters and digits that are not easily mistaken for one another.
pub const ALPHABET: &[u8; 30] = b"ABCDEFGHJKMNPQRSTVWXYZ23456789";
/// Fewest random characters of a generated code: 39.3 bits.
pub const MIN_RANDOM: usize = 8;
/// Most random characters of a generated code.
pub const MAX_RANDOM: usize = 32;
/// Most codes that are generated at once.
pub const MAX_GENERATED: u32 = 100_000;

/// A code to be added to a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCode {
    /// The code as it is shown.
    pub code: String,
    /// The only customer who can use it; `None`: anybody can.
    pub customer_id: Option<String>,
    /// When it stops working, if ever.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A request for random codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    pub recipients: Recipients,
    /// Each code begins with this; may be empty.
    pub prefix: String,
    /// How many random characters follow the prefix: [`MIN_RANDOM`] to [`MAX_RANDOM`].
    pub length: usize,
    /// A name under which the codes are made only once. Without a name every request makes new codes.
    pub batch: Option<String>,
    /// When they stop working, if ever.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Who can use generated codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// Anybody can use any of so many codes: 1 to [`MAX_GENERATED`].
    Anybody(u32),
    /// Each of these customers, at most [`MAX_GENERATED`], gets one code.
    Customers(Vec<String>),
}

impl Recipients {
    /// How many codes are generated.
    pub fn count(&self) -> usize {
        match self {
            Self::Anybody(count) => usize::try_from(*count).unwrap_or(usize::MAX),
            Self::Customers(customers) => customers.len(),
        }
    }
}

/// A well-formed code. Codes are compared without regard to case.
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

    /// The form by which codes are compared, stored and looked up.
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
