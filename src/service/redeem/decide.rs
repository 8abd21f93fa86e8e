//! Decides one order in memory, from the counters, and updates the counters by what the order takes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::super::evaluate::{code_facts, issuance_fact, require_store, unknown};
use super::super::{Refusal, ServiceError};
use super::keys::Ends;
use super::order::{Pace, Pending, Redeemed};
use crate::db::codes::FoundCode;
use crate::db::counters::CounterChange;
use crate::db::redemptions::{GiftRow, HeldUse, NewGift, NewRedemption};
use crate::db::usable_issuances::UsableIssuance;
use crate::domain::cart::{Explain, Request};
use crate::domain::counter::{Bound, CounterKey, Owner, Use, Used};
use crate::domain::evaluation::{Applied, Evaluation};
use crate::domain::id::{IssuanceId, RedemptionId};
use crate::domain::redemption::RedemptionState;
use crate::engine::{CodeFact, IssuanceFact, Prepared, RuleSet, Stop};
use crate::wire;

/// How much of each counter is used, after each order of one transaction.
#[derive(Default)]
pub(super) struct Tally {
    counters: Vec<Entry>,
    places: FxHashMap<CounterKey, usize>,
}

struct Entry {
    bound: Bound,
    /// The stored use; 0 if the counter has no row yet.
    stored: i64,
    used: i64,
}

impl Tally {
    /// A tally of these counters, without duplicates.
    pub(super) fn of<'b>(bounds: impl Iterator<Item = &'b Bound>) -> Self {
        let mut tally = Self::default();
        for bound in bounds {
            if !tally.places.contains_key(&bound.counter) {
                let place = tally.counters.len();
                tally.places.insert(bound.counter.clone(), place);
                tally.counters.push(Entry { bound: bound.clone(), stored: 0, used: 0 });
            }
        }
        tally
    }

    pub(super) fn keys(&self) -> Vec<CounterKey> {
        self.counters.iter().map(|entry| entry.bound.counter.clone()).collect()
    }

    /// Sets the stored uses, in the order of [`Tally::keys`].
    pub(super) fn fill(&mut self, stored: &[Used]) {
        for (entry, used) in self.counters.iter_mut().zip(stored) {
            entry.stored = used.amount;
            entry.used = used.amount;
        }
    }

    fn used(&self, bounds: &[Bound]) -> Vec<Used> {
        let used = |counter: &CounterKey| {
            let entry = self.places.get(counter);
            let entry = entry.and_then(|place| self.counters.get(*place));
            entry.map_or(0, |entry| entry.used)
        };
        let counters = bounds.iter().map(|bound| bound.counter.clone());
        counters.map(|counter| Used { amount: used(&counter), counter }).collect()
    }

    fn add(&mut self, counter: &CounterKey, amount: i64) {
        let place = self.places.get(counter);
        if let Some(entry) = place.and_then(|place| self.counters.get_mut(*place)) {
            entry.used = entry.used.saturating_add(amount);
        }
    }

    /// For each issuance that this transaction has used up: one of its counters with nothing left.
    pub(super) fn used_up(&self) -> impl Iterator<Item = &CounterKey> {
        let of_issuance = |entry: &&Entry| matches!(entry.bound.counter.owner, Owner::Issuance(_));
        let was_used_up = |owner: &Owner| {
            let own = |entry: &&Entry| entry.bound.counter.owner == *owner;
            let mut own = self.counters.iter().filter(own);
            own.any(|entry| entry.stored >= entry.bound.maximum)
        };
        let mut told = Vec::new();
        self.counters
            .iter()
            .filter(of_issuance)
            .filter(|entry| entry.used >= entry.bound.maximum)
            .map(|entry| &entry.bound.counter)
            .filter(move |counter| {
                let is_new = !told.contains(&&counter.owner) && !was_used_up(&counter.owner);
                told.push(&counter.owner);
                is_new
            })
    }

    /// The limits that all customers of a promotion share and that this transaction has exhausted.
    pub(super) fn reached(&self) -> impl Iterator<Item = &Bound> {
        let reached = |entry: &&Entry| {
            entry.bound.counter.owner == Owner::Everybody
                && entry.stored < entry.bound.maximum
                && entry.used >= entry.bound.maximum
        };
        self.counters.iter().filter(reached).map(|entry| &entry.bound)
    }

    /// The changes to write: counters that grow, and counters that shrink.
    pub(super) fn changes(&self) -> (Vec<CounterChange>, Vec<CounterChange>) {
        let change = |entry: &Entry| CounterChange {
            counter: entry.bound.counter.clone(),
            change: entry.used.saturating_sub(entry.stored),
            maximum: entry.bound.maximum,
        };
        let changes = self.counters.iter().map(change);
        changes.filter(|own| own.change != 0).partition(|own| own.change > 0)
    }
}

/// An order that may be redeemed.
pub(super) struct Open {
    pub(super) pending: Arc<Pending>,
    /// The hold that it replaces or that has lapsed, which ends in the same transaction.
    pub(super) ends: Option<Ends>,
    /// The id of its redemption.
    pub(super) id: Uuid,
}

/// An order that may be redeemed, with everything that its verdict depends on except the counters.
pub(super) struct Decision {
    pending: Arc<Pending>,
    /// Its cart as the engine has read it, or why the cart cannot be priced.
    prepared: Result<Prepared<Arc<Request<'static>>>, ServiceError>,
    codes: Vec<Option<CodeFact>>,
    /// The customer's issuances that the cart could use.
    issuances: Vec<IssuanceFact>,
    ends: Option<Ends>,
    /// What the ending hold gives back.
    given: Vec<Use>,
    bounds: Vec<Bound>,
    id: Uuid,
    now: DateTime<Utc>,
}

/// The outcome of an order.
pub(super) enum Decided {
    /// Nothing to decide: its key already has an answer.
    Nothing,
    Refused(ServiceError),
    /// It is priced and will be recorded.
    Recorded(Box<Recorded>),
}

/// A redemption to be recorded, and the hold that ends with it.
pub(super) struct Recorded {
    pub(super) new: NewRedemption,
    pub(super) ends: Option<Ends>,
}

impl Decided {
    pub(super) fn recorded(&self) -> Option<&Recorded> {
        match self {
            Self::Recorded(recorded) => Some(recorded),
            Self::Nothing | Self::Refused(_) => None,
        }
    }

    /// The answer, after the transaction has recorded it.
    pub(super) fn into_verdict(self) -> Result<Redeemed, ServiceError> {
        match self {
            Self::Recorded(recorded) => {
                let new = recorded.new;
                let state = match new.expires_at {
                    Some(_) => RedemptionState::Held,
                    None => RedemptionState::Committed,
                };
                Ok(Redeemed {
                    id: RedemptionId::new(new.redemption_id),
                    transaction_id: new.transaction_id,
                    state,
                    expires_at: new.expires_at,
                    result: new.result,
                    is_new: true,
                })
            }
            Self::Refused(failure) => Err(failure),
            Self::Nothing => Err(ServiceError::Lost),
        }
    }
}

impl Decision {
    /// Collects the inputs of the verdict, and reads the cart. `ended` has the uses of all holds that end in this
    /// transaction.
    pub(super) fn new(
        open: Open,
        rules: &Arc<RuleSet>,
        codes: &[FoundCode],
        ended: &[HeldUse],
        pace: Pace,
        now: DateTime<Utc>,
    ) -> Self {
        let Open { pending, ends, id } = open;
        let request = &pending.order.request;
        let codes = code_facts(request, codes);
        if let Some(guess) = &pending.guess {
            guess.failed(unknown(request, &codes));
        }
        let prepare = || {
            require_store(rules, request, "/request/store").map_err(ServiceError::Invalid)?;
            let stop = Stop::within(pace.steps(pending.search_ms));
            Prepared::new(Arc::clone(rules), Arc::clone(request), &codes, now, &stop)
                .map_err(|why| ServiceError::unfinished(rules, &why))
        };
        let prepared = prepare();
        let own =
            |held: &&HeldUse| ends.is_some_and(|ends| ends.redemption_id == held.redemption_id);
        let given = ended.iter().filter(own).map(|held| held.own.clone()).collect();
        Self {
            prepared,
            codes,
            issuances: Vec::new(),
            ends,
            given,
            bounds: Vec::new(),
            id,
            now,
            pending,
        }
    }

    /// The promotions, with the customer, whose issuances the verdict depends on.
    pub(super) fn hands(&self) -> Vec<(Uuid, String)> {
        let customer = self.pending.order.request.customer.as_ref();
        let customer = customer.and_then(|own| own.id.as_deref());
        match (&self.prepared, customer) {
            (Ok(prepared), Some(customer)) => {
                let promotions = prepared.asking_for_issuances();
                promotions.map(|promotion| (promotion.uuid(), customer.to_owned())).collect()
            }
            (Ok(_) | Err(_), _) => Vec::new(),
        }
    }

    /// Whether the answer says why each promotion did not apply.
    pub(super) fn explains(&self) -> bool {
        self.pending.order.request.explain == Explain::All
    }

    /// The issuances that get something back from the ending hold.
    pub(super) fn freed(&self) -> impl Iterator<Item = Uuid> {
        self.given.iter().filter_map(|own| match own.bound.counter.owner {
            Owner::Issuance(id) => Some(id.uuid()),
            Owner::Customer(_) | Owner::Everybody | Owner::Code(_) => None,
        })
    }

    /// Sets the customer's issuances that the cart could use. This also determines the counters that the verdict depends on.
    pub(super) fn take_issuances(&mut self, rows: &[UsableIssuance]) {
        let order = &self.pending.order;
        let customer = order.request.customer.as_ref();
        let customer = customer.and_then(|own| own.id.as_deref());
        // An issuance that an activity unlocked cannot be used in the activity's own transaction (spec 11).
        let own = rows
            .iter()
            .filter(|row| customer == Some(row.customer_id.as_str()))
            .filter(|row| row.unlocked_in.as_ref() != Some(&order.transaction_id));
        self.issuances = own.map(issuance_fact).collect();
        if let Ok(prepared) = &self.prepared {
            self.bounds = prepared.counters(&self.issuances);
        }
    }

    /// The counters that the verdict depends on, or that it changes.
    pub(super) fn bounds(&self) -> impl Iterator<Item = &Bound> {
        let given = self.given.iter().map(|own| &own.bound);
        self.bounds.iter().chain(given)
    }

    /// Prices the order on what is left of the counters, and adds its uses to the tally.
    pub(super) fn decide(self, tally: &mut Tally, pace: Pace) -> Decided {
        for own in &self.given {
            tally.add(&own.bound.counter, -own.amount);
        }
        match self.price(tally, pace) {
            Ok(new) => {
                for own in &new.uses {
                    tally.add(&own.bound.counter, own.amount);
                }
                let ends = self.ends;
                Decided::Recorded(Box::new(Recorded { new, ends }))
            }
            Err(failure) => {
                // The refused order ends no hold, so take the hold's uses again.
                for own in &self.given {
                    tally.add(&own.bound.counter, own.amount);
                }
                Decided::Refused(failure)
            }
        }
    }

    fn price(&self, tally: &Tally, pace: Pace) -> Result<NewRedemption, ServiceError> {
        let order = &self.pending.order;
        let prepared = self.prepared.as_ref().map_err(Clone::clone)?;
        let rules = prepared.rules();
        let used = tally.used(&self.bounds);
        // A panic in one cart's evaluation must not fail the other orders of the group.
        let priced = catch_unwind(AssertUnwindSafe(|| {
            let stop = Stop::within(pace.steps(self.pending.search_ms));
            let evaluation = prepared.evaluate(&self.issuances, &used, &stop)?;
            let result = wire::evaluation::print(&evaluation, rules, &order.request, self.now);
            let uses = prepared.uses(&evaluation);
            Ok((evaluation, result, uses))
        }));
        let priced = priced.map_err(|_| {
            tracing::error!(transaction_id = %order.transaction_id, "an evaluation panicked");
            ServiceError::Panicked
        })?;
        let (evaluation, result, uses) =
            priced.map_err(|why| ServiceError::unfinished(rules, &why))?;
        let discount = evaluation.totals.discount();
        if order.expected_discount.is_some_and(|own| own != discount) {
            return Err(ServiceError::Refused(Refusal::DiscountChanged(result)));
        }
        let hold = TimeDelta::seconds(i64::from(rules.settings().hold_seconds));
        let customer = order.request.customer.as_ref();
        let new = NewRedemption {
            redemption_id: self.id,
            transaction_id: order.transaction_id.clone(),
            customer_id: customer.and_then(|own| own.id.clone().map(Into::into)),
            evaluated_at: self.now,
            expires_at: order.hold.then(|| self.now + hold),
            ruleset_version: rules.version(),
            body_hash: self.pending.hash,
            discount: discount.scaled(),
            request: self.pending.request.clone(),
            result,
            promotions: self.gifts(&evaluation),
            uses,
        };
        Ok(new)
    }

    fn gifts(&self, evaluation: &Evaluation) -> Vec<NewGift> {
        let codes = &self.pending.order.request.cart.codes;
        let gift = |applied: &Applied| NewGift {
            given: GiftRow {
                promotion_id: applied.promotion_id.uuid(),
                times: applied.times,
                discount: applied.discount.scaled(),
                points: applied.points.print(0),
            },
            level: applied.level,
            step: applied.step.map(|step| i16::try_from(step).unwrap_or(i16::MAX)),
            code: applied.code.and_then(|place| {
                let id = self.codes.get(place)?.as_ref()?.code_id;
                Some((id.uuid(), codes.get(place)?.to_ascii_uppercase()))
            }),
            issuance_id: applied.issuance_id.map(IssuanceId::uuid),
        };
        evaluation.applied.iter().map(gift).collect()
    }
}
