//! Where a promotion applies (spec 5.2).

/// Where a promotion applies; empty lists do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub stores: Vec<String>,
    pub concepts: Vec<String>,
    pub zones: Vec<String>,
    pub channels: Vec<String>,
}
