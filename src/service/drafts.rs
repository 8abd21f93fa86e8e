//! Drafts on a cart: the tenant's rules with promotions and settings that an admin tries without storing them (spec
//! 15.1).

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use uuid::Uuid;

use super::{Service, ServiceError};
use crate::db::{self, TenantTx};
use crate::domain::cart::Request;
use crate::domain::draft::Drafts;
use crate::domain::id::{PromotionId, TenantId};
use crate::engine::{Changes, CodeFact, ProductList, RuleSet};
use crate::wire;
use crate::wire::faults::{FaultCode, Faults, ListReference};

/// Drafts, and the product lists that they and their settings name.
#[derive(Clone, Debug)]
pub struct Trial {
    pub drafts: Drafts,
    pub lists: Vec<ListReference>,
}

/// The rules that a cart is priced by in a trial, and the codes of its new drafts.
pub(super) struct Tried {
    pub(super) rules: Arc<RuleSet>,
    codes: Vec<(String, PromotionId)>,
}

impl Tried {
    /// Makes the codes of the drafts unlock these.
    pub(super) fn unlock(&self, request: &Request<'_>, facts: &mut [Option<CodeFact>]) {
        unlock(&self.codes, request, facts);
    }
}

/// Makes codes of drafts unlock these. They go before stored codes.
pub(super) fn unlock(
    codes: &[(String, PromotionId)],
    request: &Request<'_>,
    facts: &mut [Option<CodeFact>],
) {
    for (code, fact) in request.cart.codes.iter().zip(facts) {
        let own = codes.iter().find(|(own, _)| own.eq_ignore_ascii_case(code));
        if let Some((_, draft)) = own {
            *fact = Some(CodeFact::of_draft(*draft));
        }
    }
}

impl Service {
    /// The tenant's rules with drafts. Drafts and their settings are compiled; the stored promotions are shared.
    pub(super) async fn with_drafts(
        &self,
        tenant: TenantId,
        rules: &RuleSet,
        trial: Trial,
        now: DateTime<Utc>,
    ) -> Result<Tried, ServiceError> {
        let (changes, codes) = self.changes(tenant, rules, trial, now).await?;
        Ok(Tried { rules: Arc::new(rules.changed(changes)), codes })
    }

    /// What drafts change, and the codes of new drafts. Refuses drafts that name what does not exist.
    pub(super) async fn changes(
        &self,
        tenant: TenantId,
        rules: &RuleSet,
        trial: Trial,
        now: DateTime<Utc>,
    ) -> Result<(Changes, Vec<(String, PromotionId)>), ServiceError> {
        let Trial { drafts, lists } = trial;
        let unknown = drafts.named().filter(|(_, id)| !rules.has(*id));
        let unknown: Vec<Uuid> = unknown.map(|(_, id)| id.uuid()).collect();
        let names: Vec<String> = lists.iter().map(|own| own.name.clone()).collect();
        let looked_up = if unknown.is_empty() && names.is_empty() {
            LookedUp::default()
        } else {
            let read = self.db().tenant(tenant, move |tx| {
                Box::pin(async move { LookedUp::read(tx, &unknown, &names).await })
            });
            read.await?
        };
        looked_up.check(rules, &drafts, &lists)?;
        let created_at = |id: PromotionId| {
            let stored = rules.created_at(id);
            stored.or_else(|| looked_up.created_at.get(&id.uuid()).copied())
        };
        let without = drafts.without.clone();
        let settings = drafts.settings.as_ref().map(|own| own.upon(rules.settings()));
        let (with, codes) = drafts.promotions(created_at, now);
        let product_lists = looked_up.product_lists;
        Ok((Changes { with, without, settings, product_lists }, codes))
    }
}

/// What drafts need of the database.
#[derive(Default)]
struct LookedUp {
    /// When the promotions that are not in the rules were created.
    created_at: BTreeMap<Uuid, DateTime<Utc>>,
    product_lists: BTreeMap<String, Arc<ProductList>>,
}

impl LookedUp {
    async fn read(
        tx: &mut TenantTx,
        promotions: &[Uuid],
        lists: &[String],
    ) -> Result<Self, ServiceError> {
        let created_at = db::promotions::created(tx, promotions).await?.into_iter().collect();
        let mut product_lists = BTreeMap::new();
        let mut rows = pin!(db::product_lists::read(tx, lists));
        while let Some(row) = rows.try_next().await? {
            product_lists.insert(row.name, Arc::new(ProductList::new(&row.skus)));
        }
        Ok(Self { created_at, product_lists })
    }

    /// Refuses promotions and product lists that do not exist, and a promotion that is named twice.
    fn check(
        &self,
        rules: &RuleSet,
        drafts: &Drafts,
        lists: &[ListReference],
    ) -> Result<(), ServiceError> {
        let mut faults = Faults::new();
        let exists = |id: PromotionId| rules.has(id) || self.created_at.contains_key(&id.uuid());
        wire::drafts::check_named(drafts, "", exists, &mut faults);
        for own in lists {
            if !self.product_lists.contains_key(&own.name) {
                let message = "is no product list";
                faults.add_at(own.pointer.clone(), FaultCode::UnknownReference, message);
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
    }
}
