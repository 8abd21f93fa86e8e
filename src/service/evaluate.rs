//! Pricing a cart. It takes one snapshot of the rules, at most one look-up of codes, at most one look-up of counters
//! and issuances, and one pure function.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::drafts::{Trial, Tried};
use super::pool::{INLINE_STEPS, Urgency};
use super::{Service, ServiceError};
use crate::db::codes::FoundCode;
use crate::db::usable_issuances::{IssuanceUse, UsableIssuance};
use crate::db::{self, DbError};
use crate::domain::cart::{Explain, Request};
use crate::domain::code::Code;
use crate::domain::counter::{CounterKey, Owner, Used};
use crate::domain::evaluation::Evaluation;
use crate::domain::id::{CodeId, IssuanceId, PromotionId, TenantId};
use crate::domain::limit::Measure;
use crate::engine::{
    CodeFact, IssuanceFact, Needs, Prepared, RuleSet, STEPS_PER_MS, Stop, Unfinished,
};
use crate::metrics::Outcome;
use crate::telemetry;
use crate::wire;
use crate::wire::faults::{FaultCode, Faults};

/// A cart to price.
pub enum Asked<'r> {
    /// The thread that serves the request tries it first.
    Small(&'r Request<'r>),
    /// Reading it takes long under any rules, so the pool does all work on it.
    Large(Arc<Request<'static>>),
}

impl Asked<'_> {
    pub fn request(&self) -> &Request<'_> {
        match self {
            Self::Small(request) => request,
            Self::Large(request) => request,
        }
    }

    fn into_held(self) -> Arc<Request<'static>> {
        match self {
            Self::Small(request) => Arc::new(request.clone().into_owned()),
            Self::Large(request) => request,
        }
    }
}

/// Converts an evaluation into the result. It runs on the thread that evaluated, because printing a large result takes
/// long too.
type Then<T> = fn(&Evaluation, &RuleSet, &Request<'_>, DateTime<Utc>) -> T;

/// A printed result, and the numbers for the metrics.
struct Priced {
    text: String,
    candidates: usize,
    applied: usize,
}

impl Priced {
    fn new(
        evaluation: &Evaluation,
        rules: &RuleSet,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            text: wire::evaluation::print(evaluation, rules, request, now),
            candidates: evaluation.candidates,
            applied: evaluation.applied.len(),
        }
    }
}

/// Every cart gets at least this many steps on a thread that serves requests. Most carts need fewer, so they are priced
/// at once even while many heavy carts of their tenant wait.
const LEAST_INLINE_STEPS: u64 = STEPS_PER_MS / 50;

/// Most bytes of a cart that is still evaluated while its tenant's share of the queue is full: about fifteen lines.
pub const SURELY_TRIED: usize = 2 * 1024;

/// What was looked up for a cart.
#[derive(Default)]
pub(super) struct Known {
    pub(super) used: Vec<Used>,
    pub(super) issuances: Vec<IssuanceFact>,
}

impl Service {
    /// Prices a cart by the tenant's rules, perhaps with drafts, and prints the result (spec 8).
    pub async fn evaluate(
        &self,
        tenant: TenantId,
        asked: Asked<'_>,
        trial: Option<Trial>,
    ) -> Result<String, ServiceError> {
        let priced = self.price(tenant, asked, trial, Priced::new).await;
        let metrics = self.metrics();
        metrics.evaluations.inc(match &priced {
            Ok(priced) if priced.applied == 0 => Outcome::FullPrice,
            Ok(_) => Outcome::Discounted,
            Err(ServiceError::Invalid(_) | ServiceError::TooComplex(_)) => Outcome::Refused,
            Err(_) => Outcome::Failed,
        });
        let priced = priced?;
        metrics.evaluation_candidates.observe(count(priced.candidates));
        metrics.promotions_applied.inc_by(count(priced.applied));
        Ok(priced.text)
    }

    pub(super) async fn price<T: Send + 'static>(
        &self,
        tenant: TenantId,
        asked: Asked<'_>,
        trial: Option<Trial>,
        then: Then<T>,
    ) -> Result<T, ServiceError> {
        let request = asked.request();
        let now = request.at.unwrap_or_else(|| self.clock().now());
        let mut rules = self.cache().rules_at(tenant, now).await?;
        telemetry::by_rules(rules.version());
        require_store(&rules, request, "/store").map_err(ServiceError::Invalid)?;
        // Look-ups are boxed, so that the many carts without codes and limits do not have the space for them in their
        // futures.
        let tried = match trial {
            None => None,
            Some(trial) => Some(Box::pin(self.with_drafts(tenant, &rules, trial, now)).await?),
        };
        let codes = if request.cart.codes.is_empty() {
            Vec::new()
        } else {
            Box::pin(self.codes(tenant, request, tried.as_ref())).await?
        };
        if let Some(tried) = tried {
            rules = tried.rules;
        }
        let stop = Stop::within(self.inline_steps(tenant));
        let tried = match asked {
            Asked::Small(request) => Prepared::new(Arc::clone(&rules), request, &codes, now, &stop),
            Asked::Large(_) => Err(Unfinished::Stopped),
        };
        let ended = match tried {
            Ok(prepared) => {
                let known = self.known(tenant, prepared.needs(), request, now).await?;
                let ended = prepared.evaluate(&known.issuances, &known.used, &stop);
                match ended {
                    Err(Unfinished::Stopped) => {
                        let prepared = prepared.into_owned();
                        Box::pin(self.evaluate_apart(tenant, prepared, known, then)).await?
                    }
                    ended => ended.map(|evaluation| then(&evaluation, &rules, request, now)),
                }
            }
            Err(Unfinished::Stopped) => {
                Box::pin(self.price_apart(tenant, &rules, asked.into_held(), codes, now, then))
                    .await?
            }
            Err(why) => Err(why),
        };
        ended.map_err(|why| ServiceError::unfinished(&rules, &why))
    }

    /// The steps that a cart may take on the thread that serves requests. The more heavy carts of the tenant wait, the
    /// fewer the steps: the tenant's next cart is probably heavy too, and a failed trial takes time from other tenants.
    pub(super) fn inline_steps(&self, tenant: TenantId) -> u64 {
        let waiting = u64::try_from(self.pool().waiting(tenant)).unwrap_or(u64::MAX);
        (INLINE_STEPS / waiting.saturating_add(1)).max(LEAST_INLINE_STEPS)
    }

    /// Reads and evaluates a cart on the pool, because the cart is large or reading it took too many steps on the
    /// thread where it arrived.
    async fn price_apart<T: Send + 'static>(
        &self,
        tenant: TenantId,
        rules: &Arc<RuleSet>,
        request: Arc<Request<'static>>,
        codes: Vec<Option<CodeFact>>,
        now: DateTime<Utc>,
        then: Then<T>,
    ) -> Result<Result<T, Unfinished>, ServiceError> {
        let (rules, own_request) = (Arc::clone(rules), Arc::clone(&request));
        let prepare = move |stop: &Stop| {
            let prepared = Prepared::new(rules, own_request, &codes, now, stop)?;
            let needs = prepared.needs();
            Ok((prepared, needs))
        };
        match self.pool().run(tenant, Urgency::Usual, prepare).await? {
            Ok((prepared, needs)) => {
                let known = self.known(tenant, needs, &request, now).await?;
                self.evaluate_apart(tenant, prepared, known, then).await
            }
            Err(why) => Ok(Err(why)),
        }
    }

    /// Evaluates a cart that has been read, on the pool.
    async fn evaluate_apart<T: Send + 'static>(
        &self,
        tenant: TenantId,
        prepared: Prepared<Arc<Request<'static>>>,
        known: Known,
        then: Then<T>,
    ) -> Result<Result<T, Unfinished>, ServiceError> {
        let evaluate = move |stop: &Stop| {
            let evaluation = prepared.evaluate(&known.issuances, &known.used, stop)?;
            Ok(then(&evaluation, prepared.rules(), prepared.request(), prepared.now()))
        };
        Ok(self.pool().run(tenant, Urgency::Usual, evaluate).await?)
    }

    /// Finds the promotions of the presented codes. A tenant may have millions of codes, so they are not in memory. One
    /// statement looks up all of them.
    async fn codes(
        &self,
        tenant: TenantId,
        request: &Request<'_>,
        tried: Option<&Tried>,
    ) -> Result<Vec<Option<CodeFact>>, ServiceError> {
        let keys = code_keys(request);
        if keys.is_empty() {
            return Ok(code_facts(request, &[]));
        }
        let guess = self.cache().guess(tenant, keys.len())?;
        let found = self
            .db()
            .tenant(tenant, move |tx| Box::pin(async move { db::codes::find(tx, &keys).await }))
            .await?;
        let mut facts = code_facts(request, &found);
        if let Some(tried) = tried {
            tried.unlock(request, &mut facts);
        }
        guess.failed(unknown(request, &facts));
        Ok(facts)
    }

    /// Looks up the counters and issuances that the price depends on. If it depends on none, this does not ask the
    /// database.
    pub(super) async fn known(
        &self,
        tenant: TenantId,
        needs: Needs,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Known, ServiceError> {
        if needs.is_empty() {
            Ok(Known::default())
        } else {
            Box::pin(self.look_up(tenant, needs, request, now)).await
        }
    }

    /// Reads how much of the counters is used, and the customer's usable issuances, in one statement.
    async fn look_up(
        &self,
        tenant: TenantId,
        needs: Needs,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Known, ServiceError> {
        let Needs { counters, issuances } = needs;
        let wanted: Vec<CounterKey> = counters.into_iter().map(|bound| bound.counter).collect();
        let customer = request.customer.as_ref();
        let customer = customer.and_then(|own| own.id.clone().map(Cow::into_owned));
        let promotions: Vec<Uuid> = issuances.iter().map(|id| id.uuid()).collect();
        let explains = request.explain == Explain::All;
        let (mut used, issuances, expired) = self
            .db()
            .tenant(tenant, move |tx| {
                Box::pin(async move {
                    match customer {
                        Some(customer) if !promotions.is_empty() => {
                            use db::usable_issuances::{last_expired, look_up};
                            let found = look_up(tx, wanted, &customer, &promotions, now).await?;
                            let expired = if explains {
                                let hand = |promotion| (promotion, customer.clone());
                                let hands: Vec<_> = promotions.into_iter().map(hand).collect();
                                last_expired(tx, &hands, now).await?
                            } else {
                                Vec::new()
                            };
                            Ok((found.0, found.1, expired))
                        }
                        Some(_) | None => {
                            let used = db::counters::read(tx, wanted).await?;
                            Ok::<_, DbError>((used, Vec::new(), Vec::new()))
                        }
                    }
                })
            })
            .await?;
        for (own, gone) in &issuances {
            used.extend(gone_of(own, *gone));
        }
        let issuances = issuances.iter().map(|(own, _)| own).chain(&expired);
        Ok(Known { used, issuances: issuances.map(issuance_fact).collect() })
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// An issuance as the engine sees it.
pub(super) fn issuance_fact(row: &UsableIssuance) -> IssuanceFact {
    IssuanceFact {
        issuance_id: IssuanceId::new(row.issuance_id),
        promotion_id: PromotionId::new(row.promotion_id),
        unlocked_at: row.unlocked_at,
        is_activated: row.is_activated,
        use_until: row.use_until,
    }
}

/// How much of an issuance's own counters is used.
pub(super) fn gone_of(row: &UsableIssuance, gone: IssuanceUse) -> [Used; 3] {
    let of = |measure, amount| Used {
        counter: CounterKey {
            promotion_id: PromotionId::new(row.promotion_id),
            owner: Owner::Issuance(IssuanceId::new(row.issuance_id)),
            measure,
            window: 0,
        },
        amount,
    };
    [
        of(Measure::Times, gone.times),
        of(Measure::Transactions, gone.transactions),
        of(Measure::Discount, gone.discount),
    ]
}

/// Refuses a store that the tenant does not have.
pub(super) fn require_store(
    rules: &RuleSet,
    request: &Request<'_>,
    pointer: &str,
) -> Result<(), Faults> {
    match request.store.as_deref() {
        Some(store) if rules.store(store).is_none() => {
            let message = format!("there is no store {store:?}");
            Err(Faults::one(pointer, FaultCode::UnknownReference, message))
        }
        Some(_) | None => Ok(()),
    }
}

/// The look-up keys of a cart's codes. Texts that cannot be codes are left out.
pub(super) fn code_keys(request: &Request<'_>) -> Vec<String> {
    let codes = request.cart.codes.iter();
    codes.filter_map(|code| Code::new(code)).map(|code| code.key()).collect()
}

/// How many of the codes that were looked up do not exist.
pub(super) fn unknown(request: &Request<'_>, facts: &[Option<CodeFact>]) -> usize {
    let known = facts.iter().flatten().count();
    code_keys(request).len().saturating_sub(known)
}

/// For each code of a cart, the promotion that it belongs to, if any.
pub(super) fn code_facts(request: &Request<'_>, found: &[FoundCode]) -> Vec<Option<CodeFact>> {
    let fact = |code: Code| {
        let key = code.key();
        let row = found.iter().find(|row| row.code_key == key)?;
        Some(CodeFact {
            code_id: CodeId::new(row.code_id),
            promotion_id: PromotionId::new(row.promotion_id),
            customer_id: row.customer_id.clone(),
            expires_at: row.expires_at,
        })
    };
    let codes = request.cart.codes.iter();
    codes.map(|code| fact(Code::new(code)?)).collect()
}
