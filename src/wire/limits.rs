//! Limits: how often and how much, and which type of promotion may have which (spec 5.5).

use super::decode::{Object, Value};
use super::faults::{FaultCode, Faults};
use super::json::Json;
use super::write::Writer;
use crate::domain::amount::Money;
use crate::domain::limit::{
    CartLimits, EarnLimits, Limit, Limits, Refresh, RefreshUnit, SubjectLimits,
};
use crate::domain::promotion::PromotionType;

/// Most issues of one promotion to one customer.
pub(crate) const MAX_ISSUES: i64 = 50;
/// Most calendar units of one window (the spec's bound on days).
pub(crate) const MAX_WINDOW: i64 = 3_650;

/// Reads limits. What the promotion's type may not have is refused where the type is known.
pub fn parse(
    value: Value<'_, '_>,
    kind: Option<PromotionType>,
    faults: &mut Faults,
) -> Option<Limits> {
    let mut object = value.object(faults)?;
    let issue_per_customer = object.or("issue", None, faults, issue);
    let earn = object.or("earn", EarnLimits::default(), faults, earn);
    let cart = object.or("cart", CartLimits::default(), faults, cart);
    let none = SubjectLimits::default();
    let customer = object.or("customer", none, faults, subject);
    let promotion = object.or("promotion", none, faults, subject);
    let code = object.or("code", none, faults, subject);
    let limits = match (issue_per_customer, earn, cart, customer, promotion, code) {
        (
            Some(issue_per_customer),
            Some(earn),
            Some(cart),
            Some(customer),
            Some(promotion),
            Some(code),
        ) => Some(Limits { issue_per_customer, earn, cart, customer, promotion, code }),
        _ => None,
    };
    if let (Some(limits), Some(kind)) = (&limits, kind) {
        refuse_unsupported(&object, limits, kind, faults);
    }
    object.finish(faults)?;
    limits
}

/// Reads what [`print()`] has printed into a stored promotion; an error says what is wrong with it.
pub fn parse_stored(text: &[u8]) -> Result<Limits, String> {
    let json = Json::parse(text).map_err(|error| format!("{error:?}"))?;
    let mut faults = Faults::new();
    let limits = parse(Value::root(&json), None, &mut faults);
    limits.ok_or_else(|| format!("{:?}", faults.as_slice()))
}

/// The table of spec 5.5. A part that holds no limit asks for nothing.
fn refuse_unsupported(
    object: &Object<'_, '_>,
    limits: &Limits,
    kind: PromotionType,
    faults: &mut Faults,
) {
    use PromotionType::{CodeLinked, Loyalty, LoyaltyEarning, Pos, Rewards};
    let (issue, earn, customer, promotion, code) = match kind {
        Pos => (false, false, true, true, false),
        Loyalty => (true, false, true, true, false),
        LoyaltyEarning | Rewards => (true, true, true, false, false),
        CodeLinked => (false, false, false, false, true),
    };
    for (name, present, supported) in [
        ("issue", limits.issue_per_customer.is_some(), issue),
        ("earn", limits.earn != EarnLimits::default(), earn),
        ("customer", !limits.customer.is_empty(), customer),
        ("promotion", !limits.promotion.is_empty(), promotion),
        ("code", !limits.code.is_empty(), code),
    ] {
        if present && !supported {
            let message = "promotions of this type do not have this limit";
            object.fault::<()>(name, faults, FaultCode::LimitNotSupported, message);
        }
    }
}

fn issue(value: Value<'_, '_>, faults: &mut Faults) -> Option<Option<u32>> {
    let mut object = value.object(faults)?;
    let per_customer = object.optional("per_customer", faults, |v, f| v.integer(1..=MAX_ISSUES, f));
    object.finish(faults)?;
    per_customer
}

fn earn(value: Value<'_, '_>, faults: &mut Faults) -> Option<EarnLimits> {
    let mut object = value.object(faults)?;
    let per_customer = object.optional("per_customer", faults, |v, f| v.count(f));
    let times = object.optional("times", faults, |v, f| v.count(f));
    let transactions = object.optional("transactions", faults, |v, f| v.count(f));
    let discount = object.optional("discount", faults, |v, f| v.positive_amount(f));
    object.finish(faults)?;
    Some(EarnLimits {
        per_customer: per_customer?,
        times: times?,
        transactions: transactions?,
        discount: discount?,
    })
}

fn cart(value: Value<'_, '_>, faults: &mut Faults) -> Option<CartLimits> {
    let mut object = value.object(faults)?;
    let times = object.optional("times", faults, |v, f| v.count(f));
    let discount = object.optional("discount", faults, |v, f| v.positive_amount(f));
    object.finish(faults)?;
    Some(CartLimits { times: times?, discount: discount? })
}

fn subject(value: Value<'_, '_>, faults: &mut Faults) -> Option<SubjectLimits> {
    let mut object = value.object(faults)?;
    let times = object.optional("times", faults, |v, f| limit(v, f, |v, f| v.count(f)));
    let transactions =
        object.optional("transactions", faults, |v, f| limit(v, f, |v, f| v.count(f)));
    let discount =
        object.optional("discount", faults, |v, f| limit(v, f, |v, f| v.positive_amount(f)));
    object.finish(faults)?;
    Some(SubjectLimits { times: times?, transactions: transactions?, discount: discount? })
}

fn limit<T>(
    value: Value<'_, '_>,
    faults: &mut Faults,
    bound: impl Fn(Value<'_, '_>, &mut Faults) -> Option<T>,
) -> Option<Limit<T>> {
    let mut object = value.object(faults)?;
    let max = object.required("max", faults, |v, f| bound(v, f));
    let refresh = object.optional("refresh", faults, refresh);
    object.finish(faults)?;
    Some(Limit { max: max?, refresh: refresh? })
}

pub(super) fn refresh(value: Value<'_, '_>, faults: &mut Faults) -> Option<Refresh> {
    let mut object = value.object(faults)?;
    let every = object.required("every", faults, |v, f| v.integer(1..=MAX_WINDOW, f));
    let unit: Option<RefreshUnit> = object.required("unit", faults, |v, f| v.choice(f));
    object.finish(faults)?;
    Some(Refresh { every: every?, unit: unit? })
}

/// Prints limits: those that there are, since what a type may not have is not even named.
pub fn print(writer: &mut Writer, limits: &Limits) {
    writer.object(|writer| {
        if let Some(per_customer) = limits.issue_per_customer {
            writer.key("issue").object(|writer| {
                writer.key("per_customer").integer(per_customer);
            });
        }
        let EarnLimits { per_customer, times, transactions, discount } = limits.earn;
        if limits.earn != EarnLimits::default() {
            writer.key("earn").object(|writer| {
                print_count(writer, "per_customer", per_customer);
                print_count(writer, "times", times);
                print_count(writer, "transactions", transactions);
                print_amount(writer, "discount", discount);
            });
        }
        let CartLimits { times, discount } = limits.cart;
        if limits.cart != CartLimits::default() {
            writer.key("cart").object(|writer| {
                print_count(writer, "times", times);
                print_amount(writer, "discount", discount);
            });
        }
        print_subject(writer, "customer", &limits.customer);
        print_subject(writer, "promotion", &limits.promotion);
        print_subject(writer, "code", &limits.code);
    });
}

fn print_count(writer: &mut Writer, key: &'static str, count: Option<u32>) {
    if let Some(count) = count {
        writer.key(key).integer(count);
    }
}

fn print_amount(writer: &mut Writer, key: &'static str, amount: Option<Money>) {
    if let Some(amount) = amount {
        writer.key(key).plain(amount);
    }
}

fn print_subject(writer: &mut Writer, key: &'static str, limits: &SubjectLimits) {
    if limits.is_empty() {
        return;
    }
    writer.key(key).object(|writer| {
        for (key, limit) in [("times", limits.times), ("transactions", limits.transactions)] {
            if let Some(limit) = limit {
                writer.key(key).object(|writer| {
                    writer.key("max").integer(limit.max);
                    writer.key("refresh").option(limit.refresh, print_refresh);
                });
            }
        }
        if let Some(limit) = limits.discount {
            writer.key("discount").object(|writer| {
                writer.key("max").plain(limit.max);
                writer.key("refresh").option(limit.refresh, print_refresh);
            });
        }
    });
}

pub(super) fn print_refresh(writer: &mut Writer, refresh: Refresh) {
    writer.object(|writer| {
        writer.key("every").integer(refresh.every);
        writer.key("unit").name(refresh.unit);
    });
}
