//! The faults of a body. All of them are reported at once, each with its place (spec 13).
//!
//! Places are linked on the stack while a body is read. Their text is made only when there is a fault to report, so a
//! body without faults pays nothing for it.

use std::borrow::Cow;

use crate::domain::names::names;
use crate::engine::{Costly, RuleSet};

/// Most faults that one answer lists. Further faults show at the next attempt.
pub const MAX_FAULTS: usize = 100;

names! {
    /// The codes of spec 13.
    #[derive(Hash, PartialOrd, Ord)]
    pub enum FaultCode {
        Required = "required", UnknownField = "unknown_field", WrongType = "wrong_type",
        OutOfRange = "out_of_range", TooLong = "too_long", TooMany = "too_many",
        TooPrecise = "too_precise", NotUnique = "not_unique",
        UnknownReference = "unknown_reference", UnsupportedCombination = "unsupported_combination",
        LimitNotSupported = "limit_not_supported", NotAfter = "not_after", Malformed = "malformed",
        TooComplex = "too_complex",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The place: a JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    pub code: FaultCode,
    pub message: Cow<'static, str>,
}

/// A product list that a body names, and the place. Whether the list exists is checked after the body is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReference {
    pub pointer: String,
    pub name: String,
}

/// The faults of one body, in the order in which they were found; only the first [`MAX_FAULTS`] are kept. The product
/// lists that the body names are kept too, because a missing list becomes a fault later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    found: Vec<Fault>,
    lists: Vec<ListReference>,
    of_stored: bool,
}

/// The promotions that took the most steps of an evaluation that was stopped at its bound.
pub fn too_complex(rules: &RuleSet, costly: &[Costly]) -> Faults {
    let mut faults = Faults::new();
    for own in costly {
        let promotion = rules.promotion(own.promotion);
        let (id, name, steps) = (promotion.id, &promotion.terms.name, own.steps);
        let message = format!("promotion {id} ({name:?}) took {steps} steps");
        faults.add_at(String::new(), FaultCode::TooComplex, message);
    }
    faults
}

impl Faults {
    pub const fn new() -> Self {
        Self { found: Vec::new(), lists: Vec::new(), of_stored: false }
    }

    /// The faults of a stored document, which is taken as it was written.
    pub const fn of_stored() -> Self {
        Self { found: Vec::new(), lists: Vec::new(), of_stored: true }
    }

    pub const fn are_of_stored(&self) -> bool {
        self.of_stored
    }

    /// A single fault at a pointer.
    pub fn one(
        pointer: impl Into<String>,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut faults = Self::new();
        faults.add_at(pointer.into(), code, message);
        faults
    }

    pub fn add(&mut self, path: &Path<'_>, code: FaultCode, message: impl Into<Cow<'static, str>>) {
        if self.found.len() < MAX_FAULTS {
            self.add_at(path.pointer(), code, message);
        }
    }

    /// Adds a fault at a pointer that is already a text.
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

    /// Adds a fault for a value that cannot be combined with another one.
    pub fn clash(&mut self, path: &Path<'_>, message: impl Into<Cow<'static, str>>) {
        self.add(path, FaultCode::UnsupportedCombination, message);
    }

    pub fn repeated(&mut self, path: &Path<'_>) {
        self.add(path, FaultCode::NotUnique, "is there twice");
    }

    pub fn refer(&mut self, path: &Path<'_>, name: &str) {
        self.lists.push(ListReference { pointer: path.pointer(), name: name.to_owned() });
    }

    pub fn take_lists(&mut self) -> Vec<ListReference> {
        std::mem::take(&mut self.lists)
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether no further fault will be kept, so that looking for more is useless.
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
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    pub const fn key(&'p self, key: &'p str) -> Self {
        Self::Key(self, key)
    }

    pub const fn index(&'p self, index: usize) -> Self {
        Self::Index(self, index)
    }

    /// How many members of this name enclose the place.
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
