//! `promotion-engine export TENANT`: writes a tenant's rules as one JSON document. Add a `request` to it, and
//! `evaluate` reads it (spec 2). All parts come from one snapshot of the database.
//!
//! Settings, stores and product lists are complete. Promotions are those that are active or paused, oldest first, with
//! their ids and times of creation, so that ties of the ranking end as in the service. Codes are written page by page,
//! because a tenant may have millions; none is left out. Custom fields are left out: no price depends on them, and
//! stored values may not fit today's settings, against which `evaluate` would check them. The use of limits by
//! customers is no rule and is left out too.

use std::io::{self, BufWriter, Write};

use uuid::Uuid;

use crate::app::{Database, StartError};
use crate::config::ExportConfig;
use crate::db::{self, Db, DbError, TenantTx};
use crate::domain::code::NewCode;
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::promotion::PromotionType;
use crate::stored;
use crate::wire;
use crate::wire::body::*;
use crate::wire::store::StoreBody;
use crate::wire::write::Writer;

/// Codes in one page.
const PAGE: u16 = 5_000;

/// Why the document is missing or incomplete.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("there is no tenant {0}")]
    NoTenant(Uuid),
    #[error("the document cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// Runs the command, and writes to the standard output.
pub async fn run(config: ExportConfig) -> Result<(), ExportError> {
    let tenant = TenantId::new(config.tenant);
    Database::run(&config.database, async |db| {
        write(db, tenant, BufWriter::new(io::stdout())).await.map(|_| ())
    })
    .await
}

/// Writes a tenant's rules to `out`, and returns `out`.
pub async fn write<W: Write + Send + 'static>(
    db: &Db,
    tenant: TenantId,
    mut out: W,
) -> Result<W, ExportError> {
    db.snapshot(tenant, move |tx| {
        Box::pin(async move {
            tx.allow_command().await?;
            let no_tenant = || ExportError::NoTenant(tenant.uuid());
            let row = db::settings::get(tx).await?.ok_or_else(no_tenant)?;
            let mut settings = stored::settings(&row)?;
            settings.custom_fields.clear();
            write!(out, "{{\"settings\":{},", wire::settings::stored(&settings))?;
            let stores = db::stores::all(tx).await?;
            let stores = printed(|writer| {
                writer.list(&stores, StoreBody::print);
            });
            write!(out, "\n\"stores\":{stores},")?;
            let lists = db::product_lists::all(tx).await?;
            let lists = printed(|writer| {
                writer.object(|writer| {
                    for list in &lists {
                        writer.data_key(&list.name).texts(&list.skus);
                    }
                });
            });
            write!(out, "\n\"product_lists\":{lists},")?;
            write_promotions(tx, &mut out).await?;
            writeln!(out, "}}")?;
            out.flush()?;
            Ok(out)
        })
    })
    .await
}

async fn write_promotions(tx: &mut TenantTx, out: &mut impl Write) -> Result<(), ExportError> {
    let rows = db::promotions::for_rules(tx, None).await?;
    let mut with_codes = Vec::new();
    write!(out, "\n\"promotions\":[")?;
    for (place, row) in rows.iter().enumerate() {
        let mut promotion = stored::promotion(row)?;
        promotion.terms.custom_fields.clear();
        let comma = if place == 0 { "" } else { "," };
        let text = printed(|writer| wire::promotion::EntryBody::print(writer, &promotion));
        write!(out, "{comma}\n{text}")?;
        if promotion.terms.kind.promotion_type() == PromotionType::CodeLinked {
            with_codes.push((promotion.id, promotion.terms.name));
        }
    }
    write!(out, "],\n\"codes\":{{")?;
    for (place, (promotion, name)) in with_codes.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let name = printed(|writer| writer.text(name));
        write!(out, "{comma}\n{name}:[")?;
        write_codes(tx, *promotion, out).await?;
        write!(out, "]")?;
    }
    write!(out, "}}")?;
    Ok(())
}

async fn write_codes(
    tx: &mut TenantTx,
    promotion: PromotionId,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    let mut after: Option<String> = None;
    loop {
        let page = db::codes::of_promotion(tx, promotion, after.as_deref(), PAGE).await?;
        for (place, new) in page.items.iter().enumerate() {
            let comma = if place == 0 && after.is_none() { "" } else { "," };
            let text = printed(|writer| print_code(writer, new));
            write!(out, "{comma}{text}")?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

fn print_code(writer: &mut Writer, new: &NewCode) {
    if new.customer_id.is_none() && new.expires_at.is_none() {
        return writer.text(&new.code);
    }
    writer.object(|writer| {
        writer.key("code").text(&new.code);
        if let Some(customer) = &new.customer_id {
            writer.key("customer_id").text(customer);
        }
        if let Some(expires_at) = &new.expires_at {
            writer.key("expires_at").time(expires_at);
        }
    });
}

fn printed(print: impl FnOnce(&mut Writer)) -> String {
    let mut writer = Writer::with_capacity(1_024);
    print(&mut writer);
    writer.finish()
}
