//! One transaction of redemptions. It claims keys, locks counters in one fixed order, decides every order in memory in
//! the order of arrival, and writes the results in sets. Each order has its own key and its own verdict.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use rustc_hash::FxHashSet;
use uuid::Uuid;

use super::super::error::Undone;
use super::super::evaluate::code_keys;
use super::super::pool::{Pool, Urgency};
use super::super::{Service, ServiceError, events};
use super::decide::{Decided, Decision, Open, Recorded, Tally};
use super::keys::{Start, again, first};
use super::order::{Pace, Pending, Redeemed, Verdict};
use super::queue::Waiting;
use crate::clock::to_millisecond;
use crate::db::outbox::NewEvent;
use crate::db::redemptions::HeldUse;
use crate::db::{self, DbError, Reference, TenantTx};
use crate::domain::amount::Money;
use crate::domain::currency::Currency;
use crate::domain::event::{Commit, Event, Transaction};
use crate::domain::id::{RedemptionId, TenantId};
use crate::engine::{RuleSet, Stop};

/// After this many light orders, other tasks of the same thread may run.
const BREATH: usize = 8;

impl Service {
    pub(super) async fn commit_group(&self, tenant: TenantId, group: Vec<Waiting>) {
        // All orders of a group have the same pace: light orders have lanes of their own, and a heavy order fills a
        // group alone.
        let pace = group.first().map_or(Pace::Light, |waiting| waiting.pace);
        let (pending, answers): (Vec<Arc<Pending>>, Vec<_>) =
            group.into_iter().map(|waiting| (waiting.pending, waiting.answer)).unzip();
        let size = u32::try_from(pending.len()).unwrap_or(u32::MAX);
        self.metrics().redemption_group_size.observe(f64::from(size));
        let begun = Instant::now();
        let verdicts = match self.commit_together(tenant, pace, pending.clone()).await {
            Err(failure) if pending.len() > 1 && concerns_one(&failure) => {
                // One order may make the whole group fail, so commit each order separately.
                let mut verdicts = Vec::with_capacity(pending.len());
                for own in &pending {
                    let own = vec![Arc::clone(own)];
                    let alone = self.commit_together(tenant, pace, own).await;
                    verdicts.extend(alone.unwrap_or_else(|failure| vec![Err(failure)]));
                }
                verdicts
            }
            Err(failure) => pending.iter().map(|_| Err(failure.clone())).collect(),
            Ok(verdicts) => verdicts,
        };
        let took = begun.elapsed().as_secs_f64();
        self.metrics().redemption_group_duration_seconds.observe(took);
        let mut sold = Vec::new();
        for ((answer, verdict), own) in answers.into_iter().zip(verdicts).zip(pending) {
            if verdict.as_ref().is_ok_and(Redeemed::is_sale) {
                sold.push(own);
            }
            // A caller that has hung up will repeat the request.
            let _ = answer.send(verdict);
        }
        let now = self.clock().now();
        for own in sold {
            self.collector().note(tenant, &own.order.request, now);
        }
    }

    async fn commit_together(
        &self,
        tenant: TenantId,
        pace: Pace,
        pending: Vec<Arc<Pending>>,
    ) -> Result<Vec<Verdict>, ServiceError> {
        let (pool, clock_offset) = (self.pool().clone(), self.clock().offset());
        let commit = self.by_rules(tenant, None, move |tx, rules| {
            let group = Group { tenant, pace, pool, pending, rules, clock_offset };
            Box::pin(async move { group.commit(tx).await })
        });
        let (verdicts, given) = commit.await?;
        let metrics = self.metrics();
        metrics.promotions_redeemed.inc_by(given.promotions);
        metrics.gave(given.currency.as_str(), given.discount);
        Ok(verdicts)
    }
}

/// Whether one order may have caused the failure, so that the others can succeed without it.
fn concerns_one(failure: &ServiceError) -> bool {
    let ServiceError::Db(error) = failure else {
        return false;
    };
    !matches!(**error, DbError::Unavailable(_) | DbError::OutcomeUnknown(_) | DbError::Stopping)
}

/// The orders of one transaction.
struct Group {
    tenant: TenantId,
    pace: Pace,
    pool: Pool,
    pending: Vec<Arc<Pending>>,
    rules: Arc<RuleSet>,
    clock_offset: TimeDelta,
}

/// What the promotions of a group gave, for the metrics.
struct Given {
    promotions: u64,
    discount: i64,
    currency: Currency,
}

impl Given {
    fn of(decided: &[Decided], currency: Currency) -> Self {
        let recorded = || decided.iter().filter_map(Decided::recorded);
        let promotions: usize = recorded().map(|own| own.new.promotions.len()).sum();
        let discounts = recorded().map(|own| own.new.discount);
        Self {
            promotions: u64::try_from(promotions).unwrap_or(u64::MAX),
            discount: discounts.fold(0, i64::saturating_add),
            currency,
        }
    }
}

impl Group {
    async fn commit(&self, tx: &mut TenantTx) -> Result<(Vec<Verdict>, Given), Undone> {
        let ids: Vec<String> =
            self.pending.iter().map(|own| own.order.transaction_id.clone()).collect();
        let redemptions: Vec<Uuid> = ids.iter().map(|_| Uuid::now_v7()).collect();
        let claimed = db::redemption_keys::claim(tx, &ids, &redemptions).await?;
        let claimed: FxHashSet<String> = claimed.into_iter().collect();
        let known: Vec<String> =
            (ids.iter().filter(|id| !claimed.contains(*id))).cloned().collect();
        let known = if known.is_empty() {
            Vec::new()
        } else {
            db::redemption_keys::lock_all(tx, &known).await?
        };
        let moment = db::redemptions::moment(tx).await?;
        let moment = moment.ok_or(DbError::Missing(Reference::Tenant))?;
        if moment.rules != self.rules.version() {
            return Err(Undone::RulesMoved(moment.rules));
        }
        let now = to_millisecond(moment.now + self.clock_offset);

        let mut starts = Vec::with_capacity(ids.len());
        for own in &self.pending {
            let id = &own.order.transaction_id;
            starts.push(if claimed.contains(id) {
                first(own)
            } else {
                let known = known.iter().find(|known| known.transaction_id == *id);
                // A missing key was released between the two statements.
                again(own, known.ok_or(DbError::Raced)?, &self.rules, now)
            });
        }
        let (decided, mut events) = self.decide(tx, &starts, &redemptions, now).await?;
        self.write(tx, &claimed, &decided, now).await?;
        self.tell(&decided, now, &mut events);
        db::outbox::append(tx, &events).await?;
        let given = Given::of(&decided, self.rules.settings().currency);
        let verdicts = starts.into_iter().zip(decided);
        let verdicts = verdicts.map(|(start, decided)| match start {
            Start::Settled(verdict) => verdict,
            Start::Open { .. } => decided.into_verdict(),
        });
        Ok((verdicts.collect(), given))
    }

    /// Prices the open orders, in the order of arrival, on locked counters. Also returns the events for limits that
    /// this exhausts.
    async fn decide(
        &self,
        tx: &mut TenantTx,
        starts: &[Start],
        redemptions: &[Uuid],
        now: DateTime<Utc>,
    ) -> Result<(Vec<Decided>, Vec<NewEvent>), Undone> {
        let orders = self.pending.iter().zip(starts).zip(redemptions);
        let orders = orders.map(|((pending, start), id)| match start {
            Start::Open { ends } => {
                Some(Open { pending: Arc::clone(pending), ends: *ends, id: *id })
            }
            Start::Settled(_) => None,
        });
        let orders: Vec<Option<Open>> = orders.collect();
        let open = || orders.iter().flatten();
        let keys: Vec<String> =
            open().flat_map(|own| code_keys(&own.pending.order.request)).collect();
        let codes = if keys.is_empty() { Vec::new() } else { db::codes::find(tx, &keys).await? };
        let ends: Vec<Uuid> =
            open().filter_map(|own| own.ends).map(|ends| ends.redemption_id).collect();
        let ended: Vec<HeldUse> = if ends.is_empty() {
            Vec::new()
        } else {
            db::holds::lock(tx, &ends).await?;
            db::redemptions::uses(tx, &ends).await?
        };
        let (rules, pace) = (Arc::clone(&self.rules), self.pace);
        // A sorted set, so that each hand is asked for once and in one order.
        let ask = move || {
            let decision = |open| Decision::new(open, &rules, &codes, &ended, pace, now);
            let orders = orders.into_iter();
            let cases: Vec<Option<Decision>> = orders.map(|own| own.map(decision)).collect();
            let hands = cases.iter().flatten().flat_map(Decision::hands);
            let explained = cases.iter().flatten().filter(|own| own.explains());
            let explained: Vec<(Uuid, String)> = explained.flat_map(Decision::hands).collect();
            (hands.collect::<BTreeSet<(Uuid, String)>>(), explained, cases)
        };
        let (hands, explained, mut cases) = self.think(ask).await?;
        let mut issuances = if hands.is_empty() {
            Vec::new()
        } else {
            let hands: Vec<(Uuid, String)> = hands.into_iter().collect();
            let freed: Vec<Uuid> = cases.iter().flatten().flat_map(Decision::freed).collect();
            db::usable_issuances::lock(tx, &hands, &freed, now).await?
        };
        if !explained.is_empty() {
            issuances.extend(db::usable_issuances::last_expired(tx, &explained, now).await?);
        }
        let take = move || {
            for case in cases.iter_mut().flatten() {
                case.take_issuances(&issuances);
            }
            cases
        };
        let cases = self.think(take).await?;
        let bounds = cases.iter().flatten().flat_map(Decision::bounds);
        let mut tally = Tally::of(bounds);
        let keys = tally.keys();
        if !keys.is_empty() {
            tally.fill(&db::counters::lock(tx, keys).await?);
        }
        let (decided, tally) = self.decide_all(cases, tally).await?;
        let (taken, put_back) = tally.changes();
        if !taken.is_empty() {
            db::counters::take(tx, &taken).await?;
        }
        if !put_back.is_empty() {
            db::counters::put_back(tx, &put_back).await?;
        }
        let mut events = Vec::new();
        for bound in tally.reached() {
            if db::outbox::note_limit_reached(tx, &bound.counter, now).await? {
                events.push(events::new(&Event::PromotionBudgetExhausted(bound), now));
            }
        }
        let used_up = tally.used_up();
        events.extend(used_up.filter_map(|counter| events::used_up(counter, now)));
        Ok((decided, events))
    }

    /// Runs a part of the work: for light orders on this task, for others on the pool.
    async fn think<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Undone> {
        match self.pace {
            Pace::Light => Ok(work()),
            Pace::Medium | Pace::Heavy => {
                let work = move |_: &Stop| work();
                let done = self.pool.run(self.tenant, Urgency::HoldsLocks, work).await;
                done.map_err(|_| DbError::Stopping.into())
            }
        }
    }

    /// Decides the orders one after the other, each on what the orders before it left.
    async fn decide_all(
        &self,
        cases: Vec<Option<Decision>>,
        mut tally: Tally,
    ) -> Result<(Vec<Decided>, Tally), Undone> {
        let pace = self.pace;
        let decide = move |case: Option<Decision>, tally: &mut Tally| match case {
            Some(case) => case.decide(tally, pace),
            None => Decided::Nothing,
        };
        match pace {
            Pace::Light => {
                let mut decided = Vec::with_capacity(cases.len());
                for (number, case) in cases.into_iter().enumerate() {
                    if number % BREATH == BREATH - 1 {
                        tokio::task::yield_now().await;
                    }
                    decided.push(decide(case, &mut tally));
                }
                Ok((decided, tally))
            }
            Pace::Medium | Pace::Heavy => {
                let all = move || {
                    let decided = cases.into_iter().map(|case| decide(case, &mut tally));
                    (decided.collect(), tally)
                };
                self.think(all).await
            }
        }
    }

    /// Adds the events for what is recorded: holds that have ended, and redemptions that are final.
    fn tell(&self, decided: &[Decided], now: DateTime<Utc>, events: &mut Vec<NewEvent>) {
        for Recorded { new, ends } in decided.iter().filter_map(Decided::recorded) {
            if let Some(ends) = ends {
                let (id, transaction) = (ends.redemption_id, &new.transaction_id);
                events.push(events::cancelled(id, transaction, ends.state, now));
            }
            if new.expires_at.is_some() {
                continue;
            }
            let commit = Commit {
                transaction: Transaction {
                    redemption: RedemptionId::new(new.redemption_id),
                    id: &new.transaction_id,
                },
                evaluated_at: new.evaluated_at,
                discount: Money::from_scaled(new.discount),
                precision: self.rules.settings().rounding.precision(),
                gifts: new.promotions.iter().map(|own| events::gift(&own.given)).collect(),
            };
            events.push(events::committed(commit, now));
        }
    }

    async fn write(
        &self,
        tx: &mut TenantTx,
        claimed: &FxHashSet<String>,
        decided: &[Decided],
        now: DateTime<Utc>,
    ) -> Result<(), Undone> {
        let recorded = || decided.iter().filter_map(Decided::recorded);
        let ends = recorded().filter_map(|own| own.ends);
        let (ended, states): (Vec<Uuid>, Vec<_>) =
            ends.map(|ends| (ends.redemption_id, ends.state)).unzip();
        if !ended.is_empty() {
            db::holds::end(tx, &ended, &states, now).await?;
            db::redemptions::note_given_back(tx, &ended).await?;
        }
        let unused: Vec<String> = (self.pending.iter().zip(decided))
            .filter(|(own, decided)| {
                decided.recorded().is_none() && claimed.contains(&own.order.transaction_id)
            })
            .map(|(own, _)| own.order.transaction_id.clone())
            .collect();
        if !unused.is_empty() {
            db::redemption_keys::release(tx, &unused).await?;
        }
        let new = recorded().map(|own| &own.new);
        let again = new.filter(|new| !claimed.contains(&new.transaction_id));
        let (keys, latest): (Vec<String>, Vec<Uuid>) =
            again.map(|new| (new.transaction_id.clone(), new.redemption_id)).unzip();
        if !keys.is_empty() {
            db::redemption_keys::point(tx, &keys, &latest).await?;
        }
        let new: Vec<_> = recorded().map(|own| own.new.clone()).collect();
        if !new.is_empty() {
            db::redemptions::record(tx, &new).await?;
        }
        Ok(())
    }
}
