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
