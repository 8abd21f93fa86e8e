//! Codes: their form, and how they are compared (spec 10).

use std::fmt;

/// Fewest characters of a code.
pub const MIN_LENGTH: usize = 3;
/// Most characters of a code.
pub const MAX_LENGTH: usize = 64;

/// A code in a form that a code can have. Compared without regard to case.
#[derive(Clone, Debug)]
pub struct Code(String);

impl Code {
    /// `None` unless the text is 3 to 64 ASCII letters, digits, `-` and `_`, beginning with a
    /// letter or digit.
    pub fn new(text: &str) -> Option<Self> {
        let well_formed = (MIN_LENGTH..=MAX_LENGTH).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
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
