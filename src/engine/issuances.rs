//! Chooses which of a customer's issuances serves a cart (spec 9, 11).

use chrono::{DateTime, Utc};

use crate::domain::counter::Used;
use crate::domain::id::IssuanceId;

use super::compiled::Compiled;
use super::inputs::IssuanceFact;
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
    issuances: &'f [IssuanceFact],
    now: DateTime<Utc>,
) -> impl Iterator<Item = &'f IssuanceFact> + use<'f> {
    let promotion = compiled.promotion.id;
    issuances
        .iter()
        .filter(move |own| own.promotion_id == promotion)
        .filter(move |own| own.use_until.is_none_or(|end| now < end))
}

/// When the last of the customer's issuances of a promotion expired, if one has.
pub(crate) fn expired_at(
    compiled: &Compiled,
    issuances: &[IssuanceFact],
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let own = issuances.iter().filter(|own| own.promotion_id == compiled.promotion.id);
    own.filter_map(|own| own.use_until).filter(|end| *end <= now).max()
}

/// Whether the customer holds an issuance that the promotion needs, or it needs none. Limits are not judged.
pub(crate) fn opens(compiled: &Compiled, issuances: &[IssuanceFact], now: DateTime<Utc>) -> bool {
    let terms = &compiled.promotion.terms;
    !terms.asks_for_issuance()
        || of_promotion(compiled, issuances, now)
            .any(|own| own.is_activated || !terms.activation_required)
}

/// One issuance serves one cart. Among usable issuances, it is the one that expires first, then the one that was
/// unlocked first, even if less is left of it. If none is usable, one that only lacks activation comes before one that
/// is used up, so that the reason names the activation.
pub(crate) fn choose(
    compiled: &Compiled,
    issuances: &[IssuanceFact],
    used: &[Used],
    now: DateTime<Utc>,
) -> Option<InHand> {
    let terms = &compiled.promotion.terms;
    if !terms.asks_for_issuance() {
        return None;
    }
    let expires_at = |own: &IssuanceFact| {
        own.use_until.map_or(compiled.ends_at, |end| end.min(compiled.ends_at))
    };
    let place = |own: &&IssuanceFact| {
        (
            is_used_up(compiled, own.issuance_id, used),
            terms.activation_required && !own.is_activated,
            expires_at(own),
            own.unlocked_at,
            own.issuance_id,
        )
    };
    let chosen = of_promotion(compiled, issuances, now).min_by_key(place)?;
    Some(InHand {
        issuance_id: chosen.issuance_id,
        is_activated: chosen.is_activated,
        expires_at: expires_at(chosen),
    })
}

fn is_used_up(compiled: &Compiled, issuance: IssuanceId, used: &[Used]) -> bool {
    let presented = Presented { code: None, issuance: Some(issuance) };
    limits::of_issuances(&compiled.promotion.terms.limits).any(|limit| {
        limits::used(&compiled.promotion, presented, used, limit.name) >= limit.maximum
    })
}
