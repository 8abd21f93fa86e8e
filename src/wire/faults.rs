//! What is wrong with a body: every fault at once, each at its place (spec 13).
//!
//! Places are linked on the stack while a body is read; their text is made only when there is a
//! fault to report, so that a good body pays nothing for it.

use std::borrow::Cow;

use crate::engine::{Costly, RuleSet};

/// Most faults that one answer lists; what is wrong beyond them is seen at the next try.
pub const MAX_FAULTS: usize = 100;

/// The codes of spec 13.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultCode {
    /// Not there, null, or empty, where something is needed.
    Required,
    /// A field that the spec does not name.
    UnknownField,
    /// Another type of JSON value.
    WrongType,
    /// Below or above its bounds.
    OutOfRange,
    /// A text with too many characters.
    TooLong,
    /// A list with too many entries.
    TooMany,
    /// A decimal with too many decimals.
    TooPrecise,
    /// Twice in one body.
    NotUnique,
    /// A name of nothing that exists.
    UnknownReference,
    /// Parts that do not go together.
    UnsupportedCombination,
    /// A limit that the promotion's type does not have.
    LimitNotSupported,
    /// A time that must be later than another.
    NotAfter,
    /// Not of the form that it must have.
    Malformed,
    /// More work than one evaluation may be.
    TooComplex,
}

impl FaultCode {
    /// All of them, in the order of the spec.
    pub const ALL: [Self; 14] = [
        Self::Required,
        Self::UnknownField,
        Self::WrongType,
        Self::OutOfRange,
        Self::TooLong,
        Self::TooMany,
        Self::TooPrecise,
        Self::NotUnique,
        Self::UnknownReference,
        Self::UnsupportedCombination,
        Self::LimitNotSupported,
        Self::NotAfter,
        Self::Malformed,
        Self::TooComplex,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::UnknownField => "unknown_field",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::TooLong => "too_long",
            Self::TooMany => "too_many",
            Self::TooPrecise => "too_precise",
            Self::NotUnique => "not_unique",
            Self::UnknownReference => "unknown_reference",
            Self::UnsupportedCombination => "unsupported_combination",
            Self::LimitNotSupported => "limit_not_supported",
            Self::NotAfter => "not_after",
            Self::Malformed => "malformed",
            Self::TooComplex => "too_complex",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: a JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    pub code: FaultCode,
    pub message: Cow<'static, str>,
}

/// The faults of one body, in the order in which they were found; the first [`MAX_FAULTS`] are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

/// The promotions that took most steps of an evaluation that ended at its bound.
pub fn too_complex(rules: &RuleSet, costly: &[Costly]) -> Faults {
    let mut faults = Faults::new();
    for own in costly {
        let Some(promotion) = rules.promotion(own.promotion) else {
            continue;
        };
        let (id, name, steps) = (promotion.id, &promotion.terms.name, own.steps);
        let message = format!("promotion {id} ({name:?}) took {steps} steps");
        faults.add_at(String::new(), FaultCode::TooComplex, message);
    }
    faults
}

impl Faults {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one at `path`.
    pub fn add(&mut self, path: &Path<'_>, code: FaultCode, message: impl Into<Cow<'static, str>>) {
        if self.0.len() < MAX_FAULTS {
            self.add_at(path.pointer(), code, message);
        }
    }

    /// Adds one at a pointer that has been rendered before.
    pub fn add_at(
        &mut self,
        pointer: String,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
    ) {
        if self.0.len() < MAX_FAULTS {
            self.0.push(Fault { pointer, code, message: message.into() });
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether so many are kept that looking for more is of no use.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MAX_FAULTS
    }

    pub fn as_slice(&self) -> &[Fault] {
        &self.0
    }

    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}

/// A place in a body, linked to the place around it.
#[derive(Clone, Copy, Debug)]
pub enum Path<'p> {
    Root,
    /// A member of an object.
    Key(&'p Path<'p>, &'p str),
    /// An entry of a list.
    Index(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    /// The member of this name.
    pub const fn key(&'p self, key: &'p str) -> Self {
        Self::Key(self, key)
    }

    /// The entry at this place.
    pub const fn index(&'p self, index: usize) -> Self {
        Self::Index(self, index)
    }

    pub fn pointer(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Root => {}
            Self::Key(around, key) => {
                around.write(out);
                push_key(out, key);
            }
            Self::Index(around, index) => {
                around.write(out);
                out.push('/');
                out.push_str(&index.to_string());
            }
        }
    }
}

/// Appends a step of a JSON pointer: `~` and `/` are escaped.
pub fn push_key(out: &mut String, key: &str) {
    out.push('/');
    for character in key.chars() {
        match character {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            plain => out.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_escaped() {
        let root = Path::Root;
        let (a, b);
        a = root.key("a/b~c");
        b = a.index(12);
        assert_eq!(b.key("").pointer(), "/a~1b~0c/12/");
        assert_eq!(root.pointer(), "");
    }

    #[test]
    fn faults_are_bounded() {
        let mut faults = Faults::new();
        for _ in 0..1_000 {
            faults.add(&Path::Root, FaultCode::Malformed, "no");
        }
        assert_eq!(faults.as_slice().len(), MAX_FAULTS);
        assert!(faults.is_full());
    }
}
