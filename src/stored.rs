//! What the database keeps as documents, in the domain's terms: read here, and nowhere else.
//!
//! What cannot be read was changed by hand, or written by a later release that was rolled back. A price without it could
//! be wrong, so there is none: [`DbError::Unreadable`].

use crate::db::DbError;
use crate::db::milestones::MilestoneRow;
use crate::db::promotion_ends::EndedRow;
use crate::db::promotions::PromotionRow;
use crate::db::settings::SettingsRow;
use crate::domain::currency::Currency;
use crate::domain::id::PromotionId;
use crate::domain::limit::Limits;
use crate::domain::promotion::{Kind, Promotion, PromotionType, Terms};
use crate::domain::settings::Settings;
use crate::engine::KnownMilestone;
use crate::wire;
use crate::wire::body::{read_body, read_stored};
use crate::wire::settings::Computed;

fn unreadable(what: &str, why: &str) -> DbError {
    DbError::Unreadable(format!("{what} cannot be read: {why}"))
}

pub fn settings(row: &SettingsRow) -> Result<Settings, DbError> {
    // The document names its own currency and zone.
    let base = Settings::defaults(Currency::NONE, chrono_tz::UTC);
    let read = read_stored(row.document.as_bytes(), |value, faults| {
        wire::settings::parse(value, base, Computed::Unknown, faults)
    });
    read.map_err(|why| unreadable("the settings", &why))
}

pub fn promotion(row: &PromotionRow) -> Result<Promotion, DbError> {
    Ok(Promotion {
        id: PromotionId::new(row.promotion_id),
        created_at: row.created_at,
        status: row.status,
        terms: terms(&format!("promotion {}", row.promotion_id), &row.document)?,
    })
}

/// The terms of a promotion as they are or as they were.
pub fn terms(what: &str, document: &str) -> Result<Terms, DbError> {
    let read = wire::promotion::parse_stored(document.as_bytes());
    read.map_err(|why| unreadable(what, &why))
}

/// A promotion that has ended, by its bare terms.
pub fn ended(row: &EndedRow) -> Result<Promotion, DbError> {
    let (kind, limits) = match (row.kind, &row.limits) {
        (PromotionType::CodeLinked, Some(limits)) => {
            let limits = read_stored(limits.as_bytes(), read_body::<Limits, _>).map_err(|why| {
                unreadable(&format!("the limits of promotion {}", row.promotion_id), &why)
            })?;
            (Kind::CodeLinked, limits)
        }
        _ => (Kind::Pos, Limits::default()),
    };
    Ok(Promotion {
        id: PromotionId::new(row.promotion_id),
        created_at: row.created_at,
        status: row.status,
        terms: Terms::bare(
            row.name.clone(),
            kind,
            limits,
            row.starts_at.fixed_offset()..row.ends_at.fixed_offset(),
        ),
    })
}

pub fn milestone(row: &MilestoneRow) -> Result<KnownMilestone, DbError> {
    let milestone = wire::milestone::parse_stored(&row.document, &row.name)
        .map_err(|why| unreadable(&format!("milestone {}", row.milestone_id), &why))?;
    Ok(KnownMilestone { id: row.milestone_id, created_at: row.created_at, milestone })
}
