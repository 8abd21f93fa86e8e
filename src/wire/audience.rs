//! Scope and audience: where a promotion applies, and for whom (spec 5.2).

use super::body::*;
use crate::domain::names::names;
use crate::domain::promotion::{Audience, MAX_SCOPE_ENTRIES, ProgramTest, Scope};

/// Most programs of one audience, and tiers or supplementary programs of one program.
const MAX_PROGRAMS: usize = 50;

const ENTRIES: List<Text> = list(NAME, 0..=MAX_SCOPE_ENTRIES);
const PROGRAM_ENTRIES: List<Text> = list(NAME, 0..=MAX_PROGRAMS);

names! {
    pub(crate) enum Type { All = "all", Loyalty = "loyalty" }
}

body! {
    /// Where a promotion applies. Empty lists do not restrict.
    Scope "Scope" {
        /// Codes of stores.
        stores: or_empty(ENTRIES),
        /// Concepts of stores.
        concepts: or_empty(ENTRIES),
        /// Zones of stores.
        zones: or_empty(ENTRIES),
        /// Channels.
        channels: or_empty(ENTRIES),
    }
}

body! {
    /// For whom a promotion is.
    pub struct AudienceBody "Audience" as Audience {
        /// Everybody, or the members of loyalty programs.
        kind as "type": required(choice::<Type>()) => match audience.loyalty {
            None => Type::All,
            Some(_) => Type::Loyalty,
        },
        /// A membership in one of them, if any are named. Goes with `loyalty`.
        programs: absent(list(part::<ProgramTest>(), 0..=MAX_PROGRAMS)) => audience.loyalty,
        /// The customer must be in one of them, if any are named.
        groups: or_empty(ENTRIES) => audience.groups,
    } print |audience| read |object, faults| {
        let programs = programs.map(Option::unwrap_or_default);
        let asks_for_programs = programs.as_ref().is_some_and(|list| !list.is_empty());
        if kind == Some(Type::All) && asks_for_programs {
            object.clash::<()>("programs", "goes with the type loyalty only", faults);
        }
        let loyalty = match kind? {
            Type::All => None,
            Type::Loyalty => Some(programs?),
        };
        Some(Audience { loyalty, groups: groups? })
    }
}

body! {
    ProgramTest "" {
        /// The program.
        program: required(NAME),
        /// One of these levels, if any are named.
        tiers: or_empty(PROGRAM_ENTRIES),
        /// One of these memberships within it, if any are named.
        supplementary: or_empty(PROGRAM_ENTRIES),
    }
}
