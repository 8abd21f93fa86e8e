//! Findings: what is allowed in a promotion but probably not meant (spec 15.2).

use chrono::{DateTime, Utc};

use super::id::PromotionId;
use super::vocabulary::NameField;

/// Most findings of one promotion that name unknown names.
pub const MAX_UNKNOWN_NAMES: usize = 100;
/// Most findings of one promotion that name other promotions of the same kind.
pub const MAX_OTHERS: usize = 10;

/// What is probably not meant, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The place in the promotion: a JSON pointer (RFC 6901). Empty: the promotion as a whole.
    pub pointer: String,
    pub concern: Concern,
}

/// What is probably not meant, with what explains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    NeverOpen,
    AlreadyEnded(DateTime<Utc>),
    /// No cart meets all conditions on this: the name of a measure, of a field or of an attribute.
    Contradiction(String),
    UnknownName {
        field: NameField,
        name: String,
        /// A known name that differs from it by case alone.
        alike: Option<String>,
    },
    /// The other one always goes before it, and lets nothing follow.
    Unreachable(Other),
    /// It excludes this tag, which it has itself.
    ExcludesItself(String),
    /// It excludes every other active promotion.
    ExcludesAll,
    GivesNothing,
    GivesEverything,
    NoLimit,
    SameTerms(Other),
    Overlaps(Other),
    NoMessage,
    /// The message has this word in braces, which is replaced in suggestions only.
    PlaceholderOfSuggestions(String),
    /// The message of suggestions has this word in braces, which is never replaced.
    UnknownPlaceholder(String),
}

/// Another promotion that has to do with a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    pub promotion: PromotionId,
    pub name: String,
}

/// The codes of findings, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingCode {
    NeverOpen,
    AlreadyEnded,
    Contradiction,
    UnknownName,
    Unreachable,
    NeverCombines,
    GivesNothing,
    GivesEverything,
    NoLimit,
    SameTerms,
    Overlaps,
    NoMessage,
    Placeholder,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Warning,
    Info,
}

impl Concern {
    pub const fn code(&self) -> FindingCode {
        match self {
            Self::NeverOpen => FindingCode::NeverOpen,
            Self::AlreadyEnded(_) => FindingCode::AlreadyEnded,
            Self::Contradiction(_) => FindingCode::Contradiction,
            Self::UnknownName { .. } => FindingCode::UnknownName,
            Self::Unreachable(_) => FindingCode::Unreachable,
            Self::ExcludesItself(_) | Self::ExcludesAll => FindingCode::NeverCombines,
            Self::GivesNothing => FindingCode::GivesNothing,
            Self::GivesEverything => FindingCode::GivesEverything,
            Self::NoLimit => FindingCode::NoLimit,
            Self::SameTerms(_) => FindingCode::SameTerms,
            Self::Overlaps(_) => FindingCode::Overlaps,
            Self::NoMessage => FindingCode::NoMessage,
            Self::PlaceholderOfSuggestions(_) | Self::UnknownPlaceholder(_) => {
                FindingCode::Placeholder
            }
        }
    }

    /// The other promotion that it names.
    pub const fn other(&self) -> Option<&Other> {
        match self {
            Self::Unreachable(other) | Self::SameTerms(other) | Self::Overlaps(other) => {
                Some(other)
            }
            Self::NeverOpen
            | Self::AlreadyEnded(_)
            | Self::Contradiction(_)
            | Self::UnknownName { .. }
            | Self::ExcludesItself(_)
            | Self::ExcludesAll
            | Self::GivesNothing
            | Self::GivesEverything
            | Self::NoLimit
            | Self::NoMessage
            | Self::PlaceholderOfSuggestions(_)
            | Self::UnknownPlaceholder(_) => None,
        }
    }
}

impl FindingCode {
    pub const fn severity(self) -> Severity {
        match self {
            Self::NeverOpen
            | Self::AlreadyEnded
            | Self::Contradiction
            | Self::UnknownName
            | Self::Unreachable
            | Self::NeverCombines
            | Self::GivesNothing
            | Self::GivesEverything
            | Self::Placeholder => Severity::Warning,
            Self::NoLimit | Self::SameTerms | Self::Overlaps | Self::NoMessage => Severity::Info,
        }
    }
}
