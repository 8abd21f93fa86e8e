//! Everything in a benefit that section 5.4 refuses, with its code and pointer.

use serde_json::{Value as Tree, json};

use super::put;
use super::refusals::{check, tees};

fn items(benefit: Tree, target: Tree) -> Tree {
    let mut target = target;
    put(&mut target, "/type", &json!("items"));
    let mut benefit = benefit;
    put(&mut benefit, "/target", &target);
    benefit
}

#[test]
fn what_does_not_go_together_in_a_benefit_is_refused() {
    let cases = r#"
        target {"type": "bundle_price", "value": "999"}
        target {"type": "fixed_price", "value": "9"}
        target/type {"type": "bundle_price", "value": "999", "target": {"type": "cart"}}
        target/type {"type": "fixed_price", "value": "9", "target": {"type": "cart"}}
        target/type {"type": "bundle_price", "value": "999", "target": {"type": "shipping"}}
        target/type {"type": "award_points", "value": "5", "target": {"type": "shipping"}}
        target/type {"type": "award_points", "value": "5", "target": {"type": "items"}}
        target {"type": "free_product", "product": {"sku": "CAP"}, "target": {"type": "items"}}
        value {"type": "free_product", "product": {"sku": "CAP"}, "value": "1"}
        same {"type": "free_product", "product": {"sku": "CAP"}, "same": "sku"}
        per {"type": "free_product", "product": {"sku": "CAP"}, "per": "unit"}
        base {"type": "free_product", "product": {"sku": "CAP"}, "base": "mrp"}
        product {"type": "percentage_off", "value": "10", "product": {"sku": "CAP"}}
        target/quantity {"type": "percentage_off", "value": "10", "target": {"type": "cart", "quantity": "1"}}
        target/pick {"type": "percentage_off", "value": "10", "target": {"type": "cart", "pick": "cheapest"}}
        target/within {"type": "percentage_off", "value": "10", "target": {"type": "cart", "within": "cart"}}
        target/from {"type": "percentage_off", "value": "10", "target": {"type": "shipping", "from": "matching"}}
        target/select {"type": "percentage_off", "value": "10", "target": {"type": "shipping", "select": {}}}
        same {"type": "percentage_off", "value": "10", "same": "sku"}
        base {"type": "percentage_off", "value": "10", "base": "mrp"}
        per {"type": "amount_off", "value": "10", "per": "unit"}
        base {"type": "amount_off", "value": "10", "base": "mrp", "target": {"type": "items"}}
        per {"type": "percentage_off", "value": "10", "per": "unit", "target": {"type": "items"}}
        repeat/per {"type": "bundle_price", "value": "999", "repeat": {"per": "amount", "every": "100"}, "target": {"type": "items"}}
        target/quantity {"type": "percentage_off", "value": "10", "repeat": {"per": "amount", "every": "100"}, "target": {"type": "items"}}
        target/quantity {"type": "fixed_price", "value": "9", "repeat": {"per": "amount", "every": "100"}, "target": {"type": "items"}}
        target/quantity {"type": "bundle_price", "value": "999", "repeat": {"per": "quantity", "every": "3"}, "target": {"quantity": "2", "type": "items"}}
        target/quantity {"type": "percentage_off", "value": "10", "repeat": {"per": "set"}, "target": {"from": "in_condition", "quantity": "1", "type": "items"}}
        target/quantity {"type": "bundle_price", "value": "999", "target": {"from": "in_condition", "quantity": "2", "type": "items"}}
        target/within {"type": "percentage_off", "value": "10", "target": {"within": "application", "type": "items"}}
        target/within {"type": "bundle_price", "value": "999", "repeat": {"per": "quantity", "every": "3"}, "target": {"within": "application", "type": "items"}}
        target/within {"type": "percentage_off", "value": "10", "repeat": {"per": "quantity", "every": "3"}, "target": {"within": "application", "from": "beyond_condition", "type": "items"}}
        target/quantity {"type": "percentage_off", "value": "10", "repeat": {"per": "quantity", "every": "3"}, "target": {"within": "application", "quantity": "4", "type": "items"}}
        repeat/every {"type": "amount_off", "value": "10", "repeat": {"per": "set", "every": "2"}}
        repeat/every {"type": "amount_off", "value": "10", "repeat": {"per": "quantity", "every": "0"}}
        repeat/every {"type": "amount_off", "value": "10", "repeat": {"per": "amount", "every": "-1"}}
        repeat/max_times {"type": "amount_off", "value": "10", "repeat": {"per": "set", "max_times": 0}}
        repeat/max_times {"type": "amount_off", "value": "10", "repeat": {"per": "set", "max_times": -3}}
        target/quantity {"type": "percentage_off", "value": "10", "target": {"quantity": "0", "type": "items"}}
        product/quantity {"type": "free_product", "product": {"sku": "CAP", "quantity": "-1"}}
    "#;
    for case in cases.trim().lines() {
        let (place, benefit) = case.trim().split_once(' ').expect(case);
        let benefit: Tree = serde_json::from_str(benefit).expect(case);
        let expected = format!("/benefit/{place} unsupported_combination");
        check(&[("/conditions", tees()), ("/benefit", benefit)], &[&expected]);
    }
}

#[test]
fn line_conditions_are_there_where_a_benefit_needs_them() {
    let from =
        |from: &str| items(json!({"type": "percentage_off", "value": "10"}), json!({"from": from}));
    let sets = json!({"type": "amount_off", "value": "5", "repeat": {"per": "set"}});
    let suit =
        items(json!({"type": "bundle_price", "value": "5"}), json!({"from": "in_condition"}));
    let total = json!({"type": "cart_amount", "op": "gte", "value": "10"});
    let none = json!({"type": "item", "of": {}, "found": false});
    let spent = json!({"type": "line_amount", "of": {}, "op": "gte", "value": "10"});
    let few = json!({"type": "line_quantity", "of": {}, "op": "lte", "value": "3"});
    let at_from = "/benefit/target/from unsupported_combination";
    let at_per = "/benefit/repeat/per unsupported_combination";
    for conditions in [Tree::Null, total, none] {
        for side in ["in_condition", "beyond_condition"] {
            check(&[("/conditions", conditions.clone()), ("/benefit", from(side))], &[at_from]);
        }
        check(&[("/conditions", conditions.clone()), ("/benefit", sets.clone())], &[at_per]);
    }
    for conditions in [spent, few] {
        check(&[("/conditions", conditions.clone()), ("/benefit", from("in_condition"))], &[]);
        check(&[("/conditions", conditions.clone()), ("/benefit", sets.clone())], &[at_per]);
        check(&[("/conditions", conditions), ("/benefit", suit.clone())], &[at_from]);
    }
    check(&[("/conditions", tees()), ("/benefit", suit)], &[]);
}
