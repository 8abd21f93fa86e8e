//! Drafts on a cart: promotions and settings that an admin tries without storing them (spec 15.1).

use chrono::{DateTime, TimeDelta, Utc};

use super::id::PromotionId;
use super::promotion::{Promotion, Status, Terms};
use super::settings::SettingsChange;

/// Most drafts of an evaluation (spec 14).
pub const MAX_DRAFTS: usize = 20;

/// A promotion to price a cart with. It is taken as active.
#[derive(Clone, Debug)]
pub struct Draft {
    pub identity: Identity,
    pub terms: Terms,
}

/// Which promotion a draft is.
#[derive(Clone, Debug)]
pub enum Identity {
    /// The stored promotion with this id, with other terms. It shares the counters, codes and issuances.
    Stored(PromotionId),
    /// A new one, which these codes unlock.
    New(Vec<String>),
}

/// What an evaluation changes about the stored rules.
#[derive(Clone, Debug, Default)]
pub struct Drafts {
    pub with: Vec<Draft>,
    /// Stored promotions to leave out.
    pub without: Vec<PromotionId>,
    pub settings: Option<SettingsChange>,
}

impl Drafts {
    /// The stored promotions that are named, each with its place in the body.
    pub fn named(&self) -> impl Iterator<Item = (String, PromotionId)> {
        let with = self.with.iter().enumerate().filter_map(|(place, own)| match own.identity {
            Identity::Stored(id) => Some((format!("/with/{place}/id"), id)),
            Identity::New(_) => None,
        });
        let without = self.without.iter().enumerate();
        with.chain(without.map(|(place, id)| (format!("/without/{place}"), *id)))
    }

    /// The promotions of the drafts, and each code of a new draft with the id that the draft has for this evaluation.
    /// New ones are created now, in the order of their places.
    pub fn promotions(
        self,
        created_at: impl Fn(PromotionId) -> Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> (Vec<Promotion>, Vec<(String, PromotionId)>) {
        let mut codes = Vec::new();
        let promotion = |(place, Draft { identity, terms }): (u8, Draft)| {
            let id = match identity {
                Identity::Stored(id) => id,
                Identity::New(own) => {
                    let id = PromotionId::draft(place);
                    codes.extend(own.into_iter().map(|code| (code, id)));
                    id
                }
            };
            let made = || now + TimeDelta::microseconds(place.into());
            let created_at = created_at(id).unwrap_or_else(made);
            Promotion { id, created_at, status: Status::Active, terms }
        };
        let promotions = (0..).zip(self.with).map(promotion).collect();
        (promotions, codes)
    }
}
