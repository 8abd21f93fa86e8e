//! Settings.

use chrono_tz::Tz;
use serde_json::{Value as Tree, json};

use super::{cases, put, read};
use crate::domain::currency::Currency;
use crate::domain::settings::Settings;
use crate::wire::settings::{Computed, parse, stored};

pub(super) fn defaults() -> Settings {
    let currency = Currency::new("INR").expect("a currency");
    Settings::defaults(currency, Tz::Asia__Kolkata)
}

fn parsed(body: &str) -> (Option<Settings>, Vec<String>) {
    read(body, |value, faults| parse(value, defaults(), Computed::Unknown, faults))
}

#[test]
fn what_is_left_out_takes_its_default() {
    assert_eq!(parsed("{}"), (Some(defaults()), vec![]));
    let (settings, _) = parsed(r#"{"rounding": {"mode": "up"}, "ranking": []}"#);
    let settings = settings.expect("settings");
    assert_eq!(settings.rounding.precision(), 2);
    assert!(settings.ranking.is_empty());
}

#[test]
fn what_is_printed_is_read_back() {
    let body = r#"{"currency": "JPY", "timezone": "Asia/Tokyo", "evaluation_order": "cart_first",
        "strategy": "best_deal", "multiple_promotions_per_line": {"enabled": false,
        "exclude": {"match": "any", "include": [{"field": "sku", "op": "in_list", "list": "a"}]}},
        "unit_stacking": {"enabled": true, "max_promotions": 2}, "multiple_cart_promotions": false,
        "percentage_base": "net", "qualifying_items": "consumed", "ranking": ["pos"],
        "rounding": {"mode": "half_even", "precision": 0}, "optimal": {"budget_ms": 200},
        "hold_seconds": 10, "restore_limits_on_return": false, "max_discount_percent": "70.5",
        "custom_fields": [
        {"key": "a", "label": "A", "type": "select", "required": true, "options": ["x"]}]}"#;
    let (settings, faults) = parsed(body);
    assert_eq!(faults, [""; 0]);
    let settings = settings.expect("settings");
    assert_eq!(parsed(&stored(&settings)).0, Some(settings));
}

#[test]
fn settings_have_bounds() {
    for (pointer, value, expected) in cases(
        r#"
        /strategy "fastest" -> /strategy malformed
        /rounding {"precision": 5} -> /rounding/precision out_of_range
        /optimal {"budget_ms": 201} -> /optimal/budget_ms out_of_range
        /hold_seconds 9 -> /hold_seconds out_of_range
        /max_discount_percent "0" -> /max_discount_percent out_of_range
        /max_discount_percent 100.0001 -> /max_discount_percent out_of_range
        /max_discount_percent 101 -> /max_discount_percent out_of_range
        /max_discount_percent "0.00001" -> /max_discount_percent too_precise
        /ranking ["pos", "pos"] -> /ranking/1 not_unique
        /ranking ["luck"] -> /ranking/0 malformed
        /timezone "IST+5" -> /timezone malformed
        /version 1 -> /version unknown_field
        /unit_stacking {"max_promotions": 0} -> /unit_stacking/max_promotions out_of_range
        /custom_fields [{"key": "a", "type": "text"}, {"key": "a", "type": "date"}] -> /custom_fields/1/key not_unique
        /custom_fields [{"key": "a", "type": "text", "options": ["x"]}] -> /custom_fields/0/options unsupported_combination
        "#,
    ) {
        let mut body: Tree = json!({});
        put(&mut body, pointer, &value);
        assert_eq!(parsed(&body.to_string()).1, expected);
    }
}

/// The release before reads what is stored, as long as it uses nothing that is new. So this is what that release stored,
/// byte by byte.
#[test]
fn what_uses_no_new_terms_is_stored_as_it_was() {
    assert_eq!(stored(&defaults()), STORED.trim());
}

const STORED: &str = r#"
{"currency":"INR","timezone":"Asia/Kolkata","evaluation_order":"items_then_cart","strategy":"ranked","multiple_promotions_per_line":{"enabled":true,"exclude":null},"unit_stacking":{"enabled":false,"max_promotions":null},"multiple_cart_promotions":true,"percentage_base":"gross","qualifying_items":"shared","ranking":["exclusive","sequence","segmented","rewards","code_linked","earliest_expiry","maximum_discount"],"rounding":{"mode":"half_up","precision":2},"optimal":{"budget_ms":20},"hold_seconds":300,"restore_limits_on_return":true,"custom_fields":[]}
"#;
