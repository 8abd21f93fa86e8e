//! Activities (spec 11): the body of one, and what is answered.

use super::body::*;
use super::cart::{self, CartBody};
use super::decode::Value;
use super::faults::{FaultCode, Faults};
use super::issuing::IssuanceBody;
use super::json::Json;
use super::write::Writer;
use crate::domain::activity::{Activity, MilestoneMeasure};
use crate::domain::cart::{Cart, Explain, MAX_LINES, Request};
use crate::domain::currency::Currency;
use crate::domain::customer::Customer;
use crate::domain::exact::Exact;
use crate::domain::issuance::{ActivityType, Issuance};
use crate::engine::CountedLine;

request! {
    /// What a customer did.
    pub struct ActivityBody "Activity" as Activity<'t> {
        /// The caller's id. The same again answers the same, and earns nothing more.
        id: required(NAME),
        /// What the customer did.
        kind as "type": required(choice::<ActivityType>()),
        /// When: not in the future, at most 7 days back. Default: now.
        at: absent(INSTANT),
        /// The redemption whose discounts `spend` is less of; what is unlocked is not usable in it.
        transaction_id: absent(NAME),
        /// Who did it.
        customer: required(part::<KnownCustomer>()),
        /// The code of the store; it must exist.
        store: absent(NAME),
        /// Where.
        channel: absent(NAME),
        /// What was bought. A `transaction` needs it; elsewhere, without it, every condition on the cart is false.
        cart: absent(part::<CartBody>()),
    } read |object, faults| {
        if kind == Some(ActivityType::Transaction) && !object.has("cart") {
            let message = "is required for a transaction";
            object.fault::<()>("cart", faults, FaultCode::Required, message);
        }
        let cart = cart?;
        Some(Activity {
            id: id?,
            kind: kind?,
            at: at?,
            transaction_id: transaction_id?,
            has_cart: cart.is_some(),
            request: Request {
                cart: cart.unwrap_or_else(no_cart),
                customer: Some(customer?),
                store: store?,
                channel: channel?,
                at: None,
                explain: Explain::None,
            },
        })
    }
}

request! {
    /// Who; identified.
    struct KnownCustomer "KnownCustomer" as Customer<'t> {
        customer: all_of::<Customer<'_>>(),
        /// The customer's id: an opaque text.
        id: later(required(NAME)),
    } read |object, faults| {
        let customer = customer?;
        if customer.id.is_none() {
            return object.fault("id", faults, FaultCode::Required, "is required");
        }
        Some(customer)
    }
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
    ActivityRecorded::print(&mut writer, unlocked, standings);
    writer.finish()
}

answer! {
    /// What an activity came to.
    pub struct ActivityRecorded "ActivityRecorded" |unlocked: &[Issuance], standings: &[Standing]| {
        /// What the customer can use now.
        unlocked: required(every(part::<IssuanceBody>())) => unlocked,
        /// How far the customer has come.
        milestones: required(every(part::<StandingBody>())) => standings,
    }
}

answer! {
    struct StandingBody "" as Standing |own| {
        /// The milestone.
        name: required(WORDS) => own.milestone,
        /// The target.
        target: required(WORDS) => own.target,
        /// How far the customer has come: an amount, visits or units, by the milestone's measure.
        progress: required(DECIMAL) => own.progress,
    }
}

body! {
    CountedLine "" {
        id: required(NAME),
        quantity: required(QUANTITY),
        amount: required(DECIMAL),
    }
}

const COUNTED: List<Part<CountedLine>> = list(part(), 0..=MAX_LINES);

/// Prints what counted of an activity's lines, by what measure: what returns lower.
pub fn print_counted(measure: MilestoneMeasure, lines: &[CountedLine]) -> String {
    let mut writer = Writer::with_capacity(64 * (lines.len() + 1));
    writer.object(|writer| {
        writer.key("measure").name(measure);
        COUNTED.print(writer.key("lines"), &lines);
    });
    writer.finish()
}

/// Reads what [`print_counted`] printed; `None` where it was not.
pub fn parse_counted(document: &str) -> Option<(MilestoneMeasure, Vec<CountedLine>)> {
    let json = Json::parse(document.as_bytes()).ok()?;
    let mut faults = Faults::new();
    let mut object = Value::root(&json).object(&mut faults)?;
    let measure = object.required("measure", &mut faults, |v, f| v.choice(f))?;
    Some((measure, object.required("lines", &mut faults, |v, f| COUNTED.read(v, f))?))
}
