//! The members with which every entry for a promotion begins.

use crate::domain::promotion::Promotion;
use crate::wire::body::*;

answer! {
    pub(super) struct PromotionHead "" as &Promotion |promotion| {
        /// The promotion's id.
        promotion_id: required(ID) => promotion.id.uuid(),
        /// The promotion's name.
        name: required(WORDS) => promotion.terms.name,
    }
}
