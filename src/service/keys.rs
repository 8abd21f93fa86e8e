//! Tenants and their API keys. A key's text is shown once, when it is made. A revoked key stays revoked.

use uuid::Uuid;

use super::api_key::{self, Minted};
use super::change::audit;
use super::{Actor, Service, ServiceError};
use crate::db::keys::{KeyRow, NewKey};
use crate::db::tenants::{NewTenant, TenantPatch, TenantRow};
use crate::db::{self, DbError, Reference, TenantTx};
use crate::domain::currency::Currency;
use crate::domain::id::{KeyId, TenantId};
use crate::domain::rate::RateLimits;
use crate::domain::role::Role;
use crate::domain::settings::Settings;
use crate::wire;
use crate::wire::body::*;
use crate::wire::write::Writer;

const FIRST_LABEL: &str = "first key";

impl Service {
    /// Creates a tenant with its settings and its first admin key.
    pub async fn create_tenant(
        &self,
        name: String,
        currency: Currency,
        timezone: chrono_tz::Tz,
    ) -> Result<(TenantRow, Minted), ServiceError> {
        let tenant = TenantId::new(Uuid::now_v7());
        let new = NewTenant {
            tenant,
            name,
            currency: currency.to_string(),
            timezone: timezone.name().to_owned(),
            settings: wire::settings::stored(&Settings::defaults(currency, timezone)),
        };
        let minted = api_key::mint(tenant, Role::Admin);
        let key = new_key(Role::Admin, FIRST_LABEL.to_owned(), &minted);
        let created = self.db().operator(move |tx| {
            Box::pin(async move {
                let row = db::tenants::create(tx, &new).await?;
                let tx = tx.of_tenant(tenant).await?;
                let operator = Actor { tenant, key: None };
                let after = Some(TenantTerms::document(&row));
                audit(tx, operator, "tenant".to_owned(), "created", None, after).await?;
                insert_key(tx, operator, &key).await?;
                Ok::<_, ServiceError>((row, minted))
            })
        });
        created.await
    }

    /// Changes the attributes of a tenant that only the operator may change.
    pub async fn patch_tenant(
        &self,
        tenant: TenantId,
        patch: TenantPatch,
    ) -> Result<TenantRow, ServiceError> {
        let patched = self.db().operator(move |tx| {
            Box::pin(async move {
                let before = db::tenants::find(tx, tenant).await?.ok_or(ServiceError::NotFound)?;
                let row = db::tenants::patch(tx, tenant, &patch).await?;
                let row = row.ok_or(ServiceError::NotFound)?;
                let before = Some(TenantTerms::document(&before));
                let after = Some(TenantTerms::document(&row));
                let tx = tx.of_tenant(tenant).await?;
                let operator = Actor { tenant, key: None };
                audit(tx, operator, "tenant".to_owned(), "changed", before, after).await?;
                Ok::<_, ServiceError>(row)
            })
        });
        let row = patched.await?;
        self.cache().keys_changed(tenant, row.keys_version);
        Ok(row)
    }

    pub async fn create_key(
        &self,
        actor: Actor,
        role: Role,
        label: String,
    ) -> Result<(KeyRow, Minted), ServiceError> {
        let minted = api_key::mint(actor.tenant, role);
        let key = new_key(role, label, &minted);
        let created = self.rekey(actor.tenant, move |tx| {
            Box::pin(async move { Ok((insert_key(tx, actor, &key).await?, minted)) })
        });
        created.await.map_err(no_tenant)
    }

    /// Revokes a key. This takes effect at once on this instance, and within a second on the others.
    pub async fn revoke_key(&self, actor: Actor, key: KeyId) -> Result<(), ServiceError> {
        let revoked = self.rekey(actor.tenant, move |tx| {
            Box::pin(async move {
                let row = db::keys::revoke(tx, key).await?.ok_or(ServiceError::NotFound)?;
                let before = Some(KeyTerms::document(&row));
                audit(tx, actor, key_subject(key), "revoked", before, None).await
            })
        });
        revoked.await.map_err(no_tenant)
    }
}

/// If the tenant does not exist, bumping its version fails. That becomes `NotFound`.
fn no_tenant(error: ServiceError) -> ServiceError {
    match error.of_db() {
        Some(DbError::Missing(Reference::Tenant)) => ServiceError::NotFound,
        _ => error,
    }
}

fn new_key(role: Role, label: String, minted: &Minted) -> NewKey {
    NewKey {
        key: KeyId::new(Uuid::now_v7()),
        role,
        label,
        hash: minted.hash,
        hint: minted.hint.clone(),
    }
}

async fn insert_key(tx: &mut TenantTx, actor: Actor, key: &NewKey) -> Result<KeyRow, ServiceError> {
    let row = db::keys::insert(tx, key).await?;
    let after = Some(KeyTerms::document(&row));
    audit(tx, actor, key_subject(key.key), "created", None, after).await?;
    Ok(row)
}

fn key_subject(key: KeyId) -> String {
    format!("key:{key}")
}

answer! {
    pub struct KeyTerms "" as KeyRow |row| {
        /// What the key may do.
        role: required(choice::<Role>()) => row.role,
        /// A label by which people recognize the key.
        label: required(WORDS) => row.label,
        /// The last characters of the key, by which people recognize it.
        hint: required(WORDS) => row.hint,
    }
}

answer! {
    pub struct TenantTerms "" as TenantRow |row| {
        /// The tenant's name.
        name: required(WORDS) => row.name,
        /// The currency that the tenant was created with.
        currency: required(by(CURRENCY)) => |writer: &mut Writer| writer.text(&row.currency),
        /// The time zone that the tenant was created with.
        timezone: required(by(ZONE)) => |writer: &mut Writer| writer.text(&row.timezone),
        /// Whether the tenant's keys are refused.
        suspended: required(BOOLEAN) => row.suspended,
        /// How many promotions may be active and not ended.
        max_active_promotions: required(SIZE) => row.max_active_promotions,
        /// How many stores the tenant may have.
        max_stores: required(SIZE) => row.max_stores,
        /// How many product lists the tenant may have.
        max_product_lists: required(SIZE) => row.max_product_lists,
        /// How many SKUs may be on all its product lists together.
        max_product_list_entries: required(SIZE) => row.max_product_list_entries,
        /// How much work the tenant may ask one instance for.
        rate_limits: required(part::<RateLimits>()) => row.rate_limits.0,
    }
}
