//! Which of a customer's issuances serves a cart (spec 9, 11).

use chrono::{DateTime, Utc};

use crate::domain::id::IssuanceId;

use super::compiled::Compiled;
use super::inputs::{Facts, IssuanceFact};
use super::limits::{self, Presented};

/// The issuance that a promotion is judged with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InHand {
    pub(crate) issuance_id: IssuanceId,
    pub(crate) is_activated: bool,
    /// Its own end or the promotion's, whichever comes first.
    pub(crate) expires_at: DateTime<Utc>,
}

/// The customer's issuances of a promotion that have not expired.
pub(crate) fn of_promotion<'f>(
    compiled: &Compiled,
    facts: &'f Facts<'_>,
) -> impl Iterator<Item = &'f IssuanceFact> {
    let (promotion, now) = (compiled.promotion.id, facts.now);
    facts
        .issuances
        .iter()
        .filter(move |own| own.promotion_id == promotion)
        .filter(move |own| own.use_until.is_none_or(|end| now < end))
}

/// One issuance serves one cart: of those that are usable the one that expires first, then the one unlocked first, even
/// if it has less left. Where none is usable, one that is not: it tells what is missing, its activation before its limits.
pub(crate) fn choose(compiled: &Compiled, facts: &Facts<'_>) -> Option<InHand> {
    let terms = &compiled.promotion.terms;
    if !terms.asks_for_issuance() {
        return None;
    }
    let expires_at = |own: &IssuanceFact| {
        own.use_until.map_or(compiled.ends_at, |end| end.min(compiled.ends_at))
    };
    let place = |own: &&IssuanceFact| {
        (
            is_used_up(compiled, facts, own.issuance_id),
            terms.activation_required && !own.is_activated,
            expires_at(own),
            own.unlocked_at,
            own.issuance_id,
        )
    };
    let chosen = of_promotion(compiled, facts).min_by_key(place)?;
    Some(InHand {
        issuance_id: chosen.issuance_id,
        is_activated: chosen.is_activated,
        expires_at: expires_at(chosen),
    })
}

fn is_used_up(compiled: &Compiled, facts: &Facts<'_>, issuance: IssuanceId) -> bool {
    let presented = Presented { code: None, issuance: Some(issuance) };
    limits::of_issuances(&compiled.promotion.terms.limits).any(|limit| {
        limits::used(facts, &compiled.promotion, presented, limit.name) >= limit.maximum
    })
}
