//! Parses the database's documents into domain values. No other module does this.
//!
//! If a document cannot be parsed, someone has changed it by hand, or a later release has written it and was rolled
//! back. A price without that document could be wrong, so the result is [`DbError::Unreadable`].

use uuid::Uuid;

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
    // The document contains its own currency and zone, which replace these defaults.
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

/// The terms in a promotion's present or past document. `what` names the promotion in the error.
pub fn terms(what: &str, document: &str) -> Result<Terms, DbError> {
    let read = wire::promotion::parse_stored(document.as_bytes());
    read.map_err(|why| unreadable(what, &why))
}

/// The limits in a promotion's document.
pub fn limits(promotion: Uuid, document: &str) -> Result<Limits, DbError> {
    let read = read_stored(document.as_bytes(), read_body::<Limits, _>);
    read.map_err(|why| unreadable(&format!("the limits of promotion {promotion}"), &why))
}

/// A promotion that has ended, in outline: without its conditions and benefit.
pub fn ended(row: &EndedRow) -> Result<Promotion, DbError> {
    let (kind, limits) = match (row.kind, &row.limits) {
        (PromotionType::CodeLinked, Some(limits)) => {
            (Kind::CodeLinked, self::limits(row.promotion_id, limits)?)
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
