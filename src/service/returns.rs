//! Returns of goods from a committed redemption: what is refunded, and what the limits get back (spec 9).

use sha2::{Digest, Sha256};

use super::milestones::{Returned, lower};
use super::redemptions::{lock, lock_address};
use super::{Refusal, Service, ServiceError, events, settings};
use crate::db::returns::{LineRow, PromotionRow};
use crate::db::{self, DbError, TenantTx};
use crate::domain::amount::{Money, Quantity};
use crate::domain::event::{Event, Transaction};
use crate::domain::exact::Exact;
use crate::domain::id::{PromotionId, RedemptionId, TenantId};
use crate::domain::redemption::{Address, RedemptionState};
use crate::engine::returns::{Before, Refused, Return, ReturnedLine, TakenBack, take_back};
use crate::wire;
use crate::wire::body::PrintBody as _;
use crate::wire::faults::FaultCode;
use crate::wire::returns::{NewReturn, ReturnRecord};

impl Service {
    /// Takes units back, or repeats the answer if this return was recorded before. A refused return records nothing.
    pub async fn take_back(
        &self,
        tenant: TenantId,
        address: Address,
        new: NewReturn,
    ) -> Result<String, ServiceError> {
        let clock = self.clock().clone();
        self.settle(tenant, move |tx| {
            Box::pin(async move {
                let id = lock_address(tx, &address).await?.ok_or(Refusal::NotCommitted)?;
                let (row, state, now) = lock(tx, id, &clock).await?;
                let hash: [u8; 32] = Sha256::digest(NewReturn::document(&new).as_bytes()).into();
                if let Some(known) = db::returns::get(tx, id, &new.return_id).await? {
                    return if known.body_hash == hash {
                        Ok(known.answer)
                    } else {
                        Err(Refusal::ReturnIdReused.into())
                    };
                }
                if state != RedemptionState::Committed {
                    return Err(Refusal::NotCommitted.into());
                }
                let (settings, _) = settings::read(tx).await?;
                let sold = wire::returns::sold(&row.result)
                    .ok_or_else(|| ServiceError::unreadable("the result of a redemption"))?;
                let before = before(tx, id).await?;
                let done =
                    take_back(&sold, &before, &new.lines, settings.rounding).map_err(refusal)?;
                let precision = settings.rounding.precision();
                let answer = ReturnRecord::document(&(new.return_id.as_str(), &done, precision));
                let promotions = promotion_rows(&done);
                let recorded = db::returns::NewReturn {
                    redemption: id,
                    return_id: new.return_id,
                    at: now,
                    body_hash: hash,
                    answer: answer.clone(),
                    lines: line_rows(&done),
                    promotions: promotions.clone(),
                };
                db::returns::insert(tx, &recorded).await?;
                let back = returned_lines(tx, id).await?;
                if settings.restore_limits_on_return {
                    db::returns::give_back_discounts(tx, id, &promotions).await?;
                    if done.complete {
                        db::returns::restore(tx, id, now).await?;
                    }
                }
                let transaction = Transaction { redemption: id, id: &row.transaction_id };
                let told = events::new(&Event::RedemptionReturned(transaction, &answer), now);
                db::outbox::append(tx, &[told]).await?;
                // Progress comes after the counters, in the order of locks.
                let returned = Returned { lines: &back, rounding: settings.rounding };
                lower(tx, &row.transaction_id, &returned).await?;
                Ok(answer)
            })
        })
        .await
    }
}

fn refusal(refused: Refused) -> ServiceError {
    match refused {
        Refused::Exceeds => Refusal::ReturnExceedsPurchase.into(),
        Refused::UnknownLine(place) => {
            let (code, message) = (FaultCode::UnknownReference, "is not a line of the redemption");
            ServiceError::fault(format!("/lines/{place}/id"), code, message)
        }
    }
}

/// What was returned before. INVARIANT: only the service writes the stored decimals.
async fn before(tx: &mut TenantTx, id: RedemptionId) -> Result<Before, ServiceError> {
    let exact =
        |text: &str| Exact::parse(text).ok_or_else(|| ServiceError::unreadable("what came back"));
    let mut before = Before::default();
    for row in db::returns::lines(tx, id).await? {
        let refunded = exact(&row.refunded)?;
        before.lines.push((row.line_id, Quantity::of_thousandths(row.quantity), refunded));
    }
    for row in db::returns::promotions(tx, id).await? {
        let points = exact(&row.points)?;
        let promotion = PromotionId::new(row.promotion_id);
        let discount = Money::from_scaled(row.discount);
        before.promotions.push((promotion, discount, points));
    }
    Ok(before)
}

/// The total returned quantity of each line of a redemption.
pub(super) async fn returned_lines(
    tx: &mut TenantTx,
    id: RedemptionId,
) -> Result<Vec<(String, Quantity)>, DbError> {
    let rows = db::returns::lines(tx, id).await?.into_iter();
    Ok(rows.map(|row| (row.line_id, Quantity::of_thousandths(row.quantity))).collect())
}

fn line_rows(done: &Return) -> Vec<LineRow> {
    let row = |line: &ReturnedLine| LineRow {
        line_id: line.id.clone(),
        quantity: line.quantity_in_all.thousandths(),
        refunded: line.refund_in_all.print(0),
    };
    done.lines.iter().map(row).collect()
}

fn promotion_rows(done: &Return) -> Vec<PromotionRow> {
    let row = |own: &TakenBack| PromotionRow {
        promotion_id: own.promotion_id.uuid(),
        discount: own.discount.scaled(),
        points: own.points.print(0),
    };
    done.promotions.iter().map(row).collect()
}
