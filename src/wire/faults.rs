//! What is wrong with a body: every fault at once, each at its place (spec 13).
//!
//! Places are linked on the stack while a body is read; their text is made only when there is a
//! fault to report, so that a good body pays nothing for it.

use std::borrow::Cow;

use crate::domain::names::{Named, names};
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

names! {
    FaultCode {
        Required = "required",
        UnknownField = "unknown_field",
        WrongType = "wrong_type",
        OutOfRange = "out_of_range",
        TooLong = "too_long",
        TooMany = "too_many",
        TooPrecise = "too_precise",
        NotUnique = "not_unique",
        UnknownReference = "unknown_reference",
        UnsupportedCombination = "unsupported_combination",
        LimitNotSupported = "limit_not_supported",
        NotAfter = "not_after",
        Malformed = "malformed",
        TooComplex = "too_complex",
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

/// A product list that a body names, and where: whether it exists is looked up after the body was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReference {
    /// JSON pointer to the name.
    pub pointer: String,
    pub name: String,
}

/// The faults of one body, in the order in which they were found; the first [`MAX_FAULTS`] are kept. The product lists
/// that it names are here too, since their absence is a fault that only shows later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    found: Vec<Fault>,
    lists: Vec<ListReference>,
}

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
        Self { found: Vec::new(), lists: Vec::new() }
    }

    /// Adds one at `path`.
    pub fn add(&mut self, path: &Path<'_>, code: FaultCode, message: impl Into<Cow<'static, str>>) {
        if self.found.len() < MAX_FAULTS {
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
        if self.found.len() < MAX_FAULTS {
            self.found.push(Fault { pointer, code, message: message.into() });
        }
    }

    /// Adds that something is there twice.
    pub fn repeated(&mut self, path: &Path<'_>) {
        self.add(path, FaultCode::NotUnique, "is there twice");
    }

    /// Notes that the body names a product list here.
    pub fn refer(&mut self, path: &Path<'_>, name: &str) {
        self.lists.push(ListReference { pointer: path.pointer(), name: name.to_owned() });
    }

    /// The product lists that the body names.
    pub fn take_lists(&mut self) -> Vec<ListReference> {
        std::mem::take(&mut self.lists)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether so many are kept that looking for more is of no use.
    pub fn is_full(&self) -> bool {
        self.found.len() >= MAX_FAULTS
    }

    pub fn as_slice(&self) -> &[Fault] {
        &self.found
    }

    pub fn into_vec(self) -> Vec<Fault> {
        self.found
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

    /// How many members of this name the place lies in.
    pub fn within(&self, name: &str) -> usize {
        match self {
            Self::Root => 0,
            Self::Key(around, key) => around.within(name) + usize::from(*key == name),
            Self::Index(around, _) => around.within(name),
        }
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
