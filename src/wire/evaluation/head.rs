//! How answers name a promotion: the members with which every entry for a promotion begins.

use serde_json::{Value as Json, json};

use crate::domain::id::PromotionId;
use crate::domain::promotion::Promotion;
use crate::wire::body::*;
use crate::wire::write::Writer;

/// The id of a promotion, or `draft:` and the place of a draft that is not stored.
pub(in crate::wire) struct PromotionName;

impl Prints<PromotionId> for PromotionName {
    fn print(&self, writer: &mut Writer, id: &PromotionId) {
        match id.draft_place() {
            None => ID.print(writer, &id.uuid()),
            Some(place) => writer.text(&format!("draft:{place}")),
        }
    }
}

impl Describes for PromotionName {
    fn schema(&self, _: &mut Schemas) -> Json {
        json!({"type": "string", "pattern": "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|draft:[0-9]+)$"})
    }
}

answer! {
    pub(in crate::wire) struct PromotionHead "" as &Promotion |promotion| {
        /// The promotion's id.
        promotion_id: required(PromotionName) => promotion.id,
        /// The promotion's name.
        name: required(WORDS) => promotion.terms.name,
    }
}
