//! Pricing a cart: one snapshot of the rules, one look-up if there are codes, one pure function.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Service, ServiceError};
use crate::db;
use crate::domain::cart::Request;
use crate::domain::code::Code;
use crate::domain::evaluation::Evaluation;
use crate::domain::id::{PromotionId, TenantId};
use crate::engine::{self, CodeFact, Facts, RuleSet};
use crate::wire;
use crate::wire::faults::{FaultCode, Faults};

/// A priced cart, with the rules that its numbers refer to.
pub struct Priced {
    /// The snapshot that was used.
    pub rules: Arc<RuleSet>,
    /// What it came to.
    pub evaluation: Evaluation,
    /// Whose the codes of the cart are.
    pub codes: Vec<Option<CodeFact>>,
    /// For what time.
    pub evaluated_at: DateTime<Utc>,
}

impl Priced {
    fn facts<'f>(&'f self, request: &'f Request<'f>) -> Facts<'f> {
        Facts {
            request,
            codes: &self.codes,
            used: &[],
            now: self.evaluated_at,
        }
    }

    /// The result of spec 8.
    pub fn print(&self, request: &Request<'_>) -> String {
        wire::evaluation::print(&self.evaluation, &self.rules, &self.facts(request))
    }
}

impl Service {
    /// Prices a cart by the tenant's rules as they are now.
    pub async fn evaluate(
        &self,
        tenant: TenantId,
        request: &Request<'_>,
    ) -> Result<Priced, ServiceError> {
        let rules = self.cache().rules(tenant).await?;
        if let Some(store) = request.store.as_deref()
            && rules.store(store).is_none()
        {
            let mut faults = Faults::new();
            let message = format!("there is no store {store:?}");
            faults.add_at("/store".to_owned(), FaultCode::UnknownReference, message);
            return Err(ServiceError::Invalid(faults));
        }
        let codes = if request.cart.codes.is_empty() {
            Vec::new()
        } else {
            // Apart, so that the many carts without codes do not carry the room for a look-up.
            Box::pin(self.codes(tenant, request)).await?
        };
        let evaluated_at = request.at.unwrap_or_else(|| self.clock().now());
        let facts = Facts {
            request,
            codes: &codes,
            used: &[],
            now: evaluated_at,
        };
        let evaluation = engine::evaluate(&rules, &facts);
        Ok(Priced {
            rules,
            evaluation,
            codes,
            evaluated_at,
        })
    }

    /// Whose the presented codes are. A tenant may have millions of codes, so they are looked up, all at once.
    async fn codes(
        &self,
        tenant: TenantId,
        request: &Request<'_>,
    ) -> Result<Vec<Option<CodeFact>>, ServiceError> {
        let presented: Vec<Option<Code>> = request
            .cart
            .codes
            .iter()
            .map(|code| Code::new(code))
            .collect();
        let keys: Vec<String> = presented.iter().flatten().map(Code::key).collect();
        if keys.is_empty() {
            return Ok(presented.iter().map(|_| None).collect());
        }
        let found = self
            .db()
            .tenant(tenant, move |tx| {
                Box::pin(async move { db::codes::find(tx, &keys).await })
            })
            .await?;
        let fact = |code: &Code| {
            let key = code.key();
            found
                .iter()
                .find(|row| row.code_key == key)
                .map(|row| CodeFact {
                    promotion_id: PromotionId::new(row.promotion_id),
                    expires_at: row.expires_at,
                })
        };
        Ok(presented
            .iter()
            .map(|code| code.as_ref().and_then(fact))
            .collect())
    }
}
