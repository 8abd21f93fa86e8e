//! What leaves on one text of a request ask of it, and whether anything meets them all.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::range::Range;
use super::required::Required;
use crate::domain::condition::{AttributeTest, Leaf, MemberSubject, ModeTest};
use crate::domain::names::Named as _;
use crate::domain::selector::{Comparison, TextTest};
use crate::engine::request_conditions::compare_text;

/// The text of a request that a leaf looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextSubject<'c> {
    Member(MemberSubject),
    PaymentMode,
    Attribute(&'c str),
}

impl fmt::Display for TextSubject<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(subject) => formatter.write_str(subject.name()),
            Self::PaymentMode => formatter.write_str("payment_mode"),
            Self::Attribute(key) => write!(formatter, "customer_attribute {key:?}"),
        }
    }
}

impl<'c> TextSubject<'c> {
    pub(super) fn of(leaf: &'c Leaf) -> Option<Self> {
        match leaf {
            Leaf::Member { subject, .. } => Some(Self::Member(*subject)),
            Leaf::PaymentMode { .. } => Some(Self::PaymentMode),
            Leaf::CustomerAttribute { key, .. } => Some(Self::Attribute(key)),
            Leaf::Cart { .. }
            | Leaf::Lines { .. }
            | Leaf::Item { .. }
            | Leaf::GiftVoucher { .. } => None,
        }
    }

    /// Whether a request may have several of these texts.
    const fn may_be_several(self) -> bool {
        match self {
            Self::PaymentMode | Self::Member(MemberSubject::CustomerGroup) => true,
            Self::Attribute(_)
            | Self::Member(MemberSubject::ShippingMethod | MemberSubject::Channel) => false,
        }
    }
}

type Names<'c> = BTreeSet<Cow<'c, str>>;

/// What a leaf asks of a text that the request has.
enum Rule<'c> {
    /// The text, or one of several, is one of these.
    OneOf(Names<'c>),
    /// The text, or each of several, is none of these.
    NoneOf(Names<'c>),
    Contains(&'c str, bool),
    StartsWith(&'c str, bool),
    /// The text is a number that satisfies the comparison.
    Number(Comparison),
    Anything,
}

impl<'c> Rule<'c> {
    /// The texts of which one must be there.
    fn listed(&self) -> Option<&Names<'c>> {
        if let Self::OneOf(names) = self { Some(names) } else { None }
    }
}

/// Whether a request can meet all of these leaves on one subject.
pub(super) fn can_be_met<'c: 'l, 'l>(
    subject: TextSubject<'_>,
    leaves: impl Iterator<Item = &'l Required<'c>> + Clone,
) -> bool {
    // Each leaf is false where the request has no such text.
    if !leaves.clone().any(|own| own.holds) {
        return true;
    }
    let rules: Vec<Rule<'_>> = leaves.map(|own| rule(own.leaf, own.holds)).collect();
    if subject.may_be_several() {
        // One text may meet one rule, and another text another one.
        let refused = |name: &Cow<'_, str>| {
            rules.iter().any(|rule| matches!(rule, Rule::NoneOf(names) if names.contains(name)))
        };
        return rules.iter().filter_map(Rule::listed).all(|names| !names.iter().all(refused));
    }
    match rules.iter().find_map(Rule::listed) {
        Some(names) => names.iter().any(|name| rules.iter().all(|rule| meets(rule, name))),
        None => numbers_meet(&rules) && beginnings_meet(&rules),
    }
}

fn among(names: Names<'_>, is_one: bool) -> Rule<'_> {
    if is_one { Rule::OneOf(names) } else { Rule::NoneOf(names) }
}

fn rule(leaf: &Leaf, holds: bool) -> Rule<'_> {
    match leaf {
        Leaf::Member { negated, values, .. } => among(plain(values), *negated != holds),
        Leaf::PaymentMode { test } => match test {
            // Where the mode is there but the amount is too small, the leaf is false too.
            ModeTest::In(_, Some(_)) if !holds => Rule::Anything,
            ModeTest::In(modes, _) => among(folded(modes), holds),
            ModeTest::NotIn(modes) => among(folded(modes), !holds),
            ModeTest::StartsWith(..) => Rule::Anything,
        },
        Leaf::CustomerAttribute { test: AttributeTest::Text(test), .. } => match test {
            TextTest::Eq(name) => among(plain(std::slice::from_ref(name)), holds),
            TextTest::Ne(name) => among(plain(std::slice::from_ref(name)), !holds),
            TextTest::In(names) => among(plain(names), holds),
            TextTest::NotIn(names) => among(plain(names), !holds),
            TextTest::Contains(part) => Rule::Contains(part, holds),
            TextTest::StartsWith(start) => Rule::StartsWith(start, holds),
        },
        Leaf::CustomerAttribute { test: AttributeTest::Number(order, value), .. } if holds => {
            Rule::Number(Comparison { op: order.operator(), value: *value })
        }
        // Where the text is no number, the leaf is false too.
        Leaf::CustomerAttribute { .. } => Rule::Anything,
        Leaf::Cart { .. } | Leaf::Lines { .. } | Leaf::Item { .. } | Leaf::GiftVoucher { .. } => {
            Rule::Anything
        }
    }
}

fn plain(names: &[String]) -> Names<'_> {
    names.iter().map(|name| Cow::Borrowed(name.as_str())).collect()
}

/// Payment modes, which are compared without regard to the case of ASCII letters.
fn folded(modes: &[String]) -> Names<'_> {
    modes.iter().map(|mode| Cow::Owned(mode.to_ascii_lowercase())).collect()
}

fn meets(rule: &Rule<'_>, name: &str) -> bool {
    match rule {
        Rule::OneOf(names) => names.contains(name),
        Rule::NoneOf(names) => !names.contains(name),
        Rule::Contains(part, holds) => name.contains(part) == *holds,
        Rule::StartsWith(start, holds) => name.starts_with(start) == *holds,
        Rule::Number(Comparison { op, value }) => {
            compare_text(name, *value).is_some_and(|ordering| op.holds(ordering))
        }
        Rule::Anything => true,
    }
}

fn numbers_meet(rules: &[Rule<'_>]) -> bool {
    let mut range = Range::new(i64::MIN, i64::MAX);
    for rule in rules {
        if let Rule::Number(compare) = rule {
            range.narrow(*compare, true);
        }
    }
    !range.is_empty()
}

/// Whether a text can begin with all that it must begin with: of two beginnings one begins with the other.
fn beginnings_meet(rules: &[Rule<'_>]) -> bool {
    let starts = rules.iter().filter_map(|rule| {
        if let Rule::StartsWith(start, true) = rule { Some(*start) } else { None }
    });
    let starts: Vec<&str> = starts.collect();
    let is_sound =
        |one: &&str| starts.iter().all(|own| own.starts_with(one) || one.starts_with(own));
    starts.iter().all(is_sound)
}
