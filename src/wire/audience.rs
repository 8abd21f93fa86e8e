//! Scope and audience: where a promotion applies, and for whom (spec 5.2).

use super::body::*;
use crate::domain::names::names;
use crate::domain::promotion::{Audience, MAX_SCOPE_ENTRIES, Members, ProgramTest, Scope};

/// Most programs of one audience, and tiers or supplementary programs of one program.
const MAX_PROGRAMS: usize = 50;

const ENTRIES: List<Text> = list(NAME, 0..=MAX_SCOPE_ENTRIES);
const PROGRAM_ENTRIES: List<Text> = list(NAME, 0..=MAX_PROGRAMS);

names! {
    pub(crate) enum Type { All = "all", Identified = "identified", Loyalty = "loyalty" }
}

body! {
    /// Where a promotion applies. An empty list restricts nothing.
    Scope "Scope" {
        /// Codes of stores. The cart's store must be one of them.
        stores: or_empty(ENTRIES),
        /// Concepts of stores. The concept of the cart's store must be one of them.
        concepts: or_empty(ENTRIES),
        /// Zones of stores. The cart's store must be in one of them.
        zones: or_empty(ENTRIES),
        /// Sales channels. The cart's channel must be one of them.
        channels: or_empty(ENTRIES),
    }
}

body! {
    /// Who gets a promotion.
    pub struct AudienceBody "Audience" as Audience {
        /// Everybody, only customers with an id, or only members of loyalty programs.
        kind as "type": required(choice::<Type>()) => match audience.members {
            Members::All => Type::All,
            Members::Identified => Type::Identified,
            Members::Loyalty(_) => Type::Loyalty,
        },
        /// The customer must be a member of one of these programs, if the list is not empty. Only with `loyalty`.
        programs: absent(list(part::<ProgramTest>(), 0..=MAX_PROGRAMS)) =>
            match &audience.members {
                Members::Loyalty(programs) => Some(programs),
                Members::All | Members::Identified => None,
            },
        /// The customer must be in one of these groups, if the list is not empty.
        groups: or_empty(ENTRIES) => audience.groups,
    } print |audience| read |object, faults| {
        let programs = programs.map(Option::unwrap_or_default);
        let asks_for_programs = programs.as_ref().is_some_and(|list| !list.is_empty());
        if matches!(kind, Some(Type::All | Type::Identified)) && asks_for_programs {
            object.clash::<()>("programs", "goes with the type loyalty only", faults);
        }
        let members = match kind? {
            Type::All => Members::All,
            Type::Identified => Members::Identified,
            Type::Loyalty => Members::Loyalty(programs?),
        };
        Some(Audience { members, groups: groups? })
    }
}

body! {
    ProgramTest "" {
        /// The program.
        program: required(NAME),
        /// The customer must have one of these tiers, if the list is not empty.
        tiers: or_empty(PROGRAM_ENTRIES),
        /// The customer must have one of these supplementary memberships, if the list is not empty.
        supplementary: or_empty(PROGRAM_ENTRIES),
    }
}
