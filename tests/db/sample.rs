//! Rows to test with: one of every kind for a tenant.

use chrono::{DateTime, Duration, Utc};
use promotion_engine::db::audit::{self, NewAudit};
use promotion_engine::db::keys::{self, NewKey};
use promotion_engine::db::promotions::{self, NewPromotion};
use promotion_engine::db::{codes, product_lists, settings, stores};
use promotion_engine::domain::code::NewCode;
use promotion_engine::domain::currency::Currency;
use promotion_engine::domain::id::{KeyId, PromotionId, TenantId};
use promotion_engine::domain::limit::Limits;
use promotion_engine::domain::promotion::{Kind, Status, Terms};
use promotion_engine::domain::role::Role;
use promotion_engine::domain::settings::Settings;
use promotion_engine::domain::store::Store;
use sqlx::AssertSqlSafe;
use support::TestDatabase;
use uuid::Uuid;

/// An instant within the dates of [`promotion`].
pub fn noon() -> DateTime<Utc> {
    "2026-06-15T12:00:00Z".parse().expect("an instant")
}

/// The end of every [`promotion`].
pub fn end() -> DateTime<Utc> {
    noon() + Duration::days(14)
}

/// A draft that is valid for a month around [`noon`].
pub fn promotion(name: &str) -> NewPromotion {
    NewPromotion {
        promotion: PromotionId::new(Uuid::now_v7()),
        status: Status::Draft,
        terms: Terms::bare(
            name.to_owned(),
            Kind::Pos,
            Limits::default(),
            (noon() - Duration::days(14)).fixed_offset()..end().fixed_offset(),
        ),
        document: format!(r#"{{"name": "{name}"}}"#),
        product_lists: Vec::new(),
    }
}

/// Settings of a currency and a time zone.
pub fn new_settings(currency: &str, timezone: chrono_tz::Tz) -> Settings {
    Settings::defaults(Currency::new(currency).expect("a currency"), timezone)
}

/// The name in the document of a promotion of this tenant's.
pub fn name_in(document: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(document).expect("JSON");
    document["name"].as_str().expect("a name").to_owned()
}

/// A store without zones.
pub fn store(code: &str) -> Store {
    Store { code: code.to_owned(), concept: None, zones: Vec::new(), timezone: None }
}

/// A key whose hash is made of `seed`.
pub fn key(seed: u8) -> NewKey {
    NewKey {
        key: KeyId::new(Uuid::now_v7()),
        role: Role::Admin,
        label: format!("key {seed}"),
        hash: [seed; 32],
        hint: "xyz".to_owned(),
    }
}

/// Codes that do not expire, and are bound to nobody.
pub fn new_codes(codes: &[&str]) -> Vec<NewCode> {
    let new =
        |code: &&str| NewCode { code: (*code).to_owned(), customer_id: None, expires_at: None };
    codes.iter().map(new).collect()
}

/// A held redemption that took from one counter and had a part returned: a row in every table of the ledger, for the
/// tenant's first promotion. And an event of it, waiting and numbered, with a webhook that wants it.
const LEDGER: &str = "
    insert into redemption_key (tenant_id, transaction_id, redemption_id) values ($T, 'T-1', $R);
    insert into redemption (tenant_id, redemption_id, transaction_id, state, evaluated_at, expires_at, ruleset_version,
            body_hash, discount, request, result)
        values ($T, $R, 'T-1', 'held', now(), now(), 1, decode(repeat('00', 32), 'hex'), 10000, '{}', '{}');
    insert into hold (tenant_id, redemption_id, expires_at) values ($T, $R, now());
    insert into redemption_promotion (tenant_id, redemption_id, promotion_id, place, evaluated_at, level, times,
            discount, points)
        select $T, $R, promotion_id, 0, now(), 'cart', 1, 10000, 0 from promotion where tenant_id = $T;
    insert into redemption_use (tenant_id, redemption_id, promotion_id, subject, owner, measure, window_no, amount)
        select $T, $R, promotion_id, 'promotion', '', 'times', 0, 1 from promotion where tenant_id = $T;
    insert into limit_counter (tenant_id, promotion_id, subject, owner, measure, window_no, used, maximum)
        select $T, promotion_id, 'promotion', '', 'times', 0, 1, 10 from promotion where tenant_id = $T;
    insert into redemption_return (tenant_id, redemption_id, return_id, at, body_hash, answer)
        values ($T, $R, 'R-1', now(), decode(repeat('00', 32), 'hex'), '{}');
    insert into redemption_returned_line (tenant_id, redemption_id, line_id, quantity, refunded)
        values ($T, $R, '1', 1000, 90);
    insert into redemption_return_promotion (tenant_id, redemption_id, return_id, promotion_id, at, discount, points)
        select $T, $R, 'R-1', promotion_id, now(), 100, 0 from promotion where tenant_id = $T;
    insert into customer_promotion (tenant_id, promotion_id, customer_id, issued, unlocked)
        select $T, promotion_id, 'C-1', 1, 1 from promotion where tenant_id = $T;
    insert into issuance (tenant_id, issuance_id, promotion_id, customer_id, source, source_id, issued_at, unlocked_at)
        select $T, $R, promotion_id, 'C-1', 'manual', 'S-1', now(), now() from promotion where tenant_id = $T;
    insert into issuance_watch (tenant_id, promotion_id, what, ends_at, days_before)
        select $T, promotion_id, 'expired', now(), 0 from promotion where tenant_id = $T;
    insert into activity (tenant_id, activity_id, body_hash, type, customer_id, at, received_at, answer)
        values ($T, 'A-1', decode(repeat('00', 32), 'hex'), 'registration', 'C-1', now(), now(), '{}');
    insert into milestone (tenant_id, milestone_id, name, document, created_at, updated_at)
        values ($T, $R, 'Spender', '{}', now(), now());
    insert into product_list (tenant_id, name, skus) values ($T, 'boots', array['B-1']);
    insert into milestone_product_list (tenant_id, milestone_id, list_name) values ($T, $R, 'boots');
    insert into milestone_progress (tenant_id, milestone_id, customer_id, window_no, progress)
        values ($T, $R, 'C-1', 0, 10);
    insert into milestone_step (tenant_id, milestone_id, activity_id, customer_id, window_no, amount, lines)
        values ($T, $R, 'A-1', 'C-1', 0, 10, '[]');
    insert into milestone_target (tenant_id, milestone_id, customer_id, window_no, target, activity_id)
        values ($T, $R, 'C-1', 0, 'T1', 'A-1');
    insert into outbox (tenant_id, event_id, type, subject, subject_id, occurred_at, data)
        values ($T, gen_random_uuid(), 'redemption.committed', 'redemption', $R, now(), '{}');
    insert into event (tenant_id, sequence, event_id, type, subject, subject_id, occurred_at, data, published_at)
        values ($T, 1, gen_random_uuid(), 'redemption.committed', 'redemption', $R, now(), '{}', now());
    insert into backtest (tenant_id, backtest_id, name, input, created_at) values ($T, $R, 'B', '{}', now());
    insert into event_counter (tenant_id, latest) values ($T, 1);
    insert into limit_reached (tenant_id, promotion_id, measure, window_no, at)
        select $T, promotion_id, 'times', 0, now() from promotion where tenant_id = $T;
    insert into webhook (tenant_id, webhook_id, name, url, events, secret)
        values ($T, $R, 'crm', 'https://crm.example/', '{redemption.committed}', decode(repeat('00', 32), 'hex'));
    insert into webhook_delivery (tenant_id, sequence, webhook_id, subject_id, next_attempt_at)
        values ($T, 1, $R, $R, now());
    insert into promotion_name (tenant_id, field, value, key, promotion_id, folded)
        select $T, 'category', 'Shoes', '', promotion_id, 'shoes' from promotion where tenant_id = $T;
    insert into vocabulary (tenant_id, field, value, key, folded, title_folded, source, last_seen)
        values ($T, 'category', 'Shoes', '', 'shoes', '', 'import', now());";

/// A tenant that has a row in every table.
pub async fn full_tenant(database: &TestDatabase, name: &str) -> TenantId {
    let tenant = database.tenant(name).await;
    database
        .tx(tenant, |tx| {
            Box::pin(async move {
                let key = keys::insert(tx, &key(7)).await?;
                let key = Some(KeyId::new(key.key_id));
                product_lists::put(tx, "shoes", &["S-1".to_owned(), "S-2".to_owned()]).await?;
                let new = new_settings("EUR", chrono_tz::Europe::Berlin);
                settings::replace(tx, 1, &new, "{}", &["shoes".to_owned()]).await?;
                stores::put(tx, &[store("S1")]).await?;
                let mut new = promotion("Ten percent");
                new.product_lists = vec!["shoes".to_owned()];
                promotions::insert(tx, &new, key).await?;
                let mut bound = new_codes(&["Save10"]);
                bound[0].customer_id = Some("C-1".to_owned());
                codes::insert(tx, new.promotion, &bound).await?;
                codes::insert_batch(tx, new.promotion, "B-1", &[0; 32], 1).await?;
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
    let ledger = LEDGER
        .replace("$T", &format!("'{tenant}'"))
        .replace("$R", &format!("'{}'", Uuid::now_v7()));
    let mut owner = database.owner_connection().await;
    sqlx::raw_sql(AssertSqlSafe(ledger)).execute(&mut owner).await.expect("a ledger");
    tenant
}
