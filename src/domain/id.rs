//! Identifiers: one newtype each, so that a tenant's id can never stand where a promotion's belongs.

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
    /// A merchant: everything else belongs to exactly one.
    TenantId,
    /// A promotion of a tenant.
    PromotionId,
    /// An API key of a tenant.
    KeyId,
    /// A code: one that is deleted and made anew is another one.
    CodeId,
    /// An issuance: one promotion in one customer's hands.
    IssuanceId,
    RedemptionId,
    /// A webhook: one that is deleted and made anew is another one.
    WebhookId,
}

/// What the cursors of a tenant's lists are sealed with. It is not shown.
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
