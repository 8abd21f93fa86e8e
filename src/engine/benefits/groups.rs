//! Groups of units: those that are sold together at one price, and those in which a pick chooses (spec 7.3).
//!
//! A million units may form half a million groups. Equal groups are one run of [`Groups`], so that the work grows with
//! the number of lines and not with the quantities.

use crate::domain::amount::Quantity;
use crate::domain::benefit::Pick;
use crate::engine::conditions::Scene;
use crate::engine::units::Slot;
use crate::engine::work::Work;

/// The steps that a group takes besides those for its members.
const STEPS_A_GROUP: usize = 4;

/// Groups in their order. Consecutive groups with equal units are one run.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// For each run: how many groups it has, and where its members end.
    runs: Vec<(i64, usize)>,
    /// For each run: the units of one of its groups.
    pub(super) members: Vec<Member>,
}

/// Some units of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) slot: Slot,
    /// The number of the queue that they come from.
    pub(super) queue: usize,
}

impl Groups {
    /// How many groups each run has, and the units of one of them.
    pub(super) fn runs(&self) -> impl Iterator<Item = (i64, &[Member])> {
        let mut rest = self.members.as_slice();
        let mut start = 0;
        self.runs.iter().map(move |(times, end)| {
            let (own, behind) = rest.split_at(end - start);
            (rest, start) = (behind, *end);
            (*times, own)
        })
    }

    /// All units of all groups.
    pub(super) fn units(&self) -> Quantity {
        let run = |(times, members): (i64, &[Member])| -> Quantity {
            members.iter().map(|own| own.slot.times(times).quantity).sum()
        };
        self.runs().map(run).sum()
    }
}

/// Units in order. Each group takes `every` of them.
pub(super) struct UnitQueue {
    pub(super) units: Vec<Slot>,
    pub(super) every: Quantity,
}

/// Forms `times` groups. The k-th group has the k-th portion of each queue, without units that are not `wanted`.
pub(super) fn cut(
    queues: &mut [UnitQueue],
    times: i64,
    wanted: impl Fn(&Slot) -> bool,
    work: &Work<'_>,
) -> Groups {
    for queue in queues.iter_mut() {
        // Units are taken from the end.
        queue.units.reverse();
    }
    let mut missing = times;
    let mut groups = Groups::default();
    let takes_part = |queue: &UnitQueue| queue.every.is_positive();
    let count = queues.iter().filter(|own| takes_part(own)).count();
    while missing > 0 && count > 0 {
        let there = queues.iter().filter(|own| takes_part(own));
        let whole = there.map(UnitQueue::whole_groups).min().unwrap_or(0);
        // A group that spans several slots is formed by itself.
        let like = whole.clamp(1, missing);
        let mut taken = 0;
        let there = queues.iter_mut().filter(|own| takes_part(own));
        for (number, queue) in there.enumerate() {
            let mut take = |slot| {
                taken += 1;
                if wanted(&slot) {
                    groups.members.push(Member { slot, queue: number });
                }
            };
            if whole >= 1 {
                queue.take_from_first(like, &mut take);
            } else {
                queue.take_across(&mut take);
            }
        }
        missing -= like;
        if taken == 0 || !work.charge(STEPS_A_GROUP + count + taken) {
            break;
        }
        groups.runs.push((like, groups.members.len()));
    }
    groups
}

impl UnitQueue {
    /// How many groups the next slot fills by itself.
    fn whole_groups(&self) -> i64 {
        self.units.last().map_or(0, |slot| slot.quantity.scaled() / self.every.scaled().max(1))
    }

    fn take_from_first(&mut self, groups: i64, take: &mut impl FnMut(Slot)) {
        if let Some(slot) = self.units.last_mut() {
            let all = Quantity::from_scaled(self.every.scaled().saturating_mul(groups));
            take(Slot { quantity: self.every, ..*slot });
            slot.quantity = slot.quantity.minus(all);
        }
        self.drop_empty();
    }

    fn take_across(&mut self, take: &mut impl FnMut(Slot)) {
        let mut missing = self.every;
        while let Some(slot) = self.units.last_mut().filter(|_| missing.is_positive()) {
            let quantity = slot.quantity.min(missing);
            take(Slot { quantity, ..*slot });
            missing = missing.minus(quantity);
            slot.quantity = slot.quantity.minus(quantity);
            self.drop_empty();
        }
    }

    fn drop_empty(&mut self) {
        self.units.pop_if(|slot| !slot.quantity.is_positive());
    }
}

/// The first `quantity` units of each group by `pick`. Units of equal price are taken in cart order.
pub(super) fn first_of_each(
    groups: &Groups,
    quantity: Quantity,
    pick: Pick,
    scene: &Scene<'_>,
) -> Vec<Slot> {
    let view = scene.view;
    let mut first = Vec::new();
    let mut units: Vec<Slot> = Vec::new();
    for (times, members) in groups.runs() {
        if !scene.work.charge(STEPS_A_GROUP + members.len()) {
            break;
        }
        units.clear();
        units.extend(members.iter().map(|own| own.slot));
        units.sort_by(|a, b| {
            let price = |slot: &Slot| view.line(slot.line).unit_price;
            let by_price = match pick {
                Pick::Cheapest => price(a).cmp(&price(b)),
                Pick::MostExpensive => price(b).cmp(&price(a)),
                Pick::CartOrder => std::cmp::Ordering::Equal,
            };
            by_price.then(a.line.cmp(&b.line)).then(a.run.cmp(&b.run))
        });
        units = take(quantity, units);
        first.extend(units.iter().map(|slot| slot.times(times)));
    }
    first
}

/// The first `quantity` units.
pub(super) fn take(mut quantity: Quantity, mut units: Vec<Slot>) -> Vec<Slot> {
    units.retain_mut(|slot| {
        slot.quantity = quantity.min(slot.quantity);
        quantity = quantity.minus(slot.quantity);
        slot.quantity.is_positive()
    });
    units
}

pub(super) fn count(units: &[Slot]) -> Quantity {
    units.iter().map(|slot| slot.quantity).sum()
}
