//! Entries of lists and keys of objects that repeat earlier ones.

use std::hash::Hash;

use rustc_hash::FxHashSet;

use super::faults::{Faults, Path};
use super::json::{Json, Member};

/// Reports each entry of the list at `around` that repeats an earlier one, at its member `key` if there is one. Returns
/// `None` if an entry is repeated.
pub fn refuse_repeated<T: Eq + Hash>(
    entries: impl IntoIterator<Item = (usize, T)>,
    around: &Path<'_>,
    key: Option<&str>,
    faults: &mut Faults,
) -> Option<()> {
    let (mut seen, mut unique) = (FxHashSet::default(), Some(()));
    for (place, entry) in entries {
        if !seen.insert(entry) {
            let entry = around.index(place);
            faults.repeated(&key.map_or(entry, |key| entry.key(key)));
            unique = None;
        }
    }
    unique
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
        let mut seen = FxHashSet::default();
        for (key, _) in members {
            if !seen.insert(key.as_ref()) {
                report(key);
            }
        }
    }
    unique
}

pub(super) fn report_duplicates_below(json: &Json<'_>, path: &Path<'_>, faults: &mut Faults) {
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
