//! Which webhooks are served now, and which may be next. Bounds apply to all lanes, to each tenant, and to webhooks
//! that failed the last time.

use std::collections::BTreeMap;

use tokio::task::Id;

use crate::db::deliveries::DueRow;
use crate::domain::id::{TenantId, WebhookId};

/// Most webhooks that are served at the same time.
pub(super) const MAX_LANES: usize = 32;
/// Most lanes of one tenant.
const MAX_LANES_OF_TENANT: usize = 4;
/// Most lanes for receivers that failed the last time. The others are for healthy receivers.
const MAX_FAILING_LANES: usize = MAX_LANES / 2;

pub(super) type Lane = (TenantId, WebhookId);

#[derive(Default)]
pub(super) struct Lanes {
    taken: BTreeMap<Lane, Taken>,
}

struct Taken {
    task: Id,
    is_failing: bool,
}

impl Lanes {
    /// Sorts due webhooks: tenants with fewer lanes come first.
    pub(super) fn in_turns(&self, mut due: Vec<DueRow>) -> Vec<DueRow> {
        due.sort_by_key(|own| self.of_tenant(own.tenant));
        due
    }

    /// Whether a webhook may be served now.
    pub(super) fn have_room_for(&self, due: &DueRow) -> bool {
        let failing = || self.taken.values().filter(|own| own.is_failing).count();
        self.taken.len() < MAX_LANES
            && !self.taken.contains_key(&(due.tenant, due.webhook))
            && self.of_tenant(due.tenant) < MAX_LANES_OF_TENANT
            && (!due.is_failing || failing() < MAX_FAILING_LANES)
    }

    pub(super) fn begin(&mut self, due: &DueRow, task: Id) {
        let taken = Taken { task, is_failing: due.is_failing };
        self.taken.insert((due.tenant, due.webhook), taken);
    }

    pub(super) fn end(&mut self, task: Id) {
        self.taken.retain(|_, own| own.task != task);
    }

    fn of_tenant(&self, tenant: TenantId) -> usize {
        self.taken.keys().filter(|(own, _)| *own == tenant).count()
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;
    use uuid::Uuid;

    use super::*;

    fn due(tenant: u128, webhook: u128, is_failing: bool) -> DueRow {
        DueRow {
            tenant: TenantId::new(Uuid::from_u128(tenant)),
            webhook: WebhookId::new(Uuid::from_u128(webhook)),
            is_failing,
        }
    }

    /// Begins the webhooks that have room, and returns how many.
    fn fill(
        lanes: &mut Lanes,
        tasks: &mut JoinSet<()>,
        all: impl IntoIterator<Item = DueRow>,
    ) -> usize {
        let mut count = 0;
        for due in all {
            if lanes.have_room_for(&due) {
                lanes.begin(&due, tasks.spawn(std::future::pending()).id());
                count += 1;
            }
        }
        count
    }

    #[tokio::test]
    async fn a_tenant_and_those_who_fail_have_a_share_and_the_others_the_rest() {
        let (mut lanes, mut tasks) = (Lanes::default(), JoinSet::<()>::new());
        let of_one = (0..20).map(|webhook| due(1, webhook, false));
        assert_eq!(fill(&mut lanes, &mut tasks, of_one), MAX_LANES_OF_TENANT);
        let failing = (2..40).map(|tenant| due(tenant, 0, true));
        assert_eq!(fill(&mut lanes, &mut tasks, failing), MAX_FAILING_LANES);
        let well = (40..80).map(|tenant| due(tenant, 0, false));
        let rest = MAX_LANES - MAX_LANES_OF_TENANT - MAX_FAILING_LANES;
        assert_eq!(fill(&mut lanes, &mut tasks, well), rest);
        let served = tasks.spawn(std::future::pending()).id();
        lanes.end(served);
        assert!(!lanes.have_room_for(&due(90, 0, false)), "an unknown task frees nothing");
    }

    #[tokio::test]
    async fn whoever_has_fewer_lanes_comes_first_and_none_is_served_twice() {
        let (mut lanes, mut tasks) = (Lanes::default(), JoinSet::<()>::new());
        let task = tasks.spawn(std::future::pending()).id();
        lanes.begin(&due(1, 0, false), task);
        assert!(!lanes.have_room_for(&due(1, 0, false)));
        let next = lanes.in_turns(vec![due(1, 1, false), due(2, 0, false), due(1, 2, false)]);
        assert_eq!(next, [due(2, 0, false), due(1, 1, false), due(1, 2, false)]);
        lanes.end(task);
        assert!(lanes.have_room_for(&due(1, 0, false)));
    }
}
