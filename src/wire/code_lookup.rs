//! A code that was looked up by itself (spec 10).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::body::*;
use super::customer_promotion::{Left, LeftBody};
use crate::domain::promotion::State;

/// The promotion that has a code.
pub type Owner<'p> = (Uuid, &'p str, State);

/// What is told of a code.
pub struct Told<'c> {
    pub code: &'c str,
    pub owner: Owner<'c>,
    pub batch: Option<&'c str>,
    pub expires_at: Option<DateTime<Utc>>,
    pub customer_id: Option<&'c str>,
    pub used: i64,
    pub left: &'c [Left],
    pub precision: u32,
    pub created_at: DateTime<Utc>,
}

answer! {
    /// A code, and the promotion that has it.
    pub struct CodeFound "CodeFound" as Told<'_> |own| {
        /// The code, as it was made.
        code: required(WORDS) => own.code,
        /// The promotion that the code unlocks.
        promotion: required(part::<OwnerBody>()) => own.owner,
        /// The name of the generation that made the code; null if the code was named.
        batch: optional(WORDS) => own.batch,
        /// When the code stops working; null: when the promotion ends.
        expires_at: optional(INSTANT) => own.expires_at,
        /// The only customer who can use the code; null: anybody can.
        customer_id: optional(WORDS) => own.customer_id,
        /// Redemptions by the code that are held or committed and not returned in full.
        used: required(SIZE) => own.used,
        limits: required(part::<LeftBody>()) => (own.left, own.precision),
        /// When the code was created.
        created_at: required(INSTANT) => own.created_at,
    }
}

answer! {
    struct OwnerBody "CodeOwner" as Owner<'_> |(id, name, state)| {
        /// The promotion's id.
        id: required(ID) => *id,
        /// The promotion's name.
        name: required(WORDS) => *name,
        /// The promotion's present state.
        state: required(choice::<State>()) => *state,
    }
}
