//! `unknown_name`: names that the tenant is not known to use.

use std::collections::BTreeMap;

use crate::domain::finding::{Concern, Finding, MAX_UNKNOWN_NAMES};
use crate::domain::promotion::Terms;
use crate::domain::vocabulary::{KnownNames, NameField, visit_names};

/// The known names of each field by their lower case.
type Folded<'k> = BTreeMap<NameField, BTreeMap<String, &'k str>>;

/// The names that are not known, of the fields of which any name is.
pub(super) fn unknown_names(terms: &Terms, known: &KnownNames) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut folded = Folded::new();
    visit_names(terms, &mut |used| {
        let Some(names) = known.of(used.field).filter(|_| used.field.is_judged()) else { return };
        if found.len() >= MAX_UNKNOWN_NAMES || names.contains(used.name) {
            return;
        }
        let by_case = folded.entry(used.field).or_insert_with(|| {
            names.iter().map(|name| (name.to_lowercase(), name.as_str())).collect()
        });
        let alike = by_case.get(&used.name.to_lowercase()).copied();
        // Payment modes are compared without regard to case.
        let is_meant = used.field == NameField::PaymentMode
            && alike.is_some_and(|alike| alike.eq_ignore_ascii_case(used.name));
        if !is_meant {
            let (field, name) = (used.field, used.name.to_owned());
            let concern = Concern::UnknownName { field, name, alike: alike.map(str::to_owned) };
            found.push(Finding { pointer: used.pointer(), concern });
        }
    });
    found
}
