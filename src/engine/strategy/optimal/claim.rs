//! What a promotion claims on a line.

/// Units of a line that are claimed.
pub(super) struct Claim {
    pub(super) line: usize,
    pub(super) units: i64,
    /// Of these, those that are discounted: a condition may use up others, open ones or not.
    pub(super) discounted: i64,
}
