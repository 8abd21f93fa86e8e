//! Reading an object field by field: what nobody asked for is a fault.

use std::borrow::Cow;

use super::decode::Value;
use super::faults::{FaultCode, Faults, Path};
use super::json::{Json, Member};
use crate::domain::names::Named;

/// Most members of an object that are looked at one by one: no object of the spec has nearly so
/// many fields, and what lies beyond them is unknown.
const MOST: usize = 128;

/// An object whose fields are being asked for, one by one.
#[derive(Debug)]
pub struct Object<'p, 't> {
    members: &'t [Member<'t>],
    path: Path<'p>,
    /// One bit for each member that was asked for.
    taken: u128,
    /// Where the search begins: bodies mostly have their fields in the order of the spec.
    next: usize,
}

impl<'p, 't> Object<'p, 't> {
    /// Nothing asked for yet.
    pub(super) const fn new(members: &'t [Member<'t>], path: Path<'p>) -> Self {
        Self { members, path, taken: 0, next: 0 }
    }

    pub const fn path(&self) -> &Path<'p> {
        &self.path
    }

    /// Adds a fault at the field `name`; `None`, to be returned.
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

    /// Of a duplicate any may be found: the other one is reported, and the body refused.
    fn place(&self, name: &str) -> Option<usize> {
        let searched = self.members.get(..MOST).unwrap_or(self.members);
        let (before, after) = searched.split_at_checked(self.next)?;
        let is_it = |member: &Member<'_>| member.0 == name;
        let place = match after.iter().position(is_it) {
            Some(place) => place + before.len(),
            None => before.iter().position(is_it)?,
        };
        Some(place)
    }

    fn find(&mut self, name: &str) -> Option<&'t Json<'t>> {
        let place = self.place(name)?;
        let (_, json) = self.members.get(place)?;
        self.taken |= 1 << place;
        self.next = (place + 1).min(self.members.len()).min(MOST);
        match json {
            Json::Null => None,
            Json::Bool(_)
            | Json::Number(_)
            | Json::String(_)
            | Json::Array(_)
            | Json::Object(_) => Some(json),
        }
    }

    /// Whether the field is there and not null.
    pub fn has(&self, name: &str) -> bool {
        let member = self.place(name).and_then(|place| self.members.get(place));
        member.is_some_and(|(_, json)| *json != Json::Null)
    }

    /// A field that must be there.
    pub fn required<T>(
        &mut self,
        name: &str,
        faults: &mut Faults,
        read: impl FnOnce(Value<'_, 't>, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        match self.optional(name, faults, read)? {
            Some(value) => Some(value),
            None => self.fault(name, faults, FaultCode::Required, "is required"),
        }
    }

    /// The field that tells what the others are; asked for again, it is the same one.
    pub fn tag<T: Named>(&mut self, name: &str, faults: &mut Faults) -> Option<T> {
        let tag = self.required(name, faults, |value, faults| value.choice(faults));
        self.next = self.next.saturating_sub(1);
        tag
    }

    /// A field that may be absent: `Some(None)` then, `None` when it is faulty.
    pub fn optional<T>(
        &mut self,
        name: &str,
        faults: &mut Faults,
        read: impl FnOnce(Value<'_, 't>, &mut Faults) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.find(name) {
            None => Some(None),
            Some(json) => {
                let path = self.path.key(name);
                read(Value::at(json, path), faults).map(Some)
            }
        }
    }

    /// A field that has a default.
    pub fn or<T>(
        &mut self,
        name: &str,
        default: T,
        faults: &mut Faults,
        read: impl FnOnce(Value<'_, 't>, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        Some(self.optional(name, faults, read)?.unwrap_or(default))
    }

    /// A field that may be there and is not read; duplicate keys in it are faults all the same.
    pub fn ignore(&mut self, name: &str, faults: &mut Faults) {
        if let Some(json) = self.find(name) {
            report_duplicates_below(json, &self.path.key(name), faults);
        }
    }

    /// A field that does not go with the others: a fault where it is there and not null.
    pub fn refuse(
        &mut self,
        name: &str,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
        faults: &mut Faults,
    ) -> Option<()> {
        match self.find(name) {
            None => Some(()),
            Some(_) => self.fault(name, faults, code, message),
        }
    }

    /// Reports every member that nobody asked for: `None` if there is one.
    pub fn finish(self, faults: &mut Faults) -> Option<()> {
        let known = match u32::try_from(self.members.len()) {
            Ok(count) => 1_u128.checked_shl(count).unwrap_or(0).wrapping_sub(1),
            Err(_) => u128::MAX,
        };
        if self.members.len() <= MOST && self.taken == known {
            return Some(());
        }
        for (place, (key, _)) in self.members.iter().enumerate() {
            let bit = u32::try_from(place).ok().and_then(|p| 1_u128.checked_shl(p));
            if self.taken & bit.unwrap_or(0) != 0 {
                continue;
            }
            let twin = |(other, member): (usize, &Member<'_>)| other != place && member.0 == *key;
            let asked_for = |(other, _): &(usize, &Member<'_>)| {
                let bit = u32::try_from(*other).ok().and_then(|p| 1_u128.checked_shl(p));
                self.taken & bit.unwrap_or(0) != 0
            };
            if self.members.iter().enumerate().filter(asked_for).any(twin) {
                self.fault::<()>(key, faults, FaultCode::NotUnique, "is there twice");
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

/// Adds a fault for every key that was there before; whether there is none.
pub(super) fn report_duplicates(
    members: &[Member<'_>],
    path: &Path<'_>,
    faults: &mut Faults,
) -> bool {
    let mut unique = true;
    let mut report = |key: &str| {
        unique = false;
        faults.add(&path.key(key), FaultCode::NotUnique, "is there twice");
    };
    // Comparing each with each is cheapest for the few members that objects mostly have.
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
