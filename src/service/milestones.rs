//! Milestones: they are created, changed and deleted. Activities raise customers' progress, and returns lower it (spec
//! 11).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::change::audit;
use super::handle::now;
use super::product_lists::{names, require_lists};
use super::{Actor, Refusal, Service, ServiceError, settings};
use crate::db::milestones::{MilestoneRow, NewStep, Reached};
use crate::db::{self, Page, TenantTx};
use crate::domain::activity::{MAX_MILESTONES, Milestone};
use crate::domain::amount::Quantity;
use crate::domain::exact::Exact;
use crate::domain::id::TenantId;
use crate::domain::issuance::Trigger;
use crate::domain::promotion::{Kind, Terms};
use crate::domain::rounding::Rounding;
use crate::domain::window;
use crate::engine::{KnownMilestone, Step, come_back};
use crate::stored;
use crate::wire;
use crate::wire::activity::{Counted, Standing};
use crate::wire::body::*;
use crate::wire::faults::{FaultCode, ListReference};

impl Service {
    /// Adds or changes a milestone. If it measures something else than before, it becomes a new milestone, and all
    /// progress starts again.
    pub async fn put_milestone(
        &self,
        actor: Actor,
        new: Milestone,
        lists: Vec<ListReference>,
    ) -> Result<MilestoneRow, ServiceError> {
        let clock = self.clock().clone();
        self.publish(actor.tenant, move |tx| {
            Box::pin(async move {
                require_lists(tx, &lists).await?;
                let now = now(tx, &clock).await?;
                let before = db::milestones::get(tx, &new.name).await?;
                let mut row = MilestoneRow {
                    milestone_id: Uuid::now_v7(),
                    name: new.name.clone(),
                    document: wire::milestone::Terms::document(&new),
                    created_at: now,
                    updated_at: now,
                };
                match &before {
                    None => require_room(tx, &new.name).await?,
                    Some(old) => {
                        require_targets(tx, &new).await?;
                        let known = stored::milestone(old)?.milestone;
                        if (known.measure, &known.of, known.window)
                            == (new.measure, &new.of, new.window)
                        {
                            row.milestone_id = old.milestone_id;
                            row.created_at = old.created_at;
                        } else {
                            db::milestones::delete(tx, old.milestone_id).await?;
                        }
                    }
                }
                db::milestones::put(tx, &row, &names(&lists)).await?;
                let action = if before.is_some() { "replaced" } else { "created" };
                let (before, after) = (before.map(|old| old.document), Some(row.document.clone()));
                audit(tx, actor, subject(&row.name), action, before, after).await?;
                Ok(row)
            })
        })
        .await
    }

    /// Deletes a milestone that no promotion names.
    pub async fn delete_milestone(&self, actor: Actor, name: String) -> Result<(), ServiceError> {
        self.publish(actor.tenant, move |tx| {
            Box::pin(async move {
                let gone = db::milestones::get(tx, &name).await?.ok_or(ServiceError::NotFound)?;
                if !db::milestones::named_targets(tx, &name).await?.is_empty() {
                    return Err(Refusal::InUse.into());
                }
                db::milestones::delete(tx, gone.milestone_id).await?;
                let before = Some(gone.document);
                audit(tx, actor, subject(&name), "deleted", before, None).await
            })
        })
        .await
    }
}

/// How far a customer has come towards a milestone's targets in its present window.
#[derive(Debug)]
pub struct Progress {
    pub milestone: Milestone,
    pub window_ends_at: Option<DateTime<Utc>>,
    pub progress: Exact,
    /// The names of the targets that were unlocked in this window.
    pub unlocked: Vec<String>,
}

impl Service {
    /// A page of a customer's progress, by the names of the milestones.
    pub async fn customer_progress(
        &self,
        tenant: TenantId,
        customer: String,
        after: Option<String>,
        limit: u16,
    ) -> Result<Page<Progress, String>, ServiceError> {
        let clock = self.clock().clone();
        let read = self.db().snapshot(tenant, move |tx| {
            Box::pin(async move {
                let found = db::milestones::list(tx, after.as_deref(), limit).await?;
                let known = found.items.iter().map(stored::milestone);
                let known: Vec<KnownMilestone> = known.collect::<Result<_, _>>()?;
                let (zone, now) = (settings::read(tx).await?.0.timezone, now(tx, &clock).await?);
                let number = |own: &KnownMilestone| {
                    window::number(own.milestone.window, own.created_at, zone, now)
                };
                let windows: Vec<_> = known.iter().map(|own| (own.id, number(own))).collect();
                let mut standings = db::milestones::standings(tx, &customer, &windows).await?;
                let progress = |(own, (_, window)): (KnownMilestone, (Uuid, i32))| {
                    let place = standings.iter().position(|row| row.milestone_id == own.id);
                    let standing = place.map(|place| standings.swap_remove(place));
                    let (progress, unlocked) = match standing {
                        None => (Exact::ZERO, Vec::new()),
                        Some(row) => {
                            let progress = Exact::parse(&row.progress);
                            let unreadable = || ServiceError::unreadable("a customer's progress");
                            (progress.ok_or_else(unreadable)?, row.targets)
                        }
                    };
                    let end = |refresh| window::end(refresh, own.created_at, zone, window);
                    let window_ends_at = own.milestone.window.and_then(end);
                    Ok(Progress { milestone: own.milestone, window_ends_at, progress, unlocked })
                };
                let items = known.into_iter().zip(windows).map(progress);
                let items: Vec<Progress> = items.collect::<Result<_, ServiceError>>()?;
                Ok(Page { items, next: found.next, place: |own| own.milestone.name.clone() })
            })
        });
        read.await
    }
}

fn subject(name: &str) -> String {
    format!("milestone:{name}")
}

/// Refuses a milestone beyond the bound (spec 14). The tenant's writers wait for each other, so the count is exact.
async fn require_room(tx: &mut TenantTx, name: &str) -> Result<(), ServiceError> {
    if db::milestones::all(tx).await?.len() < MAX_MILESTONES {
        return Ok(());
    }
    let message = format!("{name:?} would be one more than {MAX_MILESTONES} milestones");
    Err(ServiceError::fault("", FaultCode::TooMany, message))
}

/// Refuses to remove targets that promotions name.
async fn require_targets(tx: &mut TenantTx, new: &Milestone) -> Result<(), ServiceError> {
    let named = db::milestones::named_targets(tx, &new.name).await?;
    let stays = |name: &String| new.targets.iter().any(|target| target.name == *name);
    if named.iter().all(stays) { Ok(()) } else { Err(Refusal::InUse.into()) }
}

/// Refuses a promotion whose milestone or target does not exist.
pub(super) async fn require_milestone(
    tx: &mut TenantTx,
    terms: &Terms,
) -> Result<(), ServiceError> {
    let Kind::LoyaltyEarning { earning, .. } = &terms.kind else {
        return Ok(());
    };
    let Trigger::Milestone { name, target } = &earning.trigger else {
        return Ok(());
    };
    let refuse = |pointer, message: String| {
        Err(ServiceError::fault(pointer, FaultCode::UnknownReference, message))
    };
    let Some(row) = db::milestones::get(tx, name).await? else {
        return refuse("/earning/milestone/name", format!("there is no milestone {name:?}"));
    };
    let known = stored::milestone(&row)?.milestone;
    if known.targets.iter().any(|own| own.name == *target) {
        return Ok(());
    }
    refuse("/earning/milestone/target", format!("the milestone has no target {target:?}"))
}

/// What was already returned of the redemption that an activity names, and the tenant's rounding.
pub(super) struct Returned<'r> {
    /// The total returned quantity of each line.
    pub(super) lines: &'r [(String, Quantity)],
    pub(super) rounding: Rounding,
}

/// Adds these steps to a customer's progress. Returns the progress toward each target, and the targets, with their
/// milestones, that are newly reached in their windows.
pub(super) async fn advance(
    tx: &mut TenantTx,
    customer: &str,
    activity: &str,
    transaction: Option<&str>,
    steps: &[Step<'_>],
    returned: &Returned<'_>,
) -> Result<(Vec<Standing>, Vec<(String, String)>), ServiceError> {
    if steps.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let new = steps.iter().map(|step| {
        let measure = step.milestone.milestone.measure;
        let in_all = |id: &str| of_line(returned.lines, id);
        let lowered = come_back(measure, &step.lines, in_all, returned.rounding);
        NewStep {
            milestone_id: step.milestone.id,
            window_no: step.window,
            amount: step.amount.print(0),
            lowered: lowered.at_most(&step.amount).print(0),
            lines: Counted::document(&(measure, step.lines.clone())),
        }
    });
    let new: Vec<NewStep> = new.collect();
    let progress = db::milestones::step(tx, customer, activity, transaction, &new).await?;
    let (mut standings, mut reached) = (Vec::new(), Vec::new());
    for step in steps {
        let own = progress
            .iter()
            .find(|own| own.milestone_id == step.milestone.id)
            .and_then(|own| Exact::parse(&own.progress))
            .ok_or_else(|| ServiceError::unreadable("a customer's progress"))?;
        let milestone = &step.milestone.milestone;
        for target in &milestone.targets {
            standings.push(Standing {
                milestone: milestone.name.clone(),
                target: target.name.clone(),
                progress: own.clone(),
            });
            if own >= Exact::from(target.value) {
                reached.push(Reached {
                    milestone_id: step.milestone.id,
                    window_no: step.window,
                    target: target.name.clone(),
                });
            }
        }
    }
    if reached.is_empty() {
        return Ok((standings, Vec::new()));
    }
    let fresh = db::milestones::reach(tx, customer, activity, &reached).await?;
    let named = fresh.into_iter().filter_map(|own| {
        let step = steps.iter().find(|step| step.milestone.id == own.milestone_id)?;
        Some((step.milestone.milestone.name.clone(), own.target))
    });
    Ok((standings, named.collect()))
}

/// Lowers the progress from a transaction's activities by the total that was returned of each line.
pub(super) async fn lower(
    tx: &mut TenantTx,
    transaction: &str,
    returned: &Returned<'_>,
) -> Result<(), ServiceError> {
    let unreadable = || ServiceError::unreadable("what an activity moved");
    let mut changes = Vec::new();
    for row in db::milestones::of_transaction(tx, transaction).await? {
        let counted = read_stored(row.lines.as_bytes(), read_body::<Counted, _>);
        let (measure, lines) = counted.map_err(|_| unreadable())?;
        let in_all = |id: &str| of_line(returned.lines, id);
        let lowered = come_back(measure, &lines, in_all, returned.rounding);
        let before = Exact::parse(&row.lowered).ok_or_else(unreadable)?;
        if lowered > before {
            changes.push((row.milestone_id, row.activity_id, lowered.print(0)));
        }
    }
    if !changes.is_empty() {
        db::milestones::lower(tx, &changes).await?;
    }
    Ok(())
}

fn of_line(lines: &[(String, Quantity)], id: &str) -> Quantity {
    let own = lines.iter().find(|(own, _)| own == id);
    own.map_or(Quantity::ZERO, |(_, quantity)| *quantity)
}
