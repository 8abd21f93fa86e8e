//! Activities (spec 11): the body of one, and what is answered.

use super::cart;
use super::decode::{TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::issuing;
use super::json::Json;
use super::write::Writer;
use crate::domain::activity::{Activity, MilestoneMeasure};
use crate::domain::cart::{Cart, Explain, MAX_LINES, Request};
use crate::domain::currency::Currency;
use crate::domain::exact::Exact;
use crate::domain::issuance::{ActivityType, Issuance};
use crate::engine::CountedLine;

/// Reads the body of an activity. Whether its time and store are allowed is for the caller to check.
pub fn parse<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Activity<'t>> {
    let mut body = value.object(faults)?;
    let id = body.required("id", faults, |v, f| v.owned(TextBound::NAME, f));
    let kind: Option<ActivityType> = body.required("type", faults, |v, f| v.choice(f));
    let at = body.optional("at", faults, |v, f| v.time(f));
    let transaction_id =
        body.optional("transaction_id", faults, |v, f| v.owned(TextBound::NAME, f));
    let customer = body.required("customer", faults, |value, faults| {
        let path = *value.path();
        let customer = cart::customer(value, faults)?;
        if customer.id.is_none() {
            faults.add(&path.key("id"), FaultCode::Required, "is required");
            return None;
        }
        Some(customer)
    });
    let store = body.optional("store", faults, |v, f| v.cow(TextBound::NAME, f));
    let channel = body.optional("channel", faults, |v, f| v.cow(TextBound::NAME, f));
    let cart = body.optional("cart", faults, cart::cart);
    if kind == Some(ActivityType::Transaction) && !body.has("cart") {
        let message = "is required for a transaction";
        body.fault::<()>("cart", faults, FaultCode::Required, message);
    }
    body.finish(faults)?;
    let cart = cart?;
    let has_cart = cart.is_some();
    Some(Activity {
        id: id?,
        kind: kind?,
        at: at?.map(|at| at.to_utc()),
        transaction_id: transaction_id?,
        request: Request {
            cart: cart.unwrap_or_else(no_cart),
            customer: Some(customer?),
            store: store?,
            channel: channel?,
            at: None,
            explain: Explain::None,
        },
        has_cart,
    })
}

const fn no_cart<'t>() -> Cart<'t> {
    Cart {
        currency: None,
        lines: Vec::new(),
        shipping: None,
        tenders: Vec::new(),
        gift_vouchers: Vec::new(),
        codes: Vec::new(),
    }
}

/// An activity as it was understood by a tenant of this currency: what bodies are compared by.
pub fn canonical(activity: &Activity<'_>, currency: Currency) -> String {
    let mut writer = Writer::with_capacity(1_024);
    writer.object(|writer| {
        writer.key("id").text(&activity.id);
        writer.key("type").name(activity.kind);
        writer.key("at").option(activity.at, |writer, at| writer.time(&at));
        let transaction = activity.transaction_id.as_deref();
        writer.key("transaction_id").option(transaction, Writer::text);
        writer.key("has_cart").boolean(activity.has_cart);
        let request = cart::print(&activity.request, currency);
        writer.key("request").raw(&request);
    });
    writer.finish()
}

/// How far a customer has come towards a target.
#[derive(Clone, Debug)]
pub struct Standing {
    pub milestone: String,
    pub target: String,
    /// What counts, after the activity.
    pub progress: Exact,
}

/// Prints what an activity came to.
pub fn print(unlocked: &[Issuance], standings: &[Standing]) -> String {
    let mut writer = Writer::with_capacity(64 + 384 * unlocked.len());
    writer.object(|writer| {
        writer.key("unlocked").list(unlocked, issuing::write);
        writer.key("milestones").list(standings, |writer, own| {
            writer.object(|writer| {
                writer.key("name").text(&own.milestone);
                writer.key("target").text(&own.target);
                writer.key("progress").exact(&own.progress, 0);
            });
        });
    });
    writer.finish()
}

/// Prints what counted of an activity's lines, by what measure: what returns lower.
pub fn print_counted(measure: MilestoneMeasure, lines: &[CountedLine]) -> String {
    let mut writer = Writer::with_capacity(64 * (lines.len() + 1));
    writer.object(|writer| {
        writer.key("measure").name(measure);
        writer.key("lines").list(lines, |writer, line| {
            writer.object(|writer| {
                writer.key("id").text(&line.id);
                writer.key("quantity").plain(line.quantity);
                writer.key("amount").exact(&line.amount, 0);
            });
        });
    });
    writer.finish()
}

/// Reads what [`print_counted`] printed; `None` where it was not.
pub fn parse_counted(document: &str) -> Option<(MilestoneMeasure, Vec<CountedLine>)> {
    let json = Json::parse(document.as_bytes()).ok()?;
    let mut faults = Faults::new();
    let mut object = Value::root(&json).object(&mut faults)?;
    let measure = object.required("measure", &mut faults, |v, f| v.choice(f))?;
    let lines = object.required("lines", &mut faults, |value, faults| {
        value.list(0..=MAX_LINES, faults, |value, faults| {
            let mut line = value.object(faults)?;
            let id = line.required("id", faults, |v, f| v.owned(TextBound::NAME, f));
            let quantity = line.required("quantity", faults, |v, f| v.positive_quantity(f));
            let amount = line.required("amount", faults, |value, faults| {
                super::returns::decimal(value.str(faults)?)
            });
            Some(CountedLine { id: id?, quantity: quantity?, amount: amount? })
        })
    })?;
    Some((measure, lines))
}
