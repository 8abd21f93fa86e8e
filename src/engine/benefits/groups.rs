//! Groups of units: those sold together at one price, and those in which a pick looks (spec 7.3).
//!
//! A million units may form half a million groups. Like groups stand together as one [`GroupRun`],
//! so that the work grows with the lines and never with the quantities.

use crate::domain::amount::Quantity;
use crate::domain::benefit::Pick;
use crate::engine::conditions::Scene;
use crate::engine::units::Slot;
use crate::engine::work::Work;

/// What a group takes besides its members.
const STEPS_A_GROUP: usize = 4;

/// So many groups of the same units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupRun {
    pub(super) times: i64,
    /// The units of one group.
    pub(super) members: Vec<Member>,
}

/// Some units of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) slot: Slot,
    /// The number of the sequence that they come from.
    pub(super) sequence: usize,
}

impl GroupRun {
    /// The units of one group.
    pub(super) fn units(&self) -> Quantity {
        self.members.iter().map(|own| own.slot.quantity).sum()
    }
}

/// Units in order, of which a group takes so many at a time.
pub(super) struct Sequence {
    pub(super) units: Vec<Slot>,
    pub(super) every: Quantity,
}

/// Cuts `times` groups: the k-th has the k-th units of each sequence.
pub(super) fn cut(mut sequences: Vec<Sequence>, times: i64, work: &Work<'_>) -> Vec<GroupRun> {
    sequences.retain(|sequence| sequence.every.is_positive());
    for sequence in &mut sequences {
        // Taken from the end.
        sequence.units.reverse();
    }
    let mut missing = times;
    let mut groups = Vec::new();
    while missing > 0 && !sequences.is_empty() {
        let whole = sequences.iter().map(Sequence::whole_groups).min().unwrap_or(0);
        // Where a group spans runs, it is cut by itself.
        let like = whole.clamp(1, missing);
        let mut members = Vec::new();
        for (number, sequence) in sequences.iter_mut().enumerate() {
            let mut take = |slot| {
                members.push(Member { slot, sequence: number });
            };
            if whole >= 1 {
                sequence.take_from_first(like, &mut take);
            } else {
                sequence.take_across(&mut take);
            }
        }
        missing -= like;
        let steps = STEPS_A_GROUP + sequences.len() + members.len();
        if members.is_empty() || !work.charge(steps) {
            break;
        }
        groups.push(GroupRun { times: like, members });
    }
    groups
}

impl Sequence {
    /// How many groups the next run fills by itself.
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

/// The first `quantity` units by `pick` of each group; equal prices in cart order.
pub(super) fn first_of_each(
    groups: Vec<GroupRun>,
    quantity: Quantity,
    pick: Pick,
    scene: &Scene<'_>,
) -> Vec<Slot> {
    let view = scene.view;
    let mut first = Vec::new();
    for group in groups {
        if !scene.work.charge(STEPS_A_GROUP + group.members.len()) {
            break;
        }
        let mut units: Vec<Slot> = group.members.iter().map(|own| own.slot).collect();
        units.sort_by(|a, b| {
            let price = |slot: &Slot| view.line(slot.line).unit_price;
            let by_price = match pick {
                Pick::Cheapest => price(a).cmp(&price(b)),
                Pick::MostExpensive => price(b).cmp(&price(a)),
                Pick::CartOrder => std::cmp::Ordering::Equal,
            };
            by_price.then(a.line.cmp(&b.line)).then(a.run.cmp(&b.run))
        });
        for slot in take(quantity, &units) {
            let all = slot.quantity.scaled().saturating_mul(group.times);
            first.push(Slot { quantity: Quantity::from_scaled(all), ..slot });
        }
    }
    first
}

/// The first so many units.
pub(super) fn take(mut quantity: Quantity, units: &[Slot]) -> Vec<Slot> {
    let mut taken = Vec::new();
    for slot in units {
        let part = quantity.min(slot.quantity);
        if part.is_positive() {
            quantity = quantity.minus(part);
            taken.push(Slot { quantity: part, ..*slot });
        }
    }
    taken
}

/// How many units there are.
pub(super) fn count(units: &[Slot]) -> Quantity {
    units.iter().map(|slot| slot.quantity).sum()
}
