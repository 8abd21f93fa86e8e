//! How much of the limits is gone in one arm of a backtest. There may be as many counters as customers, so they are kept
//! small, and those of windows that are over are dropped.

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use crate::domain::counter::{CounterKey, Owner, Use, Used};
use crate::domain::evaluation::PromotionIndex;
use crate::domain::limit::{LimitSubject, Measure};

/// Most counters of one arm. They take about 70 MB.
const MOST: usize = 1_800_000;
/// With fewer counters nothing is dropped.
const FEW: usize = 65_536;

/// More counters are in use than may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

/// The counters of limits with uses.
pub(crate) struct PastCounters {
    used: FxHashMap<Key, i64>,
    /// The present window of each limit that has been used.
    windows: FxHashMap<Limit, i32>,
    /// If there are more than this, those of past windows are dropped.
    next_drop: usize,
    most: usize,
}

impl Default for PastCounters {
    fn default() -> Self {
        let (used, windows) = (FxHashMap::default(), FxHashMap::default());
        Self { used, windows, next_drop: FEW, most: MOST }
    }
}

/// A limit of a promotion: the promotion's index in the arm's rules, and the limit's number among those of a promotion.
type Limit = (u32, u8);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    limit: Limit,
    window: i32,
    /// The first 16 bytes of the owner's hash. A UUID is its own.
    owner: [u8; 16],
}

impl PastCounters {
    /// How much is gone of a counter of a promotion.
    pub(crate) fn used(&self, promotion: PromotionIndex, counter: CounterKey) -> Used {
        let amount = self.used.get(&Key::of(promotion, &counter)).copied().unwrap_or(0);
        Used { amount, counter }
    }

    /// Counts a use of a promotion. No later use is in an earlier window.
    pub(crate) fn take(&mut self, promotion: PromotionIndex, own: &Use) -> Result<(), TooMany> {
        let key = Key::of(promotion, &own.bound.counter);
        let used = self.used.entry(key).or_default();
        *used = used.saturating_add(own.amount);
        self.windows.insert(key.limit, key.window);
        if self.used.len() > self.next_drop {
            self.drop_past_windows();
            self.next_drop = self.used.len().saturating_mul(2).clamp(FEW, self.most);
        }
        if self.used.len() > self.most { Err(TooMany) } else { Ok(()) }
    }

    fn drop_past_windows(&mut self) {
        let windows = &self.windows;
        self.used.retain(|key, _| windows.get(&key.limit).is_none_or(|now| key.window >= *now));
    }
}

impl Key {
    fn of(PromotionIndex(promotion): PromotionIndex, counter: &CounterKey) -> Self {
        let subject = match counter.owner.subject() {
            LimitSubject::Earn => 0,
            LimitSubject::Customer => 1,
            LimitSubject::Promotion => 2,
            LimitSubject::Code => 3,
        };
        let measure = match counter.measure {
            Measure::Times => 0,
            Measure::Transactions => 1,
            Measure::Discount => 2,
        };
        let owner = match &counter.owner {
            Owner::Everybody => 0,
            Owner::Issuance(id) => id.uuid().as_u128(),
            Owner::Code(id) => id.uuid().as_u128(),
            Owner::Customer(id) => {
                let hash: [u8; 32] = Sha256::digest(id).into();
                hash.first_chunk().copied().map_or(0, u128::from_le_bytes)
            }
        };
        let promotion = u32::try_from(promotion).unwrap_or(u32::MAX);
        let limit = (promotion, subject * 3 + measure);
        Self { limit, window: counter.window, owner: owner.to_le_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::counter::Bound;
    use crate::domain::id::PromotionId;

    const PLACE: PromotionIndex = PromotionIndex(3);

    fn counter(customer: usize, window: i32) -> CounterKey {
        let owner = Owner::Customer(format!("C-{customer}"));
        CounterKey {
            promotion_id: PromotionId::new(uuid::Uuid::nil()),
            owner,
            measure: Measure::Times,
            window,
        }
    }

    fn one(customer: usize, window: i32) -> Use {
        Use { bound: Bound { counter: counter(customer, window), maximum: 9 }, amount: 1 }
    }

    #[test]
    fn counters_count_by_limit_owner_and_window() {
        let mut counters = PastCounters::default();
        for own in [one(1, 0), one(1, 0), one(2, 0), one(1, 1)] {
            counters.take(PLACE, &own).unwrap();
        }
        let used = |customer, window| counters.used(PLACE, counter(customer, window)).amount;
        assert_eq!((used(1, 0), used(2, 0), used(1, 1), used(3, 0)), (2, 1, 1, 0));
    }

    #[test]
    fn counters_of_windows_that_are_over_are_dropped_and_others_never() {
        let mut counters = PastCounters::default();
        for window in 0..8 {
            for customer in 0..FEW / 2 {
                counters.take(PLACE, &one(customer, window)).unwrap();
            }
        }
        assert!(counters.used.len() <= FEW + 1, "{}", counters.used.len());
        let all = (0..FEW / 2).map(|customer| counters.used(PLACE, counter(customer, 7)).amount);
        assert!(all.eq(std::iter::repeat_n(1, FEW / 2)));
    }

    #[test]
    fn there_are_never_more_than_fit() {
        let most = FEW + 10;
        let mut counters = PastCounters { most, ..PastCounters::default() };
        let mut all = (0..most + 1).map(|customer| counters.take(PLACE, &one(customer, 0)));
        assert!(all.by_ref().take(most).all(|own| own.is_ok()));
        assert_eq!(all.next(), Some(Err(TooMany)));
    }
}
