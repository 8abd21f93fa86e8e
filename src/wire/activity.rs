//! Activities (spec 11): the body of an activity, and the answer.

use super::body::*;
use super::cart;
use super::faults::FaultCode;
use super::issuing::IssuanceBody;
use super::write::Writer;
use crate::domain::activity::{Activity, MilestoneMeasure};
use crate::domain::cart::{Cart, Explain, MAX_LINES, Request};
use crate::domain::currency::Currency;
use crate::domain::customer::Customer;
use crate::domain::exact::Exact;
use crate::domain::issuance::{ActivityType, Issuance};
use crate::engine::CountedLine;

request! {
    /// An activity of a customer.
    pub struct ActivityBody "Activity" as Activity<'t> {
        /// The caller's id of the activity. The same id again gives the same answer and earns nothing more.
        id: required(NAME),
        /// The type of activity.
        kind as "type": required(choice::<ActivityType>()),
        /// When it happened: not in the future, at most 7 days ago. Default: now.
        at: absent(INSTANT),
        /// The transaction id of the redemption. Its discounts are subtracted from `spend`, and what is unlocked cannot
        /// be used in it.
        transaction_id: absent(NAME),
        /// The customer.
        customer: required(part::<KnownCustomer>()),
        /// The code of the store. The store must exist.
        store: absent(NAME),
        /// The sales channel.
        channel: absent(NAME),
        /// What was bought. Required for a `transaction`. For other types every condition on the cart is false without
        /// it.
        cart: absent(part::<Cart<'_>>()),
    } read |object, faults| {
        if kind == Some(ActivityType::Transaction) && !object.has("cart") {
            let message = "is required for a transaction";
            object.fault::<()>("cart", faults, FaultCode::Required, message);
        }
        let cart = cart?;
        let has_cart = cart.is_some();
        let request = whole!(Request {
            store, channel;
            cart: cart.unwrap_or_default(), customer: Some(customer?), at: None, explain: Explain::None
        });
        whole!(Activity { id, kind, at, transaction_id, request; has_cart })
    }
}

request! {
    /// An identified customer.
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

/// Prints an activity as a tenant of this currency understands it. Bodies are compared in this form.
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
    /// The progress after the activity.
    pub progress: Exact,
}

answer! {
    /// The result of an activity.
    pub struct ActivityRecorded "ActivityRecorded" as (&[Issuance], &[Standing])
        |(unlocked, standings)| {
        /// The issuances that were unlocked; the customer can use them now.
        unlocked: required(every(part::<IssuanceBody>())) => *unlocked,
        /// The progress of the customer.
        milestones: required(every(part::<StandingBody>())) => *standings,
    }
}

answer! {
    struct StandingBody "" as Standing |own| {
        /// The milestone's name.
        name: required(WORDS) => own.milestone,
        /// The target's name.
        target: required(WORDS) => own.target,
        /// The customer's progress: an amount, visits or units, by the milestone's measure.
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

body! {
    /// What counted of an activity's lines, and by what measure. Returns lower it.
    pub struct Counted "" as (MilestoneMeasure, Vec<CountedLine>) {
        measure: required(choice::<MilestoneMeasure>()) => *measure,
        lines: required(COUNTED) => lines,
    } print |(measure, lines)| read |object, faults| { Some((measure?, lines?)) }
}
