//! Rows to test with: one of every kind for a tenant.

use chrono::{DateTime, Duration, Utc};
use promotion_engine::db::audit::{self, NewAudit};
use promotion_engine::db::keys::{self, NewKey};
use promotion_engine::db::promotions::{self, NewPromotion};
use promotion_engine::db::settings::{self, NewSettings};
use promotion_engine::db::stores::{self, NewStore};
use promotion_engine::db::{codes, product_lists};
use promotion_engine::domain::id::{KeyId, PromotionId, TenantId};
use uuid::Uuid;

use crate::support::TestDatabase;

/// An instant within the dates of [`promotion`].
pub fn noon() -> DateTime<Utc> {
    "2026-06-15T12:00:00Z".parse().expect("an instant")
}

/// A draft that is valid for a month around [`noon`].
pub fn promotion(name: &str) -> NewPromotion {
    NewPromotion {
        promotion: PromotionId::new(Uuid::now_v7()),
        name: name.to_owned(),
        kind: "pos".to_owned(),
        status: "draft".to_owned(),
        campaign: None,
        starts_at: noon() - Duration::days(14),
        ends_at: noon() + Duration::days(14),
        document: format!(r#"{{"name": "{name}"}}"#),
        product_lists: Vec::new(),
    }
}

/// A store without zones.
pub fn store(code: &str) -> NewStore {
    NewStore {
        code: code.to_owned(),
        concept: String::new(),
        zones: Vec::new(),
        timezone: None,
    }
}

/// A key whose hash is made of `seed`.
pub fn key(seed: u8) -> NewKey {
    NewKey {
        key: KeyId::new(Uuid::now_v7()),
        role: "admin".to_owned(),
        label: format!("key {seed}"),
        hash: [seed; 32],
        hint: "xyz".to_owned(),
    }
}

/// A tenant that has a row in every table.
pub async fn full_tenant(database: &TestDatabase, name: &str) -> TenantId {
    let tenant = database.tenant(name).await;
    database
        .tx(tenant, |tx| {
            Box::pin(async move {
                let key = keys::insert(tx, &key(7)).await?;
                let key = Some(KeyId::new(key.key_id));
                product_lists::put(tx, "shoes", &["S-1".to_owned(), "S-2".to_owned()]).await?;
                let new = NewSettings {
                    document: "{}".to_owned(),
                    currency: "EUR".to_owned(),
                    timezone: "Europe/Berlin".to_owned(),
                    product_lists: vec!["shoes".to_owned()],
                };
                settings::replace(tx, 1, &new).await?;
                stores::put(tx, &[store("S1")]).await?;
                let mut new = promotion("Ten percent");
                new.product_lists = vec!["shoes".to_owned()];
                promotions::insert(tx, &new, key).await?;
                codes::insert(tx, new.promotion, &["Save10".to_owned()], None).await?;
                let entry = NewAudit {
                    key,
                    subject: format!("promotion/{}", new.promotion),
                    action: "create".to_owned(),
                    before: None,
                    after: Some(new.document.clone()),
                };
                audit::insert(tx, &entry).await?;
                Ok(())
            })
        })
        .await
        .expect("a tenant with rows");
    tenant
}
