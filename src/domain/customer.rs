//! The customer, as far as the request describes it (spec 6).

use std::borrow::Cow;

use super::owned::{pairs, text, texts};

/// A customer. Without an id it is not identified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer<'a> {
    pub id: Option<Cow<'a, str>>,
    pub loyalty: Vec<Membership<'a>>,
    /// Named sets that the customer is in.
    pub groups: Vec<Cow<'a, str>>,
    /// Other attributes of the customer, by key.
    pub attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// Membership in a loyalty program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership<'a> {
    pub program: Cow<'a, str>,
    pub tier: Option<Cow<'a, str>>,
    /// Supplementary programs of this program.
    pub supplementary: Vec<Cow<'a, str>>,
}

/// Most memberships, groups and attributes of one customer.
pub const MAX_ENTRIES: usize = 50;

impl Customer<'_> {
    /// Copies all texts, so that the customer can outlive the body that it was read from.
    pub fn into_owned(self) -> Customer<'static> {
        let membership = |own: Membership<'_>| Membership {
            program: text(own.program),
            tier: own.tier.map(text),
            supplementary: texts(own.supplementary),
        };
        Customer {
            id: self.id.map(text),
            loyalty: self.loyalty.into_iter().map(membership).collect(),
            groups: texts(self.groups),
            attributes: pairs(self.attributes),
        }
    }
}
