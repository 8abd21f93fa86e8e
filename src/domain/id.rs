//! Identifiers. Each has a type of its own, so that a tenant's id cannot be used as a promotion's.

use std::fmt;

use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id that is known to be of this kind.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The plain UUID, for statements and answers.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )+};
}

uuid_id! {
    /// A merchant. Everything else belongs to exactly one.
    TenantId,
    PromotionId,
    /// An API key.
    KeyId,
    /// A code. A code that is deleted and created again has another id.
    CodeId,
    /// An issuance: one promotion that one customer holds.
    IssuanceId,
    RedemptionId,
    BacktestId,
    /// A webhook. A webhook that is deleted and created again has another id.
    WebhookId,
}

impl PromotionId {
    /// The id of a draft that is no stored promotion. Stored ids are never among the last UUIDs.
    pub fn draft(place: u8) -> Self {
        Self(Uuid::from_u128(u128::MAX - u128::from(place)))
    }

    /// The place of a draft that is no stored promotion, in the list of drafts.
    pub fn draft_place(self) -> Option<u8> {
        u8::try_from(u128::MAX - self.0.as_u128()).ok()
    }
}

/// The key that seals the cursors of a tenant's lists. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CursorKey([u8; 32]);

impl CursorKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CursorKey")
    }
}
