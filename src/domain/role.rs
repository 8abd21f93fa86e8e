//! What an API key may do in its tenant (spec 1).

/// The role of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Admin,
    Pos,
    Issuer,
    /// Reads; sees of codes their last three characters only.
    Viewer,
}

impl Role {
    /// The role of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "admin" => Self::Admin,
            "pos" => Self::Pos,
            "issuer" => Self::Issuer,
            "viewer" => Self::Viewer,
            _ => return None,
        })
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Pos => "pos",
            Self::Issuer => "issuer",
            Self::Viewer => "viewer",
        }
    }
}
