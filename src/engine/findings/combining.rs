//! `never_combines`: tags that exclude every other promotion, or the promotion itself.

use crate::domain::finding::{Concern, Finding};
use crate::domain::promotion::{Promotion, Terms};

pub(super) fn never_combines(terms: &Terms, others: &[&Promotion]) -> Vec<Finding> {
    let not_with = &terms.stacking.not_with;
    let own = not_with.iter().enumerate().filter(|(_, tag)| terms.stacking.tags.contains(tag));
    let own = own.map(|(index, tag)| Finding {
        pointer: format!("/stacking/not_with/{index}"),
        concern: Concern::ExcludesItself(tag.clone()),
    });
    let is_excluded =
        |other: &&Promotion| other.terms.stacking.tags.iter().any(|tag| not_with.contains(tag));
    let all = !others.is_empty() && others.iter().all(is_excluded);
    let all = all.then(|| Finding {
        pointer: "/stacking/not_with".to_owned(),
        concern: Concern::ExcludesAll,
    });
    all.into_iter().chain(own).collect()
}
