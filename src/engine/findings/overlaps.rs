//! `same_terms` and `overlaps`: other promotions that do the same, or something on the same units.

use super::about::{About, other};
use super::meeting::{at_same_place, at_same_time};
use super::reach::discounted;
use crate::domain::finding::{Concern, Finding, MAX_OTHERS};
use crate::domain::promotion::{Promotion, Scope, Terms};

/// Others with the same conditions, benefit and scope at some same time.
pub(super) fn same_terms(about: &About<'_>, others: &[&Promotion]) -> Vec<Finding> {
    let own = &about.promotion.terms;
    let scope = Sorted::of(&own.scope);
    let is_same = |other: &&&Promotion| {
        let terms = &other.terms;
        (&terms.benefit, &terms.steps) == (&own.benefit, &own.steps)
            && terms.conditions == own.conditions
            && Sorted::of(&terms.scope) == scope
            && at_same_time(own, terms, about.settings.timezone)
    };
    let same = others.iter().filter(is_same).take(MAX_OTHERS);
    let finding = |own| Finding { pointer: String::new(), concern: Concern::SameTerms(other(own)) };
    same.map(|own| finding(own)).collect()
}

/// Others of the same level that surely discount some of the same units at some same time.
pub(super) fn overlaps(about: &About<'_>, others: &[&Promotion]) -> Vec<Finding> {
    let own = &about.promotion.terms;
    let Some(lines) = discounted(own).filter(|lines| !lines.is_empty()) else {
        return Vec::new();
    };
    let meets = |terms: &Terms| {
        let others = discounted(terms).unwrap_or_default();
        others.iter().any(|theirs| lines.iter().any(|ours| ours.meet(theirs)))
    };
    let overlaps = |other: &&&Promotion| {
        let terms = &other.terms;
        terms.benefit.level() == own.benefit.level()
            && at_same_place(&terms.scope, &own.scope)
            && meets(terms)
            && at_same_time(own, terms, about.settings.timezone)
    };
    let overlapping = others.iter().filter(overlaps).take(MAX_OTHERS);
    let finding = |own| Finding {
        pointer: "/benefit/target".to_owned(),
        concern: Concern::Overlaps(other(own)),
    };
    overlapping.map(|own| finding(own)).collect()
}

/// A scope whose lists are in order.
#[derive(PartialEq, Eq)]
struct Sorted<'t>([Vec<&'t str>; 4]);

impl<'t> Sorted<'t> {
    fn of(scope: &'t Scope) -> Self {
        let Scope { stores, concepts, zones, channels } = scope;
        Self([stores, concepts, zones, channels].map(|names| {
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.sort_unstable();
            names
        }))
    }
}
