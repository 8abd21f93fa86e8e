//! Reads an object field by field. A field that no reader takes is a fault.

use std::borrow::Cow;

use super::decode::Value;
use super::faults::{FaultCode, Faults, Path};
use super::json::{Json, Member};
use crate::domain::names::Named;

/// Most members that are searched. No object of the spec has nearly as many, so all further members are unknown.
const MOST: usize = 128;

/// An object whose fields are read one by one.
#[derive(Debug)]
pub struct Object<'p, 't> {
    members: &'t [Member<'t>],
    path: Path<'p>,
    /// One bit for each member that was read.
    taken: u128,
    /// Where the next search begins, because most bodies have their fields in the order of the spec.
    next: usize,
}

impl<'p, 't> Object<'p, 't> {
    pub(super) const fn new(members: &'t [Member<'t>], path: Path<'p>) -> Self {
        Self { members, path, taken: 0, next: 0 }
    }

    pub const fn path(&self) -> &Path<'p> {
        &self.path
    }

    /// Adds a fault at the field `name`. Returns `None` for the caller to return.
    pub fn fault<T>(
        &self,
        name: &str,
        faults: &mut Faults,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Option<T> {
        faults.add(&self.path.key(name), code, message);
        None
    }

    /// Adds a fault: the field `name` cannot be combined with the others. Returns `None` for the caller to return.
    pub fn clash<T>(&self, name: &str, message: &'static str, faults: &mut Faults) -> Option<T> {
        self.fault(name, faults, FaultCode::UnsupportedCombination, message)
    }

    /// Any of several duplicates may be found: the others are reported, and the body is refused.
    fn place(&self, name: &str) -> Option<usize> {
        let searched = self.members.get(..MOST).unwrap_or(self.members);
        let (before, after) = searched.split_at_checked(self.next)?;
        let is_it = |member: &Member<'_>| member.0 == name;
        match after.iter().position(is_it) {
            Some(place) => Some(place + before.len()),
            None => before.iter().position(is_it),
        }
    }

    fn find(&mut self, name: &str) -> Option<&'t Json<'t>> {
        let place = self.place(name)?;
        let (_, json) = self.members.get(place)?;
        self.taken |= 1 << place;
        self.next = (place + 1).min(self.members.len()).min(MOST);
        (*json != Json::Null).then_some(json)
    }

    pub fn has(&self, name: &str) -> bool {
        let member = self.place(name).and_then(|place| self.members.get(place));
        member.is_some_and(|(_, json)| *json != Json::Null)
    }

    pub fn required<T>(
        &mut self,
        name: &str,
        faults: &mut Faults,
        read: impl FnOnce(Value<'_, 't>, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        let value = self.optional(name, faults, read)?;
        value.or_else(|| self.fault(name, faults, FaultCode::Required, "is required"))
    }

    /// Reads the field that determines the other fields. A later read of the same name finds the same member.
    pub fn tag<T: Named>(&mut self, name: &str, faults: &mut Faults) -> Option<T> {
        let tag = self.required(name, faults, |value, faults| value.choice_of(T::ALL, faults));
        self.next = self.next.saturating_sub(1);
        tag
    }

    /// Reads a field that may be absent. The result is `Some(None)` if it is absent, and `None` if it is faulty.
    pub fn optional<T>(
        &mut self,
        name: &str,
        faults: &mut Faults,
        read: impl FnOnce(Value<'_, 't>, &mut Faults) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.find(name) {
            None => Some(None),
            Some(json) => read(Value { json, path: self.path.key(name) }, faults).map(Some),
        }
    }

    pub fn or<T>(
        &mut self,
        name: &str,
        default: T,
        faults: &mut Faults,
        read: impl FnOnce(Value<'_, 't>, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        Some(self.optional(name, faults, read)?.unwrap_or(default))
    }

    /// Accepts fields without reading them. Duplicate keys in them are faults all the same.
    pub fn ignore(&mut self, names: &[&str], faults: &mut Faults) {
        for name in names {
            if let Some(json) = self.find(name) {
                report_duplicates_below(json, &self.path.key(name), faults);
            }
        }
    }

    /// Refuses fields that cannot be combined with the others: adds a fault for each that is present and not null.
    pub fn refuse(
        &mut self,
        names: &[&str],
        message: &'static str,
        faults: &mut Faults,
    ) -> Option<()> {
        let mut alone = Some(());
        for name in names {
            if self.find(name).is_some() {
                alone = self.clash(name, message, faults);
            }
        }
        alone
    }

    /// Reports every member that no reader took. Returns `None` if there is one.
    pub fn finish(self, faults: &mut Faults) -> Option<()> {
        if self.taken.count_ones() as usize == self.members.len() {
            return Some(());
        }
        let is_taken = |place: usize| place < MOST && self.taken & (1 << place) != 0;
        for (place, (key, _)) in self.members.iter().enumerate() {
            if is_taken(place) {
                continue;
            }
            let mut others = self.members.iter().enumerate();
            if others.any(|(other, member)| is_taken(other) && member.0 == *key) {
                faults.repeated(&self.path.key(key));
            } else {
                self.fault::<()>(key, faults, FaultCode::UnknownField, "is not a field here");
            }
            if faults.is_full() {
                break;
            }
        }
        None
    }
}

/// Adds a fault for every key that repeats an earlier one. Returns whether all keys are unique.
pub(super) fn report_duplicates(
    members: &[Member<'_>],
    path: &Path<'_>,
    faults: &mut Faults,
) -> bool {
    let mut unique = true;
    let mut report = |key: &str| {
        unique = false;
        faults.repeated(&path.key(key));
    };
    // Pairwise comparison is cheapest for few members, and most objects have few.
    if members.len() <= 16 {
        for (place, (key, _)) in members.iter().enumerate() {
            if members.iter().take(place).any(|(before, _)| before == key) {
                report(key);
            }
        }
    } else {
        let mut seen = rustc_hash::FxHashSet::default();
        for (key, _) in members {
            if !seen.insert(key.as_ref()) {
                report(key);
            }
        }
    }
    unique
}

fn report_duplicates_below(json: &Json<'_>, path: &Path<'_>, faults: &mut Faults) {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        Json::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                report_duplicates_below(entry, &path.index(index), faults);
            }
        }
        Json::Object(members) => {
            report_duplicates(members, path, faults);
            for (key, member) in members {
                report_duplicates_below(member, &path.key(key), faults);
            }
        }
    }
}
