//! Counters between the engine, which knows whose use is counted, and the database, which knows names.

use crate::db::counters::{Count, CounterName};
use crate::domain::counter::{CounterKey, Used};

/// The counters by the names under which they are stored.
pub(super) fn names<'c>(counters: impl Iterator<Item = &'c CounterKey>) -> Vec<CounterName> {
    counters.map(name).collect()
}

/// The name under which a counter is stored.
pub(super) fn name(counter: &CounterKey) -> CounterName {
    CounterName {
        promotion_id: counter.promotion_id.uuid(),
        subject: counter.owner.subject(),
        owner: counter.owner.name(),
        measure: counter.measure,
        window_no: counter.window,
    }
}

/// What is gone of the counters: those that were found, at their places.
pub(super) fn used(counters: impl Iterator<Item = CounterKey>, counts: &[Count]) -> Vec<Used> {
    let at = |place: usize| {
        let count = counts.iter().find(|count| count.place == place);
        count.map_or(0, |count| count.used)
    };
    let counters = counters.enumerate();
    counters.map(|(place, counter)| Used { counter, amount: at(place) }).collect()
}
