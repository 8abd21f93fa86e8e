//! Milestones (spec 11): the body of one, its stored form, and the answers.

use chrono::{DateTime, Utc};

use super::body::*;
use super::decode::{Value, refuse_other_name};
use super::faults::Faults;
use crate::domain::activity::{MAX_TARGETS, Milestone, MilestoneMeasure, Target};
use crate::domain::exact::Exact;
use crate::domain::limit::Refresh;
use crate::domain::selector::Selector;

body! {
    Target "" {
        /// The target's name. Each name may appear once.
        name: required(TITLE),
        /// The value to reach: an amount in the tenant's currency, visits or units; over 0, at most 1,000,000,000, at
        /// most 4 decimals.
        value: required(POSITIVE_AMOUNT),
    }
}

body! {
    /// A milestone as it is stored, without its name.
    pub struct Terms "" as Milestone {
        /// What is counted.
        measure: required(choice::<MilestoneMeasure>()) => milestone.measure,
        /// The lines that count; null: all lines.
        of: optional(part::<Selector>()) => milestone.of,
        /// When progress starts again from 0; null: never.
        window: optional(part::<Refresh>()) => milestone.window,
        /// The targets that customers can reach.
        targets: required(keyed("name", part::<Target>(), 1..=MAX_TARGETS)) => milestone.targets,
    } print |milestone| read |object, faults| {
        let name = String::new();
        Some(Milestone { name, measure: measure?, of: of?, window: window?, targets: targets? })
    }
}

request! {
    /// A milestone to create or replace.
    pub struct NewMilestone "Milestone" as Milestone {
        /// The milestone's name; if given, it must be the name in the path.
        name: PATH_NAME,
        terms: all_of::<Terms>(),
        created_at: computed(INSTANT),
        updated_at: computed(INSTANT),
    } read |object, faults| { terms }
}

answer! {
    /// A milestone.
    pub struct MilestoneBody "Milestone" as (Milestone, DateTime<Utc>, DateTime<Utc>)
        |(milestone, created_at, updated_at)| {
        /// The milestone's name.
        name: required(WORDS) => milestone.name,
        terms: all_of::<Terms>() => milestone,
        /// When the milestone was created.
        created_at: required(INSTANT) => *created_at,
        /// When the milestone was last written.
        updated_at: required(INSTANT) => *updated_at,
    }
}

answer! {
    /// A customer's progress in the present window of a milestone.
    pub struct ProgressBody "MilestoneProgress"
        as (&Milestone, &Exact, Option<DateTime<Utc>>, &[String])
        |(milestone, progress, window_ends_at, unlocked)| {
        /// The milestone's name.
        name: required(WORDS) => milestone.name,
        /// What is counted.
        measure: required(choice::<MilestoneMeasure>()) => milestone.measure,
        /// The customer's progress: an amount, visits or units, by the milestone's measure.
        progress: required(DECIMAL) => **progress,
        /// When progress starts again from 0; null: never.
        window_ends_at: optional(INSTANT) => *window_ends_at,
        /// The targets of the milestone.
        targets: required(every(part::<TargetProgress>())) => || {
            let unlocked = *unlocked;
            milestone.targets.iter().map(move |own| (own, unlocked.contains(&own.name)))
        },
    }
}

answer! {
    struct TargetProgress "" as (&Target, bool) |(target, unlocked)| {
        /// The target's name.
        name: required(WORDS) => target.name,
        /// The value to reach.
        value: required(POSITIVE_AMOUNT) => target.value,
        /// Whether the customer has reached it in this window. It stays so when goods come back.
        unlocked: required(BOOLEAN) => *unlocked,
    }
}

/// Reads the body of the milestone `name`. The body may repeat the name, because `GET` prints it.
pub fn parse(value: Value<'_, '_>, name: &str, faults: &mut Faults) -> Option<Milestone> {
    refuse_other_name(value, "name", name, faults);
    Some(Milestone { name: name.to_owned(), ..NewMilestone::read(value, faults)? })
}

/// Reads a document that [`Terms`] has printed.
pub fn parse_stored(document: &str, name: &str) -> Result<Milestone, String> {
    read_stored(document.as_bytes(), |value, faults| parse(value, name, faults))
}
