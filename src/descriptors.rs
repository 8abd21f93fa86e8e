//! How many files and sockets the process may open. The limit is raised and checked at start, because a process that
//! reaches it can neither answer nor ask the database.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::BoundsConfig;
use crate::jobs;

/// A reserve for logs, listeners, system libraries and idle connections.
const SPARE: u64 = 128;

/// The limit to set, where the system allows it.
const WANTED: u64 = 65_536;

/// Raises the limit as far as the system allows, and warns if it is still too low.
pub fn check(bounds: &BoundsConfig, pool_size: u32) {
    let needed = needed(bounds.max_in_flight, pool_size);
    let limit = getrlimit(Resource::Nofile);
    if let Some(raised) = raised(limit) {
        let new = Rlimit { current: Some(raised), ..limit };
        if let Err(error) = setrlimit(Resource::Nofile, new) {
            tracing::debug!(%error, "the bound on open files cannot be raised");
        }
    }
    let Some(most) = getrlimit(Resource::Nofile).current else {
        return;
    };
    if most < needed {
        tracing::warn!(
            most,
            needed,
            "the process may open too few files and sockets for what it is set up for: raise the limit \
             (LimitNOFILE, ulimit -n), or lower MAX_IN_FLIGHT"
        );
    }
}

/// One for each request in flight, each connection to the database including the one that listens, and each delivery,
/// with a reserve.
fn needed(in_flight: u16, pool_size: u32) -> u64 {
    let connections = u64::from(pool_size).saturating_add(1);
    [connections, jobs::MAX_SOCKETS, SPARE]
        .into_iter()
        .fold(u64::from(in_flight), u64::saturating_add)
}

/// The new limit, if it should be raised.
fn raised(limit: Rlimit) -> Option<u64> {
    let highest = limit.maximum.unwrap_or(u64::MAX).min(WANTED);
    limit.current.filter(|own| *own < highest).map(|_| highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(current: Option<u64>, maximum: Option<u64>) -> Rlimit {
        Rlimit { current, maximum }
    }

    #[test]
    fn the_bound_is_raised_as_far_as_the_system_allows() {
        assert_eq!(raised(limit(Some(1_024), Some(524_288))), Some(WANTED));
        assert_eq!(raised(limit(Some(1_024), Some(4_096))), Some(4_096));
        assert_eq!(raised(limit(Some(1_024), None)), Some(WANTED));
        assert_eq!(raised(limit(Some(4_096), Some(4_096))), None);
        assert_eq!(raised(limit(Some(100_000), Some(524_288))), None);
        assert_eq!(raised(limit(None, None)), None);
    }

    /// Even at their bound, deliveries leave most sockets to callers.
    #[test]
    fn deliveries_take_a_small_part_of_what_is_needed() {
        let all = needed(512, 10);
        assert_eq!(all, 512 + 11 + 256 + 128);
        const { assert!(jobs::MAX_SOCKETS < 1_024 / 2) };
    }
}
