//! Claims: customers activate an issuance, or claim an open promotion (spec 11).

use super::handle::now;
use super::issuances::{is_open, lock, promotion, read_one, unlocked};
use super::{Refusal, Service, ServiceError, events};
use crate::db;
use crate::db::issuances::NewIssuance;
use crate::domain::event::Event;
use crate::domain::id::{IssuanceId, PromotionId, TenantId};
use crate::domain::issuance::{Issuance, IssuanceSource, IssuanceState};
use crate::domain::promotion::Kind;

impl Service {
    /// A customer activates an unlocked issuance. If it was activated before, returns it unchanged.
    pub async fn activate_issuance(
        &self,
        tenant: TenantId,
        id: IssuanceId,
    ) -> Result<Issuance, ServiceError> {
        let clock = self.clock().clone();
        self.settle(tenant, move |tx| {
            Box::pin(async move {
                let (mut own, now) = lock(tx, id, &clock).await?;
                if own.activated_at.is_some() {
                    return match own.state {
                        IssuanceState::Activated | IssuanceState::UsedUp => Ok(own),
                        IssuanceState::Issued
                        | IssuanceState::Unlocked
                        | IssuanceState::Expired
                        | IssuanceState::Revoked => Err(Refusal::NotActivatable.into()),
                    };
                }
                let promotion =
                    promotion(tx, own.promotion_id).await?.ok_or(ServiceError::NotFound)?;
                if own.state != IssuanceState::Unlocked
                    || !promotion.terms.activation_required
                    || !is_open(&promotion, now)
                {
                    return Err(Refusal::NotActivatable.into());
                }
                db::issuances::activate(tx, id.uuid(), now).await?;
                own.state = IssuanceState::Activated;
                own.activated_at = Some(now);
                let told = events::new(&Event::IssuanceActivated(&own), now);
                db::outbox::append(tx, &[told]).await?;
                Ok(own)
            })
        })
        .await
    }

    /// A customer claims an open promotion and gets one activated issuance of it. Also returns whether the issuance is
    /// new.
    pub async fn claim(
        &self,
        tenant: TenantId,
        id: PromotionId,
        customer: String,
    ) -> Result<(Issuance, bool), ServiceError> {
        let clock = self.clock().clone();
        self.settle(tenant, move |tx| {
            Box::pin(async move {
                let promotion = promotion(tx, id).await?.ok_or(ServiceError::NotFound)?;
                db::issuances::lock_hands(tx, &[(id.uuid(), customer.clone())]).await?;
                let now = now(tx, &clock).await?;
                if let Some(known) = db::issuances::activation(tx, id.uuid(), &customer).await? {
                    return Ok((read_one(tx, known, now).await?, false));
                }
                let terms = &promotion.terms;
                let is_claimed = match terms.kind {
                    Kind::Pos | Kind::Loyalty | Kind::CodeLinked => !terms.needs_issuance(),
                    Kind::LoyaltyEarning { .. } | Kind::Rewards { .. } => false,
                };
                if !is_claimed || !terms.activation_required || !is_open(&promotion, now) {
                    return Err(Refusal::NotActivatable.into());
                }
                let new = NewIssuance {
                    activated_at: Some(now),
                    source_id: None,
                    ..unlocked(&promotion, customer, IssuanceSource::Activation, now)
                };
                db::issuances::insert(tx, std::slice::from_ref(&new)).await?;
                let own = read_one(tx, new.issuance_id, now).await?;
                let told = [Event::IssuanceIssued(&own), Event::IssuanceActivated(&own)];
                let told = told.map(|event| events::new(&event, now));
                db::outbox::append(tx, &told).await?;
                Ok((own, true))
            })
        })
        .await
    }
}
