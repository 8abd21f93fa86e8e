//! The presented codes: which promotions they unlock, and the result for each code (spec 8).

use chrono::{DateTime, Utc};

use crate::domain::counter::{Owner, Used};
use crate::domain::evaluation::{CodeVerdict, NotApplied, PromotionIndex, Reason};
use crate::domain::id::CodeId;

use super::inputs::CodeFact;
use super::limits;
use super::ruleset::RuleSet;

/// The presented codes, in the order of the cart.
pub(crate) struct Codes(Vec<Presented>);

/// What is known of a presented code before any limit is looked at.
enum Presented {
    Known(KnownCode),
    Settled(CodeVerdict),
}

/// A code that unlocks a promotion for this customer, has not expired, and is presented for the first time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownCode {
    pub(crate) promotion: PromotionIndex,
    pub(crate) code_id: CodeId,
    /// Its index among the presented codes.
    pub(crate) place: usize,
}

impl Codes {
    /// The codes of a cart without any.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// Reads the codes that a customer presents. `facts` has the promotion of each.
    pub(crate) fn read<T: AsRef<str>>(
        rules: &RuleSet,
        presented: &[T],
        facts: &[Option<CodeFact>],
        customer: Option<&str>,
        now: DateTime<Utc>,
    ) -> Self {
        let read = |(place, code): (usize, &T)| {
            let before = presented.iter().take(place);
            let mut before = before.map(AsRef::as_ref);
            if before.any(|own: &str| own.eq_ignore_ascii_case(code.as_ref())) {
                return Presented::Settled(CodeVerdict::Duplicate);
            }
            let fact = facts.get(place).and_then(Option::as_ref);
            let known = fact.and_then(|fact| Some((fact, rules.index_of(fact.promotion_id)?)));
            match known {
                None => Presented::Settled(CodeVerdict::Unknown),
                Some((fact, _)) if is_of_another(fact, customer) => {
                    Presented::Settled(CodeVerdict::OfAnotherCustomer)
                }
                Some((fact, _)) if fact.expires_at.is_some_and(|end| end <= now) => {
                    Presented::Settled(CodeVerdict::Expired)
                }
                Some((fact, promotion)) => {
                    Presented::Known(KnownCode { promotion, code_id: fact.code_id, place })
                }
            }
        };
        Self(presented.iter().enumerate().map(read).collect())
    }

    /// The codes that can unlock a promotion.
    pub(crate) fn known(&self) -> impl Iterator<Item = KnownCode> {
        self.0.iter().filter_map(|code| match code {
            Presented::Known(code) => Some(*code),
            Presented::Settled(_) => None,
        })
    }

    /// The code that unlocks a promotion: the first that is not used up; if all are, the first.
    pub(crate) fn unlocking(
        &self,
        rules: &RuleSet,
        promotion: PromotionIndex,
        used: &[Used],
    ) -> Option<KnownCode> {
        let mut own = self.known().filter(|code| code.promotion == promotion);
        let first = own.next()?;
        let mut usable = std::iter::once(first).chain(own);
        let usable = usable.find(|code| !is_used_up(rules, *code, used));
        Some(usable.unwrap_or(first))
    }

    /// The owner of the counters of the presented code with this index.
    pub(crate) fn owner(&self, place: usize) -> Option<Owner> {
        match self.0.get(place)? {
            Presented::Known(code) => Some(Owner::Code(code.code_id)),
            Presented::Settled(_) => None,
        }
    }

    /// The result for each code, once every promotion has its outcome.
    pub(crate) fn verdicts(
        &self,
        rules: &RuleSet,
        used: &[Used],
        reason_of: impl Fn(PromotionIndex) -> Option<Reason>,
    ) -> Vec<CodeVerdict> {
        let verdict = |code: &Presented| match code {
            Presented::Settled(verdict) => verdict.clone(),
            Presented::Known(code) if is_used_up(rules, *code, used) => CodeVerdict::Exhausted,
            Presented::Known(code)
                if self.unlocking(rules, code.promotion, used) != Some(*code) =>
            {
                CodeVerdict::AlreadyUnlocked
            }
            Presented::Known(code) => match reason_of(code.promotion) {
                None => CodeVerdict::Applied,
                Some(reason) => {
                    CodeVerdict::NotApplied(NotApplied { promotion: code.promotion, reason })
                }
            },
        };
        self.0.iter().map(verdict).collect()
    }
}

/// Whether the code is bound to a customer who is not the one in the request.
fn is_of_another(fact: &CodeFact, customer: Option<&str>) -> bool {
    fact.customer_id.is_some() && fact.customer_id.as_deref() != customer
}

fn is_used_up(rules: &RuleSet, code: KnownCode, used: &[Used]) -> bool {
    limits::is_exhausted(&rules.compiled(code.promotion).promotion, code.code_id, used)
}
