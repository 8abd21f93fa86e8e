//! What an API key may do in its tenant (spec 1).

/// The role of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Admin,
    Pos,
    Issuer,
    /// Reads only, and sees only the last three characters of codes.
    Viewer,
}
