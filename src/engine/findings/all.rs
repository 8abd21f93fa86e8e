//! All findings of a promotion, in the order of the spec.

use super::about::About;
use super::{
    combining, contradiction, dates, messages, overlaps, unknown_name, unreachable, worth,
};
use crate::domain::finding::Finding;
use crate::domain::promotion::Promotion;

/// What is probably not meant in a promotion. Of the tenant's other promotions only those count that are active and
/// have not ended; each is looked at once for each finding.
pub fn findings<'p>(
    about: &About<'_>,
    others: impl IntoIterator<Item = &'p Promotion>,
) -> Vec<Finding> {
    let others: Vec<&Promotion> = others.into_iter().filter(|own| about.counts(own)).collect();
    let terms = &about.promotion.terms;
    let mut found = Vec::new();
    found.extend(dates::never_open(about));
    found.extend(dates::already_ended(about));
    found.extend(contradiction::contradictions(terms));
    found.extend(unknown_name::unknown_names(terms, about.known));
    found.extend(unreachable::unreachable(about, &others));
    found.extend(combining::never_combines(terms, &others));
    found.extend(worth::gives_nothing(terms, about.settings));
    found.extend(worth::gives_everything(terms));
    found.extend(worth::no_limit(terms, about.settings));
    found.extend(overlaps::same_terms(about, &others));
    found.extend(overlaps::overlaps(about, &others));
    found.extend(messages::no_message(terms.suggest, &terms.suggestion_message));
    found.extend(messages::placeholders(&terms.message, &terms.suggestion_message));
    found
}
